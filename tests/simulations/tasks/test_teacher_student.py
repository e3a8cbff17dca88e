import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import ReluTeacherStudent, TanhTeacherStudent


def test_relu_teacher(key):
    spec = ReluTeacherStudent(dimension=8, width=30, num_outputs=3, num_train=40, num_test=200)
    task = spec.sample(key=jax.random.clone(key))
    hidden, readout = (np.asarray(w, np.float64) for w in spec.teacher(key=key))
    expected = np.maximum(np.asarray(task.inputs) @ hidden.T, 0) @ readout.T
    assert np.allclose(task.targets, expected, atol=1e-5)
    assert task.train().targets.shape == (40, 3) and task.test().inputs.shape == (200, 8)


def test_tanh_teacher(key):
    spec = TanhTeacherStudent(num_train=30, num_test=50)
    task = spec.sample(key=jax.random.clone(key))
    activity = np.asarray(task.inputs, np.float64).T
    first, second, readout = (np.asarray(w, np.float64) for w in spec.teacher(key=key))
    assert first.shape == (100, 5) and second.shape == (100, 100) and readout.shape == (5, 100)
    expected = readout @ np.tanh(second @ np.tanh(first @ activity))
    assert np.allclose(task.targets, expected.T, atol=1e-5)
    assert second.var() == pytest.approx(1 / 100, rel=5 * np.sqrt(2 / 10_000))


def test_relu_target_power_over_teachers():
    spec = ReluTeacherStudent(dimension=6, width=20, num_outputs=2, num_train=1, num_test=20)
    keys = jax.random.split(jax.random.key(1), 2000)
    targets = np.asarray(jax.vmap(lambda key: spec.sample(key=key).targets)(keys))
    power = (targets**2).mean(axis=(1, 2))
    assert abs(power.mean() - 6 / 40) < 5 * power.std() / np.sqrt(2000)
    inputs = np.asarray(spec.sample(key=jax.random.key(2)).inputs)
    assert abs((inputs**2).mean() - 1) < 5 * np.sqrt(2 / inputs.size)


@pytest.mark.parametrize("spec_type", [ReluTeacherStudent, TanhTeacherStudent])
def test_keys(spec_type):
    spec = spec_type(num_train=3, num_test=4)
    one, again, other = (spec.sample(key=jax.random.key(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one.targets, again.targets)
    assert not np.array_equal(one.targets, other.targets)


@pytest.mark.parametrize("spec_type", [ReluTeacherStudent, TanhTeacherStudent])
@pytest.mark.parametrize("name", ["dimension", "width", "num_outputs", "num_train", "num_test"])
def test_refuses_wrong_fields(spec_type, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        spec_type(**{name: 0})
    with pytest.raises(TypeError, match=f"{name} must be an int, got bool True"):
        spec_type(**{name: True})

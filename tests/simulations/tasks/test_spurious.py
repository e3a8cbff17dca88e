import jax
import numpy as np
import pytest

from groktheory.simulations import tasks


def test_spurious_linear_has_the_features_of_its_target(key):
    task = tasks.SpuriousLinear().sample(key=key)
    inputs = np.asarray(task.inputs, np.float64)
    x = inputs[:, 0]
    expected = np.stack([x, x**2, x**3, np.sin(100 * x)], axis=1)
    np.testing.assert_allclose(inputs, expected, atol=1e-5)
    np.testing.assert_allclose(task.targets, 0.3 * x, atol=1e-7)
    assert task.train().size == 2 and task.test().size == 98
    assert np.abs(x).max() <= 0.5 and np.ptp(x) > 0.9 and task.num_classes is None


def test_noisy_sine_has_noise_of_the_given_size(key):
    quiet, loud = (
        tasks.NoisySine(noise=noise, num_train=5000, num_test=10).sample(key=jax.random.clone(key))
        for noise in (0.0, 0.3)
    )
    x = np.asarray(quiet.inputs)[:, 0]
    assert quiet.inputs.shape == (5010, 1) and np.ptp(x) == pytest.approx(3, abs=0.01)
    np.testing.assert_allclose(quiet.targets, np.sin(2 * x), atol=1e-6)
    residual = np.asarray(loud.targets) - np.sin(2 * x)
    # five standard errors of a standard deviation
    assert residual.std() == pytest.approx(0.3, abs=5 * 0.3 / np.sqrt(2 * 5010))


def test_zero_one_line_is_cut_at_zero(key):
    task = tasks.ZeroOneLine(num_train=40, num_test=60).sample(key=key)
    x = np.asarray(task.inputs)[:, 0]
    np.testing.assert_array_equal(task.targets, x > 0)
    assert task.num_classes == 2 and task.targets.dtype == np.int32


def test_hidden_parity_ignores_the_spurious_bits(key):
    spec = tasks.HiddenParity(num_relevant=3, num_spurious=6, num_train=3000, num_test=5)
    task = spec.sample(key=key)
    bits = np.asarray(task.inputs)
    assert spec.dimension == 9 and set(np.unique(bits)) == {0, 1}
    np.testing.assert_array_equal(task.targets, bits[:, 0].astype(int) ^ (bits[:, 1] != bits[:, 2]))
    # no single bit tells anything about the class: four standard deviations
    signs = (-1.0) ** np.asarray(task.targets)[:, None] * (-1.0) ** bits
    assert np.abs(signs.mean(axis=0)).max() < 4 / np.sqrt(3005)


@pytest.mark.parametrize("operation", tasks.CONCEALED_OPERATIONS)
def test_concealed_classes_against_integer_arithmetic(key, operation):
    spec = tasks.ConcealedModular(operation=operation, num_spurious=4)
    task = spec.sample(key=key)
    inputs = np.asarray(task.inputs)
    assert inputs.shape == (800, 18) and spec.num_classes == 7
    a, b = inputs[:, :7].argmax(axis=1), inputs[:, 7:14].argmax(axis=1)
    np.testing.assert_array_equal(inputs[:, :14].sum(axis=1), 2)
    assert abs(inputs[:, 14:].mean() - 0.5) < 5 * 0.5 / np.sqrt(3200)
    if operation == "a / b":
        assert b.min() == 1
        np.testing.assert_array_equal(np.asarray(task.targets) * b % 7, a)
    else:
        value = eval(operation.replace("^", "**").replace("a b", "a * b").replace("b a", "b * a"))
        np.testing.assert_array_equal(task.targets, value % 7)
    assert len({*zip(a, b, strict=True)}) > 0.95 * 7 * (6 if operation == "a / b" else 7)


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match=r"operation must be one of \['a \+ b', .* got 'a \* b'"):
        tasks.ConcealedModular(operation="a * b", num_spurious=1)
    with pytest.raises(ValueError, match="num_spurious must be at least 0, got -1"):
        tasks.ConcealedModular(num_spurious=-1)
    with pytest.raises(ValueError, match="modulus must be a prime number, got 8"):
        tasks.ConcealedModular(num_spurious=0, modulus=8)
    with pytest.raises(ValueError, match="noise must be at least 0, got -0.1"):
        tasks.NoisySine(noise=-0.1)
    with pytest.raises(ValueError, match="num_train must be at least 1, got 0"):
        tasks.SpuriousLinear(num_train=0)
    with pytest.raises(TypeError, match="num_test must be an int, got float 1.5"):
        tasks.ZeroOneLine(num_test=1.5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="num_relevant must be at least 1, got 0"):
        tasks.HiddenParity(num_relevant=0)

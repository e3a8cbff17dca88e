import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory import simulations as sim
from groktheory.simulations import measures

seeds = st.integers(0, 1000)


def gram(seed, rows=6, rank=4):
    features = np.random.default_rng(seed).normal(size=(rows, rank)).astype(np.float32)
    return features @ features.T


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(0.1, 10.0))
def test_a_kernel_that_only_grows_has_moved_and_is_aligned(seed, growth):
    kernel = gram(seed)
    found = measures.kernel_distance(growth * kernel, kernel)
    assert found == pytest.approx(abs(growth - 1), rel=1e-3, abs=1e-5)
    assert measures.kernel_alignment(growth * kernel, kernel) == pytest.approx(1, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(seeds, st.permutations(range(6)))
def test_the_order_of_samples_is_of_no_account(seed, order):
    one, two = gram(seed), gram(seed + 1)
    targets = np.random.default_rng(seed).normal(size=(6, 2)).astype(np.float32)
    moved = [kernel[np.ix_(order, order)] for kernel in (one, two)]
    for centered in (False, True):
        found = measures.kernel_alignment(*moved, centered=centered)
        expected = measures.kernel_alignment(one, two, centered=centered)
        assert found == pytest.approx(float(expected), abs=1e-5)
        found = measures.target_alignment(moved[0], targets[np.array(order)], centered=centered)
        expected = measures.target_alignment(one, targets, centered=centered)
        assert found == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("centered", [False, True])
def test_against_numpy(centered):
    one, two = gram(0).astype(float), gram(1).astype(float)
    center = np.eye(6) - centered / 6
    one_c, two_c = center @ one @ center, center @ two @ center
    expected = (one_c * two_c).sum() / np.sqrt((one_c**2).sum() * (two_c**2).sum())
    found = measures.kernel_alignment(one, two, centered=centered)
    assert found == pytest.approx(expected, rel=1e-5)
    targets = np.random.default_rng(2).normal(size=6)
    y = center @ targets
    expected = y @ one_c @ y / (np.linalg.norm(one_c) * y @ y)
    found = measures.target_alignment(one, targets, centered=centered)
    assert found == pytest.approx(expected, rel=1e-5)
    assert measures.kernel_distance(two, one) == pytest.approx(
        np.linalg.norm(two - one) / np.linalg.norm(one), rel=1e-5
    )


def test_centering_hides_a_constant_kernel():
    shifted = measures.kernel_alignment(gram(0) + 50, gram(0), centered=True)
    assert shifted == pytest.approx(1, abs=1e-4)
    assert measures.kernel_alignment(gram(0) + 50, gram(0)) < 0.9


def test_alignment_with_several_outputs():
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]]
    assert measures.target_alignment(labels @ labels.T, labels) == pytest.approx(1)
    # A kernel that treats all outputs alike, as all pairs of samples and outputs:
    kernel = gram(3)
    pairs = kernel[:, :, None, None] * np.eye(3, dtype=np.float32)
    flat = pairs.transpose(0, 2, 1, 3).reshape(18, 18)
    y = labels.ravel()
    expected = y @ flat @ y / (np.linalg.norm(flat) * y @ y)
    assert measures.target_alignment(pairs, labels) == pytest.approx(expected, rel=1e-5)
    one = measures.target_alignment(kernel, labels[:, :1])
    assert one == pytest.approx(float(measures.target_alignment(kernel, labels[:, 0])))


def test_refusals():
    with pytest.raises(ValueError, match=r"must have one shape, got \(6, 6\) and \(5, 5\)"):
        measures.kernel_alignment(gram(0), gram(0)[:5, :5])
    with pytest.raises(ValueError, match=r"kernel must have shape .* got \(6, 6\) and \(5,\)"):
        measures.target_alignment(gram(0), np.ones(5))
    with pytest.raises(ValueError, match="outputs must be 'trace', 'full' or a number, got 'each'"):
        measures.kernel_measures(outputs="each")
    with pytest.raises(ValueError, match="probe must be at least 1 sample, got 0"):
        measures.kernel_measures(0)
    with pytest.raises(ValueError, match=r"no record 'kernel' along .* measures=kernel_measures"):
        measures.kernel_history(xr.Dataset({"loss": ("step", np.ones(3))}))


@pytest.mark.parametrize("outputs", ["trace", "full", 1])
def test_along_a_run(outputs):
    def init(key):
        return sim.TwoLayerNet.init(5, 8, key=key)

    task = sim.ModularAddition(5, train_fraction=0.6).sample(key=jax.random.key(4))
    settings = {
        "init": init,
        "task": task,
        "optimizer": optax.sgd(0.5),
        "loss": sim.centered_squared_error,
        "num_steps": 20,
        "record_steps": [0, 10, 20],
    }
    runs = sim.train(
        **settings,
        measures=measures.kernel_measures(6, outputs=outputs),
        final={"hidden": lambda model, _: model.hidden, "readout": lambda m, _: m.readout},
        key=jax.random.key(5),
    )
    history = measures.kernel_history(runs).isel(seed=0)
    assert history["kernel_distance"].dims == ("step",)
    assert history["kernel_distance"][0] == 0 and history["kernel_alignment"][0] == pytest.approx(1)
    _, init_key = jax.random.split(jax.random.fold_in(jax.random.key(5), 0))
    rows = task.order[-6:]
    hidden, readout = (jnp.asarray(runs[name][0].values) for name in ("hidden", "readout"))
    models = [init(init_key), sim.TwoLayerNet(hidden, readout)]
    first, last = (measures.tangent_kernel(m, task.inputs[rows], outputs=outputs) for m in models)
    assert measures.kernel_distance(last, first) > 0.01
    assert history["kernel_distance"][-1] == pytest.approx(
        float(measures.kernel_distance(last, first)), rel=1e-3
    )
    assert history["kernel_alignment"][-1] == pytest.approx(
        float(measures.kernel_alignment(last, first)), rel=1e-4
    )
    labels = np.eye(5)[task.targets[rows]]
    expected = measures.target_alignment(last, labels[:, [1]] if outputs == 1 else labels)
    assert runs["target_alignment"][0, -1] == pytest.approx(float(expected), rel=1e-3)


def test_rows_of_weight_zero_count_as_zero():
    task = sim.ModularAddition(5, train_fraction=0.6).sample(key=jax.random.key(4))
    model = sim.TwoLayerNet.init(5, 8, key=jax.random.key(6))

    def padded(task):
        batch = jax.tree.map(lambda leaf: leaf[:6], task.test())
        return sim.tasks.Batch(batch.inputs, batch.targets, jnp.array([1.0] * 4 + [0.0] * 2))

    some = measures.kernel_measures(padded)
    alone = measures.kernel_measures(lambda task: jax.tree.map(lambda a: a[:4], task.test()))
    kernel = some["kernel"](model, task)
    np.testing.assert_allclose(kernel[:4, :4], alone["kernel"](model, task), rtol=1e-5)
    assert (kernel[4:] == 0).all() and (kernel[:, 4:] == 0).all()
    found, expected = (one["target_alignment"](model, task) for one in (some, alone))
    assert found == pytest.approx(float(expected), rel=1e-5)


def test_real_targets():
    inputs = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    slope = np.array([1.0, 2.0, -1.0], np.float32)
    task = sim.tasks.independent_samples(inputs, inputs @ slope, num_train=12)
    model = sim.models.LinearModel(jnp.asarray(slope))
    found = measures.kernel_measures(8)["target_alignment"](model, task)
    test, y = inputs[12:], inputs[12:] @ slope
    kernel = test @ test.T
    assert found == pytest.approx(y @ kernel @ y / (np.linalg.norm(kernel) * y @ y), rel=1e-4)

import jax
import numpy as np
import pytest
from numpy.polynomial.hermite_e import HermiteE

from groktheory.simulations.tasks import (
    HermiteSingleIndex,
    MultiIndexQuadratic,
    SingleIndexQuadratic,
    SparseRegression,
)

DIMENSION = 12
QUADRATIC = SingleIndexQuadratic(dimension=DIMENSION, num_train=50, num_test=20_000)
SPECS = [
    QUADRATIC,
    HermiteSingleIndex(degree=4, dimension=DIMENSION, num_train=50, num_test=20_000),
    MultiIndexQuadratic(num_indices=3, dimension=DIMENSION, num_train=50, num_test=20_000),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_targets_are_functions_of_the_hidden_directions(spec, key):
    task = spec.sample(key=jax.random.clone(key))
    directions = np.asarray(spec.directions(key=key), np.float64)
    assert np.allclose(directions @ directions.T, DIMENSION * np.eye(len(directions)), atol=1e-4)
    z = np.asarray(task.inputs, np.float64) @ directions.T
    expected = {
        "SingleIndexQuadratic": lambda: z[:, 0] ** 2 / 2,
        "HermiteSingleIndex": lambda: HermiteE.basis(4)(z[:, 0]) / 2,
        "MultiIndexQuadratic": lambda: (z**2).sum(axis=1) / 6,
    }[type(spec).__name__]()
    assert np.allclose(task.targets, expected, atol=1e-4, rtol=1e-4)
    assert task.num_classes is None and task.spec == spec


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_split_and_input_moments(spec, key):
    task = spec.sample(key=key)
    assert task.train().inputs.shape == (50, DIMENSION) and task.train().targets.shape == (50,)
    assert task.test().size == 20_000 and task.inputs.dtype == np.float32
    covariance = np.cov(np.asarray(task.inputs).T) * DIMENSION
    # 144 entries of standard error at most sqrt(2/20050) = 0.01: five of them.
    assert np.abs(covariance - np.eye(DIMENSION)).max() < 0.05


@pytest.mark.parametrize(
    ("spec", "mean", "second_moment"),
    [(SPECS[0], 1 / 2, 3 / 4), (SPECS[1], 0, 24 / 4), (SPECS[2], 1 / 2, 1 / 4 + 1 / 6)],
)
def test_target_moments(spec, mean, second_moment, key):
    targets = np.asarray(spec.sample(key=key).targets, np.float64)
    for values, stated in ((targets, mean), (targets**2, second_moment)):
        assert abs(values.mean() - stated) < 5 * values.std() / np.sqrt(len(values))


def test_directions_are_uniform_on_the_sphere():
    spec = MultiIndexQuadratic(num_indices=2, dimension=3, num_train=1, num_test=1)
    keys = jax.random.split(jax.random.key(0), 4000)
    directions = np.asarray(jax.vmap(lambda key: spec.directions(key=key))(keys))
    # Means of entries of variance one, five standard errors.
    assert np.abs(directions.mean(axis=0)).max() < 5 / np.sqrt(4000)
    assert np.abs((directions**2).mean(axis=0) - 1).max() < 5 * np.sqrt(0.8 / 4000)


@pytest.mark.parametrize(("design", "fourth_moment"), [("rademacher", 1), ("gaussian", 3)])
def test_sparse_regression(design, fourth_moment, key):
    spec = SparseRegression(dimension=40, sparsity=3, num_train=10, num_test=5000, design=design)
    task = spec.sample(key=jax.random.clone(key))
    signal = np.asarray(spec.signal(key=key))
    assert sorted(np.abs(signal)) == [0] * 37 + [1] * 3
    inputs = np.asarray(task.inputs)
    assert np.allclose(task.targets, inputs @ signal, atol=1e-5)
    assert (inputs**2).mean() == pytest.approx(1, abs=0.02)
    assert (inputs**4).mean() == pytest.approx(fourth_moment, abs=0.15)
    assert task.train().inputs.shape == (10, 40) and task.test().size == 5000


def test_keys_decide_everything_alone_and_mapped():
    keys = jax.random.split(jax.random.key(1), 3)
    spec = SingleIndexQuadratic(dimension=4, num_train=3, num_test=5)
    mapped = jax.jit(jax.vmap(lambda key: spec.sample(key=key)))(jax.random.clone(keys))
    for i in range(3):
        alone = spec.sample(key=jax.random.clone(keys)[i])
        assert np.allclose(mapped.inputs[i], alone.inputs, rtol=1e-6)
        assert np.allclose(mapped.targets[i], alone.targets, rtol=1e-5)
    assert not np.allclose(mapped.inputs[0], mapped.inputs[1])


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match="dimension must be at least 1, got 0"):
        SingleIndexQuadratic(dimension=0, num_train=3)
    with pytest.raises(TypeError, match="num_train must be an int, got float 3.0"):
        SingleIndexQuadratic(dimension=2, num_train=3.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="degree must be at least 1, got 0"):
        HermiteSingleIndex(degree=0, dimension=2, num_train=3)
    with pytest.raises(ValueError, match="num_indices must be at most dimension = 2, got 3"):
        MultiIndexQuadratic(num_indices=3, dimension=2, num_train=3)
    with pytest.raises(ValueError, match="sparsity must be at most dimension = 2, got 3"):
        SparseRegression(dimension=2, sparsity=3, num_train=3)
    with pytest.raises(ValueError, match="design must be 'rademacher' or 'gaussian', got 'dct'"):
        SparseRegression(dimension=2, sparsity=1, num_train=3, design="dct")  # pyright: ignore

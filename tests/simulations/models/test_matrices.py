import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import MatrixModel, MatrixProduct, SymmetricFactorization

rng = np.random.default_rng(0)
A, B, C = rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), rng.normal(size=(3, 5))
U, V = rng.normal(size=(4, 4)), rng.normal(size=(4, 4))


def single(array):
    return jnp.asarray(array, jnp.float32)


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        (MatrixModel(single(A)), A),
        (MatrixProduct((single(A),)), A),
        (MatrixProduct((single(A), single(B), single(C))), A @ B @ C),
        (SymmetricFactorization(single(U), single(V)), U @ U.T - V @ V.T),
    ],
)
def test_outputs_are_entries_or_contractions(model, weights):
    rows, columns = weights.shape
    pairs = jnp.stack(
        jnp.meshgrid(jnp.arange(rows), jnp.arange(columns), indexing="ij"), axis=-1
    ).reshape(-1, 2)
    np.testing.assert_allclose(model.batched(pairs), weights.ravel(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jax.vmap(model)(pairs), weights.ravel(), rtol=1e-4, atol=1e-5)
    matrices = single(rng.normal(size=(6, rows, columns)))
    expected = [np.trace(np.asarray(x).T @ weights) for x in matrices]
    np.testing.assert_allclose(model.batched(matrices), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(jax.vmap(model)(matrices), expected, rtol=1e-4, atol=1e-4)


def test_gradient_of_the_symmetric_factorization():
    r"""For $G = \partial L/\partial W$ it is $\pm(G + G^T)$ times the factor."""
    model = SymmetricFactorization(single(U), single(V))
    weight = single(rng.normal(size=(4, 4)))
    slope = jax.grad(lambda m: jnp.vdot(weight, m.weights))(model)
    symmetric = np.asarray(weight + weight.T)
    np.testing.assert_allclose(slope.u, symmetric @ U, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(slope.v, -symmetric @ V, rtol=1e-4, atol=1e-5)


def test_small_matrices_of_large_factors_keep_their_digits():
    u, v = (10 * np.eye(4) + 1e-3 * rng.normal(size=(4, 4)) for _ in range(2))
    u, v = single(u), single(v)
    exact = [np.asarray(x, np.float64) @ np.asarray(x, np.float64).T for x in (u, v)]
    np.testing.assert_allclose(
        SymmetricFactorization(u, v).weights, exact[0] - exact[1], rtol=0, atol=1e-7
    )


def test_identity_starts():
    np.testing.assert_allclose(MatrixModel.init(2, 3, scale=0.5).matrix, 0.5 * np.eye(2, 3))
    product = MatrixProduct.init(3, 5, 3, scale=0.1)
    assert [factor.shape for factor in product.factors] == [(3, 3), (3, 3), (3, 5)]
    np.testing.assert_allclose(product.weights, 1e-3 * np.eye(3, 5), rtol=1e-5)
    start = SymmetricFactorization.init(3, scale=2.0)
    np.testing.assert_array_equal(start.u, 2 * np.eye(3))
    np.testing.assert_array_equal(start.weights, 0)


def test_noisy_starts(key):
    keys = jax.random.split(key, 3)
    matrix = MatrixModel.init(60, 50, scale=3.0, initialization="gaussian", key=keys[0]).matrix
    assert float(jnp.linalg.norm(matrix)) == pytest.approx(3, rel=0.1)
    product = MatrixProduct.init(5, 4, 2, inner=7, initialization="gaussian", key=keys[1])
    assert [factor.shape for factor in product.factors] == [(5, 7), (7, 4)]
    start = SymmetricFactorization.init(60, scale=2.0, noise=0.1, key=keys[2])
    for factor in (start.u, start.v):
        assert float((factor - 2 * jnp.eye(60)).std()) == pytest.approx(0.1, rel=0.1)
    assert not np.allclose(start.u, start.v)


def test_refusals(key):
    with pytest.raises(ValueError, match="num_rows must be at least 1, got 0"):
        MatrixModel.init(0, 2)
    with pytest.raises(ValueError, match="inner must be at least 1, got 0"):
        MatrixProduct.init(2, 2, 2, inner=0)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        MatrixProduct.init(2, 2, 0)
    with pytest.raises(ValueError, match=r"one of \['gaussian', 'identity'\], got 'ones'"):
        MatrixModel.init(2, 2, initialization="ones")
    with pytest.raises(ValueError, match="initialization 'gaussian' needs a key"):
        MatrixProduct.init(2, 2, 2, initialization="gaussian")
    with pytest.raises(ValueError, match="noise must be non-negative, got -1"):
        SymmetricFactorization.init(2, scale=1.0, noise=-1.0, key=key)
    with pytest.raises(ValueError, match="noise = 0.1 needs a key"):
        SymmetricFactorization.init(2, scale=1.0, noise=0.1)
    with pytest.raises(ValueError, match="dimension must be at least 1, got 0"):
        SymmetricFactorization.init(0, scale=1.0)

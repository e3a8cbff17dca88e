"""The toy model of superposition, against its formula and its theory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import Superposition, superposition_loss
from groktheory.theory import singular


@pytest.mark.parametrize("seed", range(3))
def test_loss_is_that_of_the_theory(seed):
    """Quadrature here, closed forms there."""
    rng = np.random.default_rng(seed)
    weights, biases = rng.normal(size=(2, 5)), 0.5 * rng.normal(size=5)
    with jax.enable_x64(True):
        found = superposition_loss(Superposition(jnp.asarray(weights), jnp.asarray(biases)))
    assert float(found) == pytest.approx(singular.population_loss(weights, biases), rel=1e-12)


def test_loss_is_smooth_where_columns_vanish():
    model = Superposition(jnp.zeros((2, 4)), jnp.array([0.5, -0.5, 0.1, -1.0]))
    gradient = jax.grad(superposition_loss)(model)
    assert np.all(np.isfinite(gradient.weights)) and np.all(np.isfinite(gradient.biases))


def test_outputs_of_one_and_of_many_samples(key):
    model = Superposition.polygon(5, features=6, length=1.0, noise=0.3, bias_scale=0.2, key=key)
    inputs = jax.random.normal(jax.random.key(1), (4, 6))
    expected = np.maximum(
        np.asarray(inputs @ model.weights.T @ model.weights + model.biases[None]), 0
    )
    np.testing.assert_allclose(model.batched(inputs), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(inputs[0]), expected[0], rtol=1e-5, atol=1e-6)


def test_polygon_has_equal_sides(key):
    model = Superposition.polygon(5, features=7, length=1.2, key=key)
    np.testing.assert_allclose(np.linalg.norm(model.weights[:, :5], axis=0), 1.2, rtol=1e-6)
    assert np.all(model.weights[:, 5:] == 0) and np.all(model.biases == 0)
    with pytest.raises(ValueError, match="sides must be at most features, 4, got 5"):
        Superposition.polygon(5, features=4, length=1.0, key=jax.random.key(0))

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory.simulations.optimizers import constant_norm


def descend(optimizer, start, num_steps, gradient) -> Any:
    def step(carry, _):
        theta, state = carry
        updates, state = optimizer.update(gradient(theta), state, theta)
        theta = optax.apply_updates(theta, updates)
        return (theta, state), optax.tree.norm(theta)

    (theta, _), norms = jax.lax.scan(step, (start, optimizer.init(start)), length=num_steps)
    return theta, norms


def quadratic(theta):
    return jnp.array([1.0, 4.0, 0.2]) * (theta - jnp.array([1.0, -2.0, 3.0]))


def test_is_a_projected_loop():
    theta, start = np.array([2.0, 1.0, 1.0]), jnp.array([2.0, 1.0, 1.0])
    norm = np.linalg.norm(theta)
    for _ in range(20):
        theta = theta - 0.05 * np.array([1.0, 4.0, 0.2]) * (theta - np.array([1.0, -2.0, 3.0]))
        theta = theta * norm / np.linalg.norm(theta)
    found, norms = descend(constant_norm(optax.sgd(0.05)), start, 20, quadratic)
    np.testing.assert_allclose(found, theta, rtol=1e-5)
    np.testing.assert_allclose(norms, norm, rtol=1e-6)


@pytest.mark.parametrize("norm", [0.5, 3.0])
def test_comes_to_rest_where_the_gradient_is_radial(norm):
    optimizer = constant_norm(optax.sgd(0.1), norm)
    theta, norms = descend(optimizer, jnp.array([2.0, 1.0, 1.0]), 500, quadratic)
    np.testing.assert_allclose(norms, norm, rtol=1e-6)
    slope = quadratic(theta)
    tangential = slope - (slope @ theta) / norm**2 * theta
    np.testing.assert_allclose(tangential, 0, atol=1e-5)


def test_all_arrays_share_the_norm_and_it_does_not_drift():
    start = {"a": jnp.ones((2, 3)), "b": (jnp.full(4, -1.0), None)}
    optimizer = constant_norm(optax.adam(0.01))
    _, norms = descend(optimizer, start, 3000, lambda theta: jax.tree.map(jnp.sin, theta))
    np.testing.assert_allclose(norms, np.sqrt(10), rtol=1e-6)


def test_norm_may_be_swept():
    def final(norm):
        theta, _ = descend(
            constant_norm(optax.sgd(0.05), norm), jnp.array([2.0, 1.0, 1.0]), 5, quadratic
        )
        return optax.tree.norm(theta)

    norms = jnp.array([0.5, 1.0, 7.0])
    np.testing.assert_allclose(jax.vmap(final)(norms), norms, rtol=1e-6)


def test_a_wrong_norm_is_refused():
    with pytest.raises(ValueError, match="norm must be positive, got 0.0"):
        constant_norm(optax.sgd(0.1), 0.0)


def test_missing_weights_are_refused():
    optimizer = constant_norm(optax.sgd(0.1))
    theta = jnp.ones(3)
    with pytest.raises(ValueError, match="params must be passed to update"):
        optimizer.update(theta, optimizer.init(theta))

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory.simulations.optimizers import (
    affine_projection,
    normalized_gradient,
    projected_gradient,
    proximal_gradient,
    singular_value_threshold,
    soft_threshold,
)

rng = np.random.default_rng(0)


def descend(optimizer, gradient, start, num_steps) -> Any:
    def step(carry, _):
        params, state = carry
        updates, state = optimizer.update(gradient(params), state, params)
        return (optax.apply_updates(params, updates), state), None

    start = jnp.asarray(start)
    return jax.lax.scan(step, (start, optimizer.init(start)), length=num_steps)[0][0]


@pytest.mark.parametrize("amount", [0.0, 0.3, 2.0])
def test_soft_threshold_minimizes_its_objective(amount):
    grid = np.linspace(-4, 4, 8001)
    for z in (-3.0, -0.3, 0.0, 0.2, 1.7):
        best = grid[np.argmin((grid - z) ** 2 / 2 + amount * np.abs(grid))]
        assert float(soft_threshold(jnp.asarray(z), amount)) == pytest.approx(best, abs=1e-3)


def test_singular_value_threshold_minimizes_its_objective():
    with jax.enable_x64(True):
        z = rng.normal(size=(4, 3))
        found = np.asarray(singular_value_threshold(jnp.asarray(z), 0.8))
    assert np.linalg.matrix_rank(found, tol=1e-10) < 3

    def objective(x):
        return np.sum((x - z) ** 2) / 2 + 0.8 * np.linalg.norm(x, "nuc")

    for _ in range(200):
        assert objective(found + 1e-3 * rng.normal(size=z.shape)) > objective(found)


def test_singular_value_threshold_flattens_leading_axes():
    z = jnp.asarray(rng.normal(size=(2, 3, 4)), jnp.float32)
    expected = singular_value_threshold(z.reshape(6, 4), 0.5).reshape(2, 3, 4)
    np.testing.assert_allclose(singular_value_threshold(z, 0.5), expected)


def test_proximal_gradient_finds_the_lasso_solution():
    """Checked by the optimality conditions, which no step of the algorithm uses."""
    features, targets, penalty = rng.normal(size=(8, 20)) / 3, rng.normal(size=8), 0.2
    with jax.enable_x64(True):
        found = descend(
            proximal_gradient(0.1, soft_threshold, penalty),
            lambda a: features.T @ (features @ a - targets),
            np.zeros(20),
            5000,
        )
    found = np.asarray(found)
    slope = features.T @ (features @ found - targets)
    is_active = found != 0
    assert 0 < is_active.sum() < 20
    np.testing.assert_allclose(slope[is_active], -penalty * np.sign(found[is_active]), atol=1e-8)
    assert np.abs(slope).max() <= penalty + 1e-8


def test_proximal_gradient_needs_no_gradient_of_the_penalty_and_may_be_traced():
    z = jnp.array([3.0, -0.5])

    def one_step(rate, penalty):
        return descend(proximal_gradient(rate, soft_threshold, penalty), jnp.zeros_like, z, 1)

    swept = jax.jit(jax.vmap(one_step))(jnp.array([0.5, 1.0]), jnp.array([2.0, 0.25]))
    np.testing.assert_allclose(swept, [[2.0, 0.0], [2.75, -0.25]])


def test_affine_projection_is_the_nearest_solution():
    with jax.enable_x64(True):
        features, targets = rng.normal(size=(3, 7)), rng.normal(size=3)
        project = affine_projection(jnp.asarray(features), jnp.asarray(targets))
        a = rng.normal(size=7)
        found = np.asarray(project(jnp.asarray(a)))
        again = np.asarray(project(jnp.asarray(found)))
    np.testing.assert_allclose(features @ found, targets, atol=1e-12)
    np.testing.assert_allclose(again, found, atol=1e-12)
    # The displacement is orthogonal to the solutions: it lies in the row space.
    residual = np.linalg.lstsq(features.T, found - a)[1]
    assert residual[0] < 1e-24


def test_projected_gradient_slides_along_the_solutions():
    with jax.enable_x64(True):
        features, targets = rng.normal(size=(3, 7)), rng.normal(size=3)
        project = affine_projection(jnp.asarray(features), jnp.asarray(targets))
        found = descend(projected_gradient(0.1, project), lambda a: a, np.ones(7), 500)
    # Gradient of half the squared norm: the end is the interpolant of least norm.
    np.testing.assert_allclose(found, np.linalg.pinv(features) @ targets, atol=1e-10)


@pytest.mark.parametrize("size", [1.0, 1e-30, 1e30])
def test_normalized_steps_have_the_stated_length(size):
    params = {"a": jnp.zeros(2), "b": jnp.zeros((1, 2))}
    gradient = {"a": size * jnp.array([3.0, 0.0]), "b": size * jnp.array([[0.0, -4.0]])}
    optimizer: Any = normalized_gradient(0.5)
    updates, _ = optimizer.update(gradient, optimizer.init(params), params)
    np.testing.assert_allclose(updates["a"], [-0.3, 0], rtol=1e-6)
    np.testing.assert_allclose(updates["b"], [[0, 0.4]], rtol=1e-6)


def test_zero_gradient_stays_put():
    assert not np.asarray(descend(normalized_gradient(0.5), jnp.zeros_like, jnp.zeros(3), 2)).any()


def test_refusals():
    for build in (
        lambda: proximal_gradient(0.0, soft_threshold),
        lambda: projected_gradient(0.0, jnp.sin),
        lambda: normalized_gradient(0.0),
    ):
        with pytest.raises(ValueError, match="learning_rate must be positive, got 0.0"):
            build()
    with pytest.raises(ValueError, match="penalty must be non-negative, got -1.0"):
        proximal_gradient(0.1, soft_threshold, -1.0)
    with pytest.raises(ValueError, match="amount must be non-negative, got -1.0"):
        soft_threshold(jnp.ones(2), -1.0)
    with pytest.raises(ValueError, match="amount must be non-negative, got -1.0"):
        singular_value_threshold(jnp.ones((2, 2)), -1.0)
    with pytest.raises(ValueError, match="one entry per row of features, 3, got 2"):
        affine_projection(jnp.ones((3, 4)), jnp.ones(2))
    optimizer = projected_gradient(0.1, jnp.sin)
    with pytest.raises(ValueError, match="params must be passed to update"):
        optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))

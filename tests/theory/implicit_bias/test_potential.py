"""Interpolants of least hyperbolic entropy: optimality, limits, and the flow they stand for."""

import numpy as np
import pytest
from scipy.optimize import linprog

from groktheory.theory.implicit_bias import diagonal, potential


def problem(rng, num_samples=12, dimension=40):
    features = rng.normal(size=(num_samples, dimension))
    target = np.zeros(dimension)
    target[:2] = 1.0, -0.5
    return features, features @ target


def test_interpolants_are_stationary_and_the_order_of_products_is_free():
    features, targets = problem(np.random.default_rng(0))
    products = np.array([0.1, 1e3, 1e-4])
    weights = potential.interpolating_weights(features, targets, products)
    np.testing.assert_allclose(weights @ features.T, np.tile(targets, (3, 1)), atol=1e-8)
    null_space = np.linalg.svd(features)[2][len(features) :]
    gradients = np.arcsinh(weights / (2 * products[:, None]))
    assert np.abs(gradients @ null_space.T).max() < 1e-9 * np.abs(gradients).max()


def test_the_ends_are_the_least_norms():
    features, targets = problem(np.random.default_rng(1))
    early, late = potential.interpolating_weights(features, targets, np.array([1e4, 1e-60]))
    np.testing.assert_allclose(early, np.linalg.pinv(features) @ targets, atol=1e-7)
    dimension = features.shape[1]
    program = linprog(np.ones(2 * dimension), A_eq=np.hstack([features, -features]), b_eq=targets)
    np.testing.assert_allclose(late, program.x[:dimension] - program.x[dimension:], atol=1e-4)


def test_any_other_interpolant_has_more_entropy():
    rng = np.random.default_rng(2)
    features, targets = problem(rng)
    (weights,) = potential.interpolating_weights(features, targets, np.array([0.05]))
    least = potential.hyperbolic_entropy(weights, 0.05)
    null_space = np.linalg.svd(features)[2][len(features) :]
    for size in (1e-3, 0.1, 1.0):
        moves = size * rng.normal(size=(20, len(null_space))) @ null_space
        assert (potential.hyperbolic_entropy(weights + moves, 0.05) > least).all()


def test_the_flow_follows_them_up_to_the_weight_decay():
    features, targets = problem(np.random.default_rng(3))
    collapsed = np.linspace(-1.0, 4.0, 6)
    static = potential.interpolating_weights(features, targets, np.exp(-2 * collapsed))
    errors = []
    for scale, weight_decay in ((3.0, 1e-3), (12.0, 1e-3), (3.0, 1e-4)):
        path = diagonal.diagonal_flow(
            features,
            targets,
            scale=scale,
            weight_decay=weight_decay,
            times=(collapsed + np.log(scale)) / weight_decay,
            loss="squared",
        )
        errors.append(np.abs(path.weights[1:] - static[1:]).max())
    assert errors[0] < 5e-3
    assert errors[1] == pytest.approx(errors[0], rel=0.01)
    assert errors[2] == pytest.approx(errors[0] / 10, rel=0.1)


def test_potentials_interpolate_between_the_norms():
    weights = np.random.default_rng(4).normal(size=(3, 7))
    l1, l2 = np.abs(weights).sum(axis=1), (weights**2).sum(axis=1)
    np.testing.assert_allclose(potential.smoothed_norm(weights, 1e-9), l1, rtol=1e-8)
    excess = potential.smoothed_norm(weights, 1e3) - 2e3 * 7
    np.testing.assert_allclose(4e3 * excess, l2, rtol=1e-4)
    np.testing.assert_allclose(4e3 * potential.hyperbolic_entropy(weights, 1e3), l2, rtol=1e-5)
    late = potential.hyperbolic_entropy(weights, 1e-200) / (200 * np.log(10))
    np.testing.assert_allclose(late, l1, rtol=0.01)
    u, v = diagonal.diagonal_factors(weights, 0.3)
    np.testing.assert_allclose(potential.smoothed_norm(weights, 0.3), (u**2 + v**2).sum(axis=1))


def test_bad_products_are_refused():
    with pytest.raises(ValueError, match="product must be non-negative, got -1"):
        potential.smoothed_norm(np.ones(2), -1.0)
    with pytest.raises(ValueError, match="product must be positive, got 0"):
        potential.hyperbolic_entropy(np.ones(2), 0.0)
    with pytest.raises(ValueError, match="product must be positive, got a smallest value of 0"):
        potential.interpolating_weights(np.eye(2), np.ones(2), np.zeros(1))


def test_dependent_rows_are_refused():
    with pytest.raises(ValueError, match="rows .* linearly independent, got rank 1 for 2 samples"):
        potential.interpolating_weights(np.ones((2, 3)), np.ones(2), np.ones(1))


def test_too_few_steps_are_refused():
    features, targets = problem(np.random.default_rng(5))
    with pytest.raises(ValueError, match=r"did not reach .* in 1 steps at product .* raise max"):
        potential.interpolating_weights(features, targets, np.array([1e-3]), max_steps=1)

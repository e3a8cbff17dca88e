import numpy as np
import pytest
from scipy.optimize import linprog

from groktheory.theory.implicit_bias import escape_time, hadamard_flow


def _problem():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(12, 20)) / np.sqrt(12)
    target = np.zeros(20)
    target[:2] = 1.0, 0.4
    return features, target


@pytest.mark.parametrize(("depth", "scale"), [(2, 1e-2), (3, 0.1), (4, 0.3)])
def test_small_steps_of_gradient_descent_follow_the_flow(depth, scale):
    features, target = _problem()
    factors, rate = np.full((depth, 20), scale), 1e-3
    for _ in range(8000):
        product = np.prod(factors, axis=0)
        slope = features.T @ (features @ (product - target))
        factors = factors - rate * slope * product / factors
    flow = hadamard_flow(features, features @ target, np.array([8.0]), scale=scale, depth=depth)[0]
    np.testing.assert_allclose(flow, np.prod(factors, axis=0), atol=4e-3)


def test_small_initialization_ends_at_the_least_l1_norm():
    features, target = _problem()
    solved = linprog(np.ones(20), A_eq=features, b_eq=features @ target)
    ends = [
        hadamard_flow(features, features @ target, np.array([2e4]), scale=scale, depth=2)[0]
        for scale in (1e-1, 1e-4)
    ]
    errors = [np.abs(end - solved.x).max() for end in ends]
    assert errors[1] < 1e-4 < 1e-3 < errors[0]


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_escape_takes_as_long_as_under_a_constant_gradient(depth):
    # a target far above `size` keeps the gradient constant on the way
    slope, scale, size = 1e6, 0.01, 0.3
    time = escape_time(slope, scale=scale, depth=depth, size=size)
    around = time * np.array([1 - 1e-5, 1 + 1e-5])
    grown = hadamard_flow(np.eye(1), np.array([slope]), around, scale=scale, depth=depth)
    assert grown[0, 0] < size < grown[1, 0]


def test_bad_arguments_are_refused():
    features, targets = np.eye(2), np.ones(2)
    with pytest.raises(ValueError, match="depth must be at least 2, got 1: one factor is linear"):
        hadamard_flow(features, targets, np.array([1.0]), scale=0.1, depth=1)
    with pytest.raises(ValueError, match="scale must be positive, got 0.0: zero is a fixed point"):
        hadamard_flow(features, targets, np.array([1.0]), scale=0.0, depth=2)
    with pytest.raises(ValueError, match="times must increase from 0 or later"):
        hadamard_flow(features, targets, np.array([1.0, 0.5]), scale=0.1, depth=2)
    with pytest.raises(ValueError, match="slope must be positive, got -1"):
        escape_time(-1.0, scale=0.1, depth=2, size=0.5)
    with pytest.raises(ValueError, match="size must exceed the initial 0.01, got 0.001"):
        escape_time(1.0, scale=0.1, depth=2, size=1e-3)

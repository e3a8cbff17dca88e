import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.implicit_bias import lasso_solution, restricted_lasso_bias


def _problem(seed, *, samples=20, coordinates=40, sparsity=3):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(samples, coordinates)) / np.sqrt(samples)
    target = np.zeros(coordinates)
    target[:sparsity] = rng.normal(size=sparsity)
    return features, target


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(-4, 0.5))
def test_the_optimality_conditions_hold(seed, log_penalty):
    features, target = _problem(seed, sparsity=1 + seed % 8)
    penalty = 10**log_penalty
    found = lasso_solution(features, features @ target, penalty=penalty)
    correlations = features.T @ (features @ target - features @ found)
    is_active = found != 0
    np.testing.assert_allclose(
        correlations[is_active], penalty * np.sign(found[is_active]), rtol=1e-8, atol=1e-12
    )
    assert np.all(np.abs(correlations) <= penalty * (1 + 1e-8))


def test_proximal_gradient_descent_ends_there():
    features, target = _problem(2)
    point = np.zeros(40)
    for _ in range(20_000):
        moved = point - 0.1 * features.T @ (features @ (point - target))
        point = np.sign(moved) * np.maximum(np.abs(moved) - 0.1 * 0.03, 0)
    found = lasso_solution(features, features @ target, penalty=0.03)
    np.testing.assert_allclose(found, point, atol=1e-9)


def test_the_bias_on_the_support_where_it_is_all_there_is():
    features, target = _problem(0, samples=30, sparsity=2)
    inner = features[:, :2]
    dual = features.T @ inner @ np.linalg.solve(inner.T @ inner, np.sign(target[:2]))
    assert np.abs(dual[2:]).max() < 1
    bias = restricted_lasso_bias(features, target, penalty=1e-3)
    found = lasso_solution(features, features @ target, penalty=1e-3)
    np.testing.assert_allclose(found - target, bias, atol=1e-10)


def test_the_bias_is_proportional_to_the_penalty():
    features, target = _problem(5, sparsity=5)
    biases = [
        (lasso_solution(features, features @ target, penalty=p) - target) / p for p in (1e-3, 1e-5)
    ]
    np.testing.assert_allclose(biases[0], biases[1], atol=1e-6)


def test_bad_arguments_are_refused():
    features, target = _problem(0)
    with pytest.raises(ValueError, match="penalty must be positive, got 0"):
        lasso_solution(features, features @ target, penalty=0.0)
    with pytest.raises(ValueError, match="the 2 columns on the support .* got rank 1"):
        restricted_lasso_bias(np.ones((3, 2)), np.ones(2), penalty=0.1)

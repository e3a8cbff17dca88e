import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import solve_ivp

from groktheory.theory import implicit_bias, kernels
from groktheory.theory import linear_estimators as theory


def draw(seed, samples=3, features=5):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((samples, features)), rng.standard_normal(samples), rng


@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_descent_is_gradient_descent(seed):
    features, targets, rng = draw(seed)
    variances, means, noise, rate = rng.uniform(0.3, 2, 5), rng.standard_normal(5), 0.7, 0.02
    loss = theory.penalized_regression(
        features, targets, error_scale=noise, prior_variances=variances, prior_means=means
    )
    starts = rng.standard_normal((2, 5))
    weights, path = starts, []
    for _ in range(51):
        path.append(weights)
        errors = weights @ features.T - targets[None]
        gradient = errors @ features / noise + (weights - means[None]) / variances[None]
        weights = weights - rate * 2 / 3 * gradient
    found = loss.descent(starts, [0, 1, 50], learning_rate=rate)
    np.testing.assert_allclose(found, [path[0], path[1], path[50]], atol=1e-12)


def test_flow_is_the_ordinary_differential_equation():
    features, targets, rng = draw(0)
    loss = theory.penalized_regression(features, targets, error_scale=0.5, prior_variances=2.0)
    hessian = loss.directions @ np.diag(loss.curvatures) @ loss.directions.T
    pull, start = loss.directions @ loss.pull, rng.standard_normal(5)
    path = solve_ivp(
        lambda t, w: pull - hessian @ w, (0, 3), start, t_eval=[1, 3], rtol=1e-10, atol=1e-12
    )
    np.testing.assert_allclose(loss.flow(start, [1.0, 3.0]), path.y.T, atol=1e-8)


def test_end_of_the_flow_is_ridge_regression():
    features, targets, rng = draw(3)
    noise, prior = 0.3, 2.0
    loss = theory.penalized_regression(features, targets, error_scale=noise, prior_variances=prior)
    end = loss.flow(rng.standard_normal(5), [np.inf])[0]
    ridge = kernels.kernel_regression(features @ features.T, targets, ridge=noise / prior)
    np.testing.assert_allclose(end, features.T @ ridge.coefficients, atol=1e-10)


def test_equal_variances_are_weight_decay():
    features, targets, rng = draw(4)
    start, steps, rate = rng.standard_normal(5), np.array([0, 3, 30]), 0.01
    noise, prior = 0.5, 2.0
    loss = theory.penalized_regression(features, targets, error_scale=noise, prior_variances=prior)
    found = loss.descent(start, steps, learning_rate=rate)
    other = implicit_bias.weight_decay_iterates(
        features,
        targets,
        start,
        steps,
        learning_rate=2 * rate / (3 * noise),
        weight_decay=noise / prior,
    )
    np.testing.assert_allclose(found, other, atol=1e-12)


def test_without_penalty_unseen_directions_never_move():
    features, targets, rng = draw(5)
    loss = theory.penalized_regression(features, targets, error_scale=1.0, prior_variances=np.inf)
    start = rng.standard_normal(5)
    unseen = np.linalg.svd(features)[2][3:]
    for path in (loss.descent(start, [10**7], learning_rate=0.05), loss.flow(start, [np.inf])):
        np.testing.assert_allclose(unseen @ path[0], unseen @ start, atol=1e-10)
        np.testing.assert_allclose(features @ path[0], targets, atol=1e-10)


def test_flat_directions_run_off_at_constant_speed():
    loss = theory.QuadraticDescent.of(np.diag([0.0, 1.0]), np.array([2.0, 0.0]))
    np.testing.assert_allclose(loss.flow(np.ones(2), [3.0]), [[7.0, np.exp(-3)]])
    np.testing.assert_allclose(loss.descent(np.ones(2), [3], learning_rate=0.5), [[4.0, 0.125]])


def test_clocks_are_those_of_the_paths():
    features = np.diag([2.0, 0.5, 0.0])[:2]
    clocks = theory.penalized_clocks(
        features, error_scale=0.1, prior_variance=0.5, learning_rate=1e-4
    )
    loss = theory.penalized_regression(features, np.zeros(2), error_scale=0.1, prior_variances=0.5)
    path = loss.descent(np.ones(3), [1], learning_rate=1e-4)[0]
    np.testing.assert_allclose(-1 / np.log(path), [*clocks.seen, clocks.unseen], rtol=5e-3)
    assert clocks.unseen / clocks.seen[0] == pytest.approx(1 + 4 * 0.5 / 0.1)


def test_complexity_is_the_penalty():
    found = theory.weight_complexity(
        np.array([[1.0, 2.0], [0.0, 1.0]]), prior_variances=np.array([0.5, 1.0]), prior_means=1.0
    )
    np.testing.assert_allclose(found, [1.0, 2.0])


def test_unstable_rates_give_a_warning_with_the_bound():
    loss = theory.QuadraticDescent.of(np.diag([1.0, 4.0]), np.zeros(2))
    assert loss.largest_stable_rate == 0.5
    with pytest.warns(UserWarning, match="learning_rate 0.6 is beyond the stability bound 0.5"):
        path = loss.descent(np.ones(2), [40], learning_rate=0.6)
    assert abs(path[0, 1]) > 100


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: theory.QuadraticDescent.of(np.array([[1.0, 2.0], [0.0, 1.0]]), np.zeros(2)),
            "hessian must be symmetric",
        ),
        (
            lambda: theory.QuadraticDescent.of(np.diag([1.0, -1.0]), np.zeros(2)),
            "hessian must be positive semidefinite, got the eigenvalue -1",
        ),
        (
            lambda: theory.QuadraticDescent.of(np.eye(2), np.zeros(3)),
            r"square with one row a weight, got shape \(2, 2\) for 3 weights",
        ),
        (
            lambda: theory.QuadraticDescent.of(np.eye(2), np.zeros(2)).flow(np.zeros(3), [1.0]),
            r"starts must have 2 weights each, got shape \(3,\)",
        ),
        (
            lambda: theory.penalized_regression(
                np.eye(2), np.zeros(3), error_scale=1.0, prior_variances=1.0
            ),
            "features and targets must have shapes",
        ),
        (
            lambda: theory.penalized_regression(
                np.eye(2), np.zeros(2), error_scale=0.0, prior_variances=1.0
            ),
            "error_scale must be positive",
        ),
        (
            lambda: theory.penalized_regression(
                np.eye(2), np.zeros(2), error_scale=1.0, prior_variances=0.0
            ),
            "prior_variances must be positive, got 0.0",
        ),
        (
            lambda: theory.penalized_clocks(
                np.eye(2), error_scale=1.0, prior_variance=1.0, learning_rate=0.0
            ),
            "learning_rate must be positive",
        ),
        (
            lambda: theory.weight_complexity(np.ones(2), prior_variances=-1.0),
            "prior_variances must be positive, got -1.0",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

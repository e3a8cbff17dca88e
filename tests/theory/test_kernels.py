import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory import kernels


def features(samples, size, seed=0):
    return np.random.default_rng(seed).normal(size=(samples, size)) / np.sqrt(size)


@pytest.mark.parametrize(("samples", "size"), [(6, 15), (15, 6)])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_regression_is_that_of_the_features(samples, size, ridge):
    """Below and beyond interpolation, with and without ridge, two outputs, against least squares
    on the features themselves.
    """
    train, new = features(samples, size), features(4, size, seed=1)
    targets = np.random.default_rng(2).normal(size=(samples, 2))
    if ridge:
        weights = np.linalg.solve(train.T @ train + ridge * np.eye(size), train.T @ targets)
    else:
        weights = np.linalg.lstsq(train, targets, rcond=None)[0]
    fit = kernels.kernel_regression(train @ train.T, targets, new @ train.T, ridge=ridge)
    np.testing.assert_allclose(fit.predictions, new @ weights, atol=1e-9)
    own = kernels.kernel_regression(train @ train.T, targets, ridge=ridge)
    np.testing.assert_allclose(own.predictions, train @ weights, atol=1e-9)
    np.testing.assert_allclose(own.coefficients, fit.coefficients)


@given(seed=st.integers(0, 999), scale=st.floats(0.1, 10))
def test_cost_is_the_displacement_of_the_weights(seed, scale):
    train = features(5, 12, seed)
    targets = scale * np.random.default_rng(seed).normal(size=5)
    weights = np.linalg.lstsq(train, targets, rcond=None)[0]
    cost = kernels.interpolation_cost(train @ train.T, targets)
    np.testing.assert_allclose(cost, weights @ weights, rtol=1e-9)


@pytest.mark.parametrize(("samples", "size"), [(4, 9), (9, 4)])
def test_flow_is_gradient_descent_in_small_steps(samples, size):
    train, new = features(samples, size), features(3, size, seed=1)
    targets = np.random.default_rng(2).normal(size=samples)
    weights, rate, path = np.zeros(size), 1e-3, [np.zeros(3)]
    for _ in range(2000):
        weights += rate * train.T @ (targets - train @ weights)
        path.append(new @ weights)
    times = rate * np.array([0, 400, 2000])
    found = kernels.kernel_flow(train @ train.T, targets, times, cross=new @ train.T)
    np.testing.assert_allclose(found, np.array(path)[[0, 400, 2000]], atol=2e-3)
    end = kernels.kernel_flow(train @ train.T, targets, np.array([np.inf]), cross=new @ train.T)
    np.testing.assert_allclose(
        end[0],
        kernels.kernel_regression(train @ train.T, targets, new @ train.T).predictions,
        atol=1e-8,
    )
    own = kernels.kernel_flow(train @ train.T, targets[:, None], np.array([0.5]))
    assert own.shape == (1, samples, 1)


def test_learning_curve_matches_regression_on_gaussian_features():
    """Two groups of modes and an unlearnable part, ridgeless below and above interpolation, and
    with a ridge.
    """
    rng = np.random.default_rng(0)
    rates = np.repeat([0.05, 0.005], [60, 140])
    weights = np.repeat([0.1, 0.02], [60, 140])
    for samples, ridge in [(50, 0.0), (120, 0.3), (400, 0.0)]:
        errors = []
        for _ in range(12):
            modes = rng.normal(size=(samples, 200))
            targets = modes @ weights + 0.5 * rng.normal(size=samples)
            train = modes * np.sqrt(rates)
            # noise that is in the target and in no mode
            dual = kernels.kernel_regression(train @ train.T, targets, ridge=ridge).coefficients
            learned = np.sqrt(rates) * (train.T @ dual)
            errors.append(np.sum((learned - weights) ** 2) + 0.25)
        predicted = kernels.learning_curve(
            np.array([0.05, 0.005, 0.0]),
            np.array([60.0, 140.0, 1.0]),
            np.array([60 * 0.01, 140 * 0.0004, 0.25]),
            samples,
            ridge=ridge,
        )
        margin = 0.02 + 3 * np.std(errors) / np.sqrt(len(errors)) / np.mean(errors)
        assert abs(np.mean(errors) / float(predicted) - 1) < margin, (samples, ridge)


def test_learning_curve_at_and_beyond_the_number_of_features():
    one = np.array([1.0])
    assert kernels.learning_curve(one, 10 * one, one, 12) == 0
    noisy = (np.array([1.0, 0.0]), np.array([10.0, 1.0]), np.array([1.0, 0.5]))
    curve = kernels.learning_curve(*noisy, [5, 10, 20])
    assert curve[1] == np.inf
    # ordinary least squares: noise / (1 - features/samples)
    np.testing.assert_allclose(curve[2], 0.5 / (1 - 10 / 20))
    np.testing.assert_allclose(kernels.learning_curve(one, one, one, 1e-9), 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kernels.kernel_regression(np.eye(2), np.ones(2), ridge=-1.0), "ridge must be at"),
        (lambda: kernels.kernel_regression(np.ones((2, 3)), np.ones(2)), "gram must be a square"),
        (lambda: kernels.kernel_regression(np.eye(2), np.ones(3)), "targets must have one row"),
        (
            lambda: kernels.kernel_regression(np.eye(2), np.ones(2), np.ones((1, 3))),
            r"cross must have one column a training point, shape \(points, 2\), got \(1, 3\)",
        ),
        (lambda: kernels.interpolation_cost(np.ones((2, 2)), np.ones(2)), "positive definite"),
        (
            lambda: kernels.kernel_flow(np.eye(1), np.ones(1), np.array([-1.0])),
            "times must be at least 0, got -1",
        ),
    ],
)
def test_bad_matrices_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eigenvalues": [1.0]}, "one entry a mode"),
        ({"eigenvalues": [-1.0, 1.0]}, "eigenvalues must be >= 0 and not all zero"),
        ({"eigenvalues": [0.0, 0.0]}, "eigenvalues must be >= 0 and not all zero"),
        ({"multiplicities": [0.0, 1.0]}, "multiplicities must be positive"),
        ({"powers": [-1.0, 1.0]}, "powers must be at least 0"),
        ({"ridge": -0.1}, "ridge must be at least 0, got -0.1"),
        ({"num_samples": 0}, "num_samples must be positive, got 0"),
    ],
)
def test_bad_modes_are_refused(change, message):
    good = {
        "eigenvalues": [1.0, 0.5],
        "multiplicities": [1.0, 2.0],
        "powers": [1.0, 1.0],
        "num_samples": 1,
    }
    settings = good | change
    for name in ("eigenvalues", "multiplicities", "powers"):
        settings[name] = np.array(settings[name])
    with pytest.raises(ValueError, match=message):
        kernels.learning_curve(**settings)

"""When the early phase ends: the closed forms against integrated networks."""

import math

import numpy as np
import pytest
from scipy.optimize import nnls

from groktheory.theory.implicit_bias import diagonal, transition

WEIGHT_DECAY = 1e-3


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.choice([-1.0, 1.0], size=(40, 300))
    return features, np.sign(features[:, :3].sum(axis=1))


@pytest.fixture(scope="module")
def l2_solution(data):
    """The hard-margin solution as a non-negative least-squares problem."""
    rows = data[1][:, None] * data[0]
    # min |Z^T a|^2 / 2 - 1^T a over a >= 0, through [Z^T; c 1^T] a ~ (0, c) for large c.
    stacked = np.vstack([rows.T, 1e3 * np.ones((1, len(rows)))])
    duals, _ = nnls(stacked, np.append(np.zeros(rows.shape[1]), 1e3))
    direction = rows.T @ duals
    return direction / (rows @ direction).min()


def test_the_release_time_is_where_the_clock_meets_the_weights():
    time = transition.release_time(scale=7.0, weight_decay=0.02, typical_weight=0.3)
    assert 2 * diagonal.factor_product(time, scale=7.0, weight_decay=0.02) == pytest.approx(0.3)


def test_margin_and_clock_meet_in_the_integrated_network(data, l2_solution):
    features, targets = data
    for weight_decay in (1e-4, 1e-3):
        expected = transition.release_margin(l2_solution, weight_decay=weight_decay)
        time = transition.classification_release_time(
            l2_solution, scale=8.0, weight_decay=weight_decay
        )
        path = diagonal.diagonal_flow(
            features, targets, scale=8.0, weight_decay=weight_decay, times=np.array([time])
        )
        margin = (targets * (features @ path.weights[0])).mean()
        assert margin == pytest.approx(expected, rel=0.2)
        size = np.sqrt(np.mean(path.weights**2))
        assert size == pytest.approx(2 * path.product[0], rel=0.35)


def test_runs_of_all_scales_collapse_after_the_fit(data):
    features, targets = data
    collapsed = np.linspace(0.0, 4.0, 5)
    runs = [
        diagonal.diagonal_flow(
            features,
            targets,
            scale=scale,
            weight_decay=WEIGHT_DECAY,
            times=(collapsed + math.log(scale)) / WEIGHT_DECAY,
        ).weights
        for scale in (8.0, 32.0)
    ]
    np.testing.assert_allclose(runs[0], runs[1], atol=0.01 * np.abs(runs[0]).max())
    times = (collapsed + math.log(8.0)) / WEIGHT_DECAY
    np.testing.assert_allclose(
        transition.collapsed_time(times, scale=8.0, weight_decay=WEIGHT_DECAY),
        collapsed,
        atol=1e-12,
    )
    clock = diagonal.factor_product(times, scale=8.0, weight_decay=WEIGHT_DECAY)
    np.testing.assert_allclose(-np.log(clock) / 2, collapsed, atol=1e-12)


def test_without_decay_the_release_is_exponentially_late(data, l2_solution):
    features, targets = data
    for scale in (0.5, 0.8, 1.1):
        expected = transition.undecayed_log_release_time(l2_solution, scale=scale)
        log_times = np.linspace(0.5, 1.5, 101) * expected
        path = diagonal.diagonal_flow(
            features, targets, scale=scale, weight_decay=0.0, times=np.exp(log_times)
        )
        size = np.sqrt(np.mean(path.weights**2, axis=1))
        crossing = np.interp(2 * scale**2, size, log_times)
        # The kernel picture holds up to the release, where the weights already run ahead.
        assert 0.85 < crossing / expected < 1


def test_kernel_regime_is_right_to_first_order():
    rng = np.random.default_rng(1)
    features, start = rng.normal(size=(4, 5)), np.full(10, 1.0)

    def outputs(weights):
        return features @ (weights[:5] ** 3 - weights[5:] ** 3)

    jacobian = 3 * np.hstack([features, -features])
    scale, decay_time = 20.0, 0.7
    move = rng.normal(size=10)
    errors = []
    for size in (1e-2, 5e-3):
        weights = scale * math.exp(-decay_time) * (start + size * move)
        predicted = transition.kernel_regime_outputs(
            jacobian, weights, start, scale=scale, decay_time=decay_time, degree=3
        )
        errors.append(np.abs(predicted - outputs(weights)).max() / np.abs(predicted).max())
    assert errors[0] < 0.05 and errors[1] == pytest.approx(errors[0] / 2, rel=0.05)


def test_the_window_surrounds_the_logarithm():
    early, late = transition.transition_window(scale=50.0, weight_decay=0.1, margin=0.25)
    assert (early + late) / 2 == pytest.approx(10 * math.log(50.0))
    assert late / early == pytest.approx(1.25 / 0.75)


def test_bad_windows_are_refused():
    with pytest.raises(ValueError, match="scale must exceed 1 .* got 1.0"):
        transition.transition_window(scale=1.0, weight_decay=0.1, margin=0.5)
    with pytest.raises(ValueError, match=r"margin must lie in \(0, 1\), got 1"):
        transition.transition_window(scale=2.0, weight_decay=0.1, margin=1.0)
    with pytest.raises(ValueError, match="weight_decay must be positive, got 0.0: .* stands still"):
        transition.transition_window(scale=2.0, weight_decay=0.0, margin=0.5)


def test_bad_releases_are_refused():
    with pytest.raises(ValueError, match="typical_weight must be positive, got 0"):
        transition.release_time(scale=2.0, weight_decay=0.1, typical_weight=0.0)
    with pytest.raises(ValueError, match="scale 0.1 is too small for an early phase"):
        transition.release_time(scale=0.1, weight_decay=0.1, typical_weight=1.0)
    with pytest.raises(ValueError, match="weight_decay must be below 0.1 for these data"):
        transition.release_margin(np.full(10, 1.0), weight_decay=0.2)
    with pytest.raises(ValueError, match="l2_solution must not vanish"):
        transition.undecayed_log_release_time(np.zeros(3), scale=1.0)
    with pytest.raises(ValueError, match="scale must be positive, got -1"):
        transition.collapsed_time(1.0, scale=-1.0, weight_decay=0.1)


def test_bad_kernel_regimes_are_refused():
    jacobian, weights = np.ones((2, 3)), np.ones(3)
    settings = dict(scale=1.0, decay_time=0.0)
    with pytest.raises(ValueError, match="degree must be at least 1, got 0"):
        transition.kernel_regime_outputs(jacobian, weights, weights, degree=0, **settings)
    with pytest.raises(ValueError, match=r"share their last axis, got shapes \(2, 3\), \(2,\)"):
        transition.kernel_regime_outputs(jacobian, np.ones(2), weights, degree=2, **settings)

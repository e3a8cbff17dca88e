import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from groktheory.simulations.critical_fraction import (
    find_critical_fraction,
    fit_critical_fraction,
)

FRACTIONS = np.linspace(0.1, 0.5, 9)


def outcomes(fractions, num_seeds, *, critical=0.3, width=0.03, shared=False, seed=0):
    """Successes of runs whose individual thresholds are logistic around the critical fraction."""
    rng = np.random.default_rng(seed)
    thresholds = rng.logistic(critical, width, size=(1 if shared else len(fractions), num_seeds))
    return (fractions[:, None] > thresholds).astype(float)


def test_many_runs_give_the_maximum_likelihood():
    successes = outcomes(FRACTIONS, 3000)

    def cost(parameters):
        argument = (FRACTIONS[:, None] - parameters[0]) / np.exp(parameters[1])
        return np.logaddexp(0, np.where(successes > 0, -argument, argument)).sum()

    value, log_width = minimize(cost, [0.25, -3], method="Nelder-Mead").x
    found = fit_critical_fraction(FRACTIONS, successes)
    assert found.value == pytest.approx(value, abs=1e-4)
    assert found.width == pytest.approx(np.exp(log_width), rel=0.1)
    # Only the side of the threshold matters, not the accuracy itself.
    again = fit_critical_fraction(FRACTIONS, 0.4 + 0.5 * successes, threshold=0.8)
    assert again == found


def test_perfect_separation_has_a_finite_estimate():
    successes = (FRACTIONS > 0.31)[:, None] & np.ones(3, bool)
    found = fit_critical_fraction(FRACTIONS, successes)
    assert 0.3 < found.value < 0.35 and 0.2 < found.lower < 0.3 and 0.35 < found.upper < 0.45
    assert np.isfinite(found.standard_error) and not found.is_open
    assert str(found).startswith("0.32") and str(found).endswith("[n=27]")
    more = fit_critical_fraction(FRACTIONS, np.tile(successes, 10))
    assert more.upper - more.lower < found.upper - found.lower


def test_profile_interval_covers():
    hits, num_trials = 0, 120
    for trial in range(num_trials):
        found = fit_critical_fraction(FRACTIONS, outcomes(FRACTIONS, 5, seed=trial))
        hits += found.lower <= 0.3 <= found.upper
    assert hits / num_trials >= 0.9  # 95% less 2.5 standard errors


def test_bootstrap_sees_that_seeds_are_shared():
    fractions = np.linspace(0.2, 0.4, 21)
    shared = outcomes(fractions, 15, shared=True)
    profile = fit_critical_fraction(fractions, shared)
    bootstrap = fit_critical_fraction(fractions, shared, interval="bootstrap")
    assert bootstrap.upper - bootstrap.lower > 1.5 * (profile.upper - profile.lower)
    assert bootstrap.lower <= bootstrap.value == profile.value <= bootstrap.upper
    again = fit_critical_fraction(fractions, shared, interval="bootstrap")
    assert again == bootstrap


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_mirror_image(seed):
    successes = outcomes(FRACTIONS, 4, seed=seed)
    found = fit_critical_fraction(FRACTIONS, successes)
    mirrored = fit_critical_fraction(1 - FRACTIONS, 1 - successes)
    assert mirrored.value == pytest.approx(1 - found.value, abs=1e-9)
    assert mirrored.lower == pytest.approx(1 - found.upper, abs=1e-9)


def test_outcomes_without_a_trend_leave_the_interval_open():
    found = fit_critical_fraction(np.array([0.2, 0.4]), np.array([[1, 0, 1], [0, 1, 0]]))
    assert found.is_open and found.standard_error == np.inf


def test_censoring():
    fractions = np.array([0.4, 0.1, 0.2, 0.3])
    failed = fit_critical_fraction(fractions, np.zeros((4, 3)))
    # Five failures are needed for 2^-m <= 0.05: those of the two largest fractions.
    assert (failed.censored, failed.lower, failed.upper) == ("above", 0.3, 1.0)
    assert str(failed) == "> 0.3 (no run succeeded) [n=12]"
    succeeded = fit_critical_fraction(fractions, np.ones((4, 5)))
    assert (succeeded.censored, succeeded.lower, succeeded.upper) == ("below", 0.0, 0.1)
    assert str(succeeded) == "< 0.1 (every run succeeded) [n=20]"
    assert failed.is_open and failed.standard_error == np.inf
    few = fit_critical_fraction(fractions, np.zeros((4, 1)))
    assert few.lower == 0


def test_search_closes_in():
    calls = []

    def run(fractions):
        calls.append(fractions)
        return outcomes(fractions, 4, critical=0.234, width=0.002, seed=len(calls))

    found, fractions, accuracies = find_critical_fraction(run, low=0.1, high=0.6)
    assert len(calls) == 3 and accuracies.shape == (15, 4) and len(fractions) == 15
    assert found.lower < 0.234 < found.upper and found.upper - found.lower < 0.05
    assert np.ptp(calls[2]) < np.ptp(calls[1]) < np.ptp(calls[0])
    hopeless, tried, _ = find_critical_fraction(lambda p: np.zeros((len(p), 4)), low=0.1, high=0.6)
    assert hopeless.censored == "above" and len(tried) == 5


def test_refusals():
    ones = np.ones((9, 2))
    with pytest.raises(ValueError, match=r"got \(9,\) and \(2,\)"):
        fit_critical_fraction(FRACTIONS, np.ones(2))
    with pytest.raises(ValueError, match=r"fractions must lie in \(0, 1\)"):
        fit_critical_fraction(FRACTIONS + 0.5, ones)
    with pytest.raises(ValueError, match="at least two different fractions"):
        fit_critical_fraction(np.array([0.3, 0.3]), np.ones((2, 2)))
    with pytest.raises(ValueError, match="accuracies must not be NaN"):
        fit_critical_fraction(FRACTIONS, np.full((9, 2), np.nan))
    with pytest.raises(ValueError, match=r"confidence must lie in \(0, 1\), got 95"):
        fit_critical_fraction(FRACTIONS, ones, confidence=95)
    with pytest.raises(ValueError, match="got 'wald'"):
        fit_critical_fraction(FRACTIONS, ones, interval="wald")  # pyright: ignore
    with pytest.raises(ValueError, match="at least 3 seeds, got 2"):
        fit_critical_fraction(FRACTIONS, outcomes(FRACTIONS, 2), interval="bootstrap")
    with pytest.raises(ValueError, match="low < high < 1, got 0.6 and 0.1"):
        find_critical_fraction(np.ones_like, low=0.6, high=0.1)
    with pytest.raises(ValueError, match="got 1 and 3"):
        find_critical_fraction(np.ones_like, low=0.1, high=0.6, num_points=1)

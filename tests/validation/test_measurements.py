import math

import numpy as np
import pytest
from scipy import stats

from groktheory.validation import Counts, Estimate, Exact, Samples
from groktheory.validation.measurements import student_quantile

FALSE_ALARM = 1e-6  # of each statistical test below


def covers_at_least(hits, confidence):
    """Whether so few hits would be likelier than FALSE_ALARM at the stated coverage."""
    return stats.binom.cdf(np.sum(hits), len(hits), confidence) > FALSE_ALARM


def test_exact_numbers_are_known_up_to_their_error():
    exact = Exact(np.array([1.0, 2.0]), error=0.25)
    lower, upper = exact.interval(0.99)
    assert lower.tolist() == [0.75, 1.75] and upper.tolist() == [1.25, 2.25]
    assert exact.num_samples == 1 and not exact.standard_error.any()


def test_interval_of_the_mean_is_that_of_scipy():
    values = np.random.default_rng(0).normal(size=7)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    lower, upper = Samples(values).interval(0.9)
    np.testing.assert_allclose([lower[0], upper[0]], [expected.low, expected.high])
    assert Samples(values).standard_error[0] == pytest.approx(stats.sem(values))


def test_resolution_widens_every_interval():
    values = np.array([1.0, 2.0, 3.0])
    bare, coarse = Samples(values).interval(0.9), Samples(values, resolution=0.5).interval(0.9)
    assert coarse[0] == bare[0] - 0.5 and coarse[1] == bare[1] + 0.5


def test_a_single_seed_knows_nothing():
    for method in ("t", "median"):
        lower, upper = Samples(np.array([[3.0, 4.0]]), method=method).interval(0.5)
        assert np.all(lower == -np.inf) and np.all(upper == np.inf)


def test_bootstrap_of_symmetric_samples_is_near_student():
    values = np.random.default_rng(1).normal(size=(60, 1))
    by_t, by_bootstrap = Samples(values).interval(0.95), Samples(values, "bootstrap").interval(0.95)
    width = by_t[1] - by_t[0]
    assert np.all(np.abs(np.subtract(by_t, by_bootstrap)) < 0.1 * width)


def test_bootstrap_of_a_constant_falls_back_to_its_value():
    lower, upper = Samples(np.full(30, 2.0), "bootstrap").interval(0.95)
    assert lower == upper == 2.0


@pytest.mark.parametrize("seeds", [5, 6, 11, 40])
def test_interval_of_the_median_covers_skewed_data(seeds):
    draws = np.random.default_rng(seeds).lognormal(size=(seeds, 4000))
    for confidence in (0.9, 0.5):
        lower, upper = Samples(draws, method="median").interval(confidence)
        assert covers_at_least((lower <= 1.0) & (upper >= 1.0), confidence)


def test_interval_of_the_median_is_the_narrowest_that_covers():
    values = np.arange(20.0)
    lower, upper = Samples(values, method="median").interval(0.95)
    # P(Bin(20, 1/2) <= 5) = 2.07 % and P(Bin(20, 1/2) <= 6) = 5.8 %
    assert (lower[0], upper[0]) == (5.0, 14.0)


def test_median_takes_runs_that_never_arrived():
    values = np.array([1.0, 2.0, 3.0, 4.0, np.inf, np.inf, 2.5])
    samples = Samples(values, method="median")
    assert samples.value == 3.0
    lower, upper = samples.interval(0.95)
    assert np.isfinite(lower) and upper == np.inf
    with pytest.raises(ValueError, match="a measurement must be finite"):
        Samples([1.0, np.inf, np.inf], method="median")
    with pytest.raises(ValueError, match="a measurement must be finite"):
        Samples([1.0, np.nan, 2.0], method="median")


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.5, 1.0])
def test_counts_cover_and_match_scipy(rate):
    successes = np.random.default_rng(2).binomial(20, rate, size=2000).astype(float)
    counts = Counts(successes, np.array(20))
    lower, upper = counts.interval(0.9)
    assert covers_at_least((lower <= rate) & (upper >= rate), 0.9)
    expected = stats.binomtest(int(successes[0]), 20).proportion_ci(0.9, method="exact")
    np.testing.assert_allclose([lower[0], upper[0]], [expected.low, expected.high], atol=1e-12)
    assert counts.num_samples == 20 and np.all(counts.standard_error > 0)


def test_estimate_uses_the_degrees_of_freedom_of_each_point():
    estimate = Estimate(np.array([0.0, 0.0]), 1.0, degrees_of_freedom=[3, math.inf], samples=4)
    _, upper = estimate.interval(0.95)
    np.testing.assert_allclose(upper, [stats.t.ppf(0.975, 3), stats.norm.ppf(0.975)])
    assert estimate.num_samples == 4
    assert student_quantile(0.95, math.inf) == pytest.approx(1.959964, abs=1e-6)


def test_an_undetermined_estimate_has_the_whole_line():
    lower, upper = Estimate([1.0], [math.inf]).interval(0.5)
    assert lower == -math.inf and upper == math.inf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exact([[1.0]]), r"values must be a scalar or a 1-d array .* shape \(1, 1\)"),
        (lambda: Exact([]), r"values must be a scalar or a 1-d array"),
        (lambda: Exact([1.0], error=-1), "error must be >= 0, got -1"),
        (lambda: Exact([np.inf]), r"count censored runs with Counts.*got \[inf\]"),
        (lambda: Samples(np.zeros((2, 2, 2))), r"samples must be \[seeds\] or \[seeds, points\]"),
        (lambda: Samples([]), r"samples must be \[seeds\] or \[seeds, points\]"),
        (lambda: Samples([np.nan]), "a measurement must be finite"),
        (lambda: Samples([1.0], method="z"), "method must be 't', 'bootstrap' or 'median'"),
        (lambda: Samples(np.ones(19), method="bootstrap"), "at least 20 seeds, got 19: use 't'"),
        (lambda: Samples([1.0], resolution=-1.0), "resolution must be finite and >= 0, got -1.0"),
        (lambda: Counts([3], 2), "0 <= successes <= trials and trials >= 1, got .3. of 2"),
        (lambda: Counts([0.5], 2), "must be whole numbers"),
        (lambda: Counts([0], 0), "trials >= 1"),
        (lambda: Estimate([1.0], [-1.0]), "standard errors must be >= 0"),
        (lambda: Estimate([1.0], [np.nan]), "standard errors must be >= 0"),
        (lambda: Estimate([1.0], [1.0], degrees_of_freedom=0.5), "must be >= 1, got 0.5"),
    ],
)
def test_refuses_what_is_no_measurement(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_does_not_touch_or_share_the_callers_array():
    values = np.array([1.0, 2.0])
    samples = Samples(values)
    values[:] = 0
    assert samples.value == 1.5
    with pytest.raises(ValueError, match="read-only"):
        samples.values[0] = 3

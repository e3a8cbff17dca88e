"""Means under censoring cover the truth as often as they say; diagnostics see what is wrong."""

import numpy as np
import pytest
import xarray as xr

from groktheory.simulations import samplers
from groktheory.simulations.samplers._convergence import with_error


@pytest.mark.parametrize("limit", [np.inf, 1.0, 0.3])
def test_the_interval_covers(limit):
    random = np.random.default_rng(0)
    inside, values = 0, []
    for _ in range(1000):
        times = 2 * random.exponential(size=15)
        cut = np.minimum(times, 2 * limit)
        mean = samplers.exponential_mean(cut, times > 2 * limit, confidence=0.9)
        inside += mean.lower <= 2 <= mean.upper
        values.append(1 / mean.value)
    if np.isinf(limit):
        assert inside == pytest.approx(900, abs=40)  # exact
    else:
        assert 860 < inside <= 1000  # at least what it says
    assert 1 / np.mean(values) == pytest.approx(2, rel=0.1)


def test_the_mean_of_those_that_escaped_would_be_wrong():
    times = np.random.default_rng(0).exponential(size=20_000)
    cut = np.minimum(times, 0.5)
    mean = samplers.exponential_mean(cut, times > 0.5)
    assert mean.value == pytest.approx(1, abs=4 * mean.standard_error)
    assert cut[times <= 0.5].mean() < 0.3
    assert (mean.num_events, mean.num_censored) == (np.sum(times <= 0.5), np.sum(times > 0.5))


def test_without_events_there_is_only_a_lower_end():
    mean = samplers.exponential_mean(np.array([3.0, 4.0]), np.array([True, True]))
    assert np.isinf(mean.value) and np.isinf(mean.upper)
    # exp(-7 / lower) = 0.025
    assert mean.lower == pytest.approx(7 / -np.log(0.025))
    assert str(mean) == "inf ± inf"


def test_bad_times_are_refused():
    with pytest.raises(ValueError, match="times must be positive and finite, and at least one"):
        samplers.exponential_mean(np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match="times must be positive and finite, and at least one"):
        samplers.exponential_mean(np.array([]))
    with pytest.raises(ValueError, match=r"is_censored must have the shape \(2,\) of times"):
        samplers.exponential_mean(np.ones(2), np.array([True]))
    with pytest.raises(ValueError, match=r"confidence must lie in \(0, 1\), got 95"):
        samplers.exponential_mean(np.ones(2), confidence=95)


def autoregressive(chains=4, draws=4000, memory=0.9, seed=0):
    random = np.random.default_rng(seed)
    values = np.empty((chains, draws))
    values[:, 0] = random.normal(size=chains)
    for i in range(1, draws):
        fresh = random.normal(size=chains)
        values[:, i] = memory * values[:, i - 1] + np.sqrt(1 - memory**2) * fresh
    return values


def dataset(values, name="x"):
    return xr.Dataset({name: (("chain", "draw"), values)})


def test_memory_costs_draws():
    estimate = samplers.estimate(dataset(autoregressive()), "x")
    # The integrated autocorrelation time is (1 + a) / (1 - a) = 19.
    assert estimate.effective_sample_size == pytest.approx(16_000 / 19, rel=0.2)
    assert estimate.standard_error == pytest.approx(np.sqrt(19 / 16_000), rel=0.2)
    assert abs(estimate.value) < 4 * estimate.standard_error
    assert estimate.has_converged
    assert str(estimate) == with_error(estimate.value, estimate.standard_error)


@pytest.mark.parametrize(
    ("memory", "chains", "draws"),
    [(0.9, 4, 4000), (0.0, 1, 101), (0.99, 6, 800), (-0.5, 3, 200), (0.5, 2, 9)],
)
def test_diagnostics_are_those_of_arviz(memory, chains, draws):
    base = pytest.importorskip("arviz_stats.base")
    axes = {"chain_axis": 0, "draw_axis": 1}
    for seed in range(3):
        values = autoregressive(chains, draws, memory, seed)
        values[0] += 0.3
        if seed == 2:
            values = values.round(1)  # equal values
        found = samplers.estimate(dataset(values), "x")
        ess = base.array_stats.ess(values, method="mean", **axes)
        assert found.effective_sample_size == pytest.approx(ess, rel=1e-6)
        error = base.array_stats.mcse(values, method="mean", **axes)
        assert found.standard_error == pytest.approx(error, rel=1e-6)
        rhat = base.array_stats.rhat(values, method="rank", **axes)
        if chains > 1:  # not defined there for a single one
            assert found.rhat == pytest.approx(rhat, rel=1e-9)


def test_chains_that_disagree_are_seen():
    values = autoregressive()
    values[0] += 3
    estimate = samplers.estimate(dataset(values), "x")
    assert estimate.rhat > 1.2 and not estimate.has_converged
    assert "not converged: R-hat" in str(estimate)


def test_components_are_judged_one_by_one():
    good, bad = autoregressive(seed=1), autoregressive(seed=2)
    bad[0] += 3
    values = xr.DataArray(np.stack([good, bad], axis=-1), dims=("chain", "draw", "coordinate"))
    rhat = samplers.rhat(values)
    assert rhat[0] < 1.01 < 1.2 < rhat[1]
    assert samplers.effective_sample_size(values)[0] == pytest.approx(840, rel=0.3)


def test_what_does_not_fluctuate_is_certain():
    estimate = samplers.estimate(dataset(np.full((3, 5), 2.0)), "x")
    assert (estimate.value, estimate.standard_error, estimate.rhat) == (2.0, 0.0, 1.0)


def test_numbers_show_two_digits_of_their_error():
    assert with_error(1234.6, 123.0) == "1235 ± 123"
    assert with_error(-0.00123, 0.000045) == "-0.001230 ± 0.000045"
    assert with_error(2.0, 0.0) == "2 ± 0"


def test_bad_chains_are_refused():
    chains = dataset(np.ones((2, 3)))
    with pytest.raises(KeyError, match="no variable 'y' among"):
        samplers.estimate(chains, "y")
    with pytest.raises(ValueError, match="at least 4 draws are needed, got 3"):
        samplers.estimate(chains, "x")
    with pytest.raises(ValueError, match="dimensions chain and draw are needed"):
        samplers.rhat(xr.DataArray(np.ones(5), dims="draw"))
    with pytest.raises(ValueError, match="chain and draw only"):
        samplers.estimate(dataset(np.ones((2, 5))).expand_dims(k=2), "x")
    with pytest.raises(ValueError, match="the draws must be finite"):
        samplers.estimate(dataset(np.full((2, 5), np.nan)), "x")

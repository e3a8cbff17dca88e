"""Claims on rates of escape, and planted errors that cost the verdict."""

import numpy as np
import pytest

from groktheory.papers.bench import Bench
from groktheory.papers.kozyrev2024langevin import _runs, escape
from groktheory.theory import langevin
from groktheory.validation import Outcome

KRAMERS = [(6000, 4000), ([0.35, 0.25, 0.2], [0.35, 0.25])]
NETWORK = [(24_000, 8000), ([2.5, 3.0, 3.5, 4.0], [3.0, 4.5])]


def test_kramers_rate(judge_claim, plant):
    assert judge_claim("kramers-rate", smaller=KRAMERS) is Outcome.SUPPORTED
    plant("mean_first_passage_time", lambda time: 1.2 * time)
    assert judge_claim("kramers-rate", smaller=KRAMERS) is Outcome.REFUTED


def test_a_wrong_correction_is_noticed(judge_claim, plant):
    plant("kramers_correction", lambda correction: 1.3 * correction)
    assert judge_claim("kramers-rate", smaller=KRAMERS) is Outcome.REFUTED


def test_entropy_direction(judge_claim, plant_method):
    assert judge_claim("entropy-direction") is Outcome.SUPPORTED
    kind = langevin.MemorizeGeneralizeLandscape
    # The square root of the odds: entropy counted once too little.
    plant_method(kind, "wide_probability", lambda p: 1 / (1 + np.sqrt((1 - p) / p)))
    assert judge_claim("entropy-direction") is Outcome.REFUTED


def test_network_escape(judge_claim, plant_method):
    assert judge_claim("network-escape", smaller=NETWORK) is Outcome.SUPPORTED
    plant_method(langevin.DepthThreeNet, "escape_rate", lambda rate: rate / 2)
    assert judge_claim("network-escape", smaller=NETWORK) is Outcome.REFUTED


def test_rate_at_the_saddle_of_the_loss():
    wells = langevin.MemorizeGeneralizeLandscape(3, 20.0, 2.0)
    points = langevin.stationary_points(wells, bounds=[(-2, 2), (-1, 1), (-1, 1)])
    narrow = min(langevin.minima(points), key=lambda point: point.position[0])
    rate = langevin.eyring_kramers_rate(narrow, langevin.saddles(points), temperature=0.1)
    found = escape._saddle_rate(wells, float(wells.extrema()[0]), 0.1)
    assert found == pytest.approx(rate, rel=1e-7)


def test_censored_times_are_told_and_do_not_bias():
    rng = np.random.default_rng(0)
    times = rng.exponential(size=(1, 4000))
    found = _runs.Escapes(np.minimum(times, 1.0), times > 1.0)
    estimate = found.relative_to(np.ones(1))
    assert abs(estimate.value[0] - 1) < 4 * estimate.standard_error[0]
    assert estimate.num_samples == np.sum(times <= 1.0)
    assert "censored walkers at each temperature: 3" in found.note
    assert not _runs.Escapes(times, times < 0).note


def test_starts_are_in_equilibrium_across_the_valley():
    starts = _runs.AtBottom(-1.0, 8.0, 4)(np.random.default_rng(0), 0.2, 5000)
    assert starts.shape == (5000, 5) and np.all(starts[:, 0] == -1.0)
    assert starts[:, 1:].var() == pytest.approx(0.2 / 8.0, rel=0.05)


def test_escapes_of_other_names_are_others():
    bench = Bench("kozyrev2024langevin", "kramers-rate")

    def times(name):
        return _runs.escapes(
            bench,
            name,
            _runs.DoubleWell(),
            _runs.AtBottom(-1.0, 1.0, 0),
            _runs.Beyond(1.0),
            temperatures=[0.5],
            expected=[6.0],
            step_size=0.02,
            walkers=50,
        ).times

    np.testing.assert_array_equal(times("some"), times("some"))
    assert not np.array_equal(times("some"), times("other"))


def test_conditions_of_escape():
    position = np.array([0.5, 3.0])
    assert _runs.Beyond(0.4)(position) and not _runs.Beyond(0.4, is_upward=False)(position)
    assert _runs.Outside(0.5)(-position) and not _runs.Outside(0.6)(position)

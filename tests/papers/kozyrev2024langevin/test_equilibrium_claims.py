"""Claims on the equilibrium, and planted errors that cost the verdict."""

import numpy as np

from groktheory.papers.kozyrev2024langevin import equilibrium
from groktheory.theory.langevin import MemorizeGeneralizeLandscape
from groktheory.validation import Outcome

GIBBS = [(2000, 1000), (0.005, 0.01)]
CROSSING = [(((3, 0.35), (5, 0.6), (9, 1.0)), ((3, 0.35),)), (0.004, 0.008)]


def test_gibbs_equilibrium(judge_claim, plant_method):
    assert judge_claim("gibbs-equilibrium", smaller=GIBBS) is Outcome.SUPPORTED
    plant_method(MemorizeGeneralizeLandscape, "wide_probability", lambda share: share - 0.06)
    assert judge_claim("gibbs-equilibrium", smaller=GIBBS) is Outcome.REFUTED


def test_a_wrong_profile_shows_in_the_histogram(judge_claim, monkeypatch):
    def wrong(wells, temperature):
        # Half of the entropy of the valley.
        return lambda x: wells.energy(x) + temperature * np.log(wells.stiffness(x))

    monkeypatch.setattr(MemorizeGeneralizeLandscape, "free_energy", wrong)
    assert judge_claim("gibbs-equilibrium", smaller=GIBBS) is Outcome.REFUTED


def test_crossing_temperature(judge_claim, plant_method):
    assert judge_claim("crossing-temperature", smaller=CROSSING) is Outcome.SUPPORTED
    plant_method(MemorizeGeneralizeLandscape, "crossing_temperature", lambda theta: 1.3 * theta)
    assert judge_claim("crossing-temperature", smaller=CROSSING) is not Outcome.SUPPORTED


def test_divergence_of_a_drawn_histogram_is_its_expected_bias():
    rng, shares = np.random.default_rng(0), np.array([0.1, 0.2, 0.3, 0.4])
    counts = rng.multinomial(500, shares, size=10)
    value, error = equilibrium._jackknife(counts, shares)
    assert value < 3 / (2 * 5000) * 4 and 0 < error < 1e-3
    wrong = np.array([0.25, 0.25, 0.25, 0.25])
    value, error = equilibrium._jackknife(counts, wrong)
    assert abs(value - np.sum(shares * np.log(shares / wrong))) < 5 * error


def test_crossing_of_exact_odds():
    temperatures = np.array([0.2, 0.25, 0.3])
    odds = 3.0 * np.exp(-0.3 / temperatures)
    crossing = equilibrium._crossing(temperatures, odds / (1 + odds))
    np.testing.assert_allclose(crossing, 0.3 / np.log(3.0))

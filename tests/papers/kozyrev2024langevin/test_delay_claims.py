"""Claims on the two kinds of delay, and planted errors that cost the verdict."""

import numpy as np
import pytest

from groktheory.papers.kozyrev2024langevin import delays
from groktheory.theory import langevin
from groktheory.validation import Outcome

ENERGETIC = [(0.005, 0.01)]
ENTROPIC = [(2000, 700), ([0.02, 0.01, 0.005], [0.04, 0.02, 0.01])]


def test_energetic_delay(judge_claim, plant_method):
    assert judge_claim("energetic-delay", smaller=ENERGETIC) is Outcome.SUPPORTED
    # A well as narrow as twice its entropy: the line would be shifted further.
    plant_method(langevin.MemorizeGeneralizeLandscape, "escape_time", lambda time: time / 2)
    assert judge_claim("energetic-delay", smaller=ENERGETIC) is Outcome.REFUTED


def test_entropic_delay(judge_claim, plant_method):
    assert judge_claim("entropic-delay", smaller=ENTROPIC) is Outcome.SUPPORTED
    plant_method(langevin.Ravine, "escape_time", lambda time: 1.4 * time)
    assert judge_claim("entropic-delay", smaller=ENTROPIC) is Outcome.REFUTED


def test_walkers_that_stay_in_the_ravine_stop_the_claim(judge_claim, plant_method):
    plant_method(langevin.Ravine, "escape_time", lambda time: time / 100)
    with pytest.raises(RuntimeError, match="still in the ravine after twenty times the mean time"):
        judge_claim("entropic-delay", smaller=ENTROPIC)


def test_slope_of_exact_times_is_the_barrier():
    inverse = np.array([4.0, 5.0, 6.0])
    slope, error = delays._slope(inverse, 3 * np.exp(0.7 * inverse), 0.01 * np.ones(3))
    assert slope == pytest.approx(0.7) and error > 0


def test_barrier_of_free_energy_is_lower_than_that_of_energy():
    wells = langevin.MemorizeGeneralizeLandscape(5, 8.0, 2.0)
    barriers = [delays._free_energy_barrier(wells, theta) for theta in (0.001, 0.1, 0.2)]
    assert barriers[0] == pytest.approx(1.0, abs=5e-3)
    assert barriers[0] > barriers[1] > barriers[2]

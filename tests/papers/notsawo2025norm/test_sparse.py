"""Each claim holds on small runs, and a wrong constant planted in the theory costs the verdict."""

import dataclasses

import numpy as np
import pytest

from groktheory.theory import implicit_bias as theory
from groktheory.validation import Outcome

SLIDE = (
    (((0.03, 0.1), (1e-4, 3e-4)), ((0.07, 0.14), (2e-4, 4e-4))),
    (200_000, 40_000),
    (8, 6),
)
END = ((80_000, 30_000), ((3e-4, 1e-3), (5e-4, 1e-3)))


def _slower(path):
    return dataclasses.replace(path, times=1.2 * path.times)


def test_sliding_time(judge_claim, plant):
    assert judge_claim("sliding-time", smaller=SLIDE) is Outcome.SUPPORTED
    plant("l1_sliding_path", _slower)
    assert judge_claim("sliding-time", smaller=SLIDE) is Outcome.REFUTED


def test_memorization_time(judge_claim, plant):
    assert judge_claim("memorization-time", smaller=((10, 5),)) is Outcome.SUPPORTED
    plant("memorization_time", lambda steps: 1.3 * steps)
    assert judge_claim("memorization-time", smaller=((10, 5),)) is Outcome.REFUTED


@pytest.mark.slow
def test_remaining_error(judge_claim, plant):
    assert judge_claim("remaining-error", smaller=END) is Outcome.SUPPORTED
    plant("lasso_solution", lambda found: found * (1 + 1e-3 * np.arange(len(found))))
    assert judge_claim("remaining-error", smaller=END) is Outcome.REFUTED


def test_theory_is_what_the_claims_call():
    # `plant` works only as long as the claims look the functions up in the room
    assert theory.l1_sliding_path.__module__.endswith("sliding")

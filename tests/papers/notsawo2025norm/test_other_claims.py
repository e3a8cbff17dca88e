"""Each claim holds on small runs, and a wrong constant planted in the theory costs the verdict."""

import math

import numpy as np
import pytest

from groktheory.papers.notsawo2025norm import low_rank, selection
from groktheory.validation import Outcome, judge
from groktheory.validation.judge import judge_piece

SENSING = (((12, 90), (8, 45)), ([5e-4, 1e-3], [1e-3, 2e-3]), (60_000, 20_000), (5, 4))
SLIDE = (
    (((0.03, 0.1), (1e-4, 3e-4)), ((0.07, 0.14), (2e-4, 4e-4))),
    (200_000, 40_000),
    (8, 6),
)


def test_weight_decay_alone(judge_claim, plant):
    assert judge_claim("weight-decay-alone", smaller=((4, 3),)) is Outcome.SUPPORTED
    plant("weight_decay_iterates", lambda path: 1.05 * path)
    assert judge_claim("weight-decay-alone", smaller=((4, 3),)) is Outcome.REFUTED


@pytest.mark.slow
def test_depth(judge_claim, plant):
    smaller = ((60_000, 20_000),)
    assert judge_claim("depth", smaller=smaller) is Outcome.SUPPORTED
    plant("hadamard_flow", lambda path: 1.01 * path)
    assert judge_claim("depth", smaller=smaller) is Outcome.REFUTED


@pytest.mark.slow
def test_nuclear_sliding_time_and_rising_norm(judge_claim, plant):
    assert judge_claim("nuclear-sliding-time", smaller=SENSING) is Outcome.SUPPORTED
    assert judge_claim("norm-rises", smaller=SENSING + SLIDE) is Outcome.SUPPORTED
    plant("nuclear_arrival_time", lambda time: 1.2 * time)
    assert judge_claim("nuclear-sliding-time", smaller=SENSING) is Outcome.REFUTED


def test_nuclear_time_lies_between_a_free_fall_and_the_bound():
    rng = np.random.default_rng(0)
    target = np.outer(rng.normal(size=8), rng.normal(size=8))
    measurements = rng.normal(size=(45, 8, 8)) / np.sqrt(45)
    exact, bound, second = low_rank._times(measurements, target / np.linalg.norm(target))
    assert second < exact < bound
    start = low_rank.memorized_matrix(measurements, target)
    np.testing.assert_allclose(
        np.tensordot(measurements, start, axes=2), np.tensordot(measurements, target, axes=2)
    )


def test_an_order_that_is_not_kept_is_not_supported():
    rng = np.random.default_rng(0)
    falling = np.array([1.0, 0.4, 0.1])[:, None] + 0.05 * rng.normal(size=(3, 10))
    falling[0, 0] = math.inf  # out of reach at first

    def outcome(values, **options):
        return judge(selection._falls("wait", values, selection.SELECTED, **options)).outcome

    assert outcome(falling) is Outcome.SUPPORTED
    assert outcome(falling[::-1]) is Outcome.REFUTED
    assert outcome(-falling[::-1], rises=True) is Outcome.SUPPORTED
    never = np.full((3, 10), math.inf)
    assert outcome(never) is not Outcome.SUPPORTED


def test_waits_are_compared_only_where_they_are_long_and_finite():
    times = np.array([[0.5, math.inf, 0.3, 0.2, 0.6, 0.7], [0.1, 0.2, 0.3, 1e-5, 0.4, 0.2]])
    times = np.tile(times, (1, 2))
    waits = 1.01 * times

    def piece(measured):
        return selection._waits_as_predicted(measured, times, 1e-4, (0.0, 1.0))

    assert piece(waits).measurement.num_samples == 10
    assert "10 of 12, 10 of 12" in piece(waits).note
    assert judge_piece(piece(waits)).outcome is Outcome.SUPPORTED
    assert judge_piece(piece(1.2 * waits)).outcome is Outcome.REFUTED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coherent-completion", "coherent-sensing"])
def test_selection(judge_claim, name):
    assert judge_claim(name) is Outcome.SUPPORTED

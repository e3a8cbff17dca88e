"""The claims can fail: on made-up runs they hold, with an error planted in the runs they fall."""

import numpy as np
import pytest
from helpers import SmallBench

from groktheory.papers.kumar2023lazy import _runs, alignment, dynamics, paper
from groktheory.theory import lazy_rich
from groktheory.validation import Outcome, judge

SMALL_SPECTRUM = ((2000, 500), (1000, 500), (30, 16))


def test_grokking_time_holds(judge_made_up, made_up_runs):
    """In sixty dimensions: in few, the time to memorize adds too much to all scales alike."""
    setting = _runs.Setting(60, 300, 80)
    outcome = judge_made_up("grokking-time", made_up_runs(), setting=setting)
    assert outcome is Outcome.SUPPORTED


@pytest.mark.parametrize(
    "clock",
    [
        lambda scale: 0.4 / scale,  # time grows as the square of the scale
        lambda scale: scale / 0.4,  # time does not depend on the scale
        lambda scale: 1.3,  # wrong by the same factor everywhere
    ],
)
def test_grokking_time_falls_with_another_clock(clock, judge_made_up, made_up_runs):
    runs = made_up_runs(clock=clock)
    assert judge_made_up("grokking-time", runs, smaller=((10, 4),)) is Outcome.REFUTED


@pytest.mark.parametrize(
    ("claim", "planted"),
    [
        ("loss-terms", {"factors": {"test_loss": 1.2}}),
        ("weight-norm", {"factors": {"second_moment": 0.8}}),
        ("curvature", {"curvature": lambda value: 0.1 / value}),
        ("number-of-samples", {"samples": lambda count: 5 * 16}),
        ("kernel-limit", {"scale": lambda value: 1.0}),
        ("kernel-limit", {"factors": {"displacement": 1.1}}),
        ("alignment", {"factors": {"target_power": 4.0}}),
    ],
)
def test_claims_hold_and_fall_with_a_planted_error(claim, planted, judge_made_up, made_up_runs):
    smaller = (
        (_runs.Setting(40, 200, 100, 8000), _runs.Setting(16, 80, 60)),
        (_runs.Setting(30, 60, 60, 1000), _runs.Setting(12, 24, 24)),
    )
    assert judge_made_up(claim, made_up_runs(), smaller=smaller) is Outcome.SUPPORTED
    assert judge_made_up(claim, made_up_runs(**planted), smaller=smaller) is Outcome.REFUTED


def test_lazy_plateau(judge_made_up, made_up_runs):
    assert judge_made_up("lazy-plateau", made_up_runs()) is Outcome.SUPPORTED
    other = made_up_runs(curvature=lambda value: 0.4)
    assert judge_made_up("lazy-plateau", other, smaller=((40, 8),)) is Outcome.REFUTED


def test_runs_that_never_generalize_are_not_averaged(judge_made_up, made_up_runs):
    with pytest.raises(ValueError, match="losses do not fall to 0.2 of their start within"):
        judge_made_up("grokking-time", made_up_runs(samples=lambda count: 16))


def test_closed_map_holds_for_a_trained_network_and_no_other_curvature(monkeypatch):
    bench = SmallBench(
        paper.key,
        "closed-map",
        smaller=((_runs.Setting(20, 60, 200), _runs.Setting(8, 20, 30, 10)), (3000, 400)),
    )
    claim = paper.claims["closed-map"].function
    assert judge(claim(bench)).outcome is Outcome.SUPPORTED
    exact = lazy_rich.gradient_descent

    def perturbed(*data, curvature, **options):
        return exact(*data, curvature=curvature * (1 + 1e-6), **options)

    monkeypatch.setattr(lazy_rich, "gradient_descent", perturbed)
    assert judge(claim(bench)).outcome is Outcome.REFUTED


def test_initial_spectrum_rejects_the_printed_eigenvalue(monkeypatch):
    bench = SmallBench(paper.key, "initial-spectrum", smaller=SMALL_SPECTRUM)
    claim = paper.claims["initial-spectrum"].function
    first = claim(bench)
    assert judge(first).outcome is not Outcome.REFUTED
    assert [rival.is_outside for rival in judge(first).rivals] == [True]
    found = first.measurement.value * np.array(lazy_rich.initial_eigenvalues(10, curvature=0.25))
    printed = lazy_rich.Modes(0.1, 2 * 0.25 / 100, 0.25**2 * 12 / 100)
    monkeypatch.setattr(lazy_rich, "initial_eigenvalues", lambda *a, **k: printed)
    monkeypatch.setattr(lazy_rich, "published_quadratic_eigenvalue", lambda *a, **k: found[1])
    assert judge(claim(bench)).outcome is Outcome.REFUTED


def test_helpers_find_records():
    records = np.array([[4.0, 2.0, np.nan], [4.0, 3.0, 1.0]])
    np.testing.assert_array_equal(_runs.last_records(records), [2.0, 1.0])
    np.testing.assert_array_equal(dynamics._first(records < 4), [1, 1])
    with pytest.raises(ValueError, match="1 runs never get there"):
        dynamics._first(records < 1.5)
    assert alignment._rank_correlation(np.arange(5), np.arange(5) ** 3) == pytest.approx(1)

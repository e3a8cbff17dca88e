"""Gaussian process regression: short real runs, and planted ones that cost the verdict."""

import numpy as np
import pytest
import xarray as xr

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import regression
from groktheory.validation import Outcome


@pytest.fixture(scope="module")
def runs():
    """Processes from the three starts."""
    return regression.train_process(
        Bench("miller2023beyond", "regression-grokking"),
        "starts",
        starts=("A", "B", "C"),
        num_steps=200,
        num_seeds=6,
    )


def outcomes(evidence):
    return [validation.judge(piece).outcome for piece in evidence]


def test_regression_grokking(evidence_from, runs):
    evidence = evidence_from("regression-grokking", {"starts": runs})
    assert outcomes(evidence) == [Outcome.SUPPORTED] * 4
    labels = [series.label for series in evidence[0].panel.series]
    assert "B, train" in labels and len(labels) == 6


def test_a_process_that_generalizes_with_the_fit_is_seen(evidence_from, runs):
    """From C throughout: no delay; from A in the place of B: no fit."""
    at_once = runs.copy(deep=True)
    at_once["test_error"].loc[{"start": "B"}] = runs["test_error"].sel(start="C").values
    assert outcomes(evidence_from("regression-grokking", {"starts": at_once}))[0] is Outcome.REFUTED
    unfitted = runs.copy(deep=True)
    unfitted["train_error"].loc[{"start": "B"}] = runs["train_error"].sel(start="A").values
    assert (
        outcomes(evidence_from("regression-grokking", {"starts": unfitted}))[1] is Outcome.REFUTED
    )


def test_limit_of_no_length_scale_is_that_of_the_noise(evidence_from, runs, monkeypatch):
    """A standard deviation in the place of the variance."""
    monkeypatch.setattr(regression, "NOISE", 0.02)
    assert outcomes(evidence_from("regression-grokking", {"starts": runs}))[3] is Outcome.REFUTED


def test_epochs_are_those_of_the_first_small_error():
    errors = xr.DataArray([[0.5, 0.1, 0.025, 0.5], [0.01, 0.5, 0.5, 0.5]], dims=("seed", "step"))
    found = regression.generalization_epochs(
        xr.Dataset({"test_error": errors}, {"step": [0, 10, 20, 30]})
    )
    np.testing.assert_allclose(found, [15.0, 0.0])


def ablation(errors, signals):
    """Runs of two records: the start, and the end without and with complexity."""
    rng = np.random.default_rng(0)
    shape = {"start": ["B"], "learning_rate": [0.04], "complexity_weight": [0.0, 1.0]}
    coords = shape | {"seed": range(20), "step": [0, 1000]}

    def of(ends, first):
        noise = 0.01 * rng.normal(size=(1, 1, 2, 20))
        last = np.array(ends)[None, None, :, None] + noise
        values = np.stack([np.full_like(last, first), last], axis=-1)
        return (tuple(coords), values)

    return xr.Dataset(
        {"test_error": of(errors, 0.5), "log_signal": of(signals, 4.0)}, coords=coords
    )


@pytest.mark.parametrize(
    ("errors", "signals", "expected"),
    [
        ((0.5, 0.01), (9.0, 0.5), [Outcome.SUPPORTED] * 3),
        ((0.3, 0.01), (9.0, 0.5), [Outcome.REFUTED, Outcome.SUPPORTED, Outcome.SUPPORTED]),
        ((0.02, 0.01), (0.6, 0.5), [Outcome.REFUTED] * 3),
    ],
)
def test_no_complexity_term(evidence_from, errors, signals, expected):
    runs = {"ablation": ablation(errors, signals)}
    evidence = evidence_from("no-complexity-term", runs)
    assert outcomes(evidence) == expected
    assert evidence[1].note.endswith("of 20 draws reach 0.05 without complexity, 20 with it")


@pytest.mark.parametrize(
    ("power", "expected"), [(-1.0, Outcome.SUPPORTED), (-0.5, Outcome.REFUTED)]
)
def test_inverse_learning_rate(evidence_from, power, expected):
    rates = np.array([0.01, 0.02, 0.04, 0.08])
    steps = np.arange(0, 1200, 2)
    times = 3.5 * 0.04**-1 * (rates / 0.04) ** power
    spread = np.exp(0.05 * np.random.default_rng(1).normal(size=(4, 12)))
    ratio = steps / (times[:, None] * spread)[..., None]
    errors = 0.5 * 10.0 ** -np.minimum(ratio, 2.0)  # 0.05 at a ratio of one
    runs = xr.Dataset(
        {
            "test_error": (
                ("start", "learning_rate", "complexity_weight", "seed", "step"),
                errors[None, :, None],
            )
        },
        {"step": steps, "learning_rate": rates},
    )
    (evidence,) = evidence_from("inverse-learning-rate", {"rates": runs})
    assert validation.judge(evidence).outcome is expected
    assert "12 of 12 seeds" in evidence.note


def test_too_short_runs_are_refused(evidence_from, runs):
    never = runs.isel(start=[1]).copy(deep=True)
    never["test_error"][:] = 1.0
    with pytest.raises(ValueError, match="fewer than two seeds generalize at every learning rate"):
        evidence_from("inverse-learning-rate", {"rates": never})

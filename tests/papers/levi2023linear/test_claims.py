"""Claims on small problems, and planted wrong theories that cost the verdict."""

import numpy as np
import pytest

from groktheory.papers.levi2023linear import _runs
from groktheory.simulations import spectral_descent
from groktheory.theory import linear_estimators as theory
from groktheory.theory.linear_estimators import LossCurves
from groktheory.validation import Outcome

SMALL = ((1000, 300), (100, 60), (40, 24), (30, 20), (60, 24))


@pytest.fixture(autouse=True, scope="module")
def gentle_steps():
    """Fewer fresh samples and records for runs that are only there to be judged."""
    right = spectral_descent.linear_descents

    def fewer(*arguments, num_test=1000, **options):
        return right(*arguments, num_test=min(num_test, 300), **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runs.sim, "linear_descents", fewer, raising=False)
        yield


def test_loss_curves(judge_claim, plant):
    small = ((1000, 500), (100, 100))
    assert judge_claim("loss-curves", smaller=small) is not Outcome.REFUTED
    plant("discrete_loss_curves", lambda curves: LossCurves(*(c**1.3 for c in curves)))
    assert judge_claim("loss-curves", smaller=small) is Outcome.REFUTED


def test_overparameterized_plateau(judge_claim, plant):
    small = ((1000, 600),)
    assert judge_claim("overparameterized-plateau", smaller=small) is Outcome.SUPPORTED
    plant("unseen_loss", lambda loss: 0.8 * loss)
    assert judge_claim("overparameterized-plateau", smaller=small) is Outcome.REFUTED


def test_accuracy_of_loss(judge_claim, plant):
    assert judge_claim("accuracy-of-loss", smaller=((300, 100),)) is Outcome.SUPPORTED
    plant("threshold_accuracy", lambda accuracy: accuracy**1.3)
    assert judge_claim("accuracy-of-loss", smaller=((300, 100),)) is not Outcome.SUPPORTED


def test_grokking_time(judge_claim, monkeypatch):
    assert judge_claim("grokking-time", smaller=((300, 200),)) is Outcome.SUPPORTED
    right = theory.grokking_times

    def wrong(ratio, **options):
        return theory.GrokkingTimes(*(0.7 * time for time in right(ratio, **options)))

    monkeypatch.setattr(theory, "grokking_times", wrong, raising=False)
    assert judge_claim("grokking-time", smaller=((300, 200),)) is Outcome.REFUTED


def test_divergence(judge_claim, plant):
    small = ((1000, 600), (30, 20))
    assert judge_claim("divergence", smaller=small) is Outcome.SUPPORTED
    plant("small_threshold_delay", lambda time: time**0.7)
    assert judge_claim("divergence", smaller=small) is Outcome.REFUTED


def test_no_transition(judge_claim, monkeypatch):
    assert judge_claim("no-transition", smaller=SMALL) is Outcome.SUPPORTED
    right = _runs.Students.train

    def with_a_drop(students, bench):
        """The test loss falls ever faster below the threshold."""
        runs = right(students, bench)
        excess = np.maximum(np.log(2.5e-4) - np.log(runs["test_loss"]), 0)
        return runs | {"test_loss": runs["test_loss"] * np.exp(-4 * excess)}

    monkeypatch.setattr(_runs.Students, "train", with_a_drop)
    assert judge_claim("no-transition", smaller=SMALL) is Outcome.REFUTED


def test_saturation(judge_claim, monkeypatch):
    small = ((1000, 600),)
    assert judge_claim("saturation", smaller=small) is Outcome.SUPPORTED
    printed = theory.published_saturation
    monkeypatch.setattr(theory, "published_saturation", theory.small_decay_saturation, False)
    monkeypatch.setattr(theory, "small_decay_saturation", printed, False)
    assert judge_claim("saturation", smaller=small) is Outcome.REFUTED


def test_several_outputs(judge_claim, monkeypatch):
    small = ((300, 80), (60, 12))
    assert judge_claim("several-outputs", smaller=small) is not Outcome.REFUTED
    right = theory.grokking_times

    def wrong(ratio, *, num_outputs, **options):
        times = right(ratio, num_outputs=num_outputs, **options)
        return theory.GrokkingTimes(*(time / num_outputs**0.25 for time in times))

    monkeypatch.setattr(theory, "grokking_times", wrong, raising=False)
    assert judge_claim("several-outputs", smaller=small) is Outcome.REFUTED


def test_two_layers(judge_claim, plant):
    small = (((200, 100, 4), (60, 60, 3)), (1100, 300), (30, 6))
    assert judge_claim("two-layers", smaller=small) is not Outcome.REFUTED
    plant("two_layer_loss_curves", lambda curves: LossCurves(*(c**2 for c in curves)))
    assert judge_claim("two-layers", smaller=small) is Outcome.REFUTED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loss-curves", "several-outputs", "two-layers"])
def test_real_runs(judge_claim, name):
    assert judge_claim(name) is Outcome.SUPPORTED

"""Claims on networks that read digits: made-up runs, and (slow) trained ones."""

import numpy as np
import pytest

from groktheory.papers.liu2022omnigrok import _runs as runs
from groktheory.papers.liu2022omnigrok import images
from groktheory.theory.norm_landscape import NormLandscape
from groktheory.validation import Outcome

ORDINARY = runs.ordinary_norm((64, 200, 200, 10))
CRITICAL = 3.2  # norm over the ordinary one at which the test error is 20 %


def reading(*, fit, grok, last=0.87, best=lambda name: 1.0):
    """Accuracies on straight lines that reach their thresholds at given steps, and a landscape."""

    def make(name, swept, steps, seeds):
        noise = 1 + 0.02 * seeds
        if name == "images-on-spheres":
            share = swept["norm"] / ORDINARY / CRITICAL
            error = np.minimum(0.9, 0.2 * share**3 * noise)[..., None] * np.ones(len(steps))
            return {"loss": error, "test_loss": error, "test_error": error}
        decay = swept["weight_decay"]
        at_fit, at_grok = fit(name, decay) * noise, grok(name, decay) * noise
        threshold = images.ENOUGH if name.rpartition("-")[2].isdigit() else images.GENERALIZES
        rise = threshold * steps / at_grok[..., None]
        return {
            "train_accuracy": np.minimum(1, images.FITTED * steps / at_fit[..., None]),
            "test_accuracy": np.minimum(best(name), rise),
            "norm": np.full((*decay.shape, len(steps)), 8 * ORDINARY),
            "last_accuracy": last + 0.001 * seeds,
        }

    return make


def from_landscape(name, decay, *, lag=1.3):
    return lag * np.log(8 / CRITICAL) / (images.LEARNING_RATE * decay)


def grokking(**changes):
    settings = {
        "fit": lambda name, decay: np.where(decay > 0, 20.0 if "ordinary" in name else 500.0, 0),
        "grok": lambda name, decay: (
            20.0 + 0 * decay if "ordinary" in name else from_landscape(name, decay)
        ),
    }
    return reading(**(settings | changes))


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.SUPPORTED),
        ({"last": 0.7}, Outcome.REFUTED),
        ({"fit": lambda name, decay: 9000.0 + 0 * decay}, Outcome.REFUTED),
        ({"grok": lambda name, decay: 390.0 / decay}, Outcome.REFUTED),
    ],
)
def test_grokking_is_told_from_learning(outcome_of, changes, outcome):
    assert outcome_of("image-grokking", grokking(**changes)) is outcome


@pytest.mark.parametrize(
    ("lag", "outcome"), [(1.3, Outcome.SUPPORTED), (0.4, Outcome.REFUTED), (1.9, Outcome.REFUTED)]
)
def test_times_are_held_against_the_landscape(outcome_of, lag, outcome):
    make = grokking(grok=lambda name, decay: from_landscape(name, decay, lag=lag))
    assert outcome_of("landscape-time", make) is outcome


def test_a_wrong_critical_norm_costs_the_verdict(outcome_of, monkeypatch):
    right = NormLandscape.critical_norm
    monkeypatch.setattr(NormLandscape, "critical_norm", lambda self, t: 1.5 * right(self, t))
    assert outcome_of("landscape-time", grokking()) is Outcome.REFUTED


def with_sizes(power, *, least=0.5):
    """The generalization step is a power of the number of images, the fit step grows with it."""

    def size(name):
        return float(name.rpartition("-")[2])

    return reading(
        fit=lambda name, decay: 4.0 * size(name) + 0 * decay,
        grok=lambda name, decay: 120.0 * (size(name) / 50) ** power + 0 * decay,
        best=lambda name: least if size(name) < 50 else 1.0,
    )


@pytest.mark.parametrize(
    ("power", "least", "outcome"),
    [(-0.2, 0.5, Outcome.SUPPORTED), (1.3, 0.5, Outcome.REFUTED), (-0.2, 0.9, Outcome.REFUTED)],
)
def test_data_sizes_are_told_apart(outcome_of, power, least, outcome):
    assert outcome_of("data-degroks", with_sizes(power, least=least)) is outcome


def test_data_that_do_not_matter_are_not_enough(outcome_of):
    assert outcome_of("data-degroks", with_sizes(1.0)) is not Outcome.SUPPORTED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["image-grokking", "landscape-time", "data-degroks"])
def test_trained_readers(judge_claim, name):
    assert judge_claim(name) is Outcome.SUPPORTED

"""The claim on spheres: made-up runs, and (slow) trained ones."""

import numpy as np
import pytest

from groktheory.validation import Outcome


def adders(*, small=100.0, large=3000.0):
    gap_of = {"adders-free": 1000.0, "adders-small-sphere": small, "adders-large-sphere": large}

    def make(name, swept, steps, seeds):
        gaps = gap_of[name] * (1 + 0.05 * seeds)
        ends = np.where(gaps < 3500, 100 + gaps, -1)
        return {
            "fit_step": np.full(seeds.shape, 100),
            "generalization_step": ends.astype(int),
            "test_accuracy": np.minimum(1, steps / 500)[None] * np.ones((len(seeds), 1)),
        }

    return make


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.SUPPORTED),
        ({"large": 1e9}, Outcome.SUPPORTED),
        ({"small": 900.0}, Outcome.REFUTED),
        ({"large": 110.0}, Outcome.REFUTED),
    ],
)
def test_spheres_are_told_apart(outcome_of, changes, outcome):
    assert outcome_of("constant-norm", adders(**changes)) is outcome


@pytest.mark.slow
def test_trained_adders(judge_claim):
    assert judge_claim("constant-norm") is Outcome.SUPPORTED

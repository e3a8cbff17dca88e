"""Claims on classifiers: small problems, and a planted wrong theory that costs the verdict."""

import pytest

from groktheory.theory import implicit_bias as theory
from groktheory.validation import Outcome

SMALL = (((100, 1000, 1000), (100, 800, 300)),)


def test_transition_time(judge_claim, plant):
    assert judge_claim("transition-time", smaller=SMALL) is Outcome.SUPPORTED
    plant("classification_release_time", lambda time: time + 2000.0)
    assert judge_claim("transition-time", smaller=SMALL) is Outcome.REFUTED


def test_inverse_decay(judge_claim, plant):
    assert judge_claim("inverse-decay", smaller=SMALL) is Outcome.SUPPORTED
    plant("classification_release_time", lambda time: 3 * time)
    assert judge_claim("inverse-decay", smaller=SMALL) is Outcome.REFUTED


def test_early_and_late_bias(judge_claim, monkeypatch):
    assert judge_claim("early-and-late-bias", smaller=SMALL) is Outcome.SUPPORTED
    l2, l1 = theory.max_l2_margin, theory.max_l1_margin
    monkeypatch.setattr(theory, "max_l2_margin", l1, raising=False)
    monkeypatch.setattr(theory, "max_l1_margin", l2, raising=False)
    assert judge_claim("early-and-late-bias", smaller=SMALL) is Outcome.REFUTED


def test_misgrokking(judge_claim, plant):
    assert judge_claim("misgrokking") is Outcome.SUPPORTED
    plant("separated_accuracy", lambda accuracy: accuracy - 0.05)
    assert judge_claim("misgrokking") is Outcome.REFUTED


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transition-time", "inverse-decay", "early-and-late-bias"])
def test_real_runs(judge_claim, name):
    assert judge_claim(name) is Outcome.SUPPORTED

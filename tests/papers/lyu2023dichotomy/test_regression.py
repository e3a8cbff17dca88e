"""The collapse of regression: a clock that is off by a factor of two costs the verdict."""

from groktheory.theory import implicit_bias as theory
from groktheory.validation import Outcome

SMALL = (((1.0, 2.0, 4.0), (1.0, 2.0)),)


def test_regression_collapse(judge_claim, monkeypatch):
    assert judge_claim("regression-collapse", smaller=SMALL) is Outcome.SUPPORTED
    right = theory.interpolating_weights

    def wrong(features, targets, product):
        return right(features, targets, product / 2)

    monkeypatch.setattr(theory, "interpolating_weights", wrong, raising=False)
    assert judge_claim("regression-collapse", smaller=SMALL) is Outcome.REFUTED

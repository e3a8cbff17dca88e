"""The law of concealment on planted gaps, and on a short real run."""

import numpy as np
import pytest

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import concealment, paper
from groktheory.validation import Outcome


def planted(law, *, scatter=0.3, runs=8):
    rng = np.random.default_rng(0)
    bits = np.array(concealment.BITS)
    gaps = law(bits) * np.exp(scatter * rng.normal(size=(runs, len(bits))))
    return concealment.Gaps(bits, np.maximum(gaps, 1.0), np.zeros(gaps.shape))


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (lambda k: 6 * np.exp(0.095 * k), [Outcome.SUPPORTED] * 3),
        (lambda k: 6 * np.exp(0.2 * k), [Outcome.REFUTED, Outcome.SUPPORTED, Outcome.SUPPORTED]),
        (lambda k: 30 + 9.0 * k, [None, Outcome.SUPPORTED, Outcome.REFUTED]),
        (lambda k: 20.0 + 0 * k, [Outcome.REFUTED, Outcome.REFUTED, None]),
    ],
)
def test_concealment(law, expected, monkeypatch):
    monkeypatch.setattr(concealment, "train_concealed", lambda bench: planted(law))
    evidence = paper.claims["concealment"].function(Bench(paper.key, "concealment"))
    found = [validation.judge(piece).outcome for piece in evidence]
    for outcome, right in zip(found, expected, strict=True):
        assert right is None or outcome is right
    assert "0 of 40 runs are censored" in evidence[0].note


def test_fits_are_exact_on_exact_laws():
    laws = concealment.fit_gaps(planted(lambda k: 2 * np.exp(0.1 * k), scatter=0.01))
    np.testing.assert_allclose(laws.rate, 0.1, atol=2e-3)
    assert np.all(laws.correlation > 0.999) and np.all(laws.advantage < -20)
    laws = concealment.fit_gaps(planted(lambda k: 2.0 + 3.0 * k, scatter=0.01))
    assert np.all(laws.advantage > 10)


def test_gaps_of_real_runs(monkeypatch):
    """Nine epochs are too few: all runs are censored, and say so."""
    monkeypatch.setattr(concealment, "BITS", (5,))

    class Short(Bench):
        def pick(self, *, quick, full):
            return {(8, 1500): (2, 9)}.get(quick, quick)

    gaps = concealment.train_concealed(Short(paper.key, "concealment"))
    assert gaps.epochs.shape == (2, 1)
    assert np.all(gaps.is_censored == 1) and np.all(gaps.epochs == 9)


@pytest.mark.slow
def test_concealment_for_real(judge_claim):
    assert judge_claim("concealment") is Outcome.SUPPORTED

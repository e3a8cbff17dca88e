"""Claims on the linear model, and planted errors that cost the verdict."""

import jax
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.bench.cache import Cache
from groktheory.papers.miller2023beyond import linear
from groktheory.theory import linear_estimators as theory
from groktheory.validation import Outcome


@pytest.fixture(scope="module")
def evidence_of(tmp_path_factory):
    """The evidence of a claim; training runs are kept between the tests of this module."""
    cache = Cache(tmp_path_factory.mktemp("cache"))

    def collect(name):
        bench = Bench(linear.paper.key, name, cache=cache)
        return linear.paper.claims[name].function(bench)

    return collect


def test_features_are_those_of_numpy_and_of_jax():
    x = np.array([0.5, -0.1])
    expected = [[0.5, 0.25, 0.125, np.sin(50)], [-0.1, 0.01, -0.001, np.sin(-10)]]
    np.testing.assert_allclose(sim.tasks.spurious_features(x), expected)
    found = sim.tasks.spurious_features(jax.numpy.asarray(x))
    assert isinstance(found, jax.Array)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_accuracies_are_shares_of_right_signs():
    x = np.array([0.4, -0.3, 0.2, -0.1])
    data = linear.LineData(sim.tasks.spurious_features(x), 0.3 * x)
    train, validation_accuracy = data.accuracies(np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]))
    np.testing.assert_allclose(train, [1.0, 0.5])
    np.testing.assert_allclose(validation_accuracy, [1.0, 0.5])


def test_linear_dynamics(evidence_of, monkeypatch):
    assert validation.judge(evidence_of("linear-dynamics")).outcome is Outcome.SUPPORTED
    right = theory.penalized_regression

    def wrong(features, targets, *, prior_variances, **options):
        return right(features, targets, prior_variances=1.001 * prior_variances, **options)

    monkeypatch.setattr(theory, "penalized_regression", wrong, raising=False)
    assert validation.judge(evidence_of("linear-dynamics")).outcome is Outcome.REFUTED


def test_linear_clock_of_unseen_weights(evidence_of, monkeypatch):
    _, clock = evidence_of("linear-dynamics")
    np.testing.assert_allclose(clock.measurement.value, 500, rtol=2e-3)
    right = theory.penalized_clocks
    monkeypatch.setattr(
        theory,
        "penalized_clocks",
        lambda *a, prior_variance, **k: right(*a, prior_variance=2 * prior_variance, **k),
        raising=False,
    )
    _, clock = evidence_of("linear-dynamics")
    assert validation.judge(clock).outcome is Outcome.REFUTED


def test_linear_penalty_groks_and_weak_directions_move_without_it(evidence_of, monkeypatch):
    groks, stays = evidence_of("linear-penalty")
    assert validation.judge(groks).outcome is Outcome.SUPPORTED
    assert validation.judge(stays).outcome is Outcome.REFUTED
    assert "median" in stays.note
    # Without any penalty in the "penalized" runs, they do not grok in half of the draws.
    monkeypatch.setattr(linear, "PRIOR_VARIANCE", linear.NO_PENALTY)
    groks, _ = evidence_of("linear-penalty")
    assert validation.judge(groks).outcome is Outcome.REFUTED


def test_slow_clock(evidence_of, monkeypatch):
    assert validation.judge(evidence_of("slow-clock")).outcome is Outcome.SUPPORTED
    right = theory.penalized_regression

    def wrong(features, targets, *, prior_variances, **options):
        return right(features, targets, prior_variances=np.sqrt(prior_variances), **options)

    monkeypatch.setattr(theory, "penalized_regression", wrong, raising=False)
    assert validation.judge(evidence_of("slow-clock")).outcome is Outcome.REFUTED

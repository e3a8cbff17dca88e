"""The effective flow, and planted errors that cost the verdict."""

import numpy as np
import pytest

from groktheory.papers.bench import Bench
from groktheory.papers.liu2022effective import flow, paper
from groktheory.theory import representation as theory
from groktheory.validation import Outcome


@pytest.fixture(autouse=True)
def fewer_samples(monkeypatch):
    """Starts for eight symbols, whose 36 samples are fewer than the ten symbols of the claim."""
    starts = (
        flow.Start("line", 8, 28, 1, 0.0),
        flow.Start("not unique", 8, 14, 2, 0.0),
        flow.Start("shifted", 8, 25, 1, 0.7),
    )
    monkeypatch.setattr(flow, "_starts", lambda bench: starts)


@pytest.mark.parametrize("claim", ["effective-flow", "conserved-quantities"])
def test_supported(judge_claim, claim):
    assert judge_claim(claim) is Outcome.SUPPORTED


def test_flow_with_a_rate_off_by_a_millionth_is_refuted(judge_claim, monkeypatch):
    right = theory.effective_flow
    monkeypatch.setattr(
        theory, "effective_flow", lambda e, s, t: right(e, s, (1 + 1e-6) * t), raising=False
    )
    assert judge_claim("effective-flow") is Outcome.REFUTED


def test_the_printed_flow_is_refuted(judge_claim, monkeypatch):
    def printed(start, samples, times):
        energy, count = theory.energy_matrix(samples, len(start))
        values, modes = np.linalg.eigh(2 * energy / count / np.sum(start**2))
        decay = np.exp(-np.outer(times, values))
        return np.einsum("ik,tk,kd->tid", modes, decay, modes.T @ start)

    monkeypatch.setattr(theory, "effective_flow", printed, raising=False)
    assert judge_claim("effective-flow") is Outcome.REFUTED


def test_a_wrong_grokking_rate_is_refuted(judge_claim, plant):
    plant("grokking_rate", lambda rate: 1.001 * rate)
    assert judge_claim("effective-flow") is Outcome.REFUTED


def test_a_sum_that_grows_half_as_fast_is_refuted(judge_claim, plant):
    plant("sum_growth_rate", lambda rate: rate / 2)
    assert judge_claim("conserved-quantities") is Outcome.REFUTED


def test_integration_starts_where_it_should_and_loses_loss():
    bench = Bench(paper.key, "effective-flow")
    start = flow.Start("line", 8, 28, 2, 0.3)
    found = flow.integrate(bench, start)
    assert len(found.samples) == 28 and found.path.shape == (82, 8, 2)
    np.testing.assert_allclose(found.path[0].mean(axis=0), 0.3)
    np.testing.assert_allclose(found.path[0].std(axis=0, ddof=1), 1)
    losses = theory.effective_loss(found.path, found.samples)
    assert np.all(np.diff(losses) < 0)
    # The quadrature is exact for what the flow does.
    velocities = theory.effective_velocity(found.path, found.samples)
    moved = np.einsum("t,tid->id", found.weights, velocities)
    np.testing.assert_allclose(moved, found.path[-1] - found.path[0], atol=1e-8)

"""The Bayesian network on planted curves and on a short real run."""

import numpy as np
import pytest
import xarray as xr

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import bayesian, paper
from groktheory.validation import Outcome

STEPS = np.unique(np.round(np.geomspace(1, 9000, 150)).astype(int))


def planted(*, waits=(100.0, 1000.0, 5000.0), error_half=20.0, complexity_half=2000.0):
    """Accuracies jump at their steps; error and complexity fall exponentially."""
    spread = np.exp(0.05 * np.random.default_rng(0).normal(size=(3, 4, 1)))
    dims = ("mean_scale", "seed", "step")

    def jump(at):
        return (dims, (STEPS >= np.asarray(at)[:, None, None] * spread).astype(float))

    def decay(half):
        return (dims, np.exp(-np.log(2) * STEPS / (half * spread)) * np.ones((3, 4, 1)))

    return xr.Dataset(
        {
            "train_accuracy": jump([50.0] * 3),
            "test_accuracy": jump(waits),
            "error": decay(error_half),
            "complexity": decay(complexity_half),
        },
        {"mean_scale": list(bayesian.SCALES), "step": STEPS},
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [Outcome.SUPPORTED, Outcome.SUPPORTED]),
        ({"waits": (100.0, 1000.0, 300.0)}, [Outcome.REFUTED, Outcome.SUPPORTED]),
        ({"error_half": 2000.0, "complexity_half": 20.0}, [Outcome.SUPPORTED, Outcome.REFUTED]),
    ],
)
def test_bayesian_network(evidence_from, settings, expected):
    evidence = evidence_from("bayesian-network", {"networks": planted(**settings)})
    assert [validation.judge(piece).outcome for piece in evidence] == expected


def test_unreached_thresholds_count_with_the_last_step():
    runs = planted(waits=(100.0, 1000.0, 1e6))
    waits = bayesian.log_waits(runs)
    np.testing.assert_allclose(waits[2], np.log(9000 / 50), atol=0.3)
    np.testing.assert_allclose(bayesian.log_order(runs), np.log(100), atol=0.3)


def test_real_networks_have_all_curves():
    class Short(Bench):
        def pick(self, *, quick, full):
            return {(9, 300, 100, 9000): (2, 60, 20, 90), 4: 2}.get(quick, quick)

    runs = bayesian.train_networks(Short(paper.key, "bayesian-network"))
    assert dict(runs["error"].sizes) | {"step": 0} == {"mean_scale": 3, "seed": 2, "step": 0}
    complexity = runs["complexity"].isel(step=0).mean("seed").values
    weights = 20 * (6 + 2 * 21 / 20)  # 5 inputs and a bias, 20 units, 2 outputs of 21
    # Means of variance scale^2 and deviations of 0.01 against a prior of one.
    expected = weights * (np.log(100) - 0.5 + np.array(bayesian.SCALES) ** 2 / 2) / 60
    np.testing.assert_allclose(complexity, expected, rtol=0.1)


@pytest.mark.slow
def test_bayesian_network_for_real(judge_claim):
    assert judge_claim("bayesian-network") is Outcome.SUPPORTED

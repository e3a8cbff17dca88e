"""Delays of networks that add modulo p; each claim can fail on made-up runs; (slow) real runs."""

import numpy as np
import pytest
import xarray as xr

from groktheory import simulations as sim
from groktheory.papers.bench import Bench
from groktheory.papers.lyu2023dichotomy import networks, paper
from groktheory.validation import Outcome, judge


def _outcome(claim, bench):
    return judge(paper.claims[claim].function(bench)).outcome


def _runs(steps, fit, grok, loss=0.0):
    """Lines that reach the two thresholds at given steps `[scales, decays, seeds]`."""
    dims = ("scale", "weight_decay", "seed", "step")
    curves = {
        "train_accuracy": networks.FITTED * steps / np.asarray(fit)[..., None],
        "test_accuracy": networks.GROKKED * steps / np.asarray(grok)[..., None],
    }
    curves["loss"] = np.full_like(curves["train_accuracy"], loss)
    return xr.Dataset(
        {name: (dims, curve) for name, curve in curves.items()}, coords={"step": steps}
    )


class SyntheticBench(Bench):
    """A bench whose runs grok at given powers of the scale and of the decay."""

    def __init__(self, *, in_scale=0.4, in_decay=-1.0, final_loss=1.0):
        super().__init__(paper.key, "synthetic")
        self.exponents = in_scale, in_decay
        self.final_loss = final_loss * np.log(23)

    def train(self, name, **settings):
        sweep = settings["sweep"]
        scales = np.array(sweep["scale"])[:, None, None] / networks.SCALE
        decays = np.array(sweep["weight_decay"])[None, :, None] / networks.WEIGHT_DECAY
        noise = np.random.default_rng(0).normal(scale=0.02, size=settings["num_seeds"])
        in_scale, in_decay = self.exponents
        grok = 2500 * scales**in_scale * decays**in_decay * np.exp(noise)
        steps = np.array(settings["record_steps"])
        return _runs(steps, 0.03 * grok, grok, self.final_loss)


def test_delays_are_logs_of_differences():
    steps = np.array(sim.log_spaced_steps(5000))
    delays = networks.log_delays(_runs(steps, [[[100.0, 200.0]]], [[[1100.0, 2200.0]]]))
    np.testing.assert_allclose(delays, np.log([[[1000.0]], [[2000.0]]]), rtol=1e-6)


@pytest.mark.parametrize(("fit", "grok"), [(100.0, 1e6), (1e6, 100.0), (500.0, 300.0)])
def test_wrong_order_or_budget_is_refused(fit, grok):
    steps = np.array(sim.log_spaced_steps(5000))
    runs = _runs(steps, [[[100.0, fit]]], [[[1000.0, grok]]])
    with pytest.raises(ValueError, match="1 of 2 runs do not grok after they fit"):
        networks.log_delays(runs)


@pytest.mark.parametrize(
    ("exponent", "outcome"), [(0.3, Outcome.SUPPORTED), (-0.3, Outcome.REFUTED)]
)
def test_initialization_is_judged_by_its_trend(exponent, outcome):
    claim = "modular-addition-initialization"
    assert _outcome(claim, SyntheticBench(in_scale=exponent)) is outcome


@pytest.mark.parametrize(
    ("exponent", "final_loss", "outcome"),
    [
        (-1.0, 1.0, Outcome.SUPPORTED),
        (0.5, 1.0, Outcome.REFUTED),
        (-1.0, 0.1, Outcome.REFUTED),
    ],
)
def test_decay_is_judged_by_its_trend_and_by_the_collapse(exponent, final_loss, outcome):
    bench = SyntheticBench(in_decay=exponent, final_loss=final_loss)
    assert _outcome("modular-addition-decay", bench) is outcome


def test_what_does_not_matter_is_not_enough():
    bench = SyntheticBench(in_scale=0.0, in_decay=0.0)
    for claim in ("modular-addition-initialization", "modular-addition-decay"):
        assert _outcome(claim, bench) is not Outcome.SUPPORTED


@pytest.mark.slow
@pytest.mark.parametrize("claim", ["modular-addition-initialization", "modular-addition-decay"])
def test_trained_networks_give_the_reported_verdicts(claim):
    bench = Bench(paper.key, claim, seed=1, workers=2)
    assert _outcome(claim, bench) is Outcome.SUPPORTED

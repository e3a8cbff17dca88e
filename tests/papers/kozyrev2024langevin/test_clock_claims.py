"""The two clocks, on planted times and planted walks; (slow) on networks."""

import numpy as np
import pytest
import xarray as xr

from groktheory.papers.bench import Bench
from groktheory.papers.kozyrev2024langevin import clocks, paper
from groktheory.validation import Outcome, judge

WEIGHTS = 3000


class SyntheticBench(Bench):
    """A bench whose networks fall or walk, and whose clocks have a given exponent."""

    def __init__(self, *, exponent=2.0, falls=True, walks=True, fits=True):
        super().__init__(paper.key, "synthetic")
        self.exponent, self.falls, self.walks, self.fits = exponent, falls, walks, fits

    def train(self, name, **settings):
        rng = np.random.default_rng(0)
        if name == "clocks":
            rates = np.array(settings["sweep"]["learning_rate"])[:, None]
            scatter = np.exp(rng.normal(scale=0.03, size=(len(rates), settings["num_seeds"])))
            fit = np.rint(60 * (1e-2 / rates) * scatter)
            grok = np.rint(fit**self.exponent) if self.fits else fit - 1
            dims = ("learning_rate", "seed")
            return xr.Dataset({"fit_step": (dims, fit), "grok_step": (dims, grok)})
        steps = np.array(settings["record_steps"])
        seeds, last = settings["num_seeds"], steps[-1]
        start = clocks.PLATEAU[0]
        jumps = rng.normal(size=(seeds, last + 1, WEIGHTS))
        drift = rng.normal(size=(seeds, 1, WEIGHTS))
        is_early = np.arange(last + 1)[:, None] <= start
        is_falling = np.where(is_early, self.falls, not self.walks)
        weights = np.cumsum(np.where(is_falling, drift, jumps), axis=1)
        accuracy = np.full((seeds, len(steps)), 1.0 if self.fits else 0.5)
        return xr.Dataset(
            {
                "weights": (("seed", "step", "weight"), weights[:, steps]),
                "train_accuracy": (("seed", "step"), accuracy),
            },
            coords={"step": steps},
        )


def _outcome(claim, **options):
    return judge(paper.claims[claim].function(SyntheticBench(**options))).outcome


@pytest.mark.parametrize(("exponent", "outcome"), [(2.0, "supported"), (1.2, "refuted")])
def test_clocks_are_judged_by_their_exponent(exponent, outcome):
    assert _outcome("two-clocks", exponent=exponent) == Outcome(outcome)


@pytest.mark.parametrize(
    ("falls", "walks", "outcome"),
    [(True, True, "supported"), (True, False, "refuted"), (False, True, "refuted")],
)
def test_displacements_are_judged_by_their_exponents(falls, walks, outcome):
    claim = "mean-squared-displacement"
    assert _outcome(claim, falls=falls, walks=walks) == Outcome(outcome)


def test_runs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="24 of 24 runs do not grok after they fit"):
        _outcome("two-clocks", fits=False)
    with pytest.raises(ValueError, match="a run has not come to train accuracy 0.99 at step 150"):
        _outcome("mean-squared-displacement", fits=False)


def test_exponents_of_powers():
    lags = np.array([1.0, 2.0, 5.0, 10.0])
    squares = np.stack([3 * lags, 0.1 * lags**2])
    np.testing.assert_allclose(clocks.displacement_exponents(lags, squares), [1.0, 2.0])


@pytest.mark.slow
@pytest.mark.parametrize("claim", ["two-clocks", "mean-squared-displacement"])
def test_networks_give_the_reported_verdict(claim):
    bench = Bench(paper.key, claim, workers=2)
    assert judge(paper.claims[claim].function(bench)).outcome is Outcome.REFUTED

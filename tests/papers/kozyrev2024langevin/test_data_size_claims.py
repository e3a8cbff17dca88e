"""The amount of data: a walk over hypotheses, and planted grokking times of each law."""

import numpy as np
import pytest
import xarray as xr

from groktheory.papers.bench import Bench
from groktheory.papers.kozyrev2024langevin import data_size, paper
from groktheory.validation import Outcome, judge

FRACTIONS = np.array([0.42, 0.45, 0.48, 0.52, 0.56, 0.62, 0.68, 0.75, 0.82])


class SyntheticBench(Bench):
    """A bench whose networks grok after given times."""

    def __init__(self, law, *, noise=0.1):
        super().__init__(paper.key, "synthetic")
        self.law, self.noise = law, noise

    def train(self, name, **settings):
        fractions = np.array(settings["sweep"]["train_fraction"])
        shape = len(fractions), settings["num_seeds"]
        scatter = np.exp(np.random.default_rng(3).normal(scale=self.noise, size=shape))
        times = np.rint(self.law(fractions)[:, None] * scatter)
        return xr.Dataset({"grok_step": (("train_fraction", "seed"), times)})


def _network(law, **options):
    claim = paper.claims["data-size-network"].function
    return judge(claim(SyntheticBench(law, **options))).outcome


def test_a_walk_over_hypotheses_keeps_the_law(judge_claim, plant):
    assert judge_claim("data-size") is Outcome.SUPPORTED
    plant("data_size_slope", lambda slope: 1.2 * slope)
    assert judge_claim("data-size") is not Outcome.SUPPORTED


def test_a_wrong_threshold_is_seen(judge_claim, plant):
    plant("data_threshold", lambda samples: 1.2 * samples)
    assert judge_claim("data-size") is not Outcome.SUPPORTED


def test_walks_last_as_long_as_their_survivors_are_many():
    rng = np.random.default_rng(0)
    few = data_size.Hypotheses(memorizing=30, generalizing=10)
    times = few.walk_times(np.array([0.0, 1e6]), walks=20_000, rng=rng)
    assert times[0] == pytest.approx(4.0, rel=0.05)
    assert times[1] == 1.0
    # Longer than one block of draws.
    long = data_size.Hypotheses(memorizing=2000, generalizing=1)
    assert long.walk_times(np.zeros(1), walks=2000, rng=rng)[0] == pytest.approx(2001, rel=0.1)


def test_networks_that_keep_the_exponential_law_support_it():
    assert _network(lambda f: 20_000 * np.exp(-6 * f)) is Outcome.SUPPORTED


@pytest.mark.parametrize(
    "law",
    [
        lambda f: 100 * (f - 0.4) ** -1.0,
        lambda f: 300 + 5e7 * np.exp(-25 * f),
    ],
)
def test_networks_with_another_law_refute_it(law):
    assert _network(law, noise=0.03) is Outcome.REFUTED


def test_data_that_do_not_matter_do_not_support_it():
    assert _network(lambda f: 500 + 0 * f) is not Outcome.SUPPORTED


def test_runs_that_do_not_grok_are_refused():
    with pytest.raises(ValueError, match="6 of 54 runs do not reach test accuracy 0.95"):
        _network(lambda f: np.where(f < 0.44, -1.0, 500.0), noise=0.0)


def test_criteria_find_the_law_that_was_planted():
    for name, law in (
        ("exponential", 9000 * np.exp(-5 * FRACTIONS)),
        ("divergence", 100 * (FRACTIONS - 0.4) ** -1.0),
        ("with_floor", 300 + 5e7 * np.exp(-25 * FRACTIONS)),
    ):
        noise = np.exp(np.random.default_rng(1).normal(scale=0.03, size=(5, len(FRACTIONS))))
        found = data_size.criteria(FRACTIONS, law * noise)
        laws = ("exponential", "divergence", "with_floor")
        assert laws[np.argmin([np.median(found[law]) for law in laws])] == name


@pytest.mark.slow
def test_networks_give_the_reported_verdict():
    bench = Bench(paper.key, "data-size-network", workers=2)
    assert judge(paper.claims["data-size-network"].function(bench)).outcome is Outcome.REFUTED

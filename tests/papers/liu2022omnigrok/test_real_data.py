import dataclasses
import functools

import jax
import numpy as np
import pytest
import xarray as xr

from groktheory import simulations as sim
from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.liu2022omnigrok import paper, real_data
from groktheory.simulations.tasks import _sources as sources

CLAIMS = {
    "text-grokking": (real_data.text_reader, "MovieReviews"),
    "molecule-grokking": (real_data.molecule_reader, "SmallMolecules"),
}


class PlantedBench(Bench):
    """Instead of training, returns curves that fit at one step and generalize at another."""

    def __init__(self, claim, delays, *, best=1.0):
        super().__init__(paper.key, claim)
        self.delays, self.best = delays, best

    def train(self, name, **settings):
        scale = "ordinary" if name.endswith("-1") else "large"
        steps = np.asarray(settings["record_steps"], float)
        rng = np.random.default_rng(len(name))
        fits = 30 * np.exp(0.1 * rng.normal(size=(4, 1)))
        generalizes = fits * self.delays[scale] * np.exp(0.1 * rng.normal(size=(4, 1)))
        train, test = (-1 + 2 * (steps >= first) for first in (fits, generalizes))
        test = np.minimum(test, self.best)
        return xr.Dataset(
            {
                "loss": (("seed", "step"), np.exp(-train)),
                "train_score": (("seed", "step"), train.astype(float)),
                "test_score": (("seed", "step"), test),
                "last_score": ("seed", test[:, -1]),
            },
            coords={"step": steps.astype(int)},
            attrs={"num_steps": settings["num_steps"]},
        )


def judged(claim, delays, **planted):
    bench = PlantedBench(claim, delays, **planted)
    return validation.judge(paper.claims[claim].function(bench)).outcome


@pytest.mark.parametrize("claim", CLAIMS)
def test_planted_delays_are_told_apart(claim):
    groks = {"large": 40.0, "ordinary": 1.0}
    assert judged(claim, groks) == "supported"
    assert judged(claim, groks | {"large": 1.0}) != "supported"
    assert judged(claim, groks | {"large": 4.0}) != "supported"
    assert judged(claim, groks | {"ordinary": 40.0}) != "supported"
    # Generalization that never comes is no grokking, however long one waits.
    assert judged(claim, groks, best=0.0) != "supported"


def write_reviews(path):
    lines = ["text,label"]
    lines += [
        f"{'dull' if i % 2 else 'lovely'} film number{chr(97 + i % 26)},{1 - i % 2}"
        for i in range(80)
    ]
    path.write_text("\n".join(lines))
    return path


def write_molecules(path):
    """Chains of one to six carbons, whose property is their length."""
    counts = np.arange(12) % 6 + 1
    positions = [np.column_stack([1.5 * np.arange(n), np.zeros(n), np.zeros(n)]) for n in counts]
    np.savez(
        path, N=counts, Z=np.full(counts.sum(), 6), R=np.concatenate(positions), alpha=1.0 * counts
    )
    return path


@pytest.fixture
def small(tmp_path):
    """Readers of small local files, as the claims use them but for their sizes."""

    def make(claim):
        reader, kind = CLAIMS[claim]
        found = reader(Bench(paper.key, claim))
        if kind == "MovieReviews":
            spec = sim.tasks.MovieReviews(
                num_train=60,
                num_test=20,
                num_words=4,
                length=3,
                path=write_reviews(tmp_path / "r.csv"),
            )
            return dataclasses.replace(found, spec=spec, num_steps=60)
        spec = sim.tasks.SmallMolecules(
            num_train=8, num_test=4, path=write_molecules(tmp_path / "m.npz")
        )
        draw = functools.partial(real_data._graph_net, spec, {"channels": (4,)})
        return dataclasses.replace(found, spec=spec, draw=draw, num_steps=60)

    return make


@pytest.mark.parametrize("claim", CLAIMS)
def test_readers_learn_from_local_files(claim, small):
    """Easy data are learned, and a run stops when both scores are good."""
    reader = small(claim)
    bench = Bench(paper.key, claim)
    found = reader.train(bench, scale=1.0)
    assert found.sizes["seed"] == reader.num_seeds and found["step"].values[-1] == 60
    best = found["train_score"].max("step").values
    assert (best > found["train_score"].values[:, 0]).all()
    stopped = found["stopped_at"].values >= 0
    assert (found["last_score"].values[stopped] >= reader.generalizes).all()
    assert np.isfinite(reader.log_delays(found)).all()


def test_initial_scale_multiplies_all_weights(small):
    reader = small("text-grokking")
    found = {}

    class Caught(Bench):
        def train(self, name, **settings):
            found[name] = settings["init"](key=jax.random.key(0))
            return xr.Dataset()

    for scale in (1.0, 6.0):
        reader.train(Caught(paper.key, "text-grokking"), scale=scale)
    ordinary, large = (jax.tree.leaves(found[f"reviews-{scale}"]) for scale in (1, 6))
    for small_leaf, large_leaf in zip(ordinary, large, strict=True):
        np.testing.assert_allclose(large_leaf, 6 * small_leaf, rtol=1e-6)


def test_events_that_are_never_seen_count_with_the_last_step():
    found = xr.Dataset(
        {
            "train_score": (("seed", "step"), [[0.0, 1.0, np.nan], [0.0, 0.0, 1.0]]),
            "test_score": (("seed", "step"), [[0.0, 0.0, np.nan], [0.0, 0.0, 0.0]]),
        },
        coords={"step": [0, 10, 100]},
        attrs={"num_steps": 100},
    )
    reader = real_data.molecule_reader(Bench(paper.key, "molecule-grokking"))
    np.testing.assert_allclose(reader.log_delays(found), np.log([100 / 5, 100 / 55]))


@pytest.mark.parametrize("claim", CLAIMS)
def test_refuses_to_judge_without_the_extra(claim, monkeypatch):
    def gone(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(sources.resources, "files", gone)
    for module in (sim.tasks.movie_reviews.encoded_reviews, sim.tasks.molecules._packed):
        module.cache_clear()
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'groktheory\[(text|molecules)\]'"):
        paper.claims[claim].function(Bench(paper.key, claim))

"""Networks that read reviews, and networks that read molecules, from large initial weights.

The data come with the optional packages of the extras `text` and `molecules`; without them these
claims end with an error that says how to get them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Evidence, Form, Panel, Prediction, Samples, Series
from . import _runs as runs
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

DECADE = math.log(10.0)
TOGETHER = 0.7  # log ratio of the steps below which fit and generalization come together


@dataclass(frozen=True)
class Reader:
    """Data, a network that reads them, how it is trained, and what counts as success.

    A score is one for perfect answers; at `fits` on the train set and `generalizes` on the test set
    a run ends; `chance` is that of a guess.
    """

    name: str
    spec: sim.tasks.MovieReviews | sim.tasks.SmallMolecules
    draw: Callable[[jax.Array], Any]
    loss: Callable[[Any, sim.tasks.Batch], jax.Array]
    score: Callable[[Any, sim.tasks.Batch], jax.Array]
    learning_rate: float
    weight_decay: float
    batch_size: int | None
    num_steps: int
    num_seeds: int
    large: float
    fits: float
    generalizes: float
    chance: float

    def train(self, bench: Bench, *, scale: float) -> xr.Dataset:
        """Train from initial weights of one scale until the network fits and generalizes.

        The last test score is then short of the threshold only if it never does both; it is asked
        to be at least halfway from chance to there.
        """

        def init(key: jax.Array) -> Any:
            return sim.models.scaled(self.draw(key), scale)

        return bench.train(
            f"{self.name}-{scale:g}",
            key=bench.key_for(self.name),
            init=init,
            task=lambda key: self.spec.sample(key=key),
            optimizer=runs.adamw(self.learning_rate, self.weight_decay),
            loss=self.loss,
            num_steps=self.num_steps,
            batch_size=self.batch_size,
            num_seeds=self.num_seeds,
            stop=lambda measured: (
                (measured["train_score"] >= self.fits)
                & (measured["test_score"] >= self.generalizes)
            ),
            measures={
                "train_score": lambda model, task: self.score(model, task.train()),
                "test_score": lambda model, task: self.score(model, task.test()),
            },
            final={"last_score": lambda model, task: self.score(model, task.test())},
            record_steps=sim.log_spaced_steps(
                self.num_steps, per_decade=20, max_gap=self.num_steps // 60
            ),
        )

    def log_delays(self, found: xr.Dataset) -> Float[np.ndarray, " seeds"]:
        """Log of the generalization step over the fit step.

        An event that is never seen counts with the last step, which is less than the truth.
        """
        steps, last = found["step"].values, found.attrs["num_steps"]
        fit, generalize = (
            np.clip(
                sim.detectors.crossing_time(steps, found[name].values, threshold).times, 1, last
            )
            for name, threshold in (("train_score", self.fits), ("test_score", self.generalizes))
        )
        return np.log(generalize / fit)


def text_reader(bench: Bench) -> Reader:
    """Recurrent networks that tell good from bad reviews; the paper's settings at full scale."""
    spec, sizes = bench.pick(
        quick=(
            sim.tasks.MovieReviews(num_train=400, num_test=1000, num_words=500, length=40),
            {"embedding": 16, "hidden": 32, "depth": 1},
        ),
        full=(sim.tasks.MovieReviews(num_train=750, num_test=250), {}),
    )
    learning_rate, weight_decay = bench.pick(quick=(6e-3, 0.1), full=(1e-3, 1.0))
    return Reader(
        name="reviews",
        spec=spec,
        draw=lambda key: sim.models.LSTMClassifier.init(spec.num_words + 1, **sizes, key=key),
        loss=sim.logistic_loss,
        score=sim.sign_accuracy,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        batch_size=50,
        num_steps=5000,
        num_seeds=bench.pick(quick=4, full=3),
        large=6.0,
        fits=0.95,
        generalizes=0.6,
        chance=0.5,
    )


def molecule_reader(bench: Bench) -> Reader:
    """Graph networks that predict zero-point energies; the paper's settings at full scale.

    The paper predicts the polarizability of molecules of QM9. Both grow with the molecule.
    """
    spec, sizes = bench.pick(
        quick=(
            sim.tasks.SmallMolecules(num_train=40, num_test=108),
            {"channels": (16, 8), "edge_hidden": 16, "head": (16,)},
        ),
        full=(sim.tasks.SmallMolecules(num_train=74, num_test=74), {}),
    )
    learning_rate, weight_decay = bench.pick(quick=(3e-3, 0.015), full=(1e-3, 0.0))
    return Reader(
        name="molecules",
        spec=spec,
        draw=functools.partial(_graph_net, spec, sizes),
        loss=sim.squared_error,
        score=explained_share,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        batch_size=bench.pick(quick=None, full=32),
        num_steps=bench.pick(quick=20_000, full=68_000),
        num_seeds=bench.pick(quick=6, full=3),
        large=3.0,
        fits=0.5,
        generalizes=0.5,
        chance=0.0,
    )


def _graph_net(
    spec: sim.tasks.SmallMolecules, sizes: dict[str, Any], key: jax.Array
) -> sim.models.GraphNet:
    return sim.models.GraphNet.init(spec.layout, **sizes, key=key)


def explained_share(model: Any, batch: sim.tasks.Batch) -> jax.Array:
    """Return one minus the mean squared error, for targets of variance one."""
    return 1 - sim.squared_error(model, batch)


def _evidence(bench: Bench, reader: Reader, *, score: str) -> tuple[Evidence, ...]:
    large, ordinary = (reader.train(bench, scale=scale) for scale in (reader.large, 1.0))
    first = large.isel(seed=0)
    kept = np.isfinite(first["loss"].values) & (first["step"].values > 0)
    panel = Panel(
        "step",
        score,
        tuple(
            Series(
                part,
                first["step"].values[kept],
                np.maximum(first[f"{part}_score"].values[kept], 0),
                style="line",
            )
            for part in ("train", "test")
        ),
        x_scale="log",
    )
    late = rf"from {reader.large:g} times the weights"
    return (
        Evidence(
            quantity=rf"$\ln$(generalization step / fit step) {late}",
            form=Form.ORDERING,
            prediction=Prediction.at_least(DECADE, label="generalizes a decade later"),
            measurement=Samples(reader.log_delays(large)),
            rivals=(Prediction(0.0, 0.5, label="generalizes as it fits"),),
            panel=panel,
        ),
        Evidence(
            quantity=f"{score} on the test set at the end, {late}",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(
                (reader.chance + reader.generalizes) / 2, label="generalizes in the end"
            ),
            measurement=Samples(large["last_score"].values),
            rivals=(Prediction.at_most(reader.chance, label="memorizes for good"),),
        ),
        Evidence(
            quantity=r"$\ln$(generalization step / fit step) from ordinary weights",
            form=Form.ORDERING,
            prediction=Prediction.at_most(TOGETHER, label="no grokking"),
            measurement=Samples(reader.log_delays(ordinary)),
            rivals=(Prediction.at_least(DECADE, label="groks from any weights"),),
        ),
    )


@paper.claim(
    "text-grokking",
    statement="Recurrent networks that read reviews generalize long after they fit when they are "
    "initialized with large weights, and not when they are not.",
    source="[liu2022omnigrok, Fig. 4]",
    memory_gib=(2.0, 8.0),
)
def text_grokking(bench: Bench) -> tuple[Evidence, ...]:
    """Tell good from bad reviews of the IMDb, from six times the ordinary weights and from these.

    At full scale the paper's 1000 reviews of 500 words and its two-layer network, at quick scale
    a small one and shorter reviews at a weaker decay. The fit step has a train accuracy of 95 %,
    the generalization step a test accuracy of 60 %. Needs the extra `text`.
    """
    return _evidence(bench, text_reader(bench), score="accuracy")


@paper.claim(
    "molecule-grokking",
    statement="Graph networks that read molecules generalize long after they fit when they are "
    "initialized with large weights, and not when they are not.",
    source="[liu2022omnigrok, Fig. 5]",
    memory_gib=(1.0, 4.0),
)
def molecule_grokking(bench: Bench) -> tuple[Evidence, ...]:
    """Predict zero-point energies of small molecules, from three times the weights and from these.

    At full scale the paper's network, minibatches and absent weight decay on half of 148
    molecules; at quick scale a smaller one with a decay, on 40. The fit and the generalization
    step are those at which half of the variance is explained. Needs the extra `molecules`.
    """
    return _evidence(bench, molecule_reader(bench), score="explained share of the variance")

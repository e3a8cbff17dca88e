"""Networks that read handwritten digits: grokking by a large initialization."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from . import _runs as runs
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

FITTED, GENERALIZES, SETTLED = 0.95, 0.8, 0.86  # train accuracy, test accuracies
ENOUGH = 0.7  # test accuracy that fifty digits allow
LARGE = 8.0  # initial scale
LEARNING_RATE = 1e-3
GROKS = math.log(4.0)  # log ratio of the steps from which on there is a gap of three fit times


@dataclass(frozen=True)
class Reader:
    """Images, a network that reads them, and how it is trained."""

    spec: sim.tasks.Digits | sim.tasks.Mnist
    sizes: tuple[int, ...]
    batch_size: int | None
    num_steps: int
    weight_decays: tuple[float, ...]

    def init(self, key: jax.Array, scale: Any = 1.0) -> sim.MLP:
        """Draw a network."""
        return runs.image_reader(self.sizes, key, scale)

    def task(self, *, key: jax.Array) -> sim.tasks.Task:
        """Choose images."""
        return self.spec.sample(key=key)


def reader_of(bench: Bench, *, num_train: int | None = None) -> Reader:
    """The digits of scikit-learn at quick scale, MNIST at full scale."""
    digits, images, num_tests = bench.pick(
        quick=(sim.tasks.Digits, 200, 500), full=(sim.tasks.Mnist, 1000, 3000)
    )
    pixels, batch_size = bench.pick(quick=(64, None), full=(784, 200))
    return Reader(
        spec=digits(num_train=images if num_train is None else num_train, num_test=num_tests),
        sizes=(pixels, 200, 200, 10),
        # The paper's 200 images a step are all of a small train set.
        batch_size=batch_size if num_train is None else None,
        num_steps=bench.pick(quick=14_000, full=100_000),
        weight_decays=bench.pick(quick=(0.1, 1.0), full=(0.1, 0.3, 1.0)),
    )


def free_runs(
    bench: Bench,
    reader: Reader,
    *,
    name: str,
    scale: float,
    weight_decays: tuple[float, ...],
    settled: float = SETTLED,
    num_steps: int | None = None,
) -> xr.Dataset:
    """Train by AdamW until the network fits and its test accuracy has settled."""
    num_steps = reader.num_steps if num_steps is None else num_steps
    return bench.train(
        name,
        key=bench.key_for("images"),
        init=functools.partial(reader.init, scale=scale),
        task=reader.task,
        optimizer=lambda weight_decay: runs.adamw(LEARNING_RATE, weight_decay),
        loss=sim.squared_error,
        num_steps=num_steps,
        batch_size=reader.batch_size,
        sweep={"weight_decay": weight_decays},
        num_seeds=3,
        stop=lambda measured: (
            (measured["train_accuracy"] > FITTED - 1e-6)
            & (measured["test_accuracy"] > settled - 1e-6)
        ),
        measures={
            "norm": runs.weight_norm,
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
        },
        final={"last_accuracy": sim.measures.test_accuracy},
        record_steps=sim.log_spaced_steps(
            num_steps, per_decade=40, max_gap=max(1, num_steps // 140)
        ),
    )


def large_runs(bench: Bench) -> xr.Dataset:
    """Runs from the large initialization."""
    reader = reader_of(bench)
    return free_runs(
        bench, reader, name="images-large", scale=LARGE, weight_decays=reader.weight_decays
    )


def reduced_losses(bench: Bench) -> xr.Dataset:
    """Reduced losses and test error of the same networks on the same images."""
    reader = reader_of(bench)
    ordinary = runs.ordinary_norm(reader.sizes)
    return runs.ladder_of_norms(
        bench,
        "images-on-spheres",
        init=reader.init,
        task=reader.task,
        loss=sim.squared_error,
        norms=[
            scale * ordinary
            for scale in bench.pick(
                quick=(1.0, 2.0, 3.0, 4.0, 6.0), full=(0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
            )
        ],
        num_steps=bench.pick(quick=1500, full=10_000),
        num_seeds=3,
        losses={"test_error": runs.test_error},
        train_name="images",
        batch_size=None if reader.batch_size is None else 100,
    )


def crossings(
    found: xr.Dataset, *, generalizes: float = GENERALIZES
) -> tuple[Float[np.ndarray, "decays seeds"], Float[np.ndarray, "decays seeds"]]:
    """Steps at which the train and the test accuracy reach their thresholds.

    A run that is never seen to get there counts with its last step, which is less than the truth.
    """
    steps, last = found["step"].values, found.attrs["num_steps"]
    fit, grok = (
        # Accuracies are single-precision numbers, and may be a little less than a threshold.
        sim.detectors.crossing_time(steps, found[name].values, threshold - 1e-6)
        for name, threshold in (("train_accuracy", FITTED), ("test_accuracy", generalizes))
    )
    return np.minimum(fit.times, last), np.minimum(grok.times, last)


def log_delays(
    found: xr.Dataset, *, generalizes: float = GENERALIZES
) -> Float[np.ndarray, "decays seeds"]:
    """Log of the generalization step over the fit step."""
    fit, grok = crossings(found, generalizes=generalizes)
    return np.log(np.maximum(grok, 1) / np.maximum(fit, 1))


@paper.claim(
    "image-grokking",
    statement="Networks that read digits grok when they are initialized with large weights, and "
    "generalize as they fit when they are not.",
    source="[liu2022omnigrok, Fig. 3]",
    memory_gib=(1.0, 4.0),
)
def image_grokking(bench: Bench) -> tuple[Evidence, ...]:
    """Train ReLU networks on 200 digits of scikit-learn (quick) or 1000 of MNIST (full).

    From eight times the ordinary weights at the weakest decay, and from the ordinary weights. The
    fit step has a train accuracy of 95 %, the generalization step a test accuracy of 80 %. Grokking
    means a gap of three fit times or more, which takes a weak decay: at 0.3 it is 2.3 of them.
    """
    reader = reader_of(bench)
    weakest = reader.weight_decays[0]
    large = large_runs(bench).sel(weight_decay=[weakest])
    ordinary = free_runs(
        bench,
        reader,
        name="images-ordinary",
        scale=1.0,
        weight_decays=(weakest,),
        num_steps=bench.pick(quick=400, full=4000),
    )
    first = large.isel(weight_decay=0, seed=0)
    kept = np.isfinite(first["norm"].values) & (first["step"].values > 0)
    panel = Panel(
        "step",
        "accuracy",
        tuple(
            Series(
                part,
                first["step"].values[kept],
                first[f"{part}_accuracy"].values[kept],
                style="line",
            )
            for part in ("train", "test")
        ),
        x_scale="log",
    )
    return (
        Evidence(
            quantity=r"$\ln$(generalization step / fit step) from eight times the weights",
            form=Form.ORDERING,
            prediction=Prediction.at_least(GROKS, label="groks"),
            measurement=Samples(log_delays(large)[0]),
            rivals=(Prediction(0.0, 0.5, label="generalizes as it fits"),),
            panel=panel,
        ),
        Evidence(
            quantity="test accuracy at the end, from eight times the weights",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(0.85, label="generalizes in the end"),
            measurement=Samples(large["last_accuracy"].values[0]),
            rivals=(Prediction.at_most(0.5, label="memorizes for good"),),
        ),
        Evidence(
            quantity=r"$\ln$(generalization step / fit step) from ordinary weights",
            form=Form.ORDERING,
            prediction=Prediction.at_most(0.7, label="no grokking"),
            measurement=Samples(log_delays(ordinary)[0]),
            rivals=(Prediction.at_least(GROKS, label="groks from any weights"),),
        ),
    )


@paper.claim(
    "landscape-time",
    statement="The norm at which networks on a sphere begin to generalize predicts when free "
    "networks do: n = ln(w_0 / w_c) / (eta gamma).",
    source="[liu2022omnigrok, Secs. 2, 4]",
    memory_gib=(1.0, 4.0),
)
def landscape_time(bench: Bench) -> Evidence:
    r"""Read $w_c$ off networks of constant norm, where their test error comes down to 20 %, and
    wait for free networks to have the same error.

    Nothing of the free runs enters the prediction but their initial norm. They are expected to
    lag: the weights do not follow the norm at once, the less so the stronger the decay.
    """
    found, reduced = large_runs(bench), reduced_losses(bench)
    decays = found["weight_decay"].values
    fits, steps = crossings(found)
    starts = found["norm"].isel(step=0).values
    seeds = range(found.sizes["seed"])
    shapes = [runs.landscape_of(reduced, seed, test="test_error") for seed in seeds]
    predicted = np.array(
        [
            [
                shapes[seed].grokking_steps(
                    float(starts[i, seed]),
                    threshold=1 - GENERALIZES,
                    learning_rate=LEARNING_RATE,
                    weight_decay=float(decay),
                )
                for seed in seeds
            ]
            for i, decay in enumerate(decays)
        ]
    )
    to_ordinary = np.log(starts / runs.ordinary_norm(reader_of(bench).sizes)) / LEARNING_RATE
    ordinary = to_ordinary / decays[:, None]
    norms = reduced["norm"].values
    panel = Panel(
        r"norm $w$",
        "reduced test error",
        (
            Series(
                "on spheres",
                norms,
                reduced["test_error"].sel(reading="last").mean("seed").values,
                style="line",
            ),
            Series(
                "free runs when they generalize",
                (starts * (1 - LEARNING_RATE * decays[:, None]) ** steps).mean(axis=1),
                np.full(len(decays), 1 - GENERALIZES),
            ),
        ),
        x_scale="log",
    )
    return Evidence(
        quantity="generalization step / predicted step",
        form=Form.CURVE,
        control=Axis(r"weight decay $\gamma$", tuple(decays), scale="log"),
        prediction=Prediction(
            np.ones(len(decays)), (0.4, 0.6), label=r"$\ln(w_0/w_c)/(\eta\gamma)$"
        ),
        measurement=Samples((steps / predicted).T),
        rivals=(
            Prediction(
                (ordinary / predicted).mean(axis=1), 0.4, label=r"$w_c$ = ordinary initialization"
            ),
            Prediction((fits / predicted).mean(axis=1), 0.2, label="as it fits"),
        ),
        panel=panel,
    )


def data_sizes(bench: Bench) -> tuple[tuple[int, ...], int, int]:
    """Numbers of train images, one that is too small, and the steps to train for."""
    return bench.pick(
        quick=((50, 100, 200, 500), 10, 3000), full=((100, 200, 500, 1000), 10, 10_000)
    )


def run_of_size(bench: Bench, num_train: int, *, num_steps: int) -> xr.Dataset:
    """Runs on a number of images at weight decay one."""
    return free_runs(
        bench,
        reader_of(bench, num_train=num_train),
        name=f"images-{num_train}",
        scale=LARGE,
        weight_decays=(1.0,),
        settled=ENOUGH,
        num_steps=num_steps,
    )


@paper.claim(
    "data-degroks",
    statement="More data shorten the delay until there is none; too few never generalize.",
    source="[liu2022omnigrok, Fig. 3e]",
    memory_gib=(1.0, 4.0),
)
def data_degroks(bench: Bench) -> tuple[Evidence, ...]:
    """Train on more and more images from eight times the ordinary weights, at weight decay one.

    Generalizing means a test accuracy of 70 % here, which fifty digits allow and ten do not
    (twenty come near it).
    """
    sizes, too_few, num_steps = data_sizes(bench)
    times = np.array(
        [
            crossings(run_of_size(bench, size, num_steps=num_steps), generalizes=ENOUGH)
            for size in sizes
        ]
    )[:, :, 0]
    few = run_of_size(bench, too_few, num_steps=num_steps)
    delays = np.log(times[:, 1] / times[:, 0]).T
    best = few["test_accuracy"].max("step").values[0]
    panel = Panel(
        "number of train images",
        "step",
        tuple(
            Series(
                label,
                np.array(sizes),
                times[:, index].mean(axis=1),
                times[:, index].std(axis=1, ddof=1) / math.sqrt(times.shape[2]),
            )
            for index, label in enumerate(("fits", "generalizes"))
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity=r"change of $\ln$(generalization step / fit step) with more images",
            form=Form.ORDERING,
            control=Axis(
                "images", tuple(f"{a} to {b}" for a, b in zip(sizes, sizes[1:], strict=False))
            ),
            prediction=Prediction.at_most(np.zeros(len(sizes) - 1), label="more data degrok"),
            measurement=Samples(np.diff(delays, axis=1)),
            rivals=(Prediction(np.zeros(len(sizes) - 1), 0.1, label="data do not matter"),),
            panel=panel,
        ),
        Evidence(
            quantity=f"best test accuracy with {too_few} images",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(ENOUGH, label="never generalizes"),
            measurement=Samples(best),
            rivals=(Prediction.at_least(0.75, label="any number is enough"),),
        ),
    )

"""A Bayesian network that learns a hidden parity: first the error falls, then the complexity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

SCALES = (0.1, 1.0, 5.0)  # standard deviation of the mean weights at first
THRESHOLD = 0.95  # of both accuracies
LEARNING_RATE, BATCH_SIZE = 0.1, 32


def train_networks(bench: Bench) -> xr.Dataset:
    """Train mean-field networks from mean weights of three sizes."""
    num_spurious, num_train, width, num_steps = bench.pick(
        quick=(9, 300, 100, 9000), full=(27, 600, 200, 40_000)
    )
    spec = sim.tasks.HiddenParity(num_spurious=num_spurious, num_train=num_train, num_test=200)

    def init(key: jax.Array, mean_scale: Any) -> sim.models.MeanFieldMLP:
        sizes = (spec.dimension, width, 2)
        return sim.models.MeanFieldMLP.init(sizes, mean_scale=mean_scale, key=key)

    return bench.train(
        "networks",
        init=init,
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(LEARNING_RATE),
        loss=sim.models.variational_cross_entropy(num_train),
        num_steps=num_steps,
        batch_size=BATCH_SIZE,
        sweep={"mean_scale": SCALES},
        num_seeds=bench.pick(quick=4, full=10),
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
            "error": lambda model, task: sim.cross_entropy(model, task.train()),
            "complexity": lambda model, task: model.divergence() / num_train,
        },
        record_steps=sim.log_spaced_steps(num_steps, per_decade=20, max_gap=num_steps // 90),
    )


def log_waits(runs: xr.Dataset) -> Float[np.ndarray, "scales seeds"]:
    """Log of the step at which the validation accuracy gets there over that of the train one.

    Steps that are never reached count as the last one, which is less than the truth.
    """
    return np.log(_first_steps(runs, "test_accuracy") / _first_steps(runs, "train_accuracy"))


def _first_steps(runs: xr.Dataset, name: str) -> Float[np.ndarray, "scales seeds"]:
    steps = runs["step"].values
    curves = runs[name].transpose("mean_scale", "seed", "step").values
    times = sim.detectors.crossing_time(steps, curves, THRESHOLD).times
    return np.clip(times, 1.0, steps[-1])


def log_order(runs: xr.Dataset) -> Float[np.ndarray, "scales seeds"]:
    """Log of the step at which half of the complexity is gone over that of half of the error."""
    steps, halves = runs["step"].values, []
    for name in ("error", "complexity"):
        curves = runs[name].transpose("mean_scale", "seed", "step").values
        middle = (curves[..., :1] + curves[..., -1:]) / 2
        times = sim.detectors.crossing_time(steps, middle - curves, 0.0).times
        halves.append(np.clip(times, 1.0, steps[-1]))
    return np.log(halves[1] / halves[0])


@paper.claim(
    "bayesian-network",
    statement="In a Bayesian network the error falls first and the complexity later, and the wider "
    "its mean weights are drawn, the longer generalization waits.",
    source="[miller2023beyond, Sec. 2.3.2, Fig. 6]",
)
def bayesian_network(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train mean-field networks on the parity of three bits, with the local reparametrization,
    from mean weights of standard deviation 0.1, 1 and 5.

    The wait is the logarithm of the steps to validation accuracy 0.95 over those to the same train
    accuracy; for every seed it has to grow from each scale to the next.
    """
    runs = train_networks(bench)
    waits, order = log_waits(runs), log_order(runs)
    steps = runs["step"].values
    labels = tuple(f"{scale:g}" for scale in SCALES)
    panel = Panel(
        "complexity per sample",
        "cross-entropy of the train set",
        tuple(
            Series(
                f"scale {scale:g}",
                runs["complexity"].sel(mean_scale=scale).mean("seed").values,
                runs["error"].sel(mean_scale=scale).mean("seed").values + 1e-4,
                style="line",
            )
            for scale in SCALES
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity="log wait minus that of the next narrower start",
            form=Form.ORDERING,
            control=Axis("scale of the mean weights", labels[1:]),
            prediction=Prediction.at_least(np.zeros(2), label="wider waits longer"),
            measurement=Samples(np.diff(waits, axis=0).T),
            rivals=(Prediction.at_most(-0.1 * np.ones(2), label="wider waits less"),),
            note="log waits "
            + ", ".join(f"{wait:.2f}" for wait in waits.mean(axis=1))
            + f" at scales {', '.join(labels)}; {steps[-1]} steps",
            panel=panel,
        ),
        Evidence(
            quantity="log of the step of half the complexity over that of half the error",
            form=Form.ORDERING,
            control=Axis("scale of the mean weights", labels),
            prediction=Prediction.at_least(np.log(2) * np.ones(3), label="error first"),
            measurement=Samples(order.T),
            rivals=(Prediction.at_most(np.zeros(3), label="complexity first"),),
        ),
    )

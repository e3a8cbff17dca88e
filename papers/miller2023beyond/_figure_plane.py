"""Figure of four kinds of models on their ways through the plane of error and complexity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ... import simulations as sim
from ...validation.layout import drawing, letter
from . import bayesian, concealment, linear, regression
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench


class Way(NamedTuple):
    """Error and complexity of a run, and the records at which it fits and generalizes."""

    title: str
    x_label: str
    y_label: str
    complexity: np.ndarray
    error: np.ndarray
    fit: int
    generalization: int


@paper.figure(
    "plane",
    caption=(
        "From low error and high complexity to low error and low complexity: single runs of (a) "
        "linear regression with a complexity penalty, (b) Gaussian process regression from start "
        "B, which fits from the beginning, (c) a Bayesian network on a hidden parity, (d) a "
        "network on addition modulo 7 behind 20 random bits, whose norm rises. Open circle: "
        "start; square: the run fits its train set; star: it generalizes; gray to black: time. "
        "Each model has the complexity of its own objective."
    ),
)
def plane(bench: Bench) -> Figure:
    """Draw one run of every model, with the records at which it fits and generalizes."""
    ways = (_linear(bench), _process(bench), _bayesian(bench), _network(bench))
    with drawing(height=5.0, is_wide=True, rows=2, columns=2) as (figure, panels):
        for axes, way, name in zip(panels.flat, ways, "abcd", strict=True):
            error = np.maximum(way.error, 1e-6)
            shades = np.linspace(0.75, 0.0, len(error))
            axes.plot(way.complexity, error, color="0.8", lw=0.8, zorder=1)
            axes.scatter(
                way.complexity, error, c=shades, cmap="gray", vmin=0, vmax=1, s=8, zorder=2
            )
            for record, marker, label, size in (
                (0, "o", "start", 9),
                (way.fit, "s", "fits", 6),
                (way.generalization, "*", "generalizes", 11),
            ):
                axes.plot(
                    way.complexity[record],
                    error[record],
                    marker,
                    color="C3",
                    mfc="none" if marker == "o" else "C3",
                    ms=size,
                    ls="none",
                    label=label,
                )
            axes.set(yscale="log", xlabel=way.x_label, ylabel=way.y_label)
            axes.set_title(way.title)
            letter(axes, name)
        figure.legend(
            *panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3
        )
    return figure


def _first(condition: np.ndarray) -> int:
    """First record of a condition; the last one if it is never met."""
    return int(condition.argmax()) if condition.any() else len(condition) - 1


def _linear(bench: Bench) -> Way:
    epochs = np.concatenate([[0], np.unique(np.geomspace(1, 6000, 160).astype(int))])
    rng = bench.generator("line")
    while True:  # half of the draws grok
        data = linear.LineData.draw(rng)
        weights = data.loss().descent(
            np.array(linear.START), epochs, learning_rate=linear.LEARNING_RATE
        )
        train, validation = data.accuracies(weights)
        fit, generalization = _first(train == 1), _first(validation >= linear.GROKKED)
        if validation[-1] >= linear.GROKKED and epochs[generalization] > 10 * max(epochs[fit], 1):
            break
    features, targets = data.features[: linear.NUM_TRAIN], data.targets[: linear.NUM_TRAIN]
    return Way(
        "linear regression",
        r"$\sum w^2/\sigma$",
        r"train error / $\epsilon_0$",
        (weights**2).sum(axis=1) / linear.PRIOR_VARIANCE,
        ((weights @ features.T - targets) ** 2).mean(axis=1) / linear.ERROR_SCALE,
        fit,
        generalization,
    )


def _process(bench: Bench) -> Way:
    run = (
        regression.train_process(bench, "process", num_steps=400, num_seeds=2)
        .squeeze(("start", "learning_rate", "complexity_weight"))
        .isel(seed=0)
    )
    train, test = run["train_error"].values, run["test_error"].values
    return Way(
        "Gaussian process regression",
        r"$\ln\det C/2n$",
        "data fit",
        run["complexity"].values,
        run["data_fit"].values,
        _first(train < regression.FITTED),
        _first(test < regression.GENERALIZES),
    )


def _bayesian(bench: Bench) -> Way:
    run = bayesian.train_networks(bench).sel(mean_scale=1.0).isel(seed=0)
    return Way(
        "Bayesian network",
        r"$\mathrm{KL}/n$",
        "cross-entropy",
        run["complexity"].values,
        run["error"].values,
        _first(run["train_accuracy"].values >= bayesian.THRESHOLD),
        _first(run["test_accuracy"].values >= bayesian.THRESHOLD),
    )


def _network(bench: Bench) -> Way:
    num_steps = 250 * concealment.STEPS_PER_EPOCH
    run = concealment.train_network(
        bench,
        "plane-network",
        sim.tasks.ConcealedModular(num_spurious=20),
        num_steps=num_steps,
        num_seeds=1,
        measures={
            "error": lambda model, task: sim.cross_entropy(model, task.train()),
            "norm": lambda model, task: sim.measures.weight_norm(model),
        },
        record_steps=sim.log_spaced_steps(num_steps, per_decade=30, max_gap=num_steps // 60),
    ).isel(seed=0)
    return Way(
        "multilayer perceptron",
        r"$\Vert\theta\Vert^2$",
        "cross-entropy",
        run["norm"].values ** 2,
        run["error"].values,
        _first(run["train"].values > concealment.THRESHOLD),
        _first(run["test"].values > concealment.THRESHOLD),
    )

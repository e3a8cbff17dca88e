"""Figure of the learning coefficient while a network groks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...validation.layout import drawing, legend_above, letter
from . import grokking
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_SEEDS, _EVERY = 12, 4  # of the claim coefficient-drop; checkpoints between two estimates


@paper.figure(
    "coefficient-through-grokking",
    caption=(
        "A network that groks addition modulo 53: the run of the longest wait among twelve. "
        "(a) Losses on the train and the test set. (b) Accuracies. (c) Local learning coefficient "
        "at an inverse temperature of two samples, with standard errors over chains. Dotted: first "
        "checkpoints of full train accuracy and of validation accuracy 0.95."
    ),
)
def coefficient_through_grokking(bench: Bench) -> Figure:
    """Draw losses, accuracies and the coefficient of one run against the training step."""
    runs = grokking.train_runs(bench, _SEEDS)
    waits, marks = [], []
    for seed in range(_SEEDS):
        run = runs.isel(seed=seed)
        fit, end = grokking.checkpoints(run["train_accuracy"].values, run["test_accuracy"].values)
        waits.append(end - fit)
        marks.append((fit, end))
    chosen = int(np.argmax(waits))
    if waits[chosen] <= 0:
        raise ValueError(f"none of {_SEEDS} runs groks: take another seed")
    run = runs.isel(seed=chosen)
    last = run.sizes["step"] - 1
    records = [*range(0, last, bench.pick(quick=_EVERY, full=1)), last]

    def estimate() -> dict[str, np.ndarray]:
        curve = grokking.coefficients_at(bench, run, records)
        names = ("llc", "standard_error", "train_loss", "test_loss")
        return {name: curve[name].values for name in names}

    found = bench.cached("curve", estimate)
    steps = run["step"].values
    with drawing(height=4.6, rows=3, columns=1, sharex=True) as (figure, panels):
        losses, accuracies, coefficients = panels
        for name, color in (("train", "C0"), ("test", "C1")):
            losses.plot(steps[records], found[f"{name}_loss"], color=color, label=name)
            accuracies.plot(steps, run[f"{name}_accuracy"].values, color=color, label=name)
        losses.set(yscale="log", ylabel="cross-entropy")
        accuracies.set(ylabel="accuracy", ylim=(-0.03, 1.03))
        coefficients.errorbar(
            steps[records], found["llc"], found["standard_error"], fmt=".", color="C2", ms=3
        )
        coefficients.set(xlabel="training step", ylabel=r"$\hat\lambda$", ylim=(0, None))
        for axes, name in zip(panels, "abc", strict=True):
            for mark in marks[chosen]:
                axes.axvline(steps[mark], color="0.4", ls=":", lw=0.8)
            letter(axes, name)
        legend_above(losses)
    return figure

"""Figure of the grokking time as the parameters become as many as the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import linear_estimators as theory
from ...validation.layout import drawing, legend_above, letter, mean_and_error
from ._card import paper
from ._runs import LEARNING_RATE, Students, log_steps, loss_crossings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_MEASURED = (0.5, 0.75, 0.9, 0.95, 0.98)
_THRESHOLDS = (1e-3, 1e-6, 1e-12)


@paper.figure(
    "grokking-times",
    caption=(
        "(a) Grokking time against the distance to as many parameters as samples, for three "
        "thresholds; dashed, the limit of a vanishing threshold, which alone diverges; points: "
        "means over draws of gradient descent, with standard errors. (b) When the train and the "
        "test loss pass a quarter of the threshold 0.001: at a fixed threshold the test time is "
        "finite at equality, and infinite just above it, where the plateau is too high."
    ),
    options={"dimension": 1000, "draws": 20},
)
def grokking_times(bench: Bench, *, dimension: int = 1000, draws: int = 20) -> Figure:
    """Draw predicted grokking times, and measured ones on top."""
    if dimension < 50 or draws < 2:
        raise ValueError(
            f"dimension must be at least 50 and draws at least 2, got {dimension} and {draws}"
        )
    with drawing(height=3.0, is_wide=True, columns=2) as (figure, panels):
        _draw_delays(panels[0], bench, dimension, draws)
        _draw_times(panels[1])
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            legend_above(axes)
    return figure


def _draw_delays(axes: Axes, bench: Bench, dimension: int, draws: int) -> None:
    distances = np.geomspace(1e-3, 0.7, 25)
    for index, threshold in enumerate(_THRESHOLDS):
        times = [theory.grokking_times(1 - x, threshold=threshold).delay for x in distances]
        label = rf"$\epsilon = 10^{{{round(np.log10(threshold))}}}$"
        axes.plot(distances, np.array(times) / LEARNING_RATE, color=f"C{index}", label=label)
        found = [_measure(bench, ratio, threshold, dimension, draws) for ratio in _MEASURED]
        means, errors = np.transpose([mean_and_error(times) for times in found])
        axes.errorbar(1 - np.array(_MEASURED), means, errors, fmt="o", color=f"C{index}")
    limit = [theory.small_threshold_delay(1 - x) for x in distances]
    axes.plot(distances, np.array(limit) / LEARNING_RATE, "k--", lw=0.9, label=r"$\epsilon \to 0$")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"$1 - \lambda$",
        ylabel="grokking time [steps]",
        xlim=(distances[0], distances[-1]),
    )


def _measure(
    bench: Bench, ratio: float, threshold: float, dimension: int, draws: int
) -> np.ndarray:
    expected = theory.grokking_times(ratio, threshold=threshold).generalization / LEARNING_RATE
    students = Students(
        name=f"delays {threshold:g}",
        dimension=dimension,
        aspect_ratio=ratio,
        steps=log_steps(10, 20 * expected, 200),
        num_draws=draws,
    )
    runs = students.train(bench)
    train, test = (
        loss_crossings(students.steps, runs[name], threshold / 4)
        for name in ("train_loss", "test_loss")
    )
    return test - train


def _draw_times(axes: Axes) -> None:
    ratios = np.concatenate([np.linspace(0.02, 0.98, 30), np.linspace(0.982, 1.0, 10)])
    times = [theory.grokking_times(ratio, threshold=1e-3) for ratio in ratios]
    above = np.linspace(1.0, 1.6, 20)
    trained = [theory.grokking_times(ratio, threshold=1e-3).train for ratio in above]
    axes.plot(
        np.concatenate([ratios, above]),
        np.array([*(time.train for time in times), *trained]) / LEARNING_RATE,
        color="C0",
        label="train",
    )
    tests = np.array([time.generalization for time in times]) / LEARNING_RATE
    axes.plot(ratios, tests, color="C3", label="test")
    axes.axvspan(1.0, 1.6, color="0.9", lw=0, label="test: never")
    axes.set(yscale="log", xlabel=r"aspect ratio $\lambda$", ylabel="steps", xlim=(0, 1.6))

"""Figure of the right number of samples: between a feature learner's need and its kernel's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import lazy_rich
from ...validation.layout import drawing, letter
from ._card import paper
from ._figure_data import GROKKED, single_index, target_form, trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SCALE = 0.4


@paper.figure(
    "goldilocks",
    caption=(
        "One wide committee at output scale 0.4 against the number of train samples P. (a) Test "
        "error before training, at the end of lazy training (learning curve of the initial "
        "kernel, zero from D(D+3)/2 samples on) and at the end of training (closed dynamics; "
        "median and range over train sets). (b) Steps until train and test error have fallen to a "
        "fifth, where all train sets get there. Uprights: D, and the D^2 / 2 eps^2 samples from "
        "which the kernel learns quadratic modes; grokking lies between."
    ),
    options={"dimension": 20, "curvature": 0.5},
)
def goldilocks(bench: Bench, *, dimension: int = 20, curvature: float = 0.5) -> Figure:
    """Draw errors and the times of memorization and generalization against the train set size."""
    low, high = lazy_rich.learnable_samples(dimension, curvature=curvature)
    sizes = np.unique(np.geomspace(dimension / 2, 1.5 * high, 12).round().astype(int))
    draws = bench.pick(quick=5, full=15)

    def measure() -> dict[str, np.ndarray]:
        return _measure(bench, dimension, curvature, sizes, draws)

    numbers = bench.cached("goldilocks", measure)
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        _draw_errors(panels[0], numbers, sizes, dimension, curvature)
        _draw_times(panels[1], numbers, sizes)
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            for value, text in ((low, "$D$"), (high, r"$D^2/2\epsilon^2$")):
                axes.axvline(value, color="0.4", ls=":", lw=0.9)
                axes.annotate(
                    text,
                    (value, 1),
                    (0, 2),
                    xycoords=("data", "axes fraction"),
                    textcoords="offset points",
                    ha="center",
                )
            axes.set(xscale="log", xlabel="train samples $P$")
        handles = [axes.get_legend_handles_labels() for axes in panels]
        lines, names = (sum(parts, []) for parts in zip(*handles, strict=True))
        figure.legend(lines, names, loc="outside upper center", ncols=len(names))
    return figure


def _draw_errors(
    axes: Axes, numbers: dict[str, np.ndarray], sizes: np.ndarray, dimension: int, curvature: float
) -> None:
    target = target_form(dimension)
    fine = np.geomspace(sizes[0], sizes[-1], 300)
    axes.axhline(
        sum(lazy_rich.target_powers(target)), color="0.4", ls="--", label="before training"
    )
    lazy = lazy_rich.average_plateau(target, fine, curvature=curvature)
    axes.plot(fine, lazy, color="C0", label="lazy")
    _draw_range(axes, sizes, numbers["final"], color="C1", marker="o", label="final")
    axes.set(ylabel="test error", yscale="log", ylim=(3e-3, 3))


def _draw_times(axes: Axes, numbers: dict[str, np.ndarray], sizes: np.ndarray) -> None:
    _draw_range(axes, sizes, numbers["memorized"], color="black", marker="s", label="memorized")
    # Where some train sets never lead to generalization there is no median to show.
    has_all = np.isfinite(numbers["generalized"]).all(axis=1)
    generalized = numbers["generalized"][has_all]
    _draw_range(axes, sizes[has_all], generalized, color="C2", marker="D", label="generalized")
    axes.set(ylabel="steps", yscale="log")


def _draw_range(
    axes: Axes, sizes: np.ndarray, values: np.ndarray, *, color: str, marker: str, label: str
) -> None:
    middle = np.median(values, axis=1)
    below, above = middle - values.min(axis=1), values.max(axis=1) - middle
    axes.errorbar(sizes, middle, (below, above), fmt=f"{marker}-", color=color, lw=0.9, label=label)


def _measure(
    bench: Bench, dimension: int, curvature: float, sizes: np.ndarray, draws: int
) -> dict[str, np.ndarray]:
    """Final test errors, and steps to memorize and to generalize (NaN: never), [size, draw]."""
    rng = bench.generator("goldilocks")
    target = target_form(dimension)
    steps = np.append(0, np.geomspace(1, 1e5, 250))
    found = np.full((3, len(sizes), draws), np.nan)
    for row, size in enumerate(sizes.tolist()):
        bench.progress(row / len(sizes), "closed dynamics")
        for draw in range(draws):
            inputs = single_index(rng, size, dimension)
            flow = trajectory(inputs, steps, scale=_SCALE, curvature=curvature)
            test = lazy_rich.loss_terms(
                flow.linear, flow.quadratic, target, curvature=curvature
            ).total
            found[0, row, draw] = test[-1]
            for index, error in enumerate((flow.train_loss, test), start=1):
                is_low = error < GROKKED * error[0]
                if is_low.any():
                    found[index, row, draw] = steps[np.argmax(is_low)]
    return dict(zip(("final", "memorized", "generalized"), found, strict=True))

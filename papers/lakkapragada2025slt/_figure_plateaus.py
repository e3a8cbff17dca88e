"""Figure of the plateaus of a toy model of superposition, with the polygons found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import singular
from ...validation.layout import drawing
from . import training
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_RUNS = 4


@paper.figure(
    "plateau-ladder",
    caption=(
        "Losses of toy models of superposition, eight features in two dimensions, trained from "
        "noisy digons: runs that end on different levels, those with the most steps on their way. "
        "Lines: levels of regular polygons of $k$ features without error, the others dead; a "
        "feature of constant output lowers them (dotted, where a run rests there). Inserts: "
        "columns of the weights at the end, in color where the feature is reproduced."
    ),
)
def plateau_ladder(bench: Bench) -> Figure:
    """Draw descents over the levels of the theory."""
    runs = training.train_superposition(bench)
    steps = runs["step"].values
    losses, active, constant = (
        runs[name].transpose("seed", "step").values for name in training.NAMES
    )
    visited = [training.visited(*rows) for rows in zip(losses, active, constant, strict=True)]
    chosen = _different_ends(visited)
    with drawing(height=3.6, is_wide=True) as (figure, axes):
        axes.set(
            xlabel="training step",
            ylabel="loss",
            xscale="log",
            xlim=(steps[1], steps[-1] * 3),
            ylim=(-0.002, 0.13),
        )
        for sides, level in zip(
            range(2, training.FEATURES + 1), singular.plateaus(training.FEATURES), strict=True
        ):
            axes.axhline(level, color="0.8", lw=0.8, zorder=0)
            axes.annotate(
                f"$k = {sides}$",
                (1.0, level),
                (4, 0),
                ("axes fraction", "data"),
                "offset points",
                va="center",
            )
        for index, seed in enumerate(chosen):
            axes.plot(steps[1:], losses[seed, 1:], color=f"C{index}")
            for (_, flat), stretch in visited[seed].items():
                if flat:
                    middle = training.middle_of(stretch)
                    level = training.level_of(active[seed, middle], constant[seed, middle])
                    ends = steps[[stretch.start, stretch.stop - 1]]
                    axes.plot(ends, [level, level], ":", color="k", lw=1.5, zorder=3)
            (last,) = training.snapshots_at(runs.isel(seed=seed), [-1]).values()
            is_active = np.asarray(training.own_outputs(last)) > training.ACTIVE
            # Beside each other where two ends are close.
            shift = 0.08 * (index % 2)
            place = (0.84 + shift, (losses[seed, -1] + 0.002) / 0.132 - 0.06, 0.08, 0.12)
            _insert(axes.inset_axes(place), np.asarray(last.weights), is_active, color=f"C{index}")
    return figure


def _different_ends(visited: list[dict[tuple[int, int], slice]]) -> list[int]:
    """Runs with the most levels, of all different ends; the highest end first."""
    best: dict[tuple[int, int], int] = {}
    for seed, levels in enumerate(visited):
        if not levels:
            continue
        end = list(levels)[-1]
        if end not in best or len(levels) > len(visited[best[end]]):
            best[end] = seed
    ends = sorted(best, key=lambda end: len(visited[best[end]]), reverse=True)[:_RUNS]
    return [best[end] for end in sorted(ends)]


def _insert(inset: Axes, weights: np.ndarray, is_active: np.ndarray, *, color: str) -> None:
    """Columns of weights, in color where the feature is reproduced."""
    for column, lives in zip(weights.T, is_active, strict=True):
        shade, width = (color, 1.0) if lives else ("0.6", 0.6)
        inset.plot([0, column[0]], [0, column[1]], color=shade, lw=width)
    inset.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    inset.axis("off")

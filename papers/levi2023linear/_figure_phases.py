"""Phase diagrams of the grokking time from the formulas, with trained students on top."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...theory import linear_estimators as theory
from ...validation.layout import drawing, letter
from ._card import paper
from ._runs import LEARNING_RATE, THRESHOLD, Students, delays, log_steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_ACCURACY = 0.95
_DECAYS = np.geomspace(1e-5, 0.1, 25)
_OUTPUTS = np.unique(np.geomspace(1, 300, 25).round().astype(int))
_RATIOS = np.linspace(0.1, 0.95, 25)
_DRAWS = 5
_LABELS = {
    "decay": r"weight decay $\gamma$",
    "outputs": "outputs $m$",
    "ratio": r"aspect ratio $\lambda$",
}
_PANELS = (("decay", "outputs"), ("decay", "ratio"), ("outputs", "ratio"))
_CELLS = {"decay": (3e-5, 3e-4, 3e-3), "outputs": (2, 12, 80), "ratio": (0.3, 0.6, 0.9)}
_FIXED = {"decay": 0.0, "outputs": 1, "ratio": 0.9}


@paper.figure(
    "phase-diagrams",
    caption=(
        "Grokking time in steps at accuracy 0.95 and threshold 0.001, from the formulas. Gray: the "
        "test accuracy is never reached, as weight decay leaves too large a loss. Circles: trained "
        "students, the mean delay over five draws on the same scale, gray if a draw never got "
        "there. Where a panel does not say otherwise: no weight decay, one output, nine tenths as "
        "many parameters as samples."
    ),
    options={"dimension": 200},
)
def phase_diagrams(bench: Bench, *, dimension: int = 200) -> Figure:
    """Draw the three diagrams in weight decay, number of outputs and aspect ratio."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    if not 100 <= dimension <= 2000:
        raise ValueError(f"dimension must lie in [100, 2000], got {dimension}")
    colors = ScalarMappable(LogNorm(10, 1e5), colormaps["viridis"].with_extremes(bad="0.75"))
    values = {"decay": _DECAYS, "outputs": _OUTPUTS, "ratio": _RATIOS}
    with drawing(height=2.5, is_wide=True, columns=3) as (figure, panels):
        for axes, (x, y), name in zip(panels, _PANELS, "abc", strict=True):
            times = bench.cached(f"{x} {y}", _table(x, y, values[x], values[y], dimension))
            axes.set_facecolor("0.75")
            shown = np.ma.masked_invalid(np.maximum(times["delay"], 1.0))
            axes.pcolormesh(
                values[x],
                values[y],
                shown,
                norm=colors.norm,
                cmap=colors.cmap,
                shading="nearest",
                rasterized=True,
            )
            cells = list(itertools.product(_CELLS[x], _CELLS[y]))
            measured = np.array(
                [_measure(bench, {x: a, y: b}, dimension) for a, b in cells], np.float64
            )
            axes.scatter(
                *np.transpose(cells),
                c=np.ma.masked_invalid(measured),
                norm=colors.norm,
                cmap=colors.cmap,
                s=40,
                edgecolors="black",
                linewidths=0.8,
                plotnonfinite=True,
            )
            axes.set(
                xlabel=_LABELS[x],
                ylabel=_LABELS[y],
                xscale="log",
                yscale="linear" if y == "ratio" else "log",
                xlim=(values[x][0], values[x][-1]),
                ylim=(values[y][0], values[y][-1]),
            )
            letter(axes, name)
        figure.colorbar(colors, ax=panels, label="grokking time [steps]", pad=0.01, extend="both")
    return figure


def _table(
    x: str, y: str, columns: np.ndarray, rows: np.ndarray, dimension: int
) -> Callable[[], dict[str, np.ndarray]]:
    def compute() -> dict[str, np.ndarray]:
        delay = [[_predict({x: a, y: b}, dimension).delay for a in columns] for b in rows]
        return {"delay": np.array(delay) / LEARNING_RATE}

    return compute


def _predict(setting: Mapping[str, Any], dimension: int) -> theory.GrokkingTimes:
    chosen = {**_FIXED, **setting}
    return theory.grokking_times(
        float(chosen["ratio"]),
        threshold=THRESHOLD,
        accuracy=_ACCURACY,
        num_outputs=int(chosen["outputs"]),
        weight_decay=float(chosen["decay"]),
        num_inputs=dimension,
    )


def _measure(bench: Bench, setting: Mapping[str, Any], dimension: int) -> float:
    """Mean delay; NaN if the test accuracy is not reached in every draw."""
    chosen = {**_FIXED, **setting}
    expected = _predict(setting, dimension)
    end = expected.generalization if np.isfinite(expected.generalization) else 10 * expected.train
    students = Students(
        name="cells",
        dimension=dimension,
        aspect_ratio=float(chosen["ratio"]),
        steps=log_steps(10, 10 * max(end, 1.0) / LEARNING_RATE, 40),
        num_draws=_DRAWS,
        num_outputs=int(chosen["outputs"]),
        weight_decay=float(chosen["decay"]),
        threshold=THRESHOLD,
        num_test=500,
    )
    found = delays(students.steps, students.train(bench), _ACCURACY)
    return float(found.mean()) if np.all(np.isfinite(found)) else np.nan

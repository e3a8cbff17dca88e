"""Phase diagrams in the house style: cells by phase, and when they generalized."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from .evidence import Series
from .figures import DASHES
from .layout import drawing, letter

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#009E73", "#E69F00", "#56B4E9", "#D9D9D9", "#CC79A7", "#0072B2")
_LOG_SPAN = 20.0
_NEVER = -1


def draw_phase_diagram(
    diagram: xr.Dataset,
    *,
    boundaries: Sequence[Series] = (),
    labels: Mapping[str, str] | None = None,
    seed: int = 0,
    height: float = 3.0,
) -> Figure:
    r"""Draw the phase of every cell, and beside it the step at which it generalized.

    Cells that were filled in between others that agree carry a dot, cells that diverged a cross.
    In the second panel hatched cells are censored: they did not generalize within the horizon.

    Parameters
    ----------
    diagram
        Over two axes and perhaps `seed`, with integer `phase` (its attribute `flag_meanings` names
        the phases) and `generalization_step`, -1 for never; `is_trained` and `diverged_at` are
        drawn if they are there.
    boundaries
        What theory says, over both panels: `x` and `y` in the units of the axes.
    labels
        Labels of the axes by name; the names themselves by default.
    seed
        Which seed is shown.
    height
        Of the figure, in inch.

    Raises
    ------
    ValueError
        If the diagram lacks a variable, has not two axes, or has no such seed.
    """
    for name in ("phase", "generalization_step"):
        if name not in diagram:
            raise ValueError(
                f"diagram must have {name!r}, got {sorted(map(str, diagram.data_vars))}"
            )
    seeds = diagram.sizes.get("seed", 1)
    if not 0 <= seed < seeds:
        raise ValueError(f"seed must lie in [0, {seeds}), got {seed}")
    cells = diagram.isel(seed=seed) if "seed" in diagram.dims else diagram
    if len(cells["phase"].dims) != 2:
        raise ValueError(
            f"diagram must have two axes beside 'seed', got {list(map(str, cells['phase'].dims))}"
        )
    vertical, horizontal = map(str, cells["phase"].dims)
    x, y = (np.asarray(cells[name].values, dtype=np.float64) for name in (horizontal, vertical))
    phase = cells["phase"].values
    names = str(diagram["phase"].attrs.get("flag_meanings", "")).split()
    never = np.full(phase.shape, _NEVER)
    step, diverged = cells["generalization_step"].values, cells.get("diverged_at", never)
    is_filled = np.zeros(phase.shape, dtype=bool)
    if "is_trained" in cells:
        is_filled = ~cells["is_trained"].values.astype(bool)
    labels = dict(labels or {})
    with drawing(height=height, is_wide=True, columns=2, sharey=True) as (figure, panels):
        _draw_phases(panels[0], x, y, phase, names)
        steps = _draw_steps(panels[1], x, y, np.where(is_filled | (step < 0), np.nan, step))
        if steps is not None:
            figure.colorbar(steps, ax=panels[1], label="step of generalization")
        # A cell that was filled in is censored if the phase it was given never generalizes.
        is_late = (step == _NEVER) & ~(is_filled & np.isin(phase, phase[step > _NEVER]))
        _hatch(panels[1], x, y, is_late)
        for axes, name in zip(panels, "ab", strict=True):
            _mark(axes, x, y, is_filled, marker=".", ms=1.8, color="0.25", label="filled in")
            _mark(axes, x, y, np.asarray(diverged) > _NEVER, marker="x", ms=3, color="k",
                  label="diverged")  # fmt: skip
            for index, series in enumerate(boundaries):
                _draw_boundary(axes, series, index)
            axes.set(
                xscale=_scale(x),
                yscale=_scale(y),
                xlim=_edges(x)[[0, -1]],
                ylim=_edges(y)[[0, -1]],
                xlabel=labels.get(horizontal, horizontal.replace("_", " ")),
            )
            letter(axes, name)
        panels[0].set_ylabel(labels.get(vertical, vertical.replace("_", " ")))
        handles, texts = panels[0].get_legend_handles_labels()
        hatched, censored = panels[1].get_legend_handles_labels()
        extra = [i for i, text in enumerate(censored) if text not in texts]
        figure.legend(
            [*handles, *(hatched[i] for i in extra)],
            [*texts, *(censored[i] for i in extra)],
            loc="outside upper center",
            ncols=4,
        )
        figure.draw_without_rendering()
    return figure


def _draw_phases(
    axes: Axes,
    x: Float[np.ndarray, " columns"],
    y: Float[np.ndarray, " rows"],
    phase: Int[np.ndarray, "rows columns"],
    names: Sequence[str],
) -> None:
    from matplotlib.colors import ListedColormap

    axes.pcolormesh(
        _edges(x),
        _edges(y),
        phase,
        cmap=ListedColormap(list(COLORS)),
        vmin=-0.5,
        vmax=len(COLORS) - 0.5,
        rasterized=True,
    )
    for index in np.unique(phase):
        name = names[index] if index < len(names) else f"phase {index}"
        label = f"{name} ({np.mean(phase == index):.0%})"
        axes.fill_between([], [], color=COLORS[index], lw=0, label=label)


def _draw_steps(
    axes: Axes, x: np.ndarray, y: np.ndarray, step: Float[np.ndarray, "rows columns"]
) -> Any:
    from matplotlib.colors import LogNorm

    if not np.any(step > 0):
        return None
    lowest, highest = np.nanmin(np.maximum(step, 1)), np.nanmax(step)
    norm = LogNorm(lowest, max(highest, 1.01 * lowest))
    return axes.pcolormesh(
        _edges(x), _edges(y), np.maximum(step, 1), norm=norm, cmap="viridis", rasterized=True
    )


def _hatch(axes: Axes, x: np.ndarray, y: np.ndarray, chosen: Bool[np.ndarray, "r c"]) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    right, top = _edges(x).tolist(), _edges(y).tolist()
    cells = [
        Rectangle((right[j], top[i]), right[j + 1] - right[j], top[i + 1] - top[i])
        for i, j in np.argwhere(chosen).tolist()
    ]
    style: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "0.6", "hatch": "////", "lw": 0}
    if cells:
        axes.add_collection(PatchCollection(cells, match_original=False, **style))
        axes.fill_between([], [], label="censored", **style)


def _mark(axes: Axes, x: np.ndarray, y: np.ndarray, chosen: np.ndarray, **style: Any) -> None:
    rows, columns = np.nonzero(chosen)
    if len(rows):
        axes.plot(x[columns], y[rows], ls="", **style)


def _draw_boundary(axes: Axes, series: Series, index: int) -> None:
    if series.style == "points":
        axes.errorbar(
            series.x, series.y, series.error, fmt="o", color="k", mfc="w", label=series.label
        )
        return
    dashes = "-" if series.style == "line" else DASHES[index % len(DASHES)]
    axes.plot(series.x, series.y, ls=dashes, color="k", lw=1.4, label=series.label)


def _scale(values: Float[np.ndarray, " values"]) -> str:
    is_log = values[0] > 0 and values[-1] > _LOG_SPAN * values[0]
    return "log" if is_log else "linear"


def _edges(values: Float[np.ndarray, " values"]) -> Float[np.ndarray, " edges"]:
    """Borders of the cells around values, halfway between them on their scale."""
    points = np.log(values) if _scale(values) == "log" else values
    middle = (points[1:] + points[:-1]) / 2
    edges = np.concatenate([[2 * points[0] - middle[0]], middle, [2 * points[-1] - middle[-1]]])
    return np.exp(edges) if _scale(values) == "log" else edges

r"""Arrhenius plots: logarithms of times against one over temperature.

$$\ln\tau = \frac{\Delta E}\theta-\ln\nu$$

A barrier of energy is a straight line whose slope is its height; a delay that is all entropy bends
down to no slope at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .evidence import Panel, Series
from .figures import draw_panel
from .layout import drawing, letter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_arrhenius(
    panels: Mapping[str, Sequence[Series]], *, unit: str = "", height: float = 2.9
) -> Figure:
    r"""Draw times over temperatures, side by side, each panel as an Arrhenius plot.

    Parameters
    ----------
    panels
        By title, one or two of them: series with temperatures as `x` and times as `y`. Put the
        points of a simulation first and its theory (`line`, then `dashed`) after it: they share a
        color.
    unit
        Unit of time.
    height
        Of the figure, in inch.

    Raises
    ------
    ValueError
        For no panel or more than two, a panel without series, or temperatures or times that are
        not positive.
    """
    if not 1 <= len(panels) <= 2:
        raise ValueError(f"panels must be one or two, got {len(panels)}")
    for title, series in panels.items():
        if not series:
            raise ValueError(f"panel {title!r} has nothing to draw")
        for item in series:
            if not (np.all(item.x > 0) and np.all(item.y > 0)):
                raise ValueError(
                    f"temperatures and times must be positive, got others in {item.label!r}"
                )
    is_pair = len(panels) == 2
    with drawing(height=height, is_wide=is_pair, columns=len(panels), squeeze=False) as (
        figure,
        grid,
    ):
        for axes, name, (title, series) in zip(grid[0], "ab", panels.items(), strict=False):
            inverted = tuple(
                Series(item.label, 1 / item.x, item.y, item.error, item.style) for item in series
            )
            time = f"time [{unit}]" if unit else "time"
            draw_panel(Panel(r"$1/\theta$", time, inverted, y_scale="log"), axes)
            _legend(axes, inverted)
            # The legend takes the place of the title, which becomes a label inside.
            axes.annotate(
                title, (0.03, 0.97), xycoords="axes fraction", ha="left", va="top", fontsize=8
            )
            if is_pair:
                letter(axes, name)
        figure.draw_without_rendering()
    return figure


def _legend(axes: Axes, series: Sequence[Series]) -> None:
    """Put the legend above, in the order of the series: the points of a group over its lines."""
    found = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = [item.label for item in series]
    axes.legend(
        [found[label] for label in labels],
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.02),
        ncols=1 if len(labels) <= 3 else 2,
    )

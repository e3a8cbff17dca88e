"""Axes in the house style, and where letters and legends go so that they hide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from .figures import COLUMN_WIDTH, PAGE_WIDTH, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@contextmanager
def drawing(
    *, height: float, is_wide: bool = False, rows: int = 1, columns: int = 1, **settings: Any
) -> Iterator[tuple[Any, Any]]:
    """Open a figure and its axes in the house style, one journal column or the page wide.

    The height is in inch; the settings go to `matplotlib.figure.Figure.subplots`.
    """
    from matplotlib.figure import Figure

    width = PAGE_WIDTH if is_wide else COLUMN_WIDTH
    with house_style():
        figure = Figure(figsize=(width, height))
        yield figure, figure.subplots(rows, columns, **settings)


def legend_above(axes: Axes, *, columns: int = 2) -> None:
    """Put the legend above the axes."""
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=columns)


def letter(axes: Axes, name: str) -> None:
    """Name a panel in its upper left corner, outside."""
    axes.annotate(
        f"({name})", (0, 1), (-4, 4), "axes fraction", "offset points", ha="right", va="bottom"
    )


def mean_and_error(samples: Float[np.ndarray, " samples"]) -> tuple[float, float]:
    """Mean, and its standard error."""
    return float(samples.mean()), float(samples.std(ddof=1) / np.sqrt(len(samples)))

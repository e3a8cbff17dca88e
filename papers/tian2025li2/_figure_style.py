"""Column widths of the figures, and axes in the house style."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ... import validation as val

SINGLE_COLUMN = 3.4
DOUBLE_COLUMN = 7.0


@contextmanager
def drawing(
    width: float, *, height: float, rows: int = 1, columns: int = 1, **settings: Any
) -> Iterator[tuple[Any, Any]]:
    """Open a figure and its axes in the house style; sizes in inches.

    The settings go to `matplotlib.figure.Figure.subplots`.
    """
    from matplotlib.figure import Figure

    with val.house_style():
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(rows, columns, **settings)

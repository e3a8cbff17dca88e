"""Which cells of a map must be computed: a coarse grid, and ever finer ones where it changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

UNKNOWN = -1
_WIDEST_GAP = 4  # an island of a phase can be missed only if it is narrower
_FEWEST_GAPS = 3

Box = tuple[int, int, int, int]


def wanted_cells(known: Int[np.ndarray, "rows columns"]) -> list[tuple[int, int]]:
    """Return the cells to compute next, none if every box of the map agrees or is known.

    Parameters
    ----------
    known
        Values of the cells that have been computed, `UNKNOWN` elsewhere. Rectangles between cells
        of a coarse grid are halved as long as the known cells in them, borders included, differ.
    """
    cells = {cell for box in _leaves(known) for cell in _corners(box) if known[cell] == UNKNOWN}
    return sorted(cells)


def filled_in(known: Int[np.ndarray, "rows columns"]) -> Int[np.ndarray, "rows columns"]:
    """Return the map with every box that agrees filled with its value.

    To be called when :func:`wanted_cells` wants none.
    """
    filled = known.copy()
    for top, bottom, left, right in _leaves(known):
        box = filled[top : bottom + 1, left : right + 1]
        box[box == UNKNOWN] = known[top, left]
    return filled


def _leaves(known: Int[np.ndarray, "rows columns"]) -> Iterator[Box]:
    """Boxes that agree, have a corner that is not known, or cannot be halved."""
    rows, columns = (_coarse(size) for size in known.shape)
    boxes = [
        (top, bottom, left, right)
        for top, bottom in zip(rows, rows[1:], strict=False)
        for left, right in zip(columns, columns[1:], strict=False)
    ]
    while boxes:
        box = boxes.pop()
        top, bottom, left, right = box
        inside = known[top : bottom + 1, left : right + 1]
        values = inside[inside != UNKNOWN]
        is_open = any(known[corner] == UNKNOWN for corner in _corners(box))
        agrees = len(values) > 0 and bool(np.all(values == values[0]))
        if is_open or agrees or (bottom - top == 1 and right - left == 1):
            yield box
            continue
        for one, other in _halves(top, bottom):
            boxes += [(one, other, *half) for half in _halves(left, right)]


def _corners(box: Box) -> list[tuple[int, int]]:
    top, bottom, left, right = box
    return [(row, column) for row in (top, bottom) for column in (left, right)]


def _halves(first: int, last: int) -> list[tuple[int, int]]:
    middle = (first + last) // 2
    return [(first, last)] if middle == first else [(first, middle), (middle, last)]


def _coarse(size: int) -> list[int]:
    """Positions of the coarse grid, the last one included."""
    gap = 1
    while 2 * gap <= _WIDEST_GAP and (size - 1) // (2 * gap) >= _FEWEST_GAPS:
        gap *= 2
    return [*range(0, size - 1, gap), size - 1]

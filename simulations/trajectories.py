"""The record of runs: when to record, and the labeled arrays that come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from ._blocks import BlockResult


def log_spaced_steps(
    num_steps: int, *, per_decade: int = 20, max_gap: int | None = None
) -> list[int]:
    """Return record steps from 0 to `num_steps`: log-spaced, never further apart than `max_gap`.

    Parameters
    ----------
    num_steps
        Last step, at least 1.
    per_decade
        Records per factor of ten (fewer where they would coincide).
    max_gap
        Largest distance of two records; `num_steps / 50` by default.

    Raises
    ------
    ValueError
        For fewer than one step, record per decade, or step of gap.
    """
    max_gap = max(1, num_steps // 50) if max_gap is None else max_gap
    for name, value in (("num_steps", num_steps), ("per_decade", per_decade), ("max_gap", max_gap)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    steps, growth = [0], 10 ** (1 / per_decade)
    while steps[-1] < num_steps:
        gap = min(max_gap, max(1, round(steps[-1] * (growth - 1))))
        steps.append(min(num_steps, steps[-1] + gap))
    return steps


def to_dataset(
    blocks: Sequence[BlockResult],
    *,
    sweep: Mapping[str, Sequence[float]],
    num_seeds: int,
    record_steps: Sequence[int],
    dims: Mapping[str, Sequence[str]],
    units: Mapping[str, str],
    attrs: Mapping[str, Any],
) -> xr.Dataset:
    """Label the results of all blocks: swept parameters, seeds, steps, and a measure's own axes.

    Raises
    ------
    ValueError
        If `dims` names another number of axes than a measure has.
    """
    leading = [
        block if block.step.ndim else jax.tree.map(lambda leaf: leaf[None], block)
        for block in blocks
    ]
    runs = jax.tree.map(lambda *leaves: np.concatenate(leaves), *leading)
    grid_dims = (*sweep, "seed")
    grid_shape = (*(len(values) for values in sweep.values()), num_seeds)

    def variable(name: str, values: np.ndarray, inner: tuple[str, ...]) -> tuple:
        values = values.reshape(*grid_shape, *values.shape[1:])
        missing = values.ndim - len(grid_shape) - len(inner)
        extra = tuple(dims.get(name, ())) or tuple(f"{name}_axis_{i}" for i in range(missing))
        if len(extra) != missing:
            raise ValueError(f"{name!r} has {missing} dimensions of its own, dims names {extra}")
        attributes = {"units": units[name]} if name in units else {}
        return (*grid_dims, *inner, *extra), values, attributes

    variables = {name: variable(name, rows, ("step",)) for name, rows in runs.records.items()}
    single = runs.final | runs.first_steps
    variables |= {name: variable(name, value, ()) for name, value in single.items()}
    variables["stopped_at"] = variable("stopped_at", np.where(runs.has_stopped, runs.step, -1), ())
    variables["diverged_at"] = variable(
        "diverged_at", np.where(runs.has_diverged, runs.step, -1), ()
    )
    coordinates = {name: list(values) for name, values in sweep.items()}
    return xr.Dataset(
        variables,
        coords={**coordinates, "seed": range(num_seeds), "step": list(record_steps)},
        attrs=dict(attrs),
    )


def divergence_report(runs: xr.Dataset) -> str:
    """Return one sentence on the runs that diverged, with seed and step; empty if none did."""
    diverged = runs["diverged_at"].where(runs["diverged_at"] >= 0)
    cells = diverged.to_series().dropna()
    return "; ".join(
        f"diverged at step {int(step)} of "
        + ", ".join(
            f"{name} {value:g}" for name, value in zip(cells.index.names, _labels(at), strict=True)
        )
        for at, step in cells.items()
    )


def _labels(at: Any) -> tuple:
    return at if isinstance(at, tuple) else (at,)

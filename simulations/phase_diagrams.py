r"""Phase diagrams of training: which runs generalize, late, never, or do not even fit.

With the steps at which train and test accuracy first reach a threshold within a horizon,

| phase | train accuracy | test accuracy | delay |
|---|---|---|---|
| comprehension | reached | reached | $<$ `grokking_delay` |
| grokking | reached | reached | $\ge$ `grokking_delay` |
| memorization | reached | not reached | |
| confusion | not reached | | |

over any two hyper-parameters of any task and model. [liu2022effective, Tab. 1]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jax
import numpy as np
import optax
import xarray as xr
from jaxtyping import Array, Float, Int, PyTree

from . import measures
from ._blocks import BlockResult, Programs, run_blocks
from ._plan import Measure, Plan
from ._refinement import UNKNOWN, filled_in, wanted_cells
from .tasks.task import Task

PHASES = ("comprehension", "grokking", "memorization", "confusion")
COMPREHENSION, GROKKING, MEMORIZATION, CONFUSION = range(4)

_NEVER = -1
_NUM_CHUNKS = 50
_RUN_VALUES = ("fit_step", "generalization_step", "diverged_at")


def phases(
    fit_step: Int[np.ndarray, "*runs"],
    generalization_step: Int[np.ndarray, "*runs"],
    *,
    grokking_delay: int = 1000,
) -> Int[np.ndarray, "*runs"]:
    """Return the phase of every run, an index into `PHASES`.

    Parameters
    ----------
    fit_step, generalization_step
        First steps at which train and test accuracy reach the threshold, -1 where they never do.
        A test accuracy that gets there without the train accuracy is still confusion.
    grokking_delay
        Steps from fitting to generalizing that make it grokking, at least 1.

    Raises
    ------
    ValueError
        If the shapes differ, a step is below -1, or the delay below 1.

    [liu2022effective, Tab. 1]

    >>> names = phases(np.array([5, 5, 5, -1]), np.array([7, 2000, -1, 3]))
    >>> [PHASES[index] for index in names]
    ['comprehension', 'grokking', 'memorization', 'confusion']
    """
    fit_step, generalization_step = np.asarray(fit_step), np.asarray(generalization_step)
    if fit_step.shape != generalization_step.shape:
        raise ValueError(
            f"fit_step and generalization_step must describe the same runs, "
            f"got shapes {fit_step.shape} and {generalization_step.shape}"
        )
    if grokking_delay < 1:
        raise ValueError(f"grokking_delay must be at least 1, got {grokking_delay}")
    for name, steps in (("fit_step", fit_step), ("generalization_step", generalization_step)):
        if np.any(steps < _NEVER):
            raise ValueError(f"{name} must be a step or -1 for never, got {steps.min()}")
    is_late = generalization_step - fit_step >= grokking_delay
    return np.select(
        [fit_step == _NEVER, generalization_step == _NEVER, is_late],
        [CONFUSION, MEMORIZATION, GROKKING],
        COMPREHENSION,
    )


def phase_diagram(
    *,
    axes: Mapping[str, Sequence[float] | np.ndarray],
    init: Callable[..., PyTree],
    task: Task | Callable[..., Task],
    optimizer: optax.GradientTransformation | Callable[..., optax.GradientTransformation],
    loss: Callable[..., Float[Array, ""]],
    num_steps: int,
    key: Array,
    train_accuracy: Measure = measures.train_accuracy,
    test_accuracy: Measure = measures.test_accuracy,
    threshold: float = 0.9,
    grokking_delay: int = 1000,
    num_seeds: int = 1,
    refine: bool = True,
    batch_size: int | None = None,
    dtype: str = "float32",
    workers: int = 1,
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    r"""Train a network in every cell of a plane of two hyper-parameters, and name its phase.

    A run ends as soon as both accuracies have reached the threshold: it is decided. Cells of a
    coarse grid come first, and rectangles whose cells differ are halved until their boundary is
    resolved; what lies in a rectangle that agrees is filled in without being trained. So an island
    of a phase can be missed if it is less than four cells wide: `refine=False` trains every cell.

    Parameters
    ----------
    axes
        Name -> increasing values, of two hyper-parameters; the first is the vertical axis. The
        names are arguments of `init`, `task`, `optimizer` or `loss`.
    init, task, optimizer, loss, num_steps, key, num_seeds, batch_size, dtype
        As :func:`.train`. `num_steps` is the horizon: what has not happened by then is never.
    train_accuracy, test_accuracy
        Functions of `(model, task)`, evaluated at every step, before its update.
    threshold
        Of both accuracies, in (0, 1].
    grokking_delay
        Steps between the two that make it grokking.
    refine
        Whether to fill in cells between others that agree.
    workers, checkpoint, progress, cancelled
        As :func:`.train`; progress is in decided cells. A killed call continues cell by cell.

    Returns
    -------
    xarray.Dataset
        Over both axes and `seed`: `phase` (an index into `PHASES`), `fit_step` and
        `generalization_step` (-1: not within the horizon, or not trained), `is_trained` (False
        where the phase was filled in), `diverged_at` (-1: it did not). `attrs` hold the settings
        and the number of steps that were taken.

    Raises
    ------
    ValueError
        If there are not two axes, their values do not increase, the threshold is not in (0, 1],
        the delay is below 1, or for what :func:`.train` refuses.
    TrainingCancelled
        When `cancelled` said so.

    [liu2022effective, Sec. 4.3, Fig. 6]
    """
    _check_axes(axes)
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must lie in (0, 1], got {threshold}")
    if grokking_delay < 1:
        raise ValueError(f"grokking_delay must be at least 1, got {grokking_delay}")
    plan = Plan.create(
        init=init,
        task=task,
        optimizer=optimizer,
        loss=loss,
        num_steps=num_steps,
        measures={},
        final={},
        events={
            "fit_step": lambda model, task: train_accuracy(model, task) >= threshold,
            "generalization_step": lambda model, task: test_accuracy(model, task) >= threshold,
        },
        stop="events",
        batch_size=batch_size,
        sweep={name: tuple(float(v) for v in values) for name, values in axes.items()},
        num_seeds=num_seeds,
        # Where a run may be saved, or cancelled.
        record_steps=sorted({*range(0, num_steps, max(1, num_steps // _NUM_CHUNKS)), num_steps}),
        dtype=dtype,
    )
    started = time.monotonic()
    shape = (*(len(values) for values in axes.values()), num_seeds)
    found = {name: np.full(shape, _NEVER) for name in _RUN_VALUES}
    phase = np.full(shape, UNKNOWN)
    strides = np.array([shape[1] * num_seeds, num_seeds, 1])  # of the runs in the grid
    programs = Programs({}, {}, {}, {})
    steps_taken = 0
    while len(runs := _next_runs(phase, refine)):
        decided = np.mean(phase != UNKNOWN)
        share = len(runs) / phase.size
        blocks = run_blocks(
            plan,
            key,
            workers,
            None,
            checkpoint,
            None
            if progress is None
            else lambda part, decided=decided, share=share: progress(float(decided + share * part)),
            cancelled,
            chosen=(runs @ strides).tolist(),
            programs=programs,
        )
        steps_taken += _insert(found, blocks, runs)
        at = tuple(runs.T)
        phase[at] = phases(
            found["fit_step"][at], found["generalization_step"][at], grokking_delay=grokking_delay
        )
    is_trained = phase != UNKNOWN
    for seed in range(num_seeds):
        phase[..., seed] = filled_in(phase[..., seed])
    if progress is not None:
        progress(1.0)
    dims = (*axes, "seed")
    meanings = {"flag_values": list(range(len(PHASES))), "flag_meanings": " ".join(PHASES)}
    return xr.Dataset(
        {
            "phase": (dims, phase, meanings),
            **{name: (dims, values) for name, values in found.items()},
            "is_trained": (dims, is_trained),
        },
        coords={**{name: list(values) for name, values in axes.items()}, "seed": range(num_seeds)},
        attrs={
            "num_steps": num_steps,
            "threshold": threshold,
            "grokking_delay": grokking_delay,
            "steps_taken": steps_taken,
            "dtype": dtype,
            "task": repr(plan.task_spec(key)),
            "device": jax.devices()[0].device_kind,
            "jax": jax.__version__,
            "wall_seconds": round(time.monotonic() - started, 3),
        },
    )


def _next_runs(phase: Int[np.ndarray, "rows columns seeds"], refine: bool) -> np.ndarray:
    """Row, column and seed of the runs to train next."""
    if not refine:
        return np.argwhere(phase == UNKNOWN)
    runs = [
        (*cell, seed) for seed in range(phase.shape[-1]) for cell in wanted_cells(phase[..., seed])
    ]
    return np.array(runs, dtype=int).reshape(-1, 3)


def _insert(
    found: dict[str, np.ndarray], blocks: Sequence[BlockResult], runs: Int[np.ndarray, "runs 3"]
) -> int:
    """Put the results of runs into their cells, and return the number of their steps."""
    steps = np.concatenate([np.atleast_1d(block.step) for block in blocks])
    has_diverged = np.concatenate([np.atleast_1d(block.has_diverged) for block in blocks])
    at = tuple(runs.T)
    found["diverged_at"][at] = np.where(has_diverged, steps, _NEVER)
    for name in ("fit_step", "generalization_step"):
        found[name][at] = np.concatenate(
            [np.atleast_1d(block.first_steps[name]) for block in blocks]
        )
    return int(steps.sum())


def _check_axes(axes: Mapping[str, Sequence[float] | np.ndarray]) -> None:
    if len(axes) != 2:
        raise ValueError(f"axes must name two hyper-parameters, got {list(axes)}")
    for name, values in axes.items():
        if len(values) < 2 or not np.all(np.diff(np.asarray(values, dtype=np.float64)) > 0):
            raise ValueError(
                f"axes[{name!r}] must have at least two values that increase, got {list(values)}"
            )

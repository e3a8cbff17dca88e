"""The compiled training engine: whole runs on the device, many runs at a time.

A run is a compiled loop over *record points*: between two of them it takes steps, at each of them
it evaluates the measures, and it ends early when the stop condition holds or the loss is no longer
finite. The host only sees chunks of a few record points, for progress and checkpoints; where the
chunks are cut has no influence on the numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import jax
import optax
import xarray as xr
from jaxtyping import Array, Bool, Float, PyTree

from ._blocks import run_blocks
from ._plan import Event, Measure, Plan
from .tasks.task import Task
from .trajectories import to_dataset


def train(
    *,
    init: Callable[..., PyTree],
    task: Task | Callable[..., Task],
    optimizer: optax.GradientTransformation | Callable[..., optax.GradientTransformation],
    loss: Callable[..., Float[Array, ""]],
    num_steps: int,
    key: Array,
    measures: Mapping[str, Measure] | None = None,
    final: Mapping[str, Measure] | None = None,
    events: Mapping[str, Event] | None = None,
    stop: Callable[[dict[str, Array]], Bool[Array, ""]] | Literal["events"] | None = None,
    batch_size: int | None = None,
    sweep: Mapping[str, Sequence[float]] | None = None,
    num_seeds: int = 1,
    record_steps: Sequence[int] | None = None,
    dims: Mapping[str, Sequence[str]] | None = None,
    units: Mapping[str, str] | None = None,
    dtype: str = "float32",
    workers: int = 1,
    block_size: int | None = None,
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> xr.Dataset:
    r"""Train over a grid of hyper-parameters and seeds, and record measures on the way.

    Parameters
    ----------
    init
        `init(key) -> model`, any pytree with arrays; may name swept parameters as arguments, and
        `task`, for a model with parameters for every sample. What it wraps in :class:`.Frozen` is
        not trained.
    task
        A task for all runs, or `task(key) -> Task`; may name swept parameters as arguments.
    optimizer
        An optax transformation, or a function of swept parameters that returns one.
    loss
        `loss(model, batch) -> scalar`; its gradient is followed; may name swept parameters as
        further arguments, and `key`, which is then another one at every step.
    num_steps
        Steps of every run, unless it stops or diverges.
    key
        Seed `s` uses `fold_in(key, s)`, split into data and model: runs that differ only in swept
        parameters share their data and their initial weights.
    measures
        Name -> function of `(model, task)`, to scalars or small arrays, evaluated at the record
        steps. `loss`, the train loss, is always recorded.
    final
        The same, evaluated once at the end of the run.
    events
        Name -> condition on `(model, task)`, checked at every step. The first step at which it
        held, -1 if it never did, is the result of that name. A condition on the outputs that the
        loss computes anyway costs next to nothing.
    stop
        Condition on the measured values, checked at every record step; or `"events"`: a run ends
        when all its events have happened (the step that saw the last one is still taken).
    batch_size
        Rows of a minibatch; the train set is shuffled every epoch, and its last incomplete batch
        left out. The whole train set by default. The recorded `loss` is that of all of it.
    sweep
        Name -> values; the runs are the product of all of them and of the seeds.
    record_steps
        Increasing, from 0 to `num_steps`; :func:`log_spaced_steps` by default.
    dims, units
        Names of the dimensions of array-valued measures, units of measures.
    dtype
        `float32` or `float64`, of the weights and of all arithmetic.
    workers
        Threads that share the blocks of runs.
    block_size
        Runs that are vmapped together; 1 on a CPU (measured to be the fastest unless a step takes
        microseconds), all of them elsewhere.
    checkpoint
        Folder in which unfinished runs are kept; a killed call continues from there to
        bit-identical results. Foreign or damaged files in it are recomputed. The folder is the
        caller's to delete.
    progress, cancelled
        Called between chunks: with the finished fraction of all steps; to ask whether to stop.

    Returns
    -------
    xarray.Dataset
        Dimensions: swept parameters, `seed`, `step` (and those of array-valued measures). After
        `stopped_at` or `diverged_at` (steps; -1 if it did not happen) records are NaN, or 0 for
        integers. `final` measures and events have no `step`. `attrs` hold settings and provenance.

    Raises
    ------
    ValueError
        For settings out of range, swept parameters that nobody takes, an unknown dtype, an event
        with the name of a measure, or a minibatch larger than the train set.
    TrainingCancelled
        When `cancelled` said so.
    """
    plan = Plan.create(
        init=init,
        task=task,
        optimizer=optimizer,
        loss=loss,
        num_steps=num_steps,
        measures=dict(measures or {}),
        final=dict(final or {}),
        events=dict(events or {}),
        stop=stop,
        batch_size=batch_size,
        sweep={name: tuple(float(v) for v in values) for name, values in (sweep or {}).items()},
        num_seeds=num_seeds,
        record_steps=record_steps,
        dtype=dtype,
    )
    started = time.monotonic()
    blocks = run_blocks(plan, key, workers, block_size, checkpoint, progress, cancelled)
    return to_dataset(
        blocks,
        sweep=plan.sweep,
        num_seeds=plan.num_seeds,
        record_steps=plan.record_steps,
        dims=dims or {},
        units=units or {},
        attrs={
            "num_steps": num_steps,
            "dtype": dtype,
            "task": repr(plan.task_spec(key)),
            "device": jax.devices()[0].device_kind,
            "jax": jax.__version__,
            "wall_seconds": round(time.monotonic() - started, 3),
        },
    )

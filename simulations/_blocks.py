"""How the runs of a plan are executed: compiled once, mapped over blocks, shared out over threads.

On a CPU a block is a single run, since one run after another beats a vmapped ensemble there, and
threads give the parallelism: XLA releases the interpreter lock. On an accelerator all runs are one
vmapped block.
"""

from __future__ import annotations

import dataclasses
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ._plan import Plan
from .checkpoints import load_state, save_state

_CHUNK_SECONDS = 1.0
_SAVE_SECONDS = 10.0


class TrainingCancelled(Exception):
    """The caller asked the run to stop; what was computed is in the checkpoint."""


class BlockResult(eqx.Module):
    """What is left of a finished block; arrays lead with the runs if it has several."""

    records: dict[str, Array]
    final: dict[str, Array]
    first_steps: dict[str, Array]
    step: Array
    has_stopped: Array
    has_diverged: Array


def run_blocks(
    plan: Plan,
    key: Array,
    workers: int,
    block_size: int | None,
    checkpoint: Path | None,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
    *,
    chosen: Sequence[int] | None = None,
    programs: Programs | None = None,
) -> list[BlockResult]:
    """Train every block, on several threads if so asked; results in the order of the grid.

    `chosen` takes some runs of the grid only. `programs` of an earlier call with the same plan are
    used again, and those that are missing are added to them.
    """
    grid = plan.grid
    numbers = range(len(grid)) if chosen is None else chosen
    if block_size is None:
        block_size = 1 if jax.default_backend() == "cpu" else len(numbers)
    if workers < 1 or block_size < 1:
        raise ValueError(f"workers and block_size must be at least 1, got {workers}, {block_size}")
    starts = range(0, len(numbers), block_size)
    runs = [[grid[number] for number in numbers[i : i + block_size]] for i in starts]
    give_up = threading.Event()
    steps_done = [0.0] * len(runs)
    programs = Programs({}, {}, {}, {}) if programs is None else programs

    def check_in(index: int, fraction: float) -> None:
        steps_done[index] = fraction
        if progress is not None:
            progress(sum(steps_done) / len(runs))
        if give_up.is_set() or (cancelled is not None and cancelled()):
            raise TrainingCancelled("training was cancelled; finished chunks are in the checkpoint")

    def run(index: int) -> BlockResult:
        first = numbers[starts[index]]
        path = None if checkpoint is None else Path(checkpoint) / f"block-{first:04d}.eqx"
        # enable_x64 is local to the thread.
        with jax.enable_x64(plan.dtype == "float64"):
            return _run_block(
                plan, programs, key, runs[index], path, lambda done: check_in(index, done)
            )

    with jax.enable_x64(plan.dtype == "float64"):
        programs.add(plan, key, {len(block) for block in runs})
    if workers == 1 or len(runs) == 1:
        return [run(index) for index in range(len(runs))]
    with ThreadPoolExecutor(min(workers, len(runs))) as pool:
        futures = [pool.submit(run, index) for index in range(len(runs))]
        try:
            while wait(futures, timeout=0.2).not_done:
                for future in futures:
                    if future.done():
                        future.result()
            return [future.result() for future in futures]
        except BaseException:
            give_up.set()
            for future in futures:
                future.cancel()
            raise


@dataclasses.dataclass(frozen=True)
class Programs:
    """The compiled start, advance and finish of a block, by block size, and their fingerprint."""

    start: dict[int, Callable]
    advance: dict[int, Callable]
    finish: dict[int, Callable]
    fingerprint: dict[int, str]

    @classmethod
    def compile(cls, plan: Plan, key: Array, sizes: set[int]) -> Programs:
        """Compile a plan for blocks of some sizes."""
        programs = cls({}, {}, {}, {})
        programs.add(plan, key, sizes)
        return programs

    def add(self, plan: Plan, key: Array, sizes: set[int]) -> None:
        """Compile the same plan for those sizes that are not there yet."""
        for size in sizes - set(self.start):
            keys, swept = _block_arguments(plan, key, plan.grid[:size])
            start, advance, finish = plan.start, plan.advance, plan.finish
            if size > 1:
                start, finish = jax.vmap(start), jax.vmap(finish)
                advance = jax.vmap(advance, in_axes=(0, 0, None, None))
            index = jnp.zeros((), jnp.int32)
            self.start[size] = jax.jit(start)
            state = jax.eval_shape(self.start[size], keys, swept)
            lowered = jax.jit(advance, donate_argnums=0).lower(state, swept, index, index)
            self.advance[size] = lowered.compile()
            self.finish[size] = jax.jit(finish)
            self.fingerprint[size] = lowered.as_text()


def _block_arguments(
    plan: Plan, key: Array, block: list[tuple[dict[str, float], int]]
) -> tuple[Array, dict[str, Array]]:
    seeds = jnp.asarray([seed for _, seed in block])
    swept = {
        name: jnp.asarray([values[name] for values, _ in block], plan.dtype) for name in plan.sweep
    }
    if len(block) == 1:
        return jax.random.fold_in(key, seeds[0]), {name: swept[name][0] for name in swept}
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, seeds), swept


def _run_block(
    plan: Plan,
    programs: Programs,
    key: Array,
    block: list[tuple[dict[str, float], int]],
    path: Path | None,
    check_in: Callable[[float], None],
) -> BlockResult:
    size, num_records = len(block), len(plan.record_steps)
    keys, swept = _block_arguments(plan, key, block)
    fingerprint = f"{programs.fingerprint[size]}\n{jax.random.key_data(keys).tolist()}\n{block}"
    state = programs.start[size](keys, swept)
    loaded = 0
    if path is not None:
        state, loaded = load_state(path, state, fingerprint)
    done = loaded

    def save(done: int) -> None:
        if path is None:
            return
        try:
            save_state(path, state, done, fingerprint)
        except OSError as error:  # a full disk costs the checkpoint, not the run
            warnings.warn(f"cannot write checkpoint {path}: {error}", stacklevel=2)

    saved = time.monotonic()
    chunk = 1
    try:
        while done < num_records and not np.all(state.has_stopped | state.has_diverged):
            check_in(plan.record_steps[max(done - 1, 0)] / plan.num_steps)
            last = min(done + chunk, num_records)
            begun = time.monotonic()
            state = programs.advance[size](state, swept, np.int32(done), np.int32(last))
            jax.block_until_ready(state.step)
            done, seconds = last, time.monotonic() - begun
            if seconds < _CHUNK_SECONDS / 2:
                chunk *= 2
            elif seconds > 2 * _CHUNK_SECONDS:
                chunk = max(1, chunk // 2)
            if time.monotonic() - saved > _SAVE_SECONDS:
                save(done)
                saved = time.monotonic()
        check_in(1.0)
    except TrainingCancelled:
        save(done)
        raise
    if loaded < num_records:
        save(num_records)
    result = BlockResult(
        records=state.records,
        final=programs.finish[size](state),
        first_steps=state.first_steps,
        step=state.step,
        has_stopped=state.has_stopped,
        has_diverged=state.has_diverged,
    )
    return jax.device_get(result)

"""Walkers: the compiled loops that move them, and the threads that share them."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int, PyTree, UInt32

from ..backend import self_check
from ._arguments import refuse_bad_starts
from ._random_words import StepWords, hash_keys, key_words
from .dynamics import Dynamics

Measure = Callable[[PyTree], PyTree]
# XLA would share every small loop of a step among all cores, which is three times as slow; here
# threads share the walkers.
serial_jit: Any = functools.partial(
    eqx.filter_jit,  # pyright: ignore[reportCallIssue]
    compiler_options={"xla_disable_hlo_passes": "cpu-parallel-task-assigner"},
)
# What runs once is not worth its optimization.
once_jit: Any = functools.partial(
    eqx.filter_jit,  # pyright: ignore[reportCallIssue]
    compiler_options={"xla_backend_optimization_level": 1},
)
BLOCK = 128  # steps between two looks at whether anybody is still on the way


class Crowd(eqx.Module):
    """Some of the walkers of a run, with all that makes up their randomness."""

    positions: PyTree
    key: UInt32[Array, " 2"]
    walkers: UInt32[Array, " walkers"]
    num_walkers: int = eqx.field(static=True)

    def words(self, hashing: UInt32[Array, " 2"], step: Int[Array, ""]) -> StepWords:
        """Random words of these walkers at a step."""
        return StepWords(self.key, hashing, step, self.walkers, self.num_walkers)

    def start(self, dynamics: Dynamics) -> PyTree:
        """State of the dynamics before the first step."""
        zero = jnp.zeros((), jnp.int32)
        return dynamics.start(self.positions, self.words(hash_keys(self.key, zero, 1)[0], zero))


def crowds(starts: PyTree, key: Array, workers: int) -> list[tuple[Crowd, slice]]:
    """Share walkers, given with the walkers on the first axis, among threads."""
    if workers < 1:
        raise ValueError(f"workers must be at least 1, got {workers}")
    starts = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), starts)
    refuse_bad_starts(starts)
    total = jax.tree.leaves(starts)[0].shape[0]
    words = key_words(key)
    shares = []
    for numbers in np.array_split(np.arange(total, dtype=np.uint32), min(workers, total)):
        share = slice(int(numbers[0]), int(numbers[-1]) + 1)
        positions = jax.tree.map(lambda leaf, share=share: jnp.moveaxis(leaf[share], 0, -1), starts)
        shares.append((Crowd(positions, words, jnp.asarray(numbers), total), share))
    return shares


def shared_out(function: Callable[[Crowd, slice], Any], shares: list[tuple[Crowd, slice]]) -> list:
    """Apply a function to every share of the walkers, in a thread each."""
    self_check()
    if len(shares) == 1:
        return [function(*shares[0])]
    with ThreadPoolExecutor(len(shares)) as threads:
        return list(threads.map(function, *zip(*shares, strict=True)))


@serial_jit
def record(
    dynamics: Dynamics,
    crowd: Crowd,
    measures: Mapping[str, Measure],
    *,
    burn_in: int,
    num_draws: int,
    record_every: int,
) -> tuple[dict[str, PyTree], Int[Array, ""]]:
    """Walk, and measure every `record_every` steps; also the step by which a walker diverged."""

    def walk(state: PyTree, first: Array, num_steps: int) -> PyTree:
        hashing = hash_keys(crowd.key, first + 1, num_steps)

        def step(i: Array, state: PyTree) -> PyTree:
            return dynamics.step(state, crowd.words(hashing[i], first + 1 + i))

        return jax.lax.fori_loop(0, num_steps, step, state)

    def to_draw(carry: tuple[PyTree, Array], draw: Array) -> tuple:
        state, diverged = carry
        first = burn_in + draw * record_every
        state = walk(state, first, record_every)
        positions = dynamics.positions(state)
        is_new = (diverged < 0) & ~are_finite(positions).all()
        diverged = jnp.where(is_new, first + record_every, diverged)
        measured = {
            name: jax.vmap(measure, in_axes=-1)(positions) for name, measure in measures.items()
        }
        return (state, diverged), measured

    state = crowd.start(dynamics)
    if burn_in:
        state = walk(state, jnp.zeros((), jnp.int32), burn_in)
    carry = (state, jnp.full((), -1, jnp.int32))
    (_, diverged), measured = jax.lax.scan(to_draw, carry, jnp.arange(num_draws, dtype=jnp.int32))
    return measured, diverged


@serial_jit
def walk_until_escaped(
    dynamics: Dynamics,
    crowd: Crowd,
    has_escaped: Callable[[PyTree], Bool[Array, ""]],
    max_steps: Int[Array, ""],
) -> tuple[Int[Array, " walkers"], Int[Array, ""], Bool[Array, " walkers"]]:
    """Walk until all have escaped; first steps (-1 if none), steps walked, and who diverged."""

    def block(carry: tuple) -> tuple:
        state, escaped_at, first, _ = carry
        hashing = hash_keys(crowd.key, first + 1, BLOCK)

        def step(i: Array, carry: tuple) -> tuple:
            state, escaped_at = carry
            state = dynamics.step(state, crowd.words(hashing[i], first + 1 + i))
            is_out = jax.vmap(has_escaped, in_axes=-1)(dynamics.positions(state))
            return state, jnp.where((escaped_at < 0) & is_out, first + 1 + i, escaped_at)

        state, escaped_at = jax.lax.fori_loop(0, BLOCK, step, (state, escaped_at))
        # Where walkers go after their escape is of no interest, to infinity perhaps.
        is_lost = (escaped_at < 0) & ~are_finite(dynamics.positions(state))
        return state, escaped_at, first + BLOCK, is_lost

    def is_under_way(carry: tuple) -> Array:
        _, escaped_at, first, is_lost = carry
        return jnp.any(escaped_at < 0) & ~jnp.any(is_lost) & (first < max_steps)

    nobody = jnp.zeros(crowd.walkers.shape, bool)
    start = (
        crowd.start(dynamics),
        jnp.full(crowd.walkers.shape, -1, jnp.int32),
        jnp.zeros((), jnp.int32),
        nobody,
    )
    _, escaped_at, first, is_lost = jax.lax.while_loop(is_under_way, block, start)
    return jnp.where(escaped_at > max_steps, -1, escaped_at), first, is_lost


def are_finite(positions: PyTree) -> Bool[Array, " walkers"]:
    """Whether all coordinates of a walker are finite, for trees with the walkers last."""
    finite = [
        jnp.isfinite(leaf).all(axis=tuple(range(leaf.ndim - 1)))
        for leaf in jax.tree.leaves(positions)
    ]
    return jnp.stack(finite).all(axis=0)


def provenance(started: float) -> dict[str, Any]:
    """Attributes that say where and how long a run took."""
    return {
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
        "wall_seconds": round(time.monotonic() - started, 3),
    }

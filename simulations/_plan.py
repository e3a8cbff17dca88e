"""What a call of the engine runs: validated settings, and the functions compiled from them."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree

from .models.frozen import trainable
from .tasks.task import Batch, Task
from .trajectories import log_spaced_steps

Measure = Callable[[Any, Task], PyTree]
_TAKERS = ("init", "task", "optimizer", "loss")


class RunState(eqx.Module):
    """Everything a run carries from one chunk to the next."""

    task: Task
    model: PyTree
    optimizer_state: PyTree
    step: Int[Array, "*batch"]
    has_stopped: Bool[Array, "*batch"]
    has_diverged: Bool[Array, "*batch"]
    records: dict[str, Array]


@dataclasses.dataclass(frozen=True)
class Plan:
    """The validated settings of a call, and the functions that are compiled from them."""

    init: Callable[..., PyTree]
    task: Task | Callable[..., Task]
    optimizer: Any
    loss: Callable[..., Float[Array, ""]]
    num_steps: int
    measures: dict[str, Measure]
    final: dict[str, Measure]
    stop: Callable[[dict[str, Array]], Bool[Array, ""]] | None
    sweep: dict[str, tuple[float, ...]]
    num_seeds: int
    record_steps: tuple[int, ...]
    dtype: str

    @classmethod
    def create(cls, *, record_steps: Sequence[int] | None, **settings: Any) -> Plan:
        num_steps = settings["num_steps"]
        for name in ("num_steps", "num_seeds"):
            if settings[name] < 1:
                raise ValueError(f"{name} must be at least 1, got {settings[name]}")
        if settings["dtype"] not in ("float32", "float64"):
            raise ValueError(f"dtype must be 'float32' or 'float64', got {settings['dtype']!r}")
        if "loss" in settings["measures"]:
            raise ValueError("the train loss is recorded as 'loss' anyway: rename that measure")
        steps = tuple(log_spaced_steps(num_steps) if record_steps is None else record_steps)
        if steps[0] != 0 or steps[-1] != num_steps or list(steps) != sorted(set(steps)):
            raise ValueError(
                f"record_steps must increase from 0 to num_steps = {num_steps}, got {list(steps)}"
            )
        for name, values in settings["sweep"].items():
            if not values:
                raise ValueError(f"sweep over {name!r} has no values")
            if not any(name in _parameters(settings[f]) for f in _TAKERS):
                raise ValueError(
                    f"nobody takes the swept parameter {name!r}: name it as an argument of "
                    f"{', '.join(_TAKERS[:-1])} or {_TAKERS[-1]}"
                )
        return cls(record_steps=steps, **settings)

    @property
    def grid(self) -> list[tuple[dict[str, float], int]]:
        """Swept values and seed of every run, seeds innermost."""
        points = itertools.product(*self.sweep.values())
        return [
            (dict(zip(self.sweep, point, strict=True)), seed)
            for point in points
            for seed in range(self.num_seeds)
        ]

    def transformation(self, swept: dict[str, Array]) -> optax.GradientTransformation:
        if isinstance(self.optimizer, optax.GradientTransformation):
            return self.optimizer
        return self.optimizer(**_accepted(self.optimizer, swept))

    def make_task(self, key: Array, swept: dict[str, Array]) -> Task:
        if isinstance(self.task, Task):
            return self.task
        return self.task(key=key, **_accepted(self.task, swept))

    def task_spec(self, key: Array) -> Any:
        """What generated the task, without generating it."""
        swept = {name: jnp.asarray(values[0]) for name, values in self.sweep.items()}
        return jax.eval_shape(self.make_task, key, swept).spec

    def start(self, key: Array, swept: dict[str, Array]) -> RunState:
        data_key, init_key = jax.random.split(key)
        task = self.make_task(data_key, swept)
        model = self.init(key=init_key, **_accepted(self.init, swept))
        model = jax.tree.map(
            lambda leaf: leaf.astype(self.dtype) if eqx.is_inexact_array(leaf) else leaf, model
        )
        records = jax.tree.map(
            lambda value: jnp.full(
                (len(self.record_steps), *value.shape),
                jnp.nan if jnp.issubdtype(value.dtype, jnp.floating) else 0,
                value.dtype,
            ),
            jax.eval_shape(self.measure, model, task, swept),
        )
        return RunState(
            task=task,
            model=model,
            optimizer_state=self.transformation(swept).init(eqx.filter(model, trainable(model))),
            step=jnp.zeros((), jnp.int32),
            has_stopped=jnp.zeros((), bool),
            has_diverged=jnp.zeros((), bool),
            records=records,
        )

    def train_loss(self, model: PyTree, batch: Batch, swept: dict[str, Array]) -> Array:
        return self.loss(model, batch, **_accepted(self.loss, swept))

    def measure(self, model: PyTree, task: Task, swept: dict[str, Array]) -> dict[str, Array]:
        values = {name: measure(model, task) for name, measure in self.measures.items()}
        return {"loss": self.train_loss(model, task.train(), swept), **values}

    def finish(self, state: RunState) -> dict[str, Array]:
        return {name: measure(state.model, state.task) for name, measure in self.final.items()}

    def advance(
        self, state: RunState, swept: dict[str, Array], first: Array, last: Array
    ) -> RunState:
        """Advance a run over the record points `first <= i < last`."""
        targets = jnp.asarray(self.record_steps, jnp.int32)
        transformation = self.transformation(swept)
        batch = state.task.train()
        weights, structure = eqx.partition(state.model, trainable(state.model))

        def value(weights: PyTree) -> Array:
            return self.train_loss(eqx.combine(weights, structure), batch, swept)

        def take_step(carry: tuple) -> tuple:
            weights, optimizer_state, step, _ = carry
            loss, gradient = jax.value_and_grad(value)(weights)
            updates, optimizer_state = transformation.update(gradient, optimizer_state, weights)
            weights = optax.apply_updates(weights, updates)
            # The step that meets a loss that is not finite is the one reported.
            return weights, optimizer_state, step + 1, ~jnp.isfinite(loss)

        def to_record(index: Array, carry: tuple) -> tuple:
            weights, optimizer_state, step, has_stopped, has_diverged, records = carry
            is_live = ~(has_stopped | has_diverged)
            weights, optimizer_state, step, has_diverged = jax.lax.while_loop(
                lambda c: (c[2] < targets[index]) & is_live & ~c[3],
                take_step,
                (weights, optimizer_state, step, has_diverged),
            )
            values = self.measure(eqx.combine(weights, structure), state.task, swept)
            is_recorded = is_live & ~has_diverged
            records = jax.tree.map(
                lambda rows, new: rows.at[index].set(jnp.where(is_recorded, new, rows[index])),
                records,
                values,
            )
            if self.stop is not None:
                has_stopped = has_stopped | (is_recorded & self.stop(values))
            return weights, optimizer_state, step, has_stopped, has_diverged, records

        weights, optimizer_state, step, has_stopped, has_diverged, records = jax.lax.fori_loop(
            first,
            last,
            to_record,
            (
                weights,
                state.optimizer_state,
                state.step,
                state.has_stopped,
                state.has_diverged,
                state.records,
            ),
        )
        return RunState(
            task=state.task,
            model=eqx.combine(weights, structure),
            optimizer_state=optimizer_state,
            step=step,
            has_stopped=has_stopped,
            has_diverged=has_diverged,
            records=records,
        )


def _parameters(function: Any) -> set[str]:
    if isinstance(function, (Task, optax.GradientTransformation)):
        return set()
    return set(inspect.signature(function).parameters)


def _accepted(function: Any, swept: dict[str, Array]) -> dict[str, Array]:
    names = _parameters(function)
    return {name: value for name, value in swept.items() if name in names}

"""What a call of the engine runs: validated settings, and the functions compiled from them."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PyTree, UInt32

from ._minibatches import Minibatches
from ._prepared import PreparedTask
from .models.evaluation import sharing_outputs
from .models.frozen import trainable
from .tasks.task import Batch, Task
from .trajectories import log_spaced_steps

Measure = Callable[[Any, Task], PyTree]
Event = Callable[[Any, Task], Bool[Array, ""]]
_TAKERS = ("init", "task", "optimizer", "loss")


class RunState(eqx.Module):
    """Everything a run carries from one chunk to the next."""

    task: Task
    model: PyTree
    optimizer_state: PyTree
    step: Int[Array, "*batch"]
    has_stopped: Bool[Array, "*batch"]
    has_diverged: Bool[Array, "*batch"]
    first_steps: dict[str, Int[Array, "*batch"]]
    minibatches: Minibatches | None
    loss_key_data: UInt32[Array, "*batch words"] | None  # of a loss that is random
    records: dict[str, Array]


class _Walk(NamedTuple):
    """What one step hands to the next."""

    weights: PyTree
    optimizer_state: PyTree
    step: Array
    has_stopped: Array
    has_diverged: Array
    first_steps: dict[str, Array]
    minibatches: Minibatches | None


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
    events: dict[str, Event]
    stop: Callable[[dict[str, Array]], Bool[Array, ""]] | Literal["events"] | None
    batch_size: int | None
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
        taken = {"loss", *settings["measures"], *settings["final"]} & set(settings["events"])
        if taken:
            raise ValueError(f"event {min(taken)!r} has the name of a measure: rename one of them")
        if isinstance(settings["stop"], str) and settings["stop"] != "events":
            raise ValueError(
                f"stop must be 'events' or a function of the measures, got {settings['stop']!r}"
            )
        if settings["stop"] == "events" and not settings["events"]:
            raise ValueError("stop='events' needs events to wait for: name some")
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
        data_key, init_key, batch_key, loss_key = jax.random.split(key, 4)
        task = self.make_task(data_key, swept)
        model = self.init(key=init_key, **_accepted(self.init, swept | {"task": task}))
        model = jax.tree.map(
            lambda leaf: leaf.astype(self.dtype) if eqx.is_inexact_array(leaf) else leaf, model
        )
        loss_key_data = jax.random.key_data(loss_key) if self.is_random else None
        records = jax.tree.map(
            lambda value: jnp.full(
                (len(self.record_steps), *value.shape),
                jnp.nan if jnp.issubdtype(value.dtype, jnp.floating) else 0,
                value.dtype,
            ),
            jax.eval_shape(self.measure, model, task, swept, loss_key_data, 0),
        )
        return RunState(
            task=task,
            model=model,
            optimizer_state=self.transformation(swept).init(eqx.filter(model, trainable(model))),
            step=jnp.zeros((), jnp.int32),
            has_stopped=jnp.zeros((), bool),
            has_diverged=jnp.zeros((), bool),
            first_steps={name: jnp.full((), -1, jnp.int32) for name in self.events},
            minibatches=(
                None
                if self.batch_size is None
                else Minibatches.start(task, self.batch_size, key=batch_key)
            ),
            loss_key_data=loss_key_data,
            records=records,
        )

    @property
    def is_random(self) -> bool:
        """Whether the loss takes a key."""
        return "key" in _parameters(self.loss)

    def train_loss(
        self,
        model: PyTree,
        batch: Batch,
        swept: dict[str, Array],
        key_data: Array | None,
        step: Array | int,
    ) -> Array:
        """Evaluate the loss; a random one gets a key of its own at every step."""
        arguments = _accepted(self.loss, swept)
        if key_data is not None:
            arguments["key"] = jax.random.fold_in(jax.random.wrap_key_data(key_data), step)
        return self.loss(model, batch, **arguments)

    def measure(
        self,
        model: PyTree,
        task: Task,
        swept: dict[str, Array],
        key_data: Array | None,
        step: Array | int,
    ) -> dict[str, Array]:
        values = {name: measure(model, task) for name, measure in self.measures.items()}
        return {"loss": self.train_loss(model, task.train(), swept, key_data, step), **values}

    def finish(self, state: RunState) -> dict[str, Array]:
        return {name: measure(state.model, state.task) for name, measure in self.final.items()}

    def seen(self, first_steps: dict, model: PyTree, task: Task, step: Array) -> dict[str, Array]:
        """Return the first step of every event, given those before this one."""
        return {
            name: jnp.where((first_steps[name] < 0) & event(model, task), step, first_steps[name])
            for name, event in self.events.items()
        }

    def advance(
        self, state: RunState, swept: dict[str, Array], first: Array, last: Array
    ) -> RunState:
        """Advance a run over the record points `first <= i < last`."""
        targets = jnp.asarray(self.record_steps, jnp.int32)
        transformation = self.transformation(swept)
        task = PreparedTask.of(state.task)
        batch = task.train()
        weights, structure = eqx.partition(state.model, trainable(state.model))

        key_data = state.loss_key_data

        def take_step(walk: _Walk) -> _Walk:
            rows, minibatches = batch, None
            if walk.minibatches is not None and self.batch_size is not None:
                drawn, minibatches = walk.minibatches.draw(self.batch_size, task.num_train)
                rows = jax.tree.map(lambda leaf: leaf[drawn], batch)

            def value(weights: PyTree) -> tuple[Array, PyTree]:
                model = eqx.combine(weights, structure)
                with sharing_outputs(model, rows.inputs) as shared:
                    loss = self.train_loss(model, rows, swept, key_data, walk.step)
                return loss, shared.outputs

            (loss, outputs), gradient = jax.value_and_grad(value, has_aux=True)(walk.weights)
            model = eqx.combine(walk.weights, structure)
            # Left to the compiler, the loss and the events would each have their forward pass.
            with sharing_outputs(model, rows.inputs, outputs):
                first_steps = self.seen(walk.first_steps, model, task, walk.step)
            updates, optimizer_state = transformation.update(
                gradient, walk.optimizer_state, walk.weights
            )
            return _Walk(
                weights=optax.apply_updates(walk.weights, updates),
                optimizer_state=optimizer_state,
                # The step that meets a loss that is not finite is the one reported.
                step=walk.step + 1,
                has_stopped=walk.has_stopped | self._has_seen_all(first_steps),
                has_diverged=~jnp.isfinite(loss),
                first_steps=first_steps,
                minibatches=minibatches,
            )

        def to_record(index: Array, carry: tuple[_Walk, dict[str, Array]]) -> tuple:
            walk, records = carry
            walk = jax.lax.while_loop(
                lambda w: (w.step < targets[index]) & ~(w.has_stopped | w.has_diverged),
                take_step,
                walk,
            )
            is_live = ~(walk.has_stopped | walk.has_diverged)
            model = eqx.combine(walk.weights, structure)
            values = self.measure(model, task, swept, key_data, walk.step)
            records = jax.tree.map(
                lambda rows, new: rows.at[index].set(jnp.where(is_live, new, rows[index])),
                records,
                values,
            )
            first_steps = jax.tree.map(
                lambda new, old: jnp.where(is_live, new, old),
                self.seen(walk.first_steps, model, task, walk.step),
                walk.first_steps,
            )
            has_stopped = walk.has_stopped | (is_live & self._has_seen_all(first_steps))
            if callable(self.stop):
                has_stopped = has_stopped | (is_live & self.stop(values))
            return walk._replace(first_steps=first_steps, has_stopped=has_stopped), records

        start = _Walk(weights, *(getattr(state, name) for name in _Walk._fields[1:]))
        walk, records = jax.lax.fori_loop(first, last, to_record, (start, state.records))
        walked = walk._asdict()
        model = eqx.combine(walked.pop("weights"), structure)
        return RunState(
            task=state.task, model=model, loss_key_data=key_data, records=records, **walked
        )

    def _has_seen_all(self, first_steps: dict[str, Array]) -> Array | bool:
        if self.stop != "events":
            return False
        return jnp.all(jnp.stack([step >= 0 for step in first_steps.values()]))


def _parameters(function: Any) -> set[str]:
    if isinstance(function, (Task, optax.GradientTransformation)):
        return set()
    return set(inspect.signature(function).parameters)


def _accepted(function: Any, offered: dict[str, Any]) -> dict[str, Any]:
    names = _parameters(function)
    return {name: value for name, value in offered.items() if name in names}

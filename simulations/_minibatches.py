"""Minibatches: the train rows in a random order, visited once an epoch."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, UInt32

from .tasks.task import Task


class Minibatches(eqx.Module):
    """The order of this epoch, and the rows that are left of it.

    An epoch visits `num_train // batch_size` batches and leaves the last incomplete one out; then
    the rows are shuffled again.
    """

    key_data: UInt32[Array, "*batch words"]  # not a typed key, since checkpoints hold plain arrays
    order: Int[Array, "*batch rows"]
    position: Int[Array, "*batch"]

    @classmethod
    def start(cls, task: Task, batch_size: int, *, key: Array) -> Minibatches:
        """Return the state before the first epoch.

        Raises
        ------
        ValueError
            If the smallest train set of the task has no complete batch.
        """
        if not 1 <= batch_size <= task.train_floor:
            raise ValueError(
                f"batch_size must lie between 1 and the {task.train_floor} train samples, "
                f"got {batch_size}"
            )
        rows = jnp.arange(task.train_capacity, dtype=jnp.int32)
        return cls(jax.random.key_data(key), rows, jnp.asarray(task.num_train, jnp.int32))

    def draw(
        self, batch_size: int, num_train: Int[Array, ""]
    ) -> tuple[Int[Array, " rows"], Minibatches]:
        """Return the rows of the next batch, and what comes after it."""

        def shuffled() -> tuple[Array, Array, Array]:
            key, use = jax.random.split(jax.random.wrap_key_data(self.key_data))
            ranks = jax.random.uniform(use, self.order.shape)
            is_padding = jnp.arange(len(self.order)) >= num_train
            order = jnp.argsort(jnp.where(is_padding, 2.0, ranks)).astype(jnp.int32)
            return jax.random.key_data(key), order, jnp.zeros_like(self.position)

        key_data, order, position = jax.lax.cond(
            self.position + batch_size > num_train,
            shuffled,
            lambda: (self.key_data, self.order, self.position),
        )
        rows = jax.lax.dynamic_slice_in_dim(order, position, batch_size)
        return rows, Minibatches(key_data, order, position + batch_size)

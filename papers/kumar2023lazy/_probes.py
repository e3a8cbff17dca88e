"""What is read off the committees while they train: functions of (model, task)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import simulations as sim

if TYPE_CHECKING:
    import jax


def test_loss(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Mean squared error on the test sample."""
    return sim.squared_error(model, task.test())


def mean(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Mean of the units' weights."""
    del task
    return model.model.weights.mean(axis=0)


def second_moment(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Second moment of the units' weights."""
    del task
    weights = model.model.weights
    return weights.T @ weights / len(weights)


def train_inputs(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Inputs of the train set."""
    del model
    return task.train().inputs


def train_targets(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Targets of the train set."""
    del model
    return task.train().targets


def initial_weights(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    """Weights at the start."""
    del task
    return model.initial.value.weights


def alignment(model: sim.CenteredScaled, task: sim.tasks.Task, *, num_samples: int) -> jax.Array:
    r"""Alignment of the tangent kernel with the target, $y^\top Ky/(\lVert K\rVert_F|y|^2)$, on the
    first samples of the test set.
    """
    import jax.numpy as jnp

    batch = task.test()
    inputs, targets = batch.inputs[:num_samples], batch.targets[:num_samples]
    kernel = sim.measures.tangent_kernel(model, inputs).reshape(num_samples, num_samples)
    return targets @ kernel @ targets / (jnp.linalg.norm(kernel) * (targets @ targets))


def target_power(model: sim.CenteredScaled, task: sim.tasks.Task) -> jax.Array:
    r"""Mean of $y\,K(x, x')\,y'$ over the pairs of one half of the test set with the other.

    As $\nabla f(x)\cdot\nabla f(x')$ is bilinear, this is one product of two gradients of
    $\langle yf\rangle$; no sample meets itself, so that nothing has to be subtracted.
    """
    import jax
    import jax.numpy as jnp

    batch = task.test()
    half = len(batch.targets) // 2

    def overlap(weights: jax.Array, rows: slice) -> jax.Array:
        fields = batch.inputs[rows] @ weights.T
        outputs = model.scale.value * model.model.activation(fields).mean(axis=1)
        return jnp.mean(batch.targets[rows] * outputs)

    first, second = (
        jax.grad(overlap)(model.model.weights, rows)
        for rows in (slice(0, half), slice(half, 2 * half))
    )
    return jnp.sum(first * second)

"""What is read off the networks of this paper while they train: functions of (model, task)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim

if TYPE_CHECKING:
    import jax
    import xarray as xr


def test_loss(model: sim.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    """Loss per test sample."""
    return sim.fused_centered_squared_error(model, task.test())


def loss_of_all_pairs(model: sim.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    """Loss per sample over train and test together."""
    train, test = task.train(), task.test()
    total = sim.fused_centered_squared_error(model, train) * train.size
    total += sim.fused_centered_squared_error(model, test) * test.size
    return total / (train.size + test.size)


def mean_node_energy(model: sim.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    r"""Mean of $\tfrac12\lVert\tilde Y^T\sigma(Xw)\rVert^2$ over unit-normalized nodes.

    Nodes that weight decay has killed (below 0.1 % of the largest squared norm) are left out.
    """
    import jax.numpy as jnp

    features, labels = _features_and_labels(model, task)
    squared_norms = jnp.sum(model.hidden**2, axis=(0, 1))
    is_alive = squared_norms > 1e-3 * squared_norms.max()
    # x^2 is homogeneous of degree two, so normalizing w divides the features by its squared norm
    normalized = features / jnp.where(is_alive, squared_norms, 1.0)[None]
    energies = 0.5 * jnp.sum((labels.T @ normalized) ** 2, axis=0)
    return jnp.sum(is_alive * energies) / jnp.sum(is_alive)


def gradient_structure(model: sim.TwoLayerNet, task: sim.tasks.Task, *, eta: float) -> jax.Array:
    r"""Norm of the gradient sent back to the hidden layer, and its cosines with two directions.

    $G_F = P (Y - F V) V^T$ with outputs centered over classes; the directions are
    $\tilde Y\tilde Y^T\tilde F$ (early) and $Z Z^T\tilde F$ with
    $Z = (\tilde F\tilde F^T + \eta)^{-1}\tilde Y$ (the fixed point).
    """
    import jax.numpy as jnp

    measures = sim.measures
    features, labels = _features_and_labels(model, task)
    features = measures.centered(features)
    readout = model.readout - model.readout.mean(axis=0, keepdims=True)
    gradient = measures.backpropagated_gradient(features, labels, readout)
    kernel = features @ features.T
    whitened = jnp.linalg.solve(kernel + eta * jnp.eye(len(kernel)), labels)
    return jnp.stack(
        [
            jnp.linalg.norm(gradient),
            measures.cosine_similarity(gradient, labels @ (labels.T @ features)),
            measures.cosine_similarity(gradient, whitened @ (whitened.T @ features)),
        ]
    )


def _features_and_labels(
    model: sim.TwoLayerNet, task: sim.tasks.Task
) -> tuple[jax.Array, jax.Array]:
    """Hidden features and sample-centered labels of the train set."""
    import jax
    import jax.numpy as jnp

    batch = task.train()
    features = jax.vmap(model.features)(batch.inputs)
    labels = jnp.eye(task.num_classes, dtype=features.dtype)[batch.targets]
    return features, labels - labels.mean(axis=0, keepdims=True)


def grok_times(runs: xr.Dataset, *, threshold: float) -> np.ndarray:
    """Steps until test accuracy reaches `threshold`, in the leading dimensions of the runs.

    Raises
    ------
    ValueError
        If a run never gets there: an average without it would be too early.
    """
    accuracy = runs["test_accuracy"]
    times = sim.detectors.time_to_grok(
        accuracy["step"].values, accuracy.values, threshold=threshold
    )
    if np.any(times.is_censored):
        raise ValueError(
            f"{int(times.is_censored.sum())} of {times.is_censored.size} runs do not reach test "
            f"accuracy {threshold} within {int(accuracy['step'][-1])} steps"
        )
    return times.times

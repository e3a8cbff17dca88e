"""What is read off the networks of this paper while they train: functions of (model, task)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim

if TYPE_CHECKING:
    import jax
    import xarray as xr

KERNEL_ROWS = 128  # train pairs on which the tangent kernel is followed


def normalized_margin(model: sim.models.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    r"""Smallest margin on the train set over $\lVert\theta\rVert_\infty^3$."""
    margin = sim.losses.margins(model, task.train()).min()
    return margin / sim.regularizers.max_norm(model) ** 3


def tangent_kernel(model: sim.models.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    """Tangent kernel of the first output on some of the train pairs."""
    rows = task.train().inputs[:KERNEL_ROWS]
    return sim.measures.tangent_kernel(model, rows, outputs=0)


def train_loss_share(model: sim.models.QuadraticTripleNet, task: sim.tasks.Task) -> jax.Array:
    """Squared error on the train triples over that of the zero predictor."""
    return sim.losses.squared_error(model, task.train()) / model.net.readout.shape[0]


def test_loss_share(model: sim.models.QuadraticTripleNet, task: sim.tasks.Task) -> jax.Array:
    """Squared error on the held-out triples over that of the zero predictor."""
    return sim.losses.squared_error(model, task.test()) / model.net.readout.shape[0]


def largest_weight(model: sim.models.QuadraticTripleNet, task: sim.tasks.Task) -> jax.Array:
    """Largest weight of both layers."""
    del task
    return sim.regularizers.max_norm(model)


def sample_order(model: sim.models.QuadraticTripleNet, task: sim.tasks.Task) -> jax.Array:
    """Order of the samples, whose first ones are the train set."""
    del model
    return task.order


def first_steps(runs: xr.Dataset, name: str, *, level: float) -> Float[np.ndarray, "*sweep"]:
    """Return the first recorded step at which a measure reaches a level; inf where it never does.

    The dimensions other than `step` keep their order.
    """
    reached = runs[name] >= level
    steps = runs["step"].values.astype(np.float64)
    first = reached.argmax("step")
    found = steps[first.values]
    return np.where(reached.any("step").values, found, np.inf)

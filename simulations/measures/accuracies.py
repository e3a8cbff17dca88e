"""Accuracy on the two halves of a task, as it is recorded along a run."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..losses import accuracy
from ..models.evaluation import outputs_of
from ..tasks.task import Batch, Task


def train_accuracy(model: Any, task: Task) -> Float[Array, ""]:
    """Return the fraction of train samples whose largest output is the target's."""
    return accuracy(model, task.train())


def test_accuracy(model: Any, task: Task) -> Float[Array, ""]:
    """Return the fraction of test samples whose largest output is the target's."""
    return accuracy(model, task.test())


def nearest_target_accuracy(
    model: Any, batch: Batch, candidates: Float[Array, "candidates outputs"]
) -> Float[Array, ""]:
    r"""Return the fraction of rows whose outputs are nearer to their target than to any other,

    $$ \operatorname{argmin}_{t \in \text{candidates}} \lVert f(x) - t \rVert = y . $$

    Parameters
    ----------
    model
        Of one sample, with a vector of outputs.
    batch
        Rows whose targets are among the candidates, for example `task.test()`.
    candidates
        All target vectors, repeated or not: `task.targets`.

    [liu2022effective, code]
    """
    outputs = outputs_of(model, batch.inputs)
    candidates, targets = (x.astype(outputs.dtype) for x in (candidates, batch.targets))
    # Candidates come first: XLA reduces over the first axis of small arrays several times faster.
    is_target = jnp.all(candidates[:, None] == targets[None], axis=2)
    # The square of the outputs is the same for all candidates and is left out.
    distances = jnp.square(candidates).sum(axis=1)[:, None] - 2 * candidates @ outputs.T
    is_nearest = distances == distances.min(axis=0, keepdims=True)
    return jnp.sum(batch.weights * jnp.any(is_nearest & is_target, axis=0)) / batch.size

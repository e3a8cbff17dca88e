"""Accuracy on the two halves of a task, as it is recorded along a run."""

from __future__ import annotations

from typing import Any

from jaxtyping import Array, Float

from ..losses import accuracy
from ..tasks.task import Task


def train_accuracy(model: Any, task: Task) -> Float[Array, ""]:
    """Return the fraction of train samples whose largest output is the target's."""
    return accuracy(model, task.train())


def test_accuracy(model: Any, task: Task) -> Float[Array, ""]:
    """Return the fraction of test samples whose largest output is the target's."""
    return accuracy(model, task.test())

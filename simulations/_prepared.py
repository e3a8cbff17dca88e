"""A task whose batches are gathered once, for a loop that looks at them at every step."""

from __future__ import annotations

import dataclasses

from jaxtyping import Array, Num

from .tasks.task import Batch, Task


class PreparedTask(Task):
    """A task with its two batches at hand.

    Whoever asks it for the train set gets the very arrays of the loss, so that outputs can be
    shared. Changed, it is a plain task again.
    """

    train_batch: Batch
    test_batch: Batch

    @classmethod
    def of(cls, task: Task) -> PreparedTask:
        """Gather the batches of a task."""
        return cls(**_fields(task), train_batch=task.train(), test_batch=task.test())

    def train(self) -> Batch:
        """Return the train set."""
        return self.train_batch

    def test(self) -> Batch:
        """Return the test set."""
        return self.test_batch

    def with_targets(self, targets: Num[Array, "samples ..."]) -> Task:
        """Return the plain task with other targets of the same samples."""
        return Task(**_fields(self)).with_targets(targets)

    def with_num_train(self, num_train: int | Num[Array, ""]) -> Task:
        """Return the plain task with another number of train samples."""
        return Task(**_fields(self)).with_num_train(num_train)


def _fields(task: Task) -> dict:
    return {field.name: getattr(task, field.name) for field in dataclasses.fields(Task)}

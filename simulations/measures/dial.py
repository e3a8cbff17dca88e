"""What shows a run going from the kernel regime to the rich one, for any model and task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jaxtyping import Array, Float

from ..tasks.task import Batch, Task
from .features import weight_norm
from .kernel_similarity import kernel_measures


def dial_measures(
    loss: Callable[[Any, Batch], Float[Array, ""]],
    *,
    probe: int | Callable[[Task], Batch] = 64,
    outputs: str | int = "trace",
    apply: Callable[[Any, Array], Array] | None = None,
) -> dict[str, Callable[[Any, Task], Array]]:
    """Return the measures of the kernel-to-rich dial: test loss, tangent kernel, weight norm.

    Give them to `train`, and the recorded `kernel` to :func:`.kernel_history` for its distance and
    alignment to the initial one.

    Parameters
    ----------
    loss
        `loss(model, batch)`, evaluated on the test set.
    probe, outputs, apply
        Which kernel is recorded, see :func:`.kernel_measures`.

    Raises
    ------
    ValueError
        As :func:`.kernel_measures`.
    """

    def test_loss(model: Any, task: Task) -> Array:
        return loss(model, task.test())

    return {
        "test_loss": test_loss,
        "weight_norm": lambda model, task: weight_norm(model),
        **kernel_measures(probe, outputs=outputs, apply=apply),
    }

r"""The kernel-to-rich dial: any run in one figure, beside what its initial kernel would have done.

    from groktheory.papers import dial

    runs = sim.train(..., measures=sim.measures.dial_measures(sim.squared_error))
    dial.draw(runs, predictions=dial.lazy_losses(model, task, learning_rate=0.1, steps=steps))

The boundaries of the stages are each theory's own; the figure `dial` of [kumar2023lazy] draws those
of four theories on one run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import simulations as sim
from .. import validation as val
from ..theory import kernels

if TYPE_CHECKING:
    import jax
    import xarray as xr
    from matplotlib.figure import Figure

    from ..simulations.tasks import Task


def draw(
    runs: xr.Dataset,
    *,
    boundaries: Sequence[val.Boundary] = (),
    predictions: Sequence[val.Series] = (),
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Draw runs that were trained with `sim.measures.dial_measures`; see `validation.draw_dial`.

    A recorded `kernel` is turned into its distance and alignment to the initial one.

    Raises
    ------
    ValueError
        As `validation.draw_dial`.
    """
    if "kernel" in runs:
        runs = runs.drop_vars("kernel").assign(sim.measures.kernel_history(runs).data_vars)
    return val.draw_dial(runs, boundaries=boundaries, predictions=predictions, levels=levels)


def lazy_losses(
    model: Any,
    task: Task,
    *,
    learning_rate: float,
    steps: np.ndarray,
    apply: Callable[[Any, jax.Array], jax.Array] | None = None,
) -> tuple[val.Series, val.Series]:
    r"""Return the train and the test loss of the network that stays linear in its weights.

    $$ f_t = f_0 + K(\cdot, X)\, K^{-1} \bigl(1 - e^{-2 \eta t K / n}\bigr)\, (y - f_0) $$

    for gradient descent on the mean squared error of a model with one output, in the limit of
    small steps. Where the run leaves these curves, its kernel has moved.

    Parameters
    ----------
    model, task
        At the start of training.
    learning_rate
        $\eta$.
    steps
        $t \ge 0$.
    apply
        `apply(model, sample)`; by default `model(sample)`.

    Raises
    ------
    ValueError
        For a model with several outputs, or no train or test rows that count.
    """
    import jax

    train, test = (
        jax.tree.map(lambda leaf, kept=batch.weights > 0: leaf[kept], batch)
        for batch in (task.train(), task.test())
    )

    def outputs(batch: sim.tasks.Batch) -> np.ndarray:
        call = (lambda x: model(x)) if apply is None else functools.partial(apply, model)
        values = np.asarray(jax.vmap(call)(batch.inputs), np.float64)
        if values.ndim != 1:
            raise ValueError(
                f"the model must have one output, got {values.shape[1:]} of them: take the "
                "linearized dynamics of several outputs from `theory.kernels` directly"
            )
        return values

    def kernel(first: sim.tasks.Batch, second: sim.tasks.Batch) -> np.ndarray:
        gram = sim.measures.tangent_kernel(
            model, first.inputs, second.inputs, outputs=0, apply=apply
        )
        return np.asarray(gram, np.float64)

    gram, cross = kernel(train, train), kernel(test, train)
    gram, rate = (gram + gram.T) / 2, 2 / len(train.targets)
    start, residual = outputs(test), np.asarray(train.targets, np.float64) - outputs(train)
    times = learning_rate * np.asarray(steps, np.float64)
    fitted = kernels.kernel_flow(rate * gram, residual, times)
    moved = kernels.kernel_flow(rate * gram, residual, times, cross=rate * cross)
    wanted = np.asarray(test.targets, np.float64) - start
    return (
        val.Series(
            "train, initial kernel",
            steps,
            np.mean((fitted - residual) ** 2, axis=1),
            style="dashed",
        ),
        val.Series(
            "test, initial kernel", steps, np.mean((moved - wanted) ** 2, axis=1), style="dashed"
        ),
    )

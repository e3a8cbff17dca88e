"""One run under four theories: when it fits, when it is released, when it must have generalized."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ... import validation as val
from ...theory import implicit_bias, kernel_limits
from .. import dial
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

FITTED = 0.01  # fraction of the initial train loss from which the run counts as fitted


@paper.figure(
    "dial",
    caption="A diagonal network on sparse regression: train and test loss, tangent kernel and "
    "weights of one run, with the stages that four theories predict for it.",
    options={"scale": 2.0, "weight_decay": 0.02},
)
def kernel_to_rich(bench: Bench, *, scale: float = 2.0, weight_decay: float = 0.02) -> Figure:
    r"""Train $f = \sum_k (u_k^2 - v_k^2) x_k$ from $u = v = \alpha$ with weight decay.

    - [kumar2023lazy] The initial kernel predicts both losses (dashed) and the end of fitting.
    - [lyu2023dichotomy] The weights are released when the clock has come down to their size.
    - [notsawo2025norm] Weight decay has brought what initialization left down to the weights that
      the target needs.
    - [mohamadi2024kernel] No kernel method with n samples captures more than n of the d equally
      likely targets, hence a test loss of at least 1 - n/d of the initial one.

    Raises
    ------
    ValueError
        For a scale too small for an early phase, or no weight decay.
    """
    if not scale > 0.2:
        raise ValueError(f"scale must exceed 0.2 for an early phase to be seen, got {scale}")
    if not weight_decay > 0:
        raise ValueError(f"weight_decay must be positive, got {weight_decay}: nothing is released")
    spec = sim.tasks.SparseRegression(dimension=100, sparsity=3, num_train=40, num_test=500)
    learning_rate = 0.004 / scale**2  # a fifth of the stability limit at the start
    num_steps = round(3 * (2 + np.log(scale)) / (learning_rate * weight_decay))
    runs = bench.train(
        "dial",
        init=lambda key: sim.models.DiagonalNet.init(spec.dimension, scale=scale),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(learning_rate, weight_decay),
        loss=sim.squared_error,
        num_steps=num_steps,
        dtype="float64",
        measures=sim.measures.dial_measures(sim.squared_error),
        final={
            "inputs": lambda model, task: task.inputs,
            "targets": lambda model, task: task.targets,
        },
    ).isel(seed=0)
    inputs, targets = (runs[name].values.astype(np.float64) for name in ("inputs", "targets"))
    lazy = dial.lazy_losses(
        sim.models.DiagonalNet.init(spec.dimension, scale=scale),
        sim.tasks.independent_samples(inputs, targets, num_train=spec.num_train),
        learning_rate=learning_rate,
        steps=runs["step"].values,
    )
    return dial.draw(
        runs,
        boundaries=(
            _end_of_fitting(lazy[0]),
            *_ends_of_the_early_phase(
                inputs[: spec.num_train],
                targets[: spec.num_train],
                scale=scale,
                learning_rate=learning_rate,
                weight_decay=weight_decay,
            ),
        ),
        predictions=lazy,
        levels={
            "test, any kernel (mean)": float(runs["test_loss"][0])
            * kernel_limits.uncaptured_fraction(np.ones(spec.dimension), spec.num_train)
        },
    )


def _end_of_fitting(lazy_train_loss: val.Series) -> val.Boundary:
    is_fitted = lazy_train_loss.y < FITTED * lazy_train_loss.y[0]
    return val.Boundary(
        "the initial kernel has fitted 99 % [kumar2023lazy]",
        float(lazy_train_loss.x[np.argmax(is_fitted)]),
    )


def _ends_of_the_early_phase(
    features: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    *,
    scale: float,
    learning_rate: float,
    weight_decay: float,
) -> tuple[val.Boundary, val.Boundary]:
    """Return when the clock meets the early weights, and the norm that of the late ones."""
    early = implicit_bias.min_l2_norm(features, targets)
    late = implicit_bias.basis_pursuit(features, targets).weights
    release = implicit_bias.release_time(
        scale=scale,
        weight_decay=weight_decay,
        typical_weight=float(np.sqrt(np.mean(early**2))),
    )
    decay = implicit_bias.null_space_decay_time(
        scale * np.sqrt(2 * len(early)),
        np.sqrt(np.abs(late).sum()),  # u^2 + v^2 = |w| at the end
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    return (
        val.Boundary("the weights are released [lyu2023dichotomy]", release / learning_rate),
        val.Boundary("the initialization has decayed [notsawo2025norm]", decay),
    )

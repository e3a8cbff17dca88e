"""Figure of weight decay alone: a late drop of the test error onto a plateau."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, legend_above
from ._card import paper
from ._figure_data import sparse_problem
from .weight_decay import INITIAL_NORM, LEARNING_RATE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_DECAYS = (1e-2, 1e-3)


@paper.figure(
    "null-space-law",
    caption=(
        "Linear regression on sparse data with weight decay alone, from an initialization of norm "
        "10: relative test error of gradient descent (lines), exactly, and what the null space of "
        "the data alone says, |(1 - alpha beta)^t P a_0 - P a*| (points). The error drops late, "
        "by the time that the initialization has decayed to the size of the signal (dotted), and "
        "stays at the part of the signal that the data do not see. Below, the train residual, "
        "small long before."
    ),
    options={"dimension": 100, "sparsity": 5, "num_measurements": 30},
)
def null_space_law(
    bench: Bench, *, dimension: int = 100, sparsity: int = 5, num_measurements: int = 30
) -> Figure:
    """Draw exact errors and residuals under two decays and without, and the null-space law."""
    problem = sparse_problem(
        bench.generator("null-space-law"),
        dimension=dimension,
        sparsity=sparsity,
        num_measurements=num_measurements,
    )
    features, targets, signal = problem.features, problem.targets, problem.signal
    start = np.full(dimension, INITIAL_NORM / np.sqrt(dimension))
    size = float(np.linalg.norm(signal))
    plateau = theory.null_space_error(features, signal)
    unseen = theory.null_space_error(features, start) * INITIAL_NORM
    # The parts that the data do not see.
    lost, kept = (a - theory.min_l2_norm(features, features @ a) for a in (start, signal))
    last = 20 / (LEARNING_RATE * min(_DECAYS))
    steps = np.unique(np.geomspace(1, last, 300).astype(int))
    marks = np.unique(np.geomspace(2, last / 2, 18).astype(int))
    with drawing(height=3.6, rows=2, sharex=True, gridspec_kw={"height_ratios": (2, 1)}) as (
        figure,
        (errors, residuals),
    ):
        for index, decay in enumerate((*_DECAYS, 0.0)):
            settings = {"learning_rate": LEARNING_RATE, "weight_decay": decay}
            path = theory.weight_decay_iterates(features, targets, start, steps, **settings)
            color = f"C{index}" if decay else "0.5"
            distance = np.linalg.norm(path - signal, axis=1) / size
            errors.plot(steps, distance, color=color, label=rf"$\beta = {decay:g}$")
            misfit = np.linalg.norm(path @ features.T - targets, axis=1) / np.linalg.norm(targets)
            residuals.plot(steps, misfit, color=color)
            if not decay:
                continue
            faded = (1 - LEARNING_RATE * decay) ** marks[:, None] * lost[None, :]
            law = np.linalg.norm(faded - kept, axis=1) / size
            errors.plot(marks, law, "o", color=color, markersize=3)
            dropped = theory.null_space_decay_time(unseen, plateau * size, **settings)
            errors.axvline(dropped, color=color, ls=":")
        errors.axhline(plateau, color="black", ls="--", lw=0.8, label="unseen part")
        errors.set(ylabel="relative test error", xscale="log", yscale="log", ylim=(0.4, None))
        residuals.set(
            xlabel="step $t$",
            ylabel="train residual",
            yscale="log",
            ylim=(1e-6, None),
            xlim=(1, last),
        )
        legend_above(errors, columns=2)
    return figure

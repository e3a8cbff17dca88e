"""Figure of the reduced losses, with the way of a free run across them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import norm_landscape as theory
from ...validation.layout import drawing, legend_above, letter
from . import _runs as runs
from . import teacher_student as students
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_GENERALIZES = 1e-3  # test loss


@paper.figure(
    "landscape",
    caption=(
        "Students of a random teacher. (a) Reduced train and test loss over the norm of the "
        "weights, from training on spheres (bars: standard errors over seeds), and the way of a "
        "free run (squares, faint to dark in time) from twice the ordinary norm under weight "
        "decay. (b) Losses of the same run against steps; dashed, the step at which the norm "
        "alone, decaying to where the reduced test loss is 0.001, predicts the fall of the test "
        "loss."
    ),
    options={"weight_decay": 0.4},
)
def landscape(bench: Bench, *, weight_decay: float = 0.4) -> Figure:
    """Draw reduced losses and a trajectory of norm and loss."""
    if not 0 < weight_decay <= 2:
        raise ValueError(f"weight_decay must lie in (0, 2], got {weight_decay}")
    reduced = students.reduced_losses(bench).sel(reading="last")
    free = students.free_runs(
        bench,
        scale=students.LARGE,
        weight_decays=(float(weight_decay),),
        num_steps=int(1200 / weight_decay),
        stop=False,
    ).isel(weight_decay=0, seed=0)
    ladder = reduced["norm"].values
    colors = {"train": "C0", "test": "C1"}
    recorded = {"train": free["loss"].values, "test": free["test_loss"].values}
    steps, norms = free["step"].values, free["norm"].values
    mean = {part: reduced[f"{part}_loss"].mean("seed").values.astype(float) for part in colors}
    shape = theory.NormLandscape(ladder, mean["train"], mean["test"], floor=1e-30)
    predicted = shape.grokking_steps(
        float(norms[0]),
        threshold=_GENERALIZES,
        learning_rate=students.LEARNING_RATE,
        weight_decay=weight_decay,
    )
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        shades = np.linspace(0.15, 1.0, len(steps))
        for part, color in colors.items():
            losses = reduced[f"{part}_loss"].values
            error = losses.std(axis=1, ddof=1) / np.sqrt(losses.shape[1])
            panels[0].errorbar(
                ladder, mean[part], error, color=color, fmt="o-", lw=1.2, label=f"{part}, sphere"
            )
            panels[0].scatter(
                norms, recorded[part], s=5, color=color, alpha=shades, marker="s", lw=0
            )
            panels[0].plot([], [], "s", color=color, ms=2, label=f"{part}, free run")
            panels[1].plot(steps[1:], recorded[part][1:], color=color, label=part)
        panels[0].axvline(
            runs.ordinary_norm(runs.TEACHER_SIZES), color="0.6", ls=":", label="ordinary norm"
        )
        panels[1].axvline(predicted, color="black", ls="--", label="predicted step")
        panels[0].set(xscale="log", yscale="log", xlabel=r"norm $\Vert\theta\Vert$", ylabel="loss")
        panels[0].set_xticks([3, 5, 10, 20], ["3", "5", "10", "20"])
        panels[0].minorticks_off()
        panels[1].set(xscale="log", yscale="log", xlabel="step", ylabel="loss of the free run")
        for axes, name, columns in zip(panels, "ab", (2, 3), strict=True):
            letter(axes, name)
            legend_above(axes, columns=columns)
    return figure

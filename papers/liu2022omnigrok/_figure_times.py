"""Figure of the grokking time over the weight decay, and of the decay of the norm."""

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

_FLOOR = 0.005  # half of one of a hundred test samples


@paper.figure(
    "grokking-time",
    caption=(
        "Students of a random teacher from a large initialization. (a) Steps at which they fit and "
        "generalize against weight decay (points: means over seeds, bars: standard errors); line, "
        "ln(w_0 / w_c) / (eta gamma) with the critical norm w_c of students trained on spheres, "
        "band: its range over seeds. (b) Norms along the runs collapse: once the first gradients "
        "have shrunk them by one or two per cent, they fall as by decay alone; dots: where they "
        "generalize."
    ),
    options={"seed": 0},
)
def grokking_time(bench: Bench, *, seed: int = 0) -> Figure:
    """Draw times against weight decay, and the norms of one seed."""
    found, reduced = students.grokking_runs(bench), students.reduced_losses(bench)
    if not 0 <= seed < found.sizes["seed"]:
        raise ValueError(f"seed must lie in [0, {found.sizes['seed'] - 1}], got {seed}")
    decays = found["weight_decay"].values
    fine = np.geomspace(decays[0] / 1.3, decays[-1] * 1.3, 50)
    starts = found["norm"].isel(step=0, weight_decay=0).values
    critical = [
        runs.landscape_of(reduced, index, test="test_error", floor=_FLOOR).critical_norm(
            1 - runs.GENERALIZES
        )
        for index in range(reduced.sizes["seed"])
    ]
    laws = np.array(
        [
            [
                theory.grokking_steps(
                    float(starts[index]),
                    norm,
                    learning_rate=students.LEARNING_RATE,
                    weight_decay=float(decay),
                )
                for decay in fine
            ]
            for index, norm in enumerate(critical)
        ]
    )
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        for color, name, label in (
            ("C0", "fit_step", "fits"),
            ("C1", "generalization_step", "generalizes"),
        ):
            steps = found[name].values
            error = steps.std(axis=1, ddof=1) / np.sqrt(steps.shape[1])
            panels[0].errorbar(decays, steps.mean(axis=1), error, fmt="o", color=color, label=label)
        panels[0].plot(fine, laws.mean(axis=0), color="black", label="from the landscape")
        panels[0].fill_between(
            fine, laws.min(axis=0), laws.max(axis=0), color="black", alpha=0.15, lw=0
        )
        panels[0].set(xscale="log", yscale="log", xlabel=r"weight decay $\gamma$", ylabel="step")
        panels[0].set_xticks([0.1, 0.3, 1.0], ["0.1", "0.3", "1"])
        panels[0].minorticks_off()
        line = np.linspace(0, 0.3, 2)
        panels[1].plot(line, np.exp(-line), color="black", label=r"$e^{-\eta\gamma n}$")
        for index, decay in enumerate(decays):
            run = found.isel(weight_decay=index, seed=seed)
            fall = theory.decay_rate(students.LEARNING_RATE, float(decay))
            taken = np.isfinite(run["norm"].values)
            steps = np.append(run["step"].values[taken], run["stopped_at"].values)
            norms = np.append(run["norm"].values[taken], run["last_norm"].values)
            color = f"C{index}"
            panels[1].plot(steps * fall, norms / norms[0], color=color, lw=1.0)
            panels[1].plot(
                steps[-1] * fall,
                norms[-1] / norms[0],
                "o",
                color=color,
                label=rf"$\gamma = {decay:g}$",
            )
        panels[1].set(
            xlabel=r"$\eta\gamma n$", ylabel=r"$\Vert\theta\Vert\,/\,w_0$", ylim=(0.74, 1.02)
        )
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            legend_above(axes, columns=3)
    return figure

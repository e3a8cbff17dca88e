"""Figure of the exact curves: losses and accuracies through the points of gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import linear_estimators as theory
from ...validation.layout import drawing, letter
from ._card import paper
from ._runs import LEARNING_RATE, Students, log_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_RATIOS = (0.1, 0.9, 1.5)
_PARTS = (("train", "-", "o"), ("test", "--", "s"))


@paper.figure(
    "exact-curves",
    caption=(
        "Linear students with fewer and with more parameters than samples: (a) losses and (b) "
        "accuracies at the threshold. Lines: averages over the Marchenko-Pastur law, train solid "
        "and test dashed; points: means over draws of gradient descent on Gaussian data, with "
        "standard errors. Below as many parameters as samples the test curve follows the train "
        "curve late; above, it stays at a plateau."
    ),
    options={"threshold": 1e-3, "dimension": 600, "draws": 20},
)
def exact_curves(
    bench: Bench, *, threshold: float = 1e-3, dimension: int = 600, draws: int = 20
) -> Figure:
    """Draw predicted curves and measured points of three aspect ratios."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must lie in (0, 1), got {threshold}")
    if dimension < 10 or draws < 2:
        raise ValueError(
            f"dimension must be at least 10 and draws at least 2, got {dimension} and {draws}"
        )
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, panels):
        for index, ratio in enumerate(_RATIOS):
            students = Students(
                name="figure",
                dimension=dimension,
                aspect_ratio=ratio,
                steps=log_steps(3, 200_000, 26),
                num_draws=draws,
                threshold=threshold,
            )
            _draw_ratio(panels, students, students.train(bench), f"C{index}", threshold)
        panels[0].set(yscale="log", ylabel="loss", ylim=(threshold / 100, 2))
        panels[1].set(ylabel=rf"accuracy at $\epsilon = {threshold:g}$", ylim=(-0.03, 1.03))
        panels[0].axhline(threshold / 4, color="0.6", lw=0.8, ls=":", label=r"$\epsilon/4$")
        for axes, name in zip(panels, "ab", strict=True):
            axes.set(xscale="log", xlabel="step", xlim=(3, 200_000))
            letter(axes, name)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def _draw_ratio(
    panels: tuple[Axes, Axes],
    students: Students,
    runs: dict[str, np.ndarray],
    color: str,
    threshold: float,
) -> None:
    fine = np.geomspace(3, 200_000, 300)
    curves = theory.loss_curves(LEARNING_RATE * fine, aspect_ratio=students.actual_ratio)
    steps = np.array(students.steps)[1:]
    for (part, line, marker), loss in zip(_PARTS, curves, strict=True):
        label = rf"$\lambda = {students.aspect_ratio:g}$, {part}"
        predicted = (loss, theory.threshold_accuracy(loss, threshold=threshold))
        for axes, name, curve in zip(panels, ("loss", "accuracy"), predicted, strict=True):
            values = runs[f"{part}_{name}"][:, 1:]
            error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
            axes.plot(fine, curve, line, color=color, lw=1.0, label=label)
            axes.errorbar(
                steps, values.mean(axis=0), error, fmt=marker, color=color, markersize=2.8, lw=0.8
            )

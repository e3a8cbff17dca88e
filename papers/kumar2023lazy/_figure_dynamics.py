"""Figure of grokking in the closed dynamics: three terms of the test error at several scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import lazy_rich
from ...validation.layout import drawing, letter
from ._card import paper
from ._figure_data import GROKKED, single_index, target_form, trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SCALES = (0.02, 0.2, 2.0)
_TERMS = ("variance", "misalignment", "linear power")


@paper.figure(
    "error-terms",
    caption=(
        "Train error and the three terms of the test error of one wide committee along its closed "
        "dynamics, at three output scales. Shaded, the time between memorization and "
        "generalization, where train and test error fall to a fifth of their start. The linear "
        "power peaks while the train set is memorized as by a kernel; the misalignment falls on a "
        "clock that is slower the larger the scale, and sets the delay."
    ),
    options={"dimension": 40, "curvature": 0.1},
)
def error_terms(bench: Bench, *, dimension: int = 40, curvature: float = 0.1) -> Figure:
    """Integrate the closed gradient flow of one train set and decompose its test error."""
    inputs = single_index(bench.generator("train set"), 5 * dimension, dimension)
    target = target_form(dimension)
    steps = np.geomspace(1, 1000 * dimension, 300)
    settings = {"sharey": True, "sharex": True}
    with drawing(height=2.6, is_wide=True, columns=3, **settings) as (figure, panels):
        for axes, name, scale in zip(panels, "abc", _SCALES, strict=True):
            flow = trajectory(inputs, steps, scale=scale, curvature=curvature)
            terms = lazy_rich.loss_terms(flow.linear, flow.quadratic, target, curvature=curvature)
            _draw(axes, flow, terms)
            axes.set_title(rf"$\alpha = {scale:g}$", loc="center")
            letter(axes, name)
        panels[0].set(ylabel="mean squared error", ylim=(0, None), xlim=(steps[0], steps[-1]))
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


def _draw(axes: Axes, flow: lazy_rich.Trajectory, terms: lazy_rich.LossTerms) -> None:
    steps = flow.steps
    axes.plot(steps, flow.train_loss, color="black", label="train error")
    axes.plot(steps, terms.total, color="C1", label="test error")
    parts = (terms.variance, terms.misalignment, terms.linear_power)
    for index, (part, label) in enumerate(zip(parts, _TERMS, strict=True)):
        axes.plot(steps, part, "--", color=("C4", "C0", "C2")[index], lw=1.0, label=label)
    memorized, generalized = (
        np.append(steps, steps[-1])[np.argmax(np.append(error < GROKKED * error[0], True))]
        for error in (flow.train_loss, terms.total)
    )
    axes.axvspan(memorized, generalized, color="0.5", alpha=0.15, lw=0, label="delay")
    axes.set(xscale="log", xlabel="steps")

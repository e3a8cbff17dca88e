"""Figure of the tangent kernel: its spectrum and alignment at the start, and how it turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import lazy_rich
from ...validation.layout import drawing, legend_above, letter
from ._card import paper
from ._figure_data import GROKKED, single_index, target_form, trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SCALES = (0.1, 0.4, 1.6)


@paper.figure(
    "kernel-spectrum",
    caption=(
        "(a) Eigenvalues of the tangent kernel of a wide, new committee against the curvature, on "
        "linear functions, traceless quadratic forms and the squared norm; dotted, the quadratic "
        "one as printed. (b) Its alignment with a single-index target, and the law at small "
        "curvature. (c) Alignment along the closed dynamics of one train set at curvature 0.25: "
        "it rises with the features, later for larger output scales. Circles and squares: the "
        "train and the test error have fallen to a fifth."
    ),
    options={"dimension": 40, "curvature": 0.25},
)
def kernel_spectrum(bench: Bench, *, dimension: int = 40, curvature: float = 0.25) -> Figure:
    """Draw eigenvalues and alignment of the initial kernel, and the alignment along training."""
    with drawing(height=2.8, is_wide=True, columns=3) as (figure, panels):
        _draw_eigenvalues(panels[0], dimension)
        _draw_initial_alignment(panels[1], dimension)
        inputs = single_index(bench.generator("train set"), 5 * dimension, dimension)
        _draw_alignments(panels[2], inputs, curvature)
        for axes, name in zip(panels, "abc", strict=True):
            letter(axes, name)
            legend_above(axes)
    return figure


def _draw_eigenvalues(axes: Axes, dimension: int) -> None:
    curvatures = np.geomspace(0.05, 2, 60)
    modes = np.array(
        [lazy_rich.initial_eigenvalues(dimension, curvature=value) for value in curvatures]
    )
    for index, name in enumerate(("linear", "quadratic", "squared norm")):
        axes.plot(curvatures, modes[:, index], color=f"C{index}", label=name)
    printed = [
        lazy_rich.published_quadratic_eigenvalue(dimension, curvature=value) for value in curvatures
    ]
    axes.plot(curvatures, printed, ":", color="C1", label="quadratic, printed")
    axes.set(xscale="log", yscale="log", xlabel=r"curvature $\epsilon$", ylabel="eigenvalue")


def _draw_initial_alignment(axes: Axes, dimension: int) -> None:
    curvatures = np.geomspace(0.05, 2 * dimension**0.25, 60)
    alignments = [lazy_rich.initial_alignment(dimension, curvature=value) for value in curvatures]
    law = curvatures**2 * (dimension + 8) / (3 * dimension**1.5)
    axes.plot(curvatures, alignments, color="C0", label="wide network")
    axes.plot(curvatures, law, "--", color="0.4", lw=0.9, label=r"$\propto\epsilon^2$")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"curvature $\epsilon$",
        ylabel=r"initial alignment CKA$_0$",
        ylim=(0.7 * alignments[0], 3 * max(alignments)),
    )


def _draw_alignments(axes: Axes, inputs: np.ndarray, curvature: float) -> None:
    dimension = inputs.shape[1]
    target = target_form(dimension)
    steps = np.geomspace(1, 400 * dimension, 300)
    for index, scale in enumerate(_SCALES):
        flow = trajectory(inputs, steps, scale=scale, curvature=curvature)
        alignment = lazy_rich.population_alignment(
            flow.mean, flow.second_moment, target, curvature=curvature
        )
        test = lazy_rich.loss_terms(flow.linear, flow.quadratic, target, curvature=curvature).total
        axes.plot(steps, alignment, color=f"C{index}", label=rf"$\alpha = {scale:g}$")
        for error, marker in ((flow.train_loss, "o"), (test, "s")):
            is_low = error < GROKKED * error[0]
            if is_low.any():
                first = np.argmax(is_low)
                axes.plot(
                    steps[first],
                    alignment[first],
                    marker,
                    color=f"C{index}",
                    markeredgecolor="black",
                    markersize=4.5,
                )
    axes.set(
        xscale="log", yscale="log", xlabel="steps", ylabel="alignment CKA", xlim=(1, steps[-1])
    )

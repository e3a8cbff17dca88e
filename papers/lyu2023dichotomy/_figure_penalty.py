"""Figure of what weight decay asks of the predictor: least squares at first, sparsity later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_CLOCKS = (1.0, 0.2, 0.05, 0.001)  # beta
_SAMPLE, _TARGET = np.array([[1.0, 1.6]]), np.array([1.6])
_CENTER = (0.5, 0.5)  # of the plane that is shown
_HALF_WIDTH = 0.9


@paper.figure(
    "smoothed-penalty",
    caption=(
        "(a) What weight decay pays for one weight w of a diagonal network, less its value at "
        "w = 0 and in units of its value at w = 1: from a parabola to the absolute value as the "
        "clock beta runs down. (b) Weights that fit one sample (black line) with least hyperbolic "
        "entropy, to which gradient flow under a small decay leads: points for the same four "
        "clocks with the level lines of the entropy through them; dotted, all clocks between "
        "least L2 norm (circle) and least L1 norm (square)."
    ),
)
def smoothed_penalty(bench: Bench) -> Figure:
    """Draw the smoothed norm of one weight, and the interpolants of one sample in the plane."""
    settings = {"width_ratios": (1.3, 1)}
    with drawing(height=2.8, is_wide=True, columns=2, gridspec_kw=settings) as (figure, panels):
        _draw_penalty(panels[0])
        _draw_plane(panels[1])
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=6)
    return figure


def _draw_penalty(axes: Axes) -> None:
    weights = np.linspace(-1.5, 1.5, 301)
    for clock in _CLOCKS:
        paid, unit, nothing = (
            theory.smoothed_norm(w, clock) for w in (weights[:, None], np.ones(1), np.zeros(1))
        )
        axes.plot(weights, (paid - nothing) / (unit - nothing), label=rf"$\beta = {clock:g}$")
    axes.plot(weights, weights**2, "--", color="black", lw=0.9, label=r"$w^2$")
    axes.plot(weights, np.abs(weights), ":", color="black", lw=0.9, label=r"$|w|$")
    axes.set(
        xlabel="weight $w$",
        ylabel=r"$\sqrt{w^2 + 4\beta^2} - 2\beta$, scaled",
        xlim=(-1.5, 1.5),
        ylim=(0, 2),
        xticks=np.arange(-1, 2),
        yticks=np.arange(3),
    )


def _draw_plane(axes: Axes) -> None:
    first, second = (np.linspace(c - _HALF_WIDTH, c + _HALF_WIDTH, 241) for c in _CENTER)
    grid = np.stack(np.meshgrid(first, second), axis=-1)
    axes.plot(first, (_TARGET[0] - _SAMPLE[0, 0] * first) / _SAMPLE[0, 1], color="black", lw=0.8)
    path = theory.interpolating_weights(_SAMPLE, _TARGET, np.geomspace(1e2, 1e-9, 100))
    points = theory.interpolating_weights(_SAMPLE, _TARGET, np.array(_CLOCKS))
    for index, (clock, point) in enumerate(zip(_CLOCKS, points, strict=True)):
        levels = [float(theory.hyperbolic_entropy(point, clock))]
        axes.contour(
            first,
            second,
            theory.hyperbolic_entropy(grid, clock),
            levels,
            colors=f"C{index}",
            linewidths=1.0,
        )
    axes.plot(*path.T, ":", color="black", lw=1.6)
    for index, point in enumerate(points):
        axes.plot(*point, "o", color=f"C{index}", markeredgecolor="white", markersize=5, zorder=4)
    least_squares = theory.min_l2_norm(_SAMPLE, _TARGET)
    sparse = theory.basis_pursuit(_SAMPLE, _TARGET).weights
    for point, marker in ((least_squares, "o"), (sparse, "s")):
        axes.plot(*point, marker, color="black", markerfacecolor="none", markersize=8, zorder=3)
    axes.set(
        xlabel="$w_1$",
        ylabel="$w_2$",
        aspect="equal",
        xticks=(0, 0.5, 1),
        yticks=(0, 0.5, 1),
        xlim=(first[0], first[-1]),
        ylim=(second[0], second[-1]),
    )

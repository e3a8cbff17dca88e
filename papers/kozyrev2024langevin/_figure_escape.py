"""Figures of escape: Arrhenius plots of two kinds of delay, and the distribution of times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import langevin
from ...validation import Series, draw_arrhenius
from ...validation.layout import drawing, legend_above, letter
from ._card import paper
from ._runs import DoubleWell
from .delays import barrier_escapes, ravine_escapes
from .escape import double_well_escapes
from .networks import network_escapes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench


@paper.figure(
    "arrhenius",
    caption=(
        "Arrhenius plots of two kinds of delay. (a) Over a barrier of energy: walkers (points), "
        "the exact passage time on the free energy (lines) and Kramers' rate (dashed); the slope "
        "is the barrier, the entropy of a narrow well moves the line down. (b) Through a narrow "
        "place of a ravine of zero loss: the delay is one over temperature times a number, and "
        "bends away from the Arrhenius law with the same bottleneck of free energy (dashed)."
    ),
)
def arrhenius(bench: Bench) -> Figure:
    """Draw measured and predicted times over one over temperature, side by side."""
    barrier = barrier_escapes(bench)
    ravine, temperatures, found = ravine_escapes(bench)
    energetic = []
    for name in ("narrow", "constant"):
        measured = barrier.measured[name]
        points = np.array(barrier.temperatures)
        fine = 1 / np.linspace(0.9 / points.max(), 1.05 / points.min(), 12)
        exact, kramers = _barrier_times(name, barrier.wells, fine)
        title = "narrow well" if name == "narrow" else "constant width"
        energetic += [
            Series(f"{title}: walkers", points, measured.means, measured.standard_errors),
            Series(f"{title}: exact", fine, exact, style="line"),
            Series(f"{title}: Kramers", fine, kramers, style="dashed"),
        ]
    means = found.times.mean(axis=1)
    errors = found.times.std(axis=1, ddof=1) / np.sqrt(found.times.shape[1])
    fine = 1 / np.linspace(0.9 / temperatures.max(), 1.05 / temperatures.min(), 40)
    exact = ravine.escape_time(temperature=1.0) / fine
    middle = float(np.median(temperatures))
    height = ravine.transverse_dimensions / 2 * ravine.bump * middle
    law = ravine.escape_time(temperature=middle) * np.exp(height * (1 / fine - 1 / middle))
    entropic = [
        Series("ravine: walkers", temperatures, means, errors),
        Series(r"ravine: $\tau\theta$ constant", fine, exact, style="line"),
        Series("Arrhenius law, same bottleneck", fine, law, style="dashed"),
    ]
    return draw_arrhenius(
        {"barrier of energy": energetic, "bottleneck of entropy": entropic}, height=3.6
    )


@paper.figure(
    "escape-times",
    caption=(
        "Times of escape are exponential. (a) Walkers in the double well at three temperatures, "
        "in units of the exact mean time: densities, and the exponential that is predicted without "
        "a fit. (b) Three-layer linear networks that start at zero: the share that is still "
        "untrained, against time in units of the mean that Langer's rate predicts, at a low and a "
        "high barrier; line, the exponential. The networks are late by corrections of first order "
        "in the temperature, and by the way down to the trained state, which the rate leaves out."
    ),
)
def escape_times(bench: Bench) -> Figure:
    """Draw the distributions of measured times of escape, and the predicted exponentials."""
    temperatures, exact, walkers = double_well_escapes(bench)
    net, heights, rates, networks = network_escapes(bench)
    del net
    with drawing(height=2.8, is_wide=True, columns=2) as (figure, (density, survival)):
        edges = np.linspace(0, 2.8, 15)
        middles, width = (edges[1:] + edges[:-1]) / 2, edges[1]
        for index, theta in enumerate(temperatures):
            scaled = walkers.times[index] / exact[index]
            counts = np.histogram(scaled[~walkers.is_censored[index]], edges)[0]
            total = len(scaled)
            density.errorbar(
                middles + 0.03 * (index - 1),
                counts / total / width,
                np.sqrt(counts) / total / width,
                fmt="o",
                color=f"C{index}",
                label=rf"$\theta = {theta:g}$",
                lw=0.8,
            )
        fine = np.linspace(0, 2.8, 100)
        density.plot(fine, np.exp(-fine), color="black", label="exponential")
        density.set(xlabel=r"time / exact mean", ylabel="probability density", ylim=(0, None))
        _draw_survival(survival, heights, rates, networks.times)
        for axes, name, columns in ((density, "a", 2), (survival, "b", 3)):
            legend_above(axes, columns=columns)
            letter(axes, name)
    return figure


def _draw_survival(axes: Axes, heights: np.ndarray, rates: np.ndarray, times: np.ndarray) -> None:
    """Share of walkers that are still there, on a logarithmic axis, with binomial errors."""
    grid = np.linspace(0, 2.8, 15)
    axes.plot(grid, np.exp(-grid), color="black", label="exponential")
    for index, place in enumerate((0, -1)):
        height, rate, row = heights[place], rates[place], times[place]
        left = np.mean(row[:, None] * rate > grid, axis=0)
        errors = np.sqrt(left * (1 - left) / len(row))
        axes.errorbar(
            grid,
            left,
            errors,
            fmt="o",
            color=f"C{index}",
            label=rf"$\Delta E/\theta = {height:g}$",
            lw=0.8,
        )
    axes.set(xlabel="time times predicted rate", ylabel="share untrained", yscale="log")
    axes.set_yticks([0.05, 0.1, 0.2, 0.5, 1.0], ["0.05", "0.1", "0.2", "0.5", "1"])
    axes.minorticks_off()


def _barrier_times(
    name: str, wells: langevin.MemorizeGeneralizeLandscape, temperatures: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Exact times and Kramers' times, in the well of a name."""
    if name == "narrow":
        exact = [wells.escape_time(temperature=theta) for theta in temperatures]
        rates = [
            wells.kramers_rate(temperature=theta, check_barrier=False) for theta in temperatures
        ]
    else:
        profile, ends = DoubleWell().profile, (-1.0, 1.0)
        exact = [
            langevin.mean_first_passage_time(profile, *ends, temperature=theta)
            for theta in temperatures
        ]
        rates = [
            langevin.kramers_rate(profile, *ends, temperature=theta, check_barrier=False)
            for theta in temperatures
        ]
    return np.array(exact), 1 / np.array(rates)

"""Figure of the equilibrium: which well holds the walkers, over the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import langevin
from ...validation.layout import drawing, legend_above
from ._card import paper
from ._runs import by_group, equilibrated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_TILTS = (0.2, 0.6, 1.0)


@paper.figure(
    "occupancy",
    caption=(
        "Share of the weight on the side of the wide well, over the temperature, for three tilts "
        "by which the narrow well is lower. Lines, the exact Gibbs measure; dashed, harmonic "
        "wells; points, Langevin walkers with standard errors from ten groups, at temperatures "
        "where they come to equilibrium. Dotted, the predicted temperatures of the crossing, at "
        "which both sides hold half."
    ),
    options={"dimension": 5},
)
def occupancy(bench: Bench, *, dimension: int = 5) -> Figure:
    """Draw exact, harmonic and measured populations of the wide well at three tilts."""
    if not 2 <= dimension <= 20:
        raise ValueError(f"dimension must lie between 2 and 20, got {dimension}")
    fine = np.geomspace(0.04, 1.0, 60)
    duration = bench.pick(quick=400.0, full=1000.0)
    with drawing(height=2.9) as (figure, axes):
        for index, tilt in enumerate(_TILTS):
            wells = langevin.MemorizeGeneralizeLandscape(dimension, 20.0, 2.0, tilt=tilt)
            color = f"C{index}"
            exact = [wells.wide_probability(theta) for theta in fine]
            harmonic = [wells.harmonic_wide_probability(theta) for theta in fine]
            axes.plot(fine, exact, color=color, label=f"tilt {tilt:g}")
            axes.plot(fine, harmonic, color=color, ls="--", lw=0.8)
            axes.axvline(wells.crossing_temperature(), color=color, ls=":", lw=0.8)
            temperatures = np.array([0.22, 0.3, 0.42, 0.6, 0.85])
            found = equilibrated(
                bench,
                f"occupancy {dimension} {tilt}",
                wells,
                temperatures=temperatures.tolist(),
                burn_in=duration,
                duration=duration,
                step_size=0.005,
                integrator="leimkuhler-matthews",
                walkers=bench.pick(quick=500, full=4000),
            )
            shares = (by_group(found) > wells.extrema()[1]).mean(axis=-1)
            errors = shares.std(axis=0, ddof=1) / np.sqrt(len(shares))
            axes.errorbar(temperatures, shares.mean(axis=0), errors, fmt="o", color=color, lw=0.8)
        axes.axhline(0.5, color="0.4", ls=":", lw=0.8)
        axes.set(
            xscale="log",
            xlabel=r"temperature $\theta$",
            ylabel="population $p_w$ of the wide well",
            ylim=(0, 1),
        )
        axes.set_xticks([0.05, 0.1, 0.2, 0.5, 1.0], ["0.05", "0.1", "0.2", "0.5", "1"])
        axes.minorticks_off()
        legend_above(axes, columns=3)
    return figure

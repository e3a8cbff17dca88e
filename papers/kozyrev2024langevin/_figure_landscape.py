"""Figure of the landscape: two wells, the path over the pass, and what temperature makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import langevin
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_TEMPERATURES = (0.05, 0.15, 0.3)
_COUPLING = 0.5


@paper.figure(
    "landscape",
    caption=(
        "A narrow well (memorization) and a wide one (generalization). (a) Loss along the valley "
        "and one direction across it, here made oblique; line, the minimum-energy path over the "
        "pass; points, the two wells and the pass as Newton's method finds them. (b) Free energy "
        "along the valley of d dimensions at three temperatures, from its value at the narrow "
        "bottom: the wider well gains as it gets warmer, and the bottleneck (triangles) moves away "
        "from the pass of the loss (dotted)."
    ),
    options={"dimension": 5, "tilt": 0.2},
)
def landscape(bench: Bench, *, dimension: int = 5, tilt: float = 0.2) -> Figure:
    """Draw the loss with its wells and path, and the free energy along the valley."""
    del bench  # nothing here is random
    if not 2 <= dimension <= 50:
        raise ValueError(f"dimension must lie between 2 and 50, got {dimension}")
    if not abs(tilt) <= 0.6:
        raise ValueError(f"tilt must lie in [-0.6, 0.6], got {tilt}")
    wells = langevin.MemorizeGeneralizeLandscape(dimension, 20.0, 2.0, tilt=tilt)
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, (plane, line)):
        _draw_plane(plane, langevin.MemorizeGeneralizeLandscape(2, 20.0, 2.0, tilt=tilt))
        _draw_free_energies(line, wells)
        for axes, name in ((plane, "a"), (line, "b")):
            letter(axes, name)
    return figure


def _draw_plane(axes: Axes, wells: langevin.MemorizeGeneralizeLandscape) -> None:
    def oblique(point):
        """The same landscape, its valley bent, so that the path is not known beforehand."""
        import jax.numpy as jnp

        return wells(jnp.stack([point[0], point[1] - _COUPLING * jnp.sin(2 * point[0])]))

    points = langevin.stationary_points(oblique, bounds=[(-1.6, 1.6), (-1.3, 1.3)], num_starts=64)
    (top,) = langevin.saddles(points)
    path = langevin.minimum_energy_path(oblique, top)
    x, y = np.linspace(-1.55, 1.65, 241), np.linspace(-1.35, 1.35, 201)
    across = y[:, None] - _COUPLING * np.sin(2 * x)
    energies = wells.energy(x) + wells.stiffness(x) * across**2 / 2
    lowest = min(point.energy for point in points)
    levels = lowest + top.energy * np.array([0.0, 0.15, 0.4, 0.7, 1.0, 1.5, 2.2, 3.0, 4.0, 5.5])
    axes.contourf(x, y, energies, levels=levels + 1e-9, cmap="Blues_r", extend="max", alpha=0.8)
    axes.contour(
        x, y, energies, levels=levels[1:], colors="white", linewidths=0.4, linestyles="solid"
    )
    axes.plot(*path.points.T, color="C1", label="minimum-energy path")
    kinds = {"wells": (langevin.minima(points), "o"), "pass": ([top], "X")}
    for name, (found, marker) in kinds.items():
        places = np.array([point.position for point in found])
        axes.plot(*places.T, marker, color="black", ms=5, label=name)
    axes.set(xlabel="$x$, along the valley", ylabel="$y$, across", xlim=(x[0], x[-1]))
    legend_above(axes, columns=3)


def _draw_free_energies(axes: Axes, wells: langevin.MemorizeGeneralizeLandscape) -> None:
    x = np.linspace(-1.5, 1.6, 400)
    narrow, top, _ = wells.extrema()
    energy = wells.energy(x) - wells.energy(narrow)
    axes.plot(x, energy, color="black", ls="--", lw=0.9, label="loss $V$")
    for index, temperature in enumerate(_TEMPERATURES):
        profile = wells.free_energy(temperature)
        shift = profile(narrow)
        axes.plot(x, profile(x) - shift, color=f"C{index}", label=rf"$\theta = {temperature:g}$")
        bottleneck = wells.bottleneck(temperature)
        axes.plot(bottleneck, profile(bottleneck) - shift, "v", color=f"C{index}", ms=5)
    axes.axvline(top, color="0.4", ls=":", lw=0.9)
    axes.set(
        xlabel="$x$, along the valley",
        ylabel=r"free energy $A(x)-A(x_n)$",
        xlim=(x[0], x[-1]),
        ylim=(None, 2.0),
    )
    legend_above(axes, columns=4)

"""Figures of a single node's energy: a slice through the landscape, and the heights of its maxima.

Both are analytic: nothing is trained and nothing is random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...theory import irreps as group_theory
from ...theory import li2
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_MARKERS = {"real": ("o", "C0"), "complex": ("s", "C1"), "quaternionic": ("D", "C2")}
_MOST_LABELS = 12


@paper.figure(
    "energy-landscape",
    caption=(
        "(a) Energy of a node whose two halves mix two frequencies with the angles alpha_u and "
        "alpha_v, full data. Stars are the maxima, arrows the ascent, which does not leave the "
        "slice; the dotted lines divide the basins as the logarithmic mean of the Fourier powers "
        "predicts. (b) Energy along great circles through the maximum at frequency 1, with the "
        "parabolas of the predicted curvatures, and the published height."
    ),
    options={"modulus": 23},
)
def energy_landscape(bench: Bench, *, modulus: int = 23) -> Figure:
    """Draw the energy, in units of the modulus, on a slice and along lines through a maximum."""
    if modulus < 4:
        raise ValueError(
            f"modulus must be at least 4, so that there are two frequencies to mix, got {modulus}"
        )
    frequencies = (1, modulus // 2 if modulus % 2 == 0 else 2)
    settings = {"width_ratios": (1, 1.05)}
    with drawing(height=2.9, is_wide=True, columns=2, gridspec_kw=settings) as (figure, panels):
        _draw_slice(figure, panels[0], modulus, frequencies)
        _draw_lines(panels[1], modulus, frequencies)
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
    return figure


def wave(modulus: int, frequency: int, *, phase: float = 0.0) -> Float[np.ndarray, " modulus"]:
    """Half of a node at the maximum of one frequency: a cosine of squared norm 1/2."""
    values = np.cos(2 * np.pi * frequency * np.arange(modulus) / modulus + phase)
    return values / (np.sqrt(2) * np.linalg.norm(values))


def mixed_nodes(
    angle_u: Float[np.ndarray, "*grid"],
    angle_v: Float[np.ndarray, "*grid"],
    *,
    modulus: int,
    frequencies: tuple[int, int],
) -> tuple[Float[np.ndarray, "*grid modulus"], Float[np.ndarray, "*grid modulus"]]:
    r"""Nodes with $u = \cos\alpha_u\,c_1 + \sin\alpha_u\,c_2$, the same for $v$; c_i waves."""
    waves = np.stack([wave(modulus, frequency) for frequency in frequencies])
    u, v = (np.stack([np.cos(a), np.sin(a)], axis=-1) @ waves for a in (angle_u, angle_v))
    return u, v


def _cyclic_table(modulus: int) -> Int[np.ndarray, "modulus modulus"]:
    return np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus


def _draw_slice(figure: Figure, axes: Axes, modulus: int, frequencies: tuple[int, int]) -> None:
    degrees = np.linspace(-45, 135, 181)
    angles = np.meshgrid(np.radians(degrees), np.radians(degrees))
    u, v = mixed_nodes(*angles, modulus=modulus, frequencies=frequencies)
    table = _cyclic_table(modulus)
    # Row by row: the convolution of all nodes at once would need modulus times the memory.
    energy = np.stack([li2.full_data_energy(*row, table) for row in zip(u, v, strict=True)])
    energy /= modulus
    levels = np.linspace(0, energy.max(), 11)
    filled = axes.contourf(degrees, degrees, energy, levels, cmap="viridis")
    bar = figure.colorbar(filled, ax=axes, ticks=levels[::2])
    bar.ax.set_title(r"$E / M$", loc="center")
    bar.ax.yaxis.set_major_formatter("{x:.2g}")
    uphill_v, uphill_u = np.gradient(energy, degrees, degrees)
    axes.streamplot(
        degrees,
        degrees,
        uphill_u,
        uphill_v,
        color="white",
        density=0.55,
        linewidth=0.5,
        arrowsize=0.6,
    )
    winner = li2.predicted_winner(u, v, group_theory.irreps(table))
    axes.contour(
        degrees,
        degrees,
        winner == frequencies[1],
        [0.5],
        colors="white",
        linestyles=":",
        linewidths=1.2,
    )
    for angle, frequency in zip((0, 90), frequencies, strict=True):
        axes.plot(angle, angle, "*", color="white", markeredgecolor="black", markersize=9)
        axes.annotate(
            f"$k = {frequency}$",
            (angle, angle),
            (0, 9),
            textcoords="offset points",
            ha="center",
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.6, "linewidth": 0},
        )
    ticks = np.arange(-45, 136, 45)
    axes.set(
        xlabel=r"mixing angle $\alpha_u$ [deg]",
        ylabel=r"mixing angle $\alpha_v$ [deg]",
        xlim=(-45, 135),
        ylim=(-45, 135),
        xticks=ticks,
        yticks=ticks,
        aspect="equal",
    )


def _draw_lines(axes: Axes, modulus: int, frequencies: tuple[int, int]) -> None:
    table = _cyclic_table(modulus)
    maximum = li2.local_maxima(table)[0]
    u = wave(modulus, frequencies[0])
    turned = wave(modulus, frequencies[0], phase=np.pi / 2)
    other = wave(modulus, frequencies[1])
    directions = {
        r"$\Vert u \Vert$ against $\Vert v \Vert$": (u, -u),
        f"toward frequency {frequencies[1]}": (other, other),
        "both phases": (turned, turned),
    }
    curvatures = np.unique(maximum.curvatures)
    distance = np.radians(np.linspace(-90, 90, 181))
    near = np.abs(distance) < np.radians(22)
    cos, sin = np.cos(distance)[:, None], np.sin(distance)[:, None]
    for index, (name, (along_u, along_v)) in enumerate(directions.items()):
        energy = li2.full_data_energy(cos * u + sin * along_u, cos * u + sin * along_v, table)
        axes.plot(np.degrees(distance), energy / modulus, color=f"C{index}", label=name)
        parabola = maximum.energy + curvatures[index] / 2 * distance[near] ** 2
        axes.plot(np.degrees(distance[near]), parabola / modulus, ":", color=f"C{index}")
    axes.plot([], [], ":", color="black", label="curvature $-8E$, $-4E$, $0$")
    axes.axhline(
        maximum.published_energy / modulus, color="0.4", linestyle="--", label="published height"
    )
    axes.set(
        xlabel="distance from the maximum [deg]",
        ylabel=r"energy $E / M$",
        xlim=(-90, 90),
        xticks=np.arange(-90, 91, 45),
        ylim=(0, None),
    )
    legend_above(axes)


@paper.figure(
    "irrep-energies",
    caption=(
        "Energy of the local maxima, one family for each irreducible representation (conjugate "
        "pairs once), by its Frobenius-Schur type. Numbers are the zero modes of the Hessian on "
        "the sphere. Hollow: the published heights, four times lower."
    ),
    options={"group": "S4"},
)
def irrep_energies(bench: Bench, *, group: str = "S4") -> Figure:
    """Draw the heights of all maxima of one group against their irreducible representation."""
    chosen = sim.tasks.groups.group(group)
    maxima = li2.local_maxima(chosen.table)
    if not maxima:
        raise ValueError(f"group must have more than one element, got {group!r}")
    with drawing(height=2.6) as (figure, axes):
        for kind, (marker, color) in _MARKERS.items():
            members = [i for i, maximum in enumerate(maxima) if maximum.kind == kind]
            if not members:
                continue
            places = [i + 1 for i in members]
            style = {"marker": marker, "color": color, "linestyle": "none", "markersize": 5}
            axes.plot(places, [maxima[i].energy for i in members], label=f"{kind} type", **style)
            published = [maxima[i].published_energy for i in members]
            axes.plot(places, published, markerfacecolor="none", **style)
        axes.plot([], [], "o", color="0.4", markerfacecolor="none", label="published")
        number = {"marker": "$n$", "color": "black", "linestyle": "none", "markeredgewidth": 0}
        axes.plot([], [], label="zero modes", **number)
        _write_zero_modes(axes, maxima)
        energies = [maximum.energy for maximum in maxima]
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set(
            xlabel=f"irreducible representation of {chosen.name} and its dimension",
            ylabel=r"energy at the maximum $E^\ast$",
            xlim=(0.5, len(maxima) + 0.5),
            ylim=(min(maximum.published_energy for maximum in maxima) / 1.5, max(energies) * 1.9),
        )
        _label_irreps(axes, maxima)
        legend_above(axes, columns=3)
    return figure


def _write_zero_modes(axes: Axes, maxima: tuple[li2.Maximum, ...]) -> None:
    """Write the number of zero modes over each maximum; over many, where it changes."""
    before = None
    for place, maximum in enumerate(maxima, start=1):
        kind = (maximum.dimension, maximum.kind)
        if len(maxima) <= _MOST_LABELS or kind != before:
            axes.annotate(
                f"{maximum.zero_modes}",
                (place, maximum.energy),
                (0, 5),
                textcoords="offset points",
                ha="center",
            )
        before = kind


def _label_irreps(axes: Axes, maxima: tuple[li2.Maximum, ...]) -> None:
    """Label the representations by their place and dimension, not all if there are many."""
    step = -(-len(maxima) // _MOST_LABELS)
    shown = range(0, len(maxima), step)
    labels = [rf"$\rho_{{{i + 1}}}$" + f"\n{maxima[i].dimension}" for i in shown]
    axes.set_xticks([i + 1 for i in shown], labels)

"""Figures of a single node's energy: a slice through the landscape, and the heights of its maxima.

Both are analytic: nothing is trained and nothing is random.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import irreps as group_theory
from ...theory import li2
from ._card import paper
from ._figure_style import DOUBLE_COLUMN, SINGLE_COLUMN, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_KINDS = {"real": "o", "complex": "s", "quaternionic": "D"}
_MOST_LABELS = 12


@paper.figure(
    "energy-landscape",
    caption=(
        "(a) Energy of a node whose two halves mix two frequencies with the angles alpha_u and "
        "alpha_v, full data. Stars are the maxima, arrows the ascent, which does not leave the "
        "slice; the dotted line divides the basins as the logarithmic mean of the Fourier powers "
        "predicts. (b) Energy along great circles through the maximum at frequency 1, with the "
        "parabolas of the predicted curvatures -8E, -4E and 0, and the published height."
    ),
    options={"modulus": 23},
)
def energy_landscape(bench: Bench, *, modulus: int = 23) -> Figure:
    """Draw the energy, in units of the modulus, on a slice and along lines through a maximum."""
    if modulus < 4:
        raise ValueError(
            f"modulus must be at least 4, so that there are two frequencies to mix, got {modulus}"
        )
    first, second = 1, modulus // 2 if modulus % 2 == 0 else 2
    with drawing(DOUBLE_COLUMN, height=2.75, columns=2) as (figure, (left, right)):
        _draw_slice(figure, left, modulus, first, second)
        _draw_lines(right, modulus, first, second)
        for axes, letter in ((left, "a"), (right, "b")):
            axes.set_title(f"({letter})", loc="left")
    return figure


def _cyclic_table(modulus: int) -> np.ndarray:
    return np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus


def wave(modulus: int, frequency: int, phase: float = 0.0) -> Float[np.ndarray, " group"]:
    """Half of a node at the maximum of one frequency: a cosine of squared norm 1/2."""
    values = np.cos(2 * np.pi * frequency * np.arange(modulus) / modulus + phase)
    return values / (np.sqrt(2) * np.linalg.norm(values))


def two_frequency_energy(
    angle_u: Float[np.ndarray, "*grid"],
    angle_v: Float[np.ndarray, "*grid"],
    *,
    modulus: int,
    frequencies: tuple[int, int],
) -> Float[np.ndarray, "*grid"]:
    r"""Energy of nodes with $u = \cos\alpha_u\,c_1 + \sin\alpha_u\,c_2$, the same for $v$."""
    table = _cyclic_table(modulus)
    rows = [
        li2.full_data_energy(*_mixed_nodes(one_u, one_v, modulus, frequencies), table)
        for one_u, one_v in zip(np.atleast_1d(angle_u), np.atleast_1d(angle_v), strict=True)
    ]
    return np.reshape(rows, np.shape(angle_u))


def _mixed_nodes(
    angle_u: np.ndarray, angle_v: np.ndarray, modulus: int, frequencies: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    waves = np.stack([wave(modulus, frequency) for frequency in frequencies])
    halves = (np.stack([np.cos(a), np.sin(a)], axis=-1) @ waves for a in (angle_u, angle_v))
    u, v = halves
    return u, v


def _draw_slice(figure: Figure, axes: Axes, modulus: int, first: int, second: int) -> None:
    frequencies = (first, second)
    degrees = np.linspace(-45, 135, 181)
    angle_u, angle_v = np.meshgrid(np.radians(degrees), np.radians(degrees))
    energy = two_frequency_energy(angle_u, angle_v, modulus=modulus, frequencies=frequencies)
    energy /= modulus
    levels = np.linspace(0, energy.max(), 13)
    filled = axes.contourf(degrees, degrees, energy, levels, cmap="viridis")
    bar = figure.colorbar(filled, ax=axes, ticks=levels[::3], label=r"energy $E / M$")
    bar.ax.yaxis.set_major_formatter("{x:.3g}")
    slope_v, slope_u = np.gradient(energy, degrees, degrees)
    axes.streamplot(
        degrees,
        degrees,
        slope_u,
        slope_v,
        color="white",
        density=0.55,
        linewidth=0.5,
        arrowsize=0.6,
    )
    irreps = group_theory.irreps(_cyclic_table(modulus))
    winner = li2.predicted_winner(*_mixed_nodes(angle_u, angle_v, modulus, frequencies), irreps)
    axes.contour(
        degrees, degrees, winner == second, [0.5], colors="white", linestyles=":", linewidths=1.2
    )
    for angle, frequency in ((0, first), (90, second)):
        axes.plot(angle, angle, "*", color="white", markeredgecolor="black", markersize=9)
        axes.annotate(
            f"$k = {frequency}$", (angle, angle), (0, 7), textcoords="offset points", ha="center"
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


def _draw_lines(axes: Axes, modulus: int, first: int, second: int) -> None:
    table = _cyclic_table(modulus)
    maximum = li2.local_maxima(table)[0]
    u = wave(modulus, first)
    turned, other = wave(modulus, first, phase=np.pi / 2), wave(modulus, second)
    directions = (
        (r"$|u|$ against $|v|$", (u, -u)),
        (f"to frequency {second}", (other, other)),
        ("both phases", (turned, turned)),
    )
    curvatures = np.unique(maximum.curvatures)
    distance = np.radians(np.linspace(-90, 90, 181))
    near = np.abs(distance) < np.radians(24)
    cos, sin = np.cos(distance)[:, None], np.sin(distance)[:, None]
    for (name, (along_u, along_v)), curvature in zip(directions, curvatures, strict=True):
        energy = li2.full_data_energy(cos * u + sin * along_u, cos * u + sin * along_v, table)
        factor = round(curvature / maximum.energy)
        label = f"{name} (${factor}E$)" if factor else f"{name} (0)"
        (line,) = axes.plot(np.degrees(distance), energy / modulus, label=label)
        parabola = maximum.energy + curvature / 2 * distance[near] ** 2
        axes.plot(
            np.degrees(distance[near]), parabola / modulus, ":", color=line.get_color(), linewidth=2
        )
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
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


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
    place = np.arange(1, len(maxima) + 1)
    energy = np.array([maximum.energy for maximum in maxima])
    published = np.array([maximum.published_energy for maximum in maxima])
    with drawing(SINGLE_COLUMN, height=2.75) as (figure, axes):
        for index, (kind, marker) in enumerate(_KINDS.items()):
            chosen_ones = np.array([maximum.kind == kind for maximum in maxima])
            if not chosen_ones.any():
                continue
            style = {"marker": marker, "color": f"C{index}", "linestyle": "none"}
            axes.plot(place[chosen_ones], energy[chosen_ones], label=f"{kind} type", **style)
            axes.plot(
                place[chosen_ones],
                published[chosen_ones],
                markerfacecolor="none",
                label="published" if kind == maxima[0].kind else None,
                **style,
            )
        for index, maximum in enumerate(maxima):
            before = maxima[index - 1] if index and len(maxima) > _MOST_LABELS else None
            if before is None or (before.dimension, before.kind) != (
                maximum.dimension,
                maximum.kind,
            ):
                axes.annotate(
                    f"{maximum.zero_modes}",
                    (place[index], maximum.energy),
                    (0, 5),
                    textcoords="offset points",
                    ha="center",
                )
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set(
            xlabel="irreducible representation and its dimension",
            ylabel=r"energy at the maximum $E^\ast$",
            xlim=(0.5, len(maxima) + 0.5),
            ylim=(published.min() / 1.5, energy.max() * 2),
            title=f"{chosen.name}, order {chosen.order}",
        )
        axes.set_xticks(*_irrep_ticks(maxima))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _irrep_ticks(maxima: tuple[li2.Maximum, ...]) -> tuple[list[int], list[str]]:
    """Places and labels of the representations, thinned out if there are many."""
    step = -(-len(maxima) // _MOST_LABELS)
    places = list(range(1, len(maxima) + 1, step))
    labels = [rf"$\rho_{{{place}}}$" + f"\n{maxima[place - 1].dimension}" for place in places]
    return places, labels

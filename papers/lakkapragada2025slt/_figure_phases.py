"""Figure of the phases of a toy model of superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import singular
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_FEATURES = 6


@paper.figure(
    "free-energy-crossing",
    caption=(
        "Toy model of superposition with six features in two dimensions, as regular polygons of "
        "five and six sides. (a) Free energies over the number of samples, less that of the "
        "hexagon: the pentagon has the higher loss and the lower learning coefficient, and is the "
        "phase of fewer samples than the crossing (dotted). (b) Losses and learning coefficients "
        "of the polygons whose Hessian exists, with their columns."
    ),
)
def free_energy_crossing(bench: Bench) -> Figure:
    """Draw free energies of polygons and the size at which they cross."""
    shapes = {
        "pentagon": (singular.polygon(5, features=_FEATURES), 7.0),
        "pentagon+": (singular.polygon(5, features=_FEATURES, constant=1), 8.5),
        "hexagon": (singular.polygon(6, features=_FEATURES), 8.5),
    }
    sizes = np.geomspace(50, 1e4, 200)
    reference, rank = shapes["hexagon"]
    crossing = singular.transition_size(
        shapes["pentagon"][0].loss / 2 - reference.loss / 2, rank - shapes["pentagon"][1]
    )
    with drawing(height=2.8, is_wide=True, columns=2) as (figure, (left, right)):
        for index, (name, (shape, coefficient)) in enumerate(shapes.items()):
            # The negative log-likelihood of a sample at unit noise is half the squared error.
            gap = sizes * (shape.loss - reference.loss) / 2 + (coefficient - rank) * np.log(sizes)
            left.plot(sizes, gap, color=f"C{index}", label=name)
            right.plot(shape.loss, coefficient, "o", color=f"C{index}", label=name)
            sides = 6 if name == "hexagon" else 5
            inset = right.inset_axes(
                [
                    shape.loss - 0.0035,
                    coefficient - (0.52 if name != "pentagon" else -0.12),
                    0.007,
                    0.42,
                ],
                transform=right.transData,
            )
            angles = 2 * np.pi * np.arange(sides) / sides
            for angle in angles:
                inset.plot([0, np.cos(angle)], [0, np.sin(angle)], color=f"C{index}", lw=1.0)
            inset.set_aspect("equal")
            inset.axis("off")
        left.axvline(crossing, color="0.4", ls=":", label=f"crossing, {crossing:.0f}")
        left.set(xscale="log", xlabel="samples $n$", ylabel=r"$F_n - F_n$(hexagon)", ylim=(-12, 40))
        right.set(
            xlabel="population loss",
            ylabel=r"learning coefficient $\lambda$",
            xlim=(0.042, 0.078),
            ylim=(6.7, 8.9),
        )
        for axes, letter_name in ((left, "a"), (right, "b")):
            letter(axes, letter_name)
            legend_above(axes)
    return figure

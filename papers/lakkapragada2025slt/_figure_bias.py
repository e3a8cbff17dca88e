"""Figure of what multiplicity does to estimates at a finite scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import singular
from ...validation.layout import drawing, legend_above, letter
from . import networks
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_PRODUCTS = ((1,), (1, 1), (1, 1, 1))
_SHOWN = (0, 1, 4, 6)  # of the networks


@paper.figure(
    "multiplicity",
    caption=(
        "Estimates of the learning coefficient against the inverse logarithm of the scale. (a) "
        "Squares of products of one, two and three variables on the unit cube, by quadrature "
        "(lines) and to first order (dashed): all have the coefficient 1/2 (cross). (b) Linear "
        "networks by exact sampling (means over chains, with standard errors) and "
        "the slope of minus multiplicity plus one from the coefficient (crosses) in the limit."
    ),
)
def multiplicity(bench: Bench) -> Figure:
    """Draw coefficients at finite scale of products and of linear networks."""
    scales = np.geomspace(1e2, 1e30, 40)
    inverse = 1 / np.log(scales)
    found = bench.cached("gibbs", lambda: {"means": networks.gibbs_coefficients(bench)})["means"]
    measured = 1 / np.log(networks.SCALES)
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, (left, right)):
        for index, exponents in enumerate(_PRODUCTS):
            values = [singular.monomial_coefficient(s, exponents) for s in scales.tolist()]
            name = "".join(f"w_{j}" for j in range(1, len(exponents) + 1))
            left.plot(inverse, values, color=f"C{index}", label=f"$({name})^2$")
            first = singular.asymptotic_coefficient(singular.monomial(exponents), scales)
            left.plot(inverse, first, "--", color=f"C{index}", lw=0.8)
        left.plot(0, 0.5, "kx")
        left.set(xlabel=r"$1/\ln s$", ylabel=r"$\hat\lambda(s)$", xlim=(0, None), ylim=(0, 0.55))
        for index, row in enumerate(_SHOWN):
            widths, rank = networks.NETWORKS[row]
            coefficient = singular.deep_linear_network(widths, rank)
            error = found[:, row].std(axis=0, ddof=1) / np.sqrt(len(found))
            right.errorbar(
                measured,
                found[:, row].mean(axis=0),
                error,
                fmt="o",
                color=f"C{index}",
                label=networks.label(widths, rank),
            )
            ends = np.array([0.0, measured[0]])
            line = float(coefficient) - (coefficient.multiplicity - 1) * ends
            right.plot(ends, line, color=f"C{index}", lw=0.9)
            right.plot(0, float(coefficient), "x", color=f"C{index}")
        right.set(xlabel=r"$1/\ln s$", ylabel=r"$\hat\lambda(s)$", xlim=(-0.003, None))
        for axes, name in ((left, "a"), (right, "b")):
            letter(axes, name)
        legend_above(left, columns=3)
        legend_above(right)
    return figure

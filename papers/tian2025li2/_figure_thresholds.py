"""Figure of the data threshold: two landscapes, the published law and trained networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import li2
from ...validation.layout import drawing, legend_above, mean_and_error
from ._card import paper
from ._runs import critical_fractions, sample_orders
from .memorization import survival_thresholds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench


@paper.figure(
    "data-thresholds",
    caption=(
        "Train fraction of modular addition below which features do not exist. Landscapes: half "
        "of an ideal feature survives the ascent of the energy on a random part of the pairs, "
        "with the plain labels, and with the labels that the lazy stage of a wide network leaves "
        "to its nodes. Points: networks reach test accuracy 1/2 within 3000 epochs of Adam. Error "
        "bars are standard errors over train sets."
    ),
    options={"trained": True},
)
def data_thresholds(bench: Bench, *, trained: bool = True) -> Figure:
    """Draw critical train fractions against the modulus."""
    moduli = bench.pick(quick=(11, 13, 17, 23, 31, 41), full=(11, 13, 17, 23, 31, 41, 61, 83))
    trained_moduli = bench.pick(quick=(13, 23), full=(13, 17, 23, 31, 41, 53, 71))
    if not trained:
        trained_moduli = ()
    landscapes = {"plain": [], "whitened": []}
    for modulus in moduli:
        # Where there are networks, the landscapes of their own train sets.
        if modulus in trained_moduli:
            orders = sample_orders(bench, modulus)
        else:
            rng = bench.generator(f"train sets of Z{modulus}")
            orders = np.stack([rng.permutation(modulus**2) for _ in range(4)])
        for kind, thresholds in landscapes.items():
            fractions = survival_thresholds(
                bench, modulus, orders, removes_operands=kind == "whitened"
            )
            thresholds.append(mean_and_error(fractions))
    with drawing(height=2.8) as (figure, axes):
        for kind, color, style in (("plain", "C1", "s--"), ("whitened", "C0", "o-")):
            mean, error = np.transpose(landscapes[kind])
            axes.errorbar(moduli, mean, error, fmt=style, color=color, label=f"{kind} landscape")
        fine = range(moduli[0], moduli[-1] + 1)
        axes.plot(
            fine,
            [li2.critical_fraction(modulus) for modulus in fine],
            color="0.5",
            label=rf"${li2.CRITICAL_FRACTION_CONSTANT}\,\ln(M)/M$, published fit",
        )
        if trained:
            points = [mean_and_error(critical_fractions(bench, m)) for m in trained_moduli]
            mean, error = np.transpose(points)
            axes.errorbar(
                trained_moduli, mean, error, fmt="D", color="black", label="trained networks"
            )
        axes.set(
            xscale="log", xlabel="modulus $M$", ylabel="critical train fraction", ylim=(0, 0.8)
        )
        axes.set_xticks(moduli, [f"{modulus}" for modulus in moduli])
        axes.minorticks_off()
        legend_above(axes)
    return figure

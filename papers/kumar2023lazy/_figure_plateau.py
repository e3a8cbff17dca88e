"""Figure of the lazy plateau: a learning curve from three eigenvalues, and regressions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import lazy_rich
from ...validation.layout import drawing, legend_above, mean_and_error
from ._card import paper
from ._figure_data import single_index, target_form

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_CURVATURES = (0.25, 0.5, 1.0)


@paper.figure(
    "plateau-curves",
    caption=(
        "Test error at the end of lazy training against the number of train samples P. Lines: "
        "learning curve of the initial kernel, from its three eigenvalues. Points: kernel "
        "regressions on random train sets, means and standard errors. Dashed, the error without "
        "any training. The curves peak near one sample a dimension and vanish when there are as "
        "many samples as features, D(D+3)/2 (dotted)."
    ),
    options={"dimension": 30},
)
def plateau_curves(bench: Bench, *, dimension: int = 30) -> Figure:
    """Draw learning curves of the lazy plateau at several curvatures, theory and regressions."""
    target = target_form(dimension)
    num_features = dimension * (dimension + 3) // 2
    sizes = np.unique(np.geomspace(dimension / 3, 0.7 * num_features, 8).round().astype(int))
    fine = np.geomspace(sizes[0], 1.5 * num_features, 400)
    budget = bench.pick(quick=4000, full=20_000)  # samples of all train sets of one size

    def regress() -> dict[str, np.ndarray]:
        rng = bench.generator("plateau-curves")
        means, errors = np.empty((2, len(_CURVATURES), len(sizes)))
        for place, size in enumerate(sizes.tolist()):
            # Small train sets scatter most and cost least.
            inputs = [
                single_index(rng, size, dimension) for _ in range(max(16, round(budget / size)))
            ]
            for row, curvature in enumerate(_CURVATURES):
                found = [
                    lazy_rich.kernel_plateau(points, target, curvature=curvature).total
                    for points in inputs
                ]
                means[row, place], errors[row, place] = mean_and_error(np.array(found))
        return {"means": means, "errors": errors}

    found = bench.cached("regressions", regress)
    with drawing(height=2.9) as (figure, axes):
        for index, curvature in enumerate(_CURVATURES):
            axes.plot(
                fine,
                lazy_rich.average_plateau(target, fine, curvature=curvature),
                color=f"C{index}",
                label=rf"$\epsilon = {curvature:g}$",
            )
            axes.errorbar(
                sizes,
                found["means"][index],
                found["errors"][index],
                fmt="o",
                color=f"C{index}",
                lw=0.8,
            )
        axes.axhline(
            sum(lazy_rich.target_powers(target)), color="0.4", ls="--", lw=0.9, label="no training"
        )
        axes.axvline(num_features, color="0.4", ls=":", lw=0.9, label="features")
        axes.set(
            xscale="log",
            xlabel="train samples $P$",
            ylabel="test error of the lazy plateau",
            ylim=(0, None),
        )
        legend_above(axes, columns=3)
    return figure

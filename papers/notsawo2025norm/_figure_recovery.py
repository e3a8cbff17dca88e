"""Figure of recoverability: how many measurements make the signal the least l1 norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SPARSITIES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45)  # fractions of the coordinates
_CURVES = (1, 2, 3)  # which of them are drawn as curves
_PAPER = (0.05, 0.3)  # fractions of non-zero coordinates and of measurements in the paper's runs


@paper.figure(
    "recoverable-signals",
    caption=(
        "When grokking is possible at all: a signal with s of n coordinates is the interpolant of "
        "least l1 norm of N Gaussian measurements, as a dual certificate from a linear program "
        "tells. (a) Fraction of random draws that are recoverable; dashed, the Donoho-Tanner "
        "threshold at infinite n. (b) Measurements from which a draw is recoverable: median, bars "
        "from the first to the ninth decile; dashed, the threshold, below which nearly every "
        "signal stays hidden (gray); cross, the runs of the paper."
    ),
    options={"dimension": 100},
)
def recoverable_signals(bench: Bench, *, dimension: int = 100) -> Figure:
    """Draw success fractions and the phase boundary of sparse recovery."""
    if dimension < 20:
        raise ValueError(f"dimension must be at least 20, got {dimension}")
    draws = bench.pick(quick=20, full=200)
    sparsities = np.maximum(np.round(np.array(_SPARSITIES) * dimension), 1).astype(int)

    def count() -> dict[str, np.ndarray]:
        rng = bench.generator("recoverable-signals")
        needed = np.zeros((len(sparsities), draws))
        for draw in range(draws):
            bench.progress(draw / draws, "certificates")
            for row, sparsity in enumerate(sparsities):
                needed[row, draw] = needed_measurements(rng, dimension, int(sparsity))
        return {"needed": needed}

    needed = bench.cached("certificates", count)["needed"]
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        _draw_fractions(panels[0], needed, sparsities, dimension)
        _draw_boundary(panels[1], needed, sparsities, dimension)
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            legend_above(axes, columns=3)
    return figure


def needed_measurements(rng: np.random.Generator, dimension: int, sparsity: int) -> int:
    """Return how many of the rows of one Gaussian matrix recover one sparse signal.

    A further row only widens the choice of multipliers, so that the certificate can but improve:
    the number is found by bisection. With as many rows as coordinates there is one interpolant.
    """
    features = rng.standard_normal((dimension, dimension))
    signal = np.zeros(dimension)
    signal[:sparsity] = rng.standard_normal(sparsity)
    too_few, enough = sparsity - 1, dimension
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if theory.is_sparse_recoverable(features[:middle], signal):
            enough = middle
        else:
            too_few = middle
    return enough


def _draw_fractions(
    axes: Axes,
    needed: Float[np.ndarray, "sparsities draws"],
    sparsities: np.ndarray,
    dimension: int,
) -> None:
    counts = np.arange(dimension + 1)
    for index, row in enumerate(_CURVES):
        fractions = np.mean(needed[row][:, None] <= counts[None, :], axis=0)
        axes.plot(
            counts / dimension,
            fractions,
            drawstyle="steps-post",
            color=f"C{index}",
            label=f"$s = {sparsities[row]}$",
        )
        threshold = theory.sparse_threshold(sparsities[row] / dimension)
        axes.axvline(threshold, color=f"C{index}", ls="--", lw=0.9)
    axes.set(
        xlabel="measurements $N/n$", ylabel="recoverable draws", xlim=(0, 0.8), ylim=(-0.03, 1.03)
    )


def _draw_boundary(
    axes: Axes,
    needed: Float[np.ndarray, "sparsities draws"],
    sparsities: np.ndarray,
    dimension: int,
) -> None:
    low, median, high = np.quantile(needed / dimension, (0.1, 0.5, 0.9), axis=1)
    fine = np.linspace(0, 0.5, 101)
    threshold = [theory.sparse_threshold(float(share)) for share in fine]
    axes.plot(fine, threshold, "--", color="black", label="threshold")
    axes.fill_between(fine, fine, threshold, color="0.9", lw=0)
    axes.errorbar(
        sparsities / dimension,
        median,
        np.stack([median - low, high - median]),
        fmt="o",
        color="C0",
        lw=0.8,
        label=f"draws, $n = {dimension}$",
    )
    axes.plot(*_PAPER, "x", color="C1", markersize=5, label="paper", zorder=4)
    axes.text(0.4, 0.57, "never\nrecovered", ha="center", va="center", color="0.3")
    axes.set(xlabel="sparsity $s/n$", ylabel="measurements $N/n$", xlim=(0, 0.5), ylim=(0, 1))

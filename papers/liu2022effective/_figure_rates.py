"""Figure of the rates of the effective flow, and of the grokking time that follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import representation as theory
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_SYMBOLS, _TOTAL, _LEARNING_RATE = 10, 55, 1e-3

# Trained networks of the paper's released result files: lambda_3 and the steps to a quality index
# of 0.95, at learning rates of 1e-3 for the embeddings and 1e-4 for the decoder, without decay.
PUBLISHED_RUNS = np.array([
    (0.0196, 2553), (0.0258, 739), (0.0254, 1171), (0.0543, 867), (0.0313, 943), (0.0622, 833),
    (0.0467, 1071), (0.0578, 887), (0.0660, 1011), (0.0829, 1272), (0.0571, 977), (0.0843, 1033),
    (0.0796, 1086), (0.0851, 850),
])  # fmt: skip
# The same of runs that never got there within 10,000 steps.
PUBLISHED_FAILURES = np.array([0.0043, 0.0137, 0.0108, 0.0428, 0.0109, 0.0214])


@paper.figure(
    "grokking-time",
    caption=(
        "Rates of the effective flow of ten symbols, in the paper's units. (a) Mean eigenvalues of "
        "the Hessian over random training sets, the third in blue with its middle two thirds; the "
        "first two are zero. (b) Predicted grokking time 1 / lambda_3: median and middle two "
        "thirds of the training sets that determine the representation, whose share is dashed. "
        "(c) Steps that trained networks of the paper's result files needed, against 1 / (lambda_3 "
        "eta); crosses never did. Adam's steps are not those of the flow."
    ),
    options={"draws": 300},
)
def grokking_time(bench: Bench, *, draws: int = 300) -> Figure:
    """Draw spectrum, time and published steps."""
    if draws < 20:
        raise ValueError(f"draws must be at least 20, got {draws}")
    sizes = np.arange(14, _TOTAL + 1)
    spectra = bench.cached("spectra", lambda: _spectra(bench, sizes, draws))["spectra"]
    fractions = sizes / _TOTAL
    third = np.where(spectra[..., 2] > 1e-9, spectra[..., 2], 0.0)
    low, high = np.quantile(third, [1 / 6, 5 / 6], axis=1)
    with drawing(height=2.6, is_wide=True, columns=3) as (figure, (left, middle, right)):
        for index in range(3, _SYMBOLS):
            name = r"$\lambda_4,\dots,\lambda_{10}$" if index == 3 else None
            left.plot(fractions, spectra[..., index].mean(axis=1), color="0.6", lw=0.8, label=name)
        left.plot(fractions, third.mean(axis=1), color="C0", label=r"$\lambda_3$")
        left.fill_between(fractions, low, high, color="C0", alpha=0.2, lw=0)
        left.set(xlabel="train fraction", ylabel=r"rate $\lambda_i$")
        times = np.array([
            np.quantile(1 / row[row > 0], [1 / 6, 0.5, 5 / 6])
            if np.any(row > 0) else [np.nan] * 3
            for row in third
        ]).T  # fmt: skip
        known = np.sum(third > 0, axis=1) >= 10
        middle.plot(fractions[known], times[1, known], color="C0", label=r"$1/\lambda_3$")
        middle.fill_between(
            fractions[known], times[0, known], times[2, known], color="C0", alpha=0.2, lw=0
        )
        middle.set(xlabel="train fraction", ylabel=r"time $1/\lambda_3$", yscale="log")
        share = middle.twinx()
        exact = theory.unique_probability(_SYMBOLS, sizes)
        share.plot(fractions, exact.probability, "--", color="C1", lw=0.9)
        share.set_ylabel("P(unique)", color="C1")
        share.spines["right"].set_visible(True)
        middle.plot([], [], "--", color="C1", label="P(unique)")
        predicted = 1 / (PUBLISHED_RUNS[:, 0] * _LEARNING_RATE)
        right.plot(predicted, PUBLISHED_RUNS[:, 1], "o", color="0.1", label="trained")
        right.plot(
            1 / (PUBLISHED_FAILURES * _LEARNING_RATE), np.full(len(PUBLISHED_FAILURES), 1e4), "x",
            color="0.5", label="never",
        )  # fmt: skip
        line = np.array([1e4, 1e5])
        factor = np.exp(np.mean(np.log(PUBLISHED_RUNS[:, 1] / predicted)))
        right.plot(line, factor * line, color="C0", label=r"$\propto 1/\lambda_3\eta$")
        right.set(
            xlabel=r"predicted steps $1/\lambda_3\eta$", ylabel="measured steps", xscale="log",
            yscale="log", xlim=(9e3, 3e5), ylim=(400, 1.6e4),
        )  # fmt: skip
        for axes, name, columns in ((left, "a", 1), (middle, "b", 1), (right, "c", 2)):
            letter(axes, name)
            axes.legend(loc="lower left", bbox_to_anchor=(0.08, 1.02), ncols=columns)
    return figure


def _spectra(bench: Bench, sizes: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Eigenvalues for random training sets, `[sizes, draws, symbols]`."""
    rng = bench.generator("spectra")
    samples = theory.all_samples(_SYMBOLS)
    return {
        "spectra": np.array([
            [
                theory.hessian_spectrum(samples[rng.permutation(_TOTAL)[:size]], _SYMBOLS)
                for _ in range(draws)
            ]
            for size in sizes
        ])
    }  # fmt: skip

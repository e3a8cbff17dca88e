"""Figure of the gaps behind random bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...validation.layout import drawing, legend_above, letter
from . import concealment
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench


@paper.figure(
    "concealment-law",
    caption=(
        "Networks on addition modulo 7 behind random bits (all six operations at full scale). "
        "(a) Epochs from train to validation accuracy 0.95 of every run, triangles where the "
        "horizon ended first, with the exponential law fitted to the logarithms (band: standard "
        "error of the mean over runs) and the straight line fitted likewise. (b) Residuals of both "
        "laws from the means."
    ),
)
def concealment_law(bench: Bench) -> Figure:
    """Draw all gaps with the two laws, and what the laws leave over."""
    gaps = concealment.train_concealed(bench)
    laws = fitted_laws(gaps)
    fine = np.linspace(gaps.bits[0], gaps.bits[-1], 100)
    shift = 0.5 * np.linspace(-1, 1, len(gaps.epochs))
    is_censored = gaps.is_censored.astype(bool)
    with drawing(height=2.8, is_wide=True, columns=2) as (figure, (left, right)):
        for run, (row, censored) in enumerate(zip(gaps.epochs, is_censored, strict=True)):
            label = "runs" if run == 0 else None
            left.plot(gaps.bits + shift[run], row, "o", color="0.55", ms=3, label=label)
            left.plot(gaps.bits[censored] + shift[run], row[censored], "^", color="C3", ms=4)
        mean = np.log(gaps.epochs).mean(axis=0)
        error = np.log(gaps.epochs).std(axis=0, ddof=1) / np.sqrt(len(gaps.epochs))
        for name, law in laws.items():
            left.plot(fine, law(fine), label=name)
            right.errorbar(
                gaps.bits, mean - np.log(law(gaps.bits.astype(float))), error, fmt="o-", label=name
            )
        right.axhline(0, color="0.7", lw=0.8, zorder=0)
        left.set(yscale="log", xlabel="random bits", ylabel="gap [epochs]")
        right.set(xlabel="random bits", ylabel="mean log gap minus law")
        for axes, letter_name in ((left, "a"), (right, "b")):
            letter(axes, letter_name)
        legend_above(left, columns=3)
        legend_above(right)
    return figure


def fitted_laws(gaps: concealment.Gaps) -> dict:
    """The exponential law and the straight line, both fitted to the mean logarithms."""
    from ...validation import fit_law

    mean = np.exp(np.log(gaps.epochs).mean(axis=0))
    bits = gaps.bits.astype(float)
    rate, constant = np.polyfit(bits, np.log(mean), 1)
    line = fit_law(
        bits,
        mean,
        law=concealment.straight_line,
        start={"intercept": float(mean[0]), "slope": float(np.ptp(mean) / np.ptp(bits))},
    ).parameters
    return {
        f"$e^{{{rate:.3f}k}}$": lambda k: np.exp(constant + rate * k),
        "straight line": lambda k: concealment.straight_line(k, line["intercept"], line["slope"]),
    }

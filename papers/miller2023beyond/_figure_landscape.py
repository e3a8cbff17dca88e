"""Figure of the likelihood of Gaussian process regression, and of three ways down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import gaussian_processes as theory
from ...validation.layout import drawing, legend_above, letter
from . import regression
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_LENGTHS, _SIGNALS = (-7.0, 4.0), (-5.0, 5.0)
_COLORS = {"A": "C0", "B": "C1", "C": "C2"}


@paper.figure(
    "likelihood-landscape",
    caption=(
        "Gaussian process regression of a noisy sine (50 samples). (a) Data fit, (b) complexity "
        "and (c) their sum (cut at 5), the negative log likelihood per sample, over length scale "
        "and signal at the noise of the runs, with the ways of Adam from three starts (circles) to "
        "their ends (stars): B lies at low error and high complexity, and only the complexity "
        "leads out of there. (d) Train (dashed) and test error along the ways, means over seeds."
    ),
    options={"cells": 60},
)
def likelihood_landscape(bench: Bench, *, cells: int = 60) -> Figure:
    """Draw both terms of the likelihood on a grid, and three trained processes on top."""
    if not 10 <= cells <= 400:
        raise ValueError(f"cells must lie in [10, 400], got {cells}")
    runs = regression.train_process(
        bench, "starts", starts=tuple(regression.STARTS), num_steps=400, num_seeds=10
    ).squeeze(("learning_rate", "complexity_weight"))
    # The samples of the first seed cannot be had from the runs: the grid has samples of its own.
    rng = bench.generator("samples")
    inputs = rng.uniform(-1.5, 1.5, (50, 1))
    targets = np.sin(2 * inputs[:, 0]) + 0.1 * rng.normal(size=50)
    lengths, signals = np.linspace(*_LENGTHS, cells), np.linspace(*_SIGNALS, cells)
    fit, complexity = likelihood_grid(inputs, targets, lengths, signals)
    # The fit spans decades; the colors follow its logarithm.
    shown = {
        r"$\log_{10}$ data fit": np.log10(fit),
        "complexity": complexity,
        "sum": np.minimum(fit + complexity, 5.0),
    }
    with drawing(height=5.4, is_wide=True, rows=2, columns=2) as (figure, panels):
        for axes, name, (title, values) in zip(panels.flat, "abc", shown.items(), strict=False):
            filled = axes.contourf(lengths, signals, values.T, levels=18, cmap="Greys")
            figure.colorbar(filled, ax=axes, label=title)
            for start, color in _COLORS.items():
                way = runs.sel(start=start, seed=0)
                x, y = way["log_length_scale"].values, way["log_signal"].values
                axes.plot(x, y, color=color, lw=1.4)
                axes.plot(x[0], y[0], "o", color=color, label=start)
                axes.plot(x[-1], y[-1], "*", color=color, ms=9)
            axes.set(xlabel=r"$\ln\ell$", ylabel=r"$\ln s$", xlim=_LENGTHS, ylim=_SIGNALS)
            letter(axes, name)
        last = panels[1, 1]
        steps = runs["step"].values[1:]
        for start, color in _COLORS.items():
            for part, style in (("train", "--"), ("test", "-")):
                curve = runs[f"{part}_error"].sel(start=start).mean("seed").values[1:]
                label = start if part == "test" else None
                last.plot(steps, curve, style, color=color, label=label)
        last.axhline(regression.GENERALIZES, color="0.7", lw=0.8, zorder=0)
        last.set(xscale="log", yscale="log", xlabel="epoch", ylabel="mean squared error")
        letter(last, "d")
        legend_above(panels[0, 0], columns=3)
        legend_above(last, columns=3)
    return figure


def likelihood_grid(
    inputs: np.ndarray, targets: np.ndarray, lengths: np.ndarray, signals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Data fit and complexity per sample over log length scales (rows) and log signals."""
    terms = np.empty((2, len(lengths), len(signals)))
    for i, length in enumerate(np.exp(lengths)):
        shape = theory.squared_exponential(inputs, length_scale=float(length), signal=1.0)
        for j, signal in enumerate(np.exp(signals)):
            found = theory.likelihood_terms(signal * shape, targets, noise=regression.NOISE)
            terms[:, i, j] = found.data_fit, found.complexity
    return terms[0], terms[1]

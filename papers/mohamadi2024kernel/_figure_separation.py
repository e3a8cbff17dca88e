"""Figure of the separation: the data that kernels need and that small weights need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...theory import kernel_limits as kl
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_Problem = Literal["regression", "classification"]

# x in the sizes 2 p^x of the train sets of the paper's runs [mohamadi2024kernel, Figs. 1, 3]
_TRAINED: dict[_Problem, float] = {"regression": 2.25, "classification": 5 / 3}


@paper.figure(
    "data-separation",
    caption=(
        "Samples against the modulus. Black, all triples or pairs; shaded, where the loss "
        "of any kernel that does not know the labels is above half of that of the zero predictor, "
        "by the exact bound; dashed, the law of small weights with the constant one and without "
        "logarithms; dash-dotted, the train sets of the paper's runs. Dotted: from there on these "
        "runs have fewer samples than kernels need."
    ),
    options={"max_modulus": 500},
)
def data_separation(bench: Bench, *, max_modulus: int = 500) -> Figure:
    """Draw sample numbers of kernels and of small weights, for both problems, on log axes."""
    if max_modulus < 100:
        raise ValueError(f"max_modulus must be at least 100, got {max_modulus}")
    moduli = np.arange(4, max_modulus + 1)
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        for axes, problem, name in zip(panels, _TRAINED, "ab", strict=True):
            _draw_problem(axes, moduli, problem)
            letter(axes, name)
            axes.set_title(problem, fontsize="medium")
        panels[0].set_ylabel("triples $(a, b, c)$")
        panels[1].set_ylabel("pairs $(a, b)$")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


def kernel_samples(moduli: np.ndarray, problem: _Problem) -> np.ndarray:
    """Samples below which the loss of a kernel stays above one half; a pair is p triples."""
    shared = np.ones(len(moduli)) if problem == "regression" else moduli
    return np.array([kl.half_loss_samples(int(modulus)) for modulus in moduli]) / shared


def _draw_problem(axes: Axes, moduli: np.ndarray, problem: _Problem) -> None:
    rich, everything = (kl.DATA_EXPONENTS[problem, regime] for regime in ("rich", "kernel"))
    needed = kernel_samples(moduli, problem)
    trained = 2 * moduli ** _TRAINED[problem]
    trained = np.where(trained <= moduli**everything, trained, np.nan)
    axes.plot(moduli, moduli**everything, color="black", label="all samples")
    axes.fill_between(moduli, 1, needed, color="C1", alpha=0.15, lw=0)
    axes.plot(moduli, needed, color="C1", label="kernels")
    axes.plot(moduli, moduli**rich, "--", color="C0", label="small weights")
    axes.plot(moduli, trained, "-.", color="C2", label="paper's runs")
    fewer = np.flatnonzero(trained < needed)
    if fewer.size:
        first = moduli[fewer[0]]
        axes.vlines(first, 0, needed[fewer[0]], color="0.3", ls=":")
        place, where = (first, 0.03), axes.get_xaxis_transform()
        axes.annotate(f"$p = {first}$", place, (4, 0), where, textcoords="offset points")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="modulus $p$",
        xlim=(moduli[0], moduli[-1]),
        ylim=(moduli[0] ** rich, None),
    )

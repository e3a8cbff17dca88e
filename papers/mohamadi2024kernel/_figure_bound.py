"""Figure of what kernels cannot do: the lower bound, and regressions above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ...theory import kernel_limits as kl
from ...theory.kernels import kernel_regression
from ...validation.layout import drawing, legend_above, letter
from ._card import paper
from .kernels import targets, triples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_MODULI = (5, 11, 31, 97)
_FRACTIONS = (0.1, 0.25, 0.5, 0.75, 0.9)
_KERNELS = ("all weights", "the readout")


@paper.figure(
    "kernel-bounds",
    caption=(
        "Population loss of kernel methods on modular addition, in units of that of the zero "
        "predictor, against the fraction of all p^3 triples that they are trained on. (a) Lower "
        "bound, exact (solid) and as printed (dashed); its limit for large p is the share of the "
        "triples that were not seen (dotted). (b) The bound, storing the training set and "
        "answering its mean elsewhere, which attains it as p grows, and regression with the "
        "expected tangent kernel of the quadratic network at PyTorch's initial variances, of "
        "all weights or of the readout alone (set apart sideways): means and standard errors over "
        "train sets."
    ),
    options={"modulus": 11},
)
def kernel_bounds(bench: Bench, *, modulus: int = 11) -> Figure:
    """Draw the lower bound at several moduli, and kernel regressions at one."""
    if not 3 <= modulus <= 17:
        raise ValueError(
            f"modulus must lie in [3, 17], got {modulus}: the regressions are on p^3 triples"
        )
    sizes = np.round(np.array(_FRACTIONS) * modulus**3).astype(int)
    draws = bench.pick(quick=3, full=12)
    losses = bench.cached("losses", lambda: {"losses": _losses(bench, modulus, sizes, draws)})[
        "losses"
    ]
    with drawing(height=2.9, is_wide=True, columns=2, sharey=True) as (figure, panels):
        _draw_moduli(panels[0])
        _draw_regressions(panels[1], losses, modulus, sizes)
        for axes, name, columns in zip(panels, "ab", (3, 2), strict=True):
            axes.set(xlabel="fraction of all triples $n/p^3$", xlim=(0, 1), ylim=(0, 1.1))
            letter(axes, name)
            legend_above(axes, columns=columns)
        panels[0].set(ylabel="loss $L/L_0$")
    return figure


def memorizer_loss(sizes: Float[np.ndarray, " sizes"], modulus: int) -> Float[np.ndarray, " sizes"]:
    r"""Expected loss of storing the samples and answering their mean elsewhere.

    $$\frac{L}{L_0} = \Bigl(1-\frac1p\Bigr)\Bigl(1-\frac n{p^3}\Bigr)
      \frac{p^3}{p^3-1}\Bigl(1+\frac1n\Bigr),$$

    the variance of a target that was not drawn around the mean of n that were. It is a kernel
    method: a large constant plus the identity.
    """
    count = modulus**3
    spread = (1 - 1 / modulus) * count / (count - 1)
    return spread * (1 - sizes / count) * (1 + 1 / sizes)


def _losses(
    bench: Bench, modulus: int, sizes: Int[np.ndarray, " sizes"], draws: int
) -> Float[np.ndarray, "kernels draws sizes"]:
    """Losses over all triples after ridgeless regression on random ones."""
    rng = bench.generator("kernel-bounds")
    samples = triples(modulus)
    labels = targets(samples, modulus)
    hidden, readout = 1 / (6 * modulus), 1 / (12 * modulus)  # variances at width 4p
    grams = [
        kl.delta_gram(
            kl.expected_tangent_coefficients(hidden, variance, hidden_kurtosis=9 / 5), samples
        )
        for variance in (readout, 0.0)
    ]
    losses = np.zeros((len(_KERNELS), draws, len(sizes)))
    for draw in range(draws):
        order = rng.permutation(len(samples))
        for kernel, gram in enumerate(grams):
            bench.progress((draw + kernel / len(grams)) / draws, _KERNELS[kernel])
            for column, size in enumerate(sizes):
                chosen = order[:size]
                train, cross = gram[np.ix_(chosen, chosen)], gram[:, chosen]
                predictions = kernel_regression(train, labels[chosen], cross).predictions
                losses[kernel, draw, column] = np.mean((predictions - labels) ** 2) / modulus
    return losses


def _draw_moduli(axes: Axes) -> None:
    fractions = np.linspace(0, 1, 401)
    for index, modulus in enumerate(_MODULI):
        sizes = np.unique(np.maximum(np.round(fractions * modulus**3), 1)).astype(int)
        shares = sizes / modulus**3
        exact = kl.kernel_loss_bound(sizes, modulus)
        axes.plot(shares, exact, color=f"C{index}", label=f"$p = {modulus}$")
        printed = kl.published_kernel_loss_bound(sizes, modulus)
        axes.plot(shares, printed, "--", color=f"C{index}", lw=0.9)
    axes.plot([0, 1], [1, 0], ":", color="black", lw=0.9, label=r"$p \to \infty$")


def _draw_regressions(
    axes: Axes,
    losses: Float[np.ndarray, "kernels draws sizes"],
    modulus: int,
    sizes: Int[np.ndarray, " sizes"],
) -> None:
    fine = np.arange(1, modulus**3 + 1)
    shares = fine / modulus**3
    bound = kl.kernel_loss_bound(fine, modulus)
    axes.plot(shares, bound, color="C1", label=f"bound, $p = {modulus}$")
    axes.fill_between(shares, 0, bound, color="C1", alpha=0.12, lw=0)
    axes.plot(shares, memorizer_loss(fine.astype(float), modulus), "-.k", lw=0.9, label="memorizer")
    for kernel, (name, style) in enumerate(zip(_KERNELS, ("o", "D"), strict=True)):
        mean = losses[kernel].mean(axis=0)
        error = losses[kernel].std(axis=0, ddof=1) / np.sqrt(losses.shape[1])
        # Side by side, not on top of each other.
        places = sizes / modulus**3 + (kernel - 0.5) * 0.015
        axes.errorbar(
            places, mean, error, fmt=style, color=("C0", "C2")[kernel], label=f"kernel of {name}"
        )

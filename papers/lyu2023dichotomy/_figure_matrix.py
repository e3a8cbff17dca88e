"""Figure of matrix completion: the spectrum that the clock leaves standing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SCALES = (1.0, 3.0, 6.0)
_WEIGHT_DECAY = 1e-3
_FRACTION = 0.2  # of the entries is observed
_COLLAPSED = np.linspace(-1.7, 6.0, 109)  # lambda t - ln alpha of the records
_SHOWN = 6  # singular values


@paper.figure(
    "singular-values",
    caption=(
        "Symmetric factorization from U = V = alpha I at weight decay 0.001, fitted to a fifth of "
        "the entries of ij/d^2 by gradient flow. (a) Mean squared error on the unobserved entries; "
        "dashed, the zero fill-in; dotted, where the clock 2 beta has come down to the root mean "
        "square of its singular values. (b) Largest singular values of the fitted matrix for "
        "alpha = 3: once the clock has passed them, one grows to that of the target, the others "
        "fall."
    ),
    options={"side": 30},
)
def singular_values(bench: Bench, *, side: int = 30) -> Figure:
    """Draw errors and singular values along the exact flow of the factorization."""
    if side < 10:
        raise ValueError(f"side must be at least 10, got {side}")
    numbers = bench.cached("completion", lambda: _complete(bench.generator("entries"), side))
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        _draw_errors(panels[0], numbers)
        _draw_spectrum(panels[1], numbers, side)
        for axes, name, columns in zip(panels, "ab", (3, 4), strict=True):
            letter(axes, name)
            legend_above(axes, columns=columns)
    return figure


def _draw_errors(axes: Axes, numbers: dict[str, np.ndarray]) -> None:
    for index, scale in enumerate(_SCALES):
        name, shown = rf"$\alpha = {scale:g}$", slice(3 * index, None, 3 * len(_SCALES))
        errors = numbers["errors"][index]
        axes.plot(_COLLAPSED, errors, color=f"C{index}", lw=0.6)
        # Curves that coincide show their points in turns.
        axes.plot(_COLLAPSED[shown], errors[shown], "o", color=f"C{index}", label=name)
    axes.axhline(float(numbers["filled"]), color="0.4", ls="--", label="zero fill-in")
    axes.axvline(float(numbers["release"]), color="0.4", ls=":", label="release")
    axes.set(xlabel=r"$\lambda t - \ln\alpha$", ylabel="error on unobserved entries", yscale="log")


def _draw_spectrum(axes: Axes, numbers: dict[str, np.ndarray], side: int) -> None:
    clock = _COLLAPSED[_kept(_SCALES[1])] + np.log(_SCALES[1])
    for index in range(_SHOWN):
        axes.plot(
            clock,
            numbers["spectrum"][:, index],
            color="C0" if index == 0 else "C5",
            label={0: "first", 1: "others"}.get(index),
            lw=1.2 if index == 0 else 0.9,
        )
    product = theory.factor_product(
        clock / _WEIGHT_DECAY, scale=_SCALES[1], weight_decay=_WEIGHT_DECAY
    )
    axes.plot(clock, 2 * product, "--", color="C1", label=r"$2\beta$")
    axes.axhline(
        float(np.linalg.norm(_target(side))), color="black", ls=":", lw=0.9, label="target"
    )
    axes.set(
        xlabel=r"$\lambda t$",
        ylabel="singular value",
        yscale="log",
        ylim=(1e-3, 3 * _SCALES[1] ** 2),
    )


def _kept(scale: float) -> np.ndarray:
    """Which records of a run from a scale come after the fit of the observed entries."""
    return _COLLAPSED > 0.05 - np.log(scale)


def _target(side: int) -> np.ndarray:
    return np.multiply.outer(np.arange(side), np.arange(side)) / side**2


def _complete(rng: np.random.Generator, side: int) -> dict[str, np.ndarray]:
    """Errors and spectra along the flow, the error of the early bias, and when it ends."""
    target = _target(side)
    order = rng.permutation(side**2)[: round(_FRACTION * side**2)]
    indices = np.stack(np.divmod(order, side), axis=1)
    values = target[tuple(indices.T)]
    hidden = np.ones((side, side), dtype=bool)
    hidden[tuple(indices.T)] = False

    def error(matrix: np.ndarray) -> np.ndarray:
        return np.asarray(np.mean((matrix - target)[..., hidden] ** 2, axis=-1))

    paths = [
        theory.factorization_flow(
            indices,
            values,
            dimension=side,
            scale=scale,
            weight_decay=_WEIGHT_DECAY,
            times=(_COLLAPSED[_kept(scale)] + np.log(scale)) / _WEIGHT_DECAY,
            tolerance=1e-6,
        ).matrices
        for scale in _SCALES
    ]
    errors = np.full((len(_SCALES), len(_COLLAPSED)), np.nan)
    for row, scale, path in zip(errors, _SCALES, paths, strict=True):
        row[_kept(scale)] = error(path)
    filled = theory.zero_fill_in(indices, values, dimension=side)
    release = theory.release_time(
        scale=_SCALES[-1],
        weight_decay=_WEIGHT_DECAY,
        typical_weight=float(np.linalg.norm(filled)) / np.sqrt(side),
    )
    return {
        "errors": errors,
        "spectrum": np.linalg.svd(paths[1], compute_uv=False)[:, :_SHOWN],
        "filled": error(filled),
        "release": theory.collapsed_time(release, scale=_SCALES[-1], weight_decay=_WEIGHT_DECAY),
    }

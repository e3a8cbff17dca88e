"""Figure of the clock: runs from all initializations fall on one curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, letter
from ._card import paper
from ._figure_data import sparse_signs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SCALES = (1.0, 4.0, 16.0, 64.0)
_WEIGHT_DECAY = 1e-3
_CLASSIFIED = np.linspace(-4.2, 4.0, 165)  # collapsed times of the records
_REGRESSED = np.linspace(-2.0, 5.0, 141)
_REGRESSION_SAMPLES, _REGRESSION_DIMENSION, _SPARSITY = 40, 200, 3


@paper.figure(
    "clock-collapse",
    caption=(
        "Gradient flow of diagonal networks from initializations alpha at weight decay 0.001, "
        "integrated through its dual variables. (a) Test accuracy on the majority of three signs "
        "among many. (b) The same after a shift by ln alpha; dotted, the predicted release, where "
        "the clock 2 beta has come down to the weights of the support vector machine. (c) Relative "
        "test error of sparse regression; dashed, the interpolants of least hyperbolic entropy, "
        "without any dynamics."
    ),
    options={"samples": 100, "dimension": 1000},
)
def clock_collapse(bench: Bench, *, samples: int = 100, dimension: int = 1000) -> Figure:
    """Draw accuracy and error of the dual flow against time, plain and shifted."""
    if samples < 2 or dimension <= samples:
        raise ValueError(
            f"dimension must exceed samples >= 2, so that any labels can be fitted, got "
            f"{dimension} and {samples}"
        )
    classified = bench.cached(
        "classified", lambda: _classify(bench.generator("signs"), samples, dimension)
    )
    regressed = bench.cached("regressed", lambda: _regress(bench.generator("regression")))
    with drawing(height=2.6, is_wide=True, columns=3) as (figure, panels):
        for index, scale in enumerate(_SCALES):
            kept = _kept(_CLASSIFIED, scale)
            name, color = rf"$\alpha = {scale:g}$", f"C{index}"
            accuracies = classified["accuracies"][index, kept]
            panels[0].plot(_CLASSIFIED[kept] + np.log(scale), accuracies, color=color, label=name)
            _draw_in_turns(panels[1], _CLASSIFIED, classified["accuracies"], index)
            panels[0].axvline(classified["release"] + np.log(scale), color=color, ls=":", lw=0.8)
            _draw_in_turns(panels[2], _REGRESSED, regressed["errors"], index)
        static = {"linestyle": "--", "color": "black", "lw": 0.9, "label": "static interpolants"}
        panels[2].plot(_REGRESSED, regressed["static"], **static)
        for axes, numbers in ((panels[1], classified), (panels[2], regressed)):
            axes.axvline(numbers["release"], color="0.4", ls=":", label="predicted release")
            axes.set_xlabel(r"$\lambda t - \ln\alpha$")
        panels[1].set_xlim(-2, None)
        panels[0].set(xlabel=r"$\lambda t$", ylabel="test accuracy")
        panels[1].set(ylabel="test accuracy")
        panels[2].set(ylabel="relative test error", yscale="log")
        for axes, name in zip(panels, "abc", strict=True):
            letter(axes, name)
        _legend(figure, panels)
    return figure


def _draw_in_turns(
    axes: Axes, collapsed: np.ndarray, curves: np.ndarray, index: int, *, every: int = 3
) -> None:
    """Draw one of several curves that coincide; each shows its points where the others do not."""
    shown = slice(every * index, None, every * len(curves))
    axes.plot(collapsed, curves[index], color=f"C{index}", lw=0.6)
    axes.plot(collapsed[shown], curves[index, shown], "o", color=f"C{index}")


def _legend(figure: Figure, panels: tuple[Axes, ...]) -> None:
    found = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=len(found))


def _kept(collapsed: np.ndarray, scale: float) -> np.ndarray:
    """Which collapsed times lie well after the start of a run from a scale."""
    return collapsed > 0.02 - np.log(scale)


def _times(collapsed: np.ndarray, scale: float) -> np.ndarray:
    return (collapsed[_kept(collapsed, scale)] + np.log(scale)) / _WEIGHT_DECAY


def _classify(rng: np.random.Generator, samples: int, dimension: int) -> dict[str, np.ndarray]:
    """Test accuracies along the flow, and when the clock meets the hard-margin solution."""
    features, labels, support = sparse_signs(
        rng, samples=samples, dimension=dimension, sparsity=_SPARSITY
    )
    accuracies = np.full((len(_SCALES), len(_CLASSIFIED)), np.nan)
    for row, scale in zip(accuracies, _SCALES, strict=True):
        path = theory.diagonal_flow(
            features,
            labels,
            scale=scale,
            weight_decay=_WEIGHT_DECAY,
            times=_times(_CLASSIFIED, scale),
        )
        row[_kept(_CLASSIFIED, scale)] = [
            theory.sparse_sign_accuracy(weights, support) for weights in path.weights
        ]
    solution = theory.max_l2_margin(features, labels).weights
    time = theory.classification_release_time(
        solution, scale=_SCALES[-1], weight_decay=_WEIGHT_DECAY
    )
    release = theory.collapsed_time(time, scale=_SCALES[-1], weight_decay=_WEIGHT_DECAY)
    return {"accuracies": accuracies, "release": release}


def _regress(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Errors along the flow, of the static interpolants, and when the clock meets the weights."""
    features = rng.choice([-1.0, 1.0], (_REGRESSION_SAMPLES, _REGRESSION_DIMENSION))
    target = np.zeros(_REGRESSION_DIMENSION)
    target[:_SPARSITY] = 1.0
    labels = features @ target

    def error(weights: np.ndarray) -> np.ndarray:
        return np.sum((weights - target) ** 2, axis=-1) / np.sum(target**2)

    errors = np.full((len(_SCALES), len(_REGRESSED)), np.nan)
    for row, scale in zip(errors, _SCALES, strict=True):
        path = theory.diagonal_flow(
            features,
            labels,
            scale=scale,
            weight_decay=_WEIGHT_DECAY,
            times=_times(_REGRESSED, scale),
            loss="squared",
        )
        row[_kept(_REGRESSED, scale)] = error(path.weights)
    static = theory.interpolating_weights(features, labels, np.exp(-2 * _REGRESSED))
    early = theory.min_l2_norm(features, labels)
    time = theory.release_time(
        scale=_SCALES[-1],
        weight_decay=_WEIGHT_DECAY,
        typical_weight=float(np.sqrt(np.mean(early**2))),
    )
    release = theory.collapsed_time(time, scale=_SCALES[-1], weight_decay=_WEIGHT_DECAY)
    return {"errors": errors, "static": error(static), "release": release}

"""Figure of the phases: when the bias changes, and which of the two biases suits which data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, letter
from ._card import paper
from ._figure_data import separated_halves, sparse_signs
from ._runs import cosine

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_SEPARATION = 6.0
_MOST_SAMPLES = 160


@paper.figure(
    "release-map",
    caption=(
        "(a) Continuous time at which a diagonal classifier is released from its early bias, for "
        "one train set of the majority of three signs among many: predicted (solid) and "
        "ln(alpha)/lambda (dashed), for the same times. (b, c) Test accuracy of the early bias "
        "(largest L2 margin) and of the late bias (largest L1 margin) against the number of train "
        "samples: majority of three signs, where the release is grokking, and two separated halves "
        "of a Gaussian, where it is misgrokking. Bars are standard errors over train sets."
    ),
    options={"dimension": 600},
)
def release_map(bench: Bench, *, dimension: int = 600) -> Figure:
    """Draw contours of the release time and the accuracies of both biases on both tasks."""
    if dimension < 32:
        raise ValueError(f"dimension must be at least 32, got {dimension}")
    draws = bench.pick(quick=4, full=16)
    sizes = np.unique(np.geomspace(8, min(dimension // 2, _MOST_SAMPLES), 6).round().astype(int))
    signs, halves = (
        bench.cached(name, lambda measure=measure: measure(bench, dimension, sizes, draws))
        for name, measure in (("signs", _signs), ("halves", _halves))
    )
    with drawing(height=2.6, is_wide=True, columns=3) as (figure, panels):
        _draw_times(panels[0], signs["solution"])
        _draw_accuracies(panels[1], sizes, signs["accuracies"])
        _draw_accuracies(panels[2], sizes, halves["accuracies"])
        panels[1].set_ylabel("test accuracy")
        panels[2].set_ylabel("test accuracy")
        for axes, name in zip(panels, "abc", strict=True):
            letter(axes, name)
        handles = [axes.get_legend_handles_labels() for axes in panels[:2]]
        lines, names = (sum(parts, []) for parts in zip(*handles, strict=True))
        figure.legend(lines, names, loc="outside upper center", ncols=len(names))
    return figure


def _draw_times(axes: Axes, solution: np.ndarray) -> None:
    scales, decays = np.geomspace(1, 100, 41), np.geomspace(1e-4, 1e-2, 41)
    predicted = [
        [
            theory.classification_release_time(solution, scale=scale, weight_decay=decay)
            for scale in scales
        ]
        for decay in decays
    ]
    published = np.log(scales) / decays[:, None]
    levels = [300, 1000, 3000, 10000, 30000]
    lines = axes.contour(scales, decays, predicted, levels, colors="C0", linewidths=1.2)
    axes.contour(scales, decays, published, levels, colors="C1", linestyles="--", linewidths=1.0)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"initialization $\alpha$",
        ylabel=r"weight decay $\lambda$",
    )
    axes.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=7)
    axes.plot([], [], color="C0", label="release $t^*$")
    axes.plot([], [], "--", color="C1", label=r"$\ln(\alpha)/\lambda$")


def _draw_accuracies(axes: Axes, sizes: np.ndarray, accuracies: np.ndarray) -> None:
    means = accuracies.mean(axis=-1)
    errors = accuracies.std(axis=-1, ddof=1) / np.sqrt(accuracies.shape[-1])
    early, late = means
    for mean, error, style, name in zip(
        means, errors, ("o-", "s--"), ("early bias", "late bias"), strict=True
    ):
        axes.errorbar(sizes, mean, error, fmt=style, color="black", label=name, lw=1.0)
    for outcome, color, is_better in (
        ("grokking", "C2", late >= early),
        ("misgrokking", "C1", late <= early),
    ):
        axes.fill_between(
            sizes,
            early,
            late,
            where=is_better,
            interpolate=True,
            color=color,
            alpha=0.2,
            lw=0,
            label=outcome,
        )
    axes.set(xscale="log", xlabel="train samples $n$", ylim=(0.45, 1.03))


def _signs(bench: Bench, dimension: int, sizes: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Accuracies [bias, size, draw] on the sparse task, and one hard-margin solution."""
    rng = bench.generator("release-map signs")
    data = [sparse_signs(rng, samples=int(sizes[-1]), dimension=dimension) for _ in range(draws)]
    accuracies = _accuracies(data, sizes, theory.sparse_sign_accuracy)
    features, labels, _ = data[0]
    return {"accuracies": accuracies, "solution": theory.max_l2_margin(features, labels).weights}


def _halves(bench: Bench, dimension: int, sizes: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Accuracies [bias, size, draw] on separated halves of a Gaussian."""
    rng = bench.generator("release-map halves")
    data = [
        separated_halves(rng, samples=int(sizes[-1]), dimension=dimension, separation=_SEPARATION)
        for _ in range(draws)
    ]

    def accuracy(weights: np.ndarray, direction: np.ndarray) -> float:
        overlap = cosine(weights, direction)
        return float(theory.separated_accuracy(overlap, separation=_SEPARATION))

    return {"accuracies": _accuracies(data, sizes, accuracy)}


def _accuracies(
    data: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    sizes: np.ndarray,
    accuracy: Callable[[np.ndarray, np.ndarray], float],
) -> np.ndarray:
    """Test accuracy of the largest margin of either norm on the first samples of each draw."""
    return np.array(
        [
            [
                [accuracy(solver(x[:size], y[:size]).weights, truth) for x, y, truth in data]
                for size in sizes
            ]
            for solver in (theory.max_l2_margin, theory.max_l1_margin)
        ]
    )

"""Figures of what a set of nodes can do: capacity, collecting features, memorizing one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import irreps as group_theory
from ...theory import li2
from ._card import paper
from ._figure_style import DOUBLE_COLUMN, SINGLE_COLUMN, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_POINTS = 12
_WEAKEST = (1.0, 0.75, 0.5)
_ACTIVATIONS = {
    "sigmoid": ("sigmoid", "v"),
    "tanh": ("tanh", "^"),
    "relu": ("relu", "s"),
    "silu": ("silu", "o"),
    "square": (r"$x^2$, $x^3$", "D"),
}


@paper.figure(
    "capacity-curve",
    caption=(
        "Squared error per sample, centered over the samples, that a given number of nodes can "
        "reach on modular addition with all pairs. Line: four nodes a frequency. Points: least "
        "squares readouts of that construction, cut off after K nodes, and of nodes at random "
        "points of the same maxima, which need eight a frequency. Dashed: the published "
        "sufficient width, which asks for complex weights."
    ),
    options={"modulus": 23},
)
def capacity(bench: Bench, *, modulus: int = 23) -> Figure:
    """Draw the loss against the width, in units of twice the number of characters."""
    if modulus < 3:
        raise ValueError(f"modulus must be at least 3, got {modulus}")
    table = np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus
    unit = 2 * (modulus - 1)
    with drawing(SINGLE_COLUMN, height=2.8) as (figure, axes):
        width = np.linspace(0, 1.6 * unit, 400)
        axes.plot(width / unit, li2.capacity_loss(width, modulus), label="four nodes a frequency")
        widths, losses = truncated_construction(table)
        axes.plot(widths / unit, losses, "o", color="C0", label="construction, cut off")
        widths, losses = random_maxima(table, seed=bench.seed)
        shown = widths <= width[-1]
        axes.plot(
            widths[shown] / unit,
            losses[shown],
            "s",
            color="C1",
            markerfacecolor="none",
            label="random maxima",
        )
        published = li2.published_width(group_theory.irreps(table))
        axes.axvline(published / unit, color="0.4", linestyle="--", label="published width")
        axes.set(
            xlabel=rf"width $K / 2(M - 1)$, $M = {modulus}$",
            ylabel="best loss per sample",
            xlim=(0, width[-1] / unit),
            ylim=(-0.03, 1),
        )
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def truncated_construction(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widths, and the losses of so many nodes of the exact construction with their best readout."""
    u, v, _ = li2.four_node_network(len(table))
    lone = len(u) % 2
    # The lone node of an even modulus fits a frequency by itself: it comes first.
    u, v = np.roll(u, lone, axis=0), np.roll(v, lone, axis=0)
    pairs = np.unique(np.linspace(0, len(u) // 2, _POINTS).round().astype(int))
    widths = 2 * pairs + lone
    losses = [li2.least_squares_readout(u[:k], v[:k], table)[1] for k in widths]
    return widths, np.array(losses)


def random_maxima(table: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Widths, and the losses of random nodes at the maxima, eight for each of some frequencies."""
    per_frequency = li2.capacity.RANDOM_PHASE_NODES_PER_FREQUENCY
    rng = np.random.default_rng(seed)
    u, v = li2.random_phase_nodes(len(table), per_frequency, rng=rng)
    frequencies = np.unique(np.linspace(0, len(u) // per_frequency, _POINTS).round().astype(int))
    widths = per_frequency * frequencies
    losses = [li2.least_squares_readout(u[:k], v[:k], table)[1] for k in widths]
    return widths, np.array(losses)


@paper.figure(
    "coupon-curves",
    caption=(
        "Expected number of nodes, per feature, until every one of L features has been found by "
        "one node after another. (a) Without Muon, for features whose strengths are spread "
        "evenly between the weakest and 1; equal strengths meet the bound, the harmonic number. "
        "Dashed: the published bound. (b) The same if Muon halves the strength of found features."
    ),
    options={"frechet_shape": 2.0, "max_features": 100},
)
def coupon_collector(
    bench: Bench, *, frechet_shape: float = 2.0, max_features: int = 100
) -> Figure:
    """Draw the nodes needed per feature against the number of features."""
    if max_features < 3:
        raise ValueError(f"max_features must be at least 3, got {max_features}")
    features = np.unique(np.geomspace(1, max_features, 40).round().astype(int))
    with drawing(DOUBLE_COLUMN, height=2.75, columns=2, sharey=True) as (figure, (left, right)):
        for index, weakest in enumerate(_WEAKEST):
            probabilities = [
                li2.feature_probabilities(
                    np.linspace(weakest, 1, count), frechet_shape=frechet_shape
                )
                for count in features
            ]
            label = "equal" if weakest == 1 else f"{weakest:g} to 1"
            style = {"color": f"C{index}"}
            plain = np.array([li2.expected_nodes(p) for p in probabilities])
            left.plot(features, plain / features, label=label, **style)
            bound = np.array([li2.published_expected_nodes_bound(p) for p in probabilities])
            left.plot(features, bound / features, linestyle="--", **style)
            muon = [li2.expected_nodes_muon(p, frechet_shape=frechet_shape) for p in probabilities]
            right.plot(features, muon / features, label=label, **style)
        harmonic = np.array([li2.harmonic_nodes(int(count)) for count in features])
        left.plot(features, harmonic / features, ":", color="black", label="bound $H_L$")
        left.plot([], [], "--", color="0.4", label="published bound")
        left.set_ylabel("expected nodes per feature $T / L$")
        for axes, title in ((left, "(a) plain ascent"), (right, "(b) Muon")):
            axes.set(
                xscale="log",
                xlabel="number of features $L$",
                xlim=(1, max_features),
                ylim=(0, None),
            )
            axes.set_title(title, loc="left")
        figure.legend(
            *left.get_legend_handles_labels(),
            title=f"strengths, Fréchet shape {frechet_shape:g}",
            loc="outside right upper",
        )
    return figure


@paper.figure(
    "memorized-shapes",
    caption=(
        "Pre-activation that the best node for a single target has on each pair, against the "
        "probability of the pair, for a node of unit norm. Powers of at least two store the "
        "likeliest pair alone; the other activations store all."
    ),
    options={"pairs": 10},
)
def memorization_shapes(bench: Bench, *, pairs: int = 10) -> Figure:
    """Draw how activations distribute a node over pairs of linearly growing probability."""
    if pairs < 2:
        raise ValueError(f"pairs must be at least 2, got {pairs}")
    probabilities = np.arange(1, pairs + 1) / (pairs * (pairs + 1) / 2)
    with drawing(SINGLE_COLUMN, height=2.7) as (figure, axes):
        for activation, (label, marker) in _ACTIVATIONS.items():
            shape = li2.memorized_shape(activation, probabilities)
            axes.plot(probabilities, shape, marker=marker, linewidth=0.8, label=label)
        axes.set(
            xlabel="probability of the pair $p_g$",
            ylabel=r"pre-activation $s_g = u_g + v_{g^{-1}h}$",
            xlim=(0, None),
            ylim=(-0.05, np.sqrt(2) + 0.08),
        )
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure

"""Figures of what a set of nodes can do: capacity, collecting features, memorizing one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ...theory import irreps as group_theory
from ...theory import li2
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_POINTS = 12
_WEAKEST = (1.0, 0.75, 0.5)
_ACTIVATIONS: dict[li2.memorization.Activation, tuple[str, str]] = {
    "sigmoid": ("sigmoid", "v-"),
    "tanh": ("tanh", "^-"),
    "relu": ("relu", "s-"),
    "silu": ("silu", "o-"),
    "square": (r"$x^q$, $q \geq 2$", "D"),
}


@paper.figure(
    "capacity-curve",
    caption=(
        "Squared error per sample, centered over the samples, that a given number of nodes can "
        "reach on modular addition with all pairs. Line: four nodes a frequency. Filled: least "
        "squares readouts of that construction, cut off after K nodes. Hollow: of nodes at random "
        "points of the same maxima, which need eight a frequency. Dashed: the published "
        "sufficient width, which asks for complex weights."
    ),
    options={"modulus": 23},
)
def capacity_curve(bench: Bench, *, modulus: int = 23) -> Figure:
    """Draw the loss against the width, in units of twice the number of characters."""
    if modulus < 3:
        raise ValueError(f"modulus must be at least 3, got {modulus}")
    table = np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus
    unit = 2 * (modulus - 1)
    with drawing(height=2.6) as (figure, axes):
        width = np.arange(0, 2.1 * unit)
        axes.plot(width / unit, li2.capacity_loss(width, modulus), label="four nodes a frequency")
        widths, losses = truncated_construction(table)
        axes.plot(widths / unit, losses, "o", color="C0", label="construction, cut off")
        widths, losses = random_maxima(table, seed=bench.seed)
        axes.plot(
            widths / unit, losses, "s", color="C1", markerfacecolor="none", label="random maxima"
        )
        published = li2.published_width(group_theory.irreps(table))
        axes.axvline(published / unit, color="0.4", linestyle="--", label="published width")
        axes.set(
            xlabel=rf"width $K / 2(M - 1)$, $M = {modulus}$",
            ylabel="best loss per sample",
            xlim=(-0.03, width[-1] / unit),
            ylim=(-0.03, 1),
        )
        legend_above(axes)
    return figure


def truncated_construction(
    table: Int[np.ndarray, "group group"],
) -> tuple[Int[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Widths, and the losses of so many nodes of the exact construction with their best readout."""
    u, v, _ = li2.four_node_network(len(table))
    lone = len(u) % 2
    # The lone node of an even modulus fits a frequency by itself: it comes first.
    u, v = np.roll(u, lone, axis=0), np.roll(v, lone, axis=0)
    pairs = np.unique(np.linspace(0, len(u) // 2, _POINTS).round().astype(int))
    return _with_losses(2 * pairs + lone, u, v, table)


def random_maxima(
    table: Int[np.ndarray, "group group"], *, seed: int
) -> tuple[Int[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Widths, and the losses of random nodes at the maxima, eight for each of some frequencies."""
    per_frequency = li2.capacity.RANDOM_PHASE_NODES_PER_FREQUENCY
    rng = np.random.default_rng(seed)
    u, v = li2.random_phase_nodes(len(table), per_frequency, rng=rng)
    frequencies = np.unique(np.linspace(0, len(u) // per_frequency, _POINTS).round().astype(int))
    return _with_losses(per_frequency * frequencies, u, v, table)


def _with_losses(
    widths: np.ndarray, u: np.ndarray, v: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
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
def coupon_curves(bench: Bench, *, frechet_shape: float = 2.0, max_features: int = 100) -> Figure:
    """Draw the nodes needed per feature against the number of features."""
    if max_features < 3:
        raise ValueError(f"max_features must be at least 3, got {max_features}")
    features = np.unique(np.geomspace(2, max_features, 40).round().astype(int))
    with drawing(height=2.5, is_wide=True, columns=2, sharey=True) as (figure, panels):
        for index, weakest in enumerate(_WEAKEST):
            strengths = [np.linspace(weakest, 1, count) for count in features]
            probabilities = [
                li2.feature_probabilities(one, frechet_shape=frechet_shape) for one in strengths
            ]
            plain = [li2.expected_nodes(p) for p in probabilities]
            bound = [li2.published_expected_nodes_bound(p) for p in probabilities]
            muon = [li2.expected_nodes_muon(p, frechet_shape=frechet_shape) for p in probabilities]
            label = "equal strengths" if weakest == 1 else f"strengths {weakest:g} to 1"
            color = f"C{index}"
            panels[0].plot(features, plain / features, color=color, label=label)
            panels[0].plot(features, bound / features, "--", color=color)
            panels[1].plot(features, muon / features, color=color)
        harmonic = [li2.harmonic_nodes(int(count)) for count in features]
        panels[0].plot(features, harmonic / features, ":", color="black", label="bound $H_L$")
        panels[0].plot([], [], "--", color="0.4", label="published bound")
        panels[0].set_ylabel("expected nodes per feature")
        for axes, name, title in zip(panels, "ab", ("plain ascent", "Muon"), strict=True):
            axes.set(
                xscale="log",
                xlabel="number of features $L$",
                xlim=(features[0], features[-1]),
                ylim=(0, None),
                title=f"{title}, Fréchet shape {frechet_shape:g}",
            )
            axes.xaxis.set_major_formatter("{x:g}")
            letter(axes, name)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
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
def memorized_shapes(bench: Bench, *, pairs: int = 10) -> Figure:
    """Draw how activations distribute a node over pairs of linearly growing probability."""
    if pairs < 2:
        raise ValueError(f"pairs must be at least 2, got {pairs}")
    probabilities = np.arange(1, pairs + 1) / (pairs * (pairs + 1) / 2)
    with drawing(height=2.5) as (figure, axes):
        for activation, (label, style) in _ACTIVATIONS.items():
            shape = li2.memorized_shape(activation, probabilities)
            axes.plot(probabilities, shape, style, linewidth=0.8, label=label)
        axes.set(
            xlabel="probability of the pair $p_g$",
            ylabel=r"pre-activation $s_g = u_g + v_{g^{-1}h}$",
            xlim=(0, None),
            ylim=(-0.05, 1.5),
        )
        legend_above(axes, columns=3)
    return figure

"""Features or memories: what is left of the landscape on a part of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import li2
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import critical_fractions, sample_orders

if TYPE_CHECKING:
    from ..bench import Bench


@paper.claim(
    "landscape-threshold",
    statement="Features survive in the whitened landscape of a train set down to the fraction at "
    "which trained networks stop to generalize; in the plain landscape they do not.",
    source="derived from the end of the lazy stage; compare [tian2025li2, Thm. 4]",
    memory_gib=(1.0, 4.0),
)
def landscape_threshold(bench: Bench) -> Evidence:
    """Start nodes at ideal Fourier features and let them climb the energy of a train set.

    The landscape threshold is the train fraction at which half of a feature survives. It is
    computed for labels without everything that a single operand tells about them (the end of the
    lazy stage in a wide network with a small ridge) and, as the rival, for the plain labels. Each
    is paired with the threshold of networks that were trained on the same nested train sets.
    """
    moduli = np.array(bench.pick(quick=(13, 23), full=(11, 13, 17, 23, 31, 41, 61)))
    trained, whitened, plain = [], [], []
    for modulus in moduli.tolist():
        trained.append(critical_fractions(bench, modulus))
        orders = sample_orders(bench, modulus)
        bench.progress(0.5, f"landscapes of Z{modulus}")
        whitened.append(survival_thresholds(bench, modulus, orders, removes_operands=True))
        plain.append(survival_thresholds(bench, modulus, orders, removes_operands=False))
    trained, whitened, plain = (np.stack(all_, axis=1) for all_ in (trained, whitened, plain))
    error = trained.std(axis=0, ddof=1) / np.sqrt(len(trained))
    return Evidence(
        quantity="trained minus whitened threshold",
        form=Form.THRESHOLD,
        control=Axis("modulus $M$", tuple(moduli.tolist())),
        prediction=Prediction(np.zeros(len(moduli)), 0.05, label="whitened landscape"),
        measurement=Samples(trained - whitened),
        rivals=(Prediction((plain - whitened).mean(axis=0), 0.1, label="plain landscape"),),
        panel=Panel(
            "modulus $M$",
            "critical train fraction",
            (
                Series("whitened landscape", moduli, whitened.mean(axis=0), style="line"),
                Series("plain landscape", moduli, plain.mean(axis=0), style="dashed"),
                Series("trained networks", moduli, trained.mean(axis=0), error),
            ),
        ),
    )


def survival_thresholds(
    bench: Bench, modulus: int, orders: np.ndarray, *, removes_operands: bool
) -> np.ndarray:
    """Train fraction at which half of an ideal feature survives the ascent, for each train set.

    Bisection on nested train sets. At every fraction all frequencies are tried at random phases,
    and the squared cosines with the nearest feature of the same frequency are averaged.
    """
    first, second = np.divmod(np.arange(modulus**2), modulus)
    onehot = np.eye(modulus)[(first + second) % modulus]
    frequencies = np.tile(np.arange(1, modulus // 2 + 1), max(1, 24 // (modulus // 2)))
    angles = 2 * np.pi * frequencies[:, None] * np.arange(modulus) / modulus

    def survivors(rows: np.ndarray, starts: np.ndarray) -> float:
        labels = onehot[rows] - onehot[rows].mean(axis=0)
        if removes_operands:
            labels = li2.labels_off_operands(first[rows], second[rows], onehot[rows])
        # Padding with labels of zero to a few sizes saves compilations.
        padding = np.zeros(-len(rows) % (modulus**2 // 8), dtype=int)
        landscape = sim.node_ascent.EnergyLandscape(
            np.concatenate([first[rows], padding]),
            np.concatenate([second[rows], padding]),
            np.concatenate([labels, np.zeros((len(padding), modulus))]),
            modulus,
        )
        ends = landscape.ascend(starts, tolerance=1e-5, max_steps=3000).nodes
        u, v = np.split(ends, 2, axis=1)
        overlaps = [
            li2.ideal_feature_overlap(u[frequencies == k], v[frequencies == k], frequency=int(k))
            for k in np.unique(frequencies)
        ]
        return float(np.mean(overlaps))

    def bisect() -> dict[str, np.ndarray]:
        rng = bench.generator(f"survival-{modulus}")
        thresholds = []
        for order in orders:
            bench.progress(0.5, f"landscapes of Z{modulus}")
            phases = rng.uniform(0, 2 * np.pi, size=(2, len(frequencies), 1))
            starts = np.concatenate([np.cos(angles + phase) for phase in phases], axis=1)
            low, high = 0.1, 1.0
            while high - low > 0.008:
                middle = (low + high) / 2
                survives = survivors(order[: round(middle * modulus**2)], starts) > 0.5
                low, high = (low, middle) if survives else (middle, high)
            thresholds.append((low + high) / 2)
        return {"thresholds": np.array(thresholds)}

    kind = "whitened" if removes_operands else "plain"
    return bench.cached(f"survival-{kind}-{modulus}", bisect)["thresholds"]


_ACTIVATIONS: dict[li2.memorization.Activation, tuple[Callable, Callable]] = {
    "square": (np.square, lambda x: 2 * x),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "silu": (
        lambda x: x / (1 + np.exp(-x)),
        lambda x: (1 + np.exp(-x) * (1 + x)) / (1 + np.exp(-x)) ** 2,
    ),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    ),
}
"""Activations and their derivatives."""


@paper.claim(
    "memorization-shapes",
    statement="If one product is all there is to see, the best node stores its likeliest pair "
    "(x^2 and steeper) or spreads over all pairs in a closed form (relu, silu, tanh, sigmoid).",
    source="[tian2025li2, Thm. 5]",
)
def memorization_shapes(bench: Bench) -> tuple[Evidence, ...]:
    """Maximize the mean activation of a unit node over pairs with given probabilities, by projected
    gradient ascent on its weights from many random starts, and take the best end point.

    The rival of a focused activation spreads as relu does, that of a spread one is focused.
    """
    probabilities = np.array(
        bench.pick(quick=(0.4, 0.3, 0.2, 0.1), full=(0.25, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.04))
    )

    def climb() -> dict[str, np.ndarray]:
        rng = bench.generator("memorization")
        return {name: _best_preactivations(name, probabilities, rng) for name in _ACTIVATIONS}

    measured = bench.cached("preactivations", climb)
    focused = li2.monomial_shape(2, probabilities)
    as_relu = li2.monomial_shape(1, probabilities)

    def evidence(
        name: li2.memorization.Activation, early: np.ndarray, late: np.ndarray
    ) -> Evidence:
        kind = li2.memorization_kind(name)
        rival = (as_relu, "spread as relu") if kind == "focused" else (focused, "focused")
        return Evidence(
            quantity=f"preactivation, {name}",
            form=Form.CURVE,
            control=Axis("probability of the pair $p_g$", tuple(probabilities.tolist())),
            prediction=Prediction(li2.memorized_shape(name, probabilities), 1e-3, label=kind),
            measurement=Exact(late, error=float(np.abs(late - early).max())),
            rivals=(Prediction(rival[0], label=rival[1]),),
        )

    return tuple(evidence(name, *measured[name]) for name in _ACTIVATIONS)


def _best_preactivations(
    name: li2.memorization.Activation, probabilities: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Preactivations of the best node on each pair, halfway through the ascent and at its end."""
    activation, slope = _ACTIVATIONS[name]
    # Weights on the first and on the second operand; the pairs of one product share no operand.
    nodes = np.abs(rng.normal(size=(64, 2, len(probabilities))))
    snapshots = []
    for _ in range(2):
        for _ in range(4000):
            nodes = nodes + 0.5 * (probabilities * slope(nodes.sum(axis=1)))[:, None, :]
            nodes = nodes / np.linalg.norm(nodes, axis=(1, 2), keepdims=True)
        snapshots.append(nodes.sum(axis=1))
    best = np.argmax(activation(snapshots[-1]) @ probabilities)
    return np.stack([snapshot[best] for snapshot in snapshots])

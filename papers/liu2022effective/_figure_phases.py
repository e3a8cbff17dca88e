"""Figure of the phases of the addition network over any two hyper-parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import representation as theory
from ...validation import Series, draw_phase_diagram
from ._card import paper
from ._runs import SYMBOLS, addition, decoder_of_sums
from .phases import diagram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_SAMPLES = SYMBOLS * (SYMBOLS + 1) // 2
_TARGET_ACCURACY = 0.9
# Name -> label, first and last value, and whether they are spaced in logarithms.
_AXES: dict[str, tuple[str, float, float, bool]] = {
    "decoder_learning_rate": ("learning rate of the decoder", 1e-5, 1e-2, True),
    "embedding_learning_rate": ("learning rate of the embeddings", 1e-5, 1e-2, True),
    "embedding_scale": ("initial scale of the embeddings", 0.1, 10.0, True),
    "train_fraction": ("train fraction", 0.25, 0.95, False),
    "weight_decay": ("weight decay of the decoder", 0.0, 10.0, False),
}


@paper.figure(
    "phase-diagram",
    caption=(
        "Phases of the addition network (ten symbols, decoder 1-200-200-30, AdamW): comprehension, "
        "grokking (test accuracy of 0.9 more than 1000 steps after train accuracy), memorization, "
        "confusion, within a horizon of 5000 steps (10 000 at full scale), and the step at which "
        "the test accuracy reaches 0.9; hatched cells had not by then. Lines, none of them fitted: "
        "the train fractions at which half of the training sets determine the representation, and "
        "at which it gives them 0.9 of the test samples. Embeddings start a tenth of the paper's "
        "size, from which more seeds find an order (initial_scale=1 is the paper's)."
    ),
    options={
        "x": "train_fraction",
        "y": "decoder_learning_rate",
        "cells": 8,
        "initial_scale": 0.1,
    },
)
def phase_diagram(
    bench: Bench,
    *,
    x: str = "train_fraction",
    y: str = "decoder_learning_rate",
    cells: int = 8,
    initial_scale: float = 0.1,
) -> Figure:
    """Draw the phase of every cell of a plane of two hyper-parameters, with theory's boundaries."""
    for option, name in (("x", x), ("y", y)):
        if name not in _AXES:
            raise ValueError(f"{option} must be one of {sorted(_AXES)}, got {name!r}")
    if x == y:
        raise ValueError(f"x and y must differ, got {x!r} for both")
    if not 2 <= cells <= 64:
        raise ValueError(f"cells must lie in [2, 64], got {cells}")
    if not initial_scale > 0:
        raise ValueError(f"initial_scale must be positive, got {initial_scale}")
    axes = {name: axis_values(name, cells) for name in (y, x)}
    changes: dict[str, Any] = {}
    if "embedding_scale" not in axes:
        changes["init"] = lambda key: decoder_of_sums(key, initial_scale)
    if "train_fraction" in axes:
        sizes = np.rint(axes["train_fraction"] * _SAMPLES).astype(int)
        draw = addition(int(sizes[0]), least=int(sizes[0]), most=int(sizes[-1]))
        changes["task"] = lambda key, train_fraction: draw(key).with_train_fraction(train_fraction)
    found = diagram(
        bench,
        "phase-diagram",
        axes={name: values.tolist() for name, values in axes.items()},
        num_steps=bench.pick(quick=5000, full=10_000),
        **changes,
    )
    return draw_phase_diagram(
        found,
        boundaries=() if "train_fraction" not in axes else boundaries(bench, x, axes),
        labels={name: label for name, (label, *_) in _AXES.items()},
        height=3.3,
    )


def axis_values(name: str, cells: int) -> Float[np.ndarray, " cells"]:
    """Return the values of an axis; train fractions are whole numbers of samples."""
    _, first, last, is_log = _AXES[name]
    values = np.geomspace(first, last, cells) if is_log else np.linspace(first, last, cells)
    if name == "train_fraction":
        return np.unique(np.rint(values * _SAMPLES)) / _SAMPLES
    return values


def boundaries(
    bench: Bench, x: str, axes: dict[str, Float[np.ndarray, " cells"]]
) -> tuple[Series, ...]:
    """Critical train fractions, as lines across both panels and a little beyond."""
    (other,) = set(axes) - {"train_fraction"}
    first, last = axes[other][[0, -1]]
    ends = [first / 10, last * 10] if _AXES[other][3] else [2 * first - last, 2 * last - first]
    sufficient = bench.cached("sufficient", lambda: _sufficient(bench))["fraction"]
    lines = []
    for label, fraction, style in (
        ("representation determined", theory.critical_fraction(SYMBOLS).fraction, "dashed"),
        ("test accuracy 0.9 implied", float(sufficient), "line"),
    ):
        level = [fraction, fraction]
        across = (level, ends) if x == "train_fraction" else (ends, level)
        lines.append(Series(label, *across, style=style))
    return tuple(lines)


def _sufficient(bench: Bench) -> dict[str, np.ndarray]:
    """Train fraction at which half of the sets imply the labels of 0.9 of the test samples."""
    rng = bench.generator("sufficient")
    everything = theory.all_samples(SYMBOLS)
    draws = bench.pick(quick=40, full=400)
    sizes = np.arange(24, 54, 3)
    reached = np.zeros((len(sizes), draws))
    for row, size in zip(reached, sizes, strict=True):
        for draw in range(draws):
            samples = everything[np.sort(rng.permutation(_SAMPLES)[:size])]
            implied = theory.ideal_parallelograms(samples, SYMBOLS)
            share = theory.predicted_accuracy(samples, implied, num_symbols=SYMBOLS)
            row[draw] = (share * _SAMPLES - size) / (_SAMPLES - size) >= _TARGET_ACCURACY
    return {
        "fraction": np.array(
            sim.critical_fraction.fit_critical_fraction(sizes / _SAMPLES, reached).value
        )
    }

"""Data sets of the figures, drawn with NumPy alone."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def sparse_signs(
    rng: np.random.Generator, *, samples: int, dimension: int, sparsity: int = 3
) -> tuple[
    Float[np.ndarray, "samples dimension"],
    Float[np.ndarray, " samples"],
    Float[np.ndarray, " dimension"],
]:
    """Draw uniform signs, the majority of the first few of them, and ones on these."""
    features = rng.choice([-1.0, 1.0], (samples, dimension))
    support = np.zeros(dimension)
    support[:sparsity] = 1.0
    return features, np.sign(features @ support), support


def separated_halves(
    rng: np.random.Generator, *, samples: int, dimension: int, separation: float
) -> tuple[
    Float[np.ndarray, "samples dimension"],
    Float[np.ndarray, " samples"],
    Float[np.ndarray, " dimension"],
]:
    """Draw two halves of a Gaussian moved apart, their labels, and the direction between them."""
    direction = rng.standard_normal(dimension)
    direction /= np.linalg.norm(direction)
    points = rng.standard_normal((samples, dimension))
    labels = np.sign(points @ direction)
    return points + separation / 2 * labels[:, None] * direction, labels, direction

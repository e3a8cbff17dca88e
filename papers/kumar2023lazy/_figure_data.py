"""What the figures share: a train set, its target, and when an error has fallen."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ...theory import lazy_rich

GROKKED = 0.2  # of the initial error


def single_index(
    rng: np.random.Generator, samples: int, dimension: int
) -> Float[np.ndarray, "samples dimension"]:
    """Draw Gaussian inputs of unit length on average."""
    return rng.standard_normal((samples, dimension)) / np.sqrt(dimension)


def target_form(dimension: int) -> Float[np.ndarray, "dimension dimension"]:
    r"""Form $B$ of the target $\tfrac12 x^\top Bx$: the square of the first coordinate.

    Raises
    ------
    ValueError
        If the dimension is below 2.
    """
    if dimension < 2:
        raise ValueError(f"dimension must be at least 2, got {dimension}")
    return dimension * np.diag(np.eye(dimension)[0])


def trajectory(
    inputs: Float[np.ndarray, "samples dimension"],
    steps: Float[np.ndarray, " records"],
    *,
    scale: float,
    curvature: float,
) -> lazy_rich.Trajectory:
    """Return the gradient flow of an infinitely wide committee that learns the target."""
    targets = inputs.shape[1] / 2 * inputs[:, 0] ** 2
    return lazy_rich.gradient_flow(inputs, targets, steps, scale=scale, curvature=curvature)

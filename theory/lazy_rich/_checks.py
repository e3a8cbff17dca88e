"""Refusals that the modules of this room share."""

import numpy as np


def refuse_bad_scale(scale: float, *, must_be_finite: bool = False) -> None:
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}; infinity is the lazy limit")
    if must_be_finite and np.isinf(scale):
        raise ValueError("scale must be finite here, got inf: in the lazy limit no feature moves")


def refuse_bad_curvature(curvature: float) -> None:
    if not 0 < curvature < np.inf:
        raise ValueError(
            f"curvature must be positive and finite, got {curvature}; without it the network is "
            "linear and cannot represent the target"
        )


def refuse_bad_learning_rate(learning_rate: float) -> None:
    if not 0 < learning_rate < np.inf:
        raise ValueError(f"learning_rate must be positive and finite, got {learning_rate}")


def refuse_bad_dimension(dimension: int) -> None:
    if dimension < 2:
        raise ValueError(
            f"dimension must be at least 2, got {dimension}: in one dimension all quadratic "
            "functions are the target"
        )


def refuse_bad_moments(mean: np.ndarray, second_moment: np.ndarray, dimension: int) -> None:
    if mean.shape != (dimension,):
        raise ValueError(f"mean must have shape ({dimension},), got {mean.shape}")
    if second_moment.shape != (dimension, dimension):
        raise ValueError(
            f"second_moment must have shape ({dimension}, {dimension}), got {second_moment.shape}"
        )


def initial_moments(
    mean: np.ndarray | None, second_moment: np.ndarray | None, dimension: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the given moments as float64, or those of infinitely many standard normal units."""
    mean = np.zeros(dimension) if mean is None else np.asarray(mean, np.float64)
    second_moment = (
        np.eye(dimension) if second_moment is None else np.asarray(second_moment, np.float64)
    )
    refuse_bad_moments(mean, second_moment, dimension)
    return mean, second_moment

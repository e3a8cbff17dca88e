"""Checks that several modules of this room make at their doors."""

import math

import numpy as np


def refuse_not_positive(**values: float) -> None:
    """Refuse numbers that are not positive and finite, by name."""
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be positive and finite, got {value}")


def refuse_negative(**values: float) -> None:
    """Refuse numbers that are negative or not finite, by name."""
    for name, value in values.items():
        if not (value >= 0 and math.isfinite(value)):
            raise ValueError(f"{name} must be non-negative and finite, got {value}")


def refuse_bad_step(learning_rate: float, weight_decay: float) -> None:
    """Refuse rates of the wrong sign, and decays that turn the weights around in a step."""
    refuse_not_positive(learning_rate=learning_rate)
    refuse_negative(weight_decay=weight_decay)
    if not learning_rate * weight_decay < 1:
        raise ValueError(
            f"learning_rate * weight_decay must lie below 1, where a step would annihilate the "
            f"weights, got {learning_rate} * {weight_decay} = {learning_rate * weight_decay}"
        )


def increasing_axis(values: np.ndarray, name: str, *, is_positive: bool = False) -> np.ndarray:
    """Return an axis of a grid as float64; refuse fewer than two values or another order."""
    axis = np.asarray(values, np.float64)
    lowest = 0.0 if is_positive else -math.inf
    fits = axis.ndim == 1 and len(axis) >= 2 and bool(np.all(np.isfinite(axis)))
    if not (fits and np.all(np.diff(axis) > 0) and axis[0] > lowest):
        kind = "positive " if is_positive else ""
        raise ValueError(
            f"{name} must be at least two increasing {kind}numbers, got {np.asarray(values)}"
        )
    return axis

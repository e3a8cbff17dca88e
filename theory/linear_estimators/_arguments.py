"""Checks that several modules of this room make at their doors."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike


def refuse_not_positive(**values: float) -> None:
    """Refuse numbers that are not positive and finite.

    Raises
    ------
    ValueError
        In that case.
    """
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def refuse_negative(**values: float) -> None:
    """Refuse numbers below zero.

    Raises
    ------
    ValueError
        In that case.
    """
    for name, value in values.items():
        if not 0 <= value < np.inf:
            raise ValueError(f"{name} must be at least 0 and finite, got {value}")


def refuse_no_output(num_outputs: ArrayLike) -> None:
    """Refuse a number of outputs below one.

    Raises
    ------
    ValueError
        In that case.
    """
    if not np.all(np.asarray(num_outputs) >= 1):
        raise ValueError(f"num_outputs must be at least 1, got {np.min(num_outputs)}")


def refuse_critical(aspect_ratio: float) -> None:
    """Refuse the aspect ratio at which the spectrum has no gap, and those that make no sense.

    Raises
    ------
    ValueError
        In these cases.
    """
    refuse_not_positive(aspect_ratio=aspect_ratio)
    if aspect_ratio == 1:
        raise ValueError(
            "aspect_ratio must not be exactly 1: the spectrum reaches zero and the asymptotic law "
            "diverges; use loss_curves or grokking_times, which hold there"
        )


def refuse_not_underparameterized(aspect_ratio: float, *, law: str) -> None:
    """Refuse models with at least as many parameters as samples.

    Raises
    ------
    ValueError
        In that case.
    """
    refuse_critical(aspect_ratio)
    if aspect_ratio > 1:
        raise ValueError(
            f"aspect_ratio must be below 1 for {law}, got {aspect_ratio}: with more parameters "
            "than samples the test loss does not vanish; use loss_curves"
        )


def checked_times(times: ArrayLike, name: str = "times") -> np.ndarray:
    """Return times (or steps) as float64; refuse negative ones.

    Raises
    ------
    ValueError
        In that case.
    """
    array = np.asarray(times, np.float64)
    if np.any(~(array >= 0)):
        raise ValueError(f"{name} must be at least 0, got {array.min()}")
    return array


def warn_if_unstable(learning_rate: float, curvature: float) -> None:
    r"""Warn of a learning rate at which gradient descent diverges along the largest curvature."""
    bound = 2 / curvature
    if learning_rate > bound:
        warnings.warn(
            f"learning_rate {learning_rate:g} is beyond the stability bound {bound:g} (2 / largest "
            f"curvature {curvature:g}): the losses grow without limit",
            stacklevel=3,
        )

"""Checks that several modules of this room make at their doors."""

import numpy as np


def refuse_bad_data(features: np.ndarray, targets: np.ndarray) -> None:
    """Refuse data that are no table of samples with one target each.

    Raises
    ------
    ValueError
        If the shapes disagree, or an entry is not finite.
    """
    if features.ndim != 2 or targets.shape != features.shape[:1]:
        raise ValueError(
            "features and targets must have shapes (samples, features) and (samples,), "
            f"got {features.shape} and {targets.shape}"
        )
    if not (np.all(np.isfinite(features)) and np.all(np.isfinite(targets))):
        raise ValueError("features and targets must be finite, got NaN or infinity")


def refuse_bad_clock(scale: float, decay: float, *, decay_name: str = "weight_decay") -> None:
    """Refuse an initialization scale that is not positive or a negative decay.

    Raises
    ------
    ValueError
        In these cases.
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}")
    if not decay >= 0:
        raise ValueError(f"{decay_name} must be non-negative, got {decay}")


def refuse_bad_times(times: np.ndarray) -> np.ndarray:
    """Return times as float64; refuse any that are negative or do not increase.

    Raises
    ------
    ValueError
        In these cases.
    """
    times = np.asarray(times, np.float64)
    if times.ndim != 1 or not len(times) or times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"times must be non-negative and increasing, got {times}")
    return times


def refuse_not_positive(**values: float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")

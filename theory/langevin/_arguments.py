"""Checks that several modules of this room make at their doors."""

import math


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


def refuse_fraction(**values: float) -> None:
    """Refuse numbers outside of the open unit interval, by name."""
    for name, value in values.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} must lie in (0, 1), got {value}")


def refuse_not_whole(*, least: int = 1, **values: int) -> None:
    """Refuse numbers that are not whole or too small, by name."""
    for name, value in values.items():
        if value != int(value) or value < least:
            raise ValueError(f"{name} must be a whole number of at least {least}, got {value}")


def refuse_low_barrier(barrier: float, temperature: float, *, check_barrier: bool) -> None:
    """Refuse temperatures at which a rate with one barrier has no meaning.

    Raises
    ------
    ValueError
        If the barrier is less than three temperatures high, and the caller has not waived it.
    """
    if check_barrier and not barrier >= 3 * temperature:
        raise ValueError(
            f"barrier / temperature must be at least 3 for Kramers' formula, got "
            f"{barrier:.4g} / {temperature:.4g} = {barrier / temperature:.3g}: use "
            "mean_first_passage_time, which is exact in one dimension, or a simulation of first "
            "passages; check_barrier=False gives the formula all the same"
        )

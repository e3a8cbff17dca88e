"""Numbers for people: the error sets the digits, `1.234 ± 0.005`."""

from __future__ import annotations

import math


def format_value(value: float, error: float = 0.0, *, digits: int = 5) -> str:
    """Write a number and its error with the digits that the error allows.

    The error is rounded to two digits if they read 10 to 35, otherwise to one; a number without
    error is written with `digits` significant digits, one whose error is infinite with three, one
    that is all but exact with ten.

    Raises
    ------
    ValueError
        If the error is negative.

    >>> format_value(1.2345, 0.005)
    '1.234 ± 0.005'
    >>> format_value(-0.99871, 0.0123), format_value(123456.0, 2345.0)
    ('-0.999 ± 0.012', '123500 ± 2300')
    >>> format_value(2.748e-9, 1.9e-11), format_value(0.25), format_value(0.25, math.inf)
    ('(2.748 ± 0.019)e-09', '0.25', '0.25 ± ∞')
    """
    if error < 0:
        raise ValueError(f"error must be >= 0, got {error}")
    if not math.isfinite(value) or math.isnan(error):
        return f"{value:g}"
    if math.isinf(error):
        return f"{value:.3g} ± ∞"
    if error == 0:
        return f"{value:.{digits}g}"
    if error < 1e-9 * abs(value):
        return f"{value:.10g} ± {error:.2g}"
    magnitude = math.floor(math.log10(max(abs(value), error)))
    scale = magnitude if not -4 <= magnitude < 6 else 0
    value, error = value / 10.0**scale, error / 10.0**scale
    place = _last_place(error)
    shown = f"{round(value, place):.{max(place, 0)}f} ± {round(error, place):.{max(place, 0)}f}"
    return f"({shown})e{scale:+03d}" if scale else shown


def _last_place(error: float) -> int:
    """Decimal place of the last digit an error deserves (negative: left of the point)."""
    exponent = math.floor(math.log10(error))
    leading = error / 10.0**exponent
    return 1 - exponent if leading < 3.55 else -exponent

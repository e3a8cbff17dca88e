import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.validation import format_value


@pytest.mark.parametrize(
    ("value", "error", "shown"),
    [
        (1.2345, 0.005, "1.234 ± 0.005"),
        (-1.0, 0.0951, "-1.00 ± 0.10"),
        (0.0, 0.02, "0.000 ± 0.020"),
        (1e-7, 1.0, "0.0 ± 1.0"),
        (3.0, 400.0, "0 ± 400"),
        (99.96, 0.5, "100.0 ± 0.5"),
        (1e8, 1e3, "(1.000000 ± 0.000010)e+08"),
        (2.0, 6e-15, "2 ± 6e-15"),
        (1 / 3, 0.0, "0.33333"),
        (950.0, math.inf, "950 ± ∞"),
        (math.inf, 1.0, "inf"),
    ],
)
def test_the_error_sets_the_digits(value, error, shown):
    assert format_value(value, error) == shown


@given(st.floats(-1e12, 1e12), st.floats(1e-12, 1e12))
def test_what_is_shown_is_within_the_error(value, error):
    shown = format_value(value, error)
    mantissa, _, exponent = shown.replace("(", "").partition(")e")
    number, spread = (float(part) * 10 ** int(exponent or 0) for part in mantissa.split(" ± "))
    assert abs(number - value) <= 0.15 * error + 1e-9 * abs(value)
    assert abs(spread - error) <= 0.15 * error


def test_refuses_a_negative_error():
    with pytest.raises(ValueError, match="error must be >= 0, got -1"):
        format_value(1.0, -1.0)

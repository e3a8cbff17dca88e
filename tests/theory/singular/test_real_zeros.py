import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.singular._real_zeros import (
    Region,
    factors,
    has_no_zero,
    has_zero,
    is_inside,
    product,
    sample,
)

RING, X, Y, Z = sp.ring("x,y,z", sp.QQ)
REAL, TORUS, POSITIVE = (Region((kind,) * 3) for kind in ("real", "nonzero", "positive"))


@pytest.mark.parametrize(
    ("equations", "region"),
    [
        ([X**2 + Y**2], TORUS),
        ([X**2 + X * Y + Y**2], TORUS),
        ([X + Y], POSITIVE),
        ([X**2 + 1], REAL),
        ([X**4 - 3 * X**2 + 3], REAL),
        ([X - Y, X + Y], TORUS),
        ([X - Y, X - 2 * Y**2, X - 3 * Y**3], TORUS),
        ([X * Y - 1, X], REAL),
        ([X**2 - 2, X**2 - 3], REAL),
        ([X**2 + Y**2, X * Z - 1], REAL),
        ([X**2 - Y], Region(("real",) * 3, positive=frozenset({-Y}))),
        ([X * (Y + 1)], Region(("nonzero",) * 3, nonzero=frozenset({Y + 1}))),
    ],
)
def test_absence_of_zeros_is_proved(equations, region):
    assert has_no_zero(equations, region)


@pytest.mark.parametrize(
    ("equations", "region"),
    [
        ([X**2 + Y**2], REAL),
        ([X - Y], POSITIVE),
        ([X**2 - 2 * Y**2], TORUS),
        ([X**2 + Y**2 - 2 * Z**2, X - Y], TORUS),
        ([X**3 - 2], POSITIVE),
        ([(X - 1) ** 2 + (Y - 1) ** 2], POSITIVE),
        ([], REAL),
    ],
)
def test_zeros_are_not_denied(equations, region):
    assert not has_no_zero(equations, region)


def combination(row, monomials):
    total = RING.zero
    for factor, monomial in zip(row, monomials, strict=True):
        total = total + factor * monomial
    return total


coefficients = st.lists(st.integers(-3, 3), min_size=6, max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.lists(coefficients, min_size=1, max_size=2), st.tuples(*[st.integers(-3, 3)] * 3))
def test_polynomials_through_a_point_are_never_said_to_avoid_it(rows, point):
    monomials = [X, Y**2, X * Y, Z, X * Z**2, X**2]
    equations = []
    for row in rows:
        poly = combination(row, monomials)
        equations.append(poly - poly.evaluate(list(zip(RING.gens, point, strict=True))))
    kinds = tuple(
        "real" if value == 0 else ("positive" if value > 0 else "nonzero") for value in point
    )
    assert not has_no_zero(equations, Region(kinds))


@settings(max_examples=60, deadline=None)
@given(st.lists(coefficients, min_size=2, max_size=3))
def test_factors_multiply_to_the_polynomial(rows):
    monomials = [X, Y**2, X * Y, RING.one, X * Z**2, Z]
    whole = product([combination(row, monomials) for row in rows], X)
    if whole != 0:
        again = product([factor**power for factor, power in factors(whole)], X)
        assert again.monic() == whole.monic()
        assert {f.monic() for f, _ in whole.factor_list()[1]} == set(dict(factors(whole)))


def test_samples_lie_in_their_region():
    region = Region(("positive", "nonzero", "real"), frozenset({X - Y}), frozenset({Z - X}))
    point = sample(region)
    assert point is not None and is_inside([point[i] for i in range(3)], region)
    assert sample(Region(("real",) * 3, positive=frozenset({-(X**2)}))) is None


def test_zeros_with_a_gradient_are_found_along_lines():
    assert has_zero(X**2 - 2 * Y**2, TORUS)
    assert has_zero(X**3 - 2, POSITIVE)
    assert not has_zero(X**2 + Y**2 + 1, REAL)
    assert not has_zero((X - Y) ** 2, REAL)  # no gradient
    assert not has_zero(X + Y, POSITIVE)

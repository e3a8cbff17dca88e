"""Rules for learning coefficients, against resolution of singularities and volumes."""

from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from groktheory.theory import singular
from groktheory.theory.singular import LearningCoefficient

X = sp.symbols("x:4")
HALF = Fraction(1, 2)


def resolved(polynomial):
    return singular.real_log_canonical_threshold(polynomial).coefficient


@pytest.mark.parametrize("exponents", [(1,), (1, 1), (2, 1), (3, 3, 3), (1, 2, 0)])
def test_monomials_by_resolution(exponents):
    polynomial = sp.prod(x ** (2 * k) for x, k in zip(X, exponents, strict=False))
    assert singular.monomial(exponents) == resolved(polynomial)


def test_volume_exponent_of_a_monomial():
    r"""Volume of $x^2y^4 < \epsilon$ in the unit square, by an exact integral over one variable."""
    epsilon = np.geomspace(1e-8, 1e-12, 9)
    y = (np.arange(400_000) + 0.5) / 400_000
    volumes = [np.mean(np.minimum(1.0, np.sqrt(e) / y**2)) for e in epsilon]
    slope = np.polyfit(np.log(epsilon), np.log(volumes), 1)[0]
    assert slope == pytest.approx(float(singular.monomial((1, 2))), abs=0.01)


def test_sums_and_products_by_resolution():
    square, quartic = X[0] ** 2 * X[1] ** 2, X[2] ** 4
    parts = [singular.monomial((1, 1)), singular.monomial((2,))]
    assert singular.direct_sum(*parts) == resolved(square + quartic)
    assert singular.product(*parts) == resolved(square * quartic)
    assert str(singular.direct_sum(*parts)) == "3/4, multiplicity 2"


coefficients = st.builds(
    LearningCoefficient,
    st.fractions(min_value=Fraction(1, 8), max_value=4, max_denominator=8),
    st.integers(1, 3),
)


@settings(max_examples=40, deadline=None)
@given(coefficients, coefficients, coefficients)
def test_rules_do_not_depend_on_the_order(first, second, third):
    for rule in (singular.direct_sum, singular.product):
        assert rule(first, second, third) == rule(third, rule(second, first))
    assert singular.product(first, second).value <= singular.direct_sum(first, second).value


def test_regular_models_have_half_their_number_of_parameters():
    assert singular.regular(3) == singular.direct_sum(*[singular.monomial((1,))] * 3)
    assert float(singular.regular(7)) == 3.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LearningCoefficient(0), "value must be positive, got 0"),
        (lambda: LearningCoefficient(1, 0), "multiplicity must be at least 1, got 0"),
        (lambda: singular.direct_sum(), "at least one coefficient"),
        (lambda: singular.product(), "at least one coefficient"),
        (lambda: singular.monomial((1, 1), (0,)), "as many as exponents, 2, got 1"),
        (lambda: singular.monomial((0, 0)), r"at least 0 and not all zero, got \[0, 0\]"),
        (lambda: singular.monomial((1,), (-1,)), r"above -1, got \[-1\]"),
        (lambda: singular.regular(0), "num_parameters must be at least 1, got 0"),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from groktheory.theory.singular.coefficients import LearningCoefficient
from groktheory.theory.singular.polynomials import (
    CannotResolve,
    real_log_canonical_threshold,
)

x, y, z, w = sp.symbols("x y z w")
a, b, c = sp.symbols("a b c")


def threshold(polynomial, *args, **options):
    found = real_log_canonical_threshold(polynomial, *args, **options).coefficient
    return found.value, found.multiplicity


def deep_linear_ideal(widths, rank):
    """Entries of the product of the layers minus the truth, at the point of two identities."""
    layers = [
        sp.Matrix(after, before, sp.symbols(f"w{level}_:{after}:{before}"))
        for level, (before, after) in enumerate(zip(widths[:-1], widths[1:], strict=True))
    ]
    product = sp.eye(widths[0])
    for layer in layers:
        product = layer * product
    truth = sp.zeros(widths[-1], widths[0])
    at = {symbol: 0 for layer in layers for symbol in layer}
    for i in range(rank):
        truth[i, i] = 1
        at |= {layer[i, i]: 1 for layer in layers}
    return list(product - truth), at


def tanh_ideal(hidden):
    outer, inner = sp.symbols(f"a1:{hidden + 1}"), sp.symbols(f"b1:{hidden + 1}")
    return [
        sum(p * q ** (2 * k + 1) for p, q in zip(outer, inner, strict=True)) for k in range(hidden)
    ]


@pytest.mark.parametrize(
    ("polynomial", "value", "multiplicity"),
    [
        (x**2 * y**2, "1/2", 2),
        (x**2 * y**4, "1/4", 1),
        (x**2 * y**2 * z**6, "1/6", 1),
        (x**2 + y**2 + z**2, "3/2", 1),
        (x**4 + y**6, "5/12", 1),
        (x**2 + y**4 * z**2, "3/4", 1),
        ((x**2 + y**2) ** 2, "1/2", 1),
        ((x**2 + y**2) ** 3, "1/3", 1),
        ([x**2 - y**3], "5/12", 1),
        (sp.expand((x**2 - y**3) ** 2), "5/12", 1),
        ([x * y * (x + y)], "1/3", 1),
        ([x**2 * y + y**3], "1/3", 1),  # D4
        ([x**3 + y**4], "7/24", 1),  # E6
        ([x**3 + y**5], "4/15", 1),  # E8
        ([(y**2 - x**3) ** 2 + x**5 * y], "5/24", 1),  # two Puiseux pairs
        ([(x + y) ** 2 + x**3], "5/12", 1),
        (sp.expand((x + y) ** 2 + x**4), "3/4", 1),
        ([(x + y) ** 2 * (x - y) ** 2], "1/4", 2),
        ([z**2 - x**2 * y], "1/2", 2),  # Whitney's umbrella: two sheets cross
        ([x**2 + y**2 - z**2], "1/2", 1),
        ([x**2 - 2 * y**2], "1/2", 2),  # two lines of irrational slope
        ([(x**2 - 2 * y**2) ** 2], "1/4", 2),
        ([x**3 - 2 * y**3], "1/3", 1),
        ([x**2 + y**2 - 2 * z**2, z**4], "5/8", 1),
        ([x * z - y**2, x**3 - y * z, z**2 - x**2 * y], "13/18", 1),  # the curve (t^3, t^4, t^5)
        ([x * y * z + x**4 + y**4 + z**4], "1/2", 3),
        (x**4 * y**2 + x**2 * y**4 - 3 * x**2 * y**2 * z**2 + z**6, "1/2", 1),  # Motzkin
        ([a * b, a * b**2], "1/2", 2),
        ([a * b + (1 - a) * c, a * b**2 + (1 - a) * c**2], "3/4", 1),
        ([-x, -x + y, x * y - x + y], "1", 1),  # two generators equal up to sign, modulo x
        (tanh_ideal(1), "1/2", 2),
        (tanh_ideal(2), "2/3", 1),
        (tanh_ideal(3), "5/6", 1),
    ],
)
def test_known_thresholds(polynomial, value, multiplicity):
    assert threshold(polynomial) == (Fraction(value), multiplicity)


@pytest.mark.parametrize(
    ("widths", "rank", "value", "multiplicity"),
    [
        ((1, 1, 1, 1), 0, "1/2", 3),
        ((2, 1, 2), 0, "1", 2),
        ((2, 2, 2), 0, "3/2", 1),
        ((2, 2, 2), 1, "2", 2),
        ((3, 2, 2), 0, "2", 2),
        ((3, 2, 3), 1, "7/2", 2),
        ((2, 3, 2), 1, "2", 1),
        ((2, 2, 2, 2), 1, "2", 3),
        pytest.param((2, 3, 2), 0, "2", 2, marks=pytest.mark.slow),
        pytest.param((2, 2, 2, 2), 0, "3/2", 3, marks=pytest.mark.slow),
    ],
)
def test_deep_linear_networks_have_the_published_coefficients(widths, rank, value, multiplicity):
    ideal, at = deep_linear_ideal(widths, rank)
    assert threshold(ideal, list(at), at=at) == (Fraction(value), multiplicity)


@pytest.mark.parametrize(
    "generators",
    [
        [x**2 - y**3],
        [x * y * (x + y)],
        [(x + y) ** 2 + x**3],
        [x**2 + y**2 - 2 * z**2, z**4],
        [x * z - y**2, x**3 - y * z, z**2 - x**2 * y],
        [z**2 - x**2 * y],
        [x, y * z],
        [x**2 * y**2 + z**4],
    ],
)
def test_volumes_shrink_with_the_exponent(generators):
    """Monte Carlo, with points drawn denser near the planes of coordinates."""
    variables = sorted(set().union(*(g.free_symbols for g in generators)), key=str)
    coefficient = real_log_canonical_threshold(generators).coefficient
    uniform = np.random.default_rng(0).uniform(-1, 1, (len(variables), 1_500_000))
    points, weights = 0.5 * uniform**3, np.prod(3 * uniform**2, axis=0)
    total = sum(sp.lambdify(variables, g, "numpy")(*points) ** 2 for g in generators)
    levels = np.array([1e-11, 1e-8])
    volumes = np.array([np.sum(weights * (total < level)) for level in levels])
    logarithms = (coefficient.multiplicity - 1) * np.log(-np.log(levels))
    measured = np.diff(np.log(volumes) - logarithms)[0] / np.diff(np.log(levels))[0]
    assert measured == pytest.approx(float(coefficient.value), abs=0.025)


small = st.integers(-2, 2).filter(bool)
term = st.builds(lambda k, p, q: k * x**p * y**q, small, st.integers(0, 3), st.integers(0, 3))
generator = st.lists(term, min_size=1, max_size=3).map(sum)
ideals = st.lists(generator, min_size=1, max_size=2).filter(
    lambda ideal: (
        any(g != 0 for g in ideal) and all(sp.sympify(g).subs({x: 0, y: 0}) == 0 for g in ideal)
    )
)
quick = settings(max_examples=12, deadline=None)


def resolved(polynomial, variables=(x, y), **options):
    try:
        return threshold(polynomial, variables, max_strata=150, **options)
    except CannotResolve:
        assume(False)


@quick
@given(ideals)
def test_names_and_scales_of_variables_do_not_matter(ideal):
    swapped = [sp.sympify(g).subs({x: -3 * y, y: 2 * x}, simultaneous=True) for g in ideal]
    assert resolved(ideal) == resolved(swapped)


@quick
@given(ideals)
def test_linear_changes_of_coordinates_do_not_matter(ideal):
    sheared = [sp.sympify(g).subs({x: x + y, y: x + 2 * y}, simultaneous=True) for g in ideal]
    assert resolved(ideal) == resolved(sheared)


@quick
@given(ideals, generator)
def test_redundant_generators_do_not_matter(ideal, factor):
    assert resolved(ideal) == resolved([*ideal, sp.expand(factor * ideal[0] + ideal[-1])])


@quick
@given(ideals, ideals)
def test_more_generators_raise_the_threshold(ideal, more):
    (smaller, m), (larger, other) = resolved(ideal), resolved([*ideal, *more])
    assert (smaller, -m) <= (larger, -other)


@quick
@given(ideals, st.sampled_from([[z], [z**2], [z * w], [z**2, w**3]]))
def test_sums_and_products_follow_their_algebra(ideal, other):
    variables = sorted(set().union(*(g.free_symbols for g in other)), key=str)
    (l1, m1), (l2, m2) = resolved(ideal), resolved(other, variables)
    both = (x, y, *variables)
    assert resolved([*ideal, *other], both) == (l1 + l2, m1 + m2 - 1)
    products = [sp.expand(f * g) for f in ideal for g in other]
    multiplicity = m1 + m2 if l1 == l2 else min((l1, m1), (l2, m2))[1]
    assert resolved(products, both) == (min(l1, l2), multiplicity)


@quick
@given(generator.filter(lambda g: g != 0 and sp.sympify(g).subs({x: 0, y: 0}) == 0))
def test_square_given_as_a_polynomial_is_that_of_its_root(root):
    assert resolved([root]) == resolved(sp.Poly(root**2, x, y))


def test_prior_moves_the_poles():
    assert threshold(x**2 * y**2, prior=[1, 1]) == (1, 2)
    assert threshold(x**2 * y**2, prior={x: Fraction(1, 2)}) == (Fraction(1, 2), 1)
    assert threshold([x + y], prior=[1, 1]) == (
        Fraction(1, 2),
        1,
    )  # met where the prior is positive
    assert threshold([x, y], prior=[1, 3]) == (3, 1)


def test_orthant_sees_only_its_own_zeros():
    assert threshold([x + y], domain="orthant") == (1, 1)
    assert threshold([x - y], domain="orthant") == (Fraction(1, 2), 1)
    assert threshold([x**2 - y**3], domain="orthant") == threshold([x**2 - y**3])
    assert threshold([x**2 + y**3], domain="orthant") == (Fraction(5, 12), 1)


def test_other_points_are_moved_to_the_origin():
    circle = [x**2 + y**2 - 1]
    assert threshold(circle, at=[Fraction(3, 5), Fraction(4, 5)]) == (Fraction(1, 2), 1)
    assert threshold([x**2 * (y - 1)], at={y: 1}) == (Fraction(1, 4), 1)
    assert threshold(x**2 * y**2, at=[0, 1], prior=[0, 5]) == (Fraction(1, 2), 1)


def test_certificate_says_what_was_done():
    found = real_log_canonical_threshold([(x + y) ** 2 + x**3])
    assert found.method == "blow-ups"
    assert (
        found.charts[0].coefficient == found.coefficient == LearningCoefficient(Fraction(5, 12), 1)
    )
    text = found.explain()
    assert "blow-up of (x, y)" in text and "volume ~" in text
    assert "5/12" in str(found)
    direct = real_log_canonical_threshold(x**2 + y**4)
    assert direct.method == "newton polyhedron"
    assert direct.charts[0].monomials == ((2, 0), (0, 4))
    assert "and 3 charts" in real_log_canonical_threshold([x**2 - y**3]).explain(max_charts=0)


def test_unresolved_problems_are_refused_with_bounds():
    with pytest.raises(CannotResolve, match="no resolution found.*proved: lambda >=") as caught:
        real_log_canonical_threshold([(x**3 - 2 * y**3) ** 2 + x**7 * y**2], max_strata=2)
    error = caught.value
    assert error.lower_bound == Fraction(1, 12) and error.upper_bound == Fraction(1, 6)
    assert len(error.tried) == 2 and "more than 2 strata" in error.tried[0]


@pytest.mark.parametrize(
    ("polynomial", "options", "message"),
    [
        (x**2 - y**3, {}, "must be non-negative near the point, got -"),
        (x**2 + 1, {}, "at must be a zero of polynomial, got the value 1"),
        (sp.Integer(0), {"variables": [x]}, "must not vanish identically"),
        (sp.Integer(0), {}, "must have a variable"),
        ((x + 0.5 * y) ** 2, {}, "must have rational coefficients"),
        (sp.sin(x) ** 2, {}, "must have rational coefficients"),
        (x**2 + y**2, {"variables": [x]}, "variables must contain all symbols.* y is missing"),
        (x**2, {"prior": [-1]}, "prior must have exponents above -1"),
        (x**2, {"prior": [0, 0]}, "prior must have 1 entries, got 2"),
        (x**2, {"at": {y: 1}}, "at must name variables of polynomial, got y"),
        (x**2, {"at": ["one"]}, "at must have rational entries"),
        (x**2 - y**2, {"at": [-1, 1], "domain": "orthant"}, "at must lie in the orthant"),
        (x**2, {"domain": "sphere"}, "domain must be 'ball' or 'orthant'"),
    ],
)
def test_bad_input_is_refused(polynomial, options, message):
    with pytest.raises(ValueError, match=message):
        real_log_canonical_threshold(polynomial, **options)

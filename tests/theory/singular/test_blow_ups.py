"""The certificates: K and the Jacobian really are monomials in the charts."""

from random import Random

import pytest
import sympy as sp

from groktheory.theory.singular.polynomials import real_log_canonical_threshold

x, y, z, a, b, c = sp.symbols("x y z a b c")
a1, a2, a3, b1, b2, b3 = sp.symbols("a1:4 b1:4")


def spread(chart, quantity, monomials, scale):
    """Ratio of largest to smallest quotient of a quantity and a sum of monomials near a point."""
    random, quotients = Random(1), []
    for _ in range(60):
        values = {}
        for symbol in chart.substitution:
            if symbol in chart.local:
                size = sp.Rational(1, 10) ** random.randint(scale, 2 * scale)
                size *= sp.Rational(random.randint(5, 20), 10)
                sign = 1 if symbol in chart.non_negative else random.choice((-1, 1))
                values[symbol] = sign * size
            else:
                values[symbol] = chart.parameters[symbol]
        expected = sum(
            sp.prod([abs(values[s]) ** e for s, e in zip(chart.local, exponents, strict=True)])
            for exponents in monomials
        )
        quotients.append(abs(quantity.xreplace(values)) / expected)
    assert min(quotients) > 0
    return max(quotients) / min(quotients)


@pytest.mark.parametrize(
    "generators",
    [
        [x**2 - y**3],
        [(x + y) ** 2 + x**3],
        [(y**2 - x**3) ** 2 + x**5 * y],
        [x**2 + y**2 - 2 * z**2, z**4],
        [x * z - y**2, x**3 - y * z, z**2 - x**2 * y],
        [a * b + (1 - a) * c, a * b**2 + (1 - a) * c**2],
        [a1 * b1 + a2 * b2, a1 * b1**3 + a2 * b2**3],
    ],
)
def test_charts_are_monomial(generators):
    found = real_log_canonical_threshold(generators)
    total = sp.Add(*(g**2 for g in generators))
    symbols = sorted(found.charts[0].substitution, key=str)
    for chart in found.charts:
        if chart.functions:
            continue
        pulled_back = total.xreplace(dict(chart.substitution))
        jacobian = sp.Matrix([chart.substitution[s] for s in symbols]).jacobian(symbols).det()
        for quantity, monomials in ((pulled_back, chart.monomials), (jacobian, [chart.jacobian])):
            # a wrong exponent would show as a power of ten per step of the scale
            assert spread(chart, quantity, monomials, scale=4) < 1e3
            assert spread(chart, quantity, monomials, scale=8) < 1e3


def test_one_wrong_exponent_would_show():
    chart = real_log_canonical_threshold([x**2 - y**3]).charts[0]
    wrong = [tuple(e + 1 for e in exponents) for exponents in chart.monomials]
    total = ((x**2 - y**3) ** 2).xreplace(dict(chart.substitution))
    assert spread(chart, total, wrong, scale=4) > 1e3


def test_points_that_decide_but_do_not_exist_are_not_counted():
    # (x^2+y^2-3z^2) has no rational point, yet real ones; (x^2+y^2+z^2) has none
    real = real_log_canonical_threshold([(x**2 + y**2 - 3 * z**2) ** 4])
    assert (real.coefficient.value, real.coefficient.multiplicity) == (sp.Rational(1, 8), 1)
    none = real_log_canonical_threshold([(x**2 + x * y + y**2 + z**2) ** 4])
    assert none.coefficient.value == sp.Rational(3, 16)
    assert none.method == "newton polyhedron"

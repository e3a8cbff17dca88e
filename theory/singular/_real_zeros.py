"""Proofs that polynomials have no common real zero in a region, and witnesses that they have.

A region constrains every variable (``real``, ``nonzero`` or ``positive``) and lists polynomials
that are known not to vanish in it, or to be positive. The proofs are exact: factors, elimination
of variables that occur linearly, sums of non-negative terms, discriminants, and the counting of
the real roots of polynomials in one variable. What they cannot prove they leave open.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import sympy as sp
from sympy.polys.rings import PolyElement

EFFORT = 14
"""Depth of the case distinctions of a proof."""


class Region(NamedTuple):
    """An open semialgebraic set."""

    kinds: tuple[str, ...]
    """``real``, ``nonzero`` or ``positive``, one for each variable."""
    nonzero: frozenset[PolyElement] = frozenset()
    """Monic irreducible polynomials that do not vanish."""
    positive: frozenset[PolyElement] = frozenset()
    """Polynomials that are positive."""


@lru_cache(maxsize=20_000)
def factors(poly: PolyElement) -> tuple[tuple[PolyElement, int], ...]:
    """Irreducible monic factors over the rationals with their multiplicities."""
    ring, found = poly.ring, dict[PolyElement, int]()
    smallest = [min(powers) for powers in zip(*poly, strict=True)]
    if any(smallest):
        poly = quotient(poly, ring.term_new(tuple(smallest), ring.domain.one))
        found = {ring.gens[i]: power for i, power in enumerate(smallest) if power}
    linear = [i for i in variables(poly) if degree(poly, i) == 1]
    if linear:  # irreducible but for common factors of the two coefficients: spares the search
        slope, offset = (coefficient(poly, linear[0], power) for power in (1, 0))
        content = slope.gcd(offset) if offset != 0 else slope
        rest = [
            (quotient(poly, content).monic(), 1),
            *(() if content.is_ground else factors(content)),
        ]
    else:
        rest = [(factor.monic(), power) for factor, power in poly.factor_list()[1]]
    for factor, power in rest:
        factor = factor.copy()  # division leaves a stale hash in its result
        found[factor] = found.get(factor, 0) + power
    return tuple(found.items())


def product(polys: Iterable[PolyElement], like: PolyElement) -> PolyElement:
    """Product of polynomials, one for none, in the ring of another one."""
    total = like.ring.one
    for poly in polys:
        total = total * poly
    return total.copy()


def quotient(poly: PolyElement, divisor: PolyElement) -> PolyElement:
    """Quotient by a divisor."""
    found: Any = poly // divisor
    return found.copy()


def degree(poly: PolyElement, variable: int) -> int:
    """Degree in one variable; -1 for the zero polynomial."""
    return max((exponent[variable] for exponent in poly), default=-1)


def coefficient(poly: PolyElement, variable: int, power: int) -> PolyElement:
    """Coefficient of a power of one variable, a polynomial in the others."""
    found = poly.ring.zero
    for exponent, value in poly.items():
        if exponent[variable] == power:
            found[(*exponent[:variable], 0, *exponent[variable + 1 :])] = value
    return found


def substituted(
    poly: PolyElement, variable: int, numerator: PolyElement, denominator: PolyElement
) -> PolyElement:
    """Replace a variable by a fraction and multiply by the denominator to the degree."""
    top = degree(poly, variable)
    total, upper = poly.ring.zero, poly.ring.one
    for power in range(top + 1):
        total = total + coefficient(poly, variable, power) * upper * denominator ** (top - power)
        upper = upper * numerator
    return total


def essential_factors(poly: PolyElement, region: Region) -> list[PolyElement]:
    """Irreducible factors that are not obviously free of zeros in the region."""
    return [factor for factor, _ in factors(poly) if not _obviously_nonzero(factor, region)]


def _obviously_nonzero(factor: PolyElement, region: Region) -> bool:
    if factor.is_ground or factor in region.nonzero:
        return True
    if factor in region.positive or -factor in region.positive:
        return True
    if _nonnegative(factor, region) or _nonnegative(-factor, region):
        return any(
            all(kind != "real" or power == 0 for power, kind in zip(e, region.kinds, strict=True))
            for e in factor
        )
    return False


def _nonnegative(poly: PolyElement, region: Region) -> bool:
    """Whether every term is non-negative."""
    return all(
        value > 0
        and all(
            power % 2 == 0 or kind == "positive"
            for power, kind in zip(exponent, region.kinds, strict=True)
        )
        for exponent, value in poly.items()
    )


def has_no_zero(equations: Sequence[PolyElement], region: Region, effort: int = EFFORT) -> bool:
    """Whether it is proved that the polynomials have no common zero in the region."""
    if any(poly == 0 for poly in region.nonzero) or any(
        _nonnegative(-poly, region) for poly in region.positive
    ):
        return True  # the region is empty
    lists = [essential_factors(poly, region) for poly in equations if poly != 0]
    if any(not found for found in lists):
        return True
    if effort == 0 or not lists:
        return False
    lists.sort(key=len)
    if len(lists[-1]) > 1:
        rest = [product(found, found[0]) for found in lists[:-1]]
        return all(has_no_zero([factor, *rest], region, effort - 1) for factor in lists[-1])
    irreducible = sorted({found[0] for found in lists}, key=lambda poly: (len(poly), str(poly)))
    for rule in (_by_terms, _by_roots, _by_substitution, _by_discriminant, _by_cases):
        proved = rule(irreducible, region, effort - 1)
        if proved is not None:
            return proved
    return False


def _by_terms(equations: list[PolyElement], region: Region, effort: int) -> bool | None:
    """A sum of non-negative terms vanishes only with all of them."""
    for poly in equations:
        if len(poly) > 1 and (_nonnegative(poly, region) or _nonnegative(-poly, region)):
            return has_no_zero([*_others(equations, poly), *terms(poly)], region, effort)
    return None


def _others(equations: list[PolyElement], poly: PolyElement) -> list[PolyElement]:
    return [other for other in equations if other != poly]


def terms(poly: PolyElement) -> list[PolyElement]:
    """Monomials of a polynomial, without coefficients."""
    return [poly.ring.term_new(exponent, poly.ring.domain.one) for exponent in poly]


def _by_roots(equations: list[PolyElement], region: Region, effort: int) -> bool | None:
    """Equations in one and the same variable: count the real roots of their divisor."""
    common: dict[int, PolyElement] = {}
    for poly in equations:
        used = variables(poly)
        if len(used) == 1:
            common[used[0]] = poly.gcd(common.get(used[0], poly.ring.zero))
    if any(not real_roots(poly, i, region.kinds[i]) for i, poly in common.items()):
        return True
    return None


def variables(poly: PolyElement) -> list[int]:
    """Indices of the variables that occur."""
    return [i for i in range(poly.ring.ngens) if degree(poly, i) > 0]


@lru_cache(maxsize=20_000)
def real_roots(poly: PolyElement, variable: int, kind: str) -> int:
    """Number of distinct real roots of a polynomial in one variable, in its domain."""
    if poly.is_ground:
        return 0
    single = sp.Poly(poly.as_expr(), poly.ring.symbols[variable], domain="QQ").sqf_part()
    zero_is_root = single.eval(0) == 0
    if kind == "positive":
        return int(single.count_roots(0, None)) - int(zero_is_root)
    return int(single.count_roots()) - int(zero_is_root and kind == "nonzero")


def _linear(
    equations: list[PolyElement], region: Region
) -> tuple[int, PolyElement, PolyElement, bool] | None:
    """Variable that occurs linearly, the equation, the slope, and whether that is a unit."""
    found = []
    for poly in equations:
        for i in variables(poly):
            if degree(poly, i) == 1:
                slope = coefficient(poly, i, 1)
                is_unit = not essential_factors(slope, region)
                found.append((not is_unit, len(slope), len(poly), i, poly, slope))
    if not found:
        return None
    is_not_unit, _, _, i, poly, slope = min(found, key=lambda item: item[:4])
    return i, poly, slope, not is_not_unit


def _by_substitution(equations: list[PolyElement], region: Region, effort: int) -> bool | None:
    """Eliminate a variable that occurs linearly with a unit as its coefficient."""
    linear = _linear(equations, region)
    if linear is None or not linear[3]:
        return None
    return _where_solvable(equations, region, effort, *linear[:3])


def _by_cases(equations: list[PolyElement], region: Region, effort: int) -> bool | None:
    """Eliminate a variable that occurs linearly where its coefficient is not zero, and where."""
    linear = _linear(equations, region)
    if linear is None:
        return None
    i, poly, slope, _ = linear
    split = [*_others(equations, poly), slope, coefficient(poly, i, 0)]
    return has_no_zero(split, region, effort) and _where_solvable(
        equations, region, effort, i, poly, slope
    )


def _where_solvable(
    equations: list[PolyElement],
    region: Region,
    effort: int,
    variable: int,
    poly: PolyElement,
    slope: PolyElement,
) -> bool:
    offset = coefficient(poly, variable, 0)
    solved = [substituted(other, variable, -offset, slope) for other in _others(equations, poly)]
    known = essential_factors(slope, region)
    return has_no_zero(solved, restrict(region, variable, slope, offset, known=known), effort)


def restrict(
    region: Region,
    variable: int,
    slope: PolyElement,
    offset: PolyElement,
    known: Sequence[PolyElement] = (),
) -> Region:
    """Region of the other variables where ``slope * x + offset = 0`` and the slope is nonzero."""
    nonzero = set(known)
    for poly in region.nonzero:
        image = substituted(poly, variable, -offset, slope)
        nonzero |= {factor for factor, _ in factors(image)} if image != 0 else {image}
    positive = set()
    for poly in region.positive:
        odd = degree(poly, variable) % 2
        positive.add((substituted(poly, variable, -offset, slope) * slope**odd).copy())
    kind = region.kinds[variable]
    if kind != "real":
        nonzero |= {factor for factor, _ in factors(offset)} if offset != 0 else {offset}
    if kind == "positive":
        positive.add((-offset * slope).copy())
    kinds = tuple("real" if i == variable else kind for i, kind in enumerate(region.kinds))
    return Region(kinds, frozenset(nonzero), frozenset(positive))


def _by_discriminant(equations: list[PolyElement], region: Region, effort: int) -> bool | None:
    """A quadratic equation has no root where its discriminant is negative."""
    for poly in equations:
        for i in variables(poly):
            a, b, c = (coefficient(poly, i, power) for power in (2, 1, 0))
            if degree(poly, i) != 2 or essential_factors(a, region):
                continue
            excess = 4 * a * c - b * b
            if excess != 0 and _nonnegative(excess, region):
                implied = [excess, 2 * a * poly.ring.gens[i] + b]
                return has_no_zero([*_others(equations, poly), *implied], region, effort)
    return None


def sample(region: Region) -> dict[int, sp.Rational] | None:
    """Find a rational point of the region; None if a few hundred trials find none."""
    for point in _trials(region.kinds):
        if is_inside(point, region):
            return dict(enumerate(point))
    return None


def is_inside(point: Sequence[sp.Rational], region: Region) -> bool:
    """Whether a rational point satisfies the constraints on polynomials."""
    return all(value_at(poly, point) != 0 for poly in region.nonzero) and all(
        value_at(poly, point) > 0 for poly in region.positive
    )


def value_at(poly: PolyElement, point: Sequence[sp.Rational]) -> Any:
    """Value of a polynomial at a rational point, a rational number of sympy."""
    value = poly.evaluate(list(zip(poly.ring.gens, point, strict=True)))
    return sp.QQ.to_sympy(sp.QQ.convert(value))


def _trials(kinds: tuple[str, ...], count: int = 300) -> Iterator[list[sp.Rational]]:
    random = Random(0)
    for trial in range(count):
        span = 3 + trial // 10
        point = []
        for kind in kinds:
            size = sp.Rational(random.randint(1, 3 * span), random.randint(1, span))
            sign = 1 if kind == "positive" else random.choice((-1, 1))
            point.append(sign * size)
        yield point


def has_zero(poly: PolyElement, region: Region) -> bool:
    """Whether a zero with a gradient was found in the region: a simple root along a line."""
    used = variables(poly)
    for point in list(_trials(region.kinds))[:60]:
        for i in used:
            line = [
                (g, x) for j, (g, x) in enumerate(zip(poly.ring.gens, point, strict=True)) if j != i
            ]

            def on_line(other: PolyElement, line: list = line) -> PolyElement:
                return other.compose(line) if line else other

            single = on_line(poly)
            if single == 0 or single.is_ground:
                continue
            single = product([factor for factor, power in factors(single) if power == 1], single)
            if single == 1:
                continue
            excluded = [on_line(other) for other in region.nonzero]
            if any(other == 0 for other in excluded):
                continue
            for other in excluded:
                while not (divisor := single.gcd(other)).is_ground:
                    single = quotient(single, divisor)
            if real_roots(single, i, region.kinds[i]) and _holds_at_root(
                single, i, region, [on_line(other) for other in region.positive]
            ):
                return True
    return False


def _holds_at_root(
    single: PolyElement, variable: int, region: Region, positive: list[PolyElement]
) -> bool:
    if not positive:
        return True
    symbol = single.ring.symbols[variable]
    roots: list[Any] = sp.Poly(single.as_expr(), symbol).real_roots()
    for root in roots:
        if region.kinds[variable] == "positive" and not root.is_positive:
            continue
        values = [sp.N(other.as_expr().subs(symbol, root), 40) for other in positive]
        if all(value > sp.Float("1e-20") for value in values):
            return True
    return False

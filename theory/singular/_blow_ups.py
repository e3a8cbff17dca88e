"""Resolution by blow-ups along coordinate subspaces, until every local problem is monomial.

The local problem of a stratum is solved where its ideal is *non-degenerate*: then the sum of
squares is comparable to that of the vertices of the Newton polyhedron. Otherwise the stratum is
split where a coefficient vanishes, its coordinates are changed, or it is blown up with the weights
of a facet on which the non-degeneracy fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter

import sympy as sp
from sympy.polys.rings import PolyElement

from ._coordinates import eliminated, in_better_coordinates, linear_variable, size
from ._newton_polyhedron import (
    Exponents,
    Facet,
    compact_faces,
    facets,
    minimal_exponents,
    threshold,
)
from ._real_zeros import (
    Region,
    coefficient,
    degree,
    essential_factors,
    factors,
    has_no_zero,
    has_zero,
    product,
    sample,
    terms,
    variables,
)
from ._strata import LOCAL_POSITIVE, Stratum, blown_up, changed, simplified
from ._symmetry import Label, label

MAX_TERMS = 150
"""Terms of all generators; factors of longer ones take too long."""
MAX_BASIS_VARIABLES = 3
"""Groebner bases of equations in more variables take too long too often."""


@dataclass(frozen=True)
class Leaf:
    """A stratum whose local problem is solved."""

    stratum: Stratum
    exponents: tuple[Exponents, ...]
    """Of monomials whose sum of squares is comparable to K there."""
    threshold: tuple[Fraction, int]
    transversal: tuple[PolyElement, int] | None = None
    """A function that is a coordinate of its own, after those of the ring, and its power."""

    def is_inhabited(self) -> bool:
        """Whether a point of the stratum was found."""
        if self.transversal is None:
            return sample(self.stratum.region) is not None
        return has_zero(self.stratum.on_stratum(self.transversal[0]), self.stratum.region)


class Stuck(Exception):
    """A local problem that no move of ours simplifies."""


class Limits:
    """How far to go, and what was learned on the way."""

    def __init__(self, max_strata: int, max_blow_ups: int, prefers_large_centers: bool):
        self.max_strata, self.max_blow_ups = max_strata, max_blow_ups
        self.prefers_large_centers = prefers_large_centers
        self.num_strata = 0


def leaves(start: Stratum, limits: Limits) -> Iterator[Leaf]:
    """Solve the local problems of all strata above the points of one.

    Raises
    ------
    Stuck
        If one of them is not solved within the limits.
    """
    stack: list[tuple[Stratum, Label]] = [(start, ())]
    reached: dict[Label, set[Label]] = {}
    while stack:
        limits.num_strata += 1
        if limits.num_strata > limits.max_strata:
            raise Stuck(f"more than {limits.max_strata} strata")
        stratum, parent = stack.pop()
        if stratum.equations:
            stack += [(child, parent) for child in _solve_equation(stratum)]
            continue
        if size(stratum) > MAX_TERMS:
            raise Stuck(f"generators of more than {MAX_TERMS} terms")
        stratum = simplified(stratum)
        name = label(stratum)
        reached.setdefault(parent, set()).add(name)
        if name in reached:
            continue
        reached[name] = set()
        for item in _advance(stratum, limits):
            if isinstance(item, Leaf):
                yield item
            else:
                stack.append((item, name))
    try:  # a problem must not have been reduced to itself
        TopologicalSorter(reached).prepare()
    except CycleError as error:
        raise Stuck("a blow-up reproduced its own local problem") from error


def _advance(stratum: Stratum, limits: Limits) -> Sequence[Leaf | Stratum]:
    values = [poly for g in stratum.generators if (poly := stratum.on_stratum(g)) != 0]
    if values:
        return _leave_zero_set(stratum, values)
    shorter = eliminated(stratum)
    if shorter is not None:
        return [shorter]
    return _newton_step(stratum, limits)


def _solve_equation(stratum: Stratum) -> Sequence[Stratum]:
    """Pass to the points where a polynomial in the parameters vanishes."""
    equation, rest = stratum.on_stratum(stratum.equations[0]), stratum.equations[1:]
    stratum = replace(stratum, equations=rest)
    if equation == 0:
        return [stratum]
    found = essential_factors(equation, stratum.region)
    if len(found) != 1:
        return [stratum.with_equation(factor) for factor in found]
    (factor,) = found
    if has_no_zero([factor, *rest], stratum.region):
        return []
    linear = linear_variable(factor, stratum, variables(factor))
    if linear is not None:
        variable, slope, is_unit = linear
        if is_unit:
            return [changed(stratum, variable, factor)]
        generic = changed(stratum.with_nonzero(slope), variable, factor)
        return [generic, stratum.with_equation(slope, coefficient(factor, variable, 0))]
    for split in _nonnegative_splits(factor, stratum):
        return [stratum.with_equation(*split)]
    basis = _basis([factor, *rest])
    if set(basis) != {factor.monic(), *(poly.monic() for poly in rest)}:
        return [replace(stratum, equations=tuple(basis))]
    raise Stuck(f"the zeros of {factor.as_expr()} are no graph of a rational function")


def _basis(equations: Sequence[PolyElement]) -> list[PolyElement]:
    """Lexicographic Groebner basis, the polynomials in fewest variables first."""
    ring = equations[0].ring
    used = sorted({i for poly in equations for i in variables(poly)})
    if len(used) > MAX_BASIS_VARIABLES:
        return [poly.monic() for poly in equations]
    basis = sp.groebner(
        [poly.as_expr() for poly in equations], *(ring.symbols[i] for i in used), order="lex"
    )
    found = [ring.from_expr(expr).monic() for expr in basis.exprs]
    return sorted(found, key=lambda poly: (len(variables(poly)), len(poly), str(poly)))


def _nonnegative_splits(factor: PolyElement, stratum: Stratum) -> Iterator[tuple[PolyElement, ...]]:
    """Equations that follow from one whose left hand side is a sum of squares."""
    kinds = stratum.region.kinds
    signs = [value > 0 for value in factor.values()]
    even = all(
        power % 2 == 0 or kinds[i] == "positive"
        for exponent in factor
        for i, power in enumerate(exponent)
    )
    if even and len(set(signs)) == 1:
        yield tuple(terms(factor))
    for i in variables(factor):
        a, b, c = (coefficient(factor, i, power) for power in (2, 1, 0))
        if degree(factor, i) == 2 and a.is_ground:
            excess = 4 * a * c - b * b
            square = all(
                value > 0 and all(power % 2 == 0 for power in exponent)
                for exponent, value in excess.items()
            )
            if square:
                yield (2 * a * factor.ring.gens[i] + b, excess)


def _leave_zero_set(stratum: Stratum, values: Sequence[PolyElement]) -> Sequence[Leaf | Stratum]:
    """Split a stratum on which not all generators vanish."""
    if has_no_zero(values, stratum.region):
        return [_leaf(stratum, [stratum.common])]
    found = [factor for poly in values for factor in essential_factors(poly, stratum.region)]

    def difficulty(factor: PolyElement) -> tuple[bool, bool, int, str]:
        linear = linear_variable(factor, stratum, variables(factor))
        return linear is None, linear is None or not linear[2], len(factor), str(factor)

    local = stratum.local
    others = [g for g in stratum.generators if len(g) > 1]
    free = [i for g in stratum.generators if len(g) == 1 for i in variables(g) if i not in local]
    if len(others) == 1 and not free:
        radical = stratum.on_stratum(
            product([factor for factor, _ in factors(others[0])], others[0])
        )
        slopes = [radical.diff(i) for i in variables(radical)]
        if has_no_zero([radical, *slopes], stratum.region):
            return _transversal_leaves(stratum, others[0])
        if all(difficulty(factor)[0] for factor in found):
            return [
                *_transversal_leaves(stratum, others[0]),
                stratum.with_equation(radical, *slopes),
            ]
    factor = min(found, key=difficulty)
    if difficulty(factor)[0] and free:
        factor = factor.ring.gens[free[0]]
    return [stratum.with_nonzero(factor), stratum.with_equation(factor)]


def _transversal_leaves(stratum: Stratum, poly: PolyElement) -> list[Leaf]:
    """Solve the ideal of monomials and one polynomial, but for its critical zeros.

    Elsewhere each of its factors is a coordinate where it vanishes, and the others are units.
    """
    monomials = [g for g in stratum.generators if len(g) == 1]
    powers = dict(factors(poly))
    at_points = stratum.on_stratum(product(powers, poly))
    found = [_leaf(stratum.with_nonzero(at_points), [stratum.common])]
    for factor, power in powers.items():
        if has_no_zero([stratum.on_stratum(factor)], stratum.region):
            continue
        exponents = [(*_sum(stratum.common, next(iter(g))), 0) for g in monomials]
        exponents.append((*stratum.common, power))
        prior = (*stratum.prior, Fraction(0))
        found.append(Leaf(stratum, tuple(exponents), threshold(exponents, prior), (factor, power)))
    return found


def _leaf(stratum: Stratum, exponents: Sequence[Exponents]) -> Leaf:
    minimal = minimal_exponents(exponents)
    return Leaf(stratum, tuple(minimal), threshold(minimal, stratum.prior))


def _sum(left: Exponents, right: Exponents) -> Exponents:
    return tuple(a + b for a, b in zip(left, right, strict=True))


def _newton_step(stratum: Stratum, limits: Limits) -> Sequence[Leaf | Stratum]:
    """Solve a non-degenerate stratum; split, change or blow up another one."""
    forms = [_by_exponent(poly, stratum) for poly in stratum.generators]
    points = minimal_exponents([exponent for form in forms for exponent in form])
    faces = compact_faces(points)
    faces = None if faces is None else list(faces)
    for face in faces or ():
        if len(face) == 1:
            (member,) = (points[i] for i in face)
            values = [form[member] for form in forms if member in form]
            if not has_no_zero(values, stratum.region):
                return _split(stratum, values)
    region = stratum.region._replace(kinds=_torus(stratum))
    degenerate = next(  # the largest one
        (
            face
            for face in reversed(faces or ())
            if len(face) > 1 and not _is_nondegenerate(face, points, forms, stratum, region)
        ),
        None,
    )
    if faces is not None and degenerate is None:
        local = stratum.local
        exponents = []
        for point in points:
            exponent = list(stratum.common)
            for i, power in zip(local, point, strict=True):
                exponent[i] += power
            exponents.append(tuple(exponent))
        return [_leaf(stratum, exponents)]
    better = in_better_coordinates(stratum)
    if better is not None:
        return [better]
    if stratum.num_blow_ups >= limits.max_blow_ups:
        raise Stuck(f"more than {limits.max_blow_ups} blow-ups one above another")
    return blown_up(stratum, _weights(stratum, points, degenerate, limits))


def _is_nondegenerate(
    face: frozenset[int],
    points: Sequence[Exponents],
    forms: Sequence[dict[Exponents, PolyElement]],
    stratum: Stratum,
    region: Region,
) -> bool:
    """Whether it is proved that the terms on a face have no common zero in the torus."""
    members = [points[i] for i in face]
    polys = [_face_form(form, members, stratum) for form in forms]
    return has_no_zero([poly for poly in polys if poly != 0], region)


def _split(stratum: Stratum, values: Sequence[PolyElement]) -> list[Stratum]:
    """Tell apart the points where the coefficient of a vertex vanishes."""
    found = [factor for poly in values for factor in essential_factors(poly, stratum.region)]

    def difficulty(factor: PolyElement) -> tuple[bool, int, str]:
        linear = linear_variable(factor, stratum, variables(factor))
        return linear is None or not linear[2], len(factor), str(factor)

    factor = min(found, key=difficulty)
    return [stratum.with_nonzero(factor), stratum.with_equation(factor)]


def _by_exponent(poly: PolyElement, stratum: Stratum) -> dict[Exponents, PolyElement]:
    """Coefficients, polynomials in the parameters, of the monomials in local variables."""
    local = stratum.local
    found: dict[Exponents, PolyElement] = {}
    for exponent, value in poly.items():
        key = tuple(exponent[i] for i in local)
        rest = tuple(0 if i in local else e for i, e in enumerate(exponent))
        found.setdefault(key, poly.ring.zero.copy())[rest] = value
    return found


def _face_form(
    form: dict[Exponents, PolyElement], members: Sequence[Exponents], stratum: Stratum
) -> PolyElement:
    ring = stratum.generators[0].ring
    total = ring.zero
    for point in members:
        if point in form:
            exponent = [0] * ring.ngens
            for i, power in zip(stratum.local, point, strict=True):
                exponent[i] = power
            total = total + form[point] * ring.term_new(tuple(exponent), ring.domain.one)
    return total


def _torus(stratum: Stratum) -> tuple[str, ...]:
    kinds = []
    for kind in stratum.kinds:
        if kind == LOCAL_POSITIVE:
            kinds.append("positive")
        else:
            kinds.append("nonzero" if kind == "local" else kind)
    return tuple(kinds)


def _weights(
    stratum: Stratum,
    points: Sequence[Exponents],
    degenerate: frozenset[int] | None,
    limits: Limits,
) -> list[int]:
    """Weights of a facet that contains the degenerate face, on the local variables."""
    on_face: list[Facet] = [
        facet
        for facet in facets(points)
        if sum(x > 0 for x in facet.normal) > 1
        and (degenerate is None or degenerate <= facet.members)
    ]

    def cost(facet: Facet) -> tuple[int, int, Exponents]:
        size = sum(x > 0 for x in facet.normal)
        return (-size if limits.prefers_large_centers else size), sum(facet.normal), facet.normal

    normal = min(on_face, key=cost).normal
    weights = [0] * len(stratum.kinds)
    for i, weight in zip(stratum.local, normal, strict=True):
        weights[i] = weight
    return weights

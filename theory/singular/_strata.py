r"""Strata of the exceptional set of a sequence of blow-ups, and the moves between them.

A stratum is a family of points at which the same local problem is posed: the *local* variables
vanish there, the others are parameters that range over an open set. Near its points

$$K \asymp x^{2k}\sum_i g_i(x)^2,\qquad \text{prior}\times|\text{Jacobian}|\asymp|x|^h,$$

with exponents $k,h$ of local variables alone: what is not zero is a unit. All points above the
point in question lie on some stratum, and the learning coefficient is the least of theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from sympy.polys.rings import PolyElement

from ._real_zeros import (
    Region,
    coefficient,
    essential_factors,
    factors,
    has_no_zero,
    restrict,
    substituted,
)

LOCAL, LOCAL_POSITIVE = "local", "local, non-negative"

Step = tuple[str, dict[int, tuple[PolyElement, PolyElement]]]
"""What was done, and the old variables as fractions of polynomials in the new ones."""


@dataclass(frozen=True)
class Stratum:
    """A family of points with the same local problem."""

    generators: tuple[PolyElement, ...]
    """Of the ideal, without the monomial that all have in common."""
    kinds: tuple[str, ...]
    """One for each variable: a kind of local variable or a kind of parameter of a region."""
    common: tuple[int, ...]
    """Exponents k of the common monomial."""
    prior: tuple[Fraction, ...]
    """Exponents h of prior times Jacobian."""
    region: Region
    """Where the parameters range; local variables count as ``real`` in it."""
    equations: tuple[PolyElement, ...] = ()
    """Conditions on the parameters that are still to be solved."""
    steps: tuple[Step, ...] = ()
    num_blow_ups: int = 0

    @property
    def local(self) -> list[int]:
        """Indices of the local variables."""
        return [i for i, kind in enumerate(self.kinds) if kind in (LOCAL, LOCAL_POSITIVE)]

    def is_free(self, variable: int) -> bool:
        """Whether a local variable may be changed: two-sided, and no divisor."""
        return (
            self.kinds[variable] == LOCAL
            and self.common[variable] == 0
            and self.prior[variable] == 0
        )

    def on_stratum(self, poly: PolyElement) -> PolyElement:
        """Restrict a polynomial to the points of the stratum."""
        local = self.local
        found = poly.ring.zero
        for exponent, value in poly.items():
            if not any(exponent[i] for i in local):
                found[exponent] = value
        return found

    def is_unit(self, poly: PolyElement) -> bool:
        """Whether a polynomial is proved to vanish at no point of the stratum."""
        return has_no_zero([self.on_stratum(poly)], self.region)

    def with_nonzero(self, poly: PolyElement) -> "Stratum":
        """Part of the stratum where a polynomial in the parameters does not vanish."""
        known = frozenset(factor for factor, _ in factors(poly))
        region = self.region._replace(nonzero=self.region.nonzero | known)
        return replace(self, region=region)

    def with_equation(self, *polys: PolyElement) -> "Stratum":
        """Part of the stratum where polynomials in the parameters vanish."""
        return replace(self, equations=self.equations + polys)


def _region(stratum: Stratum, kinds: Sequence[str]) -> Region:
    local = (LOCAL, LOCAL_POSITIVE)
    return stratum.region._replace(kinds=tuple("real" if k in local else k for k in kinds))


def simplified(stratum: Stratum) -> Stratum:
    """Divide by units and by the common monomial; drop what other generators make redundant."""
    common = list(stratum.common)
    generators = [_without_units(poly, stratum) for poly in stratum.generators if poly != 0]
    while True:
        local = stratum.local
        shared = {i: min(e[i] for poly in generators for e in poly) for i in local}
        if any(shared.values()):
            generators = [_divided(poly, shared) for poly in generators]
            common = [k + shared.get(i, 0) for i, k in enumerate(common)]
        monomials = [poly for poly in generators if len(poly) == 1]
        reduced = {poly for poly in generators if len(poly) == 1}
        for poly in generators:
            if len(poly) > 1:
                reduced.add(_modulo(poly, monomials))
        reduced = _reduced_by_others({poly for poly in reduced if poly != 0})
        reduced = {poly.monic().copy() for poly in reduced}  # or two could drop each other
        minimal = {
            poly
            for poly in reduced
            if len(poly) > 1
            or not any(
                other != poly and len(other) == 1 and _divides(other, poly) for other in reduced
            )
        }
        ordered = sorted(
            {_without_units(poly, stratum) for poly in minimal},
            key=lambda poly: (len(poly), str(poly)),
        )
        if ordered == generators:
            return replace(stratum, generators=tuple(ordered), common=tuple(common))
        generators = ordered


def _without_units(poly: PolyElement, stratum: Stratum) -> PolyElement:
    """Product of the factors that vanish somewhere on the stratum."""
    product = poly.ring.one
    for factor, power in factors(poly):
        if stratum.is_unit(factor):
            continue
        product = product * factor**power
    return product.copy()  # squares have a stale hash


def _divided(poly: PolyElement, shared: dict[int, int]) -> PolyElement:
    found = poly.ring.zero
    for exponent, value in poly.items():
        found[tuple(e - shared.get(i, 0) for i, e in enumerate(exponent))] = value
    return found


def _divides(monomial: PolyElement, poly: PolyElement) -> bool:
    (powers,) = monomial
    return all(all(a <= b for a, b in zip(powers, exponent, strict=True)) for exponent in poly)


def _modulo(poly: PolyElement, monomials: list[PolyElement]) -> PolyElement:
    """Drop the terms that are multiples of a monomial of the ideal."""
    powers = [next(iter(monomial)) for monomial in monomials]
    found = poly.ring.zero
    for exponent, value in poly.items():
        if not any(all(a <= b for a, b in zip(p, exponent, strict=True)) for p in powers):
            found[exponent] = value
    return found


def _reduced_by_others(generators: set[PolyElement]) -> set[PolyElement]:
    """Subtract multiples of generators from others as long as that shortens them."""
    current = sorted(generators, key=lambda poly: (len(poly), str(poly)))
    while True:
        shorter = next(
            (
                (k, new)
                for k, poly in enumerate(current)
                for other in current
                if other != poly and 1 < len(other) <= 2 * len(poly) <= 24
                for new in _differences(poly, other)
                if len(new) < len(poly)
            ),
            None,
        )
        if shorter is None:
            return {poly for poly in current if poly != 0}
        current[shorter[0]] = shorter[1]


def _differences(poly: PolyElement, other: PolyElement) -> Iterator[PolyElement]:
    """Differences with those multiples of another polynomial that cancel a term."""
    lead, scale = other.LT
    for exponent, value in poly.items():
        quotient = tuple(a - b for a, b in zip(exponent, lead, strict=True))
        if min(quotient) >= 0:
            yield poly - other * poly.ring.term_new(quotient, value / scale)


def changed(
    stratum: Stratum, variable: int, poly: PolyElement, *, is_local: bool = True
) -> Stratum:
    """Take a polynomial, linear in a free variable or a parameter, as the new variable.

    The coefficient of the variable must be a unit. Solving for the old one, $x = (y-q)/u$ with
    $y = ux+q$. The new variable is local, or takes all real values as the old one did.
    """
    slope, offset = coefficient(poly, variable, 1), coefficient(poly, variable, 0)
    new = poly.ring.gens[variable]
    numerator = new - offset
    generators = tuple(substituted(g, variable, numerator, slope) for g in stratum.generators)
    region, equations = stratum.region, stratum.equations
    at_points = [stratum.on_stratum(part) for part in (slope, offset)]
    if variable not in stratum.local:
        at_points[1] -= poly.ring.zero if is_local else new
        region = restrict(region, variable, *at_points, known=essential_factors(slope, region))
        equations = tuple(substituted(e, variable, -at_points[1], at_points[0]) for e in equations)
    new_kind = LOCAL if is_local else "real"
    kinds = tuple(new_kind if i == variable else kind for i, kind in enumerate(stratum.kinds))
    name = poly.ring.symbols[variable]
    steps = (
        *stratum.steps,
        (f"new variable {name} := {poly.as_expr()}", {variable: (numerator, slope)}),
    )
    changed_stratum = replace(
        stratum, generators=generators, kinds=kinds, equations=equations, steps=steps
    )
    return replace(changed_stratum, region=_region(replace(stratum, region=region), kinds))


def blown_up(stratum: Stratum, weights: Sequence[int]) -> list[Stratum]:
    r"""Strata of the exceptional set of a weighted blow-up of local variables.

    In the chart of $i$, $x_i=\pm\alpha^{\omega_i}$ and $x_j=\alpha^{\omega_j}x_j'$; it takes the
    points at which the $x_j'$ of all earlier charts vanish. A variable that carries an
    exponent is either zero or a unit, so its two cases are two strata.
    """
    center = [i for i in stratum.local if weights[i]]
    # points on fewer divisors first: the free variables make room for the others
    center.sort(key=lambda i: (not stratum.is_free(i), i))
    found = []
    for place, chart in enumerate(center):
        signs = _signs(stratum, weights, center, chart)
        for sign, kind in signs:
            start = list(stratum.kinds)
            start[chart] = kind
            for kinds in _kinds_after(stratum, start, center[place + 1 :]):
                found.append(_in_chart(stratum, weights, center, chart, sign, kinds))
    return found


def _signs(
    stratum: Stratum, weights: Sequence[int], center: list[int], chart: int
) -> list[tuple[int, str]]:
    if stratum.kinds[chart] == LOCAL_POSITIVE:
        return [(1, LOCAL_POSITIVE)]
    one_sided = any(stratum.kinds[j] == LOCAL_POSITIVE for j in center)
    if weights[chart] % 2 and not one_sided:
        return [(1, LOCAL)]
    return [(1, LOCAL_POSITIVE), (-1, LOCAL_POSITIVE)]


def _kinds_after(stratum: Stratum, kinds: list[str], later: Sequence[int]) -> list[list[str]]:
    if not later:
        return [kinds]
    first, rest = later[0], later[1:]
    if stratum.is_free(first):
        options = ["real"]
    elif stratum.kinds[first] == LOCAL:
        options = ["nonzero", LOCAL]
    else:
        options = ["positive", LOCAL_POSITIVE]
    found = []
    for option in options:
        found += _kinds_after(
            stratum, [option if i == first else k for i, k in enumerate(kinds)], rest
        )
    return found


def _in_chart(
    stratum: Stratum,
    weights: Sequence[int],
    center: list[int],
    chart: int,
    sign: int,
    kinds: list[str],
) -> Stratum:
    def pulled_back(poly: PolyElement) -> PolyElement:
        found = poly.ring.zero
        for exponent, value in poly.items():
            power = sum(weights[j] * exponent[j] for j in center)
            new = (*exponent[:chart], power, *exponent[chart + 1 :])
            found[new] = value * sign ** exponent[chart]
        return found

    common, prior = list(stratum.common), list(stratum.prior)
    common[chart] = sum(weights[j] * common[j] for j in center)
    prior[chart] = sum((weights[j] * (prior[j] + 1) for j in center), Fraction(0)) - 1
    for i, kind in enumerate(kinds):
        if kind not in (LOCAL, LOCAL_POSITIVE):
            common[i], prior[i] = 0, Fraction(0)
    ring = stratum.generators[0].ring
    alpha = ring.gens[chart]
    mapping = {j: (alpha ** weights[j] * ring.gens[j], ring.one) for j in center if j != chart}
    mapping[chart] = (sign * alpha ** weights[chart], ring.one)
    names = ", ".join(
        f"{ring.symbols[j]}" + (f":{weights[j]}" if weights[j] > 1 else "") for j in center
    )
    return replace(
        stratum,
        generators=tuple(pulled_back(poly) for poly in stratum.generators),
        kinds=tuple(kinds),
        common=tuple(common),
        prior=tuple(prior),
        region=_region(stratum, kinds),
        steps=(*stratum.steps, (f"blow-up of ({names}), chart {ring.symbols[chart]}", mapping)),
        num_blow_ups=stratum.num_blow_ups + 1,
    )

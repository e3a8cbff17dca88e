"""Changes of coordinates that make the generators of an ideal shorter."""

from collections.abc import Sequence

from sympy.polys.rings import PolyElement

from ._real_zeros import coefficient, degree, factors, has_no_zero, variables
from ._strata import Stratum, changed, simplified


def linear_variable(
    poly: PolyElement, stratum: Stratum, candidates: Sequence[int]
) -> tuple[int, PolyElement, bool] | None:
    """Variable that occurs linearly, its coefficient, and whether that is a unit."""
    found = []
    for i in candidates:
        if degree(poly, i) == 1:
            slope = coefficient(poly, i, 1)
            at_points = stratum.on_stratum(slope)
            if at_points != 0:
                is_unit = has_no_zero([at_points], stratum.region)
                found.append((not is_unit, len(slope), i, slope))
    if not found:
        return None
    is_not_unit, _, variable, slope = min(found, key=lambda item: item[:3])
    return variable, slope, not is_not_unit


def eliminated(stratum: Stratum) -> Stratum | None:
    """Take a generator that is linear in a free variable as a coordinate."""
    best: Stratum | None = None
    for poly in stratum.generators:
        if len(poly) == 1:
            continue
        free = [i for i in variables(poly) if stratum.is_free(i)]
        linear = linear_variable(poly, stratum, free)
        if linear is not None and linear[2]:
            new = changed(stratum, linear[0], poly)
            if best is None or size(new) < size(best):
                best = new
    return best


def in_better_coordinates(stratum: Stratum) -> Stratum | None:
    """Change variables such that the generators become shorter, all taken together."""
    best, smallest = None, size(stratum)
    for number, poly in enumerate(stratum.generators):
        if len(poly) == 1:
            continue
        new = simplified(_shortened(stratum, number))
        if size(new) < smallest:
            best, smallest = new, size(new)
    return best


def size(stratum: Stratum) -> int:
    """Number of terms of all generators."""
    return sum(len(poly) for poly in stratum.generators)


def _shortened(stratum: Stratum, number: int) -> Stratum:
    """Change variables as long as that shortens one generator."""
    poly = stratum.generators[number]
    for factor in _candidate_coordinates(poly):
        free = [i for i in variables(factor) if stratum.is_free(i) or stratum.kinds[i] == "real"]
        linear = linear_variable(factor, stratum, free)
        if linear is None or not linear[2]:
            continue
        is_local = stratum.is_free(linear[0])
        if is_local and stratum.on_stratum(factor) != 0:
            continue
        new = changed(stratum, linear[0], factor, is_local=is_local)
        if len(new.generators[number]) < len(poly):
            return _shortened(new, number)
    return stratum


def _candidate_coordinates(poly: PolyElement) -> list[PolyElement]:
    """Factors of a generator and of its coefficients, and halves of completed squares."""
    found: dict[PolyElement, None] = {}
    parts = [poly]
    for _ in range(2):
        parts += [coefficient(part, i, 1) for part in parts for i in variables(part)]
    for part in dict.fromkeys(parts):
        if 1 < len(part) <= 8:
            found |= {factor: None for factor, _ in factors(part) if 1 < len(factor) <= 5}
    for factor, _ in factors(poly):
        for i in variables(factor):
            if degree(factor, i) == 2 and len(half := factor.diff(i)) > 1:
                found[half] = None
    return list(found)

"""Recognize strata that differ only in the names of their variables.

A label is computed by refining colors of the variables until all differ. Equal labels mean equal
problems; that equal problems may get different labels costs time and nothing else.
"""

from collections.abc import Hashable

from sympy.polys.rings import PolyElement

from ._strata import Stratum

Label = Hashable


def label(stratum: Stratum) -> Label:
    """Description of the local problem of a stratum without the names of its variables."""
    groups = (
        stratum.generators,
        tuple(stratum.region.nonzero),
        tuple(stratum.region.positive),
        stratum.equations,
    )
    used = {
        i
        for group in groups
        for poly in group
        for exponent in poly
        for i, power in enumerate(exponent)
        if power
    } | set(stratum.local)
    colors: dict[int, int] = _ranked(
        {i: (stratum.kinds[i], stratum.common[i], stratum.prior[i]) for i in used}
    )
    while True:
        colors = _refined(colors, groups)
        if len(set(colors.values())) == len(used):
            break
        values = list(colors.values())
        tied = min(i for i in used if values.count(colors[i]) > 1)
        colors = _ranked({i: (color, i != tied) for i, color in colors.items()})
    order = sorted(used, key=lambda i: colors[i])
    return (
        tuple((stratum.kinds[i], stratum.common[i], stratum.prior[i]) for i in order),
        tuple(tuple(sorted(_renamed(poly, order) for poly in group)) for group in groups),
    )


def _renamed(poly: PolyElement, order: list[int]) -> tuple:
    return tuple(sorted((tuple(e[i] for i in order), value) for e, value in poly.items()))


def _refined(colors: dict[int, int], groups: tuple[tuple[PolyElement, ...], ...]) -> dict[int, int]:
    """Split colors by the terms in which their variables occur, until nothing changes."""
    while True:
        seen: dict[int, list] = {i: [] for i in colors}
        for place, group in enumerate(groups):
            for poly in group:
                described = {
                    exponent: (
                        value,
                        tuple(sorted((colors[i], e) for i, e in enumerate(exponent) if e)),
                    )
                    for exponent, value in poly.items()
                }
                whole = tuple(sorted(described.values()))
                for exponent, term in described.items():
                    for i, power in enumerate(exponent):
                        if power:
                            seen[i].append((place, power, term, whole))
        new = _ranked({i: (colors[i], tuple(sorted(seen[i]))) for i in colors})
        if len(set(new.values())) == len(set(colors.values())):
            return new
        colors = new


def _ranked(described: dict[int, tuple]) -> dict[int, int]:
    ranks = {value: rank for rank, value in enumerate(sorted(set(described.values())))}
    return {i: ranks[value] for i, value in described.items()}

r"""Newton polyhedra in exact arithmetic.

The Newton polyhedron of exponents $v$ is $\Gamma=\operatorname{conv}(v)+\mathbb R_{\ge0}^n$. Its
facets are $\langle\omega,x\rangle=t$ with normals $\omega\ge0$. Where $K\asymp\sum_v x^{2v}$ and
the prior is $\asymp x^h$, the zeta function has its largest pole at

$$\lambda = \min_\omega\frac{\langle\omega,h+1\rangle}{2t(\omega)},$$

since with $x_i=e^{-u_i}$ the volume of $\{K<\epsilon\}$ is the integral of
$e^{-\langle h+1,u\rangle}$ over $\{u\ge0,\ 2\langle v,u\rangle\ge-\ln\epsilon\}$: the minimum of a
linear program, and one logarithm for each dimension of the face that attains it.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import gcd
from typing import NamedTuple

Exponents = tuple[int, ...]

MAX_FACES = 3000
"""Beyond this many faces the polyhedron is not examined: blow-ups are cheaper."""


class Facet(NamedTuple):
    """A facet of the polyhedron that bounds it away from the origin."""

    normal: Exponents
    """Primitive inner normal."""
    level: int
    """Value of the normal on the facet, positive."""
    members: frozenset[int]
    """Indices of the exponents on the facet."""


def minimal_exponents(exponents: Sequence[Exponents]) -> list[Exponents]:
    """Drop the exponents that another one divides; they are on no compact face."""
    ordered = sorted(set(exponents), key=lambda exponent: (sum(exponent), exponent))
    kept: list[Exponents] = []
    for exponent in ordered:
        if not any(all(a <= b for a, b in zip(other, exponent, strict=True)) for other in kept):
            kept.append(exponent)
    return kept


def facets(exponents: Sequence[Exponents]) -> list[Facet]:
    r"""Facets with $t > 0$: the vertices of $\{u\ge0,\langle v,u\rangle\ge1\}$.

    By double description of the cone $\{(u,t)\ge0,\langle v,u\rangle\ge t\}$, in integers.
    """
    size = len(exponents[0])
    constraints = [tuple(int(i == j) for j in range(size + 1)) for i in range(size + 1)]
    rays = {row: frozenset(range(size + 1)) - {i} for i, row in enumerate(constraints)}
    for exponent in exponents:
        rays = _cut(rays, (*exponent, -1), len(constraints))
        constraints.append((*exponent, -1))
    found = []
    for ray in sorted(rays):
        normal, level = ray[:-1], ray[-1]
        if level > 0:
            members = (i for i, v in enumerate(exponents) if _dot(normal, v) == level)
            found.append(Facet(normal, level, frozenset(members)))
    return found


def _cut(
    rays: dict[Exponents, frozenset[int]], constraint: Exponents, label: int
) -> dict[Exponents, frozenset[int]]:
    """Extreme rays of a cone and their tight constraints, after one more half-space."""
    values = {ray: _dot(ray, constraint) for ray in rays}
    kept = {
        ray: tight | {label} if values[ray] == 0 else tight
        for ray, tight in rays.items()
        if values[ray] >= 0
    }
    for above in (ray for ray in rays if values[ray] > 0):
        for below in (ray for ray in rays if values[ray] < 0):
            common = rays[above] & rays[below]
            if any(common <= tight for ray, tight in rays.items() if ray not in (above, below)):
                continue  # not adjacent
            a, b = values[above], -values[below]
            ray = tuple(b * x + a * y for x, y in zip(above, below, strict=True))
            divisor = gcd(*ray)
            kept[tuple(x // divisor for x in ray)] = common | {label}
    return kept


def compact_faces(exponents: Sequence[Exponents]) -> Iterator[frozenset[int]] | None:
    """Compact faces as sets of indices of exponents, the vertices first; None if too many."""
    size = len(exponents[0])
    masks = [(facet.normal, facet.members) for facet in facets(exponents)]
    for i in range(size):
        smallest = min(v[i] for v in exponents)
        if smallest == 0:  # otherwise the facet is among those with a positive level
            normal = tuple(int(i == j) for j in range(size))
            masks.append((normal, frozenset(k for k, v in enumerate(exponents) if v[i] == 0)))
    faces = {members for _, members in masks}
    frontier = set(faces)
    while frontier:
        frontier = {face & members for face in frontier for _, members in masks} - faces
        faces |= frontier
        if len(faces) > MAX_FACES:
            return None

    def is_compact(face: frozenset[int]) -> bool:
        normals = [normal for normal, members in masks if face <= members]
        return bool(face) and all(any(normal[i] for normal in normals) for i in range(size))

    return iter(sorted((face for face in faces if is_compact(face)), key=lambda f: (len(f), *f)))


def threshold(
    exponents: Sequence[Exponents], prior_exponents: Sequence[Fraction]
) -> tuple[Fraction, int]:
    r"""Pole and multiplicity where $K\asymp\sum_v x^{2v}$ and the prior is $\asymp x^h$."""
    minimal = minimal_exponents(exponents)
    weights = [exponent + 1 for exponent in prior_exponents]
    vertices = [tuple(Fraction(x, facet.level) for x in facet.normal) for facet in facets(minimal)]
    values = [
        sum((w * u for w, u in zip(weights, vertex, strict=True)), Fraction(0))
        for vertex in vertices
    ]
    best = min(values)
    optimal = [vertex for vertex, value in zip(vertices, values, strict=True) if value == best]
    return best / 2, 1 + _affine_dimension(optimal)


def _affine_dimension(points: list[tuple[Fraction, ...]]) -> int:
    rows = [[a - b for a, b in zip(point, points[0], strict=True)] for point in points[1:]]
    rank = 0
    for column in range(len(points[0])):
        pivot = next((row for row in rows if row[column] != 0), None)
        if pivot is None:
            continue
        rank += 1
        rows = [
            [a - row[column] / pivot[column] * b for a, b in zip(row, pivot, strict=True)]
            for row in rows
            if row is not pivot
        ]
    return rank


def _dot(left: Exponents, right: Exponents) -> int:
    return sum(a * b for a, b in zip(left, right, strict=True))

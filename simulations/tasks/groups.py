r"""Finite groups as validated Cayley tables.

A group of order $M$ is the table `table[g, h]` = index of $g h$, together with the names of its
elements. Every group, built here or by hand, is checked against the axioms in $O(M^2 \log M)$.
"""

import difflib
import itertools
import re
from dataclasses import dataclass, field
from functools import cached_property
from math import isqrt

import numpy as np
from jaxtyping import Bool, Int


@dataclass(frozen=True, eq=False)
class Group:
    """A finite group; equal groups have the same name and the same table.

    Parameters
    ----------
    name
        For example `"S3"` or `"Z2xZ4"`.
    table
        Cayley table, `table[g, h]` = index of the product of elements `g` and `h`.
    labels
        One name an element; by default the indices.

    Raises
    ------
    ValueError
        If the table breaks a group axiom; the message names the axiom and the elements.
    """

    name: str
    table: Int[np.ndarray, "group group"] = field(repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self):
        table = _as_table(self.table)
        labels = tuple(self.labels) or tuple(str(element) for element in range(len(table)))
        if len(labels) != len(table):
            raise ValueError(f"labels must name {len(table)} elements, got {len(labels)} labels")
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "labels", labels)
        _check_axioms(table, labels)

    def __eq__(self, other):
        if not isinstance(other, Group):
            return NotImplemented
        return self.name == other.name and np.array_equal(self.table, other.table)

    def __hash__(self):
        return hash((self.name, self.table.tobytes()))

    @property
    def order(self) -> int:
        """Number of elements."""
        return len(self.table)

    @cached_property
    def identity(self) -> int:
        """Index of the neutral element."""
        return _identity(self.table)

    @cached_property
    def inverses(self) -> Int[np.ndarray, " group"]:
        """Index of the inverse of every element."""
        return (self.table == self.identity).argmax(axis=1)

    @cached_property
    def is_abelian(self) -> bool:
        """Whether all elements commute."""
        return bool((self.table == self.table.T).all())


def from_table(table, *, name: str = "custom", labels: tuple[str, ...] = ()) -> Group:
    """Return the group with a given Cayley table (any array-like of integers).

    >>> from_table([[0, 1], [1, 0]], name="parity").is_abelian
    True
    """
    return Group(name, np.asarray(table), labels)


def cyclic(order: int) -> Group:
    r"""Return $Z_n$, addition modulo `order`.

    >>> cyclic(3).table.tolist()
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]]
    """
    _check_size("order", order)
    elements = np.arange(order)
    return Group(f"Z{order}", (elements[:, None] + elements) % order)


def product(*factors: Group) -> Group:
    """Return the direct product; the last factor's index runs fastest."""
    if not factors:
        raise ValueError("product needs at least one group, got none")
    if len(factors) == 1:
        return factors[0]
    orders = tuple(factor.order for factor in factors)
    coordinates = np.unravel_index(np.arange(np.prod(orders)), orders)
    parts = [f.table[c[:, None], c] for f, c in zip(factors, coordinates, strict=True)]
    labels = (",".join(parts) for parts in itertools.product(*(f.labels for f in factors)))
    return Group(
        "x".join(f"({f.name})" if ":" in f.name else f.name for f in factors),
        np.ravel_multi_index(parts, orders),
        tuple(f"({label})" for label in labels),
    )


def semidirect_product(
    normal: Group,
    acting: Group,
    action: Int[np.ndarray, "acting normal"],
    *,
    name: str | None = None,
) -> Group:
    r"""Return $N \rtimes H$ with $(n, h)(n', h') = (n\, h{\cdot}n',\ h h')$.

    Parameters
    ----------
    normal, acting
        The groups $N$ and $H$; the element $(n, h)$ has the index $n |H| + h$.
    action
        `action[h, n]` = index of $h \cdot n$: a homomorphism from $H$ to the automorphisms of $N$.
    name
        By default `"N:H"`.

    Raises
    ------
    ValueError
        If the action is not by automorphisms or is not a homomorphism.
    """
    action = np.asarray(action)
    if action.shape != (acting.order, normal.order):
        raise ValueError(
            f"action must have shape {(acting.order, normal.order)} (acting, normal), "
            f"got {action.shape}"
        )
    if not (np.sort(action, axis=1) == np.arange(normal.order)).all():
        raise ValueError("every row of action must be a permutation of the normal group")
    for h, image in enumerate(action):
        if not np.array_equal(image[normal.table], normal.table[image[:, None], image]):
            raise ValueError(
                f"action of {acting.labels[h]} is not an automorphism of {normal.name}: "
                f"it does not respect products"
            )
    composed = action[np.arange(acting.order)[:, None, None], action]
    wrong = np.argwhere((action[acting.table] != composed).any(axis=-1))
    if len(wrong):
        g, h = (acting.labels[element] for element in wrong[0])
        raise ValueError(
            f"action is not a homomorphism: acting with {h} and then {g} differs from their product"
        )
    n, h = np.divmod(np.arange(normal.order * acting.order), acting.order)
    table = normal.table[n[:, None], action[h[:, None], n]] * acting.order
    table += acting.table[h[:, None], h]
    labels = tuple(f"({a},{b})" for a in normal.labels for b in acting.labels)
    return Group(name or f"{normal.name}:{acting.name}", table, labels)


def dihedral(sides: int) -> Group:
    """Return the symmetries of the regular `sides`-gon, of order `2 * sides` (named D<sides>)."""
    _check_size("sides", sides)
    elements = np.arange(sides)
    action = np.stack([elements, -elements % sides])
    return semidirect_product(cyclic(sides), cyclic(2), action, name=f"D{sides}")


def dicyclic(half: int) -> Group:
    r"""Return the dicyclic group of order `4 * half`; `dicyclic(2)` is the quaternion group Q8.

    Elements $a^i x^e$ with $a^{2n} = 1$, $x^2 = a^n$, $x a x^{-1} = a^{-1}$, $n$ = `half`.
    """
    _check_size("half", half)
    e, i = np.divmod(np.arange(4 * half), 2 * half)
    power = i[:, None] + np.where(e[:, None] == 1, -i, i) + half * (e[:, None] & e)
    table = (e[:, None] ^ e) * 2 * half + power % (2 * half)
    is_quaternion = half >= 2 and half & (half - 1) == 0
    labels = tuple(f"a{power}" + "x" * flip for flip, power in zip(e, i, strict=True))
    return Group(f"Q{4 * half}" if is_quaternion else f"Dic{half}", table, labels)


def symmetric(points: int) -> Group:
    """Return all permutations of `points` (at most 6) points; `(g h)(i) = g(h(i))`."""
    return _permutation_group(f"S{points}", points, even_only=False)


def alternating(points: int) -> Group:
    """Return the even permutations of `points` (at most 6) points."""
    return _permutation_group(f"A{points}", points, even_only=True)


def frobenius(prime: int, complement: int) -> Group:
    r"""Return $Z_p \rtimes Z_q$, $p$ = `prime`, with $Z_q$ acting by a root of unity modulo $p$.

    Parameters
    ----------
    prime
        A prime $p$.
    complement
        A divisor $q \ge 2$ of $p - 1$. For example, `frobenius(7, 3)` is F21.
    """
    if not is_prime(prime):
        raise ValueError(f"prime must be a prime number, got {prime}")
    if complement < 2 or (prime - 1) % complement:
        raise ValueError(
            f"complement must be a divisor of prime - 1 = {prime - 1} and at least 2, "
            f"got {complement}"
        )
    root = next(r for r in range(2, prime) if _order_modulo(r, prime) == complement)
    powers = np.array([pow(root, exponent, prime) for exponent in range(complement)])
    action = powers[:, None] * np.arange(prime) % prime
    name = f"F{prime * complement}"
    return semidirect_product(cyclic(prime), cyclic(complement), action, name=name)


def group(name: str) -> Group:
    """Return a group by name.

    Parameters
    ----------
    name
        Factors joined by `x`, each one of Z<order>, D<sides> (order twice that), Q<order>,
        Dic<half> (order four times that), S<points>, A<points>, F<order>.

    Raises
    ------
    ValueError
        For an unknown name, with a suggestion.

    >>> group("Z2xZ2").order, group("D5").order, group("Q8").order, group("F21").order
    (4, 10, 8, 21)
    """
    return product(*(_named_factor(part, name) for part in name.split("x")))


def is_prime(number: int) -> bool:
    """Return whether an integer is a prime number."""
    return number >= 2 and all(number % divisor for divisor in range(2, isqrt(number) + 1))


def _quaternion(order: int) -> Group:
    if order < 8 or order & (order - 1):
        raise ValueError(f"a quaternion group has order 8, 16, 32, ..., got Q{order}")
    return dicyclic(order // 4)


def _frobenius_of_order(order: int) -> Group:
    for prime in range(2, order):
        complement = order // prime
        if prime * complement == order and is_prime(prime) and (prime - 1) % complement == 0:
            return frobenius(prime, complement)
    raise ValueError(
        f"no prime p and divisor q >= 2 of p - 1 have p q = {order}, got F{order}; try F20 or F21"
    )


_FAMILIES = {
    "Z": cyclic,
    "D": dihedral,
    "Q": _quaternion,
    "Dic": dicyclic,
    "S": symmetric,
    "A": alternating,
    "F": _frobenius_of_order,
}


def _named_factor(part: str, name: str) -> Group:
    match = re.fullmatch(r"([A-Za-z]*)([0-9]+)", part)
    if match and match[1] in _FAMILIES:
        return _FAMILIES[match[1]](int(match[2]))
    digits = match[2] if match else "7"
    candidates = {f"{family}{digits}".lower(): f"{family}{digits}" for family in _FAMILIES}
    candidates |= {f"c{digits}": f"Z{digits}", "v4": "Z2xZ2", "k4": "Z2xZ2"}  # other conventions
    close = difflib.get_close_matches(part.lower(), candidates, n=1, cutoff=0.5) or ["z" + digits]
    raise ValueError(
        f"unknown group {name!r}: {part!r} is none of Z<n>, D<n>, Q<n>, Dic<n>, S<n>, A<n>, F<n> "
        f"(products are written Z2xZ4); did you mean {candidates[close[0]]!r}?"
    )


def _check_size(argument: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{argument} must be a positive integer, got {value}")


def _order_modulo(root: int, prime: int) -> int:
    return next(k for k in range(1, prime) if pow(root, k, prime) == 1)


def _permutation_group(name: str, points: int, *, even_only: bool) -> Group:
    if not 1 <= points <= 6:
        raise ValueError(f"points must lie in 1..6 (a table of at most 720 x 720), got {points}")
    permutations = np.array(list(itertools.permutations(range(points))))
    if even_only:
        upper = np.triu_indices(points, 1)
        inversions = (permutations[:, upper[0]] > permutations[:, upper[1]]).sum(axis=1)
        permutations = permutations[inversions % 2 == 0]
    base = points ** np.arange(points)[::-1]
    composed = permutations[:, permutations] @ base
    table = np.searchsorted(permutations @ base, composed)
    return Group(name, table, tuple("".join(map(str, p)) for p in permutations))


def _as_table(table) -> Int[np.ndarray, "group group"]:
    table = np.asarray(table)
    if not np.issubdtype(table.dtype, np.integer):
        raise TypeError(f"table must hold integers, got dtype {table.dtype}")
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not table.size:
        raise ValueError(f"table must be a non-empty square matrix, got shape {table.shape}")
    table = np.array(table, dtype=np.int64, order="C")
    table.setflags(write=False)
    return table


def _identity(table: Int[np.ndarray, "group group"]) -> int:
    elements = np.arange(len(table))
    neutral = (table == elements).all(axis=1) & (table.T == elements).all(axis=1)
    return int(neutral.argmax()) if neutral.any() else -1


def _check_axioms(table: Int[np.ndarray, "group group"], labels: tuple[str, ...]) -> None:
    outside = np.argwhere((table < 0) | (table >= len(table)))
    if len(outside):
        g, h = outside[0]
        raise ValueError(
            f"table is not closed: {labels[g]} * {labels[h]} has the index {table[g, h]}, "
            f"outside 0..{len(table) - 1}"
        )
    identity = _identity(table)
    if identity < 0:
        raise ValueError("table has no identity: no element leaves all others unchanged")
    is_inverse = (table == identity) & (table.T == identity)
    without = np.flatnonzero(~is_inverse.any(axis=1))
    if len(without):
        raise ValueError(f"element {labels[without[0]]} has no inverse")
    # Light's test: (x a) y = x (a y) for all x, y and for a in a generating set is enough.
    for a in _generators(table, identity):
        wrong = np.argwhere(table[table[:, a]] != table[:, table[a]])
        if len(wrong):
            x, y = (labels[element] for element in wrong[0])
            raise ValueError(
                f"table is not associative: ({x} * {labels[a]}) * {y} != {x} * ({labels[a]} * {y})"
            )


def _generators(table: Int[np.ndarray, "group group"], identity: int) -> list[int]:
    generators: list[int] = []
    reached: Bool[np.ndarray, " group"] = np.arange(len(table)) == identity
    while not reached.all():
        generators.append(int(np.flatnonzero(~reached)[0]))
        reached[generators[-1]] = True
        size = 0
        while size != reached.sum():
            size = reached.sum()
            reached[table[np.ix_(reached, reached)]] = True
    return generators

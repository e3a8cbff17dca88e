r"""Irreducible representations of any finite group, computed from its Cayley table alone.

A group of order $M$ is a table with ``table[g, h]`` the index of $gh$; the identity may have any
index. The left regular representation contains every irreducible representation $\rho$ exactly
$d_\rho$ times, and a generic Hermitian element of its commutant (the right multiplications) has one
eigenspace per copy. One eigendecomposition therefore yields all of them; an eigenvector error
$\varepsilon$ enters the matrices only as $\varepsilon^2$, because the exact eigenspaces are
invariant and mutually orthogonal.

The Fourier convention throughout is $\hat u(\rho) = \sum_g u(g)\,\rho(g)$, under which the
convolution $(u * v)(h) = \sum_g u(g)\,v(g^{-1}h)$ becomes the product $\hat u(\rho)\hat v(\rho)$.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Complex, Float, Int

_SEED = 20250921
_MAX_DRAWS = 20
_MIN_GAP = 1e-6


@dataclass(frozen=True, eq=False)
class Irrep:
    r"""One complex irreducible unitary representation $\rho$.

    Attributes
    ----------
    dimension : int
        $d_\rho$.
    matrices : [group, dimension, dimension]
        $\rho(g)$, unitary; exactly real if the representation is of real type.
    character : [group]
        $\chi_\rho(g) = \operatorname{tr}\rho(g)$; exactly real unless of complex type.
    frobenius_schur : int
        $M^{-1}\sum_g \chi_\rho(g^2)$: 1 (real type), 0 (complex) or -1 (quaternionic).
    conjugate : int
        Index, in the tuple returned by :func:`irreps`, of the representation with the conjugate
        character: its own for real and quaternionic type. The matrices of a complex pair are
        element-wise conjugates of one another.
    """

    dimension: int
    matrices: Complex[np.ndarray, "group dimension dimension"]
    character: Complex[np.ndarray, " group"]
    frobenius_schur: int
    conjugate: int

    @property
    def kind(self) -> Literal["real", "complex", "quaternionic"]:
        """Name of the Frobenius-Schur type."""
        return ("quaternionic", "complex", "real")[self.frobenius_schur + 1]

    @property
    def is_trivial(self) -> bool:
        r"""Whether $\rho(g) = 1$ for every $g$."""
        return self.dimension == 1 and bool(np.allclose(self.character, 1.0))


def validate_table(table: np.ndarray) -> None:
    """Raise unless ``table`` is the Cayley table of a group, naming the axiom that fails.

    Raises
    ------
    TypeError
        The entries are not integers.
    ValueError
        The table is not square, not closed, has no identity, is not a Latin square (so inverses
        are missing), or is not associative; the message shows where.

    Notes
    -----
    Costs O(group^3) time and O(group^2) memory.
    """
    table = np.asarray(table)
    if not np.issubdtype(table.dtype, np.integer):
        raise TypeError(f"table must hold integer element indices, got dtype {table.dtype}")
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape[0] == 0:
        raise ValueError(f"table must be square and not empty, got shape {table.shape}")
    order = table.shape[0]
    outside = np.argwhere((table < 0) | (table >= order))
    if len(outside):
        g, h = map(int, outside[0])
        raise ValueError(
            f"table is not closed: table[{g}, {h}] = {table[g, h]} lies outside 0..{order - 1}"
        )
    identity(table)
    for line, rows in (("row", table), ("column", table.T)):
        repeats = np.flatnonzero((np.sort(rows, axis=1) != np.arange(order)).any(axis=1))
        if len(repeats):
            raise ValueError(
                f"table is not a Latin square: {line} {repeats[0]} repeats an element, so not "
                "every element has an inverse"
            )
    for g in range(order):
        wrong = np.argwhere(table[table[g]] != table[g][table])
        if len(wrong):
            h, k = map(int, wrong[0])
            raise ValueError(
                f"table is not associative: ({g}*{h})*{k} = {table[table[g, h], k]} but "
                f"{g}*({h}*{k}) = {table[g, table[h, k]]}"
            )


def identity(table: Int[np.ndarray, "group group"]) -> int:
    """Index of the identity element.

    Raises
    ------
    ValueError
        No element leaves all others unchanged from both sides.
    """
    elements = np.arange(len(table))
    neutral = (table == elements).all(axis=1) & (table.T == elements).all(axis=1)
    if not neutral.any():
        raise ValueError("table has no identity: no row and column list the elements in order")
    return int(np.argmax(neutral))


def inverses(table: Int[np.ndarray, "group group"]) -> Int[np.ndarray, " group"]:
    """Index of the inverse of every element.

    >>> inverses(np.add.outer(np.arange(4), np.arange(4)) % 4)
    array([0, 3, 2, 1])
    """
    return np.argmax(table == identity(table), axis=1)


def conjugacy_classes(
    table: Int[np.ndarray, "group group"],
) -> tuple[Int[np.ndarray, " members"], ...]:
    r"""Conjugacy classes $\{k g k^{-1}\}$, each sorted, ordered by their smallest element."""
    conjugates = table[table, inverses(table)[:, None]]  # [k, g] -> k g k^-1
    smallest = conjugates.min(axis=0)
    return tuple(np.flatnonzero(smallest == g) for g in np.unique(smallest))


def irreps(table: Int[np.ndarray, "group group"]) -> tuple[Irrep, ...]:
    r"""All complex irreducible unitary representations of a finite group.

    The trivial one comes first; then by dimension; one-dimensional ones by the phases
    $\arg\chi(g)/2\pi \in [0, 1)$ in order of $g$, so that for the cyclic group with
    ``table[g, h] = (g + h) % M`` entry $k$ is $\chi_k(g) = e^{2\pi i k g/M}$; others by decreasing
    real, then imaginary part of the character. The result is deterministic.

    Parameters
    ----------
    table : [group, group]
        Cayley table; any group, any labeling.

    Returns
    -------
    tuple of Irrep
        As many as there are conjugacy classes, with $\sum_\rho d_\rho^2 = M$. Homomorphism and
        unitarity hold to about 1e-13.

    Raises
    ------
    ValueError, TypeError
        From :func:`validate_table`.

    Notes
    -----
    Dominated by one Hermitian eigendecomposition of size $M$: O($M^3$).

    Source: derived (decomposition of the regular representation by a random element of its
    commutant).

    >>> symmetric_3 = np.array([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4],
    ...                         [3, 5, 4, 0, 2, 1], [4, 3, 5, 1, 0, 2], [5, 4, 3, 2, 1, 0]])
    >>> [(irrep.dimension, irrep.kind) for irrep in irreps(symmetric_3)]
    [(1, 'real'), (1, 'real'), (2, 'real')]
    """
    table = np.asarray(table)
    validate_table(table)
    rng = np.random.default_rng(_SEED)
    for _ in range(_MAX_DRAWS):
        found = _decompose(table, rng)
        if sum(matrices.shape[1] ** 2 for matrices in found) == len(table):
            return _finish(table, found, rng)
    raise RuntimeError(f"no well-separated spectrum in {_MAX_DRAWS} draws; group too large?")


def group_fourier_transform(
    f: Float[np.ndarray, "*batch group"] | Complex[np.ndarray, "*batch group"],
    irreps: tuple[Irrep, ...],
) -> tuple[Complex[np.ndarray, "*batch dimension dimension"], ...]:
    r"""Fourier transform of functions on a group, one matrix per irreducible representation:

    $$\hat f(\rho) = \sum_g f(g)\,\rho(g) .$$

    Plancherel reads $\sum_g f(g)\overline{k(g)} = M^{-1}\sum_\rho d_\rho
    \operatorname{tr}\hat f(\rho)\hat k(\rho)^*$.

    Parameters
    ----------
    f : [*batch, group]
        Functions on the group, last axis in the order of the Cayley table.
    irreps : tuple of Irrep
        From :func:`irreps`.

    Returns
    -------
    tuple of [*batch, dimension, dimension] arrays, complex128
    """
    order = len(irreps[0].character)
    if np.shape(f)[-1] != order:
        raise ValueError(f"f must have {order} entries on its last axis, got shape {np.shape(f)}")
    return tuple(np.tensordot(f, irrep.matrices, axes=(-1, 0)) for irrep in irreps)


def _decompose(table: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the matrices of each inequivalent irrep that one random commutant element resolves."""
    order = len(table)
    weights = rng.normal(size=order) + 1j * rng.normal(size=order)
    weights = (weights + weights[inverses(table)].conj()) / 2
    # Right multiplication: (A f)(g) = sum_k a(k) f(g k), i.e. A[g, h] = a(g^-1 h).
    eigenvalues, vectors = np.linalg.eigh(weights[table[inverses(table)]])
    cuts = np.flatnonzero(np.diff(eigenvalues) > _MIN_GAP * np.ptp(eigenvalues)) + 1
    characters: list[np.ndarray] = []
    found: list[np.ndarray] = []
    for basis in np.split(vectors, cuts, axis=1):
        # L(g) sends e_h to e_gh, so rho(g) = B^* L(g) B = sum_h B[gh]^* B[h].
        matrices = basis.conj()[table].transpose(0, 2, 1) @ basis
        character = np.trace(matrices, axis1=1, axis2=2)
        if abs(np.vdot(character, character).real / order - 1) > 1e-6:
            return []  # two copies ended up in one eigenspace
        if all(abs(np.vdot(other, character)) < order / 2 for other in characters):
            characters.append(character)
            found.append(matrices)
    return found


def _finish(
    table: np.ndarray, found: list[np.ndarray], rng: np.random.Generator
) -> tuple[Irrep, ...]:
    """Sort, pair up conjugates, and make the irreps of real type real."""
    order = len(table)
    found = sorted(found, key=_sort_key)
    characters = np.array([np.trace(matrices, axis1=1, axis2=2) for matrices in found])
    indicators = np.rint(characters[:, np.diagonal(table)].sum(axis=1).real / order).astype(int)
    partners = np.argmax(np.abs(characters @ characters.T), axis=1)
    result: list[Irrep] = []
    for index, (matrices, indicator, partner) in enumerate(
        zip(found, indicators, partners, strict=True)
    ):
        if partner < index:
            matrices = result[partner].matrices.conj()
        elif indicator == 1:
            matrices = _real_form(matrices, rng)
        character = np.trace(matrices, axis1=1, axis2=2)
        result.append(
            Irrep(
                dimension=matrices.shape[1],
                matrices=matrices,
                character=character if indicator == 0 else character.real.astype(np.complex128),
                frobenius_schur=int(indicator),
                conjugate=int(partner),
            )
        )
    return tuple(result)


def _sort_key(matrices: np.ndarray) -> tuple[int, tuple[float, ...]]:
    character = np.trace(matrices, axis1=1, axis2=2)
    if matrices.shape[1] == 1:
        return 1, tuple(np.round(np.angle(character) / (2 * np.pi), 6) % 1)
    pairs = np.stack([-character.real, -character.imag], axis=1).round(6)
    return matrices.shape[1], tuple(pairs.ravel() + 0.0)  # + 0.0 turns -0.0 into 0.0


def _real_form(matrices: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    r"""Change the basis of an irrep of real type so that its matrices are real.

    $J = \sum_g \rho(g) X \rho(g)^\top$ intertwines $\rho$ and $\bar\rho$ and is symmetric; its
    Takagi factor $J = W W^\top$ gives the real form $W^*\rho W$.
    """
    dimension = matrices.shape[1]
    seed = rng.normal(size=(dimension, dimension)) + 1j * rng.normal(size=(dimension, dimension))
    intertwiner = (matrices @ (seed + seed.T) @ matrices.transpose(0, 2, 1)).sum(axis=0)
    intertwiner /= np.linalg.norm(intertwiner, 2)
    # Real and imaginary part of a symmetric unitary matrix commute: one rotation for both.
    _, rotation = np.linalg.eigh(np.real(intertwiner) + np.sqrt(2) * np.imag(intertwiner))
    phases = np.angle(np.diagonal(rotation.T @ intertwiner @ rotation))
    takagi = rotation * np.exp(0.5j * phases)
    return np.real(takagi.conj().T @ matrices @ takagi).astype(np.complex128)

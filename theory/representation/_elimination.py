r"""Exact ranks of integer matrices, by elimination modulo primes.

The rank modulo a prime is at most the true one, and smaller only if the prime divides every minor
of the size of the rank. By Hadamard's inequality a minor is at most the product of the norms of its
rows. So primes whose product exceeds that bound cannot all divide one, and the largest of the ranks
modulo them is exact.
"""

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

# Products of two residues, and sums of a hundred of them, stay below 2^63.
PRIMES = (268435399, 268435367, 268435361, 268435337, 268435331, 268435313, 268435291, 268435273)


def primes_for(squared_norms: Int[np.ndarray, " rows"], rank: int) -> Iterator[int]:
    """Yield primes enough to tell the rank of rows of given squared norms, up to a largest rank.

    Raises
    ------
    ValueError
        If that takes more primes than there are.
    """
    largest = sorted((int(norm) for norm in squared_norms if norm > 0), reverse=True)[:rank]
    bound, product = math.prod(largest), 1
    for prime in PRIMES:
        yield prime
        product *= prime
        if product**2 > bound:
            return
    raise ValueError(
        f"matrix must have minors below 10^{round(math.log10(product))}, got {len(largest)} rows "
        f"with entries up to {math.isqrt(largest[0])}"
    )


def reduce_rows(
    rows: Int[np.ndarray, "rows columns"], basis: Int[np.ndarray, "columns columns"], prime: int
) -> Int[np.ndarray, "rows columns"]:
    """Return what is left of rows modulo the span of a basis, zero for those that lie in it."""
    return (rows - rows % prime @ basis) % prime


def row_space(
    rows: Int[np.ndarray, "rows columns"], prime: int
) -> tuple[Int[np.ndarray, "columns columns"], int]:
    """Return the reduced echelon basis of the row space modulo a prime, and the rank.

    Each vector stands in the row of its pivot column; the other rows are zero.
    """
    columns = rows.shape[1]
    basis = np.zeros((columns, columns), dtype=np.int64)
    left, rank = rows.astype(np.int64) % prime, 0
    for pivot in range(columns):
        candidates = np.flatnonzero(left[:, pivot])
        if not len(candidates):
            continue
        vector = left[candidates[0]]
        vector = vector * pow(int(vector[pivot]), -1, prime) % prime
        basis = (basis - basis[:, pivot, None] * vector) % prime
        basis[pivot] = vector
        left = (left - left[:, pivot, None] * vector) % prime
        rank += 1
    return basis, rank


def integer_rank(matrix: Int[np.ndarray, "rows columns"]) -> int:
    r"""Return the exact rank of an integer matrix.

    Raises
    ------
    ValueError
        If the minors may be too large for the primes at hand, some $10^{67}$.
    """
    norms = np.sum(matrix.astype(np.int64) ** 2, axis=1)
    if not np.any(norms):
        return 0
    size = min(matrix.shape)
    return max(row_space(matrix, prime)[1] for prime in primes_for(norms, size))


def in_row_space(
    rows: Int[np.ndarray, "tested columns"], matrix: Int[np.ndarray, "rows columns"]
) -> np.ndarray:
    """Tell exactly which of some integer rows are rational combinations of those of a matrix."""
    norms = np.sum(np.concatenate([matrix, rows]).astype(np.int64) ** 2, axis=1)
    if not np.any(norms):
        return np.ones(len(rows), dtype=bool)
    without, together = 0, np.zeros(len(rows), dtype=int)
    for prime in primes_for(norms, matrix.shape[1]):
        basis, rank = row_space(matrix, prime)
        is_new = np.any(reduce_rows(rows, basis, prime) != 0, axis=1)
        without, together = max(without, rank), np.maximum(together, rank + is_new)
    return together == without

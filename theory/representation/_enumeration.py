r"""Counting the training sets that determine the representation, without listing them.

The labels are taken one after another. All that the later ones need to know of the samples chosen
so far is the space that their parallelograms span, so sets with the same space are counted together
(the states of a transfer matrix); a space of full rank needs no state. Spaces are told apart by
their reduced echelon basis modulo a prime, which is exact: two of them are equal iff the rank of
their union is that of each, and the prime exceeds every minor on which these ranks rest.
"""

import math
from itertools import combinations

import numpy as np
from jaxtyping import Int

from ._elimination import PRIMES
from .rank import incidence_matrix
from .samples import all_samples

PRIME = PRIMES[0]
_BLOCK = 20_000  # states that are extended at once
_MERGED = 1_000_000  # states between two merges


def count_unique(num_symbols: int) -> Int[np.ndarray, " sizes"]:
    """Count the training sets of every size whose parallelograms have rank p - 2.

    Exact in 64 bit up to ten symbols: milliseconds up to seven, seconds for nine, minutes and
    7 GiB for ten.
    """
    samples = all_samples(num_symbols)
    size, full = len(samples), num_symbols - 2
    labels = samples.sum(axis=1)
    groups = [samples[labels == label] for label in range(2, 2 * num_symbols - 3)]
    found = np.zeros(size + 1, dtype=np.int64)
    bases = np.zeros((1, num_symbols, num_symbols), dtype=np.int32)
    ranks = np.zeros(1, dtype=np.int64)
    counts = np.zeros((1, size + 1), dtype=np.int64)
    counts[0, 0] = 1
    # Large labels first: full rank is reached early, and the small ones add few states.
    groups.sort(key=len, reverse=True)
    for group in groups:
        grown = counts.copy()
        grown[:, 1:] += len(group) * counts[:, :-1]
        states = [(bases, ranks, grown)]
        found = _with_any_of(len(group), found)
        held = len(bases)
        for chosen in range(2, len(group) + 1):
            for subset in combinations(range(len(group)), chosen):
                rows = _differences(group[list(subset)], num_symbols)
                for start in range(0, len(bases), _BLOCK):
                    block = slice(start, start + _BLOCK)
                    joined, new = _join(bases[block], ranks[block], rows)
                    moved = _shifted(counts[block], chosen)
                    found = found + moved[new == full].sum(axis=0)
                    is_open = (new < full) & (group is not groups[-1])
                    states.append((joined[is_open], new[is_open], moved[is_open]))
                    held += int(is_open.sum())
                if held > _MERGED:
                    states = [_merge(states)]
                    held = len(states[0][0])
        bases, ranks, counts = _merge(states)
    # The first and last two labels have one sample each, which is free.
    return _with_any_of(4, found)


def _with_any_of(more: int, counts: np.ndarray) -> np.ndarray:
    """Counts with any subset of so many more samples."""
    shifted = [math.comb(more, k) * _shifted(counts, k) for k in range(more + 1)]
    return np.sum(shifted, axis=0)


def _shifted(counts: np.ndarray, chosen: int) -> np.ndarray:
    """Counts after so many more samples."""
    moved = np.zeros_like(counts)
    moved[..., chosen:] = counts[..., : counts.shape[-1] - chosen]
    return moved


def _differences(group: np.ndarray, num_symbols: int) -> np.ndarray:
    first = np.broadcast_to(group[:1], group[1:].shape)
    return incidence_matrix(np.concatenate([group[1:], first], axis=1), num_symbols)


def _join(bases: np.ndarray, ranks: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Add rows to each of many echelon bases modulo the prime, and count what they add."""
    for row in rows % PRIME:
        left = (row - np.einsum("k,skj->sj", row, bases, dtype=np.int64)) % PRIME
        grows = np.flatnonzero(np.any(left, axis=1))
        bases, ranks = bases.copy(), ranks.copy()
        if not len(grows):
            continue
        left, states = left[grows], np.arange(len(grows))
        pivots = np.argmax(left != 0, axis=1)
        vectors = left * _inverse(left[states, pivots])[:, None] % PRIME
        old = bases[grows].astype(np.int64)
        old = (old - old[states, :, pivots][:, :, None] * vectors[:, None, :]) % PRIME
        old[states, pivots] = vectors
        bases[grows] = old
        ranks[grows] += 1
    return bases, ranks


def _inverse(residues: np.ndarray) -> np.ndarray:
    """Inverses modulo the prime, by Fermat's theorem."""
    result, power, exponent = np.ones_like(residues), residues, PRIME - 2
    while exponent:
        if exponent % 2:
            result = result * power % PRIME
        power, exponent = power * power % PRIME, exponent // 2
    return result


def _merge(states: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Add up the counts of equal spaces."""
    bases, ranks, counts = (np.concatenate(part) for part in zip(*states, strict=True))
    if not len(bases):
        return bases, ranks, counts
    flat = bases.reshape(len(bases), -1)
    weights = np.random.default_rng(0).integers(-(2**62), 2**62, flat.shape[1])
    hashes = np.array(np.concatenate([part @ weights for part in np.array_split(flat, 64)]))
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    for start in range(0, len(flat), _BLOCK):
        block = slice(start, start + _BLOCK)
        if not np.array_equal(flat[block], flat[first[which[block]]]):
            raise ArithmeticError("two different spaces have the same hash: change the weights")
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(len(first)))
    return bases[first], ranks[first], np.add.reduceat(counts[order], starts, axis=0)

r"""Parallelograms: pairs of samples with the same label.

A sample of addition is an unordered pair $i\le j$ of the symbols $0,\dots,p-1$ with the label
$i+j$. Two samples with one label are the diagonals of a *parallelogram* of the embeddings,

$$E_i + E_j = E_m + E_n, \qquad i + j = m + n .$$

A parallelogram is a row $(i, j, m, n)$. For a group the samples are ordered pairs, and products of
matrices stand for the sums, $E_aE_b = E_cE_d$ for $ab = cd$.
"""

import numpy as np
from jaxtyping import Int

from ._arguments import refuse_bad_samples, refuse_bad_table, refuse_few_symbols, refuse_repeated


def all_samples(num_symbols: int) -> Int[np.ndarray, "samples 2"]:
    r"""Return all $p(p+1)/2$ unordered pairs $i\le j$, in the order of $i$, then $j$.

    Raises
    ------
    ValueError
        If there are fewer than three symbols.

    >>> len(all_samples(10))
    55
    """
    refuse_few_symbols(num_symbols)
    return np.stack(np.triu_indices(num_symbols), axis=1)


def num_parallelograms(num_symbols: int) -> int:
    r"""Return the number of parallelograms among all samples.

    $$|P_0| = \sum_{s=0}^{2p-2}\frac{n_s(n_s-1)}2, \qquad
      n_s = \Bigl\lfloor\tfrac{\min(s,\,2p-2-s)}2\Bigr\rfloor + 1$$

    Raises
    ------
    ValueError
        If there are fewer than three symbols.

    Source: derived; 3 and 70 for four and ten symbols are in [liu2022effective, Sec. 3].

    >>> [num_parallelograms(p) for p in (4, 10, 30)]
    [3, 70, 2135]
    """
    sizes = label_sizes(num_symbols)
    return int(np.sum(sizes * (sizes - 1) // 2))


def label_sizes(num_symbols: int) -> Int[np.ndarray, " labels"]:
    r"""Return $n_s$, the number of samples with each of the labels $s = 0,\dots,2p-2$.

    Raises
    ------
    ValueError
        If there are fewer than three symbols.

    >>> label_sizes(4).tolist()
    [1, 1, 2, 2, 2, 1, 1]
    """
    refuse_few_symbols(num_symbols)
    labels = np.arange(2 * num_symbols - 1)
    return np.minimum(labels, 2 * num_symbols - 2 - labels) // 2 + 1


def parallelograms(
    num_symbols: int, samples: Int[np.ndarray, "samples 2"] | None = None
) -> Int[np.ndarray, "parallelograms 4"]:
    r"""Return the parallelograms that a set of samples permits, $P_0(D)$.

    Parameters
    ----------
    num_symbols
        $p \ge 3$.
    samples
        $D$: distinct pairs $i\le j$; all of them by default.

    Returns
    -------
    Rows $(i, j, m, n)$, each unordered pair of distinct samples with $i+j = m+n$ once.

    Raises
    ------
    ValueError
        If a sample is out of range, not written as $i\le j$, or comes twice.

    Source: [liu2022effective, Sec. 3.1].

    >>> parallelograms(4).tolist()
    [[0, 2, 1, 1], [0, 3, 1, 2], [1, 3, 2, 2]]
    """
    if samples is None:
        samples = all_samples(num_symbols)
    refuse_few_symbols(num_symbols)
    refuse_bad_samples(samples, num_symbols)
    first, second = pairs_within(samples.sum(axis=1))
    return np.concatenate([samples[first], samples[second]], axis=1)


def group_parallelograms(
    table: Int[np.ndarray, "group group"], samples: Int[np.ndarray, "samples 2"] | None = None
) -> Int[np.ndarray, "parallelograms 4"]:
    r"""Return the generalized parallelograms $ab = cd$ of a group that a set of samples permits.

    Parameters
    ----------
    table
        Cayley table, ``table[a, b]`` $= ab$.
    samples
        Distinct ordered pairs $(a, b)$; all $g^2$ of them by default.

    Returns
    -------
    Rows $(a, b, c, d)$, each unordered pair of distinct samples with the same product once:
    $g^2(g-1)/2$ of them for all samples, 90 for the six permutations of three things.

    Raises
    ------
    ValueError
        If the table is no Latin square, or a sample is out of range or comes twice.

    Source: [liu2022effective, App. H].

    >>> len(group_parallelograms(np.add.outer(np.arange(5), np.arange(5)) % 5))
    50
    """
    refuse_bad_table(table)
    order = len(table)
    if samples is None:
        samples = np.stack(np.divmod(np.arange(order**2), order), axis=1)
    if samples.ndim != 2 or samples.shape[1] != 2:
        raise ValueError(f"samples must be pairs, of shape (samples, 2), got {samples.shape}")
    if np.any((samples < 0) | (samples >= order)):
        raise ValueError(f"samples must hold elements in [0, {order}), got {samples.tolist()}")
    refuse_repeated(samples, order)
    first, second = pairs_within(table[samples[:, 0], samples[:, 1]])
    return np.concatenate([samples[first], samples[second]], axis=1)


def pairs_within(
    labels: Int[np.ndarray, " samples"],
) -> tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"]]:
    """Return all pairs of positions with the same label, in the order of labels and positions."""
    order = np.argsort(labels, kind="stable")
    sizes = np.unique(labels, return_counts=True)[1]
    starts = np.cumsum(sizes) - sizes
    corners = [np.triu_indices(size, 1) for size in sizes]
    first, second = (
        np.concatenate(
            [np.zeros(0, dtype=np.int64)]
            + [start + pair[side] for start, pair in zip(starts, corners, strict=True)]
        )
        for side in (0, 1)
    )
    return order[first], order[second]

r"""The linear system of the parallelograms, and when it has one solution only.

Every parallelogram is one linear equation for the embeddings, a row of a matrix $A$ with $+1$ at
$i$ and $j$ and $-1$ at $m$ and $n$. Shift and scale are free, so the nullity

$$n_0 = p - \operatorname{rank}A \ge 2 ,$$

and the *linear representation*, equally spaced embeddings, is the only one iff $n_0 = 2$.
"""

import numpy as np
from jaxtyping import Bool, Int

from ._arguments import refuse_bad_samples, refuse_few_symbols
from ._elimination import in_row_space, integer_rank
from .samples import parallelograms as permitted_parallelograms


def incidence_matrix(
    parallelograms: Int[np.ndarray, "parallelograms 4"], num_symbols: int
) -> Int[np.ndarray, "parallelograms symbols"]:
    r"""Return $A$: one row a parallelogram, $+1$ at $i$, $j$ and $-1$ at $m$, $n$.

    A repeated index gives $\pm2$.

    Raises
    ------
    ValueError
        If a row does not have four symbols in $[0, p)$.

    Source: [liu2022effective, Sec. 3.2].

    >>> incidence_matrix(np.array([[0, 2, 1, 1]]), 4).tolist()
    [[1, -2, 1, 0]]
    """
    if parallelograms.ndim != 2 or parallelograms.shape[1] != 4:
        raise ValueError(
            f"parallelograms must be rows (i, j, m, n), got shape {parallelograms.shape}"
        )
    if np.any((parallelograms < 0) | (parallelograms >= num_symbols)):
        raise ValueError(
            f"parallelograms must hold symbols in [0, {num_symbols}), got "
            f"{parallelograms.min()} to {parallelograms.max()}"
        )
    matrix = np.zeros((len(parallelograms), num_symbols), dtype=np.int64)
    rows = np.arange(len(parallelograms))
    for column, sign in zip(parallelograms.T, (1, 1, -1, -1), strict=True):
        np.add.at(matrix, (rows, column), sign)
    return matrix


def nullity(parallelograms: Int[np.ndarray, "parallelograms 4"], num_symbols: int) -> int:
    r"""Return $n_0 = p - \operatorname{rank}A$, exactly.

    The rank is taken in integers, modulo primes large enough for it to be the true one.

    Raises
    ------
    ValueError
        As :func:`incidence_matrix`.

    Source: [liu2022effective, Sec. 3.2].

    >>> nullity(np.array([[0, 3, 1, 2], [0, 2, 1, 1]]), 4)
    2
    """
    return num_symbols - integer_rank(incidence_matrix(parallelograms, num_symbols))


def has_unique_representation(samples: Int[np.ndarray, "samples 2"], num_symbols: int) -> bool:
    r"""Tell whether the parallelograms of a training set force the embeddings to be linear.

    True iff $n_0 = 2$.

    Raises
    ------
    ValueError
        If a sample is out of range, not written as $i\le j$, or comes twice.

    Source: [liu2022effective, Sec. 3.2].

    >>> has_unique_representation(np.array([[0, 2], [1, 1], [0, 3], [1, 2]]), 4)
    True
    """
    return integer_rank(independent_rows(samples, num_symbols)) == num_symbols - 2


def ideal_parallelograms(
    samples: Int[np.ndarray, "samples 2"], num_symbols: int
) -> Int[np.ndarray, "parallelograms 4"]:
    r"""Return $P(D)$: all parallelograms that those of the training set imply linearly.

    $$P(D) = \{q\in P_0 : \operatorname{rank}A(P_0(D)\cup q) = \operatorname{rank}A(P_0(D))\}$$

    What a representation can at best have learned: $|P(D)|/|P_0|$ bounds the quality index, and
    the accuracy predicted from $P(D)$ the accuracy, if the embeddings satisfy nothing but what
    training asks of them.

    Raises
    ------
    ValueError
        If a sample is out of range, not written as $i\le j$, or comes twice.

    Source: [liu2022effective, App. D].

    >>> len(ideal_parallelograms(np.array([[0, 2], [1, 1], [0, 3], [1, 2]]), 4))
    3
    """
    everything = permitted_parallelograms(num_symbols)
    is_implied: Bool[np.ndarray, " parallelograms"] = in_row_space(
        incidence_matrix(everything, num_symbols), independent_rows(samples, num_symbols)
    )
    return everything[is_implied]


def independent_rows(
    samples: Int[np.ndarray, "samples 2"], num_symbols: int
) -> Int[np.ndarray, "rows symbols"]:
    """Return rows that span those of all parallelograms: each sample against the first of its
    label."""
    refuse_few_symbols(num_symbols)
    refuse_bad_samples(samples, num_symbols)
    labels = samples.sum(axis=1)
    _, first, group = np.unique(labels, return_index=True, return_inverse=True)
    against = np.concatenate([samples, samples[first[group]]], axis=1)
    is_later = first[group] != np.arange(len(samples))
    return incidence_matrix(against[is_later], num_symbols)

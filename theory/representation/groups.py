r"""Which parallelograms of a group follow from others.

For numbers two parallelograms can imply a third. For matrices that do not commute it takes three,

$$E_aE_d = E_bE_c,\quad E_fE_c = E_eE_d,\quad E_eE_h = E_fE_g \;\Rightarrow\; E_aE_h = E_bE_g ,$$

because a parallelogram says that a quotient from the left is one from the right,
$E_b^{-1}E_a = E_cE_d^{-1}$, and such equations form chains.
"""

import numpy as np
from jaxtyping import Int

from ._arguments import refuse_bad_table, refuse_repeated
from .samples import pairs_within


def deduced_parallelograms(
    table: Int[np.ndarray, "group group"], samples: Int[np.ndarray, "samples 2"]
) -> Int[np.ndarray, "parallelograms 4"]:
    r"""Return the parallelograms that those of a training set imply for invertible embeddings.

    The closure under chains of quotients and under $E_aE_b = E_cE_d = E_eE_f$. With it
    :func:`predicted_accuracy` (``is_ordered=True``) gives the accuracy that a group multiplication
    network can reach.

    Parameters
    ----------
    table
        Cayley table, ``table[a, b]`` $= ab$.
    samples
        The training set: distinct ordered pairs $(a, b)$.

    Returns
    -------
    Rows $(a, b, c, d)$, each unordered pair of distinct samples once; all of them are
    parallelograms of the group.

    Raises
    ------
    ValueError
        If the table is no Latin square, or a sample is out of range or comes twice.

    Source: [liu2022effective, App. H]; closure derived.

    >>> from groktheory.theory.representation import group_parallelograms
    >>> cyclic = np.add.outer(np.arange(5), np.arange(5)) % 5
    >>> samples = np.array([[4, 2], [0, 1], [1, 1], [0, 2], [0, 4], [1, 3]])
    >>> len(group_parallelograms(cyclic, samples)), len(deduced_parallelograms(cyclic, samples))
    (3, 4)
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    refuse_bad_table(table)
    order = len(table)
    if samples.ndim != 2 or samples.shape[1] != 2:
        raise ValueError(f"samples must be pairs, of shape (samples, 2), got {samples.shape}")
    if np.any((samples < 0) | (samples >= order)):
        raise ValueError(f"samples must hold elements in [0, {order}), got {samples.tolist()}")
    refuse_repeated(samples, order)

    def components(nodes: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        edges = coo_array((np.ones(len(one)), (one, other)), shape=(nodes, nodes))
        return connected_components(edges, directed=False)[1]

    every = np.arange(order**2)
    left, right = np.divmod(every, order)
    # Products known to be equal have the same class; every pair of elements starts in its own.
    classes = order + every
    known = samples @ np.array([order, 1])
    classes[known] = table[samples[:, 0], samples[:, 1]]
    while True:
        first, second = pairs_within(classes)
        # E_a E_d = E_b E_c: the quotient b\a from the left is c/d from the right, and inverted.
        a, d, b, c = left[first], right[first], left[second], right[second]
        from_left = np.concatenate([b * order + a, a * order + b])
        from_right = np.concatenate([c * order + d, d * order + c])
        units = np.arange(order) * (order + 1)  # a\a and a/a are all the identity
        quotients = components(
            2 * order**2,
            np.concatenate([from_left, np.repeat(units[:1], 2 * order)]),
            np.concatenate([order**2 + from_right, units, order**2 + units]),
        )
        both = np.unique(quotients[: order**2])
        ones, others = [first], [second]
        for quotient in both:
            lefts = np.flatnonzero(quotients[: order**2] == quotient)
            rights = np.flatnonzero(quotients[order**2 :] == quotient)
            b, a = np.divmod(np.repeat(lefts, len(rights)), order)
            c, d = np.divmod(np.tile(rights, len(lefts)), order)
            ones.append(a * order + d)
            others.append(b * order + c)
        found = components(order**2, np.concatenate(ones), np.concatenate(others))
        if len(np.unique(found)) == len(np.unique(classes)):
            break
        classes = found
    first, second = pairs_within(classes)
    return np.stack([left[first], right[first], left[second], right[second]], axis=1)

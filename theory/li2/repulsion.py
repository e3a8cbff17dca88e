r"""Stage III, repulsion: similar nodes push one another apart through the inverse Gram matrix.

Once nodes interact, the gradient of node $j$ is driven by column $j$ of $\tilde FB$ with

$$B = (\tilde F^\top\tilde F+\eta I)^{-1}, \qquad
  [\tilde FB]_j = b_{jj}\tilde f_j + \sum_{l\ne j} b_{jl}\tilde f_l ,$$

and $b_{jl}$ has the sign opposite to the similarity of $\tilde f_j$ and $\tilde f_l$, taken after
the other nodes have explained what they can.
"""

import numpy as np
from jaxtyping import Bool, Float

from .stage_one import center


def gram_inverse(
    features: Float[np.ndarray, "samples nodes"], *, eta: float
) -> Float[np.ndarray, "nodes nodes"]:
    r"""Return the interaction matrix of the nodes.

    $$B = (\tilde F^\top\tilde F + \eta I)^{-1} .$$

    Parameters
    ----------
    features
        $F$; centered inside.
    eta
        Ridge $\eta > 0$.

    Raises
    ------
    ValueError
        If ``eta`` is not positive.

    Source: [tian2025li2, Thm. 6].
    """
    _refuse_bad_ridge(eta)
    centered = center(features)
    inverse = np.linalg.inv(centered.T @ centered + eta * np.eye(centered.shape[1]))
    return (inverse + inverse.T) / 2


def repelled_features(
    features: Float[np.ndarray, "samples nodes"], *, eta: float
) -> Float[np.ndarray, "samples nodes"]:
    r"""Return the direction in which each node is driven, $\tilde F B$.

    Column $j$ is $b_{jj}\tilde f_j$ plus the pushes $b_{jl}\tilde f_l$ of the other nodes.
    Arguments as in :func:`gram_inverse`. Source: [tian2025li2, Thm. 6].
    """
    return center(features) @ gram_inverse(features, eta=eta)


def deflated_similarity(
    features: Float[np.ndarray, "samples nodes"],
    first: int,
    second: int,
    *,
    eta: float,
) -> tuple[float, float, float]:
    r"""Return the overlaps of two nodes in the metric that the other nodes leave.

    $$c = \tilde f_j^\top P\tilde f_l, \quad \tilde f_j^\top P\tilde f_j, \quad
      \tilde f_l^\top P\tilde f_l, \qquad
      P = I - \tilde F_r(\tilde F_r^\top\tilde F_r+\eta I)^{-1}\tilde F_r^\top ,$$

    $F_r$ being the features without columns $j$ and $l$.

    Parameters
    ----------
    features
        $F$; centered inside.
    first, second
        Indices $j\ne l$.
    eta
        Ridge $\eta > 0$.

    Returns
    -------
    similarity, first_norm, second_norm
        $c$ and the two squared norms.

    Raises
    ------
    ValueError
        If ``eta`` is not positive or the indices are equal or out of range.

    Source: [tian2025li2, Thm. 6].
    """
    _refuse_bad_ridge(eta)
    width = features.shape[1]
    if first == second or not (0 <= first < width and 0 <= second < width):
        raise ValueError(
            f"first and second must be two different nodes in [0, {width - 1}], got {first} and "
            f"{second}"
        )
    centered = center(features)
    pair = centered[:, [first, second]]
    rest = np.delete(centered, [first, second], axis=1)
    gram = rest.T @ rest + eta * np.eye(width - 2)
    overlaps = pair.T @ pair - pair.T @ rest @ np.linalg.solve(gram, rest.T @ pair)
    return float(overlaps[0, 1]), float(overlaps[0, 0]), float(overlaps[1, 1])


def repulsion_coefficient(
    features: Float[np.ndarray, "samples nodes"],
    first: int,
    second: int,
    *,
    eta: float,
) -> float:
    r"""Return the coefficient with which one node pushes another.

    $$b_{jl} = -\frac{c}{(\eta+\tilde f_j^\top P\tilde f_j)(\eta+\tilde f_l^\top P\tilde f_l)-c^2},
      \qquad \operatorname{sign} b_{jl} = -\operatorname{sign}c ,$$

    with $c$ and $P$ as in :func:`deflated_similarity`, whose arguments it shares. The denominator
    is positive by the Cauchy-Schwarz inequality. Source: [tian2025li2, Thm. 6].

    >>> pair = np.array([[1.0, 1.0], [-1.0, -1.0]])
    >>> round(repulsion_coefficient(pair, 0, 1, eta=1.0), 6)
    -0.4
    """
    similarity, first_norm, second_norm = deflated_similarity(features, first, second, eta=eta)
    return -similarity / ((eta + first_norm) * (eta + second_norm) - similarity**2)


def repelled_pairs(
    features: Float[np.ndarray, "samples nodes"], *, eta: float, num_pairs: int
) -> Bool[np.ndarray, " pairs"]:
    r"""Say for the most similar pairs of nodes whether they repel one another.

    $$b_{jl} < 0 \quad\text{for the pairs of largest } \cos(\tilde f_j, \tilde f_l) .$$

    The theorem is about the deflated similarity; the share of true entries says how far the plain
    similarity of trained features obeys the same sign.

    Parameters
    ----------
    features
        $F$ with at least two non-constant columns.
    eta
        Ridge $\eta > 0$.
    num_pairs
        How many pairs, the most similar first.

    Raises
    ------
    ValueError
        If ``num_pairs`` exceeds the number of pairs of non-constant nodes, or ``eta`` is not
        positive.

    Source: [tian2025li2, Thm. 6].
    """
    inverse = gram_inverse(features, eta=eta)
    centered = center(features)
    norms = np.linalg.norm(centered, axis=0)
    # A constant column is zero up to rounding after centering and is similar to nothing.
    rounding = np.finfo(np.float64).eps * np.sqrt(len(features)) * np.abs(features).max(axis=0)
    active = np.flatnonzero(norms > 4 * rounding)
    row, column = np.triu_indices(len(active), k=1)
    if not 1 <= num_pairs <= len(row):
        raise ValueError(
            f"num_pairs must lie in [1, {len(row)}] for {len(active)} non-constant nodes, "
            f"got {num_pairs}"
        )
    directions = centered[:, active] / norms[active]
    cosines = (directions.T @ directions)[row, column]
    order = np.argsort(-cosines, kind="stable")[:num_pairs]
    return inverse[active[row[order]], active[column[order]]] < 0


def _refuse_bad_ridge(eta: float) -> None:
    if eta <= 0:
        raise ValueError(f"eta must be positive, got {eta}; the Gram matrix may be singular")

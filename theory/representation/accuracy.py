r"""How good a representation is, and the accuracy that follows from it.

From embeddings, measured or predicted, to the parallelograms that they close, and from these to the
test samples that a decoder can infer: a sample whose sum of embeddings equals that of a training
sample gets its label.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from ._arguments import refuse_repeated


def standardized(
    embedding: Float[np.ndarray, "*batch symbols dimensions"],
) -> Float[np.ndarray, "*batch symbols dimensions"]:
    r"""Shift and scale every dimension to mean zero and standard deviation one over the symbols.

    The standard deviation is that of a sample, with $p-1$, as in the paper's code. A dimension in
    which all symbols are equal stays zero.

    Raises
    ------
    ValueError
        If there are fewer than two symbols.

    Source: [liu2022effective, Sec. 3.2] and its code; the paper prints the variance.

    >>> standardized(np.array([[1.0], [2.0], [3.0]])).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """
    if embedding.shape[-2] < 2:
        raise ValueError(f"embedding must have at least 2 symbols, got {embedding.shape[-2]}")
    centered = embedding - embedding.mean(axis=-2, keepdims=True)
    deviation = centered.std(axis=-2, ddof=1, keepdims=True)
    return centered / np.where(deviation > 0, deviation, 1.0)


def closed_parallelograms(
    embedding: Float[np.ndarray, "*batch symbols dimensions"],
    parallelograms: Int[np.ndarray, "parallelograms 4"],
    *,
    threshold: float = 0.01,
) -> Bool[np.ndarray, "*batch parallelograms"]:
    r"""Tell which parallelograms the standardized embeddings close.

    $$\frac1d\,\lVert E_i + E_j - E_m - E_n\rVert^2 < \delta^2$$

    Parameters
    ----------
    embedding
        One vector a symbol, in any units; more axes in front for more representations.
    parallelograms
        Rows $(i, j, m, n)$.
    threshold
        $\delta^2 > 0$, 0.01 in the paper's code.

    Raises
    ------
    ValueError
        If the threshold is not positive or a row names a symbol without an embedding.

    Source: [liu2022effective, Sec. 3.1] and its code.
    """
    units = standardized(embedding)
    _refuse_bad_rows(parallelograms, units.shape[-2], threshold)
    one, two, three, four = (units[..., column, :] for column in parallelograms.T)
    return np.mean((one + two - three - four) ** 2, axis=-1) < threshold


def representation_quality_index(
    embedding: Float[np.ndarray, "*batch symbols dimensions"],
    parallelograms: Int[np.ndarray, "parallelograms 4"],
    *,
    threshold: float = 0.01,
) -> Float[np.ndarray, "*batch"]:
    r"""Return the share of parallelograms that the embeddings close, the RQI.

    Above 0.95 the paper says that the representation generalizes. Junk dimensions, which the
    decoder ignores, lower it.

    Parameters
    ----------
    embedding, threshold
        As :func:`closed_parallelograms`.
    parallelograms
        $P_0$, all those of the task.

    Raises
    ------
    ValueError
        If there are no parallelograms, or as :func:`closed_parallelograms`.

    Source: [liu2022effective, Eq. 3].

    >>> line = np.arange(4.0)[:, None]
    >>> float(representation_quality_index(line, np.array([[0, 2, 1, 1], [0, 3, 1, 2]])))
    1.0
    """
    if not len(parallelograms):
        raise ValueError("parallelograms must not be empty: without any there is no quality")
    return np.asarray(
        closed_parallelograms(embedding, parallelograms, threshold=threshold).mean(axis=-1)
    )


def group_quality_index(
    embedding: Float[np.ndarray, "*batch elements rows rows"],
    parallelograms: Int[np.ndarray, "parallelograms 4"],
    *,
    threshold: float = 0.5,
) -> Float[np.ndarray, "*batch"]:
    r"""Return the share of generalized parallelograms that embeddings by matrices close.

    $$\frac1{d^2}\,\lVert E_aE_b - E_cE_d\rVert_F^2 < \delta^2$$

    with the products divided by their root mean square over all pairs of elements.

    Parameters
    ----------
    embedding
        One matrix an element; more axes in front for more representations.
    parallelograms
        Rows $(a, b, c, d)$ with $ab = cd$.
    threshold
        $\delta^2 > 0$, 0.5 in the paper's code.

    Raises
    ------
    ValueError
        If there are no parallelograms, the threshold is not positive, or a row names an element
        without an embedding.

    Source: [liu2022effective, App. H] and its code.
    """
    if not len(parallelograms):
        raise ValueError("parallelograms must not be empty: without any there is no quality")
    _refuse_bad_rows(parallelograms, embedding.shape[-3], threshold)
    products = embedding[..., :, None, :, :] @ embedding[..., None, :, :, :]
    one, two, three, four = parallelograms.T
    gaps = products[..., one, two, :, :] - products[..., three, four, :, :]
    size = np.mean(products**2, axis=(-4, -3, -2, -1))
    relative = np.mean(gaps**2, axis=(-2, -1)) / np.where(size > 0, size, 1.0)[..., None]
    return np.asarray((relative < threshold).mean(axis=-1))


def predicted_accuracy(
    samples: Int[np.ndarray, "samples 2"],
    parallelograms: Int[np.ndarray, "parallelograms 4"],
    *,
    num_symbols: int,
    is_ordered: bool = False,
) -> float:
    r"""Return the accuracy on all samples that follows from a set of parallelograms.

    $$\widehat{\mathrm{Acc}} = \frac{|\bar D|}{|D_0|}, \qquad
      \bar D = D\cup\{(i,j) : \exists\,(m,n)\in D,\ (i,j,m,n)\in P\}$$

    Parameters
    ----------
    samples
        The training set $D$, distinct.
    parallelograms
        $P$: those that a trained representation closes, or the ideal ones.
    num_symbols
        Symbols, or elements of a group.
    is_ordered
        False for addition, where the $p(p+1)/2$ samples have $i\le j$; true for a group, with all
        $g^2$ ordered pairs.

    Raises
    ------
    ValueError
        If a sample comes twice or is out of range.

    Source: [liu2022effective, Sec. 3.1, App. D].

    >>> predicted_accuracy(np.array([[0, 2]]), np.array([[0, 2, 1, 1]]), num_symbols=3)
    0.3333333333333333
    """
    if np.any((samples < 0) | (samples >= num_symbols)):
        raise ValueError(f"samples must hold symbols in [0, {num_symbols}), got {samples.tolist()}")
    refuse_repeated(samples, num_symbols)
    place = np.array([num_symbols, 1])
    seen = np.zeros(num_symbols**2, dtype=bool)
    seen[samples @ place] = True
    one, other = parallelograms[:, :2] @ place, parallelograms[:, 2:] @ place
    inferred = seen.copy()
    inferred[one[seen[other]]] = True
    inferred[other[seen[one]]] = True
    total = num_symbols**2 if is_ordered else num_symbols * (num_symbols + 1) // 2
    return int(inferred.sum()) / total


def effective_dimension(
    embedding: Float[np.ndarray, "*batch symbols dimensions"],
) -> Float[np.ndarray, "*batch"]:
    r"""Return the number of principal directions that the embeddings use.

    $$d_{\mathrm{eff}} = \exp\Bigl(-\sum_i\sigma_i\ln\sigma_i\Bigr)$$

    with the fractions $\sigma_i$ of the variance along the principal components. In training it
    rises until the network generalizes, and then drops.

    Raises
    ------
    ValueError
        If all embeddings of a representation are equal.

    Source: [liu2022effective, Sec. 4.2].

    >>> float(effective_dimension(np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])).round(12))
    2.0
    """
    centered = embedding - embedding.mean(axis=-2, keepdims=True)
    variances = np.linalg.svd(centered, compute_uv=False) ** 2
    total = variances.sum(axis=-1, keepdims=True)
    if np.any(total == 0):
        raise ValueError("embedding must vary over the symbols, got equal vectors")
    shares = variances / total
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(np.exp(-np.sum(shares * logs, axis=-1)))


def _refuse_bad_rows(parallelograms: np.ndarray, symbols: int, threshold: float) -> None:
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    if np.any((parallelograms < 0) | (parallelograms >= symbols)):
        raise ValueError(
            f"parallelograms must hold symbols in [0, {symbols}), got "
            f"{parallelograms.min()} to {parallelograms.max()}"
        )

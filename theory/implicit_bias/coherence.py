r"""Coherence: how much one measurement tells about a target, and so which data to choose.

An observed entry of a low-rank matrix says the more, the larger the weights of its row and column
in the singular vectors. A linear measurement of a sparse vector says the more, the *less* it
resembles any single basis vector. Choosing data by these scores moves the number of samples at
which the target can be recovered at all, and with it the time that recovery takes.
"""

import math

import numpy as np
from jaxtyping import Float

from ._least_squares_spectrum import Spectrum


def matrix_coherences(
    target: Float[np.ndarray, "rows columns"],
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " columns"]]:
    r"""Return the local coherences of the rows and of the columns of a low-rank matrix.

    $$\mu_i = \frac{n_1}r\lVert U_*^\top e_i\rVert^2, \qquad
      \nu_j = \frac{n_2}r\lVert V_*^\top e_j\rVert^2, \qquad A^* = U_*\Sigma V_*^\top .$$

    They average to one and do not exceed $n_1/r$ and $n_2/r$; all ones is a target that no choice
    of entries favors.

    Parameters
    ----------
    target
        $A^*$; its rank $r$ counts singular values above $10^{-12}$ of the largest.

    Raises
    ------
    ValueError
        If the target is zero.

    Source: [notsawo2025norm, Sec. 3.4].

    >>> rows, columns = matrix_coherences(np.array([[1.0, 1.0], [0.0, 0.0]]))
    >>> rows.round(12).tolist(), columns.round(12).tolist()
    ([2.0, 0.0], [1.0, 1.0])
    """
    spectrum = Spectrum.of(target)
    rank = len(spectrum.values)
    scores = leverage_scores(target), leverage_scores(target.T)
    return target.shape[0] / rank * scores[0], target.shape[1] / rank * scores[1]


def leverage_scores(
    target: Float[np.ndarray, "rows columns"],
) -> Float[np.ndarray, " rows"]:
    r"""Return how strongly each row takes part in the column space.

    $$\ell_i = \lVert U_*^\top e_i\rVert^2 \in [0, 1], \qquad \sum_i\ell_i = r .$$

    Raises
    ------
    ValueError
        If the target is zero.

    Source: [notsawo2025norm, Sec. 3.4], without the factor $n_1/r$.

    >>> leverage_scores(np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]])).tolist()
    [1.0, 1.0, 0.0]
    """
    return np.sum(Spectrum.of(target).left ** 2, axis=1)


def entry_coherences(
    target: Float[np.ndarray, "rows columns"],
) -> Float[np.ndarray, "rows columns"]:
    r"""Return the score by which entries are chosen, $\mu_i+\nu_j$.

    Raises
    ------
    ValueError
        If the target is zero.

    Source: [notsawo2025norm, Sec. 3.4].
    """
    rows, columns = matrix_coherences(target)
    return rows[:, None] + columns[None, :]


def sensing_coherence(
    measurements: Float[np.ndarray, "samples dimension"],
    basis: Float[np.ndarray, "dimension coordinates"],
) -> float:
    r"""Return the coherence between measurement vectors and the basis of sparse signals.

    $$\mu(M,\Phi) = \max_{i,j}\frac{\lvert\langle M_i,\Phi_j\rangle\rvert}
      {\lVert M_i\rVert\,\lVert\Phi_j\rVert} .$$

    For an orthonormal basis it lies between $n^{-1/2}$ (every measurement sees all coefficients
    alike) and 1 (a measurement sees a single one).

    Parameters
    ----------
    measurements
        $M$, one measurement a row.
    basis
        $\Phi$, one basis vector a column.

    Raises
    ------
    ValueError
        If the dimensions differ or a vector is zero.

    Source: [notsawo2025norm, Sec. 3.4].

    >>> sensing_coherence(np.ones((1, 4)), np.eye(4))
    0.5
    """
    if measurements.shape[1] != basis.shape[0]:
        raise ValueError(
            "measurements and basis must live in one dimension, got "
            f"{measurements.shape[1]} and {basis.shape[0]}"
        )
    lengths = [np.linalg.norm(measurements, axis=1), np.linalg.norm(basis, axis=0)]
    if min(np.min(length) for length in lengths) == 0:
        raise ValueError("measurements and basis vectors must not be zero")
    overlaps = np.abs(measurements @ basis) / (lengths[0][:, None] * lengths[1][None, :])
    return float(np.max(overlaps))


def mutual_coherence(features: Float[np.ndarray, "samples coordinates"]) -> float:
    r"""Return the largest normalized overlap of two different columns.

    $$\mu(X) = \max_{j\ne k}\frac{\lvert\langle X_j,X_k\rangle\rvert}
      {\lVert X_j\rVert\,\lVert X_k\rVert} \ge \sqrt{\frac{n-N}{N(n-1)}} .$$

    Every target of fewer than $(1+1/\mu)/2$ nonzero entries is the interpolant of least $\ell_1$
    norm; most of many more entries are, too.

    Raises
    ------
    ValueError
        If there are fewer than two columns or one is zero.

    Source: [notsawo2025norm, code]; the bound is Welch's.
    """
    if features.shape[1] < 2:
        raise ValueError(f"features must have at least two columns, got {features.shape[1]}")
    lengths = np.linalg.norm(features, axis=0)
    if np.min(lengths) == 0:
        raise ValueError("columns of features must not be zero")
    overlaps = np.abs(features.T @ features) / np.outer(lengths, lengths)
    np.fill_diagonal(overlaps, 0.0)
    return float(np.max(overlaps))


def welch_bound(num_samples: int, num_coordinates: int) -> float:
    r"""Return the least mutual coherence that any matrix of a given shape can have.

    $$\sqrt{\frac{n-N}{N(n-1)}} \quad (n\ge N) .$$

    Raises
    ------
    ValueError
        Unless $1\le N\le n$ and $n\ge2$.

    Source: derived (trace inequality of the Gram matrix, which has rank $N$).

    >>> welch_bound(2, 3)
    0.5
    """
    if not 1 <= num_samples <= num_coordinates or num_coordinates < 2:
        raise ValueError(
            "num_samples must lie in [1, num_coordinates] and num_coordinates be at least 2, got "
            f"{num_samples} and {num_coordinates}"
        )
    return math.sqrt((num_coordinates - num_samples) / (num_samples * (num_coordinates - 1)))

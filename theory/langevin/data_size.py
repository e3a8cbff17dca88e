r"""How the amount of data enters: samples cut volume out of what memorizes.

Every sample removes a share $q$ of the volume of memorizing solutions and nothing of that of
generalizing ones. With the transition state untouched, Eyring's rate gives

$$S_0(N) = S_0+N\ln(1-q),\qquad \ln t = c-\kappa N,\qquad \kappa = -\ln(1-q),\qquad
  N^* = \frac{S_0-S_1}\kappa,$$

independent of the temperature. $N^*$ is where both volumes are equal.
"""

import math

import numpy as np
from jaxtyping import Float, Num

from ._arguments import refuse_fraction, refuse_not_positive


def data_size_slope(removed_fraction: float) -> float:
    r"""Decrease of the logarithm of the grokking time per sample, $\kappa = -\ln(1-q)$.

    Parameters
    ----------
    removed_fraction
        $q$ in $(0, 1)$: share of the memorizing volume that a sample removes.

    Raises
    ------
    ValueError
        For a number out of range.

    Source: [kozyrev2024langevin, Sec. 3] (derivation data-size-law).

    >>> round(data_size_slope(0.03), 5)
    0.03046
    """
    refuse_fraction(removed_fraction=removed_fraction)
    return -math.log1p(-removed_fraction)


def memorizing_entropy(
    num_samples: float | Num[np.ndarray, "*sizes"],
    *,
    entropy: float,
    removed_fraction: float,
) -> Float[np.ndarray, "*sizes"]:
    r"""Entropy of the memorizing solutions, $S_0(N) = S_0+N\ln(1-q)$.

    Parameters
    ----------
    num_samples
        $N \ge 0$.
    entropy
        $S_0$ without data.
    removed_fraction
        $q$ in $(0, 1)$.

    Raises
    ------
    ValueError
        For a number out of range.

    Source: [kozyrev2024langevin, Sec. 3].
    """
    sizes = np.asarray(num_samples, np.float64)
    if np.any(sizes < 0):
        raise ValueError(f"num_samples must be non-negative, got {sizes.min():g}")
    return np.asarray(entropy - data_size_slope(removed_fraction) * sizes)


def data_threshold(memorizing: float, generalizing: float, *, removed_fraction: float) -> float:
    r"""Amount of data at which both volumes are equal, $N^* = (S_0-S_1)/\kappa$.

    Parameters
    ----------
    memorizing, generalizing
        Entropies $S_0$ and $S_1$ without data.
    removed_fraction
        $q$ in $(0, 1)$.

    Raises
    ------
    ValueError
        For a number out of range, or if the generalizing volume is the larger one already.

    Source: [kozyrev2024langevin, Sec. 3].

    >>> round(data_threshold(np.log(20000), 0.0, removed_fraction=0.03))
    325
    """
    if not memorizing >= generalizing:
        raise ValueError(
            f"memorizing must be at least generalizing = {generalizing}, got {memorizing}: the "
            "generalizing volume dominates without any data"
        )
    return (memorizing - generalizing) / data_size_slope(removed_fraction)


def hypothesis_walk_time(
    num_samples: float | Num[np.ndarray, "*sizes"],
    *,
    memorizing: float,
    generalizing: float,
    removed_fraction: float,
) -> Float[np.ndarray, "*sizes"]:
    r"""Mean steps of a uniform random walk over the surviving hypotheses until one generalizes,

    $$E[t] = 1+\frac MG(1-q)^N .$$

    Exact: given $S$ memorizing survivors the steps are geometric with success $G/(S+G)$, and the
    mean $1+S/G$ is linear in $S$.

    Parameters
    ----------
    num_samples
        $N \ge 0$.
    memorizing, generalizing
        Numbers of hypotheses $M > 0$ and $G > 0$ without data.
    removed_fraction
        $q$ in $(0, 1)$.

    Raises
    ------
    ValueError
        For a number out of range.

    Source: derived (derivation hypothesis-walk), for [kozyrev2024langevin, Sec. 3].

    >>> round(float(hypothesis_walk_time(0, memorizing=10, generalizing=5, removed_fraction=0.1)))
    3
    """
    refuse_not_positive(memorizing=memorizing, generalizing=generalizing)
    survivors = memorizing_entropy(
        num_samples, entropy=math.log(memorizing), removed_fraction=removed_fraction
    )
    return np.asarray(1 + np.exp(survivors) / generalizing)


def slope_from_growth(growth: float, *, num_samples: float = 1.0) -> float:
    r"""Slope $\kappa = \ln(1+g)/m$ of a time that grows by a share $g$ when $m$ samples go.

    Power et al. report 40 to 50 per cent for one per cent of the table.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [kozyrev2024langevin, Sec. 3].

    >>> [round(slope_from_growth(growth), 2) for growth in (0.4, 0.5)]
    [0.34, 0.41]
    """
    refuse_not_positive(growth=growth, num_samples=num_samples)
    return math.log1p(growth) / num_samples

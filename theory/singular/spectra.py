r"""Regular models whose spectra decay: why the coefficient at a finite scale is far below half
the number of parameters.

$$\hat\lambda = \frac12\sum_i\frac{sh_i}{sh_i+\gamma}$$

counts the directions with $sh_i > \gamma$. For polynomials on an interval the $h_i$ fall
exponentially, so that $\hat\lambda$ grows with the logarithm of the scale.
"""

import numpy as np
from jaxtyping import Float

from .finite_size import localized_coefficient


def monomial_gram(degree: int, *, half_width: float = 1.0) -> Float[np.ndarray, "terms terms"]:
    r"""Return $\mathbb E[x^jx^k]$ for $x$ uniform in $[-a, a]$, $j, k = 0\dots d$.

    $$G_{jk} = \frac{a^{j+k}}{j+k+1}\text{ for even }j+k\text{, else }0 .$$

    Parameters
    ----------
    degree
        $d \ge 0$.
    half_width
        $a > 0$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived.

    >>> monomial_gram(1).tolist()
    [[1.0, 0.0], [0.0, 0.3333333333333333]]
    """
    if degree < 0 or not half_width > 0:
        raise ValueError(
            f"degree must be at least 0 and half_width positive, got {degree} and {half_width}"
        )
    powers = np.arange(degree + 1)[:, None] + np.arange(degree + 1)[None]
    return np.where(powers % 2 == 0, half_width ** powers.astype(float) / (powers + 1), 0.0)


def polynomial_coefficient(
    degree: int,
    *,
    scale: float,
    localization: float = 1.0,
    half_width: float = 1.0,
    step_size: float | None = None,
) -> float:
    r"""Return $\hat\lambda$ of $\sum_{i\le d}a_ix^i$ with squared error, at a finite scale.

    The loss is the mean of $(f-y)^2$, so that the Hessian is $2G$ of :func:`monomial_gram`. The
    model is regular for any interval, with $\lambda = (d+1)/2$ in the limit of $s\to\infty$, which
    no computer reaches.

    Parameters
    ----------
    degree, half_width
        As in :func:`monomial_gram`.
    scale, localization, step_size
        As in :func:`.localized_coefficient`.

    Raises
    ------
    ValueError
        As these two.

    Source: derived, for [lakkapragada2025slt, Sec. 4].

    >>> round(polynomial_coefficient(10, scale=80.5), 3)
    2.518
    """
    eigenvalues = np.linalg.eigvalsh(2 * monomial_gram(degree, half_width=half_width))
    return localized_coefficient(
        np.maximum(eigenvalues, 0.0),
        scale=scale,
        localization=localization,
        step_size=step_size,
    )


def low_rank_coefficient(rank: int, *, dimension: int) -> float:
    r"""Return $\lambda_r = r(2d-r)/2$ of $W_2W_1x$ with $r$ hidden units and as high a true rank.

    A special case of :func:`.reduced_rank_regression`: quadratic in $r$, largest at $r = d$.

    Raises
    ------
    ValueError
        If the rank does not lie between 1 and the dimension.

    Source: [lakkapragada2025slt, Sec. 4].

    >>> low_rank_coefficient(2, dimension=10)
    18.0
    """
    if not 1 <= rank <= dimension:
        raise ValueError(f"rank must lie between 1 and {dimension}, got {rank}")
    return rank * (2 * dimension - rank) / 2

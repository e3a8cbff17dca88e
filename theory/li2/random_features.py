r"""Random features in the limits of infinite width and of many samples.

With Gaussian first-layer weights of standard deviation $s_w$ and one-hot operands,
$FF^\top/K\to k(\rho)$ with $\rho = 1,\tfrac12,0$ for the same sample, one operand shared, none
shared. On all $M^2$ samples of a group task the labels are an exact eigenspace of $\tilde F\tilde
F^\top$ at infinite width, which fixes the size of the gradient at the end of stage I.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from scipy.special import expit, roots_hermitenorm

Activation = Literal["square", "relu", "relu_squared", "silu"]


def infinite_width_kernel(
    activation: Activation | Callable[[np.ndarray], np.ndarray],
    correlation: float,
    *,
    weight_scale: float = 1.0,
) -> float:
    r"""Return the kernel of random features between two samples.

    $$k(\rho) = \mathbb E[\sigma(z_1)\sigma(z_2)], \qquad z_i\sim\mathcal N(0, 2s_w^2),\quad
      \operatorname{corr}(z_1,z_2)=\rho ,$$

    where $\rho = 1, \tfrac12, 0$ for the same sample, one operand shared, none shared. Closed for
    ``"square"`` ($4s_w^4(1+2\rho^2)$) and the arc-cosine kernels ``"relu"``, ``"relu_squared"``;
    Gauss-Hermite quadrature for ``"silu"`` and for any smooth function that is passed in.

    Parameters
    ----------
    activation
        Name or vectorized function $\sigma$.
    correlation
        $\rho\in[-1,1]$.
    weight_scale
        $s_w > 0$, standard deviation of the Gaussian first-layer weights.

    Raises
    ------
    ValueError
        For a bad name, correlation or scale, and if the quadrature has not converged to 1e-9
        (non-smooth functions; very large scales).

    Source: derived; arc-cosine kernels as in Cho and Saul (2009).

    >>> infinite_width_kernel("square", 1.0)
    12.0
    """
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation must lie in [-1, 1], got {correlation}")
    if weight_scale <= 0:
        raise ValueError(f"weight_scale must be positive, got {weight_scale}")
    variance = 2 * weight_scale**2
    angle = np.arccos(correlation)
    match activation:
        case "square":
            return variance**2 * (1 + 2 * correlation**2)
        case "relu":
            value = np.sin(angle) + (np.pi - angle) * np.cos(angle)
            return float(variance * value / (2 * np.pi))
        case "relu_squared":
            value = 3 * np.sin(angle) * np.cos(angle)
            value += (np.pi - angle) * (1 + 2 * np.cos(angle) ** 2)
            return float(variance**2 * value / (2 * np.pi))
        case "silu":
            return _kernel_by_quadrature(lambda z: z * expit(z), correlation, variance)
        case str():
            raise ValueError(
                f"activation must be one of {get_args(Activation)} or a function, "
                f"got {activation!r}"
            )
        case _:
            return _kernel_by_quadrature(activation, correlation, variance)


def label_eigenvalue(
    activation: Activation | Callable[[np.ndarray], np.ndarray], *, weight_scale: float = 1.0
) -> float:
    r"""Return the eigenvalue per node that the labels of a group task have under $S$.

    $$S\,\tilde Y = K c_1\tilde Y, \qquad c_1 = k(1) - 2k(\tfrac12) + k(0) ,$$

    at infinite width on all $n = M^2$ samples. For $\sigma = x^2$ it is $4s_w^4$, and it stays so
    for independent weights of any symmetric distribution, since only the term $2uv$ counts.

    Source: derived.

    >>> label_eigenvalue("square", weight_scale=1.0)
    4.0
    """
    same, shared, none = (
        infinite_width_kernel(activation, rho, weight_scale=weight_scale) for rho in (1.0, 0.5, 0.0)
    )
    return same - 2 * shared + none


def feature_variance(
    activation: Activation | Callable[[np.ndarray], np.ndarray], *, weight_scale: float = 1.0
) -> float:
    r"""Return the variance of one random feature over the samples.

    $$c_2 = k(1) - k(0) .$$

    Source: derived.

    >>> feature_variance("square", weight_scale=1.0)
    8.0
    """
    return infinite_width_kernel(
        activation, 1.0, weight_scale=weight_scale
    ) - infinite_width_kernel(activation, 0.0, weight_scale=weight_scale)


def wide_prefactor(width: int, eta: float, *, label_eigenvalue: float) -> float:
    r"""Return the factor of $\tilde Y\tilde Y^\top\tilde F$ in the fixed point for $K\gg n$.

    $$G_F(\infty) = \frac{\eta}{(Kc_1+\eta)^2}\,\tilde Y\tilde Y^\top\tilde F .$$

    On all $n = M^2$ samples. It falls as $K^{-2}$ at fixed ridge: no features are learned in the
    limit of infinite width. It is zero at $\eta = 0$. Source: derived.

    >>> wide_prefactor(100, 1.0, label_eigenvalue=0.09)
    0.01
    """
    _refuse_bad_prefactor(width, eta)
    return eta / (width * label_eigenvalue + eta) ** 2


def narrow_prefactor(num_samples: int, eta: float, *, feature_variance: float) -> float:
    r"""Return the factor of $\tilde Y\tilde Y^\top\tilde F$ in the fixed point for $n\gg K$.

    $$G_F(\infty)\approx\frac{1}{nc_2+\eta}\,\tilde Y\tilde Y^\top\tilde F ,$$

    since few nodes leave almost all of $\tilde Y$ unfitted and have $\tilde F^\top\tilde F\approx
    nc_2I$. It does not vanish at $\eta = 0$. Leading order in $K/M$. Source: derived.

    >>> narrow_prefactor(9, 1.0, feature_variance=1.0)
    0.1
    """
    _refuse_bad_prefactor(num_samples, eta)
    return 1 / (num_samples * feature_variance + eta)


def published_prefactor(
    width: int, num_samples: int, eta: float, *, label_eigenvalue: float, feature_variance: float
) -> float:
    r"""Return the paper's factor, which takes both Gram matrices as multiples of the identity.

    $$\frac{\eta}{(Kc_1+\eta)(nc_2+\eta)} .$$

    The two assumptions exclude one another unless $K = n$ (their ranks differ).
    Source: [tian2025li2, Lemma 1].

    >>> published_prefactor(3, 4, 1.0, label_eigenvalue=1.0, feature_variance=1.0)
    0.05
    """
    _refuse_bad_prefactor(width, eta)
    _refuse_bad_prefactor(num_samples, eta)
    return eta / ((width * label_eigenvalue + eta) * (num_samples * feature_variance + eta))


def _kernel_by_quadrature(
    activation: Callable[[np.ndarray], np.ndarray], correlation: float, variance: float
) -> float:
    coarse, fine = (_hermite_average(activation, correlation, variance, n) for n in (120, 240))
    if not abs(fine - coarse) <= 1e-9 * max(1.0, abs(fine)):
        raise ValueError(
            f"activation must be smooth on the scale {variance**0.5:.3g} of its input; quadrature "
            f"with 120 and 240 nodes gave {coarse} and {fine}"
        )
    return fine


def _hermite_average(
    activation: Callable[[np.ndarray], np.ndarray], correlation: float, variance: float, order: int
) -> float:
    nodes, weights = roots_hermitenorm(order)
    first = np.sqrt(variance) * nodes
    orthogonal = np.sqrt(variance * (1 - correlation**2)) * nodes
    second = correlation * first[:, None] + orthogonal[None, :]
    inner = activation(second) @ weights
    return float(np.sum(weights * activation(first) * inner) / (2 * np.pi))


def _refuse_bad_prefactor(count: int, eta: float) -> None:
    if count < 1 or eta < 0:
        raise ValueError(f"counts must be at least 1 and eta at least 0, got {count} and {eta}")

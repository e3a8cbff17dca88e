r"""Linear regression with a complexity penalty: a fast clock for the data, a slow one for the rest.

$$ L = \frac1n\left[\sum_\mu\frac{(w\cdot\phi_\mu-y_\mu)^2}{\epsilon_0}
       + \sum_i\frac{(w_i-\mu_i)^2}{\sigma_i}\right] . $$

Directions that the samples see relax at the rate $\frac2n(\frac{s^2}{\epsilon_0}+\frac1\sigma)$
with their singular value $s$; all others only feel the penalty, $\frac{2}{n\sigma}$. If the
initialization is large where the samples do not look, the train error falls on the fast clock and
the test error on the slow one, longer by the factor $1+s^2\sigma/\epsilon_0$. Without the penalty,
unseen directions never move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import refuse_not_positive
from .quadratic import QuadraticDescent


class Clocks(NamedTuple):
    r"""Relaxation times of gradient descent, in steps, the slowest last.

    Attributes
    ----------
    seen
        $n/[2\eta(s^2/\epsilon_0+1/\sigma)]$ for every direction that the samples see.
    unseen
        $n\sigma/(2\eta)$.
    """

    seen: Float[np.ndarray, " directions"]
    unseen: float


def penalized_regression(
    features: Float[np.ndarray, "samples features"],
    targets: Float[np.ndarray, " samples"],
    *,
    error_scale: float,
    prior_variances: ArrayLike,
    prior_means: ArrayLike = 0.0,
) -> QuadraticDescent:
    r"""Return the loss of penalized linear regression, ready for its exact descent.

    Parameters
    ----------
    features, targets
        $\phi$, one row a sample, and $y$.
    error_scale
        $\epsilon_0 > 0$, the variance of the likelihood.
    prior_variances
        $\sigma_i > 0$, one number or one a feature; infinity takes the penalty away.
    prior_means
        $\mu_i$.

    Returns
    -------
    The quadratic loss; its ``descent`` and ``flow`` give the weights at any step and time.

    Raises
    ------
    ValueError
        For shapes that do not fit or scales that are not positive.

    Source: [miller2023beyond, Eqs. 2, 3, code]; exact solution derived
    (derivation penalized-clocks).

    >>> loss = penalized_regression(np.array([[1.0, 0.0]]), np.ones(1), error_scale=1.0,
    ...                             prior_variances=0.5)
    >>> loss.curvatures.tolist(), loss.flow(np.zeros(2), [np.inf]).round(9).tolist()
    ([4.0, 6.0], [[0.333333333, 0.0]])
    """
    if features.ndim != 2 or targets.shape != features.shape[:1]:
        raise ValueError(
            "features and targets must have shapes (samples, features) and (samples,), got "
            f"{features.shape} and {targets.shape}"
        )
    refuse_not_positive(error_scale=error_scale)
    samples, count = features.shape
    variances = np.broadcast_to(np.asarray(prior_variances, np.float64), (count,))
    means = np.broadcast_to(np.asarray(prior_means, np.float64), (count,))
    if np.any(~(variances > 0)):
        raise ValueError(f"prior_variances must be positive, got {prior_variances}")
    data = 2 / (samples * error_scale)
    prior = 2 / (samples * variances)
    hessian = data * features.T @ features + np.diag(prior)
    return QuadraticDescent.of(hessian, data * features.T @ targets + prior * means)


def penalized_clocks(
    features: Float[np.ndarray, "samples features"],
    *,
    error_scale: float,
    prior_variance: float,
    learning_rate: float,
) -> Clocks:
    r"""Return the relaxation times of seen and unseen directions.

    $$ t_s = \frac{n}{2\eta\,(s^2/\epsilon_0+1/\sigma)}, \qquad
       t_{\mathrm{unseen}} = \frac{n\sigma}{2\eta} . $$

    Parameters
    ----------
    features
        $\phi$, with singular values $s$.
    error_scale, prior_variance
        $\epsilon_0$ and $\sigma$, the same for all weights.
    learning_rate
        $\eta$.

    Raises
    ------
    ValueError
        For numbers that are not positive.

    Source: derivation penalized-clocks.

    >>> clocks = penalized_clocks(np.array([[1.0, 0.0]]), error_scale=0.5, prior_variance=0.5,
    ...                           learning_rate=1e-3)
    >>> clocks.seen.round(6).tolist(), clocks.unseen
    ([125.0], 250.0)
    """
    refuse_not_positive(
        error_scale=error_scale, prior_variance=prior_variance, learning_rate=learning_rate
    )
    samples = len(features)
    values = np.linalg.svd(features, compute_uv=False)
    values = values[values > 1e-12 * values.max(initial=0.0)]
    seen = samples / (2 * learning_rate * (values**2 / error_scale + 1 / prior_variance))
    return Clocks(seen, samples * prior_variance / (2 * learning_rate))


def weight_complexity(
    weights: Float[np.ndarray, "*path features"],
    *,
    prior_variances: ArrayLike,
    prior_means: ArrayLike = 0.0,
) -> Float[np.ndarray, "*path"]:
    r"""Return the complexity $\sum_i(w_i-\mu_i)^2/\sigma_i$ of weights.

    Raises
    ------
    ValueError
        For variances that are not positive.

    Source: [miller2023beyond, Eq. 3].

    >>> weight_complexity(np.array([1.0, 2.0]), prior_variances=0.5).item()
    10.0
    """
    variances = np.asarray(prior_variances, np.float64)
    if np.any(~(variances > 0)):
        raise ValueError(f"prior_variances must be positive, got {prior_variances}")
    return np.asarray(np.sum((weights - prior_means) ** 2 / variances, axis=-1))

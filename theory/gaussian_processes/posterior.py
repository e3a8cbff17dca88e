r"""What a Gaussian process predicts once its hyper-parameters are given.

$$ \bar f(x) = m + k(x)^\top C^{-1}(y-m), \qquad
   \operatorname{var}f(x) = K(x,x) - k(x)^\top C^{-1}k(x) . $$
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from .likelihood import Hyperparameters, covariance_factor, squared_exponential


def posterior_mean(
    gram: Float[np.ndarray, "samples samples"],
    cross: Float[np.ndarray, "points samples"],
    targets: Float[np.ndarray, " samples"],
    *,
    noise: float,
    mean: float = 0.0,
) -> Float[np.ndarray, " points"]:
    r"""Return the posterior mean at new points.

    Parameters
    ----------
    gram, cross
        $K$ of the inputs, and between new points and inputs.
    targets
        $y$.
    noise
        $\nu \ge 0$.
    mean
        $m$.

    Raises
    ------
    ValueError
        If the noise is negative.

    Source: [miller2023beyond, Sec. 2.3.1] (standard).

    >>> posterior_mean(np.eye(1), np.eye(1), np.ones(1), noise=1.0).round(12).tolist()
    [0.5]
    """
    factor = covariance_factor(gram, noise)
    return mean + cross @ np.linalg.solve(factor.T, np.linalg.solve(factor, targets - mean))


def posterior_variance(
    gram: Float[np.ndarray, "samples samples"],
    cross: Float[np.ndarray, "points samples"],
    prior: Float[np.ndarray, " points"],
    *,
    noise: float,
) -> Float[np.ndarray, " points"]:
    r"""Return the posterior variance of the function (not of a noisy target) at new points.

    Parameters
    ----------
    gram, cross, noise
        As in :func:`posterior_mean`.
    prior
        $K(x, x)$ of the new points.

    Raises
    ------
    ValueError
        If the noise is negative.

    Source: [miller2023beyond, Sec. 2.3.1] (standard).

    >>> posterior_variance(np.eye(1), np.eye(1), np.ones(1), noise=1.0).round(12).tolist()
    [0.5]
    """
    whitened = np.linalg.solve(covariance_factor(gram, noise), cross.T)
    return prior - np.sum(whitened**2, axis=0)


def mean_squared_error(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    at: Hyperparameters,
    *,
    test_inputs: Float[np.ndarray, "points dimension"],
    test_targets: Float[np.ndarray, " points"],
) -> float:
    r"""Return the error of the posterior mean of the squared-exponential process on test samples.

    With the train samples as test samples it is the train error.

    Source: [miller2023beyond, Sec. 2.3.1].
    """
    kernel: Any = {
        "length_scale": float(np.exp(at.log_length_scale)),
        "signal": float(np.exp(at.log_signal)),
    }
    predicted = posterior_mean(
        squared_exponential(inputs, **kernel),
        squared_exponential(test_inputs, inputs, **kernel),
        targets,
        noise=float(np.exp(at.log_noise)),
        mean=at.mean,
    )
    return float(np.mean((predicted - test_targets) ** 2))

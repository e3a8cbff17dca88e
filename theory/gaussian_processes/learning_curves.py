r"""Test error of a Gaussian process against the number of samples, hyper-parameters held fixed."""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..kernels import learning_curve as noiseless_learning_curve


def learning_curve(
    eigenvalues: Float[np.ndarray, " modes"],
    multiplicities: Float[np.ndarray, " modes"],
    powers: Float[np.ndarray, " modes"],
    num_samples: ArrayLike,
    *,
    noise: float,
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the average test error of the posterior mean, on targets without noise.

    $$ E = \frac{\sum_k w_k^2\bigl(\frac\kappa{\kappa+P\lambda_k}\bigr)^2 + \gamma\nu}{1-\gamma},
       \qquad \kappa = \nu + \sum_k\frac{n_k\kappa\lambda_k}{\kappa+P\lambda_k}, \qquad
       \gamma = \sum_k\frac{n_kP\lambda_k^2}{(\kappa+P\lambda_k)^2} . $$

    Noise on the train targets acts as a mode that is never learned, so this is
    :func:`groktheory.theory.kernels.learning_curve` with such a mode, less the noise of the test
    targets. The noise variance is that of the labels and the one that the process assumes.

    Parameters
    ----------
    eigenvalues, multiplicities, powers, num_samples
        As there.
    noise
        $\nu \ge 0$.

    Raises
    ------
    ValueError
        For arguments out of range or of different lengths.

    Source: learning curve of kernel regression (standard); reduction derived.

    >>> spectrum = np.array([1.0]), np.array([100.0]), np.array([1.0])
    >>> learning_curve(*spectrum, 50, noise=0.0).round(9).tolist()
    0.5
    """
    if not noise >= 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    curve = noiseless_learning_curve(
        np.append(eigenvalues, 0.0),
        np.append(multiplicities, 1.0),
        np.append(powers, noise),
        num_samples,
        ridge=noise,
    )
    return np.asarray(curve - noise)

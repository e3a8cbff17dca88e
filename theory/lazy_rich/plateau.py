r"""The lazy plateau: where the test error waits for the features to move.

In the limit $\alpha\to\infty$ a committee ends at kernel regression with its initial kernel. If the
samples are too few for the quadratic modes, $P \ll D^2/2\epsilon^2$, what it finds is mostly a
linear function, which the target does not contain at all; at small curvature that is worse than
no training.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from .. import kernels
from ._checks import initial_moments, refuse_bad_curvature
from .loss import LossTerms, loss_terms, symmetric_target
from .spectrum import (
    committee_kernel,
    initial_eigenvalues,
    multiplicities,
    target_powers,
)


def kernel_plateau(
    inputs: Float[np.ndarray, "samples dimension"],
    target: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
    mean: Float[np.ndarray, " dimension"] | None = None,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
    ridge: float = 0.0,
) -> LossTerms:
    r"""Return the test error at the end of lazy training on a given training set.

    With $c = K_0(X, X)^{-1}y$ the kernel predictor has

    $$ u = \sum_\mu c_\mu\,(1+\epsilon\,\bar w_0\cdot x_\mu)\,x_\mu, \qquad
       \epsilon Q = 2\operatorname{sym}\sum_\mu c_\mu\left(\epsilon\,\bar w_0x_\mu^\top
       + \epsilon^2M_0\,x_\mu x_\mu^\top\right) $$

    in the decomposition of :func:`~groktheory.theory.lazy_rich.loss.loss_terms`.

    Parameters
    ----------
    inputs
        Training inputs.
    target
        $B$ of the target $y = \tfrac12x^\top Bx$.
    curvature
        $\epsilon > 0$.
    mean, second_moment
        $\bar w_0$ and $M_0$; by default those of infinitely many standard normal units, $0$, $I$.
    ridge
        Ridge of the kernel regression; 0 for gradient descent to its end.

    Raises
    ------
    ValueError
        For shapes that do not fit or arguments out of range.

    Source: derived (the representer theorem for [kumar2023lazy, Eq. 5]).
    """
    refuse_bad_curvature(curvature)
    target = symmetric_target(target)
    if inputs.ndim != 2 or inputs.shape[1] != len(target):
        raise ValueError(f"inputs must have shape (samples, {len(target)}), got {inputs.shape}")
    mean, second_moment = initial_moments(mean, second_moment, len(target))
    kernel = committee_kernel(inputs, mean=mean, second_moment=second_moment, curvature=curvature)
    outputs = np.einsum("ni,ni->n", inputs @ target, inputs) / 2
    coefficients = kernels.kernel_regression(kernel, outputs, ridge=ridge).coefficients
    weighted = coefficients @ inputs
    linear = weighted + curvature * ((coefficients * (inputs @ mean)) @ inputs)
    product = mean[:, None] * weighted[None, :]
    product += curvature * second_moment @ (inputs.T @ (coefficients[:, None] * inputs))
    return loss_terms(linear, product + product.T, target, curvature=curvature)


def average_plateau(
    target: Float[np.ndarray, "dimension dimension"],
    num_samples: ArrayLike,
    *,
    curvature: float,
    ridge: float = 0.0,
    quadratic_eigenvalue: float | None = None,
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the test error at the end of lazy training, averaged over training sets.

    The learning curve of kernel regression for the three eigenvalues of a wide, new committee,
    :func:`~groktheory.theory.kernels.learning_curve`. It has a peak near $P = D$ and vanishes when
    $P$ exceeds the number $D(D+3)/2$ of features.

    Parameters
    ----------
    target
        $B$ of the target $y = \tfrac12x^\top Bx$.
    num_samples
        $P > 0$, a number or an array.
    curvature
        $\epsilon > 0$.
    ridge
        Ridge $\ge 0$.
    quadratic_eigenvalue
        To put another value in place of $\lambda_{\mathrm{quad}} = 2\epsilon^2/D^2$.

    Raises
    ------
    ValueError
        For arguments out of range.

    A few per cent off the average over training sets in $D = 30$ to 50 dimensions, more below
    $P = D$, where single training sets scatter by 25 %. Source: derived.

    >>> round(float(average_plateau(50 * np.diag(np.eye(50)[0]), 250, curvature=0.25)), 3)
    0.526
    """
    target = symmetric_target(target)
    dimension = len(target)
    eigenvalues = initial_eigenvalues(dimension, curvature=curvature)
    if quadratic_eigenvalue is not None:
        eigenvalues = eigenvalues._replace(quadratic=quadratic_eigenvalue)
    return kernels.learning_curve(
        np.array(eigenvalues),
        np.array(multiplicities(dimension), np.float64),
        np.array(target_powers(target)),
        num_samples,
        ridge=ridge,
    )

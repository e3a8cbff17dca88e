r"""The marginal likelihood of Gaussian process regression, split into data fit and complexity.

$$ -\frac1n\ln p(y) = \underbrace{\frac{r^\top C^{-1}r}{2n}}_{\text{data fit}}
   + \underbrace{\frac{\ln\det C}{2n}}_{\text{complexity}} + \frac{\ln2\pi}2, \qquad
   r = y-m,\quad C = K+\nu I . $$
"""

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

NAMES = ("log_length_scale", "log_signal", "mean", "log_noise")


@dataclass(frozen=True)
class Hyperparameters:
    r"""Hyper-parameters of a squared-exponential process in the coordinates that are trained.

    Parameters
    ----------
    log_length_scale
        $\ln\ell$.
    log_signal
        $\ln s$, the signal variance.
    mean
        $m$, a constant.
    log_noise
        $\ln\nu$, the noise variance.
    """

    log_length_scale: float
    log_signal: float
    mean: float
    log_noise: float

    def vector(self) -> Float[np.ndarray, "4"]:
        """The four numbers in the order of `NAMES`."""
        return np.array([getattr(self, name) for name in NAMES], np.float64)

    @classmethod
    def of(cls, vector: Float[np.ndarray, "4"]) -> "Hyperparameters":
        """Read the four numbers back."""
        return cls(*(float(value) for value in vector))


class LikelihoodTerms(NamedTuple):
    r"""Data fit and complexity per sample; scalars, or one entry a hyper-parameter."""

    data_fit: Float[np.ndarray, "..."]
    complexity: Float[np.ndarray, "..."]

    @property
    def loss(self) -> Float[np.ndarray, "..."]:
        r"""Their sum, the negative log likelihood per sample but for $\frac12\ln2\pi$."""
        return np.asarray(self.data_fit + self.complexity)


def squared_exponential(
    inputs: Float[np.ndarray, "samples dimension"],
    others: Float[np.ndarray, "others dimension"] | None = None,
    *,
    length_scale: float | Float[np.ndarray, " dimension"],
    signal: float,
) -> Float[np.ndarray, "samples others"]:
    r"""Return the kernel matrix between two sets of inputs.

    $$ K(x, x') = s\,\exp\Bigl(-\sum_d\frac{(x_d-x'_d)^2}{2\ell_d^2}\Bigr) . $$

    Parameters
    ----------
    inputs, others
        One row a sample; the inputs themselves if there are no others.
    length_scale
        $\ell > 0$, one for all dimensions or one for each (automatic relevance determination).
    signal
        $s > 0$.

    Raises
    ------
    ValueError
        If a length scale or the signal is not positive, or the dimensions differ.

    Source: [miller2023beyond, Sec. 2.3.1].

    >>> one, two = np.zeros((1, 1)), np.ones((1, 1))
    >>> squared_exponential(one, two, length_scale=1.0, signal=2.0).round(6)
    array([[1.213061]])
    """
    others = inputs if others is None else others
    if inputs.shape[1] != others.shape[1]:
        raise ValueError(
            f"inputs and others must have the same dimension, got {inputs.shape[1]} and "
            f"{others.shape[1]}"
        )
    if not np.all(np.asarray(length_scale) > 0) or not signal > 0:
        raise ValueError(
            f"length_scale and signal must be positive, got {length_scale} and {signal}"
        )
    return signal * np.exp(-_squared_distances(inputs / length_scale, others / length_scale) / 2)


def covariance_factor(
    gram: Float[np.ndarray, "samples samples"], noise: float = 0.0
) -> Float[np.ndarray, "samples samples"]:
    r"""Return the lower Cholesky factor of $C = K + \nu I$.

    If $C$ is singular to double precision (repeated inputs, or a length scale beyond their spread,
    without noise) the smallest of $10^{-14}, 10^{-13}, \dots, 10^{-6}$ times the mean of its
    diagonal that makes it regular is added, and a warning says so.

    Raises
    ------
    ValueError
        If the noise is negative or no such jitter helps: then `gram` is no covariance matrix.
    """
    if not noise >= 0:
        raise ValueError(f"noise must be at least 0, got {noise}")
    covariance = gram + noise * np.eye(len(gram))
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:
        scale = float(np.mean(np.diag(covariance)))
    for exponent in range(-14, -5):
        jitter = 10.0**exponent * scale
        try:
            factor = np.linalg.cholesky(covariance + jitter * np.eye(len(gram)))
        except np.linalg.LinAlgError:
            continue
        warnings.warn(
            f"the covariance is singular to double precision: a jitter of {jitter:.3g} "
            f"(1e{exponent} of its mean diagonal) has been added; a larger noise makes it regular",
            stacklevel=2,
        )
        return factor
    raise ValueError("gram must be symmetric and not negative: no jitter makes it a covariance")


def likelihood_terms(
    gram: Float[np.ndarray, "samples samples"],
    targets: Float[np.ndarray, " samples"],
    *,
    noise: float,
    mean: float = 0.0,
) -> LikelihoodTerms:
    r"""Return data fit and complexity of given targets under a given kernel.

    Parameters
    ----------
    gram
        $K$ of the inputs.
    targets
        $y$.
    noise
        $\nu \ge 0$.
    mean
        $m$.

    Raises
    ------
    ValueError
        If the shapes do not match or the noise is negative.

    Cost: one Cholesky factorization. Source: [miller2023beyond, Sec. 2.3.1].

    >>> round(float(likelihood_terms(np.eye(2), np.array([1.0, 1.0]), noise=1.0).data_fit), 12)
    0.25
    """
    _refuse_other_shapes(gram, targets)
    factor = covariance_factor(gram, noise)
    whitened = np.linalg.solve(factor, targets - mean)
    return LikelihoodTerms(
        whitened @ whitened / (2 * len(targets)), np.sum(np.log(np.diag(factor))) / len(targets)
    )


def hyperparameter_gradient(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    at: Hyperparameters,
) -> LikelihoodTerms:
    r"""Return the gradients of data fit and complexity of the squared-exponential process.

    For a parameter $q$ of the covariance, with $a = C^{-1}r$,

    $$ \frac{\partial\,\text{fit}}{\partial q} = -\frac{a^\top(\partial_qC)\,a}{2n}, \qquad
       \frac{\partial\,\text{complexity}}{\partial q} =
         \frac{\operatorname{tr}(C^{-1}\partial_qC)}{2n}, \qquad
       \frac{\partial\,\text{fit}}{\partial m} = -\frac{\sum_ia_i}n . $$

    Returns
    -------
    Two vectors with one entry for each of $\ln\ell, \ln s, m, \ln\nu$.

    Raises
    ------
    ValueError
        If the shapes do not match.

    Source: [miller2023beyond, Sec. 2.3.1] (standard).
    """
    distances = _squared_distances(inputs, inputs)
    fit, complexity, _ = terms_and_gradients(distances, targets, at.vector())
    return LikelihoodTerms(fit, complexity)


def terms_and_gradients(
    squared_distances: Float[np.ndarray, "samples samples"],
    targets: Float[np.ndarray, " samples"],
    parameters: Float[np.ndarray, "4"],
) -> tuple[Float[np.ndarray, "4"], Float[np.ndarray, "4"], LikelihoodTerms]:
    """Return the gradients of fit and of complexity, and the terms, from distances at hand."""
    log_length, log_signal, mean, log_noise = parameters
    _refuse_other_shapes(squared_distances, targets)
    n, noise = len(targets), np.exp(log_noise)
    reduced = squared_distances * np.exp(-2 * log_length)
    gram = np.exp(log_signal - reduced / 2)
    factor = covariance_factor(gram, noise)
    inverse = np.linalg.solve(factor, np.eye(n))
    precision = inverse.T @ inverse
    residual = targets - mean
    forces = precision @ residual
    slopes = (gram * reduced, gram, None, noise * np.eye(n))
    fit = np.array([-forces.sum() / n if s is None else -forces @ s @ forces / (2 * n)
                    for s in slopes])  # fmt: skip
    complexity = np.array([0.0 if s is None else np.sum(precision * s) / (2 * n) for s in slopes])
    terms = LikelihoodTerms(residual @ forces / (2 * n), np.sum(np.log(np.diag(factor))) / n)
    return fit, complexity, terms


def _squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sum((first[:, None] - second[None]) ** 2, axis=-1)


def _refuse_other_shapes(gram: np.ndarray, targets: np.ndarray) -> None:
    if gram.shape != (len(targets), len(targets)):
        raise ValueError(
            f"gram must be [{len(targets)}, {len(targets)}] for {len(targets)} targets, got shape "
            f"{gram.shape}"
        )

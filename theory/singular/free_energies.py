r"""Free energies, phases, and when Bayesian learning changes from one to another.

$$F_n = nL+\lambda\ln n-(m-1)\ln\ln n+O_p(1), \qquad
  F_n \simeq \min_\alpha\,[\,nL_\alpha+\lambda_\alpha\ln n\,] .$$
"""

import math

import numpy as np
from jaxtyping import Float

from .coefficients import LearningCoefficient


def free_energy(
    num_samples: float | Float[np.ndarray, "*sizes"],
    loss: float,
    coefficient: LearningCoefficient,
) -> Float[np.ndarray, "*sizes"]:
    r"""Return $nL+\lambda\ln n-(m-1)\ln\ln n$, the free energy of a phase up to $O_p(1)$.

    Parameters
    ----------
    num_samples
        $n > e$.
    loss
        $L$, mean negative log-likelihood at the minimum of the phase.
    coefficient
        $\lambda$ and $m$ there.

    Raises
    ------
    ValueError
        If there are fewer than three samples.

    Source: [lakkapragada2025slt, Sec. 1].

    >>> round(free_energy(np.exp(2.0), 0.0, LearningCoefficient(3, 2)).item(), 6)
    5.306853
    """
    sizes = np.asarray(num_samples, np.float64)
    if not np.all(sizes > math.e):
        raise ValueError(f"num_samples must be at least 3, got {sizes.min():g}")
    logs = np.log(sizes)
    powers = float(coefficient) * logs - (coefficient.multiplicity - 1) * np.log(logs)
    return np.asarray(sizes * loss + powers)


def transition_size(loss_gap: float, coefficient_gap: float) -> float:
    r"""Return the sample size from which on a phase of lower loss and higher coefficient wins.

    $$n_c\,(L_A-L_B) = (\lambda_B-\lambda_A)\ln n_c,$$

    the larger of the two solutions, $n_c = -\frac1g W_{-1}(-g)$ with the ratio
    $g = (L_A-L_B)/(\lambda_B-\lambda_A)$.

    Parameters
    ----------
    loss_gap
        $L_A-L_B > 0$.
    coefficient_gap
        $\lambda_B-\lambda_A > 0$.

    Returns
    -------
    $n_c$; 0 if the lower loss wins at every size, $g \ge 1/e$.

    Raises
    ------
    ValueError
        If a gap is not positive: the better phase is then also the simpler one.

    Source: [lakkapragada2025slt, Sec. 1], solved (derivation transition-size).

    >>> round(transition_size(0.010276, 1.5))
    1010
    """
    if not loss_gap > 0 or not coefficient_gap > 0:
        raise ValueError(
            f"loss_gap and coefficient_gap must be positive, got {loss_gap} and {coefficient_gap}: "
            "otherwise one phase has both the lower loss and the lower coefficient"
        )
    from scipy.special import lambertw

    ratio = loss_gap / coefficient_gap
    if ratio >= 1 / math.e:
        return 0.0
    return float(-lambertw(-ratio, -1).real / ratio)


def conjugate_free_energy(
    features: Float[np.ndarray, "samples features"],
    targets: Float[np.ndarray, " samples"],
    *,
    prior_variance: float = 1.0,
    inverse_temperature: float = 1.0,
) -> float:
    r"""Return the exact free energy $-\ln\int e^{-\beta nL_n}\varphi\,dw$ of Gaussian regression.

    With noise of variance one, $nL_n = \frac12|y-Xw|^2+\frac n2\ln2\pi$, and a prior
    $\mathcal N(0, v)$ on every weight.

    Parameters
    ----------
    features, targets
        $X$ and $y$.
    prior_variance
        $v > 0$.
    inverse_temperature
        $\beta > 0$.

    Raises
    ------
    ValueError
        If a number is not positive.

    Source: derived; Gaussian integrals.

    >>> empty = np.zeros((2, 1))
    >>> bool(np.isclose(conjugate_free_energy(empty, np.zeros(2)), np.log(2 * np.pi)))
    True
    """
    precision, residual, _ = _posterior(features, targets, prior_variance, inverse_temperature)
    volume = np.linalg.slogdet(prior_variance * precision)[1] / 2
    noise = inverse_temperature * len(targets) * math.log(2 * math.pi) / 2
    return float(residual + volume + noise)


def conjugate_wbic(
    features: Float[np.ndarray, "samples features"],
    targets: Float[np.ndarray, " samples"],
    *,
    prior_variance: float = 1.0,
    inverse_temperature: float | None = None,
) -> float:
    r"""Return the exact mean $\langle nL_n\rangle_\beta$ of Gaussian regression.

    At $\beta = 1/\ln n$, the default, it is the widely applicable Bayesian information criterion,
    equal to the free energy at $\beta = 1$ up to $O_p(\sqrt{\ln n})$.

    Parameters
    ----------
    features, targets, prior_variance
        As in :func:`conjugate_free_energy`.
    inverse_temperature
        $\beta > 0$.

    Raises
    ------
    ValueError
        If a number is not positive.

    Source: [watanabe2013wbic, Theorem 4]; derived here as Gaussian moments.
    """
    beta = 1 / math.log(len(targets)) if inverse_temperature is None else inverse_temperature
    precision, _, mean = _posterior(features, targets, prior_variance, beta)
    spread = np.trace(np.linalg.solve(precision, features.T @ features)) / 2
    misfit = np.sum((targets - features @ mean) ** 2) / 2
    return float(misfit + spread + len(targets) * math.log(2 * math.pi) / 2)


def _posterior(
    features: np.ndarray, targets: np.ndarray, prior_variance: float, beta: float
) -> tuple[np.ndarray, float, np.ndarray]:
    """Precision, least energy and mean of the tempered posterior."""
    if not prior_variance > 0 or not beta > 0:
        raise ValueError(
            "prior_variance and inverse_temperature must be positive, got "
            f"{prior_variance} and {beta}"
        )
    precision = beta * features.T @ features + np.eye(features.shape[1]) / prior_variance
    mean = np.linalg.solve(precision, beta * features.T @ targets)
    energy = beta * np.sum((targets - features @ mean) ** 2) / 2
    return precision, float(energy + mean @ mean / (2 * prior_variance)), mean

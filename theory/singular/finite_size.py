r"""What an estimator sees at finite size: the coefficient at a scale, not its limit.

At $s = n\beta$, and with the prior or the localization in $\varphi$,

$$Z(s) = \int e^{-sK}\varphi\,dw, \qquad
  \hat\lambda(s) = -\frac{d\ln Z}{d\ln s} = s\,\langle K\rangle
  = \lambda-\frac{m-1}{\ln s}+O\Bigl(\frac1{\ln^2s}\Bigr) .$$
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float

from .coefficients import LearningCoefficient, monomial


def asymptotic_coefficient(
    coefficient: LearningCoefficient, scale: float | Float[np.ndarray, "*scales"]
) -> Float[np.ndarray, "*scales"]:
    r"""Return $\lambda-(m-1)/\ln s$, the first two terms at a large scale.

    Raises
    ------
    ValueError
        If a scale is not above 1.

    Source: derived (derivation multiplicity-bias).

    >>> asymptotic_coefficient(LearningCoefficient(2, 2), np.e).item()
    1.0
    """
    scales = np.asarray(scale, np.float64)
    if not np.all(scales > 1):
        raise ValueError(f"scale must be above 1, got {scales.min():g}")
    return np.asarray(float(coefficient) - (coefficient.multiplicity - 1) / np.log(scales))


def monomial_coefficient(
    scale: float, exponents: Sequence[int], prior_exponents: Sequence[float] | None = None
) -> float:
    r"""Return $\hat\lambda(s)$ of $K = \prod_jw_j^{2k_j}$ under $\prod_jw_j^{h_j}$ on $[0, 1]^d$.

    The density of $t = -\ln K$ is a convolution of exponentials of rates $(h_j+1)/2k_j$, so that
    one integral over $t$ remains, smooth in $\ln s$: scales up to $10^{300}$ are no harder.

    Parameters
    ----------
    scale
        $s > 0$.
    exponents, prior_exponents
        As in :func:`.monomial`.

    Raises
    ------
    ValueError
        If the scale is not positive, or as :func:`.monomial`.

    Source: derived; for equal exponents of two variables it is
    $\lambda-1/(\ln s-\psi(\lambda))$ up to exponentially small terms.

    >>> round(monomial_coefficient(1e8, [1, 1]), 6)
    0.450942
    """
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}")
    monomial(exponents, None if prior_exponents is None else [*map(Fraction, prior_exponents)])
    priors = [0.0] * len(exponents) if prior_exponents is None else list(prior_exponents)
    rates = [(h + 1) / (2 * k) for k, h in zip(exponents, priors, strict=True) if k]
    weights = _density_of_sum(rates)
    # Panels of Gauss-Legendre nodes: the integrand is smooth at unit scale, vanishes well below
    # t = ln s, as exp(-s e^-t), and decays with the slowest rate beyond.
    begin = max(math.log(scale) - 7.0, 0.0)
    end = max(math.log(scale), 0.0) + 60.0 / min(rates) + 10.0
    nodes, node_weights = _panels(begin, end, panels=int(2 * (end - begin)) + 8)
    logs = math.log(scale) - nodes
    density = weights(nodes)
    energy = np.exp(np.minimum(logs, 700.0))
    boltzmann = np.exp(-np.minimum(energy, 700.0)) * (energy < 700.0)
    partition = np.sum(node_weights * density * boltzmann)
    return float(np.sum(node_weights * density * energy * boltzmann) / partition)


def localized_coefficient(
    eigenvalues: Float[np.ndarray, " modes"],
    *,
    scale: float,
    localization: float = 0.0,
    step_size: float | None = None,
) -> float:
    r"""Return $\hat\lambda$ of a quadratic $K = \frac12\sum_ih_ix_i^2$ as a sampler sees it.

    With a localization $\frac\gamma2|x|^2$, and $a_i = sh_i+\gamma$,

    $$\hat\lambda = \frac12\sum_i\frac{sh_i}{a_i\,(1-\epsilon a_i/4)} ;$$

    the last factor belongs to the finite steps $w\leftarrow w-\frac\epsilon2\nabla U
    +\sqrt\epsilon\,\xi$, and is absent in the continuum. It tends to half the rank only if
    $sh_i\gg\gamma$ for every $h_i > 0$.

    Parameters
    ----------
    eigenvalues
        $h_i \ge 0$ of the Hessian of the loss.
    scale
        $s = n\beta > 0$.
    localization
        $\gamma \ge 0$.
    step_size
        $\epsilon$ in $(0, 4/\max a_i)$; infinitely small if not given.

    Raises
    ------
    ValueError
        If an argument is out of range; the message holds the bound on the step size.

    Source: derived (derivations localized-modes, sampler-steps).

    >>> localized_coefficient(np.ones(4), scale=1.0, localization=1.0)
    1.0
    """
    if not np.all(eigenvalues >= 0):
        raise ValueError(f"eigenvalues must be at least 0, got {eigenvalues.min():g}")
    if not scale > 0 or not localization >= 0:
        raise ValueError(
            f"scale must be positive and localization at least 0, got {scale} and {localization}"
        )
    energies = scale * eigenvalues
    stiff = energies + localization
    heating = np.ones_like(stiff)
    if step_size is not None:
        largest = float(stiff.max())
        if not 0 < step_size * largest < 4:
            raise ValueError(
                f"step_size must lie in (0, 4 / {largest:.6g}) = (0, {4 / largest:.6g}), got "
                f"{step_size}: the chain diverges in the stiffest direction"
            )
        heating = 1 - step_size * stiff / 4
    moves = energies > 0
    return float(np.sum(energies[moves] / (stiff * heating)[moves]) / 2)


def _density_of_sum(rates: Sequence[float]) -> Callable[[np.ndarray], np.ndarray]:
    """Density of a sum of independent exponential variables.

    A gamma density if all rates are equal, partial fractions if all are apart, and in between the
    matrix exponential of the chain whose stages they are.
    """
    ordered = np.sort(np.array(rates))
    count, rate = len(ordered), float(ordered[0])
    if ordered[-1] - rate < 1e-12 * rate:
        log_norm = count * math.log(rate) - math.lgamma(count)

        def gamma(t: np.ndarray) -> np.ndarray:
            return np.exp(log_norm + (count - 1) * np.log(t) - rate * t)

        return gamma
    if np.diff(ordered).min() > 0.01 * ordered[-1]:
        shares = np.array(
            [np.prod(others / (others - own)) for own, others in _each_and_others(ordered)]
        )
        return lambda t: np.exp(-t[:, None] * ordered) @ (shares * ordered)

    from scipy.linalg import expm

    chain = np.diag(-ordered) + np.diag(ordered[:-1], 1)
    return lambda t: expm(chain * t[:, None, None])[:, 0, -1] * ordered[-1]


def _each_and_others(values: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    for index, value in enumerate(values):
        yield value, np.delete(values, index)


def _panels(
    start: float, end: float, *, panels: int
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, " nodes"]]:
    nodes, weights = np.polynomial.legendre.leggauss(12)
    edges = np.linspace(start, end, panels + 1)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1] + edges[1:])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()

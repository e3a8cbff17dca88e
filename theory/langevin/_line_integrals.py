r"""Integrals of Boltzmann factors on a line, in logarithms, refined until they no longer change.

At low temperature $e^{-f/\theta}$ spans hundreds of orders of magnitude, so that sums are taken
of logarithms. Every panel carries Gauss-Legendre nodes, and indefinite integrals inside of a
panel integrate the interpolating polynomial.
"""

import functools
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from ._evaluation import Profile, profile_energies

NODES = 12
DEPTH = 45.0  # a tail beyond this many temperatures holds 1e-19 of the weight
_ACCURACY = 1e-9
_MOST_PANELS = 2**14
_FARTHEST = 2.0**40


@functools.cache
def _rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes and weights on [-1, 1], and the matrix that integrates up to each of the nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    degrees = np.arange(NODES)
    values = np.polynomial.legendre.legvander(nodes, NODES)
    # The integral of P_n from -1 is (P_{n+1} - P_{n-1}) / (2n + 1).
    lower = np.concatenate([-np.ones((NODES, 1)), values[:, :-2]], axis=1)
    primitives = (values[:, 1:] - lower) / (2 * degrees + 1)
    coefficients = (values[:, :NODES] * weights[:, None]).T * (degrees[:, None] + 0.5)
    return nodes, weights, primitives @ coefficients


def panel_nodes(
    lower: float, upper: float, panels: int
) -> tuple[Float[np.ndarray, "panels nodes"], float]:
    """Return the nodes of equal panels, and half of the length of a panel."""
    edges = np.linspace(lower, upper, panels + 1)
    half = (upper - lower) / panels / 2
    return (edges[:-1] + half)[:, None] + half * _rule()[0], half


def integrate(values: Float[np.ndarray, "panels nodes"], half: float) -> float:
    """Return an integral from the values at the nodes."""
    return float(half * np.sum(values @ _rule()[1]))


def log_integral(exponents: Float[np.ndarray, "panels nodes"], half: float) -> float:
    r"""Return $\ln\int e^g$ from the values of $g$ at the nodes."""
    from scipy.special import logsumexp

    weights = np.broadcast_to(half * _rule()[1], exponents.shape)
    return float(np.asarray(logsumexp(exponents, b=weights)))


def log_running_integral(
    exponents: Float[np.ndarray, "panels nodes"], half: float, *, before: float = -math.inf
) -> Float[np.ndarray, "panels nodes"]:
    r"""Return $\ln\int_{-\infty}^{x}e^g$ at the nodes; `before` is its value at the first edge."""
    _, weights, matrix = _rule()
    shift = exponents.max(axis=1, keepdims=True)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    scaled = np.exp(exponents - shift)
    with np.errstate(divide="ignore"):
        # A steep panel may undershoot zero where its integral is negligible.
        inside = np.log(np.maximum(half * scaled @ matrix.T, 0.0)) + shift
        totals = np.log(half * scaled @ weights) + shift[:, 0]
    starts = np.logaddexp.accumulate(np.concatenate([[before], totals]))[:-1]
    return np.logaddexp(inside, starts[:, None])


def refined(value: Callable[[int], float], what: str) -> float:
    """Return a number computed on ever more panels, when it has stopped to change.

    Raises
    ------
    RuntimeError
        If it does not stop.
    """
    panels, previous, current = 32, math.nan, math.nan
    while panels <= _MOST_PANELS:
        previous, current = current, value(panels)
        if current == previous or abs(current - previous) <= _ACCURACY * max(1.0, abs(current)):
            return current
        panels = 2 * panels
    raise RuntimeError(
        f"{what} has not converged on {_MOST_PANELS} panels (last change "
        f"{abs(current - previous):.2g}): the profile may be discontinuous, or "
        "the temperature too low for the length of the interval"
    )


def confining_edge(
    profile: Profile, origin: float, direction: int, *, scale: float, temperature: float
) -> float:
    r"""Return a position beyond which the Boltzmann weight is negligible.

    Raises
    ------
    ValueError
        If the energy does not rise far enough: the potential does not confine.
    """
    distances = scale * np.linspace(0.0, 1.0, 33)
    lowest = math.inf
    while distances[-1] <= scale * _FARTHEST:
        energies = profile_energies(profile, origin + direction * distances)
        lowest = min(lowest, float(energies.min()))
        is_rising = bool(np.all(np.diff(energies[-8:]) > 0))
        if is_rising and energies[-1] - lowest > DEPTH * temperature:
            return origin + direction * float(distances[-1])
        distances = 2 * distances
    raise ValueError(
        f"the potential is not confining: towards {'+' if direction > 0 else '-'}infinity it does "
        f"not rise by {DEPTH:g} temperatures above its minimum, so that exp(-f/temperature) has "
        "no finite integral and there is no stationary law; put a reflecting wall at a finite "
        "position, or add a confining term such as weight decay"
    )

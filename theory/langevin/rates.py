r"""Rates of escape over barriers: Kramers, Eyring, Langer.

From a well $a$ over a pass $s$ at temperature $\theta$,

$$k = \frac{\lvert\lambda_-\rvert}{2\pi}\sqrt{\frac{\det H_a}{\lvert\det H_s\rvert}}\;
  e^{-[f(s)-f(a)]/\theta}\,[1+O(\theta)],$$

summed over equivalent passes. In one dimension it is Kramers' formula; with the free energies of
well and transition state in the exponent it is Eyring's. It asks for barriers of at least three
temperatures. Where a valley changes its width on the way, the profile that counts is the free
energy $A(x;\theta)$, see :mod:`groktheory.theory.langevin.landscapes`.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_low_barrier, refuse_not_positive
from ._evaluation import Profile, higher_derivatives, profile_derivatives, profile_energies
from .paths import Transition
from .stationary import StationaryPoint


def eyring_rate(
    barrier: float, *, temperature: float, prefactor: float = 1.0, check_barrier: bool = True
) -> float:
    r"""Rate over a barrier of free energy, $k = k_0\,e^{-(F_s-F_a)/\theta}$.

    Parameters
    ----------
    barrier
        $F_s-F_a$: transition state minus initial well.
    temperature
        $\theta > 0$.
    prefactor
        $k_0 > 0$, one over time.
    check_barrier
        Whether to refuse barriers below three temperatures.

    Raises
    ------
    ValueError
        For a barrier below three temperatures, or numbers that are not positive.

    Source: [kozyrev2024langevin, Eq. 5].

    >>> round(eyring_rate(5.0, temperature=1.0), 9)
    0.006737947
    """
    refuse_not_positive(temperature=temperature, prefactor=prefactor)
    refuse_low_barrier(barrier, temperature, check_barrier=check_barrier)
    return prefactor * math.exp(-barrier / temperature)


def kramers_rate(
    profile: Profile,
    start: float,
    end: float,
    *,
    temperature: float,
    check_barrier: bool = True,
) -> float:
    r"""Rate of escape on a line from one well to another,

    $$k = \frac{\sqrt{f''(a)\lvert f''(b)\rvert}}{2\pi}\,e^{-[f(b)-f(a)]/\theta} .$$

    Parameters
    ----------
    profile
        $f$, element by element and written with `jax.numpy`; the free energy $A(x;\theta)$ along a
        valley gives the free-energy form of the rate.
    start, end
        Two positions, in the basins of the two wells. The well $a$ is the minimum near the start,
        the top $b$ the highest point between the two.
    temperature
        $\theta > 0$.
    check_barrier
        Whether to refuse barriers below three temperatures.

    Raises
    ------
    ValueError
        If there is no barrier between the two positions, no minimum near the start, or the barrier
        is below three temperatures.

    Source: derived in the limit of :func:`mean_first_passage_time` (derivation kramers-limit).

    >>> rate = kramers_rate(lambda x: (x**2 - 1) ** 2, -1.0, 1.0, temperature=0.2)
    >>> round(1 / rate, 2)
    164.85
    """
    refuse_not_positive(temperature=temperature)
    (_, bottom, stiffness), (_, height, curvature) = _well_and_top(profile, start, end)
    refuse_low_barrier(height - bottom, temperature, check_barrier=check_barrier)
    prefactor = math.sqrt(stiffness * -curvature) / (2 * math.pi)
    return prefactor * math.exp(-(height - bottom) / temperature)


def kramers_correction(profile: Profile, start: float, end: float) -> float:
    r"""First correction to Kramers' time at finite temperature,

    $$\tau\,k = 1+c\,\theta+O(\theta^2),\qquad
      c = \sum_{g=f_a,\,-f_b}\left[\frac{5g_3^2}{24g_2^3}-\frac{g_4}{8g_2^2}\right],$$

    with the second to fourth derivatives $g_2, g_3, g_4$ of the profile at the well $a$, and of
    its negative at the top $b$.

    Parameters
    ----------
    profile, start, end
        As in :func:`kramers_rate`.

    Returns
    -------
    $c$, one over energy.

    Raises
    ------
    ValueError
        If there is no well or no barrier.

    Source: derived (derivation kramers-correction).

    >>> round(kramers_correction(lambda x: (x**2 - 1) ** 2, -1.0, 1.0), 6)
    0.375
    """
    correction = 0.0
    for extremum, sign in zip(_well_and_top(profile, start, end), (1, -1), strict=True):
        second, third, fourth = higher_derivatives(profile, extremum[0])
        correction += 5 * third**2 / (24 * abs(second) ** 3) - sign * fourth / (8 * second**2)
    return correction


def _well_and_top(
    profile: Profile, start: float, end: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Position, energy and curvature of the well near the start, and of the top on the way."""
    top = _extremum(profile, min(start, end), max(start, end), sign=-1.0)
    if top is None:
        raise ValueError(
            f"there is no barrier between {start} and {end}: the profile has no maximum there; "
            "use mean_first_passage_time, which needs none"
        )
    # The start may lie beyond the minimum: search as far behind it as the barrier is in front.
    behind = 2 * start - top
    well = _extremum(profile, min(behind, top), max(behind, top), sign=1.0)
    if well is None:
        raise ValueError(
            f"there is no minimum of the profile near start = {start}: give a position in the "
            "basin of the well"
        )
    bottom, _, stiffness = profile_derivatives(profile, well)
    height, _, curvature = profile_derivatives(profile, top)
    if not (stiffness > 0 > curvature and 1e-6 < -curvature / stiffness < 1e6):
        raise ValueError(
            f"well and barrier must be curved, got f'' = {stiffness:.3g} at {well:.6g} and "
            f"{curvature:.3g} at {top:.6g}: use mean_first_passage_time"
        )
    return (well, bottom, stiffness), (top, height, curvature)


def eyring_kramers_rate(
    well: StationaryPoint,
    passes: StationaryPoint | Sequence[StationaryPoint],
    *,
    temperature: float,
    check_barrier: bool = True,
) -> float:
    r"""Rate of escape from a well over one or several passes, in any dimension,

    $$k = \sum_s\frac{\lvert\lambda_-(s)\rvert}{2\pi}
      \sqrt{\frac{\det H_a}{\lvert\det H_s\rvert}}\;e^{-[f(s)-f(a)]/\theta} .$$

    Parameters
    ----------
    well
        The minimum $a$.
    passes
        The saddles $s$, see :func:`saddles_between`.
    temperature
        $\theta > 0$.
    check_barrier
        Whether to refuse barriers below three temperatures.

    Raises
    ------
    ValueError
        If the well is no minimum or a pass no saddle, if there is no pass, if a Hessian is
        singular, or if the lowest barrier is below three temperatures.

    Source: [kozyrev2024langevin, Eq. 5], with Langer's prefactor (derivation langer-prefactor).
    """
    refuse_not_positive(temperature=temperature)
    if isinstance(passes, StationaryPoint):
        passes = (passes,)
    if not passes:
        raise ValueError(
            "there must be at least one saddle to escape over, got none: where nothing but a "
            "valley lies between, use flat_ravine_time, or mean_first_passage_time on its free "
            "energy"
        )
    barriers = np.array([saddle.energy for saddle in passes]) - well.energy
    refuse_low_barrier(float(barriers.min()), temperature, check_barrier=check_barrier)
    return float(
        sum(
            math.exp(log_prefactor(well, saddle) - barrier / temperature)
            for saddle, barrier in zip(passes, barriers, strict=True)
        )
    )


def log_prefactor(well: StationaryPoint, saddle: StationaryPoint) -> float:
    r"""Logarithm of Langer's prefactor, $\ln\frac{\lvert\lambda_-\rvert}{2\pi}
    +\tfrac12\ln\frac{\det H_a}{\lvert\det H_s\rvert}$: the intercept of an Arrhenius plot.

    Raises
    ------
    ValueError
        If the well is no minimum, the saddle no saddle, or a Hessian singular.
    """
    for point, index, kind in ((well, 0, "well"), (saddle, 1, "saddle")):
        if point.index != index:
            raise ValueError(
                f"the {kind} must have {index} unstable directions, got {point.index} at "
                f"{np.round(point.position, 4).tolist()}"
            )
        if point.is_degenerate:
            raise ValueError(
                f"the Hessian of the {kind} at {np.round(point.position, 4).tolist()} is singular: "
                "a flat direction holds entropy that harmonic formulas miss; use "
                "mean_first_passage_time on the free energy along it"
            )
    unstable = math.log(-saddle.curvatures[0] / (2 * math.pi))
    return unstable + (well.log_determinant - saddle.log_determinant) / 2


def rate_matrix(
    wells: Sequence[StationaryPoint],
    passes: Sequence[Transition],
    *,
    temperature: float,
    check_barrier: bool = True,
) -> Float[np.ndarray, "wells wells"]:
    r"""Generator of the jumps between wells: $\dot p = p\,Q$, with $Q_{ij} = k_{i\to j}$.

    Its rows sum to zero, its stationary law is that of the harmonic occupancies, and its
    eigenvalues are the rates at which populations relax.

    Parameters
    ----------
    wells
        The minima.
    passes
        What connects them, see :func:`transitions`.
    temperature
        $\theta > 0$.
    check_barrier
        Whether to refuse barriers below three temperatures.

    Raises
    ------
    ValueError
        As :func:`eyring_kramers_rate`, or if a pass leads to a well that is not listed.

    Source: derived from [kozyrev2024langevin, Eq. 5].
    """
    place = {id(well): number for number, well in enumerate(wells)}
    matrix = np.zeros((len(wells), len(wells)))
    for item in passes:
        if not {id(item.first), id(item.second)} <= set(place):
            raise ValueError("every pass must connect two of the wells: pass all minima")
        for start, end in ((item.first, item.second), (item.second, item.first)):
            if start is not end:
                matrix[place[id(start)], place[id(end)]] += eyring_kramers_rate(
                    start, item.saddle, temperature=temperature, check_barrier=check_barrier
                )
    return matrix - np.diag(matrix.sum(axis=1))


def _extremum(profile: Profile, lower: float, upper: float, *, sign: float) -> float | None:
    """Inner minimum (maximum for sign -1) of a profile on an interval; none at its ends."""
    from scipy.optimize import minimize_scalar

    positions = np.linspace(lower, upper, 2001)
    energies = sign * profile_energies(profile, positions)
    lowest = int(np.argmin(energies))
    if lowest in (0, len(positions) - 1):
        return None
    result: Any = minimize_scalar(
        lambda x: sign * float(profile_energies(profile, np.array([x]))[0]),
        bounds=(positions[lowest - 1], positions[lowest + 1]),
        method="bounded",
        options={"xatol": 1e-13 * (upper - lower)},
    )
    found = float(result.x)
    # The minimizer is good to the square root of the rounding; one Newton step makes it exact.
    _, slope, curvature = profile_derivatives(profile, found)
    return found - slope / curvature if curvature * sign > 0 else found

r"""Arrhenius plots: the logarithm of a time against one over temperature.

$$\ln\tau = \frac{\Delta E}\theta-\ln\nu$$

The slope is the barrier of *energy*. Entropy enters the intercept alone: a narrow well has a large
$\nu$ and is left early. A delay that is all entropy has no slope; there $\tau\theta$ is constant.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from .rates import log_prefactor
from .stationary import StationaryPoint


@dataclass(frozen=True)
class ArrheniusLine:
    r"""A straight line in an Arrhenius plot.

    Attributes
    ----------
    barrier : float
        $\Delta E$, its slope.
    log_prefactor : float
        $\ln\nu$, minus its intercept.
    """

    barrier: float
    log_prefactor: float

    def times(
        self, temperatures: Float[np.ndarray, " temperatures"]
    ) -> Float[np.ndarray, " temperatures"]:
        r"""Return $\tau(\theta) = \nu^{-1}e^{\Delta E/\theta}$."""
        return np.exp(self.barrier / np.asarray(temperatures, np.float64) - self.log_prefactor)

    @property
    def highest_temperature(self) -> float:
        """Temperature up to which the line may be trusted: a third of the barrier."""
        return self.barrier / 3


def arrhenius_line(
    well: StationaryPoint, passes: StationaryPoint | Sequence[StationaryPoint]
) -> ArrheniusLine:
    r"""Return the line of an escape over the lowest pass, or several of the same height.

    Parameters
    ----------
    well
        The minimum.
    passes
        The saddles; those higher than the lowest one bend the plot and are left out.

    Raises
    ------
    ValueError
        If there is no pass, or a point is not of the right kind.

    Source: derived from [kozyrev2024langevin, Eq. 5].
    """
    if isinstance(passes, StationaryPoint):
        passes = (passes,)
    if not passes:
        raise ValueError("there must be at least one saddle to escape over, got none")
    lowest = min(saddle.energy for saddle in passes)
    equal = [saddle for saddle in passes if saddle.energy - lowest <= 1e-9 * (1 + abs(lowest))]
    prefactors = [log_prefactor(well, saddle) for saddle in equal]
    return ArrheniusLine(lowest - well.energy, float(np.logaddexp.reduce(prefactors)))


def apparent_barrier(time: Callable[[float], float], temperature: float) -> float:
    r"""Slope of an Arrhenius plot at one temperature, $\frac{d\ln\tau}{d(1/\theta)}$.

    Parameters
    ----------
    time
        $\tau(\theta)$, smooth.
    temperature
        $\theta > 0$.

    Raises
    ------
    ValueError
        If the temperature is not positive.

    >>> round(apparent_barrier(lambda theta: 3 * np.exp(0.5 / theta), 0.2), 6)
    0.5
    """
    refuse_not_positive(temperature=temperature)
    step = 1e-3
    hotter, colder = temperature / (1 - step), temperature / (1 + step)
    change = math.log(time(colder)) - math.log(time(hotter))
    return change / (2 * step / temperature)


def arrhenius_slope(
    temperatures: Float[np.ndarray, " temperatures"], times: Float[np.ndarray, " temperatures"]
) -> float:
    r"""Least-squares slope of $\ln\tau$ against $1/\theta$ over some temperatures.

    What a theory predicts for a fit over the same temperatures.

    Raises
    ------
    ValueError
        For fewer than two temperatures, or numbers that are not positive.

    >>> theta = np.array([0.1, 0.2, 0.4])
    >>> round(arrhenius_slope(theta, 7 * np.exp(0.3 / theta)), 9)
    0.3
    """
    temperatures, times = np.asarray(temperatures, float), np.asarray(times, float)
    if temperatures.shape != times.shape or temperatures.ndim != 1 or len(temperatures) < 2:
        raise ValueError(
            "temperatures and times must be two lists of the same length of at least two, got "
            f"shapes {temperatures.shape} and {times.shape}"
        )
    if not (np.all(temperatures > 0) and np.all(times > 0)):
        raise ValueError("temperatures and times must be positive")
    inverse = 1 / temperatures
    offsets = inverse - inverse.mean()
    if not np.any(offsets):
        raise ValueError("temperatures must not all be equal")
    return float(offsets @ np.log(times) / (offsets @ offsets))

r"""Populations of two states: relaxation, cooling, freezing.

With forward and backward rates $k_1, k_2$ the population of the final state obeys

$$\dot p = k_1(1-p)-k_2p,\qquad \frac{k_1}{k_2} = \frac{p_\infty}{1-p_\infty},$$

where the second relation is detailed balance. Under cooling the rates depend on time through the
temperature, and the population follows the equilibrium until the rates have become slower than the
cooling, then freezes.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_negative, refuse_not_positive

Schedule = Callable[[float], float]
Rate = Callable[[float], float]


def two_state_relaxation(
    times: Float[np.ndarray, " times"], *, forward: float, backward: float, start: float = 0.0
) -> Float[np.ndarray, " times"]:
    r"""Population of the final state,

    $$p(t) = p_\infty+(p_0-p_\infty)\,e^{-(k_1+k_2)t},\qquad p_\infty = \frac{k_1}{k_1+k_2} .$$

    Parameters
    ----------
    times
        $t \ge 0$.
    forward, backward
        $k_1 > 0$ and $k_2 \ge 0$.
    start
        $p_0$, in $[0, 1]$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived from [kozyrev2024langevin, Sec. 2] (derivation two-state-relaxation).

    >>> two_state_relaxation(np.array([0.0, 1e9]), forward=3.0, backward=1.0).tolist()
    [0.0, 0.75]
    """
    refuse_not_positive(forward=forward)
    refuse_negative(backward=backward)
    _refuse_no_probability(start)
    final = forward / (forward + backward)
    return final + (start - final) * np.exp(-(forward + backward) * times)


def backward_rate(forward: float, probability: float) -> float:
    r"""Rate back that detailed balance demands, $k_2 = k_1\,(1-p_\infty)/p_\infty$.

    Parameters
    ----------
    forward
        $k_1 > 0$.
    probability
        $p_\infty$ of the final state in equilibrium, in $(0, 1)$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived (derivation eyring-detailed-balance).

    >>> backward_rate(3.0, 0.75)
    1.0
    """
    refuse_not_positive(forward=forward)
    if not 0 < probability < 1:
        raise ValueError(f"probability must lie in (0, 1), got {probability}")
    return forward * (1 - probability) / probability


def exponential_cooling(start: float, *, time_constant: float, floor: float = 0.0) -> Schedule:
    r"""Temperature $\theta_\infty+(\theta_0-\theta_\infty)\,e^{-t/\tau}$, as a function of time.

    Raises
    ------
    ValueError
        If the start or the time constant is not positive, or the floor negative.

    >>> exponential_cooling(1.0, time_constant=5.0, floor=0.5)(0.0)
    1.0
    """
    refuse_not_positive(start=start, time_constant=time_constant)
    refuse_negative(floor=floor)
    return lambda time: floor + (start - floor) * float(np.exp(-time / time_constant))


def hyperbolic_cooling(start: float, *, time_constant: float) -> Schedule:
    r"""Temperature $\theta_0/(1+t/\tau)$, as a function of time.

    Raises
    ------
    ValueError
        If an argument is not positive.

    >>> hyperbolic_cooling(1.0, time_constant=5.0)(5.0)
    0.5
    """
    refuse_not_positive(start=start, time_constant=time_constant)
    return lambda time: start / (1 + time / time_constant)


def annealed_occupancy(
    times: Float[np.ndarray, " times"],
    temperature: Schedule,
    *,
    forward: Rate,
    backward: Rate,
    start: float,
) -> Float[np.ndarray, " times"]:
    r"""Population of the final state while the temperature changes,

    $$\dot p = k_1(\theta(t))\,(1-p)-k_2(\theta(t))\,p .$$

    It holds if the cooling is slow against the relaxation inside of a well.

    Parameters
    ----------
    times
        Increasing, the first one being that of the start.
    temperature
        $\theta$ as a function of time.
    forward, backward
        $k_1, k_2$ as functions of the temperature. They are tabulated over the temperatures that
        occur, and may be costly.
    start
        $p$ at the first time, in $[0, 1]$.

    Raises
    ------
    ValueError
        For times that do not increase, a temperature or a rate that is not positive, or a start
        out of range.

    Source: derived from [kozyrev2024langevin, Sec. 2].
    """
    from scipy.integrate import solve_ivp

    times = np.asarray(times, np.float64)
    if times.ndim != 1 or len(times) < 2 or np.any(np.diff(times) <= 0):
        raise ValueError(f"times must be at least two and increase, got {times}")
    _refuse_no_probability(start)
    logs = _tabulated(times, temperature, forward), _tabulated(times, temperature, backward)

    def change(time, population):
        logarithm = np.log(temperature(time))
        ahead, back = (np.exp(log(logarithm)) for log in logs)
        return ahead * (1 - population) - back * population

    flow = solve_ivp(
        change,
        (times[0], times[-1]),
        [start],
        method="LSODA",
        t_eval=times,
        rtol=1e-8,
        atol=1e-11,
        max_step=(times[-1] - times[0]) / 50,
    )
    return flow.y[0]


def freezing_time(
    times: Float[np.ndarray, " times"], temperature: Schedule, *, forward: Rate, backward: Rate
) -> float:
    r"""Time at which the populations fall out of equilibrium,

    $$k_1+k_2 = \left\lvert\frac d{dt}\ln\frac{k_1}{k_2}\right\rvert :$$

    relaxation is no faster than the equilibrium moves. Under cooling on a time scale $\tau_0$ with
    an energy difference $\Delta$ the right-hand side is $\Delta/(\theta\tau_0)$.

    Parameters
    ----------
    times
        Increasing grid on which to look for it.
    temperature
        $\theta$ as a function of time, falling.
    forward, backward
        $k_1, k_2$ as functions of the temperature.

    Returns
    -------
    The last time at which relaxation was fast enough.

    Raises
    ------
    ValueError
        If relaxation is fast enough, or too slow, all the time, or a rate is not positive.

    Source: derived.
    """
    temperatures = np.array([temperature(time) for time in times])
    ahead, back = _log_rates(forward, temperatures), _log_rates(backward, temperatures)
    shift = np.abs(np.gradient(ahead - back, times))
    with np.errstate(divide="ignore"):
        excess = np.logaddexp(ahead, back) - np.log(shift)
    passed = np.flatnonzero((excess[:-1] >= 0) & (excess[1:] < 0))
    if not len(passed):
        state = "fast enough to the end" if excess[-1] >= 0 else "too slow from the start"
        raise ValueError(
            f"nothing freezes within these times: relaxation is {state}; choose other times, or "
            "another speed of cooling"
        )
    last = int(passed[-1])
    share = excess[last] / (excess[last] - excess[last + 1])
    return float(times[last] + share * (times[last + 1] - times[last]))


def _tabulated(times: np.ndarray, temperature: Schedule, rate: Rate) -> Callable[[float], float]:
    """Logarithm of a rate as a spline over the logarithm of the temperature."""
    from scipy.interpolate import CubicSpline

    occurring = np.array([temperature(time) for time in np.linspace(times[0], times[-1], 2001)])
    if not np.all(occurring > 0):
        raise ValueError(f"temperature must be positive at all times, got {occurring.min()}")
    lowest, highest = np.log(occurring.min()), np.log(occurring.max())
    # Spaced evenly in 1/theta, where the logarithm of a rate is nearly straight.
    inverse = np.linspace(np.exp(-highest) * (1 - 1e-9), np.exp(-lowest) * (1 + 1e-9), 65)
    logs = _log_rates(rate, 1 / inverse)
    if highest == lowest:
        return lambda logarithm: float(logs[0])
    spline = CubicSpline(inverse, logs)
    return lambda logarithm: float(spline(np.exp(-logarithm)))


def _log_rates(rate: Rate, temperatures: np.ndarray) -> np.ndarray:
    rates = np.array([rate(float(temperature)) for temperature in temperatures])
    if not np.all(rates > 0):
        raise ValueError(f"rates must be positive at all temperatures, got {rates.min()}")
    return np.log(rates)


def _refuse_no_probability(start: float) -> None:
    if not 0 <= start <= 1:
        raise ValueError(f"start must lie in [0, 1], got {start}")

r"""A Runge-Kutta-Chebyshev integrator for stiff flows with a real spectrum.

The second-order method of Sommeijer, Shampine and Verwer (RKC, 1998). With $s$ evaluations it is
stable over a step of $\tfrac23(s^2-1)/\rho$, $\rho$ the spectral radius of the Jacobian: the gain
over a classical explicit method grows with $s$. Gradient flows have a real spectrum, so that it
applies, and nothing has to be factorized.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

VectorField = Callable[[np.ndarray], np.ndarray]

_DAMPING = 2 / 13
_MOST_STAGES = 200
_STEPS_PER_ESTIMATE = 20


def integrate(
    velocity: VectorField,
    initial: Float[np.ndarray, " size"],
    times: Float[np.ndarray, " times"],
    *,
    tolerance: float,
) -> Float[np.ndarray, "times size"]:
    r"""Integrate $\dot y = v(y)$ from time zero and return $y$ at the given times.

    Between two steps $y$ is the cubic with the right values and slopes at both ends.

    Parameters
    ----------
    velocity
        $v$, whose Jacobian must have a (nearly) real spectrum without large positive part.
    initial
        $y(0)$.
    times
        Increasing, at least zero.
    tolerance
        Largest root-mean-square error of a step, relative to the largest entry that $y$ has had.

    Raises
    ------
    ValueError
        If the tolerance is out of range, or the solution is not finite.
    """
    if not 1e-10 <= tolerance <= 0.1:
        raise ValueError(f"tolerance must lie in [1e-10, 0.1], got {tolerance}")
    end = float(times[-1])
    time, state, slope = 0.0, initial.copy(), velocity(initial)
    radius, direction = _spectral_radius(velocity, state, slope, slope)
    size = float(np.abs(slope).max()) / max(radius, 1e-300)
    step = min(end, 0.1 / radius) if radius > 0 else end
    records = np.empty((len(times), len(initial)))
    done = int(np.searchsorted(times, 0.0, side="right"))
    records[:done] = initial
    steps_since_estimate, was_rejected = 0, False
    while done < len(times):
        if steps_since_estimate == _STEPS_PER_ESTIMATE:
            radius, direction = _spectral_radius(velocity, state, slope, direction)
            steps_since_estimate = 0
        step = min(step, end - time, 0.65 * (_MOST_STAGES**2 - 1) / max(radius, 1e-300))
        stages = max(2, 1 + int(np.sqrt(1 + 1.54 * step * radius)))
        new_state = _chebyshev_step(velocity, state, slope, step, stages)
        new_slope = velocity(new_state)
        error = 0.8 * (state - new_state) + 0.4 * step * (slope + new_slope)
        size = max(size, float(np.abs(new_state).max()))
        ratio = float(np.sqrt(np.mean(error**2))) / (tolerance * size) if size > 0 else 0.0
        if not np.isfinite(ratio):
            raise ValueError(f"the flow is not finite at time {time + step:g}")
        factor = min(5.0, max(0.2, 0.8 / max(ratio, 1e-6) ** (1 / 3)))
        if ratio > 1:
            # A wrong spectral radius shows as an error, too.
            if was_rejected:
                radius, direction = _spectral_radius(velocity, state, slope, direction)
            step, was_rejected = step * factor, True
            continue
        time_next = end if step >= end - time else time + step
        last = int(np.searchsorted(times, time_next, side="right"))
        if last > done:
            records[done:last] = _hermite(
                (times[done:last] - time) / step, state, new_state, step * slope, step * new_slope
            )
            done = last
        time, state, slope = time_next, new_state, new_slope
        step *= min(1.0, factor) if was_rejected else factor
        steps_since_estimate, was_rejected = steps_since_estimate + 1, False
    return records


class _Coefficients(NamedTuple):
    """Of the recursion over stages; the first entry of each belongs to stage two."""

    first: float
    current: tuple[float, ...]
    previous: tuple[float, ...]
    slope: tuple[float, ...]
    initial_slope: tuple[float, ...]


@lru_cache(maxsize=_MOST_STAGES)
def _coefficients(stages: int) -> _Coefficients:
    shift = 1 + _DAMPING / stages**2
    value, derivative, second = np.zeros((3, stages + 1))
    value[:2], derivative[1] = (1, shift), 1
    for j in range(2, stages + 1):
        value[j] = 2 * shift * value[j - 1] - value[j - 2]
        derivative[j] = 2 * value[j - 1] + 2 * shift * derivative[j - 1] - derivative[j - 2]
        second[j] = 4 * derivative[j - 1] + 2 * shift * second[j - 1] - second[j - 2]
    stretch = derivative[stages] / second[stages]
    weight = np.empty(stages + 1)
    weight[2:] = second[2:] / derivative[2:] ** 2
    weight[:2] = weight[2]
    offset = 1 - weight * value
    current = 2 * shift * weight[2:] / weight[1:-1]
    previous = -weight[2:] / weight[:-2]
    slope = 2 * stretch * weight[2:] / weight[1:-1]
    return _Coefficients(
        first=float(weight[1] * stretch),
        current=tuple(current.tolist()),
        previous=tuple(previous.tolist()),
        slope=tuple(slope.tolist()),
        initial_slope=tuple((-offset[1:-1] * slope).tolist()),
    )


def _chebyshev_step(
    velocity: VectorField, state: np.ndarray, slope: np.ndarray, step: float, stages: int
) -> np.ndarray:
    table = _coefficients(stages)
    older, old = state, state + (table.first * step) * slope
    for current, previous, weight, initial in zip(
        table.current, table.previous, table.slope, table.initial_slope, strict=True
    ):
        new = velocity(old)
        new *= weight * step
        new += current * old
        new += previous * older
        new += (1 - current - previous) * state
        new += (initial * step) * slope
        older, old = old, new
    return old


def _spectral_radius(
    velocity: VectorField, state: np.ndarray, slope: np.ndarray, direction: np.ndarray
) -> tuple[float, np.ndarray]:
    """Estimate the spectral radius of the Jacobian by power iteration, with a safety margin."""
    norm = float(np.linalg.norm(direction))
    if norm == 0:
        return 0.0, direction
    length = 1e-6 * max(float(np.linalg.norm(state)), 1.0)
    direction = direction / norm
    radius = 0.0
    for _ in range(50):
        image = (velocity(state + length * direction) - slope) / length
        before, radius = radius, float(np.linalg.norm(image))
        if radius == 0:
            break
        direction = image / radius
        if abs(radius - before) <= 0.02 * radius:
            break
    return 1.2 * radius, direction


def _hermite(
    fraction: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    start_slope: np.ndarray,
    end_slope: np.ndarray,
) -> np.ndarray:
    s = fraction[:, None]
    return (
        (1 + 2 * s) * (1 - s) ** 2 * start
        + s * (1 - s) ** 2 * start_slope
        + s**2 * (3 - 2 * s) * end
        + s**2 * (s - 1) * end_slope
    )

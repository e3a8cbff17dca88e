"""When a run fits and when it groks: threshold crossings of recorded curves, with their bounds."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int


@dataclass(frozen=True)
class EventTimes:
    """Steps at which something happened in each run, as far as the records tell.

    Parameters
    ----------
    times
        Interpolated step of the event; infinite where it was not seen.
    lower, upper
        The event lies in this interval: between the two records around it, or after the last one.
    is_censored
        True where the event was not seen before the records ended.
    """

    times: Float[np.ndarray, "*runs"]
    lower: Float[np.ndarray, "*runs"]
    upper: Float[np.ndarray, "*runs"]
    is_censored: Bool[np.ndarray, "*runs"]


def crossing_time(
    steps: Int[np.ndarray, " steps"],
    curves: Float[np.ndarray, "*runs steps"],
    threshold: float,
    *,
    interpolation: Literal["linear", "log"] = "linear",
    lasting: bool = False,
) -> EventTimes:
    r"""Return when each curve first reaches a threshold from below.

    Between the record below (step $s_0$, value $a_0$) and the first one at or above the threshold
    ($s_1, a_1$), the curve is a straight line in $s$ or in $\ln(1 + s)$.

    Parameters
    ----------
    steps
        Recorded steps, non-negative and increasing.
    curves
        Recorded values. NaN at the end of a curve means that its recording ended earlier, because
        the run stopped or diverged.
    threshold
        Value to reach; at or above counts.
    interpolation
        `"linear"` or `"log"`.
    lasting
        Take the crossing after which the curve stays above the threshold until its records end,
        instead of the first one; matters when the accuracy falls back (slingshots).

    Returns
    -------
    EventTimes
        Of the shape of the runs. A curve that starts at the threshold crosses at the first record.

    Raises
    ------
    ValueError
        If the steps do not increase, the shapes disagree, or NaN stands within or instead of a
        curve.

    >>> crossing_time(np.array([0, 10, 20]), np.array([[0.0, 0.5, 1.0]]), 0.75).times
    array([15.])
    """
    steps, curves = np.asarray(steps, dtype=np.float64), np.asarray(curves, dtype=np.float64)
    if steps.ndim != 1 or not len(steps) or curves.ndim < 1 or curves.shape[-1] != len(steps):
        raise ValueError(
            f"steps and curves must have shapes (steps,) and (runs, steps), "
            f"got {steps.shape} and {curves.shape}"
        )
    if steps[0] < 0 or not (np.diff(steps) > 0).all():
        raise ValueError("steps must be non-negative and increasing")
    if interpolation not in ("linear", "log"):
        raise ValueError(f"interpolation must be 'linear' or 'log', got {interpolation!r}")
    if not np.isfinite(threshold):
        raise ValueError(f"threshold must be finite, got {threshold}")
    runs = curves.reshape(-1, len(steps))
    num_records = _num_records(runs)

    above = runs >= threshold
    if lasting:
        ended = np.arange(len(steps)) >= num_records[:, None]
        stays = np.logical_and.accumulate((above | ended)[:, ::-1], axis=1)[:, ::-1]
        above = stays & ~ended
    is_censored = ~above.any(axis=1)
    after = np.where(is_censored, num_records - 1, above.argmax(axis=1))
    before = np.maximum(after - 1, 0)

    row = np.arange(len(runs))
    low, high = runs[row, before], runs[row, after]
    rise = np.where(high > low, high - low, 1.0)
    part = np.clip(np.where(high > low, (threshold - low) / rise, 1.0), 0.0, 1.0)
    scale, back = (np.log1p, np.expm1) if interpolation == "log" else (np.array, np.array)
    crossed = back((1 - part) * scale(steps[before]) + part * scale(steps[after]))
    shape = curves.shape[:-1]
    return EventTimes(
        times=np.where(is_censored, np.inf, crossed).reshape(shape),
        lower=np.where(is_censored, steps[after], steps[before]).reshape(shape),
        upper=np.where(is_censored, np.inf, steps[after]).reshape(shape),
        is_censored=np.reshape(is_censored, shape),
    )


def time_to_fit(
    steps: Int[np.ndarray, " steps"],
    train_accuracy: Float[np.ndarray, "*runs steps"],
    *,
    threshold: float = 0.99,
    interpolation: Literal["linear", "log"] = "linear",
) -> EventTimes:
    """Return when the train accuracy first reaches a threshold, see :func:`crossing_time`."""
    return crossing_time(steps, train_accuracy, threshold, interpolation=interpolation)


def time_to_grok(
    steps: Int[np.ndarray, " steps"],
    test_accuracy: Float[np.ndarray, "*runs steps"],
    *,
    threshold: float = 0.9,
    interpolation: Literal["linear", "log"] = "linear",
    lasting: bool = False,
) -> EventTimes:
    """Return when the test accuracy reaches a threshold, see :func:`crossing_time`."""
    return crossing_time(
        steps, test_accuracy, threshold, interpolation=interpolation, lasting=lasting
    )


def grokking_delay(fit: EventTimes, grok: EventTimes) -> EventTimes:
    """Return the number of steps from fitting to grokking.

    The bounds combine those of the two events. A delay is censored if either event is: it is
    infinite for a run that was not seen to grok, and minus infinity for one that groks without
    having fitted its train set to the threshold.

    Parameters
    ----------
    fit, grok
        From :func:`time_to_fit` and :func:`time_to_grok` on the same runs.
    """
    if fit.times.shape != grok.times.shape:
        raise ValueError(
            f"fit and grok must describe the same runs, "
            f"got shapes {fit.times.shape} and {grok.times.shape}"
        )
    fitted_at = np.where(fit.is_censored, 0.0, fit.times)
    delay = np.where(fit.is_censored & ~grok.is_censored, -np.inf, grok.times - fitted_at)
    return EventTimes(
        times=delay,
        lower=grok.lower - fit.upper,
        upper=grok.upper - fit.lower,
        is_censored=fit.is_censored | grok.is_censored,
    )


def _num_records(runs: Float[np.ndarray, "runs steps"]) -> Int[np.ndarray, " runs"]:
    """Return the number of leading values that are not NaN; refuse NaN before the last value."""
    recorded = ~np.isnan(runs)
    count = recorded.sum(axis=1)
    gaps = recorded != (np.arange(runs.shape[1]) < count[:, None])
    broken = np.flatnonzero(gaps.any(axis=1) | (count == 0))
    if len(broken):
        run = broken[0]
        what = "no value" if count[run] == 0 else f"NaN at record {gaps[run].argmax()}"
        raise ValueError(f"curves must be numbers until their record ends; run {run} has {what}")
    return count

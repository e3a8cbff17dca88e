"""Measurements: numbers that can state their confidence interval.

Exact numbers, samples over seeds, event counts and fitted estimates all answer the same three
questions (best estimate, standard error, interval at a confidence), one answer a control point.
"""

from __future__ import annotations

import abc
import dataclasses
import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


def as_points(value: ArrayLike, name: str) -> Float[np.ndarray, " points"]:
    """Read-only float64 copy with one number per control point."""
    points = np.atleast_1d(np.array(value, dtype=np.float64))
    if points.ndim != 1 or points.size == 0:
        raise ValueError(
            f"{name} must be a scalar or a 1-d array of control points, got shape {points.shape}"
        )
    points.flags.writeable = False
    return points


def set_fields(instance: object, **fields: object) -> None:
    """Fill a frozen dataclass from its own `__init__`, which takes anything like an array."""
    for name, value in fields.items():
        object.__setattr__(instance, name, value)


class Measurement(abc.ABC):
    """A measured quantity at each control point, able to state its confidence interval."""

    @property
    @abc.abstractmethod
    def value(self) -> Float[np.ndarray, " points"]:
        """Best estimate."""

    @property
    @abc.abstractmethod
    def standard_error(self) -> Float[np.ndarray, " points"]:
        """Standard error of the estimate (0 for exact numbers)."""

    @property
    @abc.abstractmethod
    def num_samples(self) -> int:
        """Independent repetitions behind each estimate (the smallest over points)."""

    @abc.abstractmethod
    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Two-sided confidence interval of each point, not corrected for their number."""


@dataclasses.dataclass(frozen=True, eq=False)
class Exact(Measurement):
    """Deterministic numbers, known up to a numerical error (absolute, a hard bound)."""

    values: Float[np.ndarray, " points"]
    error: float

    def __init__(self, values: ArrayLike, error: float = 0.0):
        if not error >= 0:
            raise ValueError(f"error must be >= 0, got {error}")
        set_fields(self, values=_finite(as_points(values, "values")), error=error)

    @property
    def value(self) -> np.ndarray:
        """The numbers themselves."""
        return self.values

    @property
    def standard_error(self) -> np.ndarray:
        """Zero: nothing here is random."""
        return np.zeros_like(self.values)

    @property
    def num_samples(self) -> int:
        """One."""
        return 1

    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Value -+ numerical error, whatever the confidence."""
        return self.values - self.error, self.values + self.error


@dataclasses.dataclass(frozen=True, eq=False)
class Samples(Measurement):
    r"""Independent repetitions over seeds, summarized by their mean or their median.

    Parameters
    ----------
    values
        `[seeds]` for one point or `[seeds, points]`. For an ordering, the paired differences.
    method
        `t`: the mean, $\bar x \pm t_{n-1} s/\sqrt n$. `bootstrap`: the mean, bias-corrected
        accelerated, for 20 seeds or more (with fewer it covers too little and is refused); it
        lessens the harm that skew does to `t`, and does not remove it.
        `median`: the median, between two order statistics; right for every continuous
        distribution, so the choice for skewed data such as grokking times, where `t` calls a
        mean inside too often. It needs at least 5 seeds to say anything, and takes runs that
        never got there as `inf` while they are fewer than half.
    resolution
        Half-width by which every single value may be off systematically (a recording interval,
        say); added to both ends of every interval.

    Raises
    ------
    ValueError
        For samples whose mean (median) is not finite, a negative resolution, an unknown method,
        or a bootstrap of fewer than 20 seeds.
    """

    values: Float[np.ndarray, "seeds points"]
    method: str
    resolution: float

    def __init__(self, values: ArrayLike, method: str = "t", resolution: float = 0.0):
        values = np.array(values, dtype=np.float64)
        values = values[:, None] if values.ndim == 1 else values
        if values.ndim != 2 or values.size == 0:
            raise ValueError(
                f"samples must be [seeds] or [seeds, points], got shape {values.shape}"
            )
        if method not in ("t", "bootstrap", "median"):
            raise ValueError(f"method must be 't', 'bootstrap' or 'median', got {method!r}")
        _finite(np.median(values, axis=0) if method == "median" else values)
        if method == "bootstrap" and len(values) < 20:
            raise ValueError(f"a bootstrap needs at least 20 seeds, got {len(values)}: use 't'")
        if not 0 <= resolution < math.inf:
            raise ValueError(f"resolution must be finite and >= 0, got {resolution}")
        values.flags.writeable = False
        set_fields(self, values=values, method=method, resolution=resolution)

    @property
    def value(self) -> np.ndarray:
        """Mean over seeds; the median for `method="median"`."""
        if self.method == "median":
            return np.median(self.values, axis=0)
        return self.values.mean(axis=0)

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of the mean, half a 68 % interval of the median.

        Infinite where the seeds are too few: one for the mean, two for the median.
        """
        seeds = len(self.values)
        if self.method == "median":
            lower, upper = self._order_statistics(math.erf(math.sqrt(0.5)))
            return (upper - lower) / 2
        if seeds == 1:
            return np.full(self.values.shape[1], np.inf)
        return self.values.std(axis=0, ddof=1) / math.sqrt(seeds)

    @property
    def num_samples(self) -> int:
        """Number of seeds."""
        return len(self.values)

    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Confidence interval of the mean or median; the whole line where seeds are too few."""
        if self.method == "median":
            lower, upper = self._order_statistics(confidence)
        elif len(self.values) == 1:
            upper = self.standard_error
            lower = -upper
        elif self.method == "bootstrap" and np.all(np.ptp(self.values, axis=0) > 0):
            from scipy.stats import bootstrap

            result = bootstrap(
                (self.values,), np.mean, axis=0, confidence_level=confidence, rng=0, batch=1000
            ).confidence_interval
            lower, upper = result.low, result.high
        else:
            half = student_quantile(confidence, len(self.values) - 1) * self.standard_error
            lower, upper = self.value - half, self.value + half
        return lower - self.resolution, upper + self.resolution

    def _order_statistics(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        r"""Find the narrowest symmetric pair of order statistics that covers the median enough.

        $P(x_{(k)} > m) = P(\mathrm{Bin}(n, 1/2) < k)$ at most, whatever the distribution.
        """
        from scipy.special import bdtr

        seeds = len(self.values)
        tails = bdtr(np.arange((seeds + 1) // 2), seeds, 0.5)
        rank = int(np.sum(tails <= (1 - confidence) / 2))
        if rank == 0:
            infinite = np.full(self.values.shape[1], np.inf)
            return -infinite, infinite
        ordered = np.sort(self.values, axis=0)
        return ordered[rank - 1], ordered[seeds - rank]


@dataclasses.dataclass(frozen=True, eq=False)
class Counts(Measurement):
    """Counted events: `successes` out of `trials` at each point; exact (Clopper-Pearson) intervals.

    Raises
    ------
    ValueError
        Unless `0 <= successes <= trials` and `trials >= 1`, all whole numbers.
    """

    successes: Float[np.ndarray, " points"]
    trials: Float[np.ndarray, " points"]

    def __init__(self, successes: ArrayLike, trials: ArrayLike):
        events = as_points(successes, "successes")
        chances = np.broadcast_to(as_points(trials, "trials"), events.shape)
        whole = np.all(events == np.floor(events)) and np.all(chances == np.floor(chances))
        if not (whole and np.all((events >= 0) & (events <= chances) & (chances >= 1))):
            raise ValueError(
                "successes and trials must be whole numbers with 0 <= successes <= trials and "
                f"trials >= 1, got {successes} of {trials}"
            )
        set_fields(self, successes=events, trials=chances)

    @property
    def value(self) -> np.ndarray:
        """Observed rate."""
        return self.successes / self.trials

    @property
    def standard_error(self) -> np.ndarray:
        """Binomial standard error, with the Agresti-Coull shift so that 0 of n is not certain."""
        rate = (self.successes + 2) / (self.trials + 4)
        return np.sqrt(rate * (1 - rate) / (self.trials + 4))

    @property
    def num_samples(self) -> int:
        """Smallest number of trials."""
        return int(self.trials.min())

    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Clopper-Pearson interval: never covers less than stated."""
        from scipy.special import betaincinv

        tail = (1 - confidence) / 2
        misses = self.trials - self.successes
        ones = np.ones_like(self.successes)
        lower = np.where(
            self.successes > 0,
            betaincinv(np.maximum(self.successes, ones), misses + 1, tail),
            0.0,
        )
        upper = np.where(
            misses > 0, betaincinv(self.successes + 1, np.maximum(misses, ones), 1 - tail), 1.0
        )
        return lower, upper


@dataclasses.dataclass(frozen=True, eq=False)
class Estimate(Measurement):
    """Fitted numbers with standard errors: exponents, constants, critical values.

    `degrees_of_freedom` sets the Student quantile (infinite: normal), one number or one a point.
    `samples` is the number of independent repetitions behind the fit.

    Raises
    ------
    ValueError
        For a negative or NaN standard error or fewer than one degree of freedom. An infinite
        standard error is allowed and says that the data do not determine the number.
    """

    values: Float[np.ndarray, " points"]
    errors: Float[np.ndarray, " points"]
    degrees_of_freedom: Float[np.ndarray, " points"]
    samples: int

    def __init__(
        self,
        values: ArrayLike,
        errors: ArrayLike,
        degrees_of_freedom: ArrayLike = math.inf,
        samples: int = 1,
    ):
        estimates = _finite(as_points(values, "values"))
        spread = np.broadcast_to(as_points(errors, "errors"), estimates.shape)
        degrees = np.broadcast_to(
            as_points(degrees_of_freedom, "degrees_of_freedom"), estimates.shape
        )
        if np.any(~(spread >= 0)):
            raise ValueError(f"standard errors must be >= 0, got {errors}")
        if np.any(~(degrees >= 1)):
            raise ValueError(f"degrees_of_freedom must be >= 1, got {degrees_of_freedom}")
        set_fields(
            self, values=estimates, errors=spread, degrees_of_freedom=degrees, samples=samples
        )

    @property
    def value(self) -> np.ndarray:
        """Fitted value."""
        return self.values

    @property
    def standard_error(self) -> np.ndarray:
        """Its standard error."""
        return self.errors

    @property
    def num_samples(self) -> int:
        """Independent repetitions behind the fit."""
        return self.samples

    def interval(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """Value -+ quantile x standard error."""
        half = student_quantile(confidence, self.degrees_of_freedom) * self.errors
        return self.values - half, self.values + half


def _finite(values: np.ndarray) -> np.ndarray:
    if not np.all(np.isfinite(values)):
        raise ValueError(
            "a measurement must be finite: count censored runs with Counts or leave them out "
            f"with a note, got {values.tolist()}"
        )
    return values


def student_quantile(confidence: float, degrees_of_freedom: ArrayLike) -> np.ndarray:
    """Half-width, in standard errors, of a two-sided interval; infinite degrees mean normal.

    >>> student_quantile(0.95, [4, math.inf]).round(3)
    array([2.776, 1.96 ])
    """
    from scipy.special import ndtri, stdtrit

    tail = (1 + confidence) / 2
    degrees = np.asarray(degrees_of_freedom, dtype=np.float64)
    infinite = np.isinf(degrees)
    return np.where(infinite, ndtri(tail), stdtrit(np.where(infinite, 1.0, degrees), tail))

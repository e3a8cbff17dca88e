r"""How much data a run needs: the train fraction at which half of the runs generalize.

$$ \Pr(\text{success} \mid p) = \frac{1}{1 + e^{-(p - p_c)/w}} $$

is fitted to the outcomes of runs at several fractions by maximum likelihood with Firth's penalty,
which keeps the estimate finite when all runs below some fraction fail and all above it succeed --
the usual case, as the transition is sharp.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, Real
from scipy.special import chdtri, ndtri

_NUM_FRACTIONS = 1001
_NUM_SLOPES = 60
_NUM_RESAMPLES = 1000


@dataclass(frozen=True)
class CriticalFraction:
    """The critical train fraction with a confidence interval.

    Parameters
    ----------
    value
        Estimate; if censored, the end of the interval that the runs support.
    lower, upper
        Confidence interval within [0, 1].
    width
        Width $w$ of the transition, 0 if censored.
    confidence
        Confidence level of the interval.
    censored
        `"above"` if no run succeeded, so that the critical fraction lies above `lower`; `"below"`
        if every run did; None otherwise.
    num_runs
        Number of runs at all fractions.
    """

    value: float
    lower: float
    upper: float
    width: float
    confidence: float
    censored: Literal["above", "below"] | None
    num_runs: int

    @property
    def is_open(self) -> bool:
        """Whether the runs leave one side without a bound, censored or not."""
        return self.lower <= 0 or self.upper >= 1

    @property
    def standard_error(self) -> float:
        """Half the interval in units of the normal quantile; infinite if a side is open."""
        quantile = float(ndtri(0.5 + self.confidence / 2))
        return np.inf if self.is_open else (self.upper - self.lower) / (2 * quantile)

    def __str__(self) -> str:
        if self.censored == "above":
            return f"> {self.lower:.3g} (no run succeeded) [n={self.num_runs}]"
        if self.censored == "below":
            return f"< {self.upper:.3g} (every run succeeded) [n={self.num_runs}]"
        return f"{self.value:.3g} [{self.lower:.3g}, {self.upper:.3g}] [n={self.num_runs}]"


def fit_critical_fraction(
    fractions: Float[np.ndarray, " points"],
    accuracies: Real[np.ndarray, "points seeds"] | Bool[np.ndarray, "points seeds"],
    *,
    threshold: float = 0.5,
    confidence: float = 0.95,
    interval: Literal["profile", "bootstrap"] = "profile",
    seed: int = 0,
) -> CriticalFraction:
    r"""Estimate the critical fraction from the outcomes of runs.

    Parameters
    ----------
    fractions
        Train fraction of each row, in (0, 1); at least two different ones, in any order.
    accuracies
        Final test accuracy of each run, or whether it succeeded.
    threshold
        A run succeeds if its accuracy is at least this.
    confidence
        Level of the interval, in (0, 1).
    interval
        `"profile"`: all points whose profile likelihood is not rejected; for independent runs, and
        for few seeds. `"bootstrap"`: percentiles over resampled seeds; for ten seeds or more that
        are shared by all fractions (nested train sets, same initial weights), where
        `"profile"` would count correlated runs as independent.
    seed
        Of the bootstrap's random numbers.

    Returns
    -------
    CriticalFraction
        If no run succeeds (or all do), the result is censored. Its bound is the largest fraction
        $f$ such that the $m$ runs at $f$ or above would all have failed with a probability of at
        most $2^{-m} \le 1 - \text{confidence}$, had the critical fraction been below $f$.

    Raises
    ------
    ValueError
        For shapes, fractions or levels out of range, or an accuracy that is NaN.

    Notes
    -----
    Firth's penalty is $\tfrac12 \ln \det I(b)$ with $I$ the Fisher information of intercept and
    slope; it removes the $O(1/n)$ bias of the coefficients. Likelihood and profile are maximized on
    a grid (fractions 0.001 apart, refined by a parabola), which cannot miss the maximum.
    """
    fractions = np.asarray(fractions, dtype=np.float64)
    successes = _successes(fractions, accuracies, threshold)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}")
    if interval not in ("profile", "bootstrap"):
        raise ValueError(f"interval must be 'profile' or 'bootstrap', got {interval!r}")
    if successes.all() or not successes.any():
        return _censored(fractions, successes, confidence)

    num_points, num_seeds = successes.shape
    grid = np.linspace(0, 1, _NUM_FRACTIONS)
    profile, width = _profile(grid, fractions, successes.sum(axis=1)[:, None], num_seeds)
    value = _peak(grid, profile)[0]
    if interval == "profile":
        inside = 2 * (profile.max() - profile[:, 0]) <= chdtri(1, 1 - confidence)
        edges = np.flatnonzero(inside)
        lower, upper = grid[max(edges[0] - 1, 0)], grid[min(edges[-1] + 1, len(grid) - 1)]
    else:
        if num_seeds < 3:
            raise ValueError(f"the bootstrap needs at least 3 seeds, got {num_seeds}")
        picks = np.random.default_rng(seed).integers(num_seeds, size=(_NUM_RESAMPLES, num_seeds))
        resampled = successes[:, picks].sum(axis=2)
        tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        peaks = _peak(grid, _profile(grid, fractions, resampled, num_seeds)[0])
        lower, upper = np.quantile(peaks, tails)
    return CriticalFraction(
        value=float(value),
        lower=float(lower),
        upper=float(upper),
        width=width,
        confidence=confidence,
        censored=None,
        num_runs=num_points * num_seeds,
    )


def find_critical_fraction(
    run: Callable[[Float[np.ndarray, " points"]], Float[np.ndarray, "points seeds"]],
    *,
    low: float,
    high: float,
    num_points: int = 5,
    num_rounds: int = 3,
    threshold: float = 0.5,
    confidence: float = 0.95,
) -> tuple[CriticalFraction, Float[np.ndarray, " points"], Float[np.ndarray, "points seeds"]]:
    """Run at fractions that close in on the critical one.

    The first round spreads over [low, high]; each further one over the current interval for the
    critical fraction. All runs enter the final fit, with the profile likelihood.

    Parameters
    ----------
    run
        Maps fractions to final test accuracies (or successes) of the runs at each of them.
    low, high
        Fractions between which to look.
    num_points
        Fractions of a round, at least 2.
    num_rounds
        Number of rounds.
    threshold, confidence
        See :func:`fit_critical_fraction`.

    Returns
    -------
    tuple
        The estimate, all fractions, and all accuracies.
    """
    if not 0 < low < high < 1:
        raise ValueError(f"low and high must satisfy 0 < low < high < 1, got {low} and {high}")
    if num_points < 2 or num_rounds < 1:
        raise ValueError(
            f"num_points must be at least 2 and num_rounds at least 1, "
            f"got {num_points} and {num_rounds}"
        )
    fractions = np.linspace(low, high, num_points)
    accuracies = np.asarray(run(fractions))
    while True:
        found = fit_critical_fraction(
            fractions, accuracies, threshold=threshold, confidence=confidence
        )
        num_rounds -= 1
        if num_rounds == 0 or found.censored:
            return found, fractions, accuracies
        new = np.linspace(max(found.lower, low), min(found.upper, high), num_points + 2)[1:-1]
        fractions = np.concatenate([fractions, new])
        accuracies = np.concatenate([accuracies, np.asarray(run(new))])


def _profile(
    grid: Float[np.ndarray, " grid"],
    fractions: Float[np.ndarray, " points"],
    counts: Int[np.ndarray, "points samples"],
    num_seeds: int,
) -> tuple[Float[np.ndarray, "grid samples"], float]:
    """Return the penalized log-likelihood of each critical fraction, and the best width."""
    distances = np.unique(fractions)
    slopes = np.geomspace(
        0.1 / (distances[-1] - distances[0]), 20 / np.diff(distances).min(), _NUM_SLOPES
    )
    offsets = fractions - fractions.mean()
    best = np.full((len(grid), counts.shape[1]), -np.inf)
    best_width, peak = 0.0, -np.inf
    for slope in slopes:
        argument = slope * (fractions - grid[:, None])
        log_success, log_failure = -np.logaddexp(0, -argument), -np.logaddexp(0, argument)
        weight = num_seeds * np.exp(log_success + log_failure)
        zeroth, first, second = weight.sum(axis=1), weight @ offsets, weight @ offsets**2
        determinant = np.maximum(zeroth * second - first**2, np.finfo(np.float64).tiny)
        likelihood = log_success @ counts + log_failure @ (num_seeds - counts)
        likelihood += 0.5 * np.log(determinant)[:, None]
        if likelihood[:, 0].max() > peak:
            best_width, peak = float(1 / slope), likelihood[:, 0].max()
        np.maximum(best, likelihood, out=best)
    return best, best_width


def _peak(
    grid: Float[np.ndarray, " grid"], profile: Float[np.ndarray, "grid samples"]
) -> Float[np.ndarray, " samples"]:
    """Return the maximum of each profile, by a parabola through the three highest points."""
    top = np.clip(profile.argmax(axis=0), 1, len(grid) - 2)
    sample = np.arange(profile.shape[1])
    left, middle, right = (profile[top + shift, sample] for shift in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    return grid[top] + np.clip(shift, -1, 1) * (grid[1] - grid[0])


def _censored(
    fractions: Float[np.ndarray, " points"],
    successes: Bool[np.ndarray, "points seeds"],
    confidence: float,
) -> CriticalFraction:
    num_points, num_seeds = successes.shape
    needed = int(np.ceil(-np.log2(1 - confidence) / num_seeds))
    ordered = np.sort(fractions)
    is_above = not successes.any()
    if is_above:
        bound = ordered[-needed] if needed <= num_points else 0.0
    else:
        bound = ordered[needed - 1] if needed <= num_points else 1.0
    return CriticalFraction(
        value=float(bound),
        lower=float(bound) if is_above else 0.0,
        upper=1.0 if is_above else float(bound),
        width=0.0,
        confidence=confidence,
        censored="above" if is_above else "below",
        num_runs=num_points * num_seeds,
    )


def _successes(
    fractions: Float[np.ndarray, " points"], accuracies, threshold: float
) -> Bool[np.ndarray, "points seeds"]:
    accuracies = np.asarray(accuracies, dtype=np.float64)
    if fractions.ndim != 1 or accuracies.ndim != 2 or accuracies.shape[0] != len(fractions):
        raise ValueError(
            f"fractions and accuracies must have shapes (points,) and (points, seeds), "
            f"got {fractions.shape} and {accuracies.shape}"
        )
    if not ((fractions > 0) & (fractions < 1)).all():
        raise ValueError(f"fractions must lie in (0, 1), got {fractions}")
    if len(np.unique(fractions)) < 2 or accuracies.shape[1] < 1:
        raise ValueError(
            f"at least two different fractions and one seed are needed, "
            f"got {np.unique(fractions)} and {accuracies.shape[1]} seeds"
        )
    if np.isnan(accuracies).any():
        raise ValueError(
            "accuracies must not be NaN: decide first whether a diverged run counts as a failure"
        )
    return accuracies >= threshold

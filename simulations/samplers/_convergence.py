"""Convergence of chains, in NumPy alone: R-hat, effective sample size, and a value with its error.

The numbers are ArviZ's, whose import takes a second that every first estimate would wait for.
"""

import math
from statistics import NormalDist

import numpy as np
from jaxtyping import Float

_NORMAL_QUANTILE = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


def rank_rhat(values: Float[np.ndarray, "chains draws"]) -> float:
    """The larger R-hat of the ranks, and of the ranks of the distances from the median; NaN where
    nothing fluctuates, or is not finite."""
    if not _fluctuates(values):
        return math.nan
    halves = _halves(values)
    return max(_rhat(_normalized(each)) for each in (halves, np.abs(halves - np.median(halves))))


def effective_draws(values: Float[np.ndarray, "chains draws"]) -> float:
    """Draws over the autocorrelation time, summed up to where pairs of correlations stop being
    positive, and never let grow (the initial monotone sequence of C. Geyer); NaN as above."""
    if not _fluctuates(values):
        return math.nan
    halves = _halves(values)
    chains, draws = halves.shape
    deviations = halves - halves.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(deviations, n=2 * draws)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2)[:, :draws].mean(axis=0) / draws
    within = covariance[0] * draws / (draws - 1)
    total = covariance[0] + halves.mean(axis=1).var(ddof=1)
    correlations = 1 - (within - covariance) / total
    correlations[0] = 1
    pairs = correlations[: 2 * max((draws - 3) // 2, 0)].reshape(-1, 2).sum(axis=1)
    length = int(np.argmax(np.append(pairs, -1.0) < 0))
    # The even one of the first pair that is left out counts once.
    time = 2 * np.minimum.accumulate(pairs[:length]).sum() - 1 + max(correlations[2 * length], 0)
    size = chains * draws
    return float(size / max(time, 1 / math.log10(size)))


def with_error(value: float, error: float) -> str:
    """Print a value with its error, to two digits of the error.

    >>> with_error(1.23456, 0.0123)
    '1.235 ± 0.012'
    """
    if not (math.isfinite(value) and math.isfinite(error)) or error == 0:
        return f"{value:.6g} ± {error:.2g}"
    digits = max(1 - math.floor(math.log10(error)), 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _fluctuates(values: Float[np.ndarray, "chains draws"]) -> bool:
    return bool(np.isfinite(values).all() and np.ptp(values) > 0)


def _halves(values: Float[np.ndarray, "chains draws"]) -> Float[np.ndarray, "halves half"]:
    """First and last halves of the chains; the middle draw of an odd number is left out."""
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, -half:]])


def _normalized(values: Float[np.ndarray, "chains draws"]) -> Float[np.ndarray, "chains draws"]:
    """Normal quantiles of the ranks, equal values having equal ones."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place].reshape(values.shape)
    return _NORMAL_QUANTILE((ranks - 3 / 8) / (values.size + 1 / 4))


def _rhat(values: Float[np.ndarray, "chains draws"]) -> float:
    draws = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(axis=1).var(ddof=1)
    return math.sqrt(between / within + (draws - 1) / draws)

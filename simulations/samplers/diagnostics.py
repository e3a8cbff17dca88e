r"""Estimates from chains, each with its standard error, effective sample size and R-hat.

The diagnostics are those of A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner
(2021): rank-normalized split R-hat, effective sample size and Monte Carlo standard error. The
numbers are ArviZ's, whose import takes a second that every first estimate would wait for.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import xarray as xr
from jaxtyping import Float

LARGEST_RHAT = 1.01  # of Vehtari et al. (2021), Sec. 4


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Mean of a quantity over chains; prints as `value ± error`."""

    name: str
    value: float
    standard_error: float
    effective_sample_size: float
    rhat: float

    @property
    def has_converged(self) -> bool:
        """Whether the chains agree: R-hat at most 1.01, and 100 effective draws or more."""
        return self.rhat <= LARGEST_RHAT and self.effective_sample_size >= 100

    def __str__(self) -> str:
        text = with_error(self.value, self.standard_error)
        if self.has_converged:
            return text
        return (
            f"{text} (not converged: R-hat {self.rhat:.3f}, "
            f"{self.effective_sample_size:.0f} effective draws)"
        )


def estimate(chains: xr.Dataset, name: str) -> Estimate:
    """Estimate the equilibrium mean of a scalar that was recorded along chains.

    Parameters
    ----------
    chains
        With the dimensions `chain` and `draw`.
    name
        Of a variable with these two dimensions only.

    Returns
    -------
    Mean over chains and draws, with its Monte Carlo standard error.

    Raises
    ------
    KeyError
        If there is no such variable.
    ValueError
        If it has other dimensions, fewer than four draws, or values that are not finite.
    """
    if name not in chains:
        raise KeyError(f"no variable {name!r} among {sorted(map(str, chains.data_vars))}")
    values = _values(chains[name])
    if values.ndim != 2:
        raise ValueError(
            f"{name} must have the dimensions chain and draw only, got {chains[name].dims}: select "
            "a component"
        )
    mean = float(values.mean())
    if np.ptp(values) == 0:  # nothing fluctuates
        return Estimate(name, mean, 0.0, float(values.size), 1.0)
    size = _effective_sample_size(values)
    return Estimate(
        name=name,
        value=mean,
        standard_error=float(values.std(ddof=1)) / math.sqrt(size),
        effective_sample_size=size,
        rhat=_rank_rhat(values),
    )


def rhat(values: xr.DataArray) -> Float[np.ndarray, "*shape"]:
    r"""Rank-normalized split $\hat R$ of every component; 1 where the chains agree.

    Parameters
    ----------
    values
        With the dimensions `chain` and `draw`, and any others.

    Raises
    ------
    ValueError
        If a dimension is missing, draws are too few, or values are not finite.
    """
    return _each_component(_rank_rhat, _values(values))


def effective_sample_size(values: xr.DataArray) -> Float[np.ndarray, "*shape"]:
    """Independent draws that would give the mean of every component as precisely.

    Parameters
    ----------
    values
        With the dimensions `chain` and `draw`, and any others.

    Raises
    ------
    ValueError
        If a dimension is missing, draws are too few, or values are not finite.
    """
    return _each_component(_effective_sample_size, _values(values))


def with_error(value: float, error: float) -> str:
    """Print a value with its error, to two digits of the error.

    >>> with_error(1.23456, 0.0123)
    '1.235 ± 0.012'
    """
    if not (math.isfinite(value) and math.isfinite(error)) or error == 0:
        return f"{value:.6g} ± {error:.2g}"
    digits = max(1 - math.floor(math.log10(error)), 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _each_component(
    function: Callable[[Float[np.ndarray, "chains draws"]], float],
    values: Float[np.ndarray, "chains draws *shape"],
) -> Float[np.ndarray, "*shape"]:
    components = values.reshape(*values.shape[:2], -1)
    found = [function(components[..., i]) for i in range(components.shape[2])]
    return np.array(found).reshape(values.shape[2:])


def _halves(values: Float[np.ndarray, "chains draws"]) -> Float[np.ndarray, "halves half"]:
    """First and last halves of the chains; the middle draw of an odd number is left out."""
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, -half:]])


def _rank_rhat(values: Float[np.ndarray, "chains draws"]) -> float:
    """The larger R-hat of the ranks, and of the ranks of the distances from the median."""
    halves = _halves(values)
    return max(_rhat(_normalized(each)) for each in (halves, np.abs(halves - np.median(halves))))


def _normalized(values: Float[np.ndarray, "chains draws"]) -> Float[np.ndarray, "chains draws"]:
    """Normal quantiles of the ranks, equal values having equal ones."""
    from scipy.special import ndtri

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place].reshape(values.shape)
    return ndtri((ranks - 3 / 8) / (values.size + 1 / 4))


def _rhat(values: Float[np.ndarray, "chains draws"]) -> float:
    draws = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(axis=1).var(ddof=1)
    return math.sqrt(between / within + (draws - 1) / draws)


def _effective_sample_size(values: Float[np.ndarray, "chains draws"]) -> float:
    """Draws over the autocorrelation time, summed up to where pairs of correlations stop being
    positive, and never let grow (the initial monotone sequence of C. Geyer)."""
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


def _values(values: xr.DataArray) -> np.ndarray:
    if not {"chain", "draw"} <= set(values.dims):
        raise ValueError(f"the dimensions chain and draw are needed, got {values.dims}")
    if values.sizes["draw"] < 4:
        raise ValueError(f"at least 4 draws are needed, got {values.sizes['draw']}")
    array = values.transpose("chain", "draw", ...).values.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("the draws must be finite")
    return array

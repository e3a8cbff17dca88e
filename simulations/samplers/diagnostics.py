r"""Estimates from chains, each with its standard error, effective sample size and R-hat.

The diagnostics are those of ArviZ (``arviz-stats``): rank-normalized split R-hat, effective sample
size and Monte Carlo standard error of A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and
P.-C. Bürkner (2021).
"""

import dataclasses
import math
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

_AXES: dict[str, Any] = {"chain_axis": 0, "draw_axis": 1}
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
    statistics = _arviz()
    mean = float(values.mean())
    if np.ptp(values) == 0:  # nothing fluctuates: ArviZ would divide by zero
        return Estimate(name, mean, 0.0, float(values.size), 1.0)
    return Estimate(
        name=name,
        value=mean,
        standard_error=float(statistics.mcse(values, method="mean", **_AXES)),
        effective_sample_size=float(statistics.ess(values, method="mean", **_AXES)),
        rhat=float(statistics.rhat(values, method="rank", **_AXES)),
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
    return np.asarray(_arviz().rhat(_values(values), method="rank", **_AXES))


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
    return np.asarray(_arviz().ess(_values(values), method="mean", **_AXES))


def with_error(value: float, error: float) -> str:
    """Print a value with its error, to two digits of the error.

    >>> with_error(1.23456, 0.0123)
    '1.235 ± 0.012'
    """
    if not (math.isfinite(value) and math.isfinite(error)) or error == 0:
        return f"{value:.6g} ± {error:.2g}"
    digits = max(1 - math.floor(math.log10(error)), 0)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _arviz() -> Any:
    from arviz_stats.base import array  # takes seconds to import

    return array.array_stats


def _values(values: xr.DataArray) -> np.ndarray:
    if not {"chain", "draw"} <= set(values.dims):
        raise ValueError(f"the dimensions chain and draw are needed, got {values.dims}")
    if values.sizes["draw"] < 4:
        raise ValueError(f"at least 4 draws are needed, got {values.sizes['draw']}")
    array = values.transpose("chain", "draw", ...).values.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("the draws must be finite")
    return array

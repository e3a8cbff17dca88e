r"""Estimates from chains, each with its standard error, effective sample size and R-hat.

The diagnostics are those of A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner
(2021): rank-normalized split R-hat, effective sample size and Monte Carlo standard error.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import xarray as xr
from jaxtyping import Float

from ._convergence import effective_draws, rank_rhat, with_error

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
    size = effective_draws(values)
    return Estimate(
        name=name,
        value=mean,
        standard_error=float(values.std(ddof=1)) / math.sqrt(size),
        effective_sample_size=size,
        rhat=rank_rhat(values),
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
    return _each_component(rank_rhat, _values(values))


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
    return _each_component(effective_draws, _values(values))


def _each_component(
    function: Callable[[Float[np.ndarray, "chains draws"]], float],
    values: Float[np.ndarray, "chains draws *shape"],
) -> Float[np.ndarray, "*shape"]:
    components = values.reshape(*values.shape[:2], -1)
    found = [function(components[..., i]) for i in range(components.shape[2])]
    return np.array(found).reshape(values.shape[2:])


def _values(values: xr.DataArray) -> np.ndarray:
    if not {"chain", "draw"} <= set(values.dims):
        raise ValueError(f"the dimensions chain and draw are needed, got {values.dims}")
    if values.sizes["draw"] < 4:
        raise ValueError(f"at least 4 draws are needed, got {values.sizes['draw']}")
    array = values.transpose("chain", "draw", ...).values.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError("the draws must be finite")
    return array

"""Which settings of the sampler can be trusted."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array, PyTree

from .estimator import llc


def calibrate(
    loss: Callable[..., Array],
    parameters: PyTree,
    data: PyTree,
    *,
    key: Array,
    step_sizes: Sequence[float],
    localizations: Sequence[float],
    **options: Any,
) -> xr.Dataset:
    r"""Estimate for every step size and localization, with a verdict on each.

    Trust a plateau: neighboring cells without a warning whose estimates agree.

    Parameters
    ----------
    loss, parameters, data, key
        As for :func:`~groktheory.simulations.learning_coefficients.llc`.
    step_sizes, localizations
        $\epsilon$ and $\gamma$ to try.
    options
        Others of :func:`~groktheory.simulations.learning_coefficients.llc`.

    Returns
    -------
    xarray.Dataset
        `llc`, `standard_error`, `rhat`, `acceptance` and `verdict` (the warnings, or `"good"`) over
        `step_size` and `localization`.

    Raises
    ------
    ValueError
        If there is nothing to try, or as for the estimator.
    """
    if not len(step_sizes) or not len(localizations):
        raise ValueError("step_sizes and localizations must hold at least one value each")
    cells = [
        [
            llc(
                loss,
                parameters,
                data,
                key=jax.random.clone(key),
                step_size=step,
                localization=gamma,
                quiet=True,
                **options,
            )
            for gamma in localizations
        ]
        for step in step_sizes
    ]
    dims = ("step_size", "localization")

    def table(read: Callable) -> tuple:
        return dims, np.array([[read(cell) for cell in row] for row in cells])

    return xr.Dataset(
        {
            "llc": table(lambda cell: cell.value),
            "standard_error": table(lambda cell: cell.standard_error),
            "rhat": table(lambda cell: cell.rhat),
            "acceptance": table(lambda cell: cell.acceptance),
            "verdict": table(lambda cell: "; ".join(cell.warnings) or "good"),
        },
        coords={"step_size": list(step_sizes), "localization": list(localizations)},
    )

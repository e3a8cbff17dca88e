"""Which settings of the sampler can be trusted, and estimates along a training run."""

from collections.abc import Callable, Mapping, Sequence
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


def llc_along_training(
    loss: Callable[..., Array],
    snapshots: Mapping[int, PyTree],
    data: PyTree,
    *,
    key: Array,
    test_data: PyTree | None = None,
    **options: Any,
) -> xr.Dataset:
    """Estimate at every snapshot of a run, next to its losses.

    Parameters
    ----------
    loss, data, key
        As for :func:`~groktheory.simulations.learning_coefficients.llc`. All snapshots meet the
        same noise, so that their differences are less noisy than their values.
    snapshots
        Step -> parameters.
    test_data
        For `test_loss`, if given.
    options
        Others of :func:`~groktheory.simulations.learning_coefficients.llc`. Give a `step_size`:
        the default one follows the curvature of every snapshot.

    Returns
    -------
    xarray.Dataset
        `llc`, `standard_error`, `train_loss`, `warnings` and, if asked for, `test_loss` over
        `step`.

    Raises
    ------
    ValueError
        If there is no snapshot, or as for the estimator.
    """
    if not snapshots:
        raise ValueError("snapshots must hold at least one step with its parameters")
    steps = sorted(snapshots)
    found = [
        llc(loss, snapshots[step], data, key=jax.random.clone(key), **options) for step in steps
    ]
    variables = {
        "llc": [one.value for one in found],
        "standard_error": [one.standard_error for one in found],
        "train_loss": [one.reference_loss for one in found],
        "warnings": ["; ".join(one.warnings) for one in found],
    }
    if test_data is not None:
        variables["test_loss"] = [
            float(np.mean(np.asarray(loss(snapshots[step], test_data)))) for step in steps
        ]
    return xr.Dataset(
        {name: ("step", np.array(values)) for name, values in variables.items()},
        coords={"step": steps},
    )

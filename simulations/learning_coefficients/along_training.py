"""Learning coefficients along a training run."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from ..models.frozen import trainable
from .estimator import llc

_log = logging.getLogger("groktheory")


def snapshots_of(run: xr.Dataset, like: PyTree, *, variable: str = "parameters") -> dict[int, Any]:
    """Models at the recorded steps of a run whose parameters were recorded.

    Record them by the measure :func:`~groktheory.simulations.measures.parameters`::

        run = sim.train(..., measures={"parameters": sim.measures.parameters})
        curve = llc_along_training(loss, snapshots_of(run.isel(seed=0), model), data, key=key)

    Parameters
    ----------
    run
        One run of :func:`~groktheory.simulations.train`: a single seed, of a single setting.
    like
        Any model of the same structure.
    variable
        Name of the measure.

    Raises
    ------
    KeyError
        If the run has no such variable.
    ValueError
        If it holds several runs, or another number of parameters than the model.
    """
    if variable not in run:
        raise KeyError(f"no variable {variable!r} among {sorted(map(str, run.data_vars))}")
    values = run[variable]
    if values.ndim != 2 or "step" not in values.dims:
        raise ValueError(
            f"{variable} must have the dimension step and one of the parameters, got "
            f"{values.dims}: select a seed"
        )
    chosen, others = eqx.partition(like, trainable(like))
    vector, unravel = ravel_pytree(chosen)
    rows = values.transpose("step", ...).values
    if rows.shape[1] != vector.size:
        raise ValueError(f"the run has {rows.shape[1]} parameters, the model {vector.size}")
    return {
        int(step): eqx.combine(unravel(jnp.asarray(row, vector.dtype)), others)
        for step, row in zip(values["step"].values, rows, strict=True)
        if np.isfinite(row).all()
    }


def llc_along_training(
    loss: Callable[..., Array],
    snapshots: Mapping[int, PyTree],
    data: PyTree,
    *,
    key: Array,
    test_data: PyTree | None = None,
    quiet: bool = False,
    **options: Any,
) -> xr.Dataset:
    """Estimate at every snapshot of a run, next to its losses.

    Parameters
    ----------
    loss, data, key
        As for :func:`~groktheory.simulations.learning_coefficients.llc`. All snapshots meet the
        same noise, so that their differences are less noisy than their values.
    snapshots
        Step -> parameters, as :func:`snapshots_of` makes them of a run.
    test_data
        For `test_loss`, if given.
    quiet
        Whether not to count the snapshots with warnings on the terminal.
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
        llc(loss, snapshots[step], data, key=jax.random.clone(key), quiet=True, **options)
        for step in steps
    ]
    suspicious = sum(bool(one.warnings) for one in found)
    if suspicious and not quiet:
        _log.warning(
            "llc_along_training: warnings at %d of %d snapshots, in the variable warnings",
            suspicious,
            len(steps),
        )
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

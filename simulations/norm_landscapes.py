r"""Reduced losses: what training reaches when the norm of the weights is held constant.

$$ \tilde f(w) = f(\theta^*(w)), \qquad
   \theta^*(w) = \operatorname*{argmin}_{\lVert\theta\rVert = w} \ell_{train}(\theta) $$

[liu2022omnigrok]
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import optax
import xarray as xr
from jaxtyping import Array, Float, PyTree

from ._plan import Measure
from .models.frozen import trainable
from .optimizers.norm import constant_norm
from .tasks.task import Task
from .training import train as train_networks

READINGS = ("best", "last")


def with_norm(model: PyTree, norm: float | Float[Array, ""]) -> PyTree:
    r"""Return the model with all its trained weights scaled to a norm.

    Parameters
    ----------
    model
        Any pytree; frozen parts stay as they are.
    norm
        Euclidean norm of all trained weights together; may be traced.
    """
    weights, rest = eqx.partition(model, trainable(model))
    scale = norm / optax.tree.norm(weights)
    return eqx.combine(jax.tree.map(lambda leaf: scale.astype(leaf.dtype) * leaf, weights), rest)


def norm_landscape(
    *,
    init: Callable[..., PyTree],
    task: Task | Callable[..., Task],
    optimizer: optax.GradientTransformation | Callable[..., optax.GradientTransformation],
    loss: Callable[..., Float[Array, ""]],
    norms: Sequence[float],
    num_steps: int,
    losses: Mapping[str, Measure] | None = None,
    sweep: Mapping[str, Sequence[float]] | None = None,
    train: Callable[..., xr.Dataset] = train_networks,
    **settings: Any,
) -> xr.Dataset:
    r"""Train at constant norm over a ladder of norms and return the reduced losses.

    Every run starts from the weights of `init`, scaled to its norm, and stays at that norm. Runs
    of one seed differ in nothing but the norm (and in what else is swept).

    Parameters
    ----------
    init, task, optimizer, loss, num_steps
        As in :func:`.train`; an optimizer without weight decay minimizes the train loss on the
        sphere.
    norms
        The rungs $w > 0$.
    losses
        Name -> function of `(model, task)`, to numbers that are better when smaller, an error
        rate, say. `train_loss` and `test_loss`, the loss on either set, are always there.
    sweep
        Further swept parameters; outside of the norms.
    train
        The engine; one that keeps its results, say.
    settings
        Further arguments of the engine: `key`, `num_seeds`, `batch_size`, ...

    Returns
    -------
    xarray.Dataset
        The reduced losses with dimensions: other swept parameters, `norm`, `seed` and `reading`:
        `best`, the lowest value on record, and `last`, the one at the end. The paper reads the
        best test loss, which is a choice made with the test set. A run that diverges has NaN.

    Raises
    ------
    ValueError
        For norms that are not positive, a measure called `train_loss` or `test_loss`, or a sweep
        over `norm`.
    """
    norms = [float(norm) for norm in norms]
    if not norms or not all(norm > 0 for norm in norms):
        raise ValueError(f"norms must be positive, at least one, got {norms}")
    sweep, losses = dict(sweep or {}), dict(losses or {})
    if "norm" in sweep:
        raise ValueError("sweep must not name 'norm': give the rungs as norms")
    taken = {"train_loss", "test_loss"} & set(losses)
    if taken:
        raise ValueError(f"{min(taken)!r} is always recorded: rename that loss")
    make_optimizer = optimizer if callable(optimizer) else lambda: optimizer

    @_taking(init, sweep, "key", "norm")
    def init_at_norm(key: Array, norm: Array, **swept: Array) -> PyTree:
        return with_norm(init(key=key, **swept), norm)

    @_taking(make_optimizer, sweep, "norm")
    def optimizer_at_norm(norm: Array, **swept: Array) -> optax.GradientTransformation:
        return constant_norm(make_optimizer(**swept), norm)

    def test_loss(model: PyTree, task: Task) -> Array:
        return loss(model, task.test())

    runs = train(
        init=init_at_norm,
        task=task,
        optimizer=optimizer_at_norm,
        loss=loss,
        num_steps=num_steps,
        measures={"test_loss": test_loss, **losses},
        sweep={**sweep, "norm": norms},
        **settings,
    )
    recorded = runs.rename(loss="train_loss")[["train_loss", "test_loss", *losses]]
    reduced = xr.concat(
        [recorded.min("step"), recorded.isel(step=-1, drop=True)],
        xr.DataArray(list(READINGS), dims="reading", name="reading"),
    ).transpose(..., "reading")
    return reduced.where(runs["diverged_at"] < 0).assign_attrs(runs.attrs)


def _taking(
    function: Callable[..., Any], sweep: Mapping[str, Any], *names: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare that a wrapper takes the names and what the wrapped function takes of a sweep.

    The engine reads off the signatures which swept parameters to pass on.
    """
    passed_on = [name for name in inspect.signature(function).parameters if name in sweep]

    def declare(wrapper: Any) -> Callable[..., Any]:
        wrapper.__signature__ = inspect.Signature(
            [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY)
                for name in (*names, *passed_on)
            ]
        )
        return wrapper

    return declare

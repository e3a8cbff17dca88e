r"""Chains: walkers that record where they are, as an :class:`xarray.Dataset` of ArviZ's shape."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PyTree

from ._arguments import refuse_not_callable, refuse_too_many_steps
from ._stability import refuse_bad_dynamics
from ._walkers import Crowd, Measure, crowds, provenance, record, shared_out
from .dynamics import Dynamics, Langevin, MinibatchSGD


def langevin(
    potential: Callable[..., Float[Array, ""]],
    starts: PyTree,
    *,
    step_size: float,
    temperature: Any,
    num_steps: int,
    key: Array,
    record_every: int = 1,
    burn_in: int = 0,
    measures: Mapping[str, Measure] | None = None,
    integrator: str = "euler-maruyama",
    noise: str = "binomial",
    workers: int = 1,
) -> xr.Dataset:
    r"""Walk in a potential at a temperature, and record the walkers.

    $$x_{k+1} = x_k-\eta\nabla f(x_k)+\sqrt{2\eta\theta}\,\xi_{k+1}$$

    Parameters
    ----------
    potential
        $f$ of one walker's position, written with `jax.numpy`; compiled once for every function,
        whatever the numbers that follow.
    starts
        Positions, a tree of arrays with the walkers on the first axis; `[walkers, d]` as a rule.
    step_size
        $\eta > 0$.
    temperature
        $\theta \ge 0$: a number, one for every walker, or a function of the time such as
        :class:`~groktheory.simulations.samplers.ExponentialCooling`.
    num_steps
        Steps after the burn-in, of which every `record_every`-th is a draw.
    key
        Random key. A walker's noise depends on it and on its number, not on `workers`.
    record_every
        Steps between two draws; must divide `num_steps`.
    burn_in
        Steps before.
    measures
        Name -> function of one walker's position, to what is recorded: scalars or small arrays. The
        position itself by default.
    integrator, noise
        As for :class:`~groktheory.simulations.samplers.Langevin`.
    workers
        Threads that share the walkers. One for every core is best: XLA spreads the short loops of
        a single large share over its own threads, to no gain.

    Returns
    -------
    xarray.Dataset
        Over `chain` (walkers) and `draw`, with the coordinates `step` and `time` of the draws.
        Positions of shape `[walkers, d]` are `position` over `coordinate`. Settings in `attrs`;
        `step_times_curvature` is $\eta\lambda_{\max}$ at the starts.

    Raises
    ------
    ValueError
        For arguments out of range, starts that are not finite, an unstable step, or a walker that
        diverges.

    Source: [kozyrev2024langevin, Eq. 1].
    """
    dynamics = Langevin(
        potential, step_size=step_size, temperature=temperature, integrator=integrator, noise=noise
    )
    return sample(
        dynamics,
        starts,
        num_steps=num_steps,
        key=key,
        record_every=record_every,
        burn_in=burn_in,
        measures=measures,
        workers=workers,
    )


def minibatch_sgd(
    loss: Callable[..., Float[Array, ""]],
    data: PyTree,
    starts: PyTree,
    *,
    learning_rate: float,
    batch_size: int,
    num_steps: int,
    key: Array,
    record_every: int = 1,
    burn_in: int = 0,
    measures: Mapping[str, Measure] | None = None,
    workers: int = 1,
) -> xr.Dataset:
    r"""Record stochastic gradient descent, every walker with minibatches of its own.

    Parameters
    ----------
    loss
        `loss(weights, batch)`: mean over the rows of a batch, for one walker.
    data
        Tree of arrays with the samples on their first axis.
    starts
        Weights, a tree of arrays with the walkers on the first axis.
    learning_rate, batch_size
        $\eta > 0$ and $B \ge 1$, drawn with replacement.
    num_steps, key, record_every, burn_in, measures, workers
        As for :func:`langevin`.

    Returns
    -------
    As :func:`langevin`; times are steps times the learning rate.

    Raises
    ------
    ValueError
        As :func:`langevin`.
    """
    return sample(
        MinibatchSGD(loss, data, learning_rate=learning_rate, batch_size=batch_size),
        starts,
        num_steps=num_steps,
        key=key,
        record_every=record_every,
        burn_in=burn_in,
        measures=measures,
        workers=workers,
    )


def sample(
    dynamics: Dynamics,
    starts: PyTree,
    *,
    num_steps: int,
    key: Array,
    record_every: int = 1,
    burn_in: int = 0,
    measures: Mapping[str, Measure] | None = None,
    workers: int = 1,
) -> xr.Dataset:
    """Record walkers of any dynamics.

    Parameters
    ----------
    dynamics
        :class:`~groktheory.simulations.samplers.Langevin`,
        :class:`~groktheory.simulations.samplers.MinibatchSGD`, or another with their methods.
    starts, num_steps, key, record_every, burn_in, measures, workers
        As for :func:`langevin`.

    Returns
    -------
    As :func:`langevin`.

    Raises
    ------
    ValueError
        As :func:`langevin`.
    """
    started = time.monotonic()
    refuse_too_many_steps(num_steps + burn_in, "num_steps + burn_in")
    refuse_bad_recording(num_steps, record_every, burn_in)
    measures = dict(measures or {"position": the_position})
    refuse_not_callable(**measures)
    shares = crowds(starts, key, workers)
    stability = refuse_bad_dynamics(dynamics, starts, shares[0][0].num_walkers)

    def walk(crowd: Crowd, share: slice) -> dict[str, PyTree]:
        recorded, diverged = record(
            dynamics.among(share),
            crowd,
            measures,
            burn_in=burn_in,
            num_draws=num_steps // record_every,
            record_every=record_every,
        )
        if int(diverged) >= 0:
            raise ValueError(
                f"a walker diverged before step {int(diverged)}: lower the step size, or confine "
                "the potential"
            )
        return jax.tree.map(np.asarray, recorded)

    settings = dynamics.settings()
    return dataset_of(
        jax.tree.map(lambda *parts: np.concatenate(parts, axis=1), *shared_out(walk, shares)),
        num_steps=num_steps,
        record_every=record_every,
        burn_in=burn_in,
        unit=settings.get("step_size", settings.get("learning_rate", 1.0)),
        attrs={**settings, "step_times_curvature": stability, **provenance(started)},
    )


def dataset_of(
    recorded: dict[str, PyTree],
    *,
    num_steps: int,
    record_every: int,
    burn_in: int,
    unit: float,
    attrs: dict[str, Any],
) -> xr.Dataset:
    """Name what was recorded over draws and walkers, with `chain` and `draw` first."""
    variables, num_walkers = {}, 0
    for path, values in jax.tree_util.tree_leaves_with_path(recorded):
        name = "_".join(_label(entry) for entry in path)
        others = tuple(f"{name}_dim_{i}" for i in range(values.ndim - 2))
        if name == "position" and len(others) == 1:
            others = ("coordinate",)
        variables[name] = (("chain", "draw", *others), np.swapaxes(values, 0, 1))
        num_walkers = values.shape[1]
    steps = burn_in + record_every * np.arange(1, num_steps // record_every + 1)
    return xr.Dataset(
        variables,
        coords={
            "chain": np.arange(num_walkers),
            "draw": np.arange(len(steps)),
            "step": ("draw", steps),
            "time": ("draw", steps * unit),
        },
        attrs=attrs | {"num_steps": num_steps, "record_every": record_every, "burn_in": burn_in},
    )


def refuse_bad_recording(num_steps: int, record_every: int, burn_in: int) -> None:
    """Refuse draws that do not fit into the steps."""
    if burn_in < 0:
        raise ValueError(f"burn_in must be non-negative, got {burn_in}")
    if record_every < 1 or num_steps < 1 or num_steps % record_every:
        raise ValueError(
            f"record_every must be at least 1 and divide num_steps = {num_steps}, got "
            f"{record_every}"
        )


def the_position(position: PyTree) -> PyTree:
    """Return a walker's position: what is recorded by default."""
    return position


def _label(entry: Any) -> str:
    for attribute in ("key", "name", "idx"):
        if hasattr(entry, attribute):
            return str(getattr(entry, attribute))
    return str(entry)

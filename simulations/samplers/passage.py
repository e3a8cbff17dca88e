r"""First passage: how long walkers take to get somewhere.

$$\tau = \min\{t : x(t)\in A\}$$

is looked for at every step. Walkers that have not arrived after `max_steps` are *censored*: their
times are lower bounds, which :func:`~groktheory.simulations.samplers.exponential_mean` takes into
account. Times of escape are exponential, so that `max_steps` of three mean times costs 5 % of the
events, while waiting for the last of a thousand walkers takes more than twice as long.
"""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, PyTree

from ._arguments import refuse_not_callable, refuse_too_many_steps
from ._stability import refuse_bad_dynamics
from ._walkers import Crowd, crowds, provenance, shared_out, walk_until_escaped
from .dynamics import Dynamics, Langevin


def first_passage(
    potential: Callable[..., Float[Array, ""]],
    starts: PyTree,
    has_escaped: Callable[[PyTree], Bool[Array, ""]],
    *,
    step_size: float,
    temperature: Any,
    max_steps: int,
    key: Array,
    integrator: str = "euler-maruyama",
    noise: str = "binomial",
    workers: int = 1,
) -> xr.Dataset:
    r"""Times at which Langevin walkers first satisfy a condition.

    Parameters
    ----------
    potential
        $f$ of one walker's position, written with `jax.numpy`; compiled once for every function,
        whatever the numbers that follow.
    starts
        Positions, a tree of arrays with the walkers on the first axis; `[walkers, d]` as a rule.
    has_escaped
        Condition on one walker's position. Escape from a well means to reach the *other* well: a
        walker on top of the barrier returns half of the time.
    step_size
        $\eta > 0$. Looking at step times only makes a passage later, as if the boundary were
        further away by $0.58\sqrt{2\eta\theta}$.
    temperature
        $\theta \ge 0$: a number, one for every walker, or a function of the time.
    max_steps
        Where walkers are censored.
    key
        Random key. A walker's noise depends on it and on its number, not on `workers`.
    integrator, noise
        As for :class:`~groktheory.simulations.samplers.Langevin`.
    workers
        Threads that share the walkers. One for every core is best: XLA spreads the short loops of
        a single large share over its own threads, to no gain.

    Returns
    -------
    xarray.Dataset
        Over `chain`: `time` $k\eta$ of the passage, or of the end of the run where `is_censored`;
        and `steps`, $k$. Settings in `attrs`; `step_times_curvature` is $\eta\lambda_{\max}$ at
        the starts.

    Raises
    ------
    ValueError
        For arguments out of range, starts that are not finite or have escaped already, an unstable
        step, or a walker that diverges.

    Source: [kozyrev2024langevin, Eq. 1].
    """
    dynamics = Langevin(
        potential, step_size=step_size, temperature=temperature, integrator=integrator, noise=noise
    )
    return passage_times(
        dynamics, starts, has_escaped, max_steps=max_steps, key=key, workers=workers
    )


def passage_times(
    dynamics: Dynamics,
    starts: PyTree,
    has_escaped: Callable[[PyTree], Bool[Array, ""]],
    *,
    max_steps: int,
    key: Array,
    workers: int = 1,
) -> xr.Dataset:
    r"""Times at which walkers of any dynamics first satisfy a condition.

    Parameters
    ----------
    dynamics
        :class:`~groktheory.simulations.samplers.Langevin`,
        :class:`~groktheory.simulations.samplers.MinibatchSGD`, or another with their methods.
    starts, has_escaped, max_steps, key, workers
        As for :func:`first_passage`.

    Returns
    -------
    As :func:`first_passage`; `time` is in steps times the step size or learning rate.

    Raises
    ------
    ValueError
        As :func:`first_passage`.
    """
    started = time.monotonic()
    refuse_not_callable(has_escaped=has_escaped)
    refuse_too_many_steps(max_steps, "max_steps")
    shares = crowds(starts, key, workers)
    total = shares[0][0].num_walkers
    stability = refuse_bad_dynamics(dynamics, starts, total)
    _refuse_escaped(has_escaped, shares)
    limit = jnp.asarray(max_steps, jnp.int32)

    def walk(crowd: Crowd, share: slice) -> np.ndarray:
        escaped_at, walked, is_lost = walk_until_escaped(
            dynamics.among(share), crowd, has_escaped, limit
        )
        if np.any(is_lost):
            raise ValueError(
                f"walker {share.start + int(np.argmax(is_lost))} diverged before step "
                f"{int(walked)}, without having escaped: lower the step size, or confine the "
                "potential"
            )
        return np.asarray(escaped_at)

    escaped_at = np.concatenate(shared_out(walk, shares))
    is_censored = escaped_at < 0
    steps = np.where(is_censored, max_steps, escaped_at)
    unit = dynamics.settings().get("step_size", dynamics.settings().get("learning_rate", 1.0))
    return xr.Dataset(
        {
            "time": ("chain", steps * unit),
            "steps": ("chain", steps),
            "is_censored": ("chain", is_censored),
        },
        coords={"chain": np.arange(total)},
        attrs={
            **dynamics.settings(),
            "max_steps": max_steps,
            "step_times_curvature": stability,
            **provenance(started),
        },
    )


def _refuse_escaped(
    has_escaped: Callable[[PyTree], Bool[Array, ""]], shares: list[tuple[Crowd, slice]]
) -> None:
    for crowd, share in shares:
        is_out = np.asarray(jax.vmap(has_escaped, in_axes=-1)(crowd.positions))
        if is_out.any():
            raise ValueError(
                f"walker {share.start + int(np.argmax(is_out))} has escaped at its start already: "
                "start inside the well, or change has_escaped"
            )

r"""The Metropolis-adjusted Langevin algorithm: equilibrium without an error of the step size."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PyTree

from ..backend import self_check
from ._arguments import (
    name_of,
    refuse_bad_starts,
    refuse_not_callable,
    refuse_not_positive,
    refuse_too_many_steps,
)
from ._walkers import Measure, provenance, serial_jit
from .chains import dataset_of, refuse_bad_recording, the_position


def mala(
    potential: Callable[..., Float[Array, ""]],
    starts: PyTree,
    *,
    step_size: float,
    temperature: float,
    num_steps: int,
    key: Array,
    record_every: int = 1,
    burn_in: int = 0,
    measures: Mapping[str, Measure] | None = None,
) -> xr.Dataset:
    r"""Sample the Gibbs density exactly, by Langevin proposals that are accepted or refused.

    The algorithm is that of blackjax (`blackjax.mala`), vmapped over walkers. It is for
    equilibrium averages; refused proposals make its times meaningless. It evaluates potential and
    gradient for every proposal and draws its noise by keys of its own, sixty times as slow as
    :func:`~groktheory.simulations.samplers.langevin` for a thousand walkers in five dimensions.

    Parameters
    ----------
    potential
        $f$ of one walker's position.
    starts
        Positions, with the walkers on the first axis.
    step_size
        $\eta > 0$ of the proposal $x-\eta\nabla f+\sqrt{2\eta\theta}\,\xi$. Large steps are
        refused more often, but not wrong.
    temperature
        $\theta > 0$.
    num_steps, key, record_every, burn_in, measures
        As for :func:`~groktheory.simulations.samplers.langevin`.

    Returns
    -------
    As :func:`~groktheory.simulations.samplers.langevin`, with the `acceptance` of every draw: the
    mean over its steps of the probability of acceptance.

    Raises
    ------
    ValueError
        For arguments out of range, starts that are not finite, or a potential that is not finite
        there.

    Source: G. O. Roberts and R. L. Tweedie (1996).
    """
    started = time.monotonic()
    refuse_not_callable(potential=potential)
    refuse_not_positive(step_size=step_size, temperature=temperature)
    refuse_too_many_steps(num_steps + burn_in, "num_steps + burn_in")
    refuse_bad_recording(num_steps, record_every, burn_in)
    measures = dict(measures or {"position": the_position})
    refuse_not_callable(**measures)
    self_check()
    starts = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), starts)
    refuse_bad_starts(starts)
    energies = np.asarray(jax.vmap(potential)(starts))
    if not np.isfinite(energies).all():
        raise ValueError(
            "potential must be finite at the starts, got "
            f"{energies[np.argmin(np.isfinite(energies))]}"
        )
    measured, acceptance = _walk(
        potential,
        measures,
        starts,
        jax.random.split(key, len(energies)),
        jnp.asarray(step_size, jnp.float32),
        jnp.asarray(temperature, jnp.float32),
        burn_in=burn_in,
        num_draws=num_steps // record_every,
        record_every=record_every,
    )
    return dataset_of(
        jax.tree.map(np.asarray, measured | {"acceptance": acceptance}),
        num_steps=num_steps,
        record_every=record_every,
        burn_in=burn_in,
        unit=step_size,
        attrs={
            "sampler": "mala",
            "potential": name_of(potential),
            "step_size": step_size,
            "temperature": temperature,
            **provenance(started),
        },
    )


@serial_jit
def _walk(
    potential: Callable[..., Float[Array, ""]],
    measures: Mapping[str, Measure],
    starts: PyTree,
    keys: Array,
    step_size: Float[Array, ""],
    temperature: Float[Array, ""],
    *,
    burn_in: int,
    num_draws: int,
    record_every: int,
) -> tuple[dict[str, PyTree], Float[Array, "draws walkers"]]:
    """Walk all walkers, and measure every `record_every` steps."""
    import blackjax

    # The proposal of blackjax is x + e grad(log p) + sqrt(2 e) noise with log p = -f / theta.
    kernel: Any = blackjax.mala(lambda x: -potential(x) / temperature, step_size * temperature)

    def walk_one(key: Array, start: PyTree) -> tuple[dict[str, PyTree], Array]:
        def step(state: PyTree, number: Array) -> tuple[PyTree, Array]:
            state, info = kernel.step(jax.random.fold_in(key, number), state)
            return state, info.acceptance_rate

        def to_draw(state: PyTree, draw: Array) -> tuple:
            numbers = burn_in + draw * record_every + jnp.arange(record_every)
            state, acceptance = jax.lax.scan(step, state, numbers)
            measured = {name: measure(state.position) for name, measure in measures.items()}
            return state, (measured, acceptance.mean())

        state, _ = jax.lax.scan(step, kernel.init(start), jnp.arange(burn_in))
        return jax.lax.scan(to_draw, state, jnp.arange(num_draws))[1]

    return jax.vmap(walk_one, out_axes=1)(keys, starts)

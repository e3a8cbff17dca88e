r"""Stochastic-gradient samplers of a posterior that is localized around a point.

$$p(w)\propto\exp\Big(-s\,L(w)-\frac\gamma2|w-w^*|^2\Big),\qquad
  \nabla U = s\,\nabla L+\gamma\,(w-w^*).$$

With $g$ the gradient of $L$ on a minibatch, which all chains share, $u = s\,g+\gamma(w-w^*)$,
$\eta=\epsilon/2$ and $\xi$ of variance one:

- ``"sgld"``: $w\leftarrow w-\eta u+\sqrt\epsilon\,\xi$;
- ``"rmsprop-sgld"``: $v\leftarrow bv+(1-b)\langle g^2\rangle$, $P = 1/(\sqrt v+\delta)$,
  $w\leftarrow w-\eta Pu+\sqrt{\epsilon P}\,\xi$, the mean over the chains. A conditioner that
  follows its own chain, as published, draws it towards large gradients, as this rule lacks the
  divergence of $P$: here $v$ is that of the burn-in and stays, unless it is asked to go on;
- ``"sghmc"``: $v\leftarrow(1-\alpha)v-\eta u+\sqrt{\alpha\epsilon}\,\xi$, $w\leftarrow w+v$;
- ``"sgnht"``: the same with a friction of its own for every chain, a thermostat:
  $\zeta\leftarrow\zeta+\alpha^2\big((1-\zeta/2)|v|^2/(D\eta)-1\big)$. It keeps the mean of $aw^2$
  at its right value at any step size and noise of the gradient; without the factor $1-\zeta/2$,
  as published, that mean is too small by it.

In a harmonic well, $U = aw^2/2$, the variance is not $1/a$ but

$$\frac1{a(1-\epsilon a/4)},\qquad\frac1{a\,(1-\epsilon Pa/4)},\qquad
  \frac1{a\,(1-\epsilon a/(8-4\alpha))},\qquad\frac1a$$

for the four. blackjax has three of them; vmapped in a scan its step takes five times as long on a
small network, as it draws keys, minibatches and normal numbers for every chain.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree, UInt32

from ._arguments import refuse_unknown
from ._random_words import hash_keys, mix, threefry
from ._walkers import serial_jit
from .noise import NOISES, binomial_noise, gaussian_noise

STOCHASTIC_SAMPLERS = ("sgld", "rmsprop-sgld", "sghmc", "sgnht")
DAMPING = 0.1
_FEW_PARAMETERS = 2048

Excess = Callable[[PyTree, PyTree], Float[Array, ""]]


class LocalizedSampler(eqx.Module):
    r"""One of the four rules.

    Parameters
    ----------
    rule
        One of `STOCHASTIC_SAMPLERS`.
    step_size
        $\epsilon$.
    scale, localization
        $s$ and $\gamma$.
    friction
        $\alpha$ of ``sghmc`` and ``sgnht``.
    decay, damping
        $b$ and $\delta$ of ``rmsprop-sgld``.
    keeps_adapting
        Whether the conditioner of ``rmsprop-sgld`` follows the chains after the burn-in, too.
    noise
        ``"gaussian"`` or ``"binomial"``, see :mod:`~groktheory.simulations.samplers.noise`; the
        latter halves the time of a step where the network is cheap.
    """

    step_size: Float[Array, ""]
    scale: Float[Array, ""]
    localization: Float[Array, ""]
    friction: Float[Array, ""]
    decay: Float[Array, ""]
    damping: Float[Array, ""]
    rule: str = eqx.field(static=True)
    noise: str = eqx.field(static=True)
    keeps_adapting: bool = eqx.field(static=True)

    def __init__(
        self,
        rule: str,
        *,
        step_size: float,
        scale: float,
        localization: float,
        friction: float = 0.1,
        decay: float = 0.99,
        damping: float = DAMPING,
        keeps_adapting: bool = False,
        noise: str = "gaussian",
    ):
        refuse_unknown("sampler", rule, STOCHASTIC_SAMPLERS)
        refuse_unknown("noise", noise, NOISES)
        for name, value in (("step_size", step_size), ("scale", scale)):
            if not 0 < value < float("inf"):
                raise ValueError(f"{name} must be positive and finite, got {value}")
        if not 0 <= localization < float("inf"):
            raise ValueError(f"localization must be non-negative and finite, got {localization}")
        for name, value in (("friction", friction), ("decay", decay)):
            if not 0 < value < 1:
                raise ValueError(f"{name} must lie in (0, 1), got {value}")
        if not 0 < damping < float("inf"):
            raise ValueError(f"damping must be positive and finite, got {damping}")
        numbers = (step_size, scale, localization, friction, decay, damping)
        (
            self.step_size,
            self.scale,
            self.localization,
            self.friction,
            self.decay,
            self.damping,
        ) = (jnp.asarray(number, jnp.float32) for number in numbers)
        self.rule = rule
        self.noise = noise
        self.keeps_adapting = keeps_adapting

    def start(self, positions: Float[Array, "_ _"], chains: int) -> PyTree:
        """Auxiliary variables at the start: at rest, at the friction of equilibrium.

        Parameters
        ----------
        positions
            One row or one column a chain.
        chains
            Axis of the chains.
        """
        if self.rule == "sgld":
            return None
        if self.rule == "rmsprop-sgld":
            return jnp.zeros(positions.shape[1 - chains]), jnp.zeros(())
        return jnp.zeros_like(positions), jnp.full(positions.shape[chains], self.friction)

    def step(
        self,
        positions: Float[Array, "_ _"],
        auxiliary: PyTree,
        slopes: Float[Array, "_ _"],
        center: Float[Array, " parameters"],
        noise: Float[Array, "_ _"],
        *,
        chains: int,
        is_burning: bool,
    ) -> tuple[Float[Array, "_ _"], PyTree]:
        """Positions and auxiliary variables after a step with given gradients and noise."""
        step, alpha = self.step_size / 2, self.friction
        force = self.scale * slopes
        force = force + self.localization * (positions - jnp.expand_dims(center, chains))
        if self.rule == "sgld":
            return positions - step * force + jnp.sqrt(self.step_size) * noise, None
        if self.rule == "rmsprop-sgld":
            squares, count = auxiliary
            if is_burning or self.keeps_adapting:
                seen = jnp.mean(slopes**2, axis=chains)
                squares = self.decay * squares + (1 - self.decay) * seen
                count = count + 1
            # The running mean starts from nothing: weigh what it has seen, as Adam does.
            weight = 1 - self.decay**count
            factor = jnp.expand_dims(1 / (jnp.sqrt(squares / weight) + self.damping), chains)
            moved = positions - step * factor * force + jnp.sqrt(self.step_size * factor) * noise
            return moved, (squares, count)
        velocity, friction = auxiliary
        velocity = (
            (1 - jnp.expand_dims(friction, 1 - chains)) * velocity
            - step * force
            + jnp.sqrt(alpha * self.step_size) * noise
        )
        if self.rule == "sgnht":
            temperature = jnp.mean(velocity**2, axis=1 - chains) / step
            friction = friction + alpha**2 * ((1 - friction / 2) * temperature - 1)
        return positions + velocity, (velocity, friction)


def localized_noise(
    key: Array, hashing: UInt32[Array, " 2"], shape: tuple[int, ...], noise: str
) -> Float[Array, "*shape"]:
    """Numbers of mean zero and variance one."""
    size = math.prod(shape)
    if noise == "binomial":
        words = mix(jnp.arange(size, dtype=jnp.uint32), hashing)
        return binomial_noise(words).reshape(shape)
    pairs = jnp.arange((size + 1) // 2, dtype=jnp.uint32)
    words = jnp.concatenate(threefry(jax.random.key_data(key), jnp.zeros_like(pairs), pairs))
    return gaussian_noise(words[:size]).reshape(shape)


@serial_jit
def localized_chains(
    sampler: LocalizedSampler,
    excess: Excess,
    prepare: Callable[[PyTree], PyTree],
    data: PyTree,
    center: PyTree,
    key: Array,
    *,
    num_chains: int,
    batch_size: int | None,
    num_draws: int,
    record_every: int,
    burn_in: int,
) -> tuple[Float[Array, "draws chains"], Float[Array, "draws chains"], PyTree]:
    r"""Walk from the center; return the excess loss and the squared distance of every draw, and
    the last positions.

    Parameters
    ----------
    sampler
        The rule.
    excess
        `excess(position, prepared)`: loss of one chain on prepared data, less that of the center.
    prepare
        What is computed once from the data of a step, whatever the number of chains.
    data
        Tree of arrays with the samples on their first axis.
    center
        $w^*$.
    key
        Random key.
    num_chains
        Chains, all of which start from the center.
    batch_size
        Samples of a step, drawn with replacement, the same for every chain; None for all.
    num_draws, record_every, burn_in
        Draws, steps between two, and steps before.

    Raises
    ------
    ValueError
        For ``"rmsprop-sgld"`` without burn-in, unless its conditioner keeps adapting.
    """
    if sampler.rule == "rmsprop-sgld" and not sampler.keeps_adapting and not burn_in:
        raise ValueError("burn_in must be at least 1 for rmsprop-sgld: it makes the conditioner")
    num_samples = jax.tree.leaves(data)[0].shape[0]
    everything = prepare(data) if batch_size is None else None
    row_key, noise_key = jax.random.split(key)
    words = jax.random.bits(jax.random.fold_in(noise_key, 0), (2,), jnp.uint32)
    origin, unravel = ravel_pytree(center)
    # Loops over parameters are short where there are few: let them run over the chains.
    chains = 1 if origin.size < _FEW_PARAMETERS else 0
    starts = jnp.repeat(jnp.expand_dims(origin, chains), num_chains, axis=chains)
    differentiate = jax.vmap(
        jax.value_and_grad(lambda vector, prepared: excess(unravel(vector), prepared)),
        in_axes=(chains, None),
        out_axes=(0, chains),
    )

    def step(carry: tuple, number: Array, *, is_burning: bool = False) -> tuple[tuple, Array]:
        positions, auxiliary = carry
        if batch_size is None:
            prepared = everything
        else:
            rows = jax.random.randint(
                jax.random.fold_in(row_key, number), (batch_size,), 0, num_samples
            )
            prepared = prepare(jax.tree.map(lambda leaf: leaf[rows], data))
        # The minibatch is independent of the position, so that its loss there has no bias.
        # Always true: else XLA fuses everything into one loop, which it does not vectorize.
        values, slopes = jax.lax.cond(
            number >= 0,
            lambda: differentiate(positions, prepared),
            lambda: (jnp.zeros(num_chains), jnp.zeros_like(positions)),
        )
        noise = jax.lax.cond(
            number >= 0,
            lambda: localized_noise(
                jax.random.fold_in(noise_key, number + 1),
                hash_keys(words, number, 1)[0],
                positions.shape,
                sampler.noise,
            ),
            lambda: jnp.zeros_like(positions),
        )
        moved = sampler.step(
            positions, auxiliary, slopes, origin, noise, chains=chains, is_burning=is_burning
        )
        return moved, values

    def draw(carry: tuple, index: Array) -> tuple[tuple, tuple[Array, Array]]:
        numbers = burn_in + index * record_every + jnp.arange(record_every)
        carry, values = jax.lax.scan(step, carry, numbers)
        squares = jnp.sum((carry[0] - jnp.expand_dims(origin, chains)) ** 2, axis=1 - chains)
        return carry, (values.mean(axis=0), squares)

    burn = functools.partial(step, is_burning=True)
    carry, _ = jax.lax.scan(burn, (starts, sampler.start(starts, chains)), jnp.arange(burn_in))
    carry, (values, squares) = jax.lax.scan(draw, carry, jnp.arange(num_draws))
    return values, squares, jax.vmap(unravel, in_axes=chains)(carry[0])


def settings_of(sampler: LocalizedSampler) -> dict[str, Any]:
    """Describe the sampler, for the attributes of a result."""
    names = ["step_size", "scale", "localization"]
    names += {"rmsprop-sgld": ["decay", "damping"], "sgld": []}.get(sampler.rule, ["friction"])
    return {"sampler": sampler.rule, "noise": sampler.noise} | {
        name: float(getattr(sampler, name)) for name in names
    }

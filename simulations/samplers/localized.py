r"""Stochastic-gradient samplers of a posterior that is localized around a point.

$$p(w)\propto\exp\Big(-s\,L(w)-\frac\gamma2|w-w^*|^2\Big),\qquad
  \nabla U = s\,\nabla L+\gamma\,(w-w^*).$$

With $g$ the gradient of $L$ on a minibatch, which all chains share, $u = s\,g+\gamma(w-w^*)$,
$\eta=\epsilon/2$ and $\xi$ of variance one:

- ``"sgld"``: $w\leftarrow w-\eta u+\sqrt\epsilon\,\xi$;
- ``"rmsprop-sgld"``: $v\leftarrow bv+(1-b)g^2$, $P = 1/(\sqrt v+\delta)$,
  $w\leftarrow w-\eta Pu+\sqrt{\epsilon P}\,\xi$, without the divergence of $P$: an error that
  vanishes as $b\to1$;
- ``"sghmc"``: $v\leftarrow(1-\alpha)v-\eta u+\sqrt{\alpha\epsilon}\,\xi$, $w\leftarrow w+v$;
- ``"sgnht"``: the same with a friction of its own for every chain, a thermostat that keeps $|v|^2$
  at $D\eta$: $\zeta\leftarrow\zeta+\alpha^2(|v|^2/(D\eta)-1)$.

In a harmonic well, $U = aw^2/2$, the variance is not $1/a$ but

$$\frac1{a(1-\epsilon a/4)},\qquad\frac1{a\,(1-\epsilon Pa/4)},\qquad
  \frac1{a\,(1-\epsilon a/(8-4\alpha))},\qquad\frac{1-\zeta/2}a$$

for the four. blackjax has three of them; vmapped in a scan its step takes five times as long on a
small network, as it draws keys, minibatches and normal numbers for every chain.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, UInt32

from ._arguments import refuse_unknown
from ._random_words import hash_keys, mix
from ._walkers import serial_jit
from .noise import binomial_noise, gaussian_noise

STOCHASTIC_SAMPLERS = ("sgld", "rmsprop-sgld", "sghmc", "sgnht")
LOCALIZED_NOISES = ("gaussian", "fast-gaussian", "binomial")

Excess = Callable[[PyTree, PyTree], Float[Array, ""]]


class LocalizedSampler(eqx.Module):
    r"""One of the four rules; positions are trees with the chains on the first axis.

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
    noise
        ``"gaussian"`` from a counter of Threefry, ``"fast-gaussian"`` from the keyed hash of
        :mod:`~groktheory.simulations.samplers.noise`, or ``"binomial"`` from the same.
    """

    step_size: Float[Array, ""]
    scale: Float[Array, ""]
    localization: Float[Array, ""]
    friction: Float[Array, ""]
    decay: Float[Array, ""]
    damping: Float[Array, ""]
    rule: str = eqx.field(static=True)
    noise: str = eqx.field(static=True)

    def __init__(
        self,
        rule: str,
        *,
        step_size: float,
        scale: float,
        localization: float,
        friction: float = 0.1,
        decay: float = 0.99,
        damping: float = 0.1,
        noise: str = "gaussian",
    ):
        refuse_unknown("sampler", rule, STOCHASTIC_SAMPLERS)
        refuse_unknown("noise", noise, LOCALIZED_NOISES)
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

    def start(self, positions: PyTree) -> PyTree:
        """Auxiliary variables at the start: at rest, at the friction of equilibrium."""
        zeros = jax.tree.map(jnp.zeros_like, positions)
        if self.rule == "sgld":
            return None
        if self.rule == "rmsprop-sgld":
            return zeros, jnp.zeros((), jnp.float32)
        chains = jax.tree.leaves(positions)[0].shape[0]
        return zeros, jnp.full(chains, self.friction)

    def step(
        self, positions: PyTree, auxiliary: PyTree, slopes: PyTree, centers: PyTree, noise: PyTree
    ) -> tuple[PyTree, PyTree]:
        """Positions and auxiliary variables after a step with given gradients and noise."""
        step, alpha = self.step_size / 2, self.friction
        forces = jax.tree.map(
            lambda w, g, c: self.scale * g + self.localization * (w - c[None]),
            positions,
            slopes,
            centers,
        )
        if self.rule == "sgld":
            width = jnp.sqrt(self.step_size)
            moved = jax.tree.map(lambda w, u, n: w - step * u + width * n, positions, forces, noise)
            return moved, None
        if self.rule == "rmsprop-sgld":
            squares, count = auxiliary
            squares = jax.tree.map(
                lambda v, g: self.decay * v + (1 - self.decay) * g**2, squares, slopes
            )
            count = count + 1
            # The running mean starts from nothing: weigh what it has seen, as Adam does.
            weight = 1 - self.decay**count

            def conditioned(w: Array, u: Array, n: Array, v: Array) -> Array:
                factor = 1 / (jnp.sqrt(v / weight) + self.damping)
                return w - step * factor * u + jnp.sqrt(self.step_size * factor) * n

            return jax.tree.map(conditioned, positions, forces, noise, squares), (squares, count)
        velocity, friction = auxiliary
        width = jnp.sqrt(alpha * self.step_size)

        def kicked(v: Array, u: Array, n: Array) -> Array:
            drag = friction.reshape((-1,) + (1,) * (v.ndim - 1))
            return (1 - drag) * v - step * u + width * n

        velocity = jax.tree.map(kicked, velocity, forces, noise)
        if self.rule == "sgnht":
            leaves = jax.tree.leaves(velocity)
            size = sum(leaf[0].size for leaf in leaves)
            energy = sum(jnp.sum(leaf**2, axis=tuple(range(1, leaf.ndim))) for leaf in leaves)
            friction = friction + alpha**2 * (energy / (size * step) - 1)
        return jax.tree.map(jnp.add, positions, velocity), (velocity, friction)


def localized_noise(key: Array, hashing: UInt32[Array, " 2"], like: PyTree, noise: str) -> PyTree:
    """One number of mean zero and variance one for every entry of a tree."""
    leaves, structure = jax.tree.flatten(like)
    offset, drawn = 0, []
    for number, leaf in enumerate(leaves):
        if noise == "gaussian":
            drawn.append(jax.random.normal(jax.random.fold_in(key, number), leaf.shape))
            continue
        counters = jnp.arange(leaf.size, dtype=jnp.uint32) + jnp.uint32(offset)
        words = mix(counters, hashing)
        values = binomial_noise(words) if noise == "binomial" else gaussian_noise(words)
        drawn.append(values.reshape(leaf.shape))
        offset += leaf.size
    return jax.tree.unflatten(structure, drawn)


@serial_jit
def localized_chains(
    sampler: LocalizedSampler,
    excess: Excess,
    prepare: Callable[[PyTree], PyTree],
    data: PyTree,
    centers: PyTree,
    starts: PyTree,
    key: Array,
    *,
    batch_size: int | None,
    num_draws: int,
    record_every: int,
    burn_in: int,
) -> tuple[Float[Array, "draws chains"], Float[Array, "draws chains"], PyTree]:
    r"""Walk; return the excess loss and the squared distance of every draw, and the last positions.

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
    centers, starts
        $w^*$, and positions with the chains on the first axis.
    key
        Random key.
    batch_size
        Samples of a step, drawn with replacement, the same for every chain; None for all.
    num_draws, record_every, burn_in
        Draws, steps between two, and steps before.
    """
    num_samples = jax.tree.leaves(data)[0].shape[0]
    everything = prepare(data) if batch_size is None else None
    row_key, noise_key = jax.random.split(key)
    words = jax.random.bits(jax.random.fold_in(noise_key, 0), (2,), jnp.uint32)
    differentiate = jax.vmap(jax.value_and_grad(excess), in_axes=(0, None))

    def step(carry: tuple, number: Array) -> tuple[tuple, Array]:
        positions, auxiliary = carry
        if batch_size is None:
            prepared = everything
        else:
            rows = jax.random.randint(
                jax.random.fold_in(row_key, number), (batch_size,), 0, num_samples
            )
            prepared = prepare(jax.tree.map(lambda leaf: leaf[rows], data))
        # The minibatch is independent of the position, so that its loss there has no bias.
        values, slopes = differentiate(positions, prepared)
        hashing = hash_keys(words, number, 1)[0]
        noise = localized_noise(
            jax.random.fold_in(noise_key, number + 1), hashing, positions, sampler.noise
        )
        return sampler.step(positions, auxiliary, slopes, centers, noise), values

    def draw(carry: tuple, index: Array) -> tuple[tuple, tuple[Array, Array]]:
        numbers = burn_in + index * record_every + jnp.arange(record_every)
        carry, values = jax.lax.scan(step, carry, numbers)
        squares = jax.tree.map(
            lambda w, c: jnp.sum((w - c[None]) ** 2, axis=tuple(range(1, w.ndim))),
            carry[0],
            centers,
        )
        return carry, (values.mean(axis=0), jax.tree.reduce(jnp.add, squares))

    carry, _ = jax.lax.scan(step, (starts, sampler.start(starts)), jnp.arange(burn_in))
    carry, (values, squares) = jax.lax.scan(draw, carry, jnp.arange(num_draws))
    return values, squares, carry[0]


def repeated(centers: PyTree, num_chains: int) -> PyTree:
    """Starts of all chains at the centers."""
    return jax.tree.map(lambda leaf: jnp.repeat(leaf[None], num_chains, axis=0), centers)


def settings_of(sampler: LocalizedSampler) -> dict[str, Any]:
    """Describe the sampler, for the attributes of a result."""
    names = ["step_size", "scale", "localization"]
    names += {"rmsprop-sgld": ["decay", "damping"], "sgld": []}.get(sampler.rule, ["friction"])
    return {"sampler": sampler.rule, "noise": sampler.noise} | {
        name: float(getattr(sampler, name)) for name in names
    }

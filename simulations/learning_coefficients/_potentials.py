"""Loss and potential relative to a minimum, for trees of parameters of which some are frozen."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from ..models.frozen import Frozen
from ..samplers._stability import rayleigh_quotients
from ..samplers._walkers import once_jit
from .matrix_loss import MatrixLoss

_PROBES = 16  # random signs for a trace
_MANY = 4096  # samples for curvatures


class Prepare(eqx.Module):
    """What the chains share of a batch: itself and its losses at the center, or its moments."""

    loss: Callable[..., Array]
    center: PyTree
    frozen: PyTree

    def __call__(self, samples: tuple[PyTree, Array | None]) -> PyTree:
        """Prepare a batch, given with its losses at the center where a sample has one."""
        batch, losses = samples
        whole = eqx.combine(self.center, self.frozen)
        if isinstance(self.loss, MatrixLoss):
            return self.loss.prepare(whole, batch)
        return batch, self.loss(whole, batch) if losses is None else losses


class Excess(eqx.Module):
    """Mean loss of a prepared batch less that of the center, sample by sample."""

    loss: Callable[..., Array]
    frozen: PyTree

    def __call__(self, position: PyTree, prepared: PyTree) -> Float[Array, ""]:
        """Excess of one position."""
        whole = eqx.combine(position, self.frozen)
        if isinstance(self.loss, MatrixLoss):
            return self.loss.excess(whole, prepared)
        batch, reference = prepared
        return jnp.mean(self.loss(whole, batch) - reference)


class FullExcess(eqx.Module):
    """The excess on all data, of a position alone."""

    excess: Excess
    prepared: PyTree

    def __call__(self, position: PyTree) -> Float[Array, ""]:
        """Excess of one position."""
        return self.excess(position, self.prepared)


class Potential(eqx.Module):
    r"""$U = s\,(L(w)-L(w^*))+\frac\gamma2|w-w^*|^2$."""

    excess: FullExcess
    center: PyTree
    scale: Float[Array, ""]
    localization: Float[Array, ""]

    def __call__(self, position: PyTree) -> Float[Array, ""]:
        """Potential of one position."""
        return self.scale * self.excess(position) + self.localization / 2 * SquaredDistance(
            self.center
        )(position)


class SquaredDistance(eqx.Module):
    """Squared distance to the center."""

    center: PyTree

    def __call__(self, position: PyTree) -> Float[Array, ""]:
        """Squared distance of one position."""
        squares = jax.tree.map(lambda w, c: jnp.sum((w - c) ** 2), position, self.center)
        return jax.tree.reduce(jnp.add, squares)


def split(parameters: PyTree, trainable: Any) -> tuple[PyTree, PyTree]:
    """Trainable floating-point arrays, and all else: what is `Frozen` in a model, for one."""
    chosen = parameters if trainable is None else eqx.filter(parameters, trainable)
    chosen = jax.tree.map(
        lambda node: jax.tree.map(lambda _: None, node) if isinstance(node, Frozen) else node,
        chosen,
        is_leaf=lambda node: isinstance(node, Frozen),
    )
    center = eqx.filter(chosen, eqx.is_inexact_array_like)
    center = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), center)
    if not jax.tree.leaves(center):
        raise ValueError("parameters hold no trainable floating-point array: check trainable")
    is_center = jax.tree.map(lambda leaf: leaf is not None, center, is_leaf=lambda x: x is None)
    frozen = eqx.filter(parameters, is_center, inverse=True)
    return center, frozen


class Landscape(NamedTuple):
    """What is known of a minimum before any chain starts."""

    samples: tuple[PyTree, Array | None]  # all data, as chains take them
    loss: Float[Array, ""]  # mean on all data
    potential: Potential  # on all data
    curvature: Float[Array, ""]  # largest, of the potential
    slope: Float[Array, ""]  # squared gradient of the potential
    information_ratio: Float[Array, ""]
    growth: Float[Array, ""]  # loss of the probed samples together over their mean loss


@once_jit
def landscape(
    prepare: Prepare,
    data: PyTree,
    scale: Float[Array, ""],
    localization: Float[Array, ""],
    key: Array,
) -> Landscape:
    r"""Look around a minimum; curvatures are those of up to 4096 samples.

    The information ratio is $\mathrm{tr}\,\mathrm{Cov}(\nabla\ell_i)/\mathrm{tr}\,\nabla^2L$, by 16
    random signs and up to 256 samples. It is one where the loss is the negative log-likelihood
    and the data are drawn from it; a factor in front of the loss is a factor of it.
    """
    loss, frozen = prepare.loss, prepare.frozen
    center, unravel = ravel_pytree(prepare.center)
    count = jax.tree.leaves(data)[0].shape[0]
    losses = loss(eqx.combine(prepare.center, frozen), data)

    def thinned(tree: PyTree, most: int) -> PyTree:
        return jax.tree.map(lambda leaf: leaf[:: max(count // most, 1)][:most], tree)

    def potential_on(samples: PyTree) -> Potential:
        excess = FullExcess(Excess(loss, frozen), prepare(samples))
        return Potential(excess, prepare.center, scale, localization)

    samples = data, losses if losses.shape == (count,) else None
    potential = potential_on(samples)
    size, probed = min(count, 256), thinned(data, 256)

    def mean_loss(position: Array, batch: PyTree) -> Array:
        return jnp.mean(loss(eqx.combine(unravel(position), frozen), batch))

    def add(total: tuple, sample: PyTree) -> tuple[tuple, None]:
        alone = jax.tree.map(lambda leaf: leaf[None], sample)
        value, slope = jax.value_and_grad(mean_loss)(center, alone)
        return jax.tree.map(jnp.add, total, (value, slope, slope @ slope)), None

    nothing = jnp.float32(0), jnp.zeros_like(center), jnp.float32(0)
    (value, slope, squares), _ = jax.lax.scan(add, nothing, probed)
    noise = (squares - slope @ slope / size) / max(size - 1, 1)
    gradient = jax.grad(lambda position: potential(unravel(position)))(center)
    bowl = potential if count <= _MANY else potential_on(thinned(samples, _MANY))
    curvatures = rayleigh_quotients(bowl, prepare.center, probes=_PROBES, key=key)
    # The potential is the loss times the scale, and the localization.
    trace = curvatures[-_PROBES:].mean() - potential.localization * center.size
    return Landscape(
        samples,
        jnp.mean(losses),
        potential,
        curvatures[-_PROBES - 1],
        gradient @ gradient,
        potential.scale * noise / trace,
        size * mean_loss(center, probed) / value,
    )


@once_jit
def _values_and_slopes(potential: Potential, positions: PyTree) -> tuple[Array, PyTree]:
    return jax.vmap(jax.value_and_grad(potential))(positions)


def acceptance(
    potential: Potential, positions: PyTree, step_size: float, seed: Sequence[int]
) -> float:
    """Mean probability that a Metropolis step would accept the next proposals of SGLD."""

    def rows(tree: PyTree) -> np.ndarray:
        leaves = [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]
        return np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)

    energy, slopes = _values_and_slopes(potential, positions)
    start, slope = rows(positions), rows(slopes)
    noise = np.random.default_rng(seed).normal(size=start.shape)
    end = start - step_size / 2 * slope + np.sqrt(step_size) * noise
    leaves, structure = jax.tree.flatten(positions)
    places = np.cumsum([leaf.size // len(leaf) for leaf in leaves])[:-1]
    proposals = [
        part.reshape(leaf.shape).astype(np.float32)
        for part, leaf in zip(np.split(end, places, axis=1), leaves, strict=True)
    ]
    energy_there, slopes_there = _values_and_slopes(potential, structure.unflatten(proposals))
    slope_there = rows(slopes_there)

    def way(first: np.ndarray, last: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return np.sum((last - first + step_size / 2 * slope) ** 2, axis=1) / (2 * step_size)

    gain = np.asarray(energy, np.float64) - np.asarray(energy_there, np.float64)
    logarithm = gain + way(start, end, slope) - way(end, start, slope_there)
    return float(np.exp(np.minimum(logarithm, 0)).mean())

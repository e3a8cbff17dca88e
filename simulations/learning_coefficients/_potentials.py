"""Loss and potential relative to a minimum, for trees of parameters of which some are frozen."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from .matrix_loss import MatrixLoss


class Prepare(eqx.Module):
    """What the chains share of a batch: itself and its losses at the center, or its moments."""

    loss: Callable[..., Array]
    center: PyTree
    frozen: PyTree

    def __call__(self, batch: PyTree) -> PyTree:
        """Prepare a batch."""
        whole = eqx.combine(self.center, self.frozen)
        if isinstance(self.loss, MatrixLoss):
            return self.loss.prepare(whole, batch)
        return batch, self.loss(whole, batch)


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
    """Trainable floating-point arrays, and all else."""
    chosen = parameters if trainable is None else eqx.filter(parameters, trainable)
    center = eqx.filter(chosen, eqx.is_inexact_array_like)
    center = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), center)
    if not jax.tree.leaves(center):
        raise ValueError("parameters hold no trainable floating-point array: check trainable")
    is_center = jax.tree.map(lambda leaf: leaf is not None, center, is_leaf=lambda x: x is None)
    frozen = eqx.filter(parameters, is_center, inverse=True)
    return center, frozen


@eqx.filter_jit
def acceptance(potential: Potential, positions: PyTree, step_size: Array, key: Array) -> Array:
    """Mean probability that a Metropolis step would accept the next proposals of SGLD."""
    value_and_slope = jax.vmap(jax.value_and_grad(potential))
    energy, slopes = value_and_slope(positions)
    leaves, structure = jax.tree.flatten(positions)
    keys = jax.random.split(key, len(leaves))
    noise = jax.tree.unflatten(
        structure, [jax.random.normal(keys[i], leaf.shape) for i, leaf in enumerate(leaves)]
    )
    proposals = jax.tree.map(
        lambda w, g, n: w - step_size / 2 * g + jnp.sqrt(step_size) * n, positions, slopes, noise
    )
    energy_there, slopes_there = value_and_slope(proposals)

    def way(start: PyTree, end: PyTree, slope: PyTree) -> Array:
        squares = jax.tree.map(
            lambda a, b, g: jnp.sum((b - a + step_size / 2 * g) ** 2, axis=tuple(range(1, a.ndim))),
            start,
            end,
            slope,
        )
        return jax.tree.reduce(jnp.add, squares) / (2 * step_size)

    logarithm = (
        energy
        - energy_there
        + way(positions, proposals, slopes)
        - way(proposals, positions, slopes_there)
    )
    return jnp.exp(jnp.minimum(logarithm, 0)).mean()

"""Inner products of Jacobians that are given by their factors."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import Precision
from jaxtyping import Array, Float, Int

Blocks = Literal["full", "trace", "each"]

# A symmetric kernel is assembled from the upper triangle of tiles: half the work, and more of it in
# the caches. More tiles than these would cost more to compile than they save.
_TILE_ROWS, _MAX_TILES = 64, 4


class Factor(NamedTuple):
    r"""Jacobians with respect to some weights, $\sum_t \delta_t \otimes h_t$.

    Parameters
    ----------
    cotangent
        $\delta$. The axis `batch` is common to weights, $\delta$ and $h$; `tokens` is $t$; `free`
        are the other axes of $\delta$.
    feature
        $h$; or the index of the looked-up row, for a one-hot $h$; or None for $h = 1$.
    """

    cotangent: Float[Array, "*samples outputs batch tokens free"]
    feature: Float[Array, "*samples batch tokens contracted"] | Int[Array, "..."] | None

    @property
    def is_look_up(self) -> bool:
        """Is $h$ one-hot, given by the index of its entry?"""
        return self.feature is not None and jnp.issubdtype(self.feature.dtype, jnp.integer)


def cheapest(factor: Factor, blocks: Blocks) -> Factor:
    r"""Return the factor of one sample, multiplied out if pairs of its tokens would cost more."""
    if factor.feature is None or factor.is_look_up or factor.feature.shape[1] == 1:
        return factor
    outputs, batch, tokens, free = factor.cotangent.shape
    contracted = factor.feature.shape[-1]
    copies = outputs**2 if blocks == "full" else outputs
    by_pairs = batch * tokens**2 * (copies * free + contracted)
    if by_pairs <= copies * batch * free * contracted:
        return factor
    jacobian = jnp.einsum("kbtf,btc->kbfc", factor.cotangent, factor.feature)
    return Factor(jacobian.reshape(outputs, 1, 1, -1), None)


def pair_size(factor: Factor, blocks: Blocks) -> int:
    """Return how many numbers the contraction makes for each pair of samples."""
    outputs, batch, tokens, _ = factor.cotangent.shape
    return batch * tokens**2 * {"full": outputs**2, "each": outputs, "trace": 1}[blocks]


def contract(left: Sequence[Factor], right: Sequence[Factor] | None, blocks: Blocks) -> Array:
    r"""Return $\langle J_a(x), J_b(x') \rangle$ between the samples of two sets.

    Parameters
    ----------
    left, right
        The factors of the samples of each set; None on the right for the set on the left.
    blocks
        Which outputs: all pairs, `full`, `[n, k, m, k]`; each with itself, `each`, `[k, n, m]`;
        the sum of the latter, `trace`, `[n, m]`.
    """
    if right is not None:
        return _rectangle(left, right, blocks)
    rows = len(left[0].cotangent)
    num_tiles = min(max(1, round(rows / _TILE_ROWS)), _MAX_TILES)
    bounds = np.linspace(0, rows, 1 + num_tiles).astype(int).tolist()
    parts = [
        jax.tree.map(operator.itemgetter(slice(start, stop)), left)
        for start, stop in zip(bounds, bounds[1:], strict=False)
    ]
    tiles: dict[tuple[int, int], Array] = {}
    for i, part in enumerate(parts):
        for j in range(i, len(parts)):
            tiles[i, j] = _rectangle(part, parts[j], blocks)
            if i != j:
                tiles[j, i] = mirrored(tiles[i, j], blocks)
    row_axis, column_axis = kernel_axes(blocks)
    strips = [
        jnp.concatenate([tiles[i, j] for j in range(len(parts))], axis=column_axis)
        for i in range(len(parts))
    ]
    return jnp.concatenate(strips, axis=row_axis)


def kernel_axes(blocks: Blocks) -> tuple[int, int]:
    """Return the axes of the samples in what :func:`contract` returns."""
    return {"full": (0, 2), "each": (1, 2), "trace": (0, 1)}[blocks]


def mirrored(tile: Array, blocks: Blocks) -> Array:
    """Return the tile at the mirror image of a place in a symmetric kernel."""
    return tile.transpose(2, 3, 0, 1) if blocks == "full" else tile.swapaxes(-1, -2)


def _rectangle(left: Sequence[Factor], right: Sequence[Factor], blocks: Blocks) -> Array:
    pairs = zip(left, right, strict=True)
    return functools.reduce(operator.add, (_product(one, two, blocks) for one, two in pairs))


def _product(left: Factor, right: Factor, blocks: Blocks) -> Array:
    # axes of a cotangent: sample, output, batch, token, free
    contracted = ((1, 4), (1, 4)) if blocks == "trace" else ((4,), (4,))
    batch = ((1, 2), (1, 2)) if blocks == "each" else ((2,), (2,))
    cotangents = jax.lax.dot_general(
        left.cotangent, right.cotangent, (contracted, batch), precision=Precision.HIGHEST
    )
    # axes now: each [k, b, n, t, m, s], full [b, n, k, t, m, l, s], trace [b, n, t, m, s]
    token_axes = {"each": (1, 3, 5), "full": (0, 3, 6), "trace": (0, 2, 4)}[blocks]
    if left.feature is None or right.feature is None:
        return jnp.sum(cotangents, axis=token_axes)
    if left.is_look_up:
        one, two = left.feature.swapaxes(0, 1), right.feature.swapaxes(0, 1)
        features = (one[:, :, :, None, None] == two[:, None, None]).astype(cotangents.dtype)
    else:
        features = jax.lax.dot_general(
            left.feature, right.feature, (((3,), (3,)), ((1,), (1,))), precision=Precision.HIGHEST
        )  # [b, n, t, m, s]
    new_axes = {"each": (0,), "full": (2, 5), "trace": ()}[blocks]
    return jnp.sum(cotangents * jnp.expand_dims(features, new_axes), axis=token_axes)

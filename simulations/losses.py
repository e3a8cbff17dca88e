r"""Losses of a model on a weighted batch: the plain definition, and fused twins for hot loops."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from .models.two_layer import ACTIVATIONS, TwoLayerNet
from .tasks.task import Batch

# Large enough for XLA to share its products among cores, small enough for the outer caches.
_CHUNK_ELEMENTS = 2**20


def centered_squared_error(
    model: Callable[[Int[Array, " operands"]], Float[Array, " classes"]], batch: Batch
) -> Float[Array, ""]:
    r"""Return the squared error to one-hot labels with everything centered over the classes.

    $$ \frac1n \sum_i \bigl\| (o_i - \bar o_i) - (e_{y_i} - 1/C) \bigr\|^2 , $$

    where $\bar o_i$ is the mean of the outputs over the $C$ classes. Any model of one sample.
    [tian2025li2, code]
    """
    outputs = jax.vmap(model)(batch.inputs)
    outputs = outputs - outputs.mean(axis=1, keepdims=True)
    residual = outputs - _centered_labels(batch.targets, outputs.shape[1], outputs.dtype)
    weights = batch.weights.astype(outputs.dtype)
    return jnp.sum(weights * jnp.sum(residual**2, axis=1)) / weights.sum()


def fused_centered_squared_error(model: TwoLayerNet, batch: Batch) -> Float[Array, ""]:
    """Return :func:`centered_squared_error` of a two-layer net, several times faster.

    Loss and gradient come from one pass over chunks of samples that stay in cache; centering
    the readout once replaces centering every output. Differentiable once (reverse mode) in the
    weights of the model; the batch counts as constant.
    """
    return _fused(model.activation, model.hidden, model.readout, batch)


def _centered_labels(
    targets: Int[Array, " rows"], num_classes: int, dtype: jnp.dtype
) -> Float[Array, "rows classes"]:
    return jax.nn.one_hot(targets, num_classes, dtype=dtype) - 1 / num_classes


def _chunks(batch: Batch, width: int) -> Batch:
    """Cut a batch into equal chunks `[chunks, rows, ...]`, padded with rows of weight zero."""
    rows = batch.targets.shape[0]
    num_chunks = -(-rows * width // _CHUNK_ELEMENTS)
    chunk_rows = -(-rows // num_chunks)
    padding = num_chunks * chunk_rows - rows

    def cut(leaf: Array) -> Array:
        leaf = jnp.pad(leaf, [(0, padding)] + [(0, 0)] * (leaf.ndim - 1))
        return leaf.reshape(num_chunks, chunk_rows, *leaf.shape[1:])

    return jax.tree.map(cut, batch)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _fused(activation: str, hidden: Array, readout: Array, batch: Batch) -> Float[Array, ""]:
    centered = readout - readout.mean(axis=0, keepdims=True)

    def add_chunk(total: Array, chunk: Batch) -> tuple[Array, None]:
        preactivation = hidden[0][chunk.inputs[:, 0]] + hidden[1][chunk.inputs[:, 1]]
        residual = _residual(ACTIVATIONS[activation](preactivation), centered, chunk)
        return total + jnp.sum(residual**2), None

    total, _ = jax.lax.scan(
        add_chunk, jnp.zeros((), hidden.dtype), _chunks(batch, hidden.shape[-1])
    )
    return total / batch.size.astype(hidden.dtype)


def _residual(features: Array, centered: Array, chunk: Batch) -> Float[Array, "rows classes"]:
    labels = _centered_labels(chunk.targets, centered.shape[0], centered.dtype)
    # The weights are 0 or 1, so that they may multiply the residual before it is squared.
    return (features @ centered.T - labels) * chunk.weights[:, None].astype(centered.dtype)


def _fused_forward(
    activation: str, hidden: Array, readout: Array, batch: Batch
) -> tuple[Float[Array, ""], tuple[Array, Array]]:
    centered = readout - readout.mean(axis=0, keepdims=True)

    def add_chunk(carry: tuple[Array, ...], chunk: Batch) -> tuple[tuple[Array, ...], None]:
        total, left, right, outer = carry
        first, second = chunk.inputs[:, 0], chunk.inputs[:, 1]
        features, pull_back = jax.vjp(ACTIVATIONS[activation], hidden[0][first] + hidden[1][second])
        residual = _residual(features, centered, chunk)
        (slope,) = pull_back(residual @ centered)
        return (
            total + jnp.sum(residual**2),
            left.at[first].add(slope),
            right.at[second].add(slope),
            outer + residual.T @ features,
        ), None

    zero = (
        jnp.zeros((), hidden.dtype),
        jnp.zeros_like(hidden[0]),
        jnp.zeros_like(hidden[1]),
        jnp.zeros_like(readout),
    )
    (total, left, right, outer), _ = jax.lax.scan(add_chunk, zero, _chunks(batch, hidden.shape[-1]))
    size = batch.size.astype(hidden.dtype)
    # The residual sums to zero over the classes, so the readout's gradient needs no centering.
    return total / size, (2 / size * jnp.stack([left, right]), 2 / size * outer)


def _fused_backward(
    activation: str, gradients: tuple[Array, Array], cotangent: Array
) -> tuple[Array, Array, None]:
    del activation
    hidden_gradient, readout_gradient = gradients
    return cotangent * hidden_gradient, cotangent * readout_gradient, None


_fused.defvjp(_fused_forward, _fused_backward)


def accuracy(
    model: Callable[[Int[Array, " operands"]], Float[Array, " classes"]], batch: Batch
) -> Float[Array, ""]:
    """Return the weighted fraction of rows whose largest output is the target's."""
    outputs = jax.vmap(model)(batch.inputs)
    correct = jnp.argmax(outputs, axis=1) == batch.targets
    return jnp.sum(batch.weights * correct) / batch.size

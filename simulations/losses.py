r"""Losses of a model on a weighted batch: the plain definitions, and a fused twin for hot loops.

All are means over the rows that count. Models that bring a `batched` forward pass are evaluated
with it; every other callable of one sample is mapped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from .models.evaluation import outputs_of
from .models.two_layer import ACTIVATIONS, TwoLayerNet
from .tasks.task import Batch

# Large enough for XLA to share its products among cores, small enough for the outer caches.
_CHUNK_ELEMENTS = 2**20
_SMALL_LOG_ODDS = -12.0  # e^-12 / 2 is the first correction; the next is below float32

Model = Callable[[Any], Array]
"""Any callable of one sample."""


def squared_error(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the mean over the rows of the squared error, summed over the outputs.

    $$ \frac1n \sum_i \lVert f(x_i) - y_i \rVert^2 $$

    Integer targets are classes of a model with several outputs, and mean their one-hot vectors.
    """
    outputs = outputs_of(model, batch.inputs)
    targets = batch.targets
    if targets.ndim < outputs.ndim:
        targets = jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
    errors = jnp.square(outputs - targets).reshape(len(outputs), -1).sum(axis=1)
    return _mean(errors, batch)


def cross_entropy(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the mean cross-entropy of softmax outputs, accurate down to the smallest floats.

    $$ \frac1n \sum_i \ln\Bigl( 1 + \sum_{c \ne y_i} e^{f_c - f_{y_i}} \Bigr) $$

    Written in the excess of the other outputs over the target's, float32 keeps the relative
    accuracy of the loss and of its gradient where `log_softmax` returns exactly zero.
    """
    return _mean(jax.nn.softplus(_log_odds_against(model, batch)), batch)


def log_cross_entropy(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the logarithm of the mean cross-entropy, also where the loss itself underflows.

    The gradient is that of :func:`cross_entropy` over its value: the direction is the same, so
    that normalized gradient descent can go on far below the smallest float.
    """
    log_odds = _log_odds_against(model, batch)
    # ln softplus(x) -> x for x -> -infinity; both branches are finite where the other is taken
    is_small = log_odds < _SMALL_LOG_ODDS
    log_losses = jnp.where(
        is_small,
        log_odds - jnp.exp(jnp.where(is_small, log_odds, _SMALL_LOG_ODDS)) / 2,
        jnp.log(jax.nn.softplus(jnp.where(is_small, _SMALL_LOG_ODDS, log_odds))),
    )
    weights = batch.weights.astype(log_losses.dtype)
    return jax.nn.logsumexp(log_losses, b=weights) - jnp.log(weights.sum())


def margins(model: Model, batch: Batch) -> Float[Array, " rows"]:
    """Return the output of the target's class minus the largest of the others, row by row."""
    outputs = outputs_of(model, batch.inputs)
    is_target = _is_target(batch.targets, outputs.shape[1])
    target = jnp.sum(jnp.where(is_target, outputs, 0), axis=1)
    return target - jnp.max(jnp.where(is_target, -jnp.inf, outputs), axis=1)


def logistic_loss(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the mean of $\ln(1 + e^{-y f(x)})$ for one output and targets $\pm 1$."""
    return _mean(jax.nn.softplus(-batch.targets * outputs_of(model, batch.inputs)), batch)


def exponential_loss(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the mean of $e^{-y f(x)}$ for one output and targets $\pm 1$."""
    return _mean(jnp.exp(-batch.targets * outputs_of(model, batch.inputs)), batch)


def sign_accuracy(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the weighted fraction of rows with $y f(x) > 0$; an output of zero counts 1/2."""
    agreement = jnp.sign(batch.targets * outputs_of(model, batch.inputs))
    return _mean((1 + agreement) / 2, batch)


def _mean(values: Float[Array, " rows"], batch: Batch) -> Float[Array, ""]:
    weights = batch.weights.astype(values.dtype)
    return jnp.sum(weights * values) / weights.sum()


def _is_target(targets: Int[Array, " rows"], num_classes: int) -> Bool[Array, "rows classes"]:
    return targets[:, None] == jnp.arange(num_classes)[None]


def _log_odds_against(model: Model, batch: Batch) -> Float[Array, " rows"]:
    r"""$\ln \sum_{c \ne y} e^{f_c - f_y}$, so that the loss is its softplus."""
    outputs = outputs_of(model, batch.inputs)
    is_target = _is_target(batch.targets, outputs.shape[1])
    target = jnp.sum(jnp.where(is_target, outputs, 0), axis=1, keepdims=True)
    return jax.nn.logsumexp(jnp.where(is_target, -jnp.inf, outputs - target), axis=1)


def centered_squared_error(model: Model, batch: Batch) -> Float[Array, ""]:
    r"""Return the squared error to one-hot labels with everything centered over the classes.

    $$ \frac1n \sum_i \bigl\| (o_i - \bar o_i) - (e_{y_i} - 1/C) \bigr\|^2 , $$

    where $\bar o_i$ is the mean of the outputs over the $C$ classes. Any model of one sample.
    [tian2025li2, code]
    """
    outputs = outputs_of(model, batch.inputs)
    outputs = outputs - outputs.mean(axis=1, keepdims=True)
    residual = outputs - _centered_labels(batch.targets, outputs.shape[1], outputs.dtype)
    return _mean(jnp.sum(residual**2, axis=1), batch)


def fused_centered_squared_error(model: TwoLayerNet, batch: Batch) -> Float[Array, ""]:
    """Return :func:`centered_squared_error` of a two-layer net, several times faster.

    Loss and gradient come from one pass over chunks of samples that stay in cache; centering
    the readout once replaces centering every output. Differentiable once (reverse mode) in the
    weights of the model; the batch counts as constant.

    Raises
    ------
    ValueError
        If the model has a bias.
    """
    if model.bias is not None:
        raise ValueError("model must have no bias in the fused loss: use centered_squared_error")
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


def accuracy(model: Model, batch: Batch) -> Float[Array, ""]:
    """Return the weighted fraction of rows whose largest output is the target's."""
    correct = jnp.argmax(outputs_of(model, batch.inputs), axis=1) == batch.targets
    return jnp.sum(batch.weights * correct) / batch.size

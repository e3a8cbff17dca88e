import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations.losses import _CHUNK_ELEMENTS
from groktheory.simulations.tasks.task import Batch

SIGMA = {
    "square": lambda x: x**2,
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu_squared": lambda x: np.maximum(x, 0) ** 2,
}


def _numpy_loss(model: sim.TwoLayerNet, batch: Batch) -> float:
    """One-hot products and centered outputs, as the definition says; float64."""
    hidden = np.asarray(model.hidden, np.float64)
    modulus = hidden.shape[1]
    weights = np.asarray(batch.weights)
    one_hot = np.eye(modulus)
    first = np.concatenate([one_hot[batch.inputs[:, 0]], one_hot[batch.inputs[:, 1]]], axis=1)
    features = SIGMA[model.activation](first @ hidden.reshape(2 * modulus, -1))
    outputs = features @ np.asarray(model.readout, np.float64).T
    labels = np.eye(outputs.shape[1])[batch.targets] - 1 / outputs.shape[1]
    residual = outputs - outputs.mean(axis=1, keepdims=True) - labels
    return float((weights * (residual**2).sum(axis=1)).sum() / weights.sum())


def _problem(rows: int, width: int, activation: str, key: jax.Array, modulus: int = 11):
    model_key, data_key = jax.random.split(key)
    model = sim.TwoLayerNet.init(modulus, width, activation=activation, key=model_key)
    inputs = jax.random.randint(data_key, (rows, 2), 0, modulus)
    weights = (jnp.arange(rows) % 7 != 3).astype(jnp.float32)
    return model, Batch(inputs, inputs.sum(axis=1) % modulus, weights)


@pytest.mark.parametrize("activation", sorted(SIGMA))
@pytest.mark.parametrize(("rows", "width"), [(40, 16), (2 * _CHUNK_ELEMENTS // 500 + 3, 500)])
def test_plain_and_fused_losses_are_the_definition(activation, rows, width, key):
    model, batch = _problem(rows, width, activation, key)
    expected = _numpy_loss(model, batch)
    for loss in (sim.centered_squared_error, sim.fused_centered_squared_error):
        assert float(loss(model, batch)) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("activation", sorted(SIGMA))
def test_fused_gradient_is_the_derivative_of_the_plain_loss(activation, key):
    model, batch = _problem(2 * _CHUNK_ELEMENTS // 500 + 3, 500, activation, key)
    plain_value, plain = jax.value_and_grad(sim.centered_squared_error)(model, batch)
    value, fused = jax.jit(jax.value_and_grad(sim.fused_centered_squared_error))(model, batch)
    assert float(value) == pytest.approx(float(plain_value), rel=1e-5)
    for ours, theirs in zip(jax.tree.leaves(fused), jax.tree.leaves(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=3e-6 * float(jnp.abs(theirs).max()))


def test_fused_gradient_follows_finite_differences(key):
    with jax.enable_x64(True):
        model, batch = _problem(30, 6, "silu", key)
        gradient = jax.grad(sim.fused_centered_squared_error)(model, batch).hidden
        for at in itertools.product((0, 1), (0, 4), (1, 5)):
            shifted = [
                float(
                    _numpy_loss(
                        sim.TwoLayerNet(model.hidden.at[at].add(h), model.readout, "silu"), batch
                    )
                )
                for h in (1e-5, -1e-5)
            ]
            assert float(gradient[at]) == pytest.approx(
                (shifted[0] - shifted[1]) / 2e-5, rel=1e-6, abs=1e-9
            )


@pytest.mark.parametrize("rows", [20_000, 40_000])
def test_hot_kernel_is_right_for_large_batches(rows, key):
    """Some CPU backends are wrong only beyond 16k rows, and only for small weights."""
    model, batch = _problem(rows, 3, "square", key, modulus=3)
    assert float(jax.jit(sim.fused_centered_squared_error)(model, batch)) == pytest.approx(
        _numpy_loss(model, batch), rel=1e-4
    )


def test_accuracy_counts_weighted_rows(key):
    model, batch = _problem(50, 16, "relu", key)
    outputs = np.array([model(pair) for pair in batch.inputs])
    correct = outputs.argmax(axis=1) == np.asarray(batch.targets)
    weights = np.asarray(batch.weights)
    assert float(sim.accuracy(model, batch)) == pytest.approx(
        (weights * correct).sum() / weights.sum()
    )

import itertools
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import mpmath
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


class Affine(eqx.Module):
    """A callable of one sample without a batched method."""

    matrix: jax.Array

    def __call__(self, x):
        return self.matrix @ x


def _real_problem(key, outputs: int):
    keys = jax.random.split(key, 3)
    inputs = jax.random.normal(keys[0], (12, 4))
    targets = jax.random.normal(keys[1], (12, outputs))
    weights = (jnp.arange(12) < 9).astype(jnp.float32)
    return Affine(jax.random.normal(keys[2], (outputs, 4))), Batch(inputs, targets, weights)


@pytest.mark.parametrize("outputs", [1, 3])
def test_squared_error_is_the_definition(outputs, key):
    model, batch = _real_problem(key, outputs)
    residual = np.asarray(batch.inputs) @ np.asarray(model.matrix).T - np.asarray(batch.targets)
    expected = (residual[:9] ** 2).sum() / 9
    assert float(sim.squared_error(model, batch)) == pytest.approx(expected, rel=1e-5)


def test_squared_error_of_one_number_and_of_classes(key):
    model, batch = _real_problem(key, 3)
    classes = Batch(batch.inputs, jnp.arange(12) % 3, batch.weights)
    one_hot = Batch(batch.inputs, jnp.eye(3)[jnp.arange(12) % 3], batch.weights)
    assert float(sim.squared_error(model, classes)) == pytest.approx(
        float(sim.squared_error(model, one_hot)), rel=1e-6
    )
    number = Batch(batch.inputs, batch.targets[:, 0], batch.weights)
    first = Batch(batch.inputs, batch.targets[:, :1], batch.weights)
    assert float(sim.squared_error(lambda x: model(x)[0], number)) == pytest.approx(
        float(sim.squared_error(Affine(model.matrix[:1]), first)), rel=1e-6
    )


def test_a_batched_method_is_used(key):
    class Doubled(Affine):
        def batched(self, inputs):
            return 2 * inputs @ self.matrix.T

    _, batch = _real_problem(key, 2)
    matrix = jnp.ones((2, 4))
    assert float(sim.squared_error(Doubled(matrix), batch)) == pytest.approx(
        float(sim.squared_error(Affine(2 * matrix), batch)), rel=1e-6
    )


MARGINS = (-30.0, -1.0, 0.0, 5.0, 15.0, 25.0, 40.0, 80.0)


def _at_margin(margin: float) -> tuple[Affine, Batch]:
    """One row whose target leads every one of three other classes by `margin`."""
    model = Affine(jnp.array([[0.0], [margin], [0.0], [0.0]]))
    return model, Batch(jnp.ones((1, 1)), jnp.array([1]), jnp.ones(1))


@pytest.mark.parametrize("margin", MARGINS)
def test_cross_entropy_keeps_float32_accuracy_at_any_margin(margin):
    """Against 60-digit arithmetic, loss and gradient, far below what log_softmax resolves."""
    model, batch = _at_margin(margin)
    with mpmath.workdps(60):
        truth = mpmath.log1p(3 * mpmath.exp(-mpmath.mpf(margin)))
        slope = -3 / (mpmath.exp(mpmath.mpf(margin)) + 3)
        log_truth = mpmath.log(truth)
    value, gradient = jax.jit(jax.value_and_grad(sim.cross_entropy))(model, batch)
    assert float(value) == pytest.approx(float(truth), rel=5e-7)
    assert float(gradient.matrix[1, 0]) == pytest.approx(float(slope), rel=5e-7)
    log_value, log_gradient = jax.value_and_grad(sim.log_cross_entropy)(model, batch)
    assert float(log_value) == pytest.approx(float(log_truth), rel=1e-6, abs=2e-6)
    assert float(log_gradient.matrix[1, 0]) == pytest.approx(float(slope / truth), rel=3e-6)


def test_log_cross_entropy_goes_on_where_the_loss_underflows():
    model, batch = _at_margin(500.0)
    assert float(sim.cross_entropy(model, batch)) == 0
    value, gradient = jax.value_and_grad(sim.log_cross_entropy)(model, batch)
    assert float(value) == pytest.approx(math.log(3) - 500, rel=1e-6)
    assert float(gradient.matrix[1, 0]) == pytest.approx(-1, rel=1e-6)


def test_log_cross_entropy_averages_over_the_rows_that_count(key):
    model, batch = _real_problem(key, 3)
    batch = Batch(batch.inputs, jnp.arange(12) % 3, batch.weights)
    assert float(sim.log_cross_entropy(model, batch)) == pytest.approx(
        math.log(float(sim.cross_entropy(model, batch))), abs=1e-6
    )


def test_margins_and_binary_losses_are_their_definitions(key):
    model, batch = _real_problem(key, 3)
    classes = Batch(batch.inputs, jnp.arange(12) % 3, batch.weights)
    outputs = np.asarray(batch.inputs) @ np.asarray(model.matrix).T
    expected = [
        row[y] - max(np.delete(row, y))
        for row, y in zip(outputs, np.asarray(classes.targets), strict=True)
    ]
    np.testing.assert_allclose(sim.losses.margins(model, classes), expected, rtol=1e-5)

    signs = Batch(batch.inputs, jnp.where(jnp.arange(12) % 2 == 0, 1.0, -1.0), batch.weights)
    agreement = (np.asarray(signs.targets) * outputs[:, 0])[:9]

    def output(x):
        return model(x)[0]

    assert float(sim.logistic_loss(output, signs)) == pytest.approx(
        np.log1p(np.exp(-agreement)).mean(), rel=1e-5
    )
    assert float(sim.exponential_loss(output, signs)) == pytest.approx(
        np.exp(-agreement).mean(), rel=1e-5
    )
    assert float(sim.sign_accuracy(output, signs)) == pytest.approx((agreement > 0).mean())
    assert float(sim.sign_accuracy(lambda x: 0 * x[0], signs)) == pytest.approx(0.5)


def test_the_fused_loss_of_a_wrong_model(key):
    model = sim.TwoLayerNet.init(5, 4, bias=True, key=jax.random.key(9))
    _, batch = _problem(10, 4, "square", key, modulus=5)
    with pytest.raises(ValueError, match="no bias in the fused loss"):
        sim.fused_centered_squared_error(model, batch)

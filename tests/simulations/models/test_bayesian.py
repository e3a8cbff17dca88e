"""The mean-field network against sampled weights, and its divergence against closed numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.simulations.models import MeanFieldMLP, variational_cross_entropy


@pytest.fixture(scope="module")
def model():
    return MeanFieldMLP.init((3, 5, 2), mean_scale=1.0, deviation=0.3, key=jax.random.key(1))


def test_mean_weights_are_a_dense_network(model):
    inputs = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    first, second = (np.asarray(mean) for mean in model.means)
    hidden = np.maximum(inputs @ first[:, :3].T + first[:, 3], 0)
    expected = hidden @ second[:, :5].T + second[:, 5]
    np.testing.assert_allclose(model.batched(jnp.asarray(inputs)), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(jnp.asarray(inputs[0])), expected[0], rtol=1e-5, atol=1e-6)


def test_sampled_outputs_have_the_law_of_sampled_weights(model):
    """The local reparametrization against whole weight matrices drawn in NumPy."""
    x, draws = np.array([0.5, -1.0, 2.0]), 40_000
    rows = jnp.broadcast_to(jnp.asarray(x, jnp.float32)[None], (draws, 3))
    ours = np.asarray(model.sampled(rows, key=jax.random.key(2)))
    rng = np.random.default_rng(3)
    first, second = (np.asarray(mean) for mean in model.means)
    hidden = (first + 0.3 * rng.normal(size=(draws, 5, 4))) @ np.append(x, 1.0)
    hidden = np.append(np.maximum(hidden, 0), np.ones((draws, 1)), axis=1)
    plain = np.einsum("doh,dh->do", second + 0.3 * rng.normal(size=(draws, 2, 6)), hidden)
    # five standard errors of the difference of two means and of two standard deviations
    error = 5 * plain.std(axis=0) * np.sqrt(2 / draws)
    assert np.all(np.abs(ours.mean(axis=0) - plain.mean(axis=0)) < error)
    assert np.all(np.abs(ours.std(axis=0) - plain.std(axis=0)) < error)


def test_divergence_is_a_sum_over_weights(model):
    total = 0.0
    for mean in model.means:
        m = np.asarray(mean, np.float64)
        total += np.sum(np.log(2 / 0.3) + (0.3**2 + m**2) / (2 * 4) - 0.5)
    assert float(model.divergence(2.0)) == pytest.approx(total, rel=1e-5)
    prior = MeanFieldMLP.init((3, 2), mean_scale=1e-9, deviation=1.0, key=jax.random.key(0))
    assert float(prior.divergence()) == pytest.approx(0, abs=1e-6)


def test_loss_is_trained_with_fresh_noise(key):
    """A network with one weight layer ends at the prior if the data say nothing."""
    task = sim.tasks.independent_samples(
        jnp.zeros((9, 1)), jnp.array([0, 1] * 4 + [0]), num_train=8, num_classes=2
    )
    runs = sim.train(
        init=lambda key: MeanFieldMLP.init((1, 2), mean_scale=0.5, deviation=0.5, key=key),
        task=task,
        optimizer=optax.adam(0.05),
        loss=variational_cross_entropy(8, divergence_weight=50.0),
        num_steps=300,
        record_steps=[0, 300],
        measures={"divergence": lambda model, task: model.divergence()},
        key=key,
    )
    assert runs["divergence"].values[0, 0] > 0.5
    assert runs["divergence"].values[0, 1] < 0.01


def test_refuses_bad_settings(key):
    with pytest.raises(ValueError, match="sizes must name at least inputs and outputs, got"):
        MeanFieldMLP.init((3,), mean_scale=1.0, key=key)
    with pytest.raises(ValueError, match="scale must be positive, got 0.0"):
        MeanFieldMLP.init((3, 2), mean_scale=0.0, key=key)
    with pytest.raises(ValueError, match="activation must be one of"):
        MeanFieldMLP.init((3, 2), mean_scale=1.0, activation="sine", key=key)
    with pytest.raises(ValueError, match="num_train must be at least 1, got 0"):
        variational_cross_entropy(0)

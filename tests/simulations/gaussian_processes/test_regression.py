"""Regression in the engine against scikit-learn and plain Adam; no theory is imported here."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from groktheory import simulations as sim

gp = sim.gaussian_processes


@pytest.fixture(scope="module", autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def task():
    return sim.tasks.NoisySine(num_train=25, num_test=10).sample(key=jax.random.key(5))


@pytest.fixture(scope="module")
def peer(task):
    kernel = ConstantKernel(1.7) * RBF(0.4)
    train = task.train()
    return GaussianProcessRegressor(kernel, alpha=0.02, optimizer=None).fit(  # pyright: ignore
        np.asarray(train.inputs), np.asarray(train.targets)
    )


def test_likelihood_and_errors_are_those_of_scikit_learn(task, peer):
    model = gp.GaussianProcess.init(length_scale=0.4, signal=1.7, noise=0.02)
    train, test = task.train(), task.test()
    total = gp.data_fit(model, train) + gp.complexity(model, train)
    evidence = -peer.log_marginal_likelihood_value_ / 25 - np.log(2 * np.pi) / 2
    assert float(total) == pytest.approx(evidence, rel=1e-9)
    assert float(gp.negative_log_likelihood(model, train)) == pytest.approx(evidence, rel=1e-9)
    halved = gp.negative_log_likelihood(model, train, 0.5)
    expected = gp.data_fit(model, train) + gp.complexity(model, train) / 2
    assert float(halved) == pytest.approx(float(expected))
    for error, batch in ((gp.train_error, train), (gp.test_error, test)):
        residual = peer.predict(np.asarray(batch.inputs)) - np.asarray(batch.targets)
        assert float(error(model, task)) == pytest.approx(np.mean(residual**2), rel=1e-8)


def test_lengths_of_their_own_for_every_dimension():
    rng = np.random.default_rng(0)
    inputs, lengths = rng.normal(size=(6, 3)), np.array([0.5, 1.0, 2.0])
    kernel = gp.squared_exponential(jnp.log(jnp.asarray(lengths)), jnp.log(3.0))
    ours = kernel(jnp.asarray(inputs), jnp.asarray(inputs))
    np.testing.assert_allclose(ours, 3 * RBF(lengths)(inputs), rtol=1e-10)  # pyright: ignore


def test_training_follows_the_gradient_of_scikit_learn(task):
    """Two steps of descent in the logarithms, against the peer's own gradient."""
    rate, train = 0.5, task.train()
    runs = sim.train(
        init=lambda key: gp.GaussianProcess.init(length_scale=0.2, signal=2.0, noise=0.02),
        task=task,
        optimizer=optax.sgd(rate),
        loss=gp.negative_log_likelihood,
        num_steps=2,
        record_steps=[0, 2],
        final={
            "length": lambda model, task: model.log_length_scale,
            "signal": lambda model, task: model.log_signal,
            "noise": lambda model, task: model.noise,
        },
        key=jax.random.key(0),
        dtype="float64",
    )
    theta, mean = np.log([2.0, 0.2]), 0.0
    inputs, targets = np.asarray(train.inputs), np.asarray(train.targets)
    for _ in range(2):
        kernel = ConstantKernel(1.0) * RBF(1.0)
        fitted = GaussianProcessRegressor(
            kernel.clone_with_theta(theta),
            alpha=0.02,
            optimizer=None,  # pyright: ignore
        ).fit(inputs, targets - mean)
        _, gradient = fitted.log_marginal_likelihood(theta, eval_gradient=True)  # pyright: ignore
        mean = mean + rate * fitted.alpha_.sum() / 25
        theta = theta + rate * gradient / 25
    np.testing.assert_allclose([runs["signal"][0], runs["length"][0]], theta, rtol=1e-8)
    assert float(runs["noise"][0]) == pytest.approx(0.02)


def test_noise_is_trained_on_request(task):
    model = gp.GaussianProcess.init(length_scale=0.4, signal=1.0, noise=0.5, trains_noise=True)
    gradient = jax.grad(gp.negative_log_likelihood)(model, task.train())
    assert float(gradient.log_noise) > 0.1 and float(model.noise) == pytest.approx(0.5)


def test_no_noise_at_all_is_a_jitter_and_says_so():
    with pytest.warns(UserWarning, match="a jitter of 1e-10 of the signal variance is added"):
        model = gp.GaussianProcess.init(length_scale=1.0, signal=2.0, noise=0)
    assert float(model.noise) == pytest.approx(2e-10)


def test_refuses_bad_settings(key):
    with pytest.raises(ValueError, match="length_scale must be positive, got 0"):
        gp.GaussianProcess.init(length_scale=0.0, signal=1.0, noise=0.1)
    with pytest.raises(ValueError, match="noise must be at least 0, got -0.1"):
        gp.GaussianProcess.init(length_scale=1.0, signal=1.0, noise=-0.1)
    padded = sim.ModularAddition(
        5, train_fraction=0.4, min_train_fraction=0.3, max_train_fraction=0.5
    ).sample(key=key)
    model = gp.GaussianProcess.init(length_scale=1.0, signal=1.0, noise=0.1)
    with pytest.raises(ValueError, match="needs a train set of fixed size"):
        gp.train_error(model, padded)

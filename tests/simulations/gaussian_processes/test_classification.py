"""The variational classifier against quadrature, Monte Carlo and exact special cases."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import ndtr

from groktheory import simulations as sim

gp = sim.gaussian_processes


@pytest.fixture(scope="module", autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


@pytest.fixture(scope="module")
def task():
    return sim.tasks.ZeroOneLine(num_train=8, num_test=6).sample(key=jax.random.key(3))


@pytest.fixture(scope="module")
def start(task):
    return gp.VariationalClassifier.init(task, length_scale=0.2, key=jax.random.key(4))


@pytest.fixture(scope="module")
def moved(start):
    """A posterior away from the prior."""
    rng = np.random.default_rng(0)
    factor = np.tril(rng.normal(size=(8, 8))) / 3 + np.eye(8)
    return eqx.tree_at(
        lambda m: (m.posterior_mean, m.posterior_factor, m.mean),
        start,
        (jnp.asarray(rng.normal(size=8)), jnp.asarray(factor), jnp.asarray(0.3)),
    )


def prior_covariance(model, x, others, *, jitter=False):
    gram = np.exp(float(model.log_signal)) * np.exp(
        -((x[:, None] - others[None]) ** 2) / (2 * np.exp(2 * float(model.log_length_scale)))
    )
    return gram + (1e-6 * np.exp(float(model.log_signal)) * np.eye(len(x)) if jitter else 0)


def test_start_is_the_prior(task, start):
    centered = eqx.tree_at(lambda m: m.posterior_mean, start, jnp.zeros(8))
    assert abs(float(gp.divergence(centered, task.train()))) < 1e-12
    assert 0 < np.std(start.posterior_mean) < 3e-3
    posterior = start.posterior_at(task.train(), task.test().inputs)
    np.testing.assert_allclose(posterior.variance, np.log(2), rtol=1e-5)


def test_fit_is_a_mean_over_the_posterior(task, moved):
    """Monte Carlo over the marginals of the posterior."""
    rng = np.random.default_rng(1)
    factor = np.tril(np.asarray(moved.posterior_factor))
    labels = 2 * np.asarray(task.train().targets) - 1
    samples = np.asarray(moved.posterior_mean) + rng.normal(size=(100_000, 8)) @ factor.T
    values = -np.log(ndtr(labels * samples)).mean(axis=1)
    ours = float(gp.expected_fit(moved, task.train()))
    assert ours == pytest.approx(values.mean(), abs=5 * values.std() / np.sqrt(len(values)))


def test_divergence_and_predictions_by_plain_matrices(task, moved):
    x, points = (np.asarray(b.inputs)[:, 0] for b in (task.train(), task.test()))
    prior = prior_covariance(moved, x, x, jitter=True)
    factor = np.tril(np.asarray(moved.posterior_factor))
    covariance = factor @ factor.T
    shift = np.asarray(moved.posterior_mean) - 0.3
    inverse = np.linalg.inv(prior)
    log_ratio = np.linalg.slogdet(prior)[1] - np.linalg.slogdet(covariance)[1]
    expected = (np.trace(inverse @ covariance) + shift @ inverse @ shift - 8 + log_ratio) / 16
    assert float(gp.divergence(moved, task.train())) == pytest.approx(expected, rel=1e-5)
    weights = prior_covariance(moved, points, x) @ inverse
    posterior = moved.posterior_at(task.train(), task.test().inputs)
    np.testing.assert_allclose(posterior.mean, 0.3 + weights @ shift, rtol=1e-5)
    variance = np.log(2) + np.diag(weights @ (covariance - prior) @ weights.T)
    np.testing.assert_allclose(posterior.variance, variance, rtol=1e-4)
    scores = np.asarray(posterior.mean) / np.sqrt(1 + np.asarray(posterior.variance))
    labels = 2 * np.asarray(task.test().targets) - 1
    assert float(gp.test_accuracy(moved, task)) == np.mean(labels * scores > 0)
    likelihood = np.mean(np.log(ndtr(labels * scores)))
    assert float(gp.predictive_log_likelihood(moved, task)) == pytest.approx(likelihood)


def test_an_underflowing_tail_is_no_prediction(task, moved):
    short = eqx.tree_at(
        lambda m: (m.log_length_scale, m.mean), moved, (jnp.log(1e-4), jnp.asarray(0.0))
    )
    assert float(gp.test_accuracy(short, task)) == 0.5
    assert float(gp.train_accuracy(short, task)) in np.arange(9) / 8


def test_engine_trains_a_posterior_for_the_samples_of_every_seed():
    runs = sim.train(
        init=lambda key, task: gp.VariationalClassifier.init(task, length_scale=0.01, key=key),
        task=lambda key: sim.tasks.ZeroOneLine(num_train=8, num_test=20).sample(key=key),
        optimizer=optax.adam(0.02),
        loss=gp.negative_evidence_bound,
        num_steps=300,
        record_steps=[0, 300],
        measures={
            "train": gp.train_accuracy,
            "divergence": lambda m, t: gp.divergence(m, t.train()),
        },
        num_seeds=2,
        key=jax.random.key(0),
        dtype="float64",
    )
    assert np.all(np.diff(runs["loss"].values, axis=1) < -0.2)
    assert np.all(runs["train"].values[:, 1] == 1)
    assert np.all(runs["divergence"].values[:, 0] < 1e-4)


def test_refuses_bad_settings(task, key):
    with pytest.raises(ValueError, match="jitter must be positive, got 0"):
        gp.VariationalClassifier.init(task, length_scale=0.1, jitter=0.0, key=key)
    with pytest.raises(ValueError, match=r"length_scale must be positive, got \[ 1. -1.\]"):
        gp.VariationalClassifier.init(task, length_scale=jnp.array([1.0, -1.0]), key=key)

"""The split of the likelihood, its gradient and its predictions, against independent numbers."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from groktheory.theory import gaussian_processes as gp

RNG = np.random.default_rng(0)
INPUTS = RNG.uniform(-1.5, 1.5, (30, 1))
TARGETS = np.sin(2 * INPUTS[:, 0]) + 0.1 * RNG.normal(size=30)
AT = gp.Hyperparameters(-1.0, 0.7, 0.2, -3.0)


def gram_at(at):
    return gp.squared_exponential(
        INPUTS, length_scale=np.exp(at.log_length_scale), signal=np.exp(at.log_signal)
    )


def test_kernel_with_a_length_for_every_dimension():
    inputs = RNG.normal(size=(5, 3))
    others = RNG.normal(size=(4, 3))
    lengths = np.array([0.5, 1.0, 3.0])
    ours = gp.squared_exponential(inputs, others, length_scale=lengths, signal=2.0)
    peer: Any = RBF(lengths)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(ours, 2 * peer(inputs, others), rtol=1e-12)


def test_terms_add_up_to_the_density():
    terms = gp.likelihood_terms(gram_at(AT), TARGETS, noise=np.exp(AT.log_noise), mean=AT.mean)
    covariance = gram_at(AT) + np.exp(AT.log_noise) * np.eye(30)
    density = multivariate_normal(np.full(30, AT.mean), covariance).logpdf(TARGETS)
    assert terms.loss + np.log(2 * np.pi) / 2 == pytest.approx(-density / 30, rel=1e-10)
    _, log_determinant = np.linalg.slogdet(covariance)
    assert terms.complexity == pytest.approx(log_determinant / 60, rel=1e-10)


def test_gradient_against_finite_differences():
    gradient = gp.hyperparameter_gradient(INPUTS, TARGETS, AT)
    for index in range(4):
        step = np.zeros(4)
        step[index] = 1e-5
        sides = []
        for sign in (1, -1):
            at = gp.Hyperparameters.of(AT.vector() + sign * step)
            sides.append(
                gp.likelihood_terms(gram_at(at), TARGETS, noise=np.exp(at.log_noise), mean=at.mean)
            )
        for part, ours in enumerate(gradient):
            numeric = (sides[0][part] - sides[1][part]) / 2e-5
            assert ours[index] == pytest.approx(numeric, rel=1e-6, abs=1e-9)


def test_predictions_are_those_of_scikit_learn():
    kernel = ConstantKernel(2.0) * RBF(0.4)
    settings: Any = {"alpha": 0.01, "optimizer": None}
    peer = GaussianProcessRegressor(kernel, **settings).fit(INPUTS, TARGETS)
    points = np.linspace(-2, 2, 7)[:, None]
    mean, deviation = peer.predict(points, return_std=True)
    gram = gp.squared_exponential(INPUTS, length_scale=0.4, signal=2.0)
    cross = gp.squared_exponential(points, INPUTS, length_scale=0.4, signal=2.0)
    ours = gp.posterior_mean(gram, cross, TARGETS, noise=0.01)
    np.testing.assert_allclose(ours, mean, atol=1e-9)
    variance = gp.posterior_variance(gram, cross, np.full(7, 2.0), noise=0.01)
    np.testing.assert_allclose(variance, deviation**2, atol=1e-9)  # pyright: ignore
    at = gp.Hyperparameters(np.log(0.4), np.log(2.0), 0.0, np.log(0.01))
    error = gp.mean_squared_error(INPUTS, TARGETS, at, test_inputs=points, test_targets=np.ones(7))
    assert error == pytest.approx(np.mean((mean - 1) ** 2), rel=1e-8)


def test_a_singular_kernel_gets_a_jitter_and_says_so():
    gram = gp.squared_exponential(np.zeros((3, 1)), length_scale=1.0, signal=5.0)
    with pytest.warns(UserWarning, match=r"singular .* a jitter of 5e-\d+ \(1e-\d+ of its mean"):
        factor = gp.covariance_factor(gram)
    np.testing.assert_allclose(factor @ factor.T, gram, atol=1e-5)
    # the same with a little noise is nobody's business
    gp.covariance_factor(gram, 1e-3)


def test_refuses_bad_arguments():
    with pytest.raises(ValueError, match="length_scale and signal must be positive, got 0.0 and 1"):
        gp.squared_exponential(INPUTS, length_scale=0.0, signal=1.0)
    with pytest.raises(ValueError, match="inputs and others must have the same dimension, got 1"):
        gp.squared_exponential(INPUTS, np.zeros((2, 2)), length_scale=1.0, signal=1.0)
    with pytest.raises(ValueError, match="noise must be at least 0, got -1"):
        gp.covariance_factor(np.eye(2), -1.0)
    with pytest.raises(ValueError, match="no jitter makes it a covariance"):
        gp.covariance_factor(-np.eye(2))
    with pytest.raises(
        ValueError, match=r"gram must be \[3, 3\] for 3 targets, got shape \(2, 2\)"
    ):
        gp.likelihood_terms(np.eye(2), np.ones(3), noise=1.0)

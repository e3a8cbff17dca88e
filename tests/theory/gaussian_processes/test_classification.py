"""The evidence bound and the averaged probit, against quadrature and Monte Carlo."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr, ndtr
from scipy.stats import norm

from groktheory.theory import gaussian_processes as gp


@pytest.mark.parametrize(("mean", "variance"), [(0.3, 0.5), (-4.0, 2.0), (3.0, 0.0), (1.0, 9.0)])
def test_averages_over_a_gaussian(mean, variance):
    def average(function):
        if variance == 0:
            return function(mean)
        spread = np.sqrt(variance)
        ends = mean - 12 * spread, mean + 12 * spread

        def weighted(f):
            return function(f) * norm.pdf(f, mean, spread)

        return quad(weighted, *ends, epsabs=1e-12, limit=200)[0]

    at = np.array([mean]), np.array([variance])
    assert gp.log_probit_expectation(*at)[0] == pytest.approx(average(log_ndtr), rel=1e-8)
    assert gp.predictive_probability(*at)[0] == pytest.approx(average(ndtr), rel=1e-8)


def test_bound_is_below_the_evidence_and_tight_for_one_sample():
    """For one sample the evidence is 1/2, and the best Gaussian comes close."""
    one = np.ones((1, 1))
    best = min(
        sum(
            gp.evidence_bound(
                np.array([mean]),
                variance * one,
                np.ones(1),
                prior_mean=np.zeros(1),
                prior_covariance=one,
            )
        )
        for mean in np.linspace(0.4, 0.7, 7)
        for variance in np.linspace(0.5, 0.8, 7)
    )
    assert np.log(2) < best < np.log(2) + 0.02


def test_divergence_against_samples():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(2, 3, 3))
    covariance, prior = (f @ f.T + 0.5 * np.eye(3) for f in factors)
    mean, prior_mean = rng.normal(size=(2, 3))
    samples = rng.multivariate_normal(mean, covariance, 200_000)

    def log_density(center, spread):
        offset = samples - center
        return (
            -np.sum(offset @ np.linalg.inv(spread) * offset, axis=1) / 2
            - np.linalg.slogdet(spread)[1] / 2
        )

    ratio = log_density(mean, covariance) - log_density(prior_mean, prior)
    ours = gp.gaussian_divergence(mean, covariance, prior_mean=prior_mean, prior_covariance=prior)
    assert ours == pytest.approx(ratio.mean(), abs=5 * ratio.std() / np.sqrt(len(ratio)))


@pytest.mark.parametrize(("num_samples", "noise"), [(50, 0.1), (150, 0.5)])
def test_learning_curve_of_a_linear_kernel(num_samples, noise):
    rng = np.random.default_rng(1)
    dimension, errors = 100, []
    for _ in range(40):
        x = rng.normal(size=(num_samples, dimension))
        target = rng.normal(size=dimension) / np.sqrt(dimension)
        y = x @ target + np.sqrt(noise) * rng.normal(size=num_samples)
        forces = np.linalg.solve(x @ x.T / dimension + noise * np.eye(num_samples), y)
        errors.append(np.sum((x.T @ forces / dimension - target) ** 2))
    curve = gp.learning_curve(
        np.array([1 / dimension]), np.array([100.0]), np.ones(1), num_samples, noise=noise
    )
    assert float(curve) == pytest.approx(np.mean(errors), abs=4 * np.std(errors) / np.sqrt(40))


def test_refuses_bad_arguments():
    with pytest.raises(ValueError, match="variance must be at least 0, got"):
        gp.log_probit_expectation(np.zeros(1), -np.ones(1))
    with pytest.raises(ValueError, match="variance must be at least 0, got"):
        gp.predictive_probability(np.zeros(1), -np.ones(1))
    one = np.eye(1)
    with pytest.raises(ValueError, match=r"labels must be \+1 or -1, got \[0"):
        gp.evidence_bound(
            np.zeros(1), one, np.zeros(1), prior_mean=np.zeros(1), prior_covariance=one
        )
    with pytest.raises(ValueError, match="noise must be at least 0, got -1"):
        gp.learning_curve(np.ones(1), np.ones(1), np.ones(1), 5, noise=-1.0)

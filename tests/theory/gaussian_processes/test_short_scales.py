"""Closed forms at short length scales, against matrices and Monte Carlo over inputs."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import quad

from groktheory.theory import gaussian_processes as gp


def test_limit_is_that_of_the_matrices():
    rng = np.random.default_rng(0)
    inputs, tests = rng.uniform(-1, 1, (2, 20, 1))
    targets, test_targets = rng.normal(size=(2, 20))
    at = gp.Hyperparameters(-30.0, 1.0, 0.5, -2.0)
    gram = gp.squared_exponential(inputs, length_scale=np.exp(-30), signal=np.e)
    terms = gp.likelihood_terms(gram, targets, noise=np.exp(-2), mean=0.5)
    limit = gp.short_scale_limit(
        signal=np.e,
        noise=np.exp(-2),
        train_variance=np.mean((targets - 0.5) ** 2),
        test_variance=np.mean((test_targets - 0.5) ** 2),
    )
    train, test = (
        gp.mean_squared_error(inputs, targets, at, test_inputs=x, test_targets=y)
        for x, y in ((inputs, targets), (tests, test_targets))
    )
    np.testing.assert_allclose((*terms, train, test), limit, rtol=1e-10)  # pyright: ignore


@pytest.mark.parametrize(
    ("dimension", "length_scale", "signal"), [(1, 1e-3, 60.0), (1, 1e-3, 0.5), (2, 0.02, 5.0)]
)
def test_pull_is_the_mean_gradient_over_random_inputs(dimension, length_scale, signal):
    rng = np.random.default_rng(1)
    count, draws, noise = 20, 4000, 0.01
    found = np.empty((draws, 2))
    at = gp.Hyperparameters(np.log(length_scale), np.log(signal), 0.0, np.log(noise))
    for row in found:
        inputs = rng.uniform(0, 1, (count, dimension))
        targets = np.where(rng.random() < 0.5, 1, -1) + 0.3 * rng.normal(size=count)
        fit, complexity = gp.hyperparameter_gradient(inputs, targets, at)
        row[:] = fit[0], complexity[0]
    expected = gp.length_scale_pull(
        length_scale=length_scale,
        signal=signal,
        noise=noise,
        num_samples=count,
        density=1.0,
        target_variance=1.0,
        label_noise=0.09,
        dimension=dimension,
    )
    error = found.std(axis=0) / np.sqrt(draws)
    # four standard errors, plus what triples of inputs contribute
    slack = 0.05 * np.abs(expected)
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * error + slack)
    assert np.all(error < 0.5 * np.abs(expected))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(0.01, 1), st.sampled_from([1, 2, 3]))
def test_polylogarithms_are_the_integrals_over_pairs(signal, noise, dimension):
    share = signal / (signal + noise)
    area = {1: 2.0, 2: 2 * np.pi, 3: 4 * np.pi}[dimension]

    def over_space(function):
        def integrand(u):
            return area * u ** (dimension + 1) * function(np.exp(-(u**2) / 2))

        kink = [np.sqrt(noise / signal)]
        return quad(integrand, 0, 12, epsabs=0, epsrel=1e-9, limit=500, points=kink)[0]

    pull = gp.length_scale_pull(
        length_scale=1.0,
        signal=signal,
        noise=noise,
        num_samples=3,
        density=1.0,
        target_variance=0.7,
        label_noise=0.1,
        dimension=dimension,
    )
    complexity = -over_space(lambda rho: share**2 * rho**2 / (1 - share**2 * rho**2))
    assert pull.complexity == pytest.approx(complexity, rel=1e-6)
    alike = over_space(lambda rho: rho / (signal * (1 + rho) + noise) ** 2)
    apart = over_space(lambda rho: rho / (signal * (1 - rho) + noise) ** 2)
    fit = signal / 2 * (0.1 * apart - 1.5 * alike)
    assert pull.data_fit == pytest.approx(fit, rel=1e-5, abs=1e-7)


def test_fit_turns_around_at_the_reversal_signal():
    given_noise: Any = {"noise": 0.01, "target_variance": 0.5, "label_noise": 0.02}
    turning = gp.reversal_signal(**given_noise)

    def fit_pull(signal):
        return gp.length_scale_pull(
            length_scale=0.01, signal=signal, num_samples=50, density=1 / 3, **given_noise
        ).data_fit

    assert fit_pull(0.98 * turning) < 0 < fit_pull(1.02 * turning)
    estimate = 0.01 * (0.6049 * 1.02 / 0.02) ** 2 / np.pi
    assert turning == pytest.approx(estimate, rel=0.1)
    assert gp.reversal_signal(**given_noise | {"label_noise": 1e-9}) == np.inf  # pyright: ignore


def test_density_of_evenly_spread_inputs():
    rng = np.random.default_rng(2)
    line = rng.uniform(-1.5, 1.5, (2000, 1))
    assert gp.pair_density(line, length_scale=0.02) == pytest.approx(1 / 3, rel=0.05)
    square = rng.uniform(0, 2, (2000, 2))
    assert gp.pair_density(square, length_scale=0.03) == pytest.approx(1 / 4, rel=0.12)


def test_refuses_bad_arguments():
    with pytest.raises(ValueError, match="signal must be positive, noise and variances at least 0"):
        gp.short_scale_limit(signal=0.0, noise=1.0, train_variance=1.0, test_variance=1.0)
    with pytest.raises(ValueError, match="length_scale must be positive, got 0"):
        gp.pair_density(np.zeros((2, 1)), length_scale=0.0)
    fine = {
        "length_scale": 0.1,
        "signal": 1.0,
        "noise": 0.1,
        "num_samples": 5,
        "density": 1.0,
        "target_variance": 1.0,
        "label_noise": 0.0,
    }
    with pytest.raises(
        ValueError, match="length_scale, signal, noise and density must be positive"
    ):
        gp.length_scale_pull(**fine | {"noise": 0.0})  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="num_samples must be at least 2 .* got 1 and 1"):
        gp.length_scale_pull(**fine | {"num_samples": 1})
    with pytest.raises(ValueError, match="must be positive and dimension 1 or 2, got"):
        gp.reversal_signal(noise=1.0, target_variance=1.0, label_noise=0.0)

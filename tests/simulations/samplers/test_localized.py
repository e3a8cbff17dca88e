"""Every localized sampler has the variance of its closed form in a bowl, and not another."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.samplers.localized import (
    LocalizedSampler,
    localized_chains,
    localized_noise,
)

SCALE, CURVATURE, LOCALIZATION, SIZE = 20.0, 2.0, 3.0, 100
STIFFNESS = SCALE * CURVATURE + LOCALIZATION
STEP = 1.2 / STIFFNESS  # a long one, so that its error shows


def bowl(position, prepared):
    return CURVATURE * jnp.sum(position**2) / 2


def nothing(data):
    return data


def variance(key, rule, step_size=STEP, num_draws=2000, num_chains=64, burn_in=1000, **options):
    sampler = LocalizedSampler(
        rule, step_size=step_size, scale=SCALE, localization=LOCALIZATION, **options
    )
    center = jnp.zeros(SIZE)
    _, squares, _ = localized_chains(
        sampler,
        bowl,
        nothing,
        jnp.zeros((1, 1)),
        center,
        key,
        num_chains=num_chains,
        batch_size=None,
        num_draws=num_draws,
        record_every=2,
        burn_in=burn_in,
    )
    means = np.asarray(squares, np.float64).mean(axis=0) / SIZE
    return means.mean(), means.std() / np.sqrt(max(num_chains - 1, 1))


def sgld_variance(stiffness=STIFFNESS):
    return 1 / (STIFFNESS * (1 - STEP * stiffness / 4))


def hamiltonian_variance(friction):
    return 1 / (STIFFNESS * (1 - STEP * STIFFNESS / (8 - 4 * friction)))


def preconditioned(damping):
    """The variance that keeps the mean squared gradient at what conditions it."""
    value = 1 / STIFFNESS
    for _ in range(100):
        factor = 1 / (CURVATURE * np.sqrt(value) + damping)
        value = 1 / (STIFFNESS * (1 - STEP * factor * STIFFNESS / 4))
    return value


@pytest.mark.parametrize("noise", ["gaussian", "binomial"])
def test_sgld_has_the_variance_of_its_closed_form(key, noise):
    measured, error = variance(key, "sgld", noise=noise)
    assert measured == pytest.approx(sgld_variance(), abs=4 * error)
    assert error < 2e-3 * measured
    assert abs(measured - 1 / STIFFNESS) > 20 * error  # not that of continuous time


@pytest.mark.parametrize("friction", [0.1, 0.5])
def test_hamiltonian_dynamics_has_the_variance_of_its_closed_form(key, friction):
    measured, error = variance(key, "sghmc", friction=friction)
    assert measured == pytest.approx(hamiltonian_variance(friction), abs=4 * error)
    assert abs(measured - sgld_variance()) > 20 * error


@pytest.mark.parametrize("friction", [0.1, 0.3])
def test_thermostat_has_the_right_variance_at_any_step(key, friction):
    measured, error = variance(key, "sgnht", friction=friction, num_draws=4000)
    # The friction fluctuates by the order of one over the number of parameters.
    assert measured == pytest.approx(1 / STIFFNESS, abs=4 * error + 0.005 * measured)
    assert abs(measured - hamiltonian_variance(friction)) > 20 * error
    assert abs(measured - (1 - friction / 2) / STIFFNESS) > 20 * error  # as published


def test_preconditioned_dynamics_has_the_variance_of_its_closed_form(key):
    fixed, error = variance(key, "rmsprop-sgld", damping=1.0, num_draws=3000)
    assert fixed == pytest.approx(preconditioned(1.0), abs=4 * error + 0.003 * fixed)
    # A conditioner that follows its chain is an error of the law.
    follows, _ = variance(
        jax.random.key(1),
        "rmsprop-sgld",
        decay=0.5,
        damping=1.0,
        num_chains=1,
        num_draws=20_000,
        keeps_adapting=True,
    )
    assert follows > 1.05 * preconditioned(1.0)


def test_preconditioned_dynamics_needs_a_burn_in(key):
    with pytest.raises(ValueError, match="burn_in must be at least 1 for rmsprop-sgld"):
        variance(key, "rmsprop-sgld", burn_in=0)


@pytest.mark.parametrize("noise", ["gaussian", "binomial"])
def test_noise_is_independent_over_entries(key, noise):
    words = jax.random.bits(jax.random.key(1), (2,), jnp.uint32)
    values = np.asarray(localized_noise(key, words, (300, 300), noise))
    count = values.size
    assert abs(values.mean()) < 4 / np.sqrt(count)
    assert abs(values.var() - 1) < 4 * np.sqrt(2 / count)
    correlations = values.T @ values / 300 - np.eye(300)
    assert np.abs(correlations).max() < 6.5 / np.sqrt(300)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "hmc"}, "sampler must be one of"),
        ({"noise": "uniform"}, "noise must be one of"),
        ({"step_size": 0.0}, "step_size must be positive"),
        ({"scale": -1.0}, "scale must be positive"),
        ({"localization": -1.0}, "localization must be non-negative"),
        ({"friction": 1.0}, r"friction must lie in \(0, 1\)"),
        ({"decay": 0.0}, r"decay must lie in \(0, 1\)"),
        ({"damping": 0.0}, "damping must be positive"),
    ],
)
def test_bad_settings_are_refused(change, message):
    options = {"rule": "sgld", "step_size": 0.1, "scale": 1.0, "localization": 1.0} | change
    with pytest.raises(ValueError, match=message):
        LocalizedSampler(options.pop("rule"), **options)

"""Every localized sampler has the variance of its closed form in a bowl, and not another."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.samplers.localized import (
    LocalizedSampler,
    localized_chains,
    localized_noise,
    repeated,
)

SCALE, CURVATURE, LOCALIZATION, SIZE = 20.0, 2.0, 3.0, 100
STIFFNESS = SCALE * CURVATURE + LOCALIZATION
STEP = 1.2 / STIFFNESS  # a long one, so that its error shows


def bowl(position, prepared):
    return CURVATURE * jnp.sum(position**2) / 2


def nothing(data):
    return data


def variance(key, rule, step_size=STEP, num_draws=2000, **options):
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
        repeated(center, 64),
        key,
        batch_size=None,
        num_draws=num_draws,
        record_every=2,
        burn_in=1000,
    )
    means = np.asarray(squares, np.float64).mean(axis=0) / SIZE
    return means.mean(), means.std(ddof=1) / 8


def sgld_variance(stiffness=STIFFNESS):
    return 1 / (STIFFNESS * (1 - STEP * stiffness / 4))


def hamiltonian_variance(friction):
    return 1 / (STIFFNESS * (1 - STEP * STIFFNESS / (8 - 4 * friction)))


def thermostat_variance(friction):
    step = STEP / 2  # the friction that keeps the velocities at their temperature
    linear = step * STIFFNESS / 2 - 2
    zeta = (-linear - np.sqrt(linear**2 - 8 * friction)) / 2
    return (1 - zeta / 2) / STIFFNESS


def preconditioned(damping):
    """The variance that keeps the mean squared gradient at what conditions it."""
    value = 1 / STIFFNESS
    for _ in range(100):
        factor = 1 / (CURVATURE * np.sqrt(value) + damping)
        value = 1 / (STIFFNESS * (1 - STEP * factor * STIFFNESS / 4))
    return value


@pytest.mark.parametrize("noise", ["gaussian", "fast-gaussian", "binomial"])
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


def test_thermostat_has_the_variance_of_its_closed_form(key):
    measured, error = variance(key, "sgnht", friction=0.3)
    # The friction fluctuates by the order of one over the number of parameters.
    assert measured == pytest.approx(thermostat_variance(0.3), abs=4 * error + 0.005 * measured)
    assert abs(measured - hamiltonian_variance(0.3)) > 20 * error


def test_preconditioned_dynamics_has_the_variance_of_its_closed_form(key):
    # A fast mean would follow the position: its missing divergence is an error of the law.
    slow, error = variance(key, "rmsprop-sgld", decay=0.9995, damping=1.0, num_draws=3000)
    assert slow == pytest.approx(preconditioned(1.0), abs=4 * error + 0.003 * slow)
    fast, error = variance(jax.random.key(1), "rmsprop-sgld", decay=0.5, damping=1.0)
    assert abs(fast - preconditioned(1.0)) > 10 * error


@pytest.mark.parametrize("noise", ["gaussian", "fast-gaussian", "binomial"])
def test_noise_is_independent_over_entries(key, noise):
    like = {"a": jnp.zeros((300, 100)), "b": jnp.zeros((300, 200))}
    words = jax.random.bits(jax.random.key(1), (2,), jnp.uint32)
    drawn = localized_noise(key, words, like, noise)
    values = np.concatenate([drawn["a"], drawn["b"]], axis=1)
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

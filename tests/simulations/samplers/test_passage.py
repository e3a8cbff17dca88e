"""Passage times against exact integrals, and against walks that are counted one by one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from groktheory.simulations import samplers


def double_well(x):
    return (x[0] ** 2 - 1) ** 2


def is_right(x):
    return x[0] > 1


def exact_time(temperature):
    """Mean first-passage time from -1 to 1 on a line."""
    grid = np.linspace(-4, 1, 40_001)
    weights = np.exp(-((grid**2 - 1) ** 2) / temperature)
    below = np.cumsum(weights) * (grid[1] - grid[0])
    inner = np.interp
    return (
        quad(
            lambda y: np.exp((y**2 - 1) ** 2 / temperature) * inner(y, grid, below),
            -1,
            1,
            limit=200,
        )[0]
        / temperature
    )


@pytest.mark.parametrize("noise", ["binomial", "gaussian"])
def test_escape_from_a_double_well(noise):
    runs = samplers.first_passage(
        double_well,
        -np.ones((4000, 1)),
        is_right,
        step_size=0.005,
        temperature=0.35,
        max_steps=12_000,
        key=jax.random.key(2),
        noise=noise,
    )
    measured = samplers.exponential_mean(runs["time"].values, runs["is_censored"].values)
    assert 0 < measured.num_censored < 800
    # The absorption that is looked for at step times only adds 0.58 sqrt(2 eta theta) to the way.
    assert measured.value == pytest.approx(exact_time(0.35), rel=0.05)


def test_free_walks_cross_at_the_known_probability():
    """P(tau <= t) = erfc(l / (2 sqrt(theta t))) on a flat line, with a boundary moved outwards."""
    step_size, temperature, length, steps = 0.01, 0.5, 1.0, 800
    runs = samplers.first_passage(
        lambda x: 0.0 * x[0],
        np.zeros((20_000, 1)),
        lambda x: x[0] > length,
        step_size=step_size,
        temperature=temperature,
        max_steps=steps,
        key=jax.random.key(0),
    )
    from scipy.special import erfc

    moved = length + 0.5826 * np.sqrt(2 * step_size * temperature)
    for step in (100, 300, 800):
        expected = erfc(moved / (2 * np.sqrt(temperature * step * step_size)))
        arrived = np.mean((runs["steps"] <= step) & ~runs["is_censored"])
        assert arrived == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))


def test_passage_agrees_with_the_recorded_chain():
    """Negative and positive: the first recorded step beyond the boundary is the one reported."""
    settings: Any = {"step_size": 0.02, "temperature": 0.6}
    chains = samplers.langevin(
        double_well, -np.ones((50, 1)), num_steps=300, key=jax.random.key(0), **settings
    )
    beyond = chains["position"].values[:, :, 0] > 1
    first = np.where(beyond.any(axis=1), beyond.argmax(axis=1) + 1, -1)
    runs = samplers.first_passage(
        double_well,
        -np.ones((50, 1)),
        is_right,
        max_steps=300,
        key=jax.random.key(0),
        workers=2,
        **settings,
    )
    assert runs["is_censored"].values.tolist() == (first < 0).tolist()
    assert runs["steps"].values.tolist() == np.where(first < 0, 300, first).tolist()
    np.testing.assert_allclose(runs["time"], 0.02 * runs["steps"])


def test_one_temperature_per_walker(key):
    temperatures = np.repeat([0.3, 0.6], 500)
    runs = samplers.first_passage(
        double_well,
        -np.ones((1000, 1)),
        is_right,
        step_size=0.01,
        temperature=temperatures,
        max_steps=20_000,
        key=key,
        workers=2,
    )
    for temperature in (0.3, 0.6):
        times = runs["time"].values[temperatures == temperature]
        assert times.mean() == pytest.approx(exact_time(temperature), rel=0.2)


def test_walkers_may_leave_for_good(key):
    """Beyond the barrier of a cubic they run to infinity, which is none of our business."""
    runs = samplers.first_passage(
        lambda x: x[0] ** 2 - x[0] ** 3,
        np.zeros((100, 1)),
        lambda x: x[0] > 1.5,
        step_size=0.02,
        temperature=0.1,
        max_steps=100_000,
        key=key,
    )
    assert not runs["is_censored"].any()


def test_descent_with_minibatches_escapes_too(key):
    data = jnp.array([-1.5, 1.5])

    def loss(x, batch):
        return (x[0] ** 2 - 1) ** 2 / 4 + jnp.mean(batch) * x[0]

    descent = samplers.MinibatchSGD(loss, data, learning_rate=0.1, batch_size=1)
    runs = samplers.passage_times(descent, -np.ones((200, 1)), is_right, max_steps=20_000, key=key)
    assert runs["is_censored"].mean() < 0.05
    assert runs.attrs["learning_rate"] == 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_steps": 0}, "max_steps must be a whole number from 1 to"),
        ({"max_steps": 2**31}, "max_steps must be a whole number from 1 to"),
        ({"starts": np.array([[-1.0], [1.5]])}, "walker 1 has escaped at its start already"),
        ({"starts": np.array([[-1.0], [np.inf]])}, "starts must be finite, got .* for walker 1"),
        ({"step_size": 0.3}, "step_size = 0.3 is unstable: the curvature at the starts is 8"),
        ({"temperature": -1.0}, "temperature must be finite and non-negative"),
    ],
)
def test_bad_settings_are_refused(key, change, message):
    settings = {
        "starts": -np.ones((2, 1)),
        "step_size": 0.01,
        "temperature": 0.1,
        "max_steps": 10,
        "key": key,
    }
    with pytest.raises(ValueError, match=message):
        samplers.first_passage(double_well, has_escaped=is_right, **(settings | change))


def test_a_walker_that_diverges_unescaped_is_refused(key):
    with pytest.raises(ValueError, match="walker 0 diverged before step 128, without having esc"):
        samplers.first_passage(
            lambda x: x[0] ** 2 - x[0] ** 3,
            np.ones((1, 1)),
            lambda x: x[0] < -50,
            step_size=0.1,
            temperature=0.001,
            max_steps=1000,
            key=key,
        )

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory.simulations.optimizers import coupled_adam, gradient_descent


def gradient(theta):
    return np.array([1.0, 10.0, 0.1]) * theta + np.array([0.3, -1.0, 2.0])


def torch_adam(theta, learning_rate, weight_decay, num_steps, b1=0.9, b2=0.999, eps=1e-8):
    """The update of torch.optim.Adam, from its documentation."""
    m = v = np.zeros_like(theta)
    for t in range(1, num_steps + 1):
        g = gradient(theta) + weight_decay * theta
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        theta = theta - learning_rate * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
    return theta


def run(learning_rate, weight_decay, num_steps, optimizer=coupled_adam) -> Any:
    optimizer = optimizer(learning_rate, weight_decay=weight_decay)
    theta = jnp.array([1.0, -2.0, 3.0])

    def step(carry, _):
        theta, state = carry
        g = jnp.array([1.0, 10.0, 0.1]) * theta + jnp.array([0.3, -1.0, 2.0])
        updates, state = optimizer.update(g, state, theta)
        return (optax.apply_updates(theta, updates), state), None

    return jax.lax.scan(step, (theta, optimizer.init(theta)), length=num_steps)[0][0]


def test_is_torch_adam():
    with jax.enable_x64(True):
        found = run(0.05, 0.2, 100)
    expected = torch_adam(np.array([1.0, -2.0, 3.0]), 0.05, 0.2, 100)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_is_not_adamw():
    coupled, decoupled = run(0.05, 0.2, 100), run(0.05, 0.2, 100, optax.adamw)
    assert np.abs(np.asarray(coupled - decoupled)).max() > 0.1


def test_traced_rates_equal_concrete_ones():
    rates, decays = jnp.array([0.01, 0.1]), jnp.array([0.0, 0.3])
    swept = jax.jit(jax.vmap(lambda rate, decay: run(rate, decay, 20)))(rates, decays)
    alone = [run(float(r), float(d), 20) for r, d in zip(rates, decays, strict=True)]
    np.testing.assert_allclose(swept, np.stack(alone), rtol=1e-5)


def test_schedule_is_accepted():
    np.testing.assert_allclose(run(optax.constant_schedule(0.1), 0.3, 5), run(0.1, 0.3, 5))


@pytest.mark.parametrize("learning_rate", [0.0, -1e-3, float("nan")])
def test_bad_learning_rate(learning_rate):
    with pytest.raises(ValueError, match=f"learning_rate must be positive, got {learning_rate}"):
        coupled_adam(learning_rate)


def test_bad_weight_decay():
    with pytest.raises(ValueError, match="weight_decay must be non-negative, got -0.1"):
        coupled_adam(1e-3, -0.1)


def test_gradient_descent_decays_with_the_gradient():
    theta = np.array([1.0, -2.0, 3.0])
    for _ in range(7):
        theta = theta - 0.01 * (gradient(theta) + 0.3 * theta)
    np.testing.assert_allclose(run(0.01, 0.3, 7, gradient_descent), theta, rtol=1e-5)


def test_bad_rates_of_gradient_descent():
    with pytest.raises(ValueError, match="learning_rate must be positive, got -1"):
        gradient_descent(-1.0)
    with pytest.raises(ValueError, match="weight_decay must be non-negative, got -1"):
        gradient_descent(1.0, -1.0)

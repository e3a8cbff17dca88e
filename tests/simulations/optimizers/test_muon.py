from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jaxtyping import Array

from groktheory.simulations.optimizers import NEWTON_SCHULZ, coupled_adam, muon


class Model(eqx.Module):
    hidden: Array
    readout: Array


def model(group, width):
    rng = np.random.default_rng(0)
    return Model(
        jnp.asarray(rng.normal(size=(2, group, width)), jnp.float32),
        jnp.asarray(rng.normal(size=(width, group)), jnp.float32),
    )


def step(optimizer: Any, gradient, params, state=None) -> tuple[Any, Any]:
    return optimizer.update(gradient, state or optimizer.init(params), params)


def one_step(params, gradient, *args, **kwargs) -> Any:
    return step(muon(*args, **kwargs), gradient, params)[0]


@pytest.mark.parametrize(("group", "width"), [(3, 20), (11, 4)])
def test_update_is_the_polynomial_of_the_singular_values(group, width):
    params, gradient = model(group, width), model(group, width)
    update = one_step(params, gradient, 0.1)
    u, s, vt = np.linalg.svd(np.asarray(gradient.hidden).reshape(2 * group, width), False)
    s = s / np.linalg.norm(s)
    for a, b, c in NEWTON_SCHULZ:
        s = a * s + b * s**3 + c * s**5
    expected = -0.1 * (u * s) @ vt
    np.testing.assert_allclose(update.hidden.reshape(2 * group, width), expected, atol=2e-5)
    # ... which brings all singular values near one, so that the update is near the polar factor.
    np.testing.assert_allclose(s, 1, atol=0.2)


def test_others_get_coupled_adam():
    params, gradient = model(3, 5), model(3, 5)
    expected, _ = step(coupled_adam(0.1, 0.2), gradient, params)
    update = one_step(params, gradient, 0.1, 0.2)
    np.testing.assert_allclose(update.readout, expected.readout, rtol=1e-6)
    update = one_step(params, gradient, 0.1, 0.2, others=optax.sgd(1.0))
    np.testing.assert_allclose(update.readout, -gradient.readout)


def test_decay_is_decoupled():
    params, gradient = model(3, 5), model(3, 5)
    difference = (
        one_step(params, gradient, 0.1, 0.2).hidden - one_step(params, gradient, 0.1).hidden
    )
    np.testing.assert_allclose(difference, -0.1 * 0.2 * params.hidden, atol=1e-6)


def test_momentum_averages_gradients_without_nesterov():
    params, first, second = model(3, 5), model(3, 5), model(3, 5)
    second = jax.tree.map(lambda x: -(x**2), second)
    optimizer = muon(1.0, momentum=0.75)
    _, state = step(optimizer, first, params)
    update, _ = step(optimizer, second, params, state)
    average = jax.tree.map(lambda g, h: 0.75 * 0.25 * g + 0.25 * h, first, second)
    np.testing.assert_allclose(update.hidden, one_step(params, average, 1.0).hidden, atol=1e-4)


def test_traced_rates_and_seeds():
    params = jax.tree.map(lambda x: jnp.stack([x, 2 * x]), model(3, 5))
    rates, decays = jnp.array([0.1, 0.2]), jnp.array([0.0, 0.3])
    swept = jax.jit(jax.vmap(one_step))(params, params, rates, decays)
    for i in range(2):
        alone = jax.tree.map(lambda x: x[i], params)  # noqa: B023
        expected = one_step(alone, alone, float(rates[i]), float(decays[i]))
        np.testing.assert_allclose(swept.hidden[i], expected.hidden, atol=1e-5)
        np.testing.assert_allclose(swept.readout[i], expected.readout, atol=1e-5)


def test_refusals():
    with pytest.raises(ValueError, match="learning_rate must be positive, got 0.0"):
        muon(0.0)
    with pytest.raises(ValueError, match="weight_decay must be non-negative, got -1.0"):
        muon(0.1, -1.0)
    with pytest.raises(ValueError, match=r"momentum must lie in \[0, 1\), got 1.0"):
        muon(0.1, momentum=1.0)
    with pytest.raises(ValueError, match="no leaf called 'hidden'; its leaves are .*readout"):
        muon(0.1).init({"readout": jnp.ones((2, 2))})
    with pytest.raises(ValueError, match=r"'hidden' has shape \(2,\)"):
        muon(0.1).init({"hidden": jnp.ones(2)})

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations.models import scaled


def test_all_parameters_are_multiplied_and_nothing_else(key):
    model = sim.MLP.init((3, 4, 2), initialization="torch_uniform", key=key)
    for small, large in zip(
        jax.tree.leaves(model), jax.tree.leaves(scaled(model, 8.0)), strict=True
    ):
        np.testing.assert_allclose(large, 8 * small)
        assert large.dtype == small.dtype
    held = {"weights": jnp.ones(3), "fixed": sim.Frozen(jnp.ones(3)), "index": jnp.arange(2)}
    result = scaled(held, 2.0)
    np.testing.assert_array_equal(result["weights"], 2)
    np.testing.assert_array_equal(result["fixed"].value, 1)
    np.testing.assert_array_equal(result["index"], [0, 1])


def test_scale_may_be_swept(key):
    model = sim.MLP.init((3, 2), key=key)
    swept = jax.vmap(lambda scale: scaled(model, scale).weights[0])(jnp.array([1.0, 5.0]))
    np.testing.assert_allclose(swept[1], 5 * swept[0], rtol=1e-6)


def test_refuses_a_scale_that_is_not_positive(key):
    with pytest.raises(ValueError, match="scale must be positive, got 0"):
        scaled(sim.MLP.init((3, 2), key=key), 0.0)

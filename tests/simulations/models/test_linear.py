import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import DiagonalNet, HadamardNet, LinearModel

U, V = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.5, -1.0])


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        (LinearModel(jnp.asarray(U)), U),
        (DiagonalNet(jnp.asarray(U), jnp.asarray(V)), U * U - V * V),
        (DiagonalNet(jnp.asarray(U), jnp.asarray(V), 3), U * U * U - V * V * V),
        (DiagonalNet(jnp.asarray(U), jnp.asarray(V), 1), U - V),
        (HadamardNet(jnp.asarray(np.stack([U]))), U),
        (HadamardNet(jnp.asarray(np.stack([U, V, V]))), U * V * V),
    ],
)
def test_outputs_are_those_of_the_product_weights(model, weights):
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(4, 3)), jnp.float32)
    expected = np.asarray(inputs) @ weights
    np.testing.assert_allclose(model.batched(inputs), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(model)(inputs), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.weights, weights, rtol=1e-6)


def test_diagonal_net_starts_at_zero_and_is_homogeneous():
    swept = jax.vmap(lambda scale: DiagonalNet.init(4, scale=scale, depth=3).u)
    np.testing.assert_allclose(swept(jnp.array([0.5, 2.0])), [[0.5] * 4, [2.0] * 4])
    model = DiagonalNet.init(4, scale=2.0, depth=3)
    np.testing.assert_array_equal(model.weights, 0)
    model = eqx.tree_at(lambda m: m.u, model, jnp.arange(4.0))
    doubled = jax.tree.map(lambda leaf: 2 * leaf, model)
    np.testing.assert_allclose(doubled.weights, 8 * model.weights)


def test_gradient_flow_conserves_the_product_of_the_halves():
    r"""$u_k v_k$ is exactly conserved by the flow of any loss at depth 2 (derived)."""
    model = DiagonalNet(jnp.asarray(U), jnp.asarray(V))
    slope = jax.grad(lambda m: jnp.sin(m(jnp.array([0.2, -1.0, 3.0]))))(model)
    np.testing.assert_allclose(slope.u * model.v + model.u * slope.v, 0, atol=1e-6)


def test_hadamard_net_starts_at_the_power_of_its_scale():
    np.testing.assert_allclose(HadamardNet.init(3, 2, scale=0.1).weights, 0.01, rtol=1e-6)
    # A factor of zero must not poison the gradient of the others.
    model = HadamardNet(jnp.array([[0.0, 2.0], [3.0, 5.0], [7.0, 11.0]]))
    slope = jax.grad(lambda m: m.weights.sum())(model).factors
    np.testing.assert_allclose(slope, [[21.0, 55.0], [0.0, 22.0], [0.0, 10.0]])


def test_refusals():
    with pytest.raises(ValueError, match="dimension must be at least 1, got 0"):
        DiagonalNet.init(0, scale=1.0)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        DiagonalNet.init(2, scale=1.0, depth=0)
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        HadamardNet.init(2, 0)
    with pytest.raises(ValueError, match="dimension must be at least 1, got 0"):
        HadamardNet.init(0, 2)

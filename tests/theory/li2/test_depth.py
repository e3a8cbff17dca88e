import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.theory.li2 import depth, stage_one

ACTIVATIONS = {
    "relu": (jax.nn.relu, depth.relu_gate, 1.0),
    "square": (lambda x: x**2, lambda x: 2 * x, 0.5),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, 1 / 3),
}


def network(seed, *, residual):
    rng = np.random.default_rng(seed)
    widths = [5, 5, 5, 5] if residual else [4, 6, 5, 3]
    inputs = rng.normal(size=(8, widths[0]))
    weights = [
        rng.normal(size=shape) / np.sqrt(shape[0])
        for shape in zip(widths[:-1], widths[1:], strict=True)
    ]
    labels = np.eye(3)[rng.integers(3, size=8)]
    return inputs, weights, labels, rng.normal(size=(widths[-1], 3))


def top(layer, weights, activation, residual):
    for weight in weights:
        branch = activation(layer @ weight)
        layer = layer + branch if residual else branch
    return layer


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("name", ACTIVATIONS)
class TestAgainstAutomaticDifferentiation:
    def setting(self, name, residual):
        activation, gate, homogeneity = ACTIVATIONS[name]
        options = {"gate": gate, "homogeneity": homogeneity, "residual": residual}
        inputs, weights, labels, readout = network(0, residual=residual)
        return activation, options, inputs, weights, labels, readout

    def test_features(self, name, residual):
        activation, options, inputs, weights, _, _ = self.setting(name, residual)
        layers = depth.homogeneous_features(inputs, weights, **options)
        with jax.enable_x64(True):
            expected = top(jnp.asarray(inputs), weights, activation, residual)
        np.testing.assert_allclose(layers[-1], expected, rtol=1e-12)
        transports, _ = depth.gate_products(inputs, weights, **options)
        for layer, transport in zip(layers, transports, strict=True):
            carried = np.einsum("ik,ikt->it", layer, transport)
            np.testing.assert_allclose(carried, layers[-1], rtol=1e-10, atol=1e-12)

    def test_jacobians(self, name, residual):
        activation, options, inputs, weights, _, _ = self.setting(name, residual)
        _, jacobians = depth.gate_products(inputs, weights, **options)
        layers = depth.homogeneous_features(inputs, weights, **options)
        for level, jacobian in enumerate(jacobians):
            with jax.enable_x64(True):
                expected = jax.vmap(
                    jax.jacobian(lambda f, n=level: top(f, weights[n:], activation, residual))
                )(jnp.asarray(layers[level]))
            np.testing.assert_allclose(jacobian, np.swapaxes(expected, 1, 2), atol=1e-10)

    def test_gradients(self, name, residual):
        activation, options, inputs, weights, labels, readout = self.setting(name, residual)
        layers = depth.homogeneous_features(inputs, weights, **options)
        found = depth.deep_backpropagated_gradients(inputs, weights, labels, readout, **options)
        early = depth.early_deep_gradients(inputs, weights, labels, **options)
        centered = labels - labels.mean(axis=0)

        def loss(layer, level):
            error = labels - top(layer, weights[level:], activation, residual) @ readout
            return jnp.sum((error - error.mean(axis=0, keepdims=True)) ** 2) / 2

        def energy(layer, level):
            return (
                jnp.sum((centered.T @ top(layer, weights[level:], activation, residual)) ** 2) / 2
            )

        for level, layer in enumerate(layers):
            with jax.enable_x64(True):
                slope = jax.grad(loss)(jnp.asarray(layer), level)
                climb = jax.grad(energy)(jnp.asarray(layer), level)
            np.testing.assert_allclose(found[level], -slope, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(early[level], climb, rtol=1e-9, atol=1e-9)

    def test_early_gradient_is_what_a_young_readout_sends(self, name, residual):
        _, options, inputs, weights, labels, _ = self.setting(name, residual)
        features = depth.homogeneous_features(inputs, weights, **options)[-1]
        early = depth.early_deep_gradients(inputs, weights, labels, **options)
        time = 1e-6 / float(np.sum(features**2))
        zero = np.zeros((features.shape[1], labels.shape[1]))
        readout = stage_one.readout_flow(features, labels, zero, time, eta=0.1)
        found = depth.deep_backpropagated_gradients(inputs, weights, labels, readout, **options)
        for left, right in zip(found, early, strict=True):
            deviation = np.linalg.norm(left / time - right)
            assert deviation < 1e-4 * np.linalg.norm(right)


def test_a_network_without_hidden_layers_has_the_gradient_of_stage_one():
    inputs, _, labels, _ = network(1, residual=False)
    readout = np.random.default_rng(2).normal(size=(inputs.shape[1], labels.shape[1]))
    (found,) = depth.deep_backpropagated_gradients(inputs, [], labels, readout)
    expected = stage_one.backpropagated_gradient(inputs, labels, readout)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    (early,) = depth.early_deep_gradients(inputs, [], labels)
    expected = stage_one.early_gradient(inputs, labels, 0 * readout, 1.0)
    np.testing.assert_allclose(early, expected, atol=1e-12)


def test_bad_input_is_refused():
    inputs, weights, _, _ = network(0, residual=False)
    with pytest.raises(ValueError, match=r"weights\[0\] must have 4 rows .* got 6"):
        depth.homogeneous_features(inputs, weights[1:])
    with pytest.raises(ValueError, match=r"weights\[0\] must be square .* got \(4, 6\)"):
        depth.homogeneous_features(inputs, weights, residual=True)
    with pytest.raises(ValueError, match="homogeneity must be positive, got 0"):
        depth.gate_products(inputs, weights, homogeneity=0.0)

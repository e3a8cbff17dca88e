import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import ACTIVATIONS, QuadraticTripleNet, TwoLayerNet


def test_initial_weights_fill_the_stated_range(key):
    model = TwoLayerNet.init(50, 400, key=key)
    hidden_bound, readout_bound = 1 / math.sqrt(100), 1 / math.sqrt(400)
    for weights, bound in ((model.hidden, hidden_bound), (model.readout, readout_bound)):
        assert float(jnp.abs(weights).max()) == pytest.approx(bound, rel=1e-2)
        # Standard deviation of a uniform variable; relative standard error below 1/sqrt(n).
        assert float(weights.std()) == pytest.approx(bound / math.sqrt(3), rel=5 / 200)


def test_readout_scale_zero_starts_at_zero_output(key):
    model = TwoLayerNet.init(5, 8, readout_scale=0.0, key=key)
    np.testing.assert_array_equal(model(jnp.array([1, 2])), 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 8), "num_operands must be at least 1, got 0"),
        ((5, 0), "width must be at least 1, got 0"),
        ((5, -3), "width must be at least 1, got -3"),
    ],
)
def test_sizes_below_one_are_refused(arguments, message, key):
    with pytest.raises(ValueError, match=message):
        TwoLayerNet.init(*arguments, key=key)


def test_unknown_activation_is_refused(key):
    with pytest.raises(ValueError, match=r"activation must be one of \['linear'.*got 'gelu'"):
        TwoLayerNet.init(5, 8, activation="gelu", key=key)
    with pytest.raises(ValueError, match="num_classes must be at least 1, got 0"):
        TwoLayerNet.init(5, 8, num_classes=0, key=key)
    with pytest.raises(ValueError, match="initialization must be one of .*got 'xavier'"):
        TwoLayerNet.init(5, 8, initialization="xavier", key=key)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", ["square", "relu", "tanh"])
def test_outputs_are_those_of_a_dense_network_on_one_hots(activation, bias, key):
    model = TwoLayerNet.init(5, 8, num_classes=3, activation=activation, bias=bias, key=key)
    assert (model.bias is not None) == bias
    offsets = np.zeros(8) if model.bias is None else np.asarray(model.bias)
    pairs = jnp.array([[0, 0], [1, 4], [3, 2]])
    dense = np.concatenate([np.asarray(model.hidden[0]), np.asarray(model.hidden[1])]).T
    expected = []
    for a, b in np.asarray(pairs):
        one_hot = np.concatenate([np.eye(5)[a], np.eye(5)[b]])
        features = ACTIVATIONS[activation](jnp.asarray(dense @ one_hot + offsets))
        expected.append(np.asarray(model.readout) @ np.asarray(features))
    np.testing.assert_allclose(model.batched(pairs), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(model)(pairs), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("initialization", "hidden", "readout", "bias"),
    [
        ("kaiming_normal", math.sqrt(2 / 100), math.sqrt(1 / 400), 0),
        ("torch_uniform", 1 / math.sqrt(300), 1 / math.sqrt(1200), 1 / math.sqrt(300)),
        ("standard_normal", 1, 1, 0),
    ],
)
def test_initial_standard_deviations(initialization, hidden, readout, bias, key):
    model = TwoLayerNet.init(
        50, 400, initialization=initialization, bias=True, scale=3.0, readout_scale=0.5, key=key
    )
    assert float(model.hidden.std()) == pytest.approx(3 * hidden, rel=0.02)
    assert float(model.readout.std()) == pytest.approx(1.5 * readout, rel=0.03)
    assert model.bias is not None
    assert float(model.bias.std()) == pytest.approx(bias, rel=0.15)


def test_quadratic_triple_net_reads_one_output_of_the_two_layer_net(key):
    model = QuadraticTripleNet.init(5, 8, scale=2.0, key=key)
    triples = jnp.array([[0, 1, 2], [4, 4, 4], [3, 0, 1]])
    expected = [model.net(triple[:2])[triple[2]] for triple in triples]
    np.testing.assert_allclose(model.batched(triples), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.vmap(model)(triples), expected, rtol=1e-5)
    doubled = jax.tree.map(lambda leaf: 2 * leaf, model)
    np.testing.assert_allclose(doubled.batched(triples), 8 * np.asarray(expected), rtol=1e-5)


def test_triple_net_refuses_other_activations(key):
    net = TwoLayerNet.init(5, 8, activation="relu", key=key)
    with pytest.raises(ValueError, match="net must have activation 'square', got 'relu'"):
        QuadraticTripleNet(net)


def test_gradient_only_touches_the_rows_that_occur(key):
    model = QuadraticTripleNet.init(5, 8, key=key)
    slope = eqx.filter_grad(lambda m: m.batched(jnp.array([[0, 1, 2]])).sum())(model).net
    assert np.flatnonzero(np.abs(slope.hidden[0]).sum(axis=1)).tolist() == [0]
    assert np.flatnonzero(np.abs(slope.hidden[1]).sum(axis=1)).tolist() == [1]
    assert np.flatnonzero(np.abs(slope.readout).sum(axis=1)).tolist() == [2]

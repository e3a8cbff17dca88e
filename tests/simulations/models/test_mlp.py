import math
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.simulations.models import MLP, EmbeddingMLP

PLAIN = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "square": np.square}


def plain(model, x):
    for layer, (weights, bias) in enumerate(zip(model.weights, model.biases, strict=True)):
        x = x if layer == 0 else PLAIN[model.activation](x)
        x = np.asarray(weights, np.float64) @ x + (0 if bias is None else np.asarray(bias))
    return x


def normal(*shape):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32)


@pytest.mark.parametrize(
    ("sizes", "activation", "biases"),
    [
        ((4, 3), "relu", True),
        ((4, 6, 3), "relu", False),
        ((4, 6, 3), "square", True),
        ((4, 6, 5, 3), "tanh", "first"),
    ],
)
def test_outputs_are_those_of_the_layers(sizes, activation, biases, key):
    model = MLP.init(
        sizes, activation=activation, biases=biases, initialization="torch_uniform", key=key
    )
    inputs = normal(5, 4)
    expected = [plain(model, np.asarray(x, np.float64)) for x in inputs]
    np.testing.assert_allclose(model.batched(inputs), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jax.vmap(model)(inputs), expected, rtol=1e-4, atol=1e-5)


def test_one_output_is_a_scalar(key):
    model, inputs = MLP.init((4, 6, 1), key=key), normal(5, 4)
    assert model(inputs[0]).shape == ()
    expected = [plain(model, np.asarray(x, np.float64))[0] for x in inputs]
    np.testing.assert_allclose(model.batched(inputs), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("initialization", "hidden", "readout", "bias"),
    [
        ("kaiming_normal", math.sqrt(2 / 300), math.sqrt(1 / 200), 0),
        ("torch_uniform", 1 / math.sqrt(3 * 300), 1 / math.sqrt(3 * 200), 1 / math.sqrt(900)),
        ("standard_normal", 1, 1, 0),
    ],
)
def test_initial_standard_deviations(initialization, hidden, readout, bias, key):
    model = MLP.init((300, 200, 100), initialization=initialization, scale=3.0, key=key)
    first, last = model.weights
    # The relative standard error of a standard deviation is 1/sqrt(2n).
    assert float(first.std()) == pytest.approx(3 * hidden, rel=4 / math.sqrt(2 * 60_000))
    assert float(last.std()) == pytest.approx(3 * readout, rel=4 / math.sqrt(2 * 20_000))
    # `scale` multiplies weights, not biases.
    assert model.biases[0] is not None
    assert float(model.biases[0].std()) == pytest.approx(bias, rel=4 / math.sqrt(2 * 200))


def test_layers_are_drawn_independently(key):
    model = MLP.init((50, 50, 50), initialization="torch_uniform", key=key)
    overlap = jnp.vdot(model.weights[0], model.weights[1])
    norms = jnp.linalg.norm(model.weights[0]) * jnp.linalg.norm(model.weights[1])
    assert abs(float(overlap / norms)) < 4 / 50


def test_zero_readout_and_traced_scale(key):
    inputs = jnp.ones((2, 4))
    zero = MLP.init((4, 6, 3), zero_readout=True, initialization="torch_uniform", key=key)
    np.testing.assert_array_equal(zero.batched(inputs), 0)

    def outputs(scale):
        model = MLP.init((4, 6, 3), scale=scale, biases=False, key=jax.random.key(1))
        return model.batched(inputs)

    swept = jax.vmap(outputs)(jnp.array([1.0, 3.0]))
    np.testing.assert_allclose(swept[1], 9 * swept[0], rtol=1e-5)


@settings(deadline=None, max_examples=20)
@given(factor=st.floats(0.1, 10), depth=st.integers(1, 4))
def test_relu_network_is_homogeneous(factor, depth):
    """With biases in the first layer only, as the theorems of [lyu2023dichotomy] ask."""
    sizes = (3, *[4] * (depth - 1), 2)
    layers = tuple(normal(units, inputs) for inputs, units in pairwise(sizes))
    model = MLP(layers, (normal(sizes[1]), *[None] * (depth - 1)))
    scaled = jax.tree.map(lambda leaf: factor * leaf, model)
    x = jnp.array([0.3, -1.0, 2.0])
    np.testing.assert_allclose(scaled(x), factor**depth * model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("combination", ["product", "sum"])
def test_embedding_network_is_a_network_on_one_hots(combination, key):
    model = EmbeddingMLP.init(5, embedding=4, hidden=(6, 7), combination=combination, key=key)
    pairs = jnp.array([[0, 0], [1, 4], [3, 2]])
    first, second = (np.asarray(e, np.float64) for e in model.embeddings)
    combine = np.multiply if combination == "product" else np.add
    one_hot = np.eye(5)
    expected = [
        plain(model.decoder, combine(first.T @ one_hot[a], second.T @ one_hot[b]))
        for a, b in np.asarray(pairs)
    ]
    np.testing.assert_allclose(model.batched(pairs), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(model)(pairs), expected, rtol=1e-4, atol=1e-6)
    assert model(pairs[0]).shape == (5,)


def test_embedding_network_defaults_are_the_published_ones(key):
    model = EmbeddingMLP.init(97, scale=2.0, key=key)
    assert model.embeddings.shape == (2, 97, 64)
    assert [w.shape for w in model.decoder.weights] == [(64, 64), (97, 64)]
    assert model.decoder.biases == (None, None)
    for weights, fan_in in ((model.embeddings, 97), (model.decoder.weights[1], 64)):
        assert float(jnp.abs(weights).max()) == pytest.approx(2 / math.sqrt(fan_in), rel=1e-2)


def test_refusals(key):
    with pytest.raises(ValueError, match=r"at least inputs and outputs, got \[4\]"):
        MLP.init((4,), key=key)
    with pytest.raises(ValueError, match=r"sizes\[1\] must be at least 1, got 0"):
        MLP.init((4, 0, 2), key=key)
    with pytest.raises(ValueError, match="activation must be one of .*got 'gelu'"):
        MLP.init((4, 2), activation="gelu", key=key)
    with pytest.raises(ValueError, match="initialization must be one of .*got 'xavier'"):
        MLP.init((4, 2), initialization="xavier", key=key)
    with pytest.raises(ValueError, match="biases must be True, False or 'first', got 'last'"):
        MLP.init((4, 2), biases="last", key=key)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"one of \['product', 'sum'\], got 'concat'"):
        EmbeddingMLP.init(4, combination="concat", key=key)
    with pytest.raises(ValueError, match="num_operands must be at least 1, got 0"):
        EmbeddingMLP.init(0, key=key)
    with pytest.raises(ValueError, match="embedding must be at least 1, got 0"):
        EmbeddingMLP.init(3, embedding=0, key=key)

import math
from itertools import pairwise

import equinox as eqx
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


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("combine", ["product", "sum"])
def test_embedding_network_is_a_network_on_one_hots(combine, shared, key):
    model = EmbeddingMLP.init(
        5, embedding=4, hidden=(6, 7), combine=combine, shared=shared, key=key
    )
    pairs = jnp.array([[0, 0], [1, 4], [3, 2]])
    tables = (model.embedding, model.embedding) if shared else model.embedding
    first, second = (np.asarray(e, np.float64) for e in tables)
    combined = np.multiply if combine == "product" else np.add
    one_hot = np.eye(5)
    expected = [
        plain(model.decoder, combined(first.T @ one_hot[a], second.T @ one_hot[b]))
        for a, b in np.asarray(pairs)
    ]
    np.testing.assert_allclose(model.batched(pairs), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(model)(pairs), expected, rtol=1e-4, atol=1e-6)
    assert model(pairs[0]).shape == (5,)


@pytest.mark.parametrize("shared", [False, True])
def test_matrices_are_multiplied_in_order(shared, key):
    """A decoder of one output that is read off one entry of the product."""
    model = EmbeddingMLP.init(
        4, embedding=3, hidden=(), num_outputs=9, combine="matrix_product", shared=shared, key=key
    )
    model = eqx.tree_at(lambda m: m.decoder, model, MLP((jnp.eye(9),), (None,)))
    tables = np.asarray(model.embedding, np.float64)
    first, second = (tables, tables) if shared else tables
    pairs = [[0, 1], [1, 0], [3, 3]]
    expected = [[first[a, i] @ second[b, :, j] for i, j in np.ndindex(3, 3)] for a, b in pairs]
    np.testing.assert_allclose(model.batched(jnp.array(pairs)), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model(jnp.array(pairs[1])), expected[1], rtol=1e-5, atol=1e-7)


def test_toy_network_of_representation_learning():
    """Sizes, symmetry, and the range of the embeddings, which may be swept."""

    def draw(bound):
        return EmbeddingMLP.init(
            10,
            embedding=1,
            hidden=(200, 200),
            num_outputs=30,
            combine="sum",
            shared=True,
            activation="tanh",
            biases=True,
            embedding_bound=bound,
            key=jax.random.key(0),
        )

    model = draw(0.5)
    assert model.embedding.shape == (10, 1)
    assert [w.shape for w in model.decoder.weights] == [(200, 1), (200, 200), (30, 200)]
    assert all(bias is not None for bias in model.decoder.biases)
    assert 0.3 < float(jnp.abs(model.embedding).max()) < 0.5 and float(model.embedding.min()) < 0
    np.testing.assert_array_equal(model(jnp.array([2, 7])), model(jnp.array([7, 2])))
    swept = jax.vmap(lambda bound: draw(bound).embedding)(jnp.array([0.5, 1.5]))
    np.testing.assert_allclose(swept[0], model.embedding)
    np.testing.assert_allclose(swept[1], 3 * model.embedding, rtol=1e-6)


def test_embedding_network_defaults_are_the_published_ones(key):
    model = EmbeddingMLP.init(97, scale=2.0, key=key)
    assert model.embedding.shape == (2, 97, 64)
    assert [w.shape for w in model.decoder.weights] == [(64, 64), (97, 64)]
    assert model.decoder.biases == (None, None)
    for weights, fan_in in ((model.embedding, 97), (model.decoder.weights[1], 64)):
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
    with pytest.raises(ValueError, match=r"combine must be one of .*'sum'\], got 'concat'"):
        EmbeddingMLP.init(4, combine="concat", key=key)
    with pytest.raises(ValueError, match="num_operands must be at least 1, got 0"):
        EmbeddingMLP.init(0, key=key)
    with pytest.raises(ValueError, match="embedding must be at least 1, got 0"):
        EmbeddingMLP.init(3, embedding=0, key=key)
    with pytest.raises(ValueError, match=r"embedding_bound must be positive, got 0\.0"):
        EmbeddingMLP.init(3, embedding_bound=0.0, key=key)

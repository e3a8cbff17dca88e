import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.graphs import GraphLayout
from groktheory.simulations.models import GraphNet

LAYOUT = GraphLayout(num_nodes=6, num_edges=9, node_features=3, edge_features=2)


def random_graph(rng, nodes, edges):
    return (
        rng.normal(size=(nodes, 3)),
        rng.normal(size=(edges, 2)),
        rng.integers(0, nodes, edges),
        rng.integers(0, nodes, edges),
    )


def dense(model, values):
    for layer, (weights, bias) in enumerate(zip(model.weights, model.biases, strict=True)):
        values = np.maximum(values, 0) if layer > 0 else values
        values = np.asarray(weights, np.float64) @ values + np.asarray(bias, np.float64)
    return values


def plain(model, nodes, edges, senders, receivers):
    """The definition, edge by edge."""
    for convolution in model.convolutions:
        root = np.asarray(convolution.root, np.float64)
        new = nodes @ root.T + np.asarray(convolution.bias, np.float64)
        for features, sender, receiver in zip(edges, senders, receivers, strict=True):
            matrix = dense(convolution.edge_network, features).reshape(root.shape[::-1])
            new[receiver] += nodes[sender] @ matrix
        nodes = np.maximum(new, 0)
    return dense(model.head, nodes.sum(axis=0))[0]


def test_is_the_sum_over_edges():
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng, n, e) for n, e in ((6, 9), (2, 1), (4, 0), (1, 2))]
    model = GraphNet.init(LAYOUT, channels=(4, 5), edge_hidden=3, head=(6,), key=jax.random.key(0))
    biases = jax.random.normal(jax.random.key(1), (9,))
    for layer, part in enumerate((biases[:4], biases[4:])):
        convolutions = list(model.convolutions)
        object.__setattr__(convolutions[layer], "bias", part)
    packed = jnp.asarray(np.stack([LAYOUT.pack(*graph) for graph in graphs]))
    expected = [plain(model, *graph) for graph in graphs]
    np.testing.assert_allclose(model.batched(packed), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jax.vmap(model)(packed), expected, rtol=1e-4, atol=1e-5)


def test_defaults_are_the_published_ones(key):
    layout = GraphLayout(num_nodes=29, num_edges=60, node_features=11, edge_features=4)
    model = GraphNet.init(layout, key=key)
    first, second = model.convolutions
    assert first.root.shape == (32, 11) and second.root.shape == (16, 32)
    assert [w.shape for w in second.edge_network.weights] == [(32, 4), (512, 32)]
    assert [w.shape for w in model.head.weights] == [(32, 16), (1, 32)]
    assert float(jnp.abs(second.root).max()) <= 1 / np.sqrt(32)


def test_refuses_wrong_sizes(key):
    with pytest.raises(ValueError, match="channels must name at least one convolution"):
        GraphNet.init(LAYOUT, channels=(), key=key)
    with pytest.raises(ValueError, match=r"channels\[1\] must be at least 1, got 0"):
        GraphNet.init(LAYOUT, channels=(3, 0), key=key)
    with pytest.raises(ValueError, match="edge_hidden must be at least 1, got 0"):
        GraphNet.init(LAYOUT, edge_hidden=0, key=key)

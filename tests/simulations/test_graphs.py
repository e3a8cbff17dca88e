import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.graphs import GraphLayout

LAYOUT = GraphLayout(num_nodes=4, num_edges=5, node_features=2, edge_features=3)


def graph(rng, nodes, edges):
    ends = rng.integers(0, nodes, (2, edges))
    return rng.normal(size=(nodes, 2)), rng.normal(size=(edges, 3)), *ends


def test_what_is_packed_is_unpacked():
    rng = np.random.default_rng(0)
    graphs = [graph(rng, 3, 5), graph(rng, 4, 1)]
    packed = jnp.asarray(np.stack([LAYOUT.pack(*one) for one in graphs]))
    assert packed.shape == (2, LAYOUT.size)
    found = LAYOUT.unpack(packed)
    assert found.has_node.sum(axis=1).tolist() == [3, 4]
    assert found.has_edge.sum(axis=1).tolist() == [5, 1]
    for row, parts in enumerate(graphs):
        unpacked = found.nodes, found.edges, found.senders, found.receivers
        for part, array in zip(parts, unpacked, strict=True):
            np.testing.assert_allclose(array[row, : len(part)], part, rtol=1e-6)
            assert not np.asarray(array[row, len(part) :]).any()
    alone = LAYOUT.unpack(packed[1])
    for one, two in zip(alone, found, strict=True):
        np.testing.assert_array_equal(one, two[1])


def test_refuses_graphs_that_do_not_fit():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="5 nodes and 2 edges does not fit .* for 4 and 5"):
        LAYOUT.pack(*graph(rng, 5, 2))
    with pytest.raises(ValueError, match="4 nodes and 6 edges does not fit"):
        LAYOUT.pack(*graph(rng, 4, 6))

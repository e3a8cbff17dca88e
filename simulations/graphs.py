"""Graphs of different sizes as rows of one array, padded to a common number of nodes and edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int


class Graphs(NamedTuple):
    """Padded directed graphs: one, or as many as there are leading axes."""

    nodes: Float[Array, "*graphs nodes node_features"]
    edges: Float[Array, "*graphs edges edge_features"]
    senders: Int[Array, "*graphs edges"]
    receivers: Int[Array, "*graphs edges"]
    has_node: Bool[Array, "*graphs nodes"]
    has_edge: Bool[Array, "*graphs edges"]


@dataclass(frozen=True)
class GraphLayout:
    """Where the parts of a padded graph lie in a vector, which is one row of a task's inputs.

    Parameters
    ----------
    num_nodes, num_edges
        Room for nodes and for directed edges.
    node_features, edge_features
        Numbers of features.
    """

    num_nodes: int
    num_edges: int
    node_features: int
    edge_features: int

    @property
    def size(self) -> int:
        """Length of the vector."""
        return sum(self._lengths)

    @property
    def _lengths(self) -> tuple[int, ...]:
        nodes, edges = self.num_nodes, self.num_edges
        return nodes * self.node_features, edges * self.edge_features, edges, edges, 2

    def pack(
        self,
        nodes: Float[np.ndarray, "nodes node_features"],
        edges: Float[np.ndarray, "edges edge_features"],
        senders: Int[np.ndarray, " edges"],
        receivers: Int[np.ndarray, " edges"],
    ) -> Float[np.ndarray, " size"]:
        """Return one graph as a vector; padding is zero.

        Raises
        ------
        ValueError
            If the graph has more nodes or edges than there is room for.
        """
        if len(nodes) > self.num_nodes or len(edges) > self.num_edges:
            raise ValueError(
                f"a graph of {len(nodes)} nodes and {len(edges)} edges does not fit into a layout "
                f"for {self.num_nodes} and {self.num_edges}"
            )
        counts = np.array([len(nodes), len(edges)])
        parts = (np.ravel(nodes), np.ravel(edges), senders, receivers, counts)
        padded = [
            np.pad(part, (0, length - len(part)))
            for part, length in zip(parts, self._lengths, strict=True)
        ]
        return np.concatenate(padded).astype(np.float32)

    def unpack(self, vectors: Float[Array, "*graphs size"]) -> Graphs:
        """Return the graphs that :meth:`pack` has written."""
        nodes, edges, senders, receivers, counts = jnp.split(
            vectors, np.cumsum(self._lengths)[:-1], axis=-1
        )
        leading = vectors.shape[:-1]
        counts = counts[..., None].astype(jnp.int32)
        return Graphs(
            nodes=nodes.reshape(*leading, self.num_nodes, self.node_features),
            edges=edges.reshape(*leading, self.num_edges, self.edge_features),
            senders=senders.astype(jnp.int32),
            receivers=receivers.astype(jnp.int32),
            has_node=_before(self.num_nodes, counts[..., 0, :]),
            has_edge=_before(self.num_edges, counts[..., 1, :]),
        )


def _before(length: int, counts: Int[Array, "*graphs 1"]) -> Bool[Array, "*graphs length"]:
    places = jnp.arange(length).reshape((1,) * (counts.ndim - 1) + (length,))
    return places < counts

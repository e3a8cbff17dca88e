"""A network on graphs: edge-conditioned convolutions, a sum over the nodes, a dense head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..graphs import GraphLayout
from ._layers import check_sizes, draw_weights
from .mlp import MLP


class EdgeConvolution(eqx.Module):
    r"""Convolution whose matrix is a network of the edge,

    $$ x'_i = W x_i + b + \sum_{j \to i} \Theta(e_{ji})^T x_j . $$

    Parameters
    ----------
    root
        $W$.
    bias
        $b$.
    edge_network
        $\Theta$, from the features of an edge to a matrix, flattened.
    """

    root: Float[Array, "outputs inputs"]
    bias: Float[Array, " outputs"]
    edge_network: MLP

    @classmethod
    def init(
        cls, inputs: int, outputs: int, *, edge_features: int, edge_hidden: int, key: Array
    ) -> EdgeConvolution:
        r"""Draw $W$ and $\Theta$ uniformly in $\pm1/\sqrt{\text{fan-in}}$; $b = 0$."""
        root_key, edge_key = jax.random.split(key)
        return cls(
            draw_weights(
                "torch_uniform", (outputs, inputs), fan_in=inputs, is_readout=False, key=root_key
            ),
            jnp.zeros(outputs),
            MLP.init(
                (edge_features, edge_hidden, inputs * outputs),
                initialization="torch_uniform",
                key=edge_key,
            ),
        )

    def __call__(
        self,
        nodes: Float[Array, "*graphs nodes inputs"],
        edges: Float[Array, "*graphs edges edge_features"],
        sends: Float[Array, "*graphs edges nodes"],
        receives: Float[Array, "*graphs edges nodes"],
    ) -> Float[Array, "*graphs nodes outputs"]:
        """Return the new features; `sends` and `receives` are the two ends of the edges, one-hot.

        Padded edges have no end.
        """
        inputs, outputs = nodes.shape[-1], len(self.bias)
        matrices = self.edge_network.batched(edges.reshape(-1, edges.shape[-1]))
        matrices = matrices.reshape(*edges.shape[:-1], inputs, outputs)
        messages = ((sends @ nodes)[..., None, :] @ matrices)[..., 0, :]
        gathered = jnp.swapaxes(receives, -1, -2) @ messages
        return nodes @ self.root.T + jnp.broadcast_to(self.bias, gathered.shape) + gathered


class GraphNet(eqx.Module):
    r"""Number predicted from a graph,

    $$ f(G) = \operatorname{MLP}\Bigl( \sum_i x^{(L)}_i \Bigr), \qquad
       x^{(l)} = \operatorname{ReLU}(\text{edge-conditioned convolution of } x^{(l-1)}) . $$

    Parameters
    ----------
    convolutions
        One after the other, with a ReLU behind each.
    head
        The dense network behind the sum over all nodes.
    layout
        How a graph is packed into a row of a task's inputs.

    [liu2022omnigrok, code; the convolution is that of Gilmer et al. 2017]
    """

    convolutions: tuple[EdgeConvolution, ...]
    head: MLP
    layout: GraphLayout = eqx.field(static=True)

    @classmethod
    def init(
        cls,
        layout: GraphLayout,
        *,
        channels: Sequence[int] = (32, 16),
        edge_hidden: int = 32,
        head: Sequence[int] = (32,),
        key: Array,
    ) -> GraphNet:
        """Draw a network; the defaults are the paper's.

        Parameters
        ----------
        layout
            Of the graphs; a task of graphs brings it.
        channels
            Features of a node behind every convolution.
        edge_hidden
            Hidden units of the networks on the edges.
        head
            Hidden widths of the head.

        Raises
        ------
        ValueError
            For no convolution, or a size below 1.
        """
        if len(channels) < 1:
            raise ValueError("channels must name at least one convolution, got none")
        check_sizes({"edge_hidden": edge_hidden})
        check_sizes({f"channels[{i}]": size for i, size in enumerate(channels)})
        head_key, *keys = jax.random.split(key, len(channels) + 1)
        sizes = (layout.node_features, *channels)
        convolutions = [
            EdgeConvolution.init(
                *ends, edge_features=layout.edge_features, edge_hidden=edge_hidden, key=layer_key
            )
            for ends, layer_key in zip(pairwise(sizes), keys, strict=True)
        ]
        dense = MLP.init((channels[-1], *head, 1), initialization="torch_uniform", key=head_key)
        return cls(tuple(convolutions), dense, layout)

    def __call__(self, graph: Float[Array, " size"]) -> Float[Array, ""]:
        """Output for one packed graph."""
        return self._forward(graph)

    def batched(self, graphs: Float[Array, "samples size"]) -> Float[Array, " samples"]:
        """Outputs for many packed graphs."""
        return self._forward(graphs)

    def _forward(self, packed: Float[Array, "*samples size"]) -> Float[Array, "*samples"]:
        graphs = self.layout.unpack(packed)
        nodes, dtype = graphs.nodes, self.head.weights[0].dtype
        # Products with one-hot ends are several times faster on CPUs than scattering messages.
        ends = (
            jax.nn.one_hot(end, self.layout.num_nodes, dtype=dtype) * graphs.has_edge[..., None]
            for end in (graphs.senders, graphs.receivers)
        )
        sends, receives = ends
        for convolution in self.convolutions:
            nodes = jax.nn.relu(convolution(nodes, graphs.edges, sends, receives))
        pooled = jnp.where(graphs.has_node[..., None], nodes, 0).sum(axis=-2)
        return self.head.batched(pooled) if pooled.ndim > 1 else self.head(pooled)

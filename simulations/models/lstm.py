"""A recurrent network that reads a text and gives one number."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import check_sizes, draw_weights

# Steps of the recurrence compiled into one pass of the loop: longer ones compile for longer and
# run no faster.
_UNROLL = 4


class LSTMLayer(eqx.Module):
    r"""Long short-term memory,

    $$ (i, f, g, o) = W x_t + U h_{t-1} + b, \quad
       c_t = \sigma(f)\, c_{t-1} + \sigma(i) \tanh g, \quad h_t = \sigma(o) \tanh c_t . $$

    Parameters
    ----------
    input_weights, recurrent_weights
        $W$, $U$: the rows of the four gates in the order $i, f, g, o$.
    bias
        $b$. Where PyTorch has two that are added, this is their sum.
    """

    input_weights: Float[Array, "gates inputs"]
    recurrent_weights: Float[Array, "gates hidden"]
    bias: Float[Array, " gates"]

    @classmethod
    def init(cls, inputs: int, hidden: int, *, key: Array) -> LSTMLayer:
        r"""Draw everything uniformly in $\pm1/\sqrt{\text{hidden}}$, the bias as a sum of two."""
        shapes = ((4 * hidden, inputs), (4 * hidden, hidden), (2, 4 * hidden))
        drawn = [
            draw_weights("torch_uniform", shape, fan_in=hidden, is_readout=False, key=one)
            for shape, one in zip(shapes, jax.random.split(key, 3), strict=True)
        ]
        return cls(drawn[0], drawn[1], drawn[2].sum(axis=0))

    def __call__(
        self, inputs: Float[Array, "steps samples inputs"]
    ) -> Float[Array, "steps samples hidden"]:
        """Return the hidden states along sequences that start from rest."""
        # All inputs meet their weights in one product; only the recurrence is sequential.
        driven = inputs @ self.input_weights.T
        driven = driven + jnp.broadcast_to(self.bias, driven.shape)
        rest = jnp.zeros((inputs.shape[1], self.recurrent_weights.shape[1]), driven.dtype)

        def step(state: tuple[Array, Array], drive: Array) -> tuple[tuple[Array, Array], Array]:
            hidden, cell = state
            gates = drive + hidden @ self.recurrent_weights.T
            enter, keep, new, leave = jnp.split(gates, 4, axis=-1)
            cell = jax.nn.sigmoid(keep) * cell + jax.nn.sigmoid(enter) * jnp.tanh(new)
            hidden = jax.nn.sigmoid(leave) * jnp.tanh(cell)
            return (hidden, cell), hidden

        return jax.lax.scan(step, (rest, rest), driven, unroll=_UNROLL)[1]


class LSTMClassifier(eqx.Module):
    r"""One number for a sequence of words: embedding, stacked LSTMs, linear readout at the end.

    $$ f(w_1, \dots, w_T) = v \cdot h^{(L)}_T + v_0, \qquad h^{(0)}_t = E_{w_t} $$

    Padding is a word like any other: sequences are padded on the left, so that the last state has
    just read the text.

    Parameters
    ----------
    embedding
        $E$: one row a word; row 0 is the padding.
    layers
        From the embedding upwards.
    readout, bias
        $v$, $v_0$; the probability of the positive class is $\sigma(f)$.

    [liu2022omnigrok, code]
    """

    embedding: Float[Array, "words embedding"]
    layers: tuple[LSTMLayer, ...]
    readout: Float[Array, " hidden"]
    bias: Float[Array, ""]

    @classmethod
    def init(
        cls, num_words: int, *, embedding: int = 64, hidden: int = 128, depth: int = 2, key: Array
    ) -> LSTMClassifier:
        r"""Draw a network as PyTorch does by default; the other defaults are the paper's.

        Embeddings are $\mathcal N(0, 1)$, all else uniform in $\pm1/\sqrt{\text{hidden}}$.

        Parameters
        ----------
        num_words
            Number of different words, padding included.
        embedding
            Length of an embedding vector.
        hidden
            Units of every layer.
        depth
            Number of layers.

        Raises
        ------
        ValueError
            For a size below 1.
        """
        sizes = {"num_words": num_words, "embedding": embedding, "hidden": hidden, "depth": depth}
        check_sizes(sizes)
        embedding_key, readout_key, bias_key, *keys = jax.random.split(key, 3 + depth)
        inputs = (embedding, *[hidden] * (depth - 1))
        readout, bias = (
            draw_weights("torch_uniform", shape, fan_in=hidden, is_readout=True, key=one)
            for shape, one in (((hidden,), readout_key), ((), bias_key))
        )
        return cls(
            jax.random.normal(embedding_key, (num_words, embedding)),
            tuple(
                LSTMLayer.init(size, hidden, key=layer_key)
                for size, layer_key in zip(inputs, keys, strict=True)
            ),
            readout,
            bias,
        )

    def __call__(self, words: Int[Array, " steps"]) -> Float[Array, ""]:
        """Output for one sequence."""
        return self.batched(words[None])[0]

    def batched(self, words: Int[Array, "samples steps"]) -> Float[Array, " samples"]:
        """Outputs for many sequences."""
        states = self.embedding[words.T]
        for layer in self.layers:
            states = layer(states)
        return states[-1] @ self.readout + self.bias

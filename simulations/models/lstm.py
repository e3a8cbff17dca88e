"""A recurrent network that reads a text and gives one number."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import check_sizes, draw_weights


class LSTMClassifier(eqx.Module):
    r"""One number for a sequence of words: embedding, stacked LSTMs, linear readout at the end,

    $$ f(w_1, \dots, w_T) = v \cdot h^{(L)}_T + v_0, \qquad h^{(0)}_t = E_{w_t} . $$

    A layer is the long short-term memory of :class:`equinox.nn.LSTMCell`,

    $$ (i, f, g, o) = W x_t + U h_{t-1} + b, \quad
       c_t = \sigma(f)\, c_{t-1} + \sigma(i) \tanh g, \quad h_t = \sigma(o) \tanh c_t . $$

    Padding is a word like any other: sequences are padded on the left, so that the last state has
    just read the text.

    Parameters
    ----------
    embedding
        $E$: one row a word; row 0 is the padding.
    cells
        One for each layer, from the embedding upwards.
    readout, bias
        $v$, $v_0$; the probability of the positive class is $\sigma(f)$.

    [liu2022omnigrok, code]
    """

    embedding: Float[Array, "words embedding"]
    cells: tuple[eqx.nn.LSTMCell, ...]
    readout: Float[Array, " hidden"]
    bias: Float[Array, ""]

    @classmethod
    def init(
        cls, num_words: int, *, embedding: int = 64, hidden: int = 128, depth: int = 2, key: Array
    ) -> LSTMClassifier:
        r"""Draw a network as PyTorch does by default; the other defaults are the paper's.

        Embeddings are $\mathcal N(0, 1)$, all else uniform in $\pm1/\sqrt{\text{hidden}}$. A layer
        has one bias, where PyTorch adds two.

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
                eqx.nn.LSTMCell(size, hidden, key=one)
                for size, one in zip(inputs, keys, strict=True)
            ),
            readout,
            bias,
        )

    def __call__(self, words: Int[Array, " steps"]) -> Float[Array, ""]:
        """Output for one sequence."""
        states = self.embedding[words]
        rest = jnp.zeros_like(self.readout)
        for cell in self.cells:

            def step(
                state: tuple[Array, Array], value: Array, cell: eqx.nn.LSTMCell = cell
            ) -> tuple[tuple[Array, Array], Array]:
                state = cell(value, state)
                return state, state[0]

            states = jax.lax.scan(step, (rest, rest), states)[1]
        return states[-1] @ self.readout + self.bias

"""Dense networks of any depth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import (
    ACTIVATIONS,
    INITIALIZATIONS,
    check_choice,
    check_scale,
    check_sizes,
    draw_bias,
    draw_weights,
)

COMBINATIONS = ("matrix_product", "product", "sum")


class MLP(eqx.Module):
    r"""Dense network

    $$ f(x) = W_L\, \sigma(\dots \sigma(W_1 x + b_1) \dots) + b_L . $$

    Parameters
    ----------
    weights
        $W_1, \dots, W_L$, one row per unit.
    biases
        $b_1, \dots, b_L$; None where a layer has none.
    activation
        $\sigma$: `square`, `relu`, `silu`, `tanh`, `relu_squared` or `linear`.

    A network with one output returns a scalar.
    """

    weights: tuple[Float[Array, "_ _"], ...]
    biases: tuple[Float[Array, " _"] | None, ...]
    activation: str = eqx.field(static=True, default="relu")

    @classmethod
    def init(
        cls,
        sizes: Sequence[int],
        *,
        activation: str = "relu",
        initialization: str = "kaiming_normal",
        biases: bool | Literal["first"] = True,
        scale: float | Float[Array, ""] = 1.0,
        zero_readout: bool = False,
        key: Array,
    ) -> MLP:
        r"""Draw a network with layers of the given sizes, from the inputs to the outputs.

        Parameters
        ----------
        sizes
            Number of inputs, of units of every hidden layer, and of outputs: at least two numbers.
        activation
            Of the hidden layers.
        initialization
            `kaiming_normal`: $\mathcal N(0, 2/\text{fan-in})$, the last layer
            $\mathcal N(0, 1/\text{fan-in})$, no biases at first [lyu2023dichotomy, code].
            `torch_uniform`: weights and biases in $\pm 1/\sqrt{\text{fan-in}}$, the default of
            `torch.nn.Linear`. `xavier_uniform`: uniform in
            $\pm\sqrt{6/(\text{fan-in}+\text{units})}$, `standard_normal`: $\mathcal N(0, 1)$,
            both without biases at first.
        biases
            Whether layers have biases; `"first"` gives them to the first layer alone, so that a
            ReLU network stays homogeneous in its parameters.
        scale
            Multiplies all weights, not the biases; may be traced.
        zero_readout
            Start the last layer at zero, and with it the output.

        Raises
        ------
        ValueError
            For too few layers, a size below 1, or an unknown activation or initialization.
        """
        if len(sizes) < 2:
            raise ValueError(f"sizes must name at least inputs and outputs, got {list(sizes)}")
        check_sizes({f"sizes[{i}]": size for i, size in enumerate(sizes)})
        check_choice("activation", activation, list(ACTIVATIONS))
        check_choice("initialization", initialization, INITIALIZATIONS)
        if biases not in (True, False, "first"):
            raise ValueError(f"biases must be True, False or 'first', got {biases!r}")
        depth = len(sizes) - 1
        weight_arrays, bias_arrays = [], []
        keys = jax.random.split(key, (depth, 2))
        for layer, (fan_in, units) in enumerate(pairwise(sizes)):
            is_last = layer == depth - 1
            weights = scale * draw_weights(
                initialization,
                (units, fan_in),
                fan_in=fan_in,
                is_readout=is_last,
                key=keys[layer, 0],
            )
            has_bias = layer == 0 if biases == "first" else biases
            bias = draw_bias(initialization, units, fan_in=fan_in, key=keys[layer, 1])
            if is_last and zero_readout:
                weights, bias = 0 * weights, 0 * bias
            weight_arrays.append(weights)
            bias_arrays.append(bias if has_bias else None)
        return cls(tuple(weight_arrays), tuple(bias_arrays), activation)

    def __call__(self, inputs: Float[Array, " inputs"]) -> Float[Array, "*outputs"]:
        """Outputs for one sample."""
        return self._forward(inputs)

    def batched(self, inputs: Float[Array, "samples inputs"]) -> Float[Array, "samples ..."]:
        """Outputs for many samples."""
        return self._forward(inputs)

    def _forward(self, values: Float[Array, "*samples inputs"]) -> Float[Array, "*outputs"]:
        for layer, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if layer > 0:
                values = ACTIVATIONS[self.activation](values)
            values = values @ weights.T
            if bias is not None:
                values = values + jnp.broadcast_to(bias, values.shape)
        return values[..., 0] if values.shape[-1] == 1 else values


class EmbeddingMLP(eqx.Module):
    r"""Network on pairs of operands that are embedded, combined, and decoded,

    $$ f(a, b) = \operatorname{MLP}(E_a \circ E_b), $$

    with a sum, an elementwise product, or the product of two matrices (then flattened). Nothing but
    rows of $E$ is gathered.

    Parameters
    ----------
    embedding
        $E$: a vector or a matrix for every operand value; two such tables, one for each place, if
        they are not shared.
    decoder
        The network behind them.
    combine
        `sum`, `product` or `matrix_product`.
    is_shared
        Whether both operands use the same table.

    [notsawo2025norm, code; liu2022effective, Sec. 2]
    """

    embedding: Float[Array, "*tables operands *code"]
    decoder: MLP
    combine: str = eqx.field(static=True, default="product")
    is_shared: bool = eqx.field(static=True, default=False)

    @classmethod
    def init(
        cls,
        num_operands: int,
        *,
        embedding: int = 64,
        hidden: Sequence[int] = (64,),
        num_outputs: int | None = None,
        combine: str = "product",
        shared: bool = False,
        activation: str = "relu",
        initialization: str = "torch_uniform",
        biases: bool | Literal["first"] = False,
        embedding_bound: float | Float[Array, ""] | None = None,
        scale: float | Float[Array, ""] = 1.0,
        key: Array,
    ) -> EmbeddingMLP:
        r"""Draw a network; the defaults are those of [notsawo2025norm].

        The network of [liu2022effective, Sec. 3] is `init(10, embedding=1, hidden=(200, 200),
        num_outputs=30, combine="sum", shared=True, activation="tanh", biases=True,
        embedding_bound=0.5, key=key)`.

        Parameters
        ----------
        num_operands
            Number of values an operand can have.
        embedding
            Length of an embedding vector; for `matrix_product`, rows of a square matrix.
        hidden
            Widths of the hidden layers of the decoder.
        num_outputs
            `num_operands` by default.
        combine
            `sum`, `product` (elementwise) or `matrix_product`.
        shared
            Whether both operands use the same table.
        activation, initialization, biases
            Of the decoder, see :meth:`MLP.init`.
        embedding_bound
            Embeddings are uniform in $\pm$ this bound, which may be traced; by default they are
            drawn as linear layers on one-hot operands, the number of operands being their fan-in.
        scale
            Multiplies all weights, not the biases; may be traced.

        Raises
        ------
        ValueError
            As :meth:`MLP.init`, for an unknown combination, a size below 1, or a bound that is not
            positive.
        """
        num_outputs = num_operands if num_outputs is None else num_outputs
        check_sizes({"num_operands": num_operands, "embedding": embedding})
        check_choice("combine", combine, COMBINATIONS)
        is_matrix = combine == "matrix_product"
        embedding_key, decoder_key = jax.random.split(key)
        decoder = MLP.init(
            (embedding**2 if is_matrix else embedding, *hidden, num_outputs),
            activation=activation,
            initialization=initialization,
            biases=biases,
            scale=scale,
            key=decoder_key,
        )
        code = (embedding, embedding) if is_matrix else (embedding,)
        shape = (num_operands, *code) if shared else (2, num_operands, *code)
        if embedding_bound is None:
            table = draw_weights(
                initialization, shape, fan_in=num_operands, is_readout=False, key=embedding_key
            )
        else:
            check_scale(embedding_bound, "embedding_bound")
            table = embedding_bound * jax.random.uniform(embedding_key, shape, minval=-1.0)
        return cls(scale * table, decoder, combine, shared)

    def __call__(self, operands: Int[Array, "pair=2"]) -> Float[Array, "*outputs"]:
        """Outputs for one pair of operands."""
        return self.decoder(self.code(operands))

    def batched(self, operands: Int[Array, "samples pair=2"]) -> Float[Array, "samples ..."]:
        """Outputs for many pairs."""
        return self.decoder.batched(self.code(operands))

    def code(self, operands: Int[Array, "*samples pair=2"]) -> Float[Array, "*samples inputs"]:
        """Combined embeddings of one pair of operands, or of many: what the decoder sees."""
        tables = (self.embedding, self.embedding) if self.is_shared else self.embedding
        first, second = (table[operands[..., i]] for i, table in enumerate(tables))
        if self.combine == "matrix_product":
            products = first @ second
            return products.reshape(*products.shape[:-2], -1)
        return first + second if self.combine == "sum" else first * second

"""The two-layer network of the modular-arithmetic literature."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import (
    ACTIVATIONS,
    INITIALIZATIONS,
    check_choice,
    check_sizes,
    draw_bias,
    draw_weights,
)


class TwoLayerNet(eqx.Module):
    r"""Network on pairs of one-hot operands,

    $$ f_c(g, h) = \sum_j V_{cj}\, \sigma(u_{gj} + v_{hj} + b_j), $$

    where $u$ and $v$ are the two halves of the first layer. The products with one-hot vectors are
    gathers of rows.

    Parameters
    ----------
    hidden
        $(u, v)$: first-layer weights, one row per operand value.
    readout
        $V$: second-layer weights, stored with the shorter axis first, which the CPU's matrix
        products prefer.
    activation
        `square`, `relu`, `silu`, `tanh`, `relu_squared` or `linear`.
    bias
        $b$, or None for a network without.
    """

    hidden: Float[Array, "*batch 2 operands width"]
    readout: Float[Array, "*batch classes width"]
    activation: str = eqx.field(static=True, default="square")
    bias: Float[Array, "*batch width"] | None = None

    @classmethod
    def init(
        cls,
        num_operands: int,
        width: int,
        *,
        num_classes: int | None = None,
        activation: str = "square",
        initialization: str = "torch_uniform",
        bias: bool = False,
        scale: float | Float[Array, ""] = 1.0,
        readout_scale: float | Float[Array, ""] = 1.0,
        key: Array,
    ) -> TwoLayerNet:
        r"""Draw a network; by default as `torch.nn.Linear` does [tian2025li2, code].

        Parameters
        ----------
        num_operands, width, num_classes
            Sizes; as many classes as operands by default.
        activation
            $\sigma$.
        initialization
            `torch_uniform`: uniform in $\pm 1/\sqrt{\text{fan-in}}$, biases, too.
            `kaiming_normal`: $\mathcal N(0, 2/\text{fan-in})$ in the first layer and
            $\mathcal N(0, 1/\text{fan-in})$ in the second, biases zero [lyu2023dichotomy, code].
            `standard_normal`: $\mathcal N(0, 1)$, biases zero. The fan-in of the first layer
            counts both one-hot operands, $2M$.
        bias
            Whether the first layer has biases.
        scale
            Multiplies all weights, not the biases; may be traced.
        readout_scale
            Multiplies the second layer in addition; 0 starts it at zero.

        Raises
        ------
        ValueError
            For a width or a number of operands or classes below 1, or an unknown activation or
            initialization.
        """
        num_classes = num_operands if num_classes is None else num_classes
        check_sizes({"num_operands": num_operands, "width": width, "num_classes": num_classes})
        check_choice("activation", activation, list(ACTIVATIONS))
        check_choice("initialization", initialization, INITIALIZATIONS)
        hidden_key, readout_key = jax.random.split(key)
        fan_in, offsets = 2 * num_operands, None
        if bias:
            hidden_key, bias_key = jax.random.split(hidden_key)
            offsets = draw_bias(initialization, width, fan_in=fan_in, key=bias_key)
        hidden = draw_weights(
            initialization,
            (2, num_operands, width),
            fan_in=fan_in,
            is_readout=False,
            key=hidden_key,
        )
        readout = draw_weights(
            initialization, (num_classes, width), fan_in=width, is_readout=True, key=readout_key
        )
        return cls(scale * hidden, scale * readout_scale * readout, activation, offsets)

    def __call__(self, operands: Int[Array, "pair=2"]) -> Float[Array, " classes"]:
        """Outputs for one pair of operands."""
        return self.readout @ self.features(operands)

    def features(self, operands: Int[Array, "*samples pair=2"]) -> Float[Array, "*samples width"]:
        """Hidden activations for one pair of operands, or for many."""
        left, right = self.hidden
        field = left[operands[..., 0]] + right[operands[..., 1]]
        if self.bias is not None:
            field = field + jnp.broadcast_to(self.bias, field.shape)
        return ACTIVATIONS[self.activation](field)

    def batched(self, operands: Int[Array, "samples pair=2"]) -> Float[Array, "samples classes"]:
        """Outputs for many pairs of operands."""
        return self.features(operands) @ self.readout.T


class QuadraticTripleNet(eqx.Module):
    r"""The quadratic network on triples $(a, b, c)$: output $c$ of a two-layer net at $(a, b)$,

    $$ f(a, b, c) = \sum_j V_{cj}\, (u_{aj} + v_{bj})^2 . $$

    Only the needed output is computed: $O(h)$ for a triple instead of $O(ph)$.

    Parameters
    ----------
    net
        The two-layer network whose output is read, with activation `square`.

    [mohamadi2024kernel, Sec. 2]
    """

    net: TwoLayerNet

    def __check_init__(self):
        if self.net.activation != "square":
            raise ValueError(f"net must have activation 'square', got {self.net.activation!r}")

    @classmethod
    def init(
        cls,
        modulus: int,
        width: int,
        *,
        initialization: str = "torch_uniform",
        scale: float | Float[Array, ""] = 1.0,
        key: Array,
    ) -> QuadraticTripleNet:
        """Draw a network as :meth:`TwoLayerNet.init` does."""
        return cls(
            TwoLayerNet.init(modulus, width, initialization=initialization, scale=scale, key=key)
        )

    def __call__(self, triple: Int[Array, "triple=3"]) -> Float[Array, ""]:
        """Output for one triple."""
        return self.net.features(triple[:2]) @ self.net.readout[triple[2]]

    def batched(self, triples: Int[Array, "samples triple=3"]) -> Float[Array, " samples"]:
        """Outputs for many triples."""
        return jnp.sum(self.net.features(triples[:, :2]) * self.net.readout[triples[:, 2]], axis=1)

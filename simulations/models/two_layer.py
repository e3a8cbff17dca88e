"""The two-layer network of the modular-arithmetic literature, without biases."""

from __future__ import annotations

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "square": jnp.square,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "relu_squared": lambda x: jnp.square(jax.nn.relu(x)),
}


class TwoLayerNet(eqx.Module):
    r"""Network on pairs of one-hot operands,

    $$ f_c(g, h) = \sum_j V_{cj}\, \sigma(u_{gj} + v_{hj}), $$

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
        `square`, `relu`, `silu` or `relu_squared`.
    """

    hidden: Float[Array, "*batch 2 operands width"]
    readout: Float[Array, "*batch classes width"]
    activation: str = eqx.field(static=True, default="square")

    @classmethod
    def init(
        cls,
        num_operands: int,
        width: int,
        *,
        num_classes: int | None = None,
        activation: str = "square",
        readout_scale: float | Float[Array, ""] = 1.0,
        key: Array,
    ) -> TwoLayerNet:
        r"""Draw weights uniformly from $\pm 1/\sqrt{\text{fan-in}}$, as `torch.nn.Linear` does.

        The fan-in of the first layer counts both one-hot operands, $2M$. `readout_scale` multiplies
        the second layer: 0 starts it at zero. [tian2025li2, code]

        Raises
        ------
        ValueError
            For a width or a number of operands or classes below 1, or an unknown activation.
        """
        num_classes = num_operands if num_classes is None else num_classes
        for name, value in (
            ("num_operands", num_operands),
            ("width", width),
            ("num_classes", num_classes),
        ):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}, got {activation!r}")
        hidden_key, readout_key = jax.random.split(key)
        hidden_bound, readout_bound = 1 / math.sqrt(2 * num_operands), 1 / math.sqrt(width)
        hidden = jax.random.uniform(
            hidden_key, (2, num_operands, width), minval=-hidden_bound, maxval=hidden_bound
        )
        readout = jax.random.uniform(
            readout_key, (num_classes, width), minval=-readout_bound, maxval=readout_bound
        )
        return cls(hidden, readout_scale * readout, activation)

    def __call__(self, operands: Int[Array, "pair=2"]) -> Float[Array, " classes"]:
        """Outputs for one pair of operands."""
        return self.readout @ self.features(operands)

    def features(self, operands: Int[Array, "pair=2"]) -> Float[Array, " width"]:
        """Hidden activations for one pair of operands."""
        left, right = self.hidden
        return ACTIVATIONS[self.activation](left[operands[0]] + right[operands[1]])

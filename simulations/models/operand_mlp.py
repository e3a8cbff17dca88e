"""A network on pairs of operands that share an embedding and have linear maps of their own."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import check_sizes


class OperandMLP(eqx.Module):
    r"""One hidden layer over a shared embedding, with a linear map for each place,

    $$ f(a, b) = V\,\mathrm{GELU}(W_1E_a+c_1+W_2E_b+c_2) . $$

    Parameters
    ----------
    embedding
        $E$, one row an operand.
    maps, biases
        $W_1, W_2$ and $c_1, c_2$.
    readout
        $V$, without a bias.

    [lakkapragada2025slt, Sec. 3]
    """

    embedding: Float[Array, "operands code"]
    maps: Float[Array, "pair=2 hidden code"]
    biases: Float[Array, "pair=2 hidden"]
    readout: Float[Array, "outputs hidden"]

    @classmethod
    def init(
        cls, num_operands: int, *, embedding: int = 12, hidden: int = 48, key: Array
    ) -> OperandMLP:
        r"""Draw embeddings from $\mathcal N(0, 1)$ and all else as PyTorch does.

        That is, weights and biases in $\pm1/\sqrt{\text{fan-in}}$.

        Raises
        ------
        ValueError
            For a size below 1.
        """
        check_sizes({"num_operands": num_operands, "embedding": embedding, "hidden": hidden})
        keys = jax.random.split(key, 4)

        def uniform(key: Array, shape: tuple[int, ...], fan_in: int) -> Array:
            return jax.random.uniform(key, shape, minval=-1.0) / fan_in**0.5

        return cls(
            jax.random.normal(keys[0], (num_operands, embedding)),
            uniform(keys[1], (2, hidden, embedding), embedding),
            uniform(keys[2], (2, hidden), embedding),
            uniform(keys[3], (num_operands, hidden), hidden),
        )

    def __call__(self, operands: Int[Array, "pair=2"]) -> Float[Array, " outputs"]:
        """Outputs for one pair."""
        return self.batched(operands[None])[0]

    def batched(self, operands: Int[Array, "samples pair=2"]) -> Float[Array, "samples outputs"]:
        """Outputs for many pairs; what the maps make of every operand is computed once."""
        tables = jnp.einsum("phc,oc->poh", self.maps, self.embedding) + self.biases[:, None]
        hidden = jax.nn.gelu(
            tables[0, operands[:, 0]] + tables[1, operands[:, 1]], approximate=False
        )
        return hidden @ self.readout.T

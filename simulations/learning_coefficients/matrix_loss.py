r"""The squared loss of networks that are linear in their input, by moments of the data.

With $M(w)$ the matrix of the network, $D = M(w)-M(w^*)$ and $r = y-M(w^*)x$ at the minimum,

$$L(w)-L(w^*) = c\,\big(\mathrm{tr}\,D\,\overline{xx^T}D^T
  -2\,\mathrm{tr}\,D\,\overline{x r^T}\big),$$

exactly and without cancellation, in a time that does not depend on the number of samples.
"""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

_SMALL = 4096  # products of numbers


def linear_network(layers: Sequence[Float[Array, "_ _"]]) -> Float[Array, "outputs inputs"]:
    r"""Matrix of a deep linear network, $W_L\cdots W_1$, for :class:`MatrixLoss`.

    As `W_L @ ... @ W_1`, but several times as fast for many chains of small layers.
    """
    product = layers[0]
    for layer in layers[1:]:
        if layer.size * product.shape[1] > _SMALL:
            product = layer @ product
        else:  # XLA's batched product of matrices is slow where they are small
            product = jnp.sum(layer[:, :, None] * product[None], axis=1)
    return product


class MatrixLoss(eqx.Module):
    r"""Squared loss $c\,|y-M(w)x|^2$ of a network linear in its input.

    Parameters
    ----------
    matrix
        $M$ of the parameters, `[outputs, inputs]`. Data are `(x, y)` with the samples first;
        features of $x$ make any model that is linear in them.
    factor
        $c$, one half by default.
    """

    matrix: Callable[[PyTree], Float[Array, "outputs inputs"]]
    factor: float = 0.5

    def __call__(
        self, parameters: PyTree, batch: tuple[Float[Array, "samples _"], Float[Array, "samples _"]]
    ) -> Float[Array, " samples"]:
        """Loss of every sample."""
        inputs, targets = batch
        residuals = targets - inputs @ self.matrix(parameters).T
        return self.factor * jnp.sum(residuals**2, axis=-1)

    def prepare(
        self, center: PyTree, batch: tuple[Float[Array, "samples _"], Float[Array, "samples _"]]
    ) -> tuple[Array, Array, Array]:
        """Matrix of the center, and the moments of a batch."""
        inputs, targets = batch
        matrix = self.matrix(center)
        residuals = targets - inputs @ matrix.T
        return matrix, inputs.T @ inputs / len(inputs), residuals.T @ inputs / len(inputs)

    def excess(self, parameters: PyTree, prepared: tuple[Array, Array, Array]) -> Float[Array, ""]:
        """Mean loss of the batch, less that of the center."""
        matrix, squares, crosses = prepared
        change = self.matrix(parameters) - matrix
        moved = linear_network([squares, change])
        return self.factor * jnp.sum(change * (moved - 2 * crosses))

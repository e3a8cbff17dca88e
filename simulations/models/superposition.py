r"""A toy model of superposition, and its loss over all inputs.

$$f(x) = \mathrm{ReLU}(W^\top Wx+b), \qquad x = \mu e_i .$$
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._layers import check_sizes

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(2)  # exact for parabolas


class Superposition(eqx.Module):
    r"""Autoencoder of one-hot features with tied weights and fewer hidden dimensions.

    Parameters
    ----------
    weights, biases
        $W$ and $b$.

    [lakkapragada2025slt, Sec. 3]
    """

    weights: Float[Array, "hidden features"]
    biases: Float[Array, " features"]

    @classmethod
    def polygon(
        cls,
        sides: int,
        *,
        features: int,
        length: float,
        noise: float = 0.0,
        bias_scale: float = 0.0,
        key: Array,
    ) -> Superposition:
        r"""Start near a regular polygon in two hidden dimensions.

        Parameters
        ----------
        sides, features
            How many columns form the polygon, of how many; the others are zero.
        length
            Of the columns.
        noise
            Standard deviation of normal noise on all weights.
        bias_scale
            Standard deviation of the biases.

        Raises
        ------
        ValueError
            If there are fewer features than sides, or a size is below 1.
        """
        check_sizes({"sides": sides, "features": features})
        if sides > features:
            raise ValueError(f"sides must be at most features, {features}, got {sides}")
        angles = 2 * np.pi * np.arange(sides) / sides
        weights = np.zeros((2, features))
        weights[:, :sides] = length * np.stack([np.cos(angles), np.sin(angles)])
        weight_key, bias_key = jax.random.split(key)
        return cls(
            jnp.asarray(weights, jnp.float32)
            + noise * jax.random.normal(weight_key, (2, features)),
            bias_scale * jax.random.normal(bias_key, (features,)),
        )

    def __call__(self, inputs: Float[Array, " features"]) -> Float[Array, " features"]:
        """Outputs for one sample."""
        return jax.nn.relu(self.weights.T @ (self.weights @ inputs) + self.biases)

    def batched(self, inputs: Float[Array, "samples features"]) -> Float[Array, "samples features"]:
        """Outputs for many samples."""
        hidden = inputs @ self.weights.T
        return jax.nn.relu(hidden @ self.weights + self.biases[None])


def superposition_loss(model: Superposition) -> Float[Array, ""]:
    r"""Return the loss over all inputs, $\mu$ uniform in $[0, 1]$, summed over outputs.

    An integral of parabolas on both sides of every kink, by Gauss-Legendre nodes: exact, smooth
    where the loss is, and without division by small overlaps.
    """
    overlaps, biases = model.weights.T @ model.weights, model.biases[None]
    is_flat = jnp.abs(overlaps) < 1e-12
    kink = jnp.clip(-biases / jnp.where(is_flat, 1.0, overlaps), 0.0, 1.0)
    kink = jnp.where(is_flat, 0.0, kink)
    total = jnp.zeros(())
    for low, high in ((jnp.zeros_like(kink), kink), (kink, jnp.ones_like(kink))):
        for point, weight in zip(_POINTS.tolist(), _WEIGHTS.tolist(), strict=True):
            amplitude = (low + high + (high - low) * point) / 2
            errors = jax.nn.relu(amplitude * overlaps + biases) - amplitude * jnp.eye(len(overlaps))
            total = total + jnp.sum(weight * (high - low) / 2 * errors**2)
    return total / len(overlaps)

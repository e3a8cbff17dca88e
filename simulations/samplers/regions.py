"""Where walkers may arrive."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class AnyWell(eqx.Module):
    r"""Whether a walker is in one of some wells, deep enough to have arrived.

    $$\tfrac12(x-x_j)^\top H_j\,(x-x_j)\le\left(\tfrac d2+1\right)\theta,$$

    one temperature above the mean in equilibrium.

    Parameters
    ----------
    bottoms, hessians
        $x_j$ and $H_j$ of the wells.
    temperature
        $\theta$.
    """

    bottoms: Float[Array, "wells dimensions"]
    hessians: Float[Array, "wells dimensions dimensions"]
    temperature: Float[Array, ""]

    def __call__(self, position: Float[Array, " dimensions"]) -> Bool[Array, ""]:
        """Judge one walker."""
        offsets = position[None] - self.bottoms
        energies = jnp.einsum("wi,wij,wj->w", offsets, self.hessians, offsets) / 2
        return jnp.any(energies <= (self.bottoms.shape[1] / 2 + 1) * self.temperature)

"""Random vectors that tasks hide in their targets, and products with them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def unit_vector(dimension: int, *, key: Array) -> Float[Array, " dimension"]:
    """Draw a direction uniformly from the sphere."""
    vector = jax.random.normal(key, (dimension,), jnp.float32)
    return vector / jnp.linalg.norm(vector)


def sparse_signs(dimension: int, sparsity: int, *, key: Array) -> Float[Array, " dimension"]:
    """Draw a vector of `sparsity` entries +1 or -1 at uniformly random places, zero elsewhere."""
    support_key, sign_key = jax.random.split(key)
    support = jax.random.permutation(support_key, dimension)[:sparsity]
    signs = jax.random.rademacher(sign_key, (sparsity,), jnp.float32)
    return jnp.zeros(dimension, jnp.float32).at[support].set(signs)


def product(left: Float[Array, "rows ..."], right: Float[Array, "..."]) -> Float[Array, "..."]:
    """Return `left @ right` with full precision, on accelerators that would round the factors.

    A rounded product would act like noise on the targets.
    """
    return jnp.matmul(left, right, precision="highest")

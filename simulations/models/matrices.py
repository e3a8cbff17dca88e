r"""Predictors that are a matrix $W$, by its entries or by factors of it.

The input is an index pair $(i, j)$, for which the output is $W_{ij}$ (completion), or a matrix
$X$, for which it is $\sum_{ij} X_{ij} W_{ij}$ (sensing). [lyu2023dichotomy; notsawo2025norm]
"""

from __future__ import annotations

import math
from functools import reduce
from operator import matmul

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from ._layers import check_choice, check_scale, check_sizes

Pair = Int[Array, "pair=2"]
Pairs = Int[Array, "samples pair=2"]


class MatrixModel(eqx.Module):
    r"""The matrix $W$ itself.

    Parameters
    ----------
    matrix
        $W$.
    """

    matrix: Float[Array, "rows columns"]

    @classmethod
    def init(
        cls,
        num_rows: int,
        num_columns: int,
        *,
        scale: float | Float[Array, ""] = 1e-6,
        initialization: str = "identity",
        key: Array | None = None,
    ) -> MatrixModel:
        r"""Start at `scale` times the identity (rectangular: ones on the diagonal), or at noise.

        `gaussian` draws entries from $\mathcal N(0, \text{scale}^2 / (n_1 n_2))$ and needs a key.
        [notsawo2025norm, code]

        Raises
        ------
        ValueError
            For a size below 1, an unknown initialization, or a missing key.
        """
        check_sizes({"num_rows": num_rows, "num_columns": num_columns})
        _check_initialization(initialization, key)
        return cls(scale * _start(initialization, num_rows, num_columns, key))

    @property
    def weights(self) -> Float[Array, "rows columns"]:
        """The matrix."""
        return self.matrix

    def __call__(self, inputs: Pair | Float[Array, "rows columns"]) -> Float[Array, ""]:
        """Output for one index pair or one matrix."""
        return _read_one(self.weights, inputs)

    def batched(
        self, inputs: Pairs | Float[Array, "samples rows columns"]
    ) -> Float[Array, " samples"]:
        """Outputs for many index pairs or matrices."""
        return _read(self.weights, inputs)


class MatrixProduct(eqx.Module):
    r"""Deep linear factorization $W = A_1 A_2 \cdots A_L$.

    Parameters
    ----------
    factors
        $A_1, \dots, A_L$.

    [notsawo2025norm, Sec. 3.5]
    """

    factors: tuple[Float[Array, "_ _"], ...]

    @classmethod
    def init(
        cls,
        num_rows: int,
        num_columns: int,
        depth: int,
        *,
        inner: int | None = None,
        scale: float | Float[Array, ""] = 1e-6,
        initialization: str = "identity",
        key: Array | None = None,
    ) -> MatrixProduct:
        r"""Start every factor as :meth:`MatrixModel.init` does.

        `inner` is the common inner dimension, by default the smaller side of $W$.
        [notsawo2025norm, code]

        Raises
        ------
        ValueError
            For a size below 1, an unknown initialization, or a missing key.
        """
        inner = min(num_rows, num_columns) if inner is None else inner
        check_sizes(
            {"num_rows": num_rows, "num_columns": num_columns, "depth": depth, "inner": inner}
        )
        _check_initialization(initialization, key)
        sides = [num_rows, *[inner] * (depth - 1), num_columns]
        keys = [None] * depth if key is None else jax.random.split(key, depth)
        return cls(
            tuple(
                scale * _start(initialization, rows, columns, factor_key)
                for rows, columns, factor_key in zip(sides, sides[1:], keys, strict=False)
            )
        )

    @property
    def weights(self) -> Float[Array, "rows columns"]:
        """The product of the factors."""
        return reduce(matmul, self.factors)

    def __call__(self, inputs: Pair | Float[Array, "rows columns"]) -> Float[Array, ""]:
        """Output for one index pair or one matrix."""
        return _read_one(self.weights, inputs)

    def batched(
        self, inputs: Pairs | Float[Array, "samples rows columns"]
    ) -> Float[Array, " samples"]:
        """Outputs for many index pairs or matrices."""
        return _read(self.weights, inputs)


class SymmetricFactorization(eqx.Module):
    r"""Symmetric matrix $W = U U^T - V V^T$ of any signature.

    Parameters
    ----------
    u, v
        $U$ and $V$.

    [lyu2023dichotomy, Sec. 3]
    """

    u: Float[Array, "dimension inner"]
    v: Float[Array, "dimension inner"]

    @classmethod
    def init(
        cls,
        dimension: int,
        *,
        scale: float | Float[Array, ""],
        noise: float = 0.0,
        key: Array | None = None,
    ) -> SymmetricFactorization:
        r"""Start at $U = V = \alpha I$, plus Gaussian noise of standard deviation `noise`.

        Without noise $W = 0$ exactly and needs no key. With it, $U$ and $V$ get different noise.
        [lyu2023dichotomy, Cor. 3.11, Thm 3.12]

        Raises
        ------
        ValueError
            For a dimension below 1, a scale that is not positive, a negative noise, or noise
            without a key.
        """
        check_sizes({"dimension": dimension})
        check_scale(scale)
        if noise < 0:
            raise ValueError(f"noise must be non-negative, got {noise}")
        u = v = scale * jnp.eye(dimension)
        if noise > 0:
            if key is None:
                raise ValueError(f"noise = {noise} needs a key")
            draws = noise * jax.random.normal(key, (2, dimension, dimension))
            u, v = u + draws[0], v + draws[1]
        return cls(u, v)

    @property
    def weights(self) -> Float[Array, "dimension dimension"]:
        r"""The matrix $W$, as the symmetric part of $(U + V)(U - V)^T$.

        One product instead of two, three instead of six with the gradient.
        """
        product = (self.u + self.v) @ (self.u - self.v).T
        return (product + product.T) / 2

    def __call__(self, inputs: Pair | Float[Array, "dimension dimension"]) -> Float[Array, ""]:
        """Output for one index pair or one matrix."""
        return _read_one(self.weights, inputs)

    def batched(
        self, inputs: Pairs | Float[Array, "samples dimension dimension"]
    ) -> Float[Array, " samples"]:
        """Outputs for many index pairs or matrices."""
        return _read(self.weights, inputs)


def _read_one(matrix: Array, inputs: Array) -> Float[Array, ""]:
    if jnp.issubdtype(inputs.dtype, jnp.integer):
        return matrix[inputs[0], inputs[1]]
    return jnp.vdot(inputs, matrix)


def _read(matrix: Array, inputs: Array) -> Float[Array, " samples"]:
    if jnp.issubdtype(inputs.dtype, jnp.integer):
        return matrix[inputs[:, 0], inputs[:, 1]]
    return jnp.tensordot(inputs, matrix, axes=2)


def _check_initialization(initialization: str, key: Array | None) -> None:
    check_choice("initialization", initialization, ("identity", "gaussian"))
    if initialization == "gaussian" and key is None:
        raise ValueError("initialization 'gaussian' needs a key")


def _start(initialization: str, rows: int, columns: int, key: Array | None) -> Array:
    if initialization == "identity" or key is None:
        return jnp.eye(rows, columns)
    return jax.random.normal(key, (rows, columns)) / math.sqrt(rows * columns)

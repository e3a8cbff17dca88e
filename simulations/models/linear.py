r"""Linear predictors $f(x) = w \cdot x$, by their weights or by factors of these.

What a linear predictor computes does not depend on how $w$ is written; what gradient descent with
small initial weights or with weight decay finds does: the minimal $\ell_2$ norm for $w$ itself, the
minimal $\ell_1$ norm for $w = u \circ u - v \circ v$. [lyu2023dichotomy; notsawo2025norm]
"""

from __future__ import annotations

from functools import reduce
from operator import mul

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._layers import check_scale, check_sizes


class LinearModel(eqx.Module):
    r"""The predictor $f(x) = w \cdot x$.

    Parameters
    ----------
    weights
        $w$.
    """

    weights: Float[Array, " dimension"]

    def __call__(self, inputs: Float[Array, " dimension"]) -> Float[Array, ""]:
        """Output for one sample."""
        return inputs @ self.weights

    def batched(self, inputs: Float[Array, "samples dimension"]) -> Float[Array, " samples"]:
        """Outputs for many samples."""
        return inputs @ self.weights


class DiagonalNet(eqx.Module):
    r"""Diagonal linear network of depth $L$,

    $$ f(x) = \sum_k (u_k^L - v_k^L)\, x_k . $$

    Parameters
    ----------
    u, v
        Weights of the positive and of the negative half.
    depth
        $L \ge 1$; the network is $L$-homogeneous.

    [lyu2023dichotomy, Sec. 3]
    """

    u: Float[Array, " dimension"]
    v: Float[Array, " dimension"]
    depth: int = eqx.field(static=True, default=2)

    def __check_init__(self):
        check_sizes({"depth": self.depth})

    @classmethod
    def init(
        cls, dimension: int, *, scale: float | Float[Array, ""], depth: int = 2
    ) -> DiagonalNet:
        r"""Start at zero output, $u_k = v_k = \alpha$.

        `scale` is $\alpha$ per coordinate; the official code's is the norm of all $2d$ weights,
        $\alpha \sqrt{2d}$. [lyu2023dichotomy, code]

        Raises
        ------
        ValueError
            For a dimension or depth below 1, or a scale that is not positive.
        """
        check_sizes({"dimension": dimension})
        check_scale(scale)
        weights = jnp.full(dimension, scale, dtype=float)
        return cls(weights, weights, depth)

    @property
    def weights(self) -> Float[Array, " dimension"]:
        r"""The predictor $w = u^L - v^L$."""
        return self.u**self.depth - self.v**self.depth

    def __call__(self, inputs: Float[Array, " dimension"]) -> Float[Array, ""]:
        """Output for one sample."""
        return inputs @ self.weights

    def batched(self, inputs: Float[Array, "samples dimension"]) -> Float[Array, " samples"]:
        """Outputs for many samples."""
        return inputs @ self.weights


class HadamardNet(eqx.Module):
    r"""Linear predictor whose weights are an elementwise product of $L$ factors,

    $$ f(x) = (a_1 \circ \dots \circ a_L) \cdot x . $$

    Parameters
    ----------
    factors
        $a_1, \dots, a_L$, one a row.

    [notsawo2025norm, Sec. 3.5]
    """

    factors: Float[Array, "depth dimension"]

    @classmethod
    def init(
        cls, dimension: int, depth: int, *, scale: float | Float[Array, ""] = 1e-6
    ) -> HadamardNet:
        r"""Start all factors at `scale`, so that $w_k = \text{scale}^L$.

        Equal positive factors stay equal, and for $L = 2$ the weights never change sign: signed
        targets need other factors, or :class:`DiagonalNet`. [notsawo2025norm, code]

        Raises
        ------
        ValueError
            For a dimension or depth below 1.
        """
        check_sizes({"dimension": dimension, "depth": depth})
        return cls(jnp.full((depth, dimension), scale, dtype=float))

    @property
    def weights(self) -> Float[Array, " dimension"]:
        r"""The predictor $w = a_1 \circ \dots \circ a_L$."""
        return reduce(mul, list(self.factors))

    def __call__(self, inputs: Float[Array, " dimension"]) -> Float[Array, ""]:
        """Output for one sample."""
        return inputs @ self.weights

    def batched(self, inputs: Float[Array, "samples dimension"]) -> Float[Array, " samples"]:
        """Outputs for many samples."""
        return inputs @ self.weights

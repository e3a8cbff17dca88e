r"""Penalties on the weights of a model, to be added to its loss.

$$ f(\theta) = g(\theta) + \beta\, h(\theta) $$

Every function takes a model, or any pytree of arrays, and reads its trainable arrays; what is
:class:`~.models.Frozen` counts for nothing. All are norms themselves, not squares, and have finite
(sub)gradients at zero. [notsawo2025norm; mohamadi2024kernel]
"""

from __future__ import annotations

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from .models.frozen import trainable


def weight_arrays(model: PyTree) -> list[Array]:
    """Return the trainable arrays of a model.

    Raises
    ------
    ValueError
        If there is none.
    """
    arrays = jax.tree.leaves(eqx.filter(model, trainable(model)))
    if not arrays:
        raise ValueError("the model has no trainable floating-point array to take a norm of")
    return arrays


def l1_norm(model: PyTree) -> Float[Array, ""]:
    r"""Return $\sum_k |\theta_k|$; its subgradient at 0 is 0. [notsawo2025norm, Sec. 3]"""
    return _total([_absolute(array).sum() for array in weight_arrays(model)])


def l2_norm(model: PyTree, *, by_array: bool = False) -> Float[Array, ""]:
    r"""Return the Euclidean norm of all weights together, $\sqrt{\sum_k \theta_k^2}$.

    With `by_array` the sum over the arrays of the norm of each, the penalty of the official code
    of [notsawo2025norm]. The gradient at zero is zero.
    """
    arrays = weight_arrays(model)
    squares = [jnp.sum(array**2) for array in arrays]
    if by_array:
        return _total([_safe_root(square) for square in squares])
    return _safe_root(_total(squares))


def max_norm(model: PyTree) -> Float[Array, ""]:
    r"""Return $\max_k |\theta_k|$ over all weights; ties share the subgradient.

    [mohamadi2024kernel, Sec. 2]
    """
    return jnp.stack([_absolute(array).max() for array in weight_arrays(model)]).max()


def nuclear_norm(model: PyTree, *, cutoff: float | None = None) -> Float[Array, ""]:
    r"""Return the sum of the singular values of every weight array,

    $$ \lVert A \rVert_* = \sum_i s_i , \qquad
       \partial \lVert A \rVert_* \ni \sum_{s_i > c\, s_1} u_i v_i^T . $$

    Parameters
    ----------
    model
        A model or pytree. All axes of an array but the last are the rows of its matrix.
    cutoff
        $c$: singular values up to $c\, s_1$ count as zero in the subgradient, as rounding errors
        would otherwise get the weight of real directions. By default the largest side times the
        machine precision, the convention for the numerical rank: about $2 \times 10^{-15}$ for a
        10 x 10 matrix in double precision, $10^{-6}$ in single precision.

    Returns
    -------
    Float[Array, ""]
        The norm. The subgradient at zero is zero; it can be differentiated once.

    Raises
    ------
    ValueError
        For a cutoff outside [0, 1).

    [notsawo2025norm, Thm 3.4]
    """
    if cutoff is not None and not 0 <= cutoff < 1:
        raise ValueError(f"cutoff must lie in [0, 1), got {cutoff}")
    return _total(
        [_nuclear(array.reshape(-1, array.shape[-1]), cutoff) for array in weight_arrays(model)]
    )


def sobolev_distance(
    model: Callable[[Float[Array, " dimension"]], Array],
    inputs: Float[Array, "samples dimension"],
    jacobians: Float[Array, "samples ..."],
    *,
    squared: bool = False,
) -> Float[Array, ""]:
    r"""Return how far the input derivatives of a model are from given ones.

    $$ \Bigl( \sum_{\mu} \bigl\lVert J_\theta(x_\mu) - J^*(x_\mu) \bigr\rVert_F^2 \Bigr)^{1/2},
       \qquad J_\theta(x) = \partial f_\theta / \partial x $$

    Parameters
    ----------
    model
        Of one sample.
    inputs
        $x_\mu$.
    jacobians
        $J^*(x_\mu)$, by :func:`input_jacobians` of the target.
    squared
        Whether to return the mean over the samples of the squared norm (the formula of the paper)
        instead of the norm of the whole batch (its official code).

    Raises
    ------
    ValueError
        If the shape of the Jacobians is not the model's.

    [notsawo2025norm, Sec. 4 and code]
    """
    found = input_jacobians(model, inputs)
    if found.shape != jacobians.shape:
        raise ValueError(
            f"jacobians must have the shape of the model's, {found.shape}, got {jacobians.shape}"
        )
    square = jnp.sum((found - jacobians) ** 2)
    return square / inputs.shape[0] if squared else _safe_root(square)


def input_jacobians(
    model: Callable[[Float[Array, " dimension"]], Array],
    inputs: Float[Array, "samples dimension"],
) -> Float[Array, "samples ..."]:
    r"""Return $\partial f / \partial x$ at every sample, outputs before inputs."""
    return jax.vmap(jax.jacrev(model))(inputs)


def _absolute(array: Array) -> Array:
    """Return the absolute value with derivative 0 at 0, where that of `jnp.abs` is 1."""
    return array * jnp.sign(array)


def _total(terms: list[Float[Array, ""]]) -> Float[Array, ""]:
    return jnp.stack(terms).sum()


def _safe_root(square: Float[Array, ""]) -> Float[Array, ""]:
    """Return the square root, with derivative zero at zero."""
    is_positive = square > 0
    return jnp.where(is_positive, jnp.sqrt(jnp.where(is_positive, square, 1)), 0)


@eqx.filter_custom_jvp
def _nuclear(matrix: Array, cutoff: float | None) -> Float[Array, ""]:
    return jnp.linalg.svd(matrix, compute_uv=False).sum()


@_nuclear.def_jvp
def _nuclear_jvp(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    matrix, cutoff = primals
    direction, _ = tangents
    left, values, right = jnp.linalg.svd(matrix, full_matrices=False)
    if cutoff is None:
        cutoff = max(matrix.shape) * float(jnp.finfo(matrix.dtype).eps)
    kept = jnp.where(values > cutoff * values[0], left, 0)
    return values.sum(), jnp.vdot(kept @ right, direction)

"""Hidden features, the gradient that reaches them, and the similarity of matrices and of nodes."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PyTree

from ..models.frozen import trainable
from ..tasks.task import Task


def centered(
    matrix: Float[Array | np.ndarray, "rows columns"],
    weights: Float[Array | np.ndarray, " rows"] | None = None,
) -> Float[Array, "rows columns"]:
    r"""Return $P_1 A = (I - 11^T/n) A$: every column minus its mean over the rows.

    Parameters
    ----------
    matrix
        $A$.
    weights
        0 for rows of padding, as in :class:`.Batch`; they come out as zero rows.
    """
    matrix = jnp.asarray(matrix)
    if weights is None:
        return matrix - jnp.mean(matrix, axis=0, keepdims=True)
    column = jnp.asarray(weights, matrix.dtype)[:, None]
    mean = jnp.sum(column * matrix, axis=0, keepdims=True) / jnp.sum(column)
    return jnp.where(column > 0, matrix - mean, 0)


def backpropagated_gradient(
    features: Float[Array | np.ndarray, "rows width"],
    labels: Float[Array | np.ndarray, "rows classes"],
    readout: Float[Array | np.ndarray, "classes width"],
    *,
    weights: Float[Array | np.ndarray, " rows"] | None = None,
) -> Float[Array, "rows width"]:
    r"""Return the gradient that the readout sends back to the features.

    $$ G_F = -\frac{\partial J}{\partial F} = P_1 (Y - F V^T) V, \qquad
       J = \tfrac12 \lVert P_1 (Y - F V^T) \rVert_F^2 $$

    Parameters
    ----------
    features
        $F$, the hidden activations of each sample.
    labels
        $Y$, for example one-hot.
    readout
        $V$, one row a class (the transpose of the paper's $V$).
    weights
        0 for rows of padding.

    [tian2025li2, Eq. 2]
    """
    residual = jnp.asarray(labels) - jnp.asarray(features) @ jnp.asarray(readout).T
    return centered(residual, weights) @ jnp.asarray(readout)


def cosine_similarity(
    a: Float[Array | np.ndarray, "..."], b: Float[Array | np.ndarray, "..."]
) -> Float[Array, ""]:
    r"""Return the cosine between two matrices, or 0 if one of them is zero.

    $$ \cos(A, B) = \frac{\langle A, B \rangle_F}{\lVert A \rVert_F \lVert B \rVert_F} $$
    """
    a, b = jnp.asarray(a), jnp.asarray(b)
    norms = jnp.linalg.norm(a) * jnp.linalg.norm(b)
    return jnp.where(norms > 0, jnp.sum(a * b) / jnp.where(norms > 0, norms, 1), 0)


def cosine_similarities(
    features: Float[Array | np.ndarray, "rows nodes"],
) -> Float[Array, "nodes nodes"]:
    """Return the cosine between every two columns; 0 where a column is zero."""
    features = jnp.asarray(features)
    norms = jnp.linalg.norm(features, axis=0, keepdims=True)
    directions = features / jnp.where(norms > 0, norms, 1)
    return directions.T @ directions


def most_similar_pairs(
    similarities: Float[Array | np.ndarray, "nodes nodes"], num_pairs: int
) -> tuple[Int[Array, " pairs"], Int[Array, " pairs"]]:
    """Return the pairs of different nodes with the largest absolute similarity, largest first.

    Raises
    ------
    ValueError
        If there are fewer than `num_pairs` pairs.
    """
    similarities = jnp.asarray(similarities)
    first, second = jnp.triu_indices(len(similarities), 1)
    if not 1 <= num_pairs <= len(first):
        raise ValueError(
            f"num_pairs must lie in 1..{len(first)} for {len(similarities)} nodes, got {num_pairs}"
        )
    best = jnp.argsort(-jnp.abs(similarities[first, second]))[:num_pairs]
    return first[best], second[best]


def repulsion_fraction(
    similarities: Float[Array | np.ndarray, "nodes nodes"],
    couplings: Float[Array | np.ndarray, "nodes nodes"],
    *,
    num_pairs: int = 200,
) -> Float[Array, ""]:
    r"""Return the fraction of the most similar nodes that repel, $b_{jl} s_{jl} < 0$.

    Parameters
    ----------
    similarities
        $s_{jl}$, for example the cosines of the centered features.
    couplings
        $b_{jl}$, the off-diagonal elements of $(\tilde F^T \tilde F + \eta I)^{-1}$.
    num_pairs
        Number of pairs, those of the largest $|s_{jl}|$, that are looked at.

    [tian2025li2, Thm. 6]
    """
    first, second = most_similar_pairs(similarities, num_pairs)
    product = jnp.asarray(couplings)[first, second] * jnp.asarray(similarities)[first, second]
    return jnp.mean(product < 0)


def weight_norm(model: PyTree) -> Float[Array, ""]:
    """Return the Euclidean norm of all weights of a model that are trained."""
    return optax.tree.norm(eqx.filter(model, trainable(model)))


def parameters(model: PyTree, task: Task | None = None) -> Float[Array, " parameters"]:
    """Return all parameters of a model that are trained, as one vector.

    A measure: :func:`~groktheory.simulations.learning_coefficients.snapshots_of` makes models of
    what it records.
    """
    return ravel_pytree(eqx.filter(model, trainable(model)))[0]

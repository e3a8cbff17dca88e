"""Spectral power of hidden nodes: over the frequencies of a cycle, over the irreps of a group."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int


def fourier_power(
    weights: Float[Array | np.ndarray, "*operands modulus nodes"],
) -> Float[Array, "nodes frequencies"]:
    r"""Return the squared norm that each node has at each frequency.

    $$ P_k = \frac{m_k}{M} \sum_{\text{operands}} \Bigl| \sum_x w_x e^{-2 \pi i k x / M} \Bigr|^2,
       \qquad k = 1, \dots, \lfloor M/2 \rfloor, $$

    with $m_k = 2$, or 1 at $k = M/2$. By Parseval $\sum_k P_k$ is the squared norm of the weights
    about their mean.

    Parameters
    ----------
    weights
        First-layer weights, one row an operand value; leading axes (the operands) are summed over.
        The nodes of :class:`.EnergyLandscape` are `nodes.T.reshape(2, modulus, -1)`.

    Returns
    -------
    Array
        Entry `[j, k - 1]` belongs to node $j$ and frequency $k$.
    """
    weights = jnp.asarray(weights)
    modulus = weights.shape[-2]
    amplitudes = jnp.fft.rfft(weights, axis=-2)[..., 1:, :]
    power = jnp.sum(jnp.abs(amplitudes) ** 2, axis=tuple(range(weights.ndim - 2))) / modulus
    pairs = np.where(2 * np.arange(1, modulus // 2 + 1) == modulus, 1.0, 2.0)
    return power.T * jnp.asarray(pairs, power.dtype)[None]


def spectral_shares(
    weights: Float[Array | np.ndarray, "*operands modulus nodes"],
) -> Float[Array, "nodes frequencies"]:
    r"""Return the share of each node's squared norm at each frequency; the rest is its mean.

    A node of zero weight has shares zero.
    """
    weights = jnp.asarray(weights)
    norms = jnp.sum(weights**2, axis=tuple(range(weights.ndim - 1)))[:, None]
    return fourier_power(weights) / jnp.where(norms > 0, norms, 1)


def dominant_frequency(
    weights: Float[Array | np.ndarray, "*operands modulus nodes"],
) -> Int[Array, " nodes"]:
    """Return the frequency, from 1 to modulus/2, with the largest power of each node."""
    return 1 + jnp.argmax(fourier_power(weights), axis=1)


def inverse_participation_ratio(
    weights: Float[Array | np.ndarray, "*operands modulus nodes"],
) -> Float[Array, " nodes"]:
    r"""Return $\sum_k P_k^2 / (\sum_k P_k)^2$: 1 for a single frequency, 1/#frequencies for none.

    Its inverse counts the frequencies that a node takes part in. Zero for a constant node, whose
    power is below rounding.
    """
    shares = spectral_shares(weights)
    total = jnp.sum(shares, axis=1)
    varies = total > jnp.finfo(total.dtype).eps
    return jnp.where(varies, jnp.sum(shares**2, axis=1) / jnp.where(varies, total, 1) ** 2, 0)


def irrep_power(
    weights: Float[Array | np.ndarray, "*operands group nodes"],
    *,
    table: Int[np.ndarray, "group group"],
    characters: Complex[np.ndarray, "irreps group"] | Float[np.ndarray, "irreps group"],
) -> Float[Array, "nodes irreps"]:
    r"""Return the squared norm that each node has in each irreducible representation.

    $$ P_\rho = w^T \Pi_\rho w, \qquad \Pi_\rho(g, h) = \frac{d_\rho}{M} \chi_\rho(h^{-1} g), $$

    the projector on the matrix elements of $\rho$ (Schur orthogonality). Over all irreps, the
    trivial one included, the powers add up to the squared norm.

    Parameters
    ----------
    weights
        First-layer weights, one row a group element; leading axes are summed over.
    table
        Cayley table, `table[g, h]` = index of $g h$.
    characters
        $\chi_\rho(g)$, one row an irrep.
    """
    order = len(table)
    if weights.shape[-2] != order or characters.shape[-1] != order:
        raise ValueError(
            f"weights and characters must have {order} group elements as the table has, "
            f"got shapes {weights.shape} and {characters.shape}"
        )
    identity = int((np.asarray(table) == np.arange(order)).all(axis=1).argmax())
    inverses = (np.asarray(table) == identity).argmax(axis=1)
    ratio = np.asarray(table)[inverses].T  # ratio[g, h] = h^{-1} g
    dimensions = np.real(characters[:, identity])
    # The weights are real, so the antisymmetric imaginary part of a projector drops out.
    projectors = dimensions[:, None, None] / order * np.real(characters)[:, ratio]
    weights = jnp.asarray(weights).reshape(-1, order, weights.shape[-1])
    return jnp.einsum(
        "agj,rgh,ahj->jr", weights, jnp.asarray(projectors, weights.dtype), weights, optimize=True
    )

r"""How many hidden nodes fit modular addition exactly, and what fewer can do.

With $\theta = 2\pi kx/M$ and $\psi = 2\pi ky/M$, four nodes per frequency give both quadratures
of the target and nothing else:

$$(\cos\theta + \cos\psi)^2 + (\sin\theta - \sin\psi)^2 = 2 + 2\cos(\theta + \psi), \qquad
  (\cos\theta + \sin\psi)^2 + (\sin\theta + \cos\psi)^2 = 2 + 2\sin(\theta + \psi).$$

Each of them is an exact local maximum of the energy. At the Nyquist frequency of an even modulus
one node, $((-1)^x + (-1)^y)^2 = 2 + 2(-1)^{x+y}$, is enough.
"""

import numpy as np
from jaxtyping import Float, Int, Real

from ..irreps import Irrep

RANDOM_PHASE_NODES_PER_FREQUENCY = 8
r"""Nodes of one frequency $k$ at random maxima that fit it exactly.

Their squares span the quadratures of $2\theta$, $2\psi$, $\theta + \psi$ and $\theta - \psi$, eight
functions of which only the two of $\theta + \psi$ are wanted. [derived]
"""


def sufficient_width(modulus: int) -> int:
    r"""Number of nodes of :func:`four_node_network`: $2(M-1)$ for odd, $2M - 3$ for even $M$.

    Source: derived (four nodes per frequency, one at Nyquist); real weights, unlike the
    construction behind :func:`published_width`.

    >>> [sufficient_width(modulus) for modulus in (1, 2, 3, 4, 23)]
    [0, 1, 4, 5, 44]
    """
    _check_modulus(modulus)
    return 4 * ((modulus - 1) // 2) + (modulus % 2 == 0)


def published_width(irreps: tuple[Irrep, ...]) -> int:
    r"""Number of complex nodes that suffice for any finite group, as published:

    $$K = 2\sum_{\rho \ne 1} (m_\rho d_\rho)^2 ,$$

    with $m_\rho = d_\rho$ the multiplicity of $\rho$ in the regular representation; $2(M-1)$ for an
    Abelian group.

    Source: [tian2025li2, Thm. 3].
    """
    return 2 * sum(irrep.dimension**4 for irrep in irreps if not irrep.is_trivial)


def four_node_network(
    modulus: int,
) -> tuple[
    Float[np.ndarray, "nodes modulus"],
    Float[np.ndarray, "nodes modulus"],
    Float[np.ndarray, "nodes modulus"],
]:
    r"""A real network that computes $x + y \bmod M$ exactly, up to a constant per class:

    $$\sum_j (u_j(x) + v_j(y))^2\,V_j(z) = \delta_{x+y,\,z} + c(z) .$$

    The constants drop out of the loss, which centers over the samples.

    Parameters
    ----------
    modulus : int
        $M \ge 1$, odd or even.

    Returns
    -------
    u, v, readout : three [nodes, modulus] arrays
        :func:`sufficient_width` nodes, four consecutive ones per frequency $k = 1, 2, \dots$ and,
        for even $M$, one last at $k = M/2$; $\lVert u_j\rVert^2 = \lVert v_j\rVert^2 = 1/2$.

    Source: derived (the identities at the head of this module); sharpens [tian2025li2, Thm. 3].
    """
    _check_modulus(modulus)
    angle = 2 * np.pi * np.outer(np.arange(1, (modulus + 1) // 2), np.arange(modulus)) / modulus
    cos, sin = np.cos(angle), np.sin(angle)
    # [frequency, node of four, modulus] -> [node, modulus]
    u, v, readout = (
        np.stack(parts, axis=1).reshape(-1, modulus)
        for parts in ((cos, sin, cos, sin), (cos, -sin, sin, cos), (cos, cos, sin, sin))
    )
    u, v = u / np.sqrt(modulus), v / np.sqrt(modulus)
    if modulus % 2 == 0:
        parity = (-1.0) ** np.arange(modulus)
        u = np.vstack([u, parity / np.sqrt(2 * modulus)])
        v = np.vstack([v, parity / np.sqrt(2 * modulus)])
        readout = np.vstack([readout, parity])
    return u, v, readout


def random_phase_nodes(
    modulus: int, nodes_per_frequency: int, *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "nodes modulus"], Float[np.ndarray, "nodes modulus"]]:
    r"""Nodes at independent uniform points of the energy's maxima, equally many per frequency:

    $$u_j(x) = M^{-1/2}\cos(\theta + \phi_j), \qquad v_j(y) = M^{-1/2}\cos(\psi + \phi'_j) .$$

    Parameters
    ----------
    modulus : int
        $M \ge 1$. The frequencies are those below $M/2$.
    nodes_per_frequency : int
        Nodes for each; :data:`RANDOM_PHASE_NODES_PER_FREQUENCY` are needed to fit it.
    rng : numpy.random.Generator

    Returns
    -------
    u, v : two [nodes, modulus] arrays

    Source: derived (the maxima of $\mathbb Z_M$).
    """
    _check_modulus(modulus)
    if nodes_per_frequency < 0:
        raise ValueError(f"nodes_per_frequency must not be negative, got {nodes_per_frequency}")
    frequency = np.repeat(np.arange(1, (modulus + 1) // 2), nodes_per_frequency)
    angle = 2 * np.pi * np.outer(frequency, np.arange(modulus)) / modulus
    phases = rng.uniform(0, 2 * np.pi, size=(2, len(frequency), 1))
    u, v = np.cos(angle + phases) / np.sqrt(modulus)
    return u, v


def least_squares_readout(
    u: Float[np.ndarray, "nodes group"],
    v: Float[np.ndarray, "nodes group"],
    table: Int[np.ndarray, "group group"],
) -> tuple[Float[np.ndarray, "nodes group"], float]:
    r"""Best readout of given quadratic nodes on all pairs of a group, and the loss it leaves:

    $$\min_V \frac{1}{M^2}\lVert\tilde Y - \tilde F V\rVert_F^2, \qquad
      F = (u(h_1) + v(h_2))^2 .$$

    Parameters
    ----------
    u, v : [nodes, group]
        Hidden weights on the first and second factor.
    table : [group, group]
        Cayley table; any finite group.

    Returns
    -------
    readout : [nodes, group] array
        The solution of least norm.
    loss : float
        Squared error per pair, summed over classes; $1 - 1/M$ without nodes.

    Notes
    -----
    O(group² · nodes²).
    """
    order = len(table)
    features = ((u[:, :, None] + v[:, None, :]) ** 2).reshape(-1, order * order).T
    features = features - features.mean(axis=0)
    # Every class has the same number of pairs, so centering the labels subtracts 1/M.
    labels = np.eye(order)[np.ravel(table)] - 1 / order
    readout = np.linalg.lstsq(features, labels, rcond=None)[0]
    loss = ((labels - features @ readout) ** 2).sum() / order**2
    return readout, float(loss)


def capacity_loss(
    width: int | float | Real[np.ndarray, "*widths"], modulus: int
) -> Float[np.ndarray, "*widths"]:
    r"""Loss that a given number of nodes can reach on modular addition, by complete frequencies:

    $$L(K) = \Big(1 - \frac1M\Big)\max\Big(0,\; 1 - \frac{K}{2(M-1)}\Big) \qquad (M\ \text{odd}).$$

    For even $M$ the first node, spent on the Nyquist frequency, is worth two:
    $L = \max(0, M - 2 - (K-1)/2)/M$ for $K \ge 1$.

    Parameters
    ----------
    width : number or array
        $K \ge 0$ hidden nodes.
    modulus : int
        $M \ge 1$.

    Returns
    -------
    array
        Centered squared error per pair, summed over classes. Reached exactly when $K$ (odd $M$) or
        $K - 1$ (even $M$) is even, two nodes buying one quadrature of one frequency; in between it
        interpolates. A value that can be had, not a lower bound.

    Source: derived (:func:`four_node_network`, truncated).

    >>> capacity_loss(np.array([0, 10, 20, 30]), 11).round(6)
    array([0.909091, 0.454545, 0.      , 0.      ])
    """
    _check_modulus(modulus)
    width = np.asarray(width, dtype=float)
    if not (width >= 0).all():
        raise ValueError(f"width must not be negative, got {width.min()}")
    explained = width / 2
    if modulus % 2 == 0:
        explained = np.where(width < 1, width, (width + 1) / 2)
    return np.asarray(np.maximum(0.0, modulus - 1 - explained) / modulus)


def _check_modulus(modulus: int) -> None:
    if modulus < 1:
        raise ValueError(f"modulus must be at least 1, got {modulus}")

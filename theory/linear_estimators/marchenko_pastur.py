r"""The Marchenko-Pastur law: eigenvalues of the covariance of independent data.

For $N$ samples of $d$ independent unit-variance features, $\lambda = d/N$ fixed and both large, the
eigenvalues of $\frac1N X^\top X$ have the density

$$ \rho(v) = \frac{\sqrt{(v_+-v)(v-v_-)}}{2\pi\lambda v}, \qquad v_\pm = (1\pm\sqrt\lambda)^2, $$

and a mass $1-1/\lambda$ at zero if $\lambda > 1$.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import refuse_not_positive

_REFINEMENTS = 10  # Newton steps, half of them enough unless the spectrum touches zero
_FEWEST_NODES, _MOST_NODES = 64, 2**16


class Quadrature(NamedTuple):
    r"""Nodes $v_k$ and weights $w_k$ with $\mathbb E f(v) \simeq \sum_k w_k f(v_k)$."""

    nodes: Float[np.ndarray, " nodes"]
    weights: Float[np.ndarray, " nodes"]


def spectral_edges(aspect_ratio: float) -> tuple[float, float]:
    r"""Return the ends $(1\mp\sqrt\lambda)^2$ of the continuous spectrum.

    Raises
    ------
    ValueError
        If the aspect ratio is not positive.

    Source: [levi2023linear, Eq. 6].

    >>> spectral_edges(0.25)
    (0.25, 2.25)
    """
    refuse_not_positive(aspect_ratio=aspect_ratio)
    root = np.sqrt(aspect_ratio)
    return float((1 - root) ** 2), float((1 + root) ** 2)


def spectral_density(values: ArrayLike, *, aspect_ratio: float) -> Float[np.ndarray, "*points"]:
    r"""Return the continuous part of the density, of total mass $\min(1, 1/\lambda)$.

    Parameters
    ----------
    values
        $v$; the density vanishes outside of the edges.
    aspect_ratio
        $\lambda > 0$.

    Raises
    ------
    ValueError
        If the aspect ratio is not positive.

    Source: [levi2023linear, Eq. 6].

    >>> spectral_density([0.1, 1.0], aspect_ratio=0.25).round(6).tolist()
    [0.0, 0.616404]
    """
    lower, upper = spectral_edges(aspect_ratio)
    values = np.asarray(values, np.float64)
    inside = (values > max(lower, 0.0)) & (values < upper)
    chosen = np.where(inside, values, 1.0)
    height = np.sqrt(np.maximum((upper - chosen) * (chosen - lower), 0.0))
    return np.where(inside, height / (2 * np.pi * aspect_ratio * chosen), 0.0)


def zero_mass(aspect_ratio: float) -> float:
    r"""Return the share of directions that no sample sees, $\max(0, 1-1/\lambda)$.

    Raises
    ------
    ValueError
        If the aspect ratio is not positive.

    >>> zero_mass(0.5), zero_mass(2.0)
    (0.0, 0.5)
    """
    refuse_not_positive(aspect_ratio=aspect_ratio)
    return max(0.0, 1 - 1 / aspect_ratio)


def spectral_quadrature(aspect_ratio: float, *, num_nodes: int = 256) -> Quadrature:
    r"""Return the Gauss quadrature of the Marchenko-Pastur law.

    With $v = 1+\lambda+2\sqrt\lambda\cos\theta$ the law is
    $\frac{2\sin^2\theta}{\pi v}\,d\theta$, whose orthogonal polynomials are
    $\sin((n+1)\theta)+\sqrt\lambda\sin(n\theta)$ over $\sin\theta$. Their zeros, found by Newton
    steps in a phase, are the nodes; polynomials of degree below $2n$ are integrated exactly, for
    every $\lambda$, one included. An exponential $e^{-sv}$ needs about
    $7\sqrt{\sqrt\lambda s}$ nodes.

    Parameters
    ----------
    aspect_ratio
        $\lambda > 0$. Above one, the law of the Gram matrix is taken, $v = \lambda u$ with
        $u\sim\mathrm{MP}(1/\lambda)$, and the first node is zero, with the mass there.
    num_nodes
        $n \ge 1$ in the continuous part.

    Raises
    ------
    ValueError
        For arguments out of range.

    Cost: linear in the nodes, 2 ms for 4000 of them; kept between calls.
    Source: derived (derivation bernstein-szego).

    >>> nodes, weights = spectral_quadrature(0.5, num_nodes=4)
    >>> [round(float(weights @ nodes**k), 12) for k in range(3)]
    [1.0, 1.0, 1.5]
    """
    refuse_not_positive(aspect_ratio=aspect_ratio)
    if num_nodes < 1:
        raise ValueError(f"num_nodes must be at least 1, got {num_nodes}")
    return _gauss(float(aspect_ratio), int(num_nodes))


@lru_cache(maxsize=256)
def _gauss(aspect_ratio: float, num_nodes: int) -> Quadrature:
    if aspect_ratio > 1:
        inner = _gauss(1 / aspect_ratio, num_nodes)
        nodes = np.concatenate([[0.0], aspect_ratio * inner.nodes])
        weights = np.concatenate([[1 - 1 / aspect_ratio], inner.weights / aspect_ratio])
        return _frozen(nodes, weights)
    root = np.sqrt(aspect_ratio)
    # The angle from pi, where the spectrum may touch zero, keeps all digits of small nodes.
    order = np.arange(1, num_nodes + 1)
    low = (order - 0.5) * np.pi / (num_nodes + 1)
    high = order * np.pi / (num_nodes + 1)
    angle = (low + high) / 2
    for _ in range(_REFINEMENTS):
        nodes = (1 - root) ** 2 + 4 * root * np.sin(angle / 2) ** 2
        slope = num_nodes + 1 - root * (root - np.cos(angle)) / nodes
        turned = np.arctan2(root * np.sin(angle), 1 - root * np.cos(angle))
        excess = (num_nodes + 1) * angle + turned - order * np.pi
        low, high = np.where(excess < 0, angle, low), np.where(excess < 0, high, angle)
        newton = angle - excess / slope
        is_inside = (newton >= low) & (newton <= high)
        angle = np.where(is_inside, newton, (low + high) / 2)
    nodes = (1 - root) ** 2 + 4 * root * np.sin(angle / 2) ** 2
    slope = num_nodes + 1 - root * (root - np.cos(angle)) / nodes
    return _frozen(nodes, 2 * np.sin(angle) ** 2 / (nodes * slope))


def _frozen(nodes: np.ndarray, weights: np.ndarray) -> Quadrature:
    nodes.flags.writeable = weights.flags.writeable = False
    return Quadrature(nodes, weights)


def quadrature_for_decay(
    aspect_ratio: float, *, rate: float, pole: float | None = None
) -> Quadrature:
    r"""Return a quadrature that resolves $e^{-sv}$ and, if asked to, $1/(v+p)$.

    Parameters
    ----------
    aspect_ratio
        $\lambda$.
    rate
        The largest $s$.
    pole
        $p \ge 0$.

    The number of nodes is rounded up to a power of two, so that neighbors share their nodes, and
    limited to 65536, enough for $s \simeq 10^8$.
    """
    root = np.sqrt(aspect_ratio)
    needed = 7 * np.sqrt(root * rate)
    if pole is not None:
        distance = np.arccosh(1 + ((1 - root) ** 2 + pole) / (2 * root))
        needed = max(needed, 20 / max(distance, 1e-9))
    count = float(np.clip(needed, _FEWEST_NODES, _MOST_NODES))
    return spectral_quadrature(aspect_ratio, num_nodes=2 ** int(np.ceil(np.log2(count))))

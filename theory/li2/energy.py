r"""The energy that every hidden node ascends, in four forms that must agree.

$$E(w) = \tfrac12\,\lVert\tilde Y^\top\sigma(Xw)\rVert_2^2, \qquad
  \tilde Y = (I - \tfrac1n 11^\top)\,Y ,$$

with one-hot pairs $x = [e_{h_1}; e_{h_2}]$, one-hot labels $e_{h_1h_2}$ and $w = [u; v]$, i.e.
$(Xw)_{h_1h_2} = u(h_1) + v(h_2)$. For $\sigma(x) = x^2$ and all $M^2$ samples the squares
$u^2, v^2$ cancel and only the group convolution is left. On a subset of the samples they do not
cancel: use :func:`sample_energy` there.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from ..irreps import Irrep, group_fourier_transform, inverses


def label_energy(
    features: Float[np.ndarray, "samples nodes"], labels: Float[np.ndarray, "samples classes"]
) -> Float[np.ndarray, " nodes"]:
    r"""Energy of hidden features against arbitrary labels, each node by itself:

    $$E_j = \tfrac12\,\lVert\tilde Y^\top f_j\rVert_2^2 .$$

    Parameters
    ----------
    features : [samples, nodes]
        Activations $\sigma(XW)$.
    labels : [samples, classes]
        One-hot labels, or any other targets (a residual, for instance). Centered here.

    Returns
    -------
    [nodes] array

    Source: [tian2025li2, Thm. 1].
    """
    if len(features) != len(labels):
        raise ValueError(
            f"features and labels must have equally many samples, got {len(features)} and "
            f"{len(labels)}"
        )
    centered = labels - labels.mean(axis=0)
    return 0.5 * ((centered.T @ features) ** 2).sum(axis=0)


def sample_energy(
    u: Float[np.ndarray, "nodes group"],
    v: Float[np.ndarray, "nodes group"],
    table: Int[np.ndarray, "group group"],
    *,
    mask: Bool[np.ndarray, "group group"] | None = None,
    activation: Callable[[np.ndarray], np.ndarray] = np.square,
) -> Float[np.ndarray, " nodes"]:
    r"""Energy of nodes on any subset of the pairs and with any activation, straight from its
    definition:

    $$E = \tfrac12\sum_h\Big(\sum_{h_1h_2 = h} f_{h_1h_2} - \tfrac{n_h}{n}\sum_{h_1,h_2}
    f_{h_1h_2}\Big)^2, \qquad f_{h_1h_2} = \sigma(u(h_1) + v(h_2)),$$

    sums over the $n$ pairs in the mask, $n_h$ of them with product $h$.

    Parameters
    ----------
    u, v : [nodes, group]
        Weights on the first and second factor.
    table : [group, group]
        Cayley table.
    mask : [group, group], optional
        True for the pairs in the training set; all pairs by default.
    activation : callable
        Element-wise $\sigma$; the square by default.

    Returns
    -------
    [nodes] array

    Raises
    ------
    ValueError
        Shapes disagree or the mask is empty.

    Notes
    -----
    O(nodes · group²) time and memory.

    Source: [tian2025li2, Thm. 1].
    """
    _check_nodes(u, v, table)
    if mask is None:
        mask = np.ones(np.shape(table), dtype=bool)
    if mask.shape != np.shape(table) or not mask.any():
        raise ValueError(
            f"mask must have the table's shape {np.shape(table)} and select at least one pair, "
            f"got shape {mask.shape} with {int(mask.sum())} pairs"
        )
    first, second = np.nonzero(mask)
    features = activation(u[:, first] + v[:, second]).T
    return label_energy(features, np.eye(len(table))[table[first, second]])


def group_convolution(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    table: Int[np.ndarray, "group group"],
) -> Float[np.ndarray, "*nodes group"]:
    r"""Convolution on a group, $(u * v)(h) = \sum_g u(g)\,v(g^{-1}h)$.

    >>> cyclic = np.add.outer(np.arange(3), np.arange(3)) % 3
    >>> group_convolution(np.array([0.0, 1.0, 0.0]), np.array([5.0, 6.0, 7.0]), cyclic)
    array([7., 5., 6.])
    """
    _check_nodes(u, v, table)
    quotients = table[inverses(table)]  # [g, h] -> g^-1 h
    return np.einsum("...g,...gh->...h", u, v[..., quotients])


def full_data_energy(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    table: Int[np.ndarray, "group group"],
) -> Float[np.ndarray, "*nodes"]:
    r"""Energy on all $M^2$ samples for $\sigma(x) = x^2$:

    $$E = 2\,\lVert u * v - \overline{u * v}\rVert_2^2 .$$

    For $\sigma(x) = ax + bx^2$ it is $b^2$ times this: the linear part drops out.

    Parameters
    ----------
    u, v : [*nodes, group]
        Weights on the first and second factor.
    table : [group, group]
        Cayley table.

    Source: derived (the terms $u^2$ and $v^2$ give every class the same total).

    >>> cyclic = np.add.outer(np.arange(5), np.arange(5)) % 5
    >>> wave = np.cos(2 * np.pi * np.arange(5) / 5) / np.sqrt(5)
    >>> round(float(full_data_energy(wave, wave, cyclic)), 12)
    1.25
    """
    return np.asarray(2 * (_centered_convolution(u, v, table) ** 2).sum(axis=-1))


def full_data_gradient(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    table: Int[np.ndarray, "group group"],
) -> tuple[Float[np.ndarray, "*nodes group"], Float[np.ndarray, "*nodes group"]]:
    r"""Gradient of :func:`full_data_energy`, with $z = u * v - \overline{u * v}$:

    $$\frac{\partial E}{\partial u(g)} = 4\sum_k z(gk)\,v(k), \qquad
      \frac{\partial E}{\partial v(k)} = 4\sum_g u(g)\,z(gk) .$$

    Returns
    -------
    Two [*nodes, group] arrays, the gradients with respect to u and v.

    Source: derived (differentiating the convolution).
    """
    products = _centered_convolution(u, v, table)[..., table]  # [..., g, k] -> z(gk)
    return (
        4 * np.einsum("...gk,...k->...g", products, v),
        4 * np.einsum("...gk,...g->...k", products, u),
    )


def irrep_energies(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    irreps: tuple[Irrep, ...],
) -> Float[np.ndarray, "*nodes irreps"]:
    r"""Contribution of each irreducible representation to :func:`full_data_energy`:

    $$E = \sum_{\rho \ne 1} E_\rho, \qquad
      E_\rho = \frac{2}{M}\,d_\rho\,\lVert\hat u(\rho)\,\hat v(\rho)\rVert_F^2 .$$

    Parameters
    ----------
    u, v : [*nodes, group]
        Weights on the first and second factor.
    irreps : tuple of Irrep
        From :func:`groktheory.theory.irreps.irreps`.

    Returns
    -------
    [*nodes, irreps] array
        The trivial representation contributes 0; the two members of a complex pair the same.

    Source: derived (Plancherel); corrects [tian2025li2, Eq. 20-21], see :func:`published_energy`.
    """
    order = len(irreps[0].character)
    products = _fourier_products(u, v, irreps)
    energies = np.zeros((*np.shape(u)[:-1], len(irreps)))
    for index, (irrep, product) in enumerate(zip(irreps, products, strict=True)):
        if not irrep.is_trivial:
            norm = (np.abs(product) ** 2).sum(axis=(-2, -1))
            energies[..., index] = 2 / order * irrep.dimension * norm
    return energies


def published_energy(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    irreps: tuple[Irrep, ...],
) -> Float[np.ndarray, "*nodes"]:
    r"""Energy as the paper prints it, with a trace where the Frobenius norm belongs:

    $$E^{\mathrm{printed}} = \frac{1}{2M}\sum_{\rho \ne 1} d_\rho\,
      \lvert\operatorname{tr}\hat u(\rho)\,\hat v(\rho)\rvert^2 .$$

    It misses the factor 2 of the cross term of $(u + v)^2$, hence 4 in the energy, and agrees with
    $E/4$ only if all representations in play are one-dimensional.

    Source: [tian2025li2, Eq. 20-21].
    """
    order = len(irreps[0].character)
    energy = np.zeros(np.shape(u)[:-1])
    for irrep, product in zip(irreps, _fourier_products(u, v, irreps), strict=True):
        if not irrep.is_trivial:
            trace = np.trace(product, axis1=-2, axis2=-1)
            energy += irrep.dimension / (2 * order) * np.abs(trace) ** 2
    return energy


def _fourier_products(u: np.ndarray, v: np.ndarray, irreps: tuple[Irrep, ...]) -> list[np.ndarray]:
    pairs = zip(group_fourier_transform(u, irreps), group_fourier_transform(v, irreps), strict=True)
    return [u_hat @ v_hat for u_hat, v_hat in pairs]


def _centered_convolution(u: np.ndarray, v: np.ndarray, table: np.ndarray) -> np.ndarray:
    z = group_convolution(u, v, table)
    return z - z.mean(axis=-1, keepdims=True)


def _check_nodes(u: np.ndarray, v: np.ndarray, table: np.ndarray) -> None:
    if np.shape(u) != np.shape(v) or np.shape(u)[-1:] != np.shape(table)[:1]:
        raise ValueError(
            f"u and v must both have shape [..., {len(table)}], one weight per group element, got "
            f"{np.shape(u)} and {np.shape(v)}"
        )

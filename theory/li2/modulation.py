r"""Top-down modulation: what a fresh node sees once the network has learned some features.

If the irreducible representations in a set $S$ are fitted perfectly, the residual is
$\tilde Y$ projected onto the missing ones, and a fresh node ascends

$$E_S(w) = \frac2M \sum_{\rho \notin S,\ \rho \ne 1} d_\rho\,
  \lVert\hat u(\rho)\,\hat v(\rho)\rVert_F^2 :$$

learned representations vanish from the landscape, all others keep their maxima and heights.

A real network learns complex representations in conjugate pairs. Wherever ``learned`` names one
member of a pair, the other is understood.
"""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Complex, Float, Int

from ..irreps import Irrep, inverses
from .energy import irrep_energies


def irrep_projector(
    irrep: Irrep, table: Int[np.ndarray, "group group"]
) -> Complex[np.ndarray, "group group"]:
    r"""Projector of functions on a group onto one irreducible representation:

    $$\Pi_\rho(h, h') = \frac{d_\rho}{M}\,\chi_\rho(h'^{-1}h),$$

    Hermitian, of rank $d_\rho^2$; the projectors of all representations add up to 1.

    Parameters
    ----------
    irrep : Irrep
        One representation of the group.
    table : [group, group]
        Its Cayley table.

    Source: derived (Schur orthogonality); corrects [tian2025li2, Thm. 7], see
    :func:`published_projector`.
    """
    quotients = table[inverses(table)].T  # [h, h'] -> h'^-1 h
    return irrep.dimension / len(table) * irrep.character[quotients]


def published_projector(irrep: Irrep) -> Complex[np.ndarray, "group group"]:
    r"""Projector as printed, with the character taken for multiplicative:

    $$\Pi_\rho(h, h') = \frac{d_\rho}{M}\,\chi_\rho(h)\,\overline{\chi_\rho(h')} .$$

    Right for one-dimensional representations; otherwise of rank one, and not even idempotent.

    Source: [tian2025li2, Thm. 7].
    """
    scale = irrep.dimension / len(irrep.character)
    return scale * np.outer(irrep.character, irrep.character.conj())


def residual_labels(
    irreps: tuple[Irrep, ...],
    table: Int[np.ndarray, "group group"],
    *,
    learned: Iterable[int],
) -> Float[np.ndarray, "samples group"]:
    r"""Residual of a network that has fitted some representations perfectly, on all pairs:

    $$R_{(h_1,h_2),\,h} = \sum_{\rho \notin S,\ \rho \ne 1} \Pi_\rho(h_1h_2, h) .$$

    Feed it to :func:`groktheory.theory.li2.energy.label_energy` to get $E_S$ of any features.

    Parameters
    ----------
    irreps : tuple of Irrep
        All representations of the group.
    table : [group, group]
        Its Cayley table.
    learned : indices into ``irreps``
        The set $S$.

    Returns
    -------
    [samples, group] array
        Samples $(h_1, h_2)$ in row-major order; the centered labels if nothing is learned.

    Source: derived; corrects [tian2025li2, Thm. 7].
    """
    missing = _missing(irreps, learned)
    projector = sum(
        (np.real(irrep_projector(irreps[index], table)) for index in missing),
        start=np.zeros(np.shape(table)),
    )
    return projector[np.ravel(table)]


def modulated_energy(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    irreps: tuple[Irrep, ...],
    *,
    learned: Iterable[int],
) -> Float[np.ndarray, "*nodes"]:
    r"""Energy $E_S$ that a node sees when the representations in ``learned`` are fitted.

    Parameters
    ----------
    u, v : [*nodes, group]
        Weights on the first and second factor; $\sigma(x) = x^2$, all pairs.
    irreps : tuple of Irrep
        All representations of the group.
    learned : indices into ``irreps``
        The set $S$; empty gives the plain energy.

    Source: derived; corrects [tian2025li2, Thm. 7].
    """
    missing = _missing(irreps, learned)
    return np.asarray(irrep_energies(u, v, irreps)[..., missing].sum(axis=-1))


def residual_fraction(irreps: tuple[Irrep, ...], *, learned: Iterable[int]) -> float:
    r"""Fraction of the initial loss that remains when some representations are fitted:

    $$1 - \frac{1}{M-1}\sum_{\rho \in S,\ \rho \ne 1} d_\rho^2 .$$

    Source: derived (trace of the projectors).

    >>> from groktheory.theory.irreps import irreps
    >>> cyclic = irreps(np.add.outer(np.arange(11), np.arange(11)) % 11)
    >>> residual_fraction(cyclic, learned=[1, 3])
    0.6
    """
    missing = _missing(irreps, learned)
    order = len(irreps[0].character)
    return sum(irreps[index].dimension ** 2 for index in missing) / max(order - 1, 1)


def _missing(irreps: tuple[Irrep, ...], learned: Iterable[int]) -> list[int]:
    """Non-trivial irreps that neither are learned themselves nor have a learned conjugate."""
    learned = set(learned)
    outside = [index for index in learned if not 0 <= index < len(irreps)]
    if outside:
        raise ValueError(
            f"learned must hold indices of irreps, 0..{len(irreps) - 1}, got {outside[0]}"
        )
    return [
        index
        for index, irrep in enumerate(irreps)
        if not irrep.is_trivial and index not in learned and irrep.conjugate not in learned
    ]

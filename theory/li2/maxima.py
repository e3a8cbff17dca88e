r"""Local maxima of the energy on the unit sphere, and how flat they are.

For $\sigma(x) = x^2$ and all $M^2$ samples, every local maximum of $E$ on $\lVert w\rVert = 1$
sits in one irreducible representation $\rho$ of dimension $d$ (or in one conjugate pair), with
$\lVert u\rVert^2 = \lVert v\rVert^2 = 1/2$ and *aligned, rank-one* Fourier transforms

$$\hat u(\rho) \propto p\,q^*, \qquad \hat v(\rho) \propto q\,s^*, \qquad
  \lVert p\rVert = \lVert q\rVert = \lVert s\rVert = 1 .$$

The unit vectors $p, q, s$ are free, so the maxima form manifolds; they are real for a
representation of real type, complex for a complex pair, quaternionic (rank one over the
quaternions, two over the complex numbers) for quaternionic type.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from ..irreps import Irrep, inverses, irreps
from .energy import full_data_energy, group_convolution


@dataclass(frozen=True)
class Maximum:
    r"""One family of local maxima of the energy.

    Attributes
    ----------
    irrep : int
        Index of its representation in the tuple from :func:`groktheory.theory.irreps.irreps`.
    conjugate : int
        Index of the conjugate representation: different from ``irrep`` for a complex pair.
    dimension : int
        $d$.
    kind : "real", "complex" or "quaternionic"
        Frobenius-Schur type.
    order : int
        Order $M$ of the group.
    """

    irrep: int
    conjugate: int
    dimension: int
    kind: Literal["real", "complex", "quaternionic"]
    order: int

    @property
    def energy(self) -> float:
        r"""Height of the maximum on the unit sphere: $M/2d$ (real type), else $M/4d$.

        Source: derived (norms $M/2d$ of $\hat u, \hat v$ in one real, or shared by two complex
        dimensions); corrects [tian2025li2, Thm. 2].
        """
        return self.order / ((2 if self.kind == "real" else 4) * self.dimension)

    @property
    def published_energy(self) -> float:
        r"""Height as printed: $M/8d$ for real and $M/16d$ for complex representations.

        The paper does not treat quaternionic type; it gets the value of the complex case here.
        Four times too small. Source: [tian2025li2, Thm. 2].
        """
        return self.order / ((8 if self.kind == "real" else 16) * self.dimension)

    @property
    def zero_modes(self) -> int:
        r"""Number of zero eigenvalues of the Hessian on the sphere: $3f(n-1) + 2(f-1)$.

        The maxima live over the real, complex or quaternionic numbers, of real dimension
        $f = 1, 2, 4$, in $n = d, d, d/2$ dimensions; the count is the dimension of the manifold of
        $(p, q, s)$, three unit spheres modulo one common phase. In terms of $d$: $3(d-1)$,
        $6d-4$, $6d-6$. Source: derived (that count).
        """
        f, n = self._field
        return 3 * f * (n - 1) + 2 * (f - 1)

    @property
    def steepest_modes(self) -> int:
        r"""Number of Hessian eigenvalues $-8E$: $1 + f(n-1)$, with $f$ and $n$ as for the zero
        modes.

        One trades $\lVert u\rVert$ for $\lVert v\rVert$; the others turn the vector $q$ of $u$
        against that of $v$. Source: derived (second variation).
        """
        f, n = self._field
        return 1 + f * (n - 1)

    @property
    def is_flat(self) -> bool:
        """Whether the maximum has a zero mode; only a one-dimensional real irrep has none."""
        return self.zero_modes > 0

    @property
    def published_is_flat(self) -> bool:
        r"""Flatness as printed, "flat whenever $M > 2$": false for the parity of $\mathbb Z_{2m}$,
        the sign of $S_n$, and all of $\mathbb Z_2^n$. Source: [tian2025li2, Cor. 1].
        """
        return self.order > 2

    @property
    def curvatures(self) -> Float[np.ndarray, " tangent"]:
        r"""All $2M - 1$ eigenvalues of the Hessian on the sphere, ascending: $-8E$
        (:attr:`steepest_modes` times), 0 (:attr:`zero_modes` times), $-4E$ for all others, which
        put weight into another representation or another rank. Source: derived.
        """
        counts = (
            self.steepest_modes,
            2 * self.order - 1 - self.steepest_modes - self.zero_modes,
            self.zero_modes,
        )
        return np.repeat([-8 * self.energy, -4 * self.energy, 0.0], counts)

    @property
    def _field(self) -> tuple[int, int]:
        """Real dimension of the number field, and dimension of the irrep over it."""
        return {
            "real": (1, self.dimension),
            "complex": (2, self.dimension),
            "quaternionic": (4, self.dimension // 2),
        }[self.kind]


def local_maxima(table: Int[np.ndarray, "group group"]) -> tuple[Maximum, ...]:
    r"""All families of local maxima of the energy for one group: one per non-trivial irreducible
    representation, conjugate pairs counted once.

    Parameters
    ----------
    table : [group, group]
        Cayley table.

    Returns
    -------
    tuple of Maximum
        In the order of :func:`groktheory.theory.irreps.irreps`; empty for the trivial group.
        ``{maximum.energy for maximum in local_maxima(table)}`` are the only energies at which
        projected ascent can stop.

    Source: derived; corrects [tian2025li2, Thm. 2].

    >>> cyclic_6 = np.add.outer(np.arange(6), np.arange(6)) % 6
    >>> [(m.irrep, m.energy, m.zero_modes) for m in local_maxima(cyclic_6)]
    [(1, 1.5, 2), (2, 1.5, 2), (3, 3.0, 0)]
    """
    return tuple(
        Maximum(
            irrep=index,
            conjugate=irrep.conjugate,
            dimension=irrep.dimension,
            kind=irrep.kind,
            order=len(table),
        )
        for index, irrep in enumerate(irreps(table))
        if not irrep.is_trivial and irrep.conjugate >= index
    )


def sample_maximum(
    irrep: Irrep, num_nodes: int, *, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "nodes group"], Float[np.ndarray, "nodes group"]]:
    r"""Draw nodes uniformly from the maximum manifold of one representation, in closed form:

    $$u(g) = c\,\operatorname{Re} p^*\rho(g)\,q, \qquad v(g) = c\,\operatorname{Re} q^*\rho(g)\,s,
    \qquad c^2 = \frac{d}{2M}\ \text{(real type)}, \quad \frac{d}{M}\ \text{(otherwise)},$$

    with independent uniform unit vectors $p, q, s$, real for real type.

    Parameters
    ----------
    irrep : Irrep
        Not the trivial one.
    num_nodes : int
        Number of independent draws.
    rng : numpy.random.Generator

    Returns
    -------
    Two [nodes, group] arrays, u and v, with $\lVert u\rVert^2 = \lVert v\rVert^2 = 1/2$.

    Source: derived (Fourier inversion of the aligned rank-one form).
    """
    if irrep.is_trivial:
        raise ValueError("irrep must be non-trivial: the energy of the trivial one vanishes")
    order, dimension = len(irrep.character), irrep.dimension
    real = irrep.kind == "real"
    vectors = rng.normal(size=(3, num_nodes, dimension)).astype(np.complex128)
    if not real:
        vectors += 1j * rng.normal(size=vectors.shape)
    p, q, s = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    scale = np.sqrt(dimension / ((2 if real else 1) * order))
    element = "na,gab,nb->ng"
    u = np.einsum(element, p.conj(), irrep.matrices, q, optimize=True).real
    v = np.einsum(element, q.conj(), irrep.matrices, s, optimize=True).real
    return scale * u, scale * v


def hessian_on_sphere(
    u: Float[np.ndarray, " group"],
    v: Float[np.ndarray, " group"],
    table: Int[np.ndarray, "group group"],
) -> Float[np.ndarray, "weights weights"]:
    r"""Hessian of the full-data energy on the unit sphere at a critical point $w = [u; v]/|w|$:

    $$H = P\,(\nabla^2E - 4E\,I)\,P, \qquad P = I - ww^\top,$$

    since $w\cdot\nabla E = 4E$. With $z = u * v - \overline{u*v}$ and its Jacobian $J$,
    $\nabla^2E = 4J^\top J + 4\begin{psmallmatrix}0 & Z\\ Z^\top & 0\end{psmallmatrix}$,
    $Z_{gk} = z(gk)$.

    Parameters
    ----------
    u, v : [group]
        One node; normalized here. Away from a critical point the result is still the Riemannian
        Hessian.
    table : [group, group]
        Cayley table.

    Returns
    -------
    [2 group, 2 group] array
        Symmetric, with $w$ in its kernel.

    Source: derived (differentiating the convolution twice).
    """
    w, hessian = _normalized_hessian(u, v, table)
    projector = np.eye(len(w)) - np.outer(w, w)
    return projector @ hessian @ projector


def hessian_eigenvalues(
    u: Float[np.ndarray, " group"],
    v: Float[np.ndarray, " group"],
    table: Int[np.ndarray, "group group"],
) -> Float[np.ndarray, " tangent"]:
    r"""Eigenvalues, ascending, of :func:`hessian_on_sphere` on the $2M - 1$ tangent directions.

    Compare with :attr:`Maximum.curvatures`. Parameters as there.
    """
    w, hessian = _normalized_hessian(u, v, table)
    tangent = np.linalg.qr(w[:, None], mode="complete")[0][:, 1:]
    return np.linalg.eigvalsh(tangent.T @ hessian @ tangent)


def _normalized_hessian(
    u: np.ndarray, v: np.ndarray, table: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit vector w and the Hessian minus the Lagrange multiplier 4E."""
    w = np.concatenate([u, v])
    norm = np.linalg.norm(w)
    if norm == 0:
        raise ValueError("u and v must not both vanish: the sphere needs a direction")
    w = w / norm
    u, v = np.split(w, 2)
    inverse = inverses(table)
    convolution = group_convolution(u, v, table)
    z = convolution - convolution.mean()
    # d(u*v)(h)/du(g) = v(g^-1 h) and d(u*v)(h)/dv(k) = u(h k^-1).
    jacobian = np.hstack([v[table[inverse]].T, u[table[:, inverse]]])
    jacobian -= jacobian.mean(axis=0)
    hessian = 4 * jacobian.T @ jacobian
    order = len(table)
    hessian[:order, order:] += 4 * z[table]
    hessian[order:, :order] += 4 * z[table].T
    hessian -= 4 * full_data_energy(u, v, table) * np.eye(2 * order)
    return w, hessian

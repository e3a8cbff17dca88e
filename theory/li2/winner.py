r"""Which feature a node ends up with: the frequency that blows up first.

On an Abelian group the full-data energy for $\sigma(x) = x^2$ decouples over characters. With
$a_\chi = \lvert\hat u(\chi)\rvert^2$ and $b_\chi = \lvert\hat v(\chi)\rvert^2$, gradient flow
without the norm constraint obeys

$$\dot a_\chi = \dot b_\chi = 8\,a_\chi b_\chi ,$$

conserves $a_\chi - b_\chi$ and diverges at a finite time that depends on the logarithmic mean of
$a_\chi(0)$ and $b_\chi(0)$ alone. Because $E$ is homogeneous, the constrained flow follows the same
directions at another speed: the first character to diverge takes the node.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from ..irreps import Irrep

Rule = Literal["logarithmic", "product", "sum"]


def logarithmic_mean(
    a: float | Float[np.ndarray, "*batch"], b: float | Float[np.ndarray, "*batch"]
) -> Float[np.ndarray, "*batch"]:
    r"""Logarithmic mean of two non-negative numbers,

    $$\Lambda(a, b) = \frac{a - b}{\ln a - \ln b}, \qquad \Lambda(a, a) = a, \quad
      \Lambda(a, 0) = 0 .$$

    Accurate for nearly equal arguments, where it is evaluated as
    $\tfrac{a+b}{2}\,x/\operatorname{artanh}x$ with $x = (a-b)/(a+b)$.

    Raises
    ------
    ValueError
        An argument is negative or not finite.

    >>> logarithmic_mean(np.array([1.0, 2.0]), np.array([np.e, 2.0])).round(6)
    array([1.718282, 2.      ])
    """
    a, b = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
    invalid = ~((a >= 0) & (b >= 0) & np.isfinite(a) & np.isfinite(b))
    if invalid.any():
        raise ValueError(
            f"a and b must be finite and non-negative, got {a[invalid][0]} and {b[invalid][0]}"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (a - b) / (a + b)
        near = (a + b) / 2 * np.where(x == 0, 1.0, x / np.arctanh(x))
        far = (a - b) / (np.log(a) - np.log(b))
    # Far apart, artanh loses the digits of 1 - |x|; close together, the two logarithms cancel.
    result = np.where(np.abs(x) < 0.5, near, far)
    return np.where((a == 0) | (b == 0), 0.0, result)


def blowup_time(
    a: float | Float[np.ndarray, "*batch"], b: float | Float[np.ndarray, "*batch"]
) -> Float[np.ndarray, "*batch"]:
    r"""Time at which $\dot w = \nabla E$ without norm constraint diverges along one character:

    $$T = \frac{1}{8\,\Lambda(a, b)} = \frac{\ln(a/b)}{8\,(a - b)} .$$

    Parameters
    ----------
    a, b : [*batch]
        Initial Fourier powers $\lvert\hat u(\chi)\rvert^2$, $\lvert\hat v(\chi)\rvert^2$; the same
        formula holds for real and complex characters.

    Returns
    -------
    [*batch] array, infinite where a or b vanishes.

    Source: derived (separation of variables); sharpens [tian2025li2, Lemma 8].
    """
    with np.errstate(divide="ignore"):
        return np.asarray(1 / (8 * logarithmic_mean(a, b)))


def character_powers(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    irreps: tuple[Irrep, ...],
) -> tuple[Float[np.ndarray, "*nodes characters"], Float[np.ndarray, "*nodes characters"]]:
    r"""Fourier powers $\lvert\hat u(\chi)\rvert^2$ and $\lvert\hat v(\chi)\rvert^2$ of nodes on an
    Abelian group, one column per character in the order of ``irreps``.

    Raises
    ------
    ValueError
        The group is not Abelian, or the last axis does not match its order.
    """
    if any(irrep.dimension > 1 for irrep in irreps):
        raise ValueError(
            "irreps must belong to an Abelian group (all of dimension 1), got dimension "
            f"{max(irrep.dimension for irrep in irreps)}: the flow does not decouple there"
        )
    characters = np.stack([irrep.character for irrep in irreps])
    for name, weights in (("u", u), ("v", v)):
        if np.shape(weights)[-1] != len(characters):
            raise ValueError(
                f"{name} must have {len(characters)} entries on its last axis, got shape "
                f"{np.shape(weights)}"
            )
    return np.abs(u @ characters.T) ** 2, np.abs(v @ characters.T) ** 2


def predicted_winner(
    u: Float[np.ndarray, "*nodes group"],
    v: Float[np.ndarray, "*nodes group"],
    irreps: tuple[Irrep, ...],
    *,
    rule: Rule = "logarithmic",
) -> Int[np.ndarray, "*nodes"]:
    r"""Feature that nodes starting at $w = [u; v]$ converge to under ascent of the energy:

    $$\chi^\star = \arg\max_{\chi \ne 1} \Lambda\big(\lvert\hat u(\chi)\rvert^2,
      \lvert\hat v(\chi)\rvert^2\big) .$$

    Parameters
    ----------
    u, v : [*nodes, group]
        Initial weights, any norm.
    irreps : tuple of Irrep
        Of an Abelian group, from :func:`groktheory.theory.irreps.irreps`.
    rule : "logarithmic", "product" or "sum"
        What to maximize. The logarithmic mean is exact; the product $ab$ (the initial energy of the
        feature) and the sum $a + b$ (its initial weight) are the rivals "initial leader wins".

    Returns
    -------
    [*nodes] integer array
        Index into ``irreps``, the smaller one of a complex pair; for $\mathbb Z_M$ in natural order
        the frequency $1, \dots, \lfloor M/2\rfloor$.

    Source: derived (first blow-up); sharpens [tian2025li2, Lemma 8].

    >>> from groktheory.theory.irreps import irreps
    >>> cyclic = irreps(np.add.outer(np.arange(7), np.arange(7)) % 7)
    >>> wave = np.cos(2 * np.pi * 3 * np.arange(7) / 7)
    >>> int(predicted_winner(wave, wave, cyclic))
    3
    """
    a, b = character_powers(u, v, irreps)
    if rule == "logarithmic":
        scores = logarithmic_mean(a, b)
    elif rule == "product":
        scores = a * b
    elif rule == "sum":
        scores = a + b
    else:
        raise ValueError(f"rule must be 'logarithmic', 'product' or 'sum', got {rule!r}")
    features = np.array(
        [i for i, irrep in enumerate(irreps) if not irrep.is_trivial and irrep.conjugate >= i]
    )
    if len(features) == 0:
        raise ValueError("irreps must have a non-trivial member: the trivial group has no features")
    return np.asarray(features[np.argmax(scores[..., features], axis=-1)])


def winner_probabilities(modulus: int) -> Float[np.ndarray, " frequencies"]:
    r"""Probability that a node with Gaussian initial weights on $\mathbb Z_M$ ends up at each
    frequency $k = 1, \dots, \lfloor M/2\rfloor$.

    Uniform for odd $M$. For even $M$ the powers at $k = M/2$ follow $\chi^2_1$ where the others are
    exponential, of equal mean, and

    $$P(k = M/2) = \int \big(1 - F_{\mathrm{real}}(\lambda)\big)\,
      \mathrm d F_{\mathrm{pair}}(\lambda)^{M/2 - 1},$$

    with $F$ the distribution functions of the logarithmic mean. All else is shared evenly.

    Parameters
    ----------
    modulus : int
        $M \ge 2$.

    Returns
    -------
    [frequencies] array summing to 1; quadrature error below 1e-5 for even $M$.

    Source: derived (first blow-up, order statistics).

    >>> winner_probabilities(7)
    array([0.33333333, 0.33333333, 0.33333333])
    """
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2, got {modulus}")
    pairs = (modulus - 1) // 2
    if modulus % 2:
        return np.full(pairs, 1 / pairs)
    if pairs == 0:
        return np.ones(1)
    # Polar form a = r s, b = r (1 - s), s = sin^2(phi): Lambda = r Lambda(s, 1 - s).
    nodes, weights = np.polynomial.legendre.leggauss(400)
    phi, weights = np.pi / 4 * (nodes + 1), np.pi / 4 * weights
    shape = logarithmic_mean(np.sin(phi) ** 2, np.cos(phi) ** 2)
    level = 40 * np.linspace(0, 1, 4001)[:, None] ** 3
    # Exponential a, b: r is Gamma(2), s uniform. Chi-square a, b: r/2 exponential, phi uniform.
    tail_pair = ((1 + level / shape) * np.exp(-level / shape)) @ (weights * np.sin(2 * phi))
    tail_real = np.exp(-level / (2 * shape)) @ (weights * 2 / np.pi)
    real = np.trapezoid(tail_real, (1 - tail_pair) ** pairs)
    return np.append(np.full(pairs, (1 - real) / pairs), real)

r"""Stage III under Muon: orthogonalized gradients turn nodes away from features already found.

Muon replaces a gradient $G = U\Sigma V^\top$ by its polar factor $UV^\top$. It still ascends,
$\langle UV^\top, G\rangle = \operatorname{tr}\Sigma\ge0$, and next to a node that follows a found
feature it turns a second node away from that feature by a factor that can be computed exactly.
In training code the polar factor is approximated by Newton-Schulz steps, which act on the singular
values alone.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

NEWTON_SCHULZ_COEFFICIENTS: tuple[tuple[float, float, float], ...] = (
    (4.01, -9.22, 5.80),
    (3.49, -6.38, 3.23),
    (3.34, -6.21, 3.20),
    (3.64, -7.48, 4.43),
    (3.46, -5.35, 2.85),
)
r"""$(a, b, c)$ of the five steps $X\leftarrow aX+bXX^\top X+c(XX^\top)^2X$ [tian2025li2, code]."""


def polar_factor(gradient: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows columns"]:
    r"""Return the orthogonal polar factor of a matrix.

    $$G = U\Sigma V^\top \ \mapsto\ UV^\top ,$$

    summed over the non-zero singular values. Source: [tian2025li2, Lemma 2].

    >>> polar_factor(np.diag([3.0, 0.5])).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    left, values, right = np.linalg.svd(gradient, full_matrices=False)
    floor = values.max(initial=0.0) * max(gradient.shape) * np.finfo(np.float64).eps
    kept = values > floor
    return left[:, kept] @ right[kept]


def ascent_rate(gradient: Float[np.ndarray, "rows columns"]) -> float:
    r"""Return the rate at which a step along the polar factor climbs, the nuclear norm.

    $$\langle UV^\top, G\rangle = \operatorname{tr}\Sigma\ge0, \qquad = 0 \iff G = 0 .$$

    Source: [tian2025li2, Lemma 2].

    >>> round(ascent_rate(np.diag([3.0, -0.5])), 12)
    3.5
    """
    return float(np.linalg.svd(gradient, compute_uv=False).sum())


def suppression_factor(
    found_gradient: Float[np.ndarray, " weights"], gradient: Float[np.ndarray, " weights"]
) -> float:
    r"""Return the factor by which Muon lowers the pull of a found feature on another node.

    For the two columns $G = [e, g]$, $g = g_\parallel + g_\perp$ with $g_\parallel$ along $e$, the
    polar factor's second column has

    $$\frac{\lVert\cdot_\parallel\rVert}{\lVert\cdot_\perp\rVert}
      = \frac{\lVert g_\perp\rVert}{\lVert e\rVert+\lVert g_\perp\rVert}\,
        \frac{\lVert g_\parallel\rVert}{\lVert g_\perp\rVert} .$$

    The factor is at most one half as long as $\lVert g_\perp\rVert\le\lVert e\rVert$, which the
    paper's halving of found features takes for granted.

    Parameters
    ----------
    found_gradient
        $e\ne0$, gradient of a node that follows the found feature.
    gradient
        $g$, gradient of the second node.

    Raises
    ------
    ValueError
        If $e = 0$ or $g$ is parallel to it (the second column is then undefined).

    Source: derived (the polar factor of $\begin{pmatrix}c&a\\0&b\end{pmatrix}$ has the second
    column $(a, b+c)^\top/\sqrt{a^2+(b+c)^2}$); the bound for $\lVert e\rVert = 1$,
    [tian2025li2, Thm. 8].

    >>> suppression_factor(np.array([1.0, 0.0]), np.array([0.7, 1.0]))
    0.5
    """
    strength = float(np.linalg.norm(found_gradient))
    if strength == 0:
        raise ValueError("found_gradient must not be zero: it defines the found feature")
    direction = found_gradient / strength
    orthogonal = float(np.linalg.norm(gradient - (gradient @ direction) * direction))
    if orthogonal <= 1e-14 * float(np.linalg.norm(gradient)):
        raise ValueError("gradient must not be parallel to found_gradient")
    return orthogonal / (strength + orthogonal)


def feature_blowup_times(
    strengths: Float[np.ndarray, " features"], initial: Float[np.ndarray, " features"]
) -> Float[np.ndarray, " features"]:
    r"""Return the times at which the feature amplitudes of a node diverge.

    $$\dot\alpha_l = \mu_l\alpha_l^2 \ \Rightarrow\ \alpha_l(t) =
      \frac{\alpha_l(0)}{1-\mu_l\alpha_l(0)t}, \qquad t_l = \frac1{\mu_l\alpha_l(0)} .$$

    Parameters
    ----------
    strengths
        $\mu_l > 0$.
    initial
        $\alpha_l(0) > 0$.

    Raises
    ------
    ValueError
        If the shapes differ or an entry is not positive.

    Source: [tian2025li2, Thm. 8].

    >>> feature_blowup_times(np.array([1.0, 2.0]), np.array([0.5, 0.5])).tolist()
    [2.0, 1.0]
    """
    if strengths.shape != initial.shape:
        raise ValueError(
            f"strengths and initial must have one shape, got {strengths.shape} and {initial.shape}"
        )
    if np.any(strengths <= 0) or np.any(initial <= 0):
        raise ValueError(
            "strengths and initial must be positive, got minima "
            f"{float(strengths.min())} and {float(initial.min())}"
        )
    return 1 / (strengths * initial)


def winning_feature(
    strengths: Float[np.ndarray, " features"], initial: Float[np.ndarray, " features"]
) -> int:
    r"""Return the feature into which a node falls, $\arg\max_l\mu_l\alpha_l(0)$.

    The first to diverge; on the sphere $\sum_l\alpha_l^2 = 1$ the orbits are the same up to a
    change of time, so it is the one that stays. Arguments as in :func:`feature_blowup_times`.
    Source: [tian2025li2, Thm. 8].

    >>> winning_feature(np.array([1.0, 2.0]), np.array([0.5, 0.2]))
    0
    """
    return int(np.argmin(feature_blowup_times(strengths, initial)))


def newton_schulz_map(
    singular_values: Float[np.ndarray, " values"],
    *,
    coefficients: Sequence[tuple[float, float, float]] = NEWTON_SCHULZ_COEFFICIENTS,
) -> Float[np.ndarray, " values"]:
    r"""Return what the Newton-Schulz steps make of the singular values.

    $$s\mapsto as+bs^3+cs^5 ,$$

    once per triple. Singular vectors do not change.

    Parameters
    ----------
    singular_values
        $s\in[0,1]$ after division by the Frobenius norm.
    coefficients
        Triples $(a, b, c)$ in the order of the steps.

    Raises
    ------
    ValueError
        If a value lies outside $[0,1]$, where the map may diverge.

    Source: [tian2025li2, code].

    >>> newton_schulz_map(np.array([0.0, 0.5])).round(3).tolist()
    [0.0, 1.135]
    """
    if np.any(singular_values < 0) or np.any(singular_values > 1 + 1e-12):
        raise ValueError(
            "singular_values must lie in [0, 1], got a range of "
            f"[{float(singular_values.min())}, {float(singular_values.max())}]; divide by the "
            "Frobenius norm first"
        )
    mapped = np.asarray(singular_values, dtype=np.float64)
    for a, b, c in coefficients:
        square = mapped**2
        mapped = mapped * (a + square * (b + square * c))
    return mapped


def newton_schulz_error(
    smallest_singular_value: float,
    *,
    coefficients: Sequence[tuple[float, float, float]] = NEWTON_SCHULZ_COEFFICIENTS,
) -> float:
    r"""Return the largest error of the Newton-Schulz steps in operator norm.

    $$\max_{s_0\le s\le1}\,\lvert q(s)-1\rvert$$

    for a matrix of unit Frobenius norm whose singular values are all at least $s_0$, on a grid of
    20000 points. With the coefficients of the code it is 0.157 down to $s_0\approx0.003$ (the map
    oscillates about one instead of converging) and rises to one below.

    Parameters
    ----------
    smallest_singular_value
        $s_0\in(0,1)$.
    coefficients
        As in :func:`newton_schulz_map`.

    Raises
    ------
    ValueError
        If $s_0$ lies outside $(0,1)$.

    Source: derived from [tian2025li2, code].
    """
    if not 0 < smallest_singular_value < 1:
        raise ValueError(
            f"smallest_singular_value must lie in (0, 1), got {smallest_singular_value}"
        )
    grid = np.geomspace(smallest_singular_value, 1.0, 20_000)
    return float(np.abs(newton_schulz_map(grid, coefficients=coefficients) - 1).max())


def newton_schulz_polar_factor(
    gradient: Float[np.ndarray, "rows columns"],
    *,
    coefficients: Sequence[tuple[float, float, float]] = NEWTON_SCHULZ_COEFFICIENTS,
) -> Float[np.ndarray, "rows columns"]:
    r"""Return the exact result of the Newton-Schulz steps on a matrix.

    $$G = U\Sigma V^\top\ \mapsto\ U\,q(\Sigma/\lVert\Sigma\rVert_F)\,V^\top .$$

    In exact arithmetic, by the singular value decomposition: the oracle for the iteration in
    training code.

    Parameters
    ----------
    gradient
        $G\ne0$.
    coefficients
        As in :func:`newton_schulz_map`.

    Raises
    ------
    ValueError
        If the gradient is zero.

    Source: derived from [tian2025li2, code].
    """
    left, values, right = np.linalg.svd(gradient, full_matrices=False)
    norm = float(np.linalg.norm(values))
    if norm == 0:
        raise ValueError("gradient must not be zero: its direction is undefined")
    mapped = newton_schulz_map(values / norm, coefficients=coefficients)
    return (left * mapped) @ right

r"""Interpolants of least norm, and whether they are the target: what a late bias can recover.

Under-determined data $y = \mathcal A(w)$ leave many interpolants. Gradient descent from zero finds
that of least $\ell_2$ norm; a small $\ell_1$ or nuclear-norm regularizer, or depth with weight
decay, that of least $\ell_1$ norm (sparse) or least nuclear norm (low rank). Generalization is
delayed where the second is the target and the first is not; where neither is, it never comes.
These convex programs say which, before any training time is predicted.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import linalg
from scipy.optimize import linprog, minimize_scalar
from scipy.stats import norm

from ._l1_program import least_l1_norm


@dataclass(frozen=True, eq=False)
class SparseInterpolant:
    r"""An interpolant of least $\ell_1$ norm, with the multipliers that prove it.

    Attributes
    ----------
    weights : [dimension]
        $w$ with $Xw = y$.
    multipliers : [samples]
        $\nu$ with $\lVert X^\top\nu\rVert_\infty \le 1$.
    duality_gap : float
        Relative gap $1 - \nu\cdot y/\lVert w\rVert_1$.
    """

    weights: Float[np.ndarray, " dimension"]
    multipliers: Float[np.ndarray, " samples"]
    duality_gap: float

    @property
    def l1_norm(self) -> float:
        r"""$\lVert w\rVert_1$."""
        return float(np.abs(self.weights).sum())


def min_l2_norm(
    features: Float[np.ndarray, "samples dimension"], targets: Float[np.ndarray, " samples"]
) -> Float[np.ndarray, " dimension"]:
    r"""Return the interpolant of least Euclidean norm, $w = X^\top(XX^\top)^+y$.

    Parameters
    ----------
    features, targets
        $X$ and $y$.

    Raises
    ------
    ValueError
        If shapes do not match, entries are not finite, or no $w$ meets $Xw = y$.

    Source: [lyu2023dichotomy, Thm. 3.9] with linear features.

    >>> min_l2_norm(np.array([[3.0, 4.0]]), np.array([5.0])).round(12).tolist()
    [0.6, 0.8]
    """
    _refuse_bad_data(features, targets)
    features, targets = features.astype(np.float64), targets.astype(np.float64)
    weights = _least_squares(features, targets)
    residual = np.linalg.norm(features @ weights - targets)
    if residual > 1e-8 * np.linalg.norm(targets):
        raise ValueError(_INCONSISTENT.format(residual=residual))
    return weights


def basis_pursuit(
    features: Float[np.ndarray, "samples dimension"], targets: Float[np.ndarray, " samples"]
) -> SparseInterpolant:
    r"""Return an interpolant of least $\ell_1$ norm,

    $$\min_w \lVert w\rVert_1 \quad\text{s.t.}\quad Xw = y .$$

    It has at most as many non-zero entries as samples. Whether it is the only one:
    :func:`sparse_certificate_norm`.

    Parameters
    ----------
    features, targets
        $X$ and $y$.

    Raises
    ------
    ValueError
        If shapes do not match, entries are not finite, or no $w$ meets $Xw = y$.

    Source: [notsawo2025norm, Sec. 3.1].

    >>> basis_pursuit(np.array([[3.0, 4.0]]), np.array([5.0])).weights.tolist()
    [0.0, 1.25]
    """
    _refuse_bad_data(features, targets)
    features, targets = features.astype(np.float64), targets.astype(np.float64)
    size = np.max(np.abs(targets))
    if size == 0:
        return SparseInterpolant(np.zeros(features.shape[1]), np.zeros(len(targets)), 0.0)
    solution = least_l1_norm(features, targets / size, equality=True)
    if solution is None:
        residual = np.linalg.norm(features @ _least_squares(features, targets) - targets)
        raise ValueError(_INCONSISTENT.format(residual=residual))
    weights, multipliers = solution[0] * size, solution[1]
    gap = float(1 - multipliers @ targets / np.abs(weights).sum())
    return SparseInterpolant(weights=weights, multipliers=multipliers, duality_gap=gap)


def sparse_certificate_norm(
    features: Float[np.ndarray, "samples dimension"], weights: Float[np.ndarray, " dimension"]
) -> float:
    r"""Return how far the data are from proving that sparse weights have least $\ell_1$ norm,

    $$t = \min_\nu \max_{k\notin S}|x_k\cdot\nu| \quad\text{s.t.}\quad
      x_k\cdot\nu = \operatorname{sign}w_k \ \text{for}\ k\in S = \operatorname{supp}w .$$

    $w$ is the only interpolant of $y = Xw$ with least $\ell_1$ norm if and only if $t < 1$ and the
    columns $x_k$, $k\in S$, are independent; it is one of several for $t = 1$, none for $t > 1$.
    Only the signs of $w$ matter.

    Parameters
    ----------
    features
        $X$.
    weights
        $w$; zeros must be exact.

    Returns
    -------
    float
        $t \ge 0$; infinite if the columns on the support are dependent.

    Raises
    ------
    ValueError
        If shapes do not match or entries are not finite.

    Cost: one linear program in $n + 1$ variables and $2d$ constraints.
    Source: derived (linear programming duality with strict complementarity).
    """
    if weights.shape != features.shape[1:]:
        raise ValueError(
            f"weights must have one entry a feature, got {weights.shape} for {features.shape}"
        )
    _refuse_bad_data(features, features @ weights)
    features = features.astype(np.float64)
    on = weights != 0
    inside, outside = features[:, on], features[:, ~on]
    if np.linalg.matrix_rank(inside) < inside.shape[1]:
        return float("inf")
    if not outside.size:
        return 0.0
    num_samples = len(features)
    ones = np.ones((outside.shape[1], 1))
    result = linprog(
        np.append(np.zeros(num_samples), 1.0),
        A_ub=np.block([[outside.T, -ones], [-outside.T, -ones]]),
        b_ub=np.zeros(2 * outside.shape[1]),
        A_eq=np.append(inside.T, np.zeros((inside.shape[1], 1)), axis=1) if on.any() else None,
        b_eq=np.sign(weights[on]) if on.any() else None,
        bounds=(None, None),
        method="highs",
    )
    if not result.success:
        raise RuntimeError(f"the linear program was not solved: {result.message}")
    return max(float(result.fun), 0.0)


def is_sparse_recoverable(
    features: Float[np.ndarray, "samples dimension"], target: Float[np.ndarray, " dimension"]
) -> bool:
    r"""Return whether basis pursuit on $(X, Xa^*)$ returns $a^*$ and nothing else.

    Parameters
    ----------
    features
        $X$.
    target
        $a^*$; zeros must be exact.

    The condition of :func:`sparse_certificate_norm`, with $10^{-6}$ off 1 counted as failure.
    """
    return sparse_certificate_norm(features, target) < 1 - 1e-6


def sparse_threshold(sparsity_fraction: float, *, nonnegative: bool = False) -> float:
    r"""Return the fraction of measurements at which sparse recovery sets in for Gaussian designs.

    $$\delta(\rho) = \min_{\tau\ge0}\Bigl\{\rho(1+\tau^2) + c\,(1-\rho)
      \bigl[(1+\tau^2)\Phi(-\tau) - \tau\varphi(\tau)\bigr]\Bigr\}$$

    with $c = 2$, or $c = 1$ for a target known to be non-negative. For $n$ independent Gaussian
    measurements of a target with $\rho d$ non-zero entries, basis pursuit succeeds with probability
    tending to 1 for $n > \delta d$ and to 0 for $n < \delta d$; the step has width
    $O(\sqrt d)$ in $n$.

    Parameters
    ----------
    sparsity_fraction
        $\rho \in [0, 1]$.
    nonnegative
        Whether the program also demands $w \ge 0$.

    Raises
    ------
    ValueError
        If the fraction is outside [0, 1].

    Source: the weak threshold of Donoho and Tanner (2009), as the statistical dimension of
    Amelunxen, Lotz, McCoy and Tropp (2014), Prop. 4.5.

    >>> round(sparse_threshold(0.05), 4)
    0.2039
    """
    if not 0 <= sparsity_fraction <= 1:
        raise ValueError(f"sparsity_fraction must lie in [0, 1], got {sparsity_fraction}")
    tails = 1 if nonnegative else 2
    if sparsity_fraction == 0:
        return 0.0

    def measurements(tau: float) -> float:
        excess = (1 + tau**2) * norm.sf(tau) - tau * norm.pdf(tau)
        return float(sparsity_fraction * (1 + tau**2) + tails * (1 - sparsity_fraction) * excess)

    # The minimizer grows like sqrt(2 log(1/rho)): 50 is beyond it for every float.
    best: Any = minimize_scalar(measurements, bounds=(0, 50), options={"xatol": 1e-10})
    return float(best.fun)


_INCONSISTENT = (
    "no weights interpolate the targets (least residual norm {residual:.3g}): use more features, "
    "fewer samples, or targets without noise"
)


def _least_squares(features: np.ndarray, targets: np.ndarray) -> np.ndarray:
    solution = linalg.lstsq(features, targets, lapack_driver="gelsy")
    assert solution is not None
    return solution[0]


def _refuse_bad_data(features: np.ndarray, targets: np.ndarray) -> None:
    if features.ndim != 2 or targets.shape != features.shape[:1] or features.size == 0:
        raise ValueError(
            "features must be [samples, dimension] with one target a sample and at least one of "
            f"each, got shapes {features.shape} and {targets.shape}"
        )
    if not (np.all(np.isfinite(features)) and np.all(np.isfinite(targets))):
        raise ValueError("features and targets must be finite, got NaN or infinite entries")

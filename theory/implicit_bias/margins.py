r"""Largest margins: where exponential-type losses lead linear and diagonal models.

A classifier without bias on features $x_i$ with labels $y_i = \pm1$ has the normalized margin

$$\gamma_p(w) = \min_i \frac{y_i\,w\cdot x_i}{\lVert w\rVert_p} .$$

A model that moves little from its initialization maximizes $\gamma_2$ (the hard-margin support
vector machine); a diagonal net released by weight decay maximizes $\gamma_1$
[lyu2023dichotomy, Cor. 3.6, 3.7].
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from ._conic import solve_conic
from ._l1_program import least_l1_norm


@dataclass(frozen=True, eq=False)
class MaxMargin:
    r"""A linear classifier of largest margin, with the multipliers that prove it.

    Attributes
    ----------
    order : int
        $p$ of the norm $\lVert w\rVert_p$ that is least: 1 or 2.
    weights : [dimension]
        $w$, scaled to $\min_i y_i w\cdot x_i = 1$.
    multipliers : [samples]
        $a \ge 0$. For $p = 2$, $w = \sum_i a_i y_i x_i$; for $p = 1$,
        $\lVert\sum_i a_i y_i x_i\rVert_\infty \le 1$.
    """

    order: int
    weights: Float[np.ndarray, " dimension"]
    multipliers: Float[np.ndarray, " samples"]

    @property
    def margin(self) -> float:
        r"""The largest normalized margin, $1/\lVert w\rVert_p$."""
        return float(1 / np.linalg.norm(self.weights, self.order))

    @property
    def direction(self) -> Float[np.ndarray, " dimension"]:
        r"""$w/\lVert w\rVert_p$."""
        return self.weights * self.margin

    @property
    def support(self) -> Int[np.ndarray, " support"]:
        """Samples with a multiplier above 1e-8 of the largest one."""
        return np.flatnonzero(self.multipliers > 1e-8 * self.multipliers.max())

    @property
    def duality_gap(self) -> float:
        r"""Relative gap $1 - \sum_i a_i/\lVert w\rVert_p^p$ between dual and primal optimum."""
        norm = np.sum(np.abs(self.weights) ** self.order)
        return float(1 - self.multipliers.sum() / norm)


def max_l2_margin(
    features: Float[np.ndarray, "samples dimension"], labels: Float[np.ndarray, " samples"]
) -> MaxMargin:
    r"""Return the hard-margin support vector machine without bias,

    $$\min_w \tfrac12\lVert w\rVert_2^2 \quad\text{s.t.}\quad y_i\,w\cdot x_i \ge 1 .$$

    Parameters
    ----------
    features
        $x_i$.
    labels
        $y_i = \pm1$.

    Returns
    -------
    MaxMargin
        With ``order`` 2. The active set of the interior-point solution is solved once more as a
        linear system, so that the result is good to rounding unless the data are degenerate.

    Raises
    ------
    ValueError
        For labels other than $\pm1$, mismatched or non-finite data, or data that no hyperplane
        through the origin separates.

    Cost: the dual quadratic program in one variable a sample, $O(n^2d + n^3)$ an iteration at
    worst; the dimension enters the Gram matrix alone. Source: [lyu2023dichotomy, Cor. 3.6].

    >>> svm = max_l2_margin(np.array([[1.0, 2.0], [1.0, -2.0]]), np.array([1.0, -1.0]))
    >>> svm.direction.round(9).tolist(), round(svm.margin, 9)
    ([0.0, 1.0], 2.0)
    """
    _refuse_bad_data(features, labels)
    features = features.astype(np.float64, copy=False)
    sizes = np.linalg.norm(features, axis=1)
    if np.min(sizes) == 0:
        raise ValueError(_NOT_SEPARABLE)
    # Unit rows, and bounds at most one, suit the absolute tolerances of the solver.
    units = labels / sizes
    gram = units[:, None] * (features @ features.T) * units[None, :]
    scale = np.min(sizes)
    bounds = scale / sizes
    multipliers = _solve_dual(gram, bounds)
    polished = _solve_support(gram, bounds, multipliers)
    multipliers = (multipliers if polished is None else polished) / (scale * sizes)
    weights = (multipliers * labels) @ features
    least = np.min(labels * (features @ weights))
    return MaxMargin(order=2, weights=weights / least, multipliers=multipliers / least)


def max_l1_margin(
    features: Float[np.ndarray, "samples dimension"], labels: Float[np.ndarray, " samples"]
) -> MaxMargin:
    r"""Return a classifier of largest $\ell_1$ margin,

    $$\min_w \lVert w\rVert_1 \quad\text{s.t.}\quad y_i\,w\cdot x_i \ge 1 .$$

    The minimizer need not be unique; the margin is.

    Parameters
    ----------
    features, labels
        As for :func:`max_l2_margin`.

    Returns
    -------
    MaxMargin
        With ``order`` 1.

    Raises
    ------
    ValueError
        As for :func:`max_l2_margin`.

    Cost: linear programs on a growing set of columns, a few times $n$ of them; seconds at
    $n = 256$, $d = 10^5$. Source: [lyu2023dichotomy, Cor. 3.7].

    >>> sparse = max_l1_margin(np.array([[2.0, 1.0], [2.0, -1.0]]), np.array([1.0, 1.0]))
    >>> sparse.direction.tolist(), sparse.margin
    ([1.0, 0.0], 2.0)
    """
    _refuse_bad_data(features, labels)
    solution = least_l1_norm(
        labels.astype(np.float64)[:, None] * features, np.ones(len(labels)), equality=False
    )
    if solution is None:
        raise ValueError(_NOT_SEPARABLE)
    weights, multipliers = solution
    least = np.min(labels * (features @ weights))
    if not least > 0.5:
        raise ValueError(_NOT_SEPARABLE)
    return MaxMargin(order=1, weights=weights / least, multipliers=multipliers)


def normalized_margin(
    weights: Float[np.ndarray, " dimension"],
    features: Float[np.ndarray, "samples dimension"],
    labels: Float[np.ndarray, " samples"],
    *,
    order: int = 2,
) -> float:
    r"""Return $\gamma_p(w) = \min_i y_i\,w\cdot x_i/\lVert w\rVert_p$; negative if one label is
    wrong.

    Parameters
    ----------
    weights
        $w \ne 0$, any scale.
    features, labels
        As for :func:`max_l2_margin`.
    order
        $p$, 1 or 2.

    Raises
    ------
    ValueError
        For zero weights, another order or bad data.

    >>> normalized_margin(np.array([3.0, -4.0]), np.array([[1.0, 0.0]]), np.array([1.0]))
    0.6
    """
    _refuse_bad_data(features, labels)
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, got {order}")
    if weights.shape != features.shape[1:]:
        raise ValueError(
            f"weights must have one entry a feature, got {weights.shape} for {features.shape[1]}"
        )
    norm = np.linalg.norm(weights, order)
    if norm == 0:
        raise ValueError("weights must not be zero: the zero classifier has no margin")
    return float(np.min(labels * (features @ weights)) / norm)


_NOT_SEPARABLE = (
    "the data are not linearly separable by a hyperplane through the origin: no hard margin "
    "exists; use more features or fewer samples, or a soft margin"
)


def _solve_dual(
    gram: Float[np.ndarray, "samples samples"], bounds: Float[np.ndarray, " samples"]
) -> Float[np.ndarray, " samples"]:
    r"""Minimize $\frac12 a^\top Ga - b\cdot a$ over $a \ge 0$; unbounded if not separable."""
    num_samples = len(gram)
    solution = solve_conic(
        -bounds,
        -np.eye(num_samples),
        np.zeros(num_samples),
        [("nonnegative", num_samples)],
        quadratic=gram,
        tolerance=1e-11,
    )
    multipliers = np.maximum(solution.x, 0.0)
    # Rounding may hide from the solver that the dual is unbounded.
    if not solution.is_solvable or np.min(gram @ multipliers / bounds) < 0.5:
        raise ValueError(_NOT_SEPARABLE)
    return multipliers


def _solve_support(
    gram: Float[np.ndarray, "samples samples"],
    bounds: Float[np.ndarray, " samples"],
    multipliers: Float[np.ndarray, " samples"],
) -> Float[np.ndarray, " samples"] | None:
    """Solve the optimality conditions on the support; None unless they then hold everywhere."""
    support = np.flatnonzero(multipliers > gram @ multipliers - bounds)
    refined = np.linalg.lstsq(gram[np.ix_(support, support)], bounds[support], rcond=None)[0]
    full = np.zeros_like(multipliers)
    full[support] = refined
    is_optimal = np.all(refined >= 0) and np.min(gram @ full / bounds) >= 1 - 1e-9
    return full if is_optimal else None


def _refuse_bad_data(features: np.ndarray, labels: np.ndarray) -> None:
    if features.ndim != 2 or labels.shape != features.shape[:1] or features.size == 0:
        raise ValueError(
            "features must be [samples, dimension] with one label a sample and at least one of "
            f"each, got shapes {features.shape} and {labels.shape}"
        )
    if not np.all(np.isfinite(features)):
        raise ValueError("features must be finite, got NaN or infinite entries")
    if not np.all(np.abs(labels) == 1):
        wrong = labels[np.abs(labels) != 1][0]
        raise ValueError(f"labels must be +1 or -1, got {wrong}")

"""Least squares for one law and many rows of data, with honest covariances."""

from __future__ import annotations

import dataclasses

import numpy as np
from jaxtyping import Float

from ._law_forms import Law


@dataclasses.dataclass(frozen=True, eq=False)
class Solution:
    """Fitted values, their covariance for unit-weight errors, and the weighted misfit.

    A parameter that the data do not determine, or a search that did not converge, has infinite
    variance.
    """

    values: Float[np.ndarray, " parameters"]
    covariance: Float[np.ndarray, "parameters parameters"]
    chi_squared: float


def solve(
    law: Law,
    x: Float[np.ndarray, " points"],
    y: Float[np.ndarray, "rows points"],
    *,
    weights: Float[np.ndarray, "rows points"],
    space: str,
) -> list[Solution]:
    """Fit every row by itself."""
    if law.is_linear_in(space):
        design, targets = law.design(x), np.log(y) - law.offset(x)
        return [_linear(design, t, w) for t, w in zip(targets, weights, strict=True)]
    targets = np.log(y) if space == "log" else y
    return [_nonlinear(law, x, t, w, space) for t, w in zip(targets, weights, strict=True)]


def _linear(design: np.ndarray, target: np.ndarray, weights: np.ndarray) -> Solution:
    weighted = design * weights[:, None]
    values = np.linalg.lstsq(weighted, target * weights)[0]
    misfit = float(np.sum((weights * (target - design @ values)) ** 2))
    return Solution(values, _covariance(weighted, rounding=1e-12), misfit)


def _nonlinear(
    law: Law, x: np.ndarray, target: np.ndarray, weights: np.ndarray, space: str
) -> Solution:
    from scipy.optimize import least_squares

    def residuals(values: np.ndarray) -> np.ndarray:
        return weights * (law.in_space(x, values, space) - target)

    result = least_squares(
        residuals,
        _start(law, x, target),
        jac="3-point",
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    )
    # central differences are good to about ten digits
    covariance = _covariance(result.jac, rounding=1e-8)
    if not result.success:
        covariance = np.full_like(covariance, np.inf)
    return Solution(result.x, covariance, 2 * float(result.cost))


def _start(law: Law, x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Start a function where the caller says, a named law at its fit in logs."""
    if law.columns is None:
        return np.array(law.start)
    positive = target > 0
    if positive.sum() < len(law.names):
        return np.array([target.mean(), *np.zeros(len(law.names) - 1)])
    design = law.design(x[positive])
    values = np.linalg.lstsq(design, np.log(target[positive]) - law.offset(x[positive]))[0]
    return np.array([np.exp(values[0]), *values[1:]])


def _covariance(jacobian: np.ndarray, *, rounding: float) -> np.ndarray:
    """Invert `J^T J`, with infinite variance along directions that the data do not see."""
    lengths = np.linalg.norm(jacobian, axis=0)
    lengths = np.where(lengths > 0, lengths, 1.0)
    _, singular_values, directions = np.linalg.svd(jacobian / lengths, full_matrices=False)
    seen = singular_values > rounding
    scaled = directions[seen] / singular_values[seen, None]
    covariance = scaled.T @ scaled / np.outer(lengths, lengths)
    blind = np.any(np.abs(directions[~seen]) > 1e-8, axis=0)
    covariance[np.ix_(blind, blind)] = np.inf
    return covariance

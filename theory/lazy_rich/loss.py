r"""The test error of a committee in closed form, term by term.

For $x\sim\mathcal N(0, I_D/D)$ the centered output is $u\cdot x+\tfrac\epsilon2x^\top Qx$ and the
target $\tfrac12x^\top Bx$, so that the error needs no test sample: it is a quadratic form in
$A = B - \epsilon Q$ and $u$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._checks import refuse_bad_curvature


@dataclass(frozen=True, eq=False)
class LossTerms:
    r"""The three parts of a test error, at each record.

    Attributes
    ----------
    variance
        $\tfrac14(\operatorname{tr}A/D)^2$: the network overestimates or underestimates $|x|^2$.
    misalignment
        $\lVert A\rVert_F^2/2D^2$: its quadratic features point in wrong directions.
    linear_power
        $\lVert u\rVert^2/D$: it fitted the training set with a linear function that the target
        does not contain.
    """

    variance: Float[np.ndarray, "*records"]
    misalignment: Float[np.ndarray, "*records"]
    linear_power: Float[np.ndarray, "*records"]

    @property
    def total(self) -> Float[np.ndarray, "*records"]:
        """Test error, the sum of the three."""
        return np.asarray(self.variance + self.misalignment + self.linear_power)


def loss_terms(
    linear: Float[np.ndarray, "*records dimension"],
    quadratic: Float[np.ndarray, "*records dimension dimension"],
    target: Float[np.ndarray, "dimension dimension"],
    *,
    curvature: float,
) -> LossTerms:
    r"""Return the test error of a committee in three terms.

    $$ \mathbb E(f-y)^2 = \frac14\Big(\frac{\operatorname{tr}A}D\Big)^2
       + \frac{\lVert A\rVert_F^2}{2D^2} + \frac{\lVert u\rVert^2}D , \qquad A = B - \epsilon Q . $$

    Parameters
    ----------
    linear, quadratic
        $u = \alpha(\bar w-\bar w_0)$ and $Q = \alpha(M-M_0)$, as a
        :class:`~groktheory.theory.lazy_rich.committee.Trajectory` has them; for a network that is
        not centered, $\alpha\bar w$ and $\alpha M$.
    target
        Symmetric $B$ of the target $y = \tfrac12x^\top Bx$; $\beta\beta^\top$ for a single index.
    curvature
        $\epsilon > 0$.

    Raises
    ------
    ValueError
        For shapes that do not fit or a target that is not symmetric.

    Source: [kumar2023lazy, Eq. 6]; derivation loss-terms.

    >>> target = np.diag([2.0, 0.0])
    >>> float(loss_terms(np.zeros(2), np.zeros((2, 2)), target, curvature=0.1).total)
    0.75
    """
    refuse_bad_curvature(curvature)
    target = symmetric_target(target)
    dimension = len(target)
    if linear.shape[-1] != dimension or quadratic.shape != (*linear.shape, dimension):
        raise ValueError(
            f"linear and quadratic must have shapes (..., {dimension}) and (..., {dimension}, "
            f"{dimension}), got {linear.shape} and {quadratic.shape}"
        )
    missing = target - curvature * quadratic
    trace = np.trace(missing, axis1=-2, axis2=-1)
    return LossTerms(
        variance=np.asarray((trace / dimension) ** 2 / 4),
        misalignment=np.asarray(np.sum(missing**2, axis=(-2, -1)) / (2 * dimension**2)),
        linear_power=np.asarray(np.sum(linear**2, axis=-1) / dimension),
    )


def threshold_accuracy(loss: ArrayLike, *, threshold: float) -> Float[np.ndarray, "*records"]:
    r"""Return the "accuracy" of a regression whose errors are Gaussian.

    $$ P(|f-y|\le\theta) = \operatorname{erf}\frac\theta{\sqrt{2L}} $$

    at mean squared error $L$. A sigmoid in $\ln L$: two losses that decay smoothly at different
    rates become two sudden jumps at different times. The choice of $\theta$ alone can make a
    curve look like grokking, so judge the losses.

    Parameters
    ----------
    loss
        $L > 0$, a number or an array.
    threshold
        $\theta > 0$, largest error that counts as right.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: derived; the warning is that of [kumar2023lazy, App. 16].

    >>> threshold_accuracy([1e-8, 1.0, 1e8], threshold=1.0).round(4).tolist()
    [1.0, 0.6827, 0.0001]
    """
    from scipy.special import erf

    losses = np.asarray(loss, np.float64)
    if np.any(~(losses > 0)):
        raise ValueError(f"loss must be positive, got {np.min(losses)}")
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    return np.asarray(erf(threshold / np.sqrt(2 * losses)))


def symmetric_target(target: np.ndarray) -> np.ndarray:
    """Return the target's quadratic form as float64.

    Raises
    ------
    ValueError
        Unless it is a symmetric matrix.
    """
    target = np.asarray(target, np.float64)
    if target.ndim != 2 or target.shape[0] != target.shape[1]:
        raise ValueError(
            f"target must be a square matrix, the B of y = x.Bx/2, got shape {target.shape}; "
            "np.outer(beta, beta) for a single index"
        )
    if not np.allclose(target, target.T, rtol=1e-10, atol=1e-12 * np.abs(target).max()):
        raise ValueError("target must be symmetric: pass (B + B.T) / 2")
    return target

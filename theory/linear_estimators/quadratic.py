r"""Gradient flow and gradient descent on a quadratic loss, exactly and for many starts at once.

$$ f(w) = \tfrac12w^\top Hw-c^\top w, \qquad w(t) = e^{-Ht}w_0+\frac{1-e^{-Ht}}{H}\,c, \qquad
   w_n = (1-\eta H)^nw_0+\frac{1-(1-\eta H)^n}{H}\,c . $$

One eigendecomposition answers all times, starts and learning rates. Directions of zero curvature
stay where they are, or run off at the speed of $c$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import checked_times, refuse_not_positive, warn_if_unstable


@dataclass(frozen=True, eq=False)
class QuadraticDescent:
    r"""A quadratic loss in its eigenbasis.

    Attributes
    ----------
    curvatures
        Eigenvalues of $H$, ascending; those that rounding makes negative are zero.
    directions
        Eigenvectors, one a column.
    pull
        $c$ in the eigenbasis.
    """

    curvatures: Float[np.ndarray, " weights"]
    directions: Float[np.ndarray, "weights weights"]
    pull: Float[np.ndarray, " weights"]

    @classmethod
    def of(
        cls, hessian: Float[np.ndarray, "weights weights"], pull: Float[np.ndarray, " weights"]
    ) -> QuadraticDescent:
        r"""Diagonalize the loss $\tfrac12w^\top Hw-c^\top w$.

        Raises
        ------
        ValueError
            If the Hessian is not symmetric and positive semidefinite, or the shapes disagree.

        >>> QuadraticDescent.of(np.diag([1.0, 4.0]), np.array([1.0, 0.0])).largest_stable_rate
        0.5
        """
        if hessian.ndim != 2 or hessian.shape != (len(pull), len(pull)):
            raise ValueError(
                f"hessian must be square with one row a weight, got shape {hessian.shape} for "
                f"{len(pull)} weights"
            )
        size = float(np.abs(hessian).max(initial=0.0))
        if np.abs(hessian - hessian.T).max(initial=0.0) > 1e-10 * size:
            raise ValueError("hessian must be symmetric")
        curvatures, directions = np.linalg.eigh(hessian)
        rounding = 10 * len(pull) * np.finfo(np.float64).eps
        if curvatures[0] < -rounding * size:
            raise ValueError(
                f"hessian must be positive semidefinite, got the eigenvalue {curvatures[0]:g}"
            )
        curvatures = np.where(np.abs(curvatures) <= rounding * size, 0.0, curvatures)
        pulls = directions.T @ pull
        # A flat direction is pulled for ever, and must not be by a rounding error.
        is_free = (curvatures == 0) & (np.abs(pulls) <= rounding * np.linalg.norm(pull))
        return cls(curvatures, directions, np.where(is_free, 0.0, pulls))

    @property
    def largest_stable_rate(self) -> float:
        r"""The learning rate $2/H_{\max}$ beyond which gradient descent diverges."""
        return float(2 / self.curvatures[-1]) if self.curvatures[-1] > 0 else np.inf

    def flow(
        self, starts: Float[np.ndarray, "*starts weights"], times: ArrayLike
    ) -> Float[np.ndarray, "times *starts weights"]:
        r"""Return the weights along gradient flow at the times $t \ge 0$.

        Raises
        ------
        ValueError
            For negative times.

        >>> path = QuadraticDescent.of(np.eye(1), np.zeros(1)).flow(np.ones(1), [np.log(2.0)])
        >>> path.round(12).tolist()
        [[0.5]]
        """
        times = np.atleast_1d(checked_times(times))
        with np.errstate(invalid="ignore"):  # infinite times, flat directions
            products = np.multiply.outer(times, self.curvatures)
        exponents = np.where(self.curvatures[None, :] > 0, products, 0.0)
        return self._combine(starts, np.exp(-exponents), -np.expm1(-exponents), times)

    def descent(
        self,
        starts: Float[np.ndarray, "*starts weights"],
        steps: ArrayLike,
        *,
        learning_rate: float,
    ) -> Float[np.ndarray, "steps *starts weights"]:
        r"""Return the weights after the given numbers of steps of gradient descent.

        Raises
        ------
        ValueError
            For negative steps or a learning rate that is not positive.

        Warns
        -----
        UserWarning
            If the learning rate is beyond :attr:`largest_stable_rate`.

        >>> loss = QuadraticDescent.of(np.eye(1), np.zeros(1))
        >>> loss.descent(np.ones(1), [0, 2], learning_rate=0.5).tolist()
        [[1.0], [0.25]]
        """
        refuse_not_positive(learning_rate=learning_rate)
        steps = np.atleast_1d(checked_times(steps, "steps"))
        if self.curvatures[-1] > 0:
            warn_if_unstable(learning_rate, float(self.curvatures[-1]))
        shrinking = learning_rate * self.curvatures
        kept = (1 - shrinking) ** steps[:, None]
        # Slow directions keep their digits; where a step overshoots there is no logarithm.
        with np.errstate(divide="ignore", invalid="ignore"):
            precise = -np.expm1(np.multiply.outer(steps, np.log1p(-shrinking)))
        lost = np.where(shrinking < 0.5, precise, 1 - kept)
        return self._combine(starts, kept, lost, learning_rate * steps)

    def _combine(
        self, starts: np.ndarray, kept: np.ndarray, lost: np.ndarray, times: np.ndarray
    ) -> np.ndarray:
        if starts.shape[-1:] != self.pull.shape:
            raise ValueError(
                f"starts must have {len(self.pull)} weights each, got shape {starts.shape}"
            )
        is_curved = self.curvatures > 0
        slope = np.where(self.pull[None, :] == 0, 0.0, times[:, None])
        drift = np.where(is_curved, lost / np.where(is_curved, self.curvatures, 1.0), slope)
        shape = (len(times),) + (1,) * (starts.ndim - 1) + (len(self.pull),)
        amplitudes = (starts @ self.directions)[None] * kept.reshape(shape)
        amplitudes += (drift * self.pull).reshape(shape)
        return amplitudes @ self.directions.T

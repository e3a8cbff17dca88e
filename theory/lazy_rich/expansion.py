r"""Expansion about the lazy limit: how feature learning enters, order by order in $1/\alpha$.

$$ u = u_0 + \frac{u_1}\alpha + O(\alpha^{-2}), \qquad
   Q = Q_0 + \frac{Q_1}\alpha + O(\alpha^{-2}) $$

The zeroth order is gradient flow with the initial kernel. The first order is driven by the motion
of the kernel, which the zeroth order causes. At fixed time it describes the onset of feature
learning; grokking itself happens at times of order $\alpha$ and is beyond any fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._checks import (
    initial_moments,
    refuse_bad_curvature,
    refuse_bad_learning_rate,
    refuse_bad_scale,
)
from ._stabilized import integrate


@dataclass(frozen=True, eq=False)
class LazyExpansion:
    r"""The two lowest orders of a committee's training.

    Attributes
    ----------
    steps
        Numbers of steps.
    lazy_linear, lazy_quadratic
        $u_0$ and $Q_0$.
    rich_linear, rich_quadratic
        $u_1$ and $Q_1$.
    """

    steps: Float[np.ndarray, " records"]
    lazy_linear: Float[np.ndarray, "records dimension"]
    lazy_quadratic: Float[np.ndarray, "records dimension dimension"]
    rich_linear: Float[np.ndarray, "records dimension"]
    rich_quadratic: Float[np.ndarray, "records dimension dimension"]

    def at(
        self, scale: float
    ) -> tuple[
        Float[np.ndarray, "records dimension"], Float[np.ndarray, "records dimension dimension"]
    ]:
        r"""Return $u$ and $Q$ to first order at a scale $\alpha$."""
        refuse_bad_scale(scale)
        return (
            self.lazy_linear + self.rich_linear / scale,
            self.lazy_quadratic + self.rich_quadratic / scale,
        )


def lazy_expansion(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    record_steps: ArrayLike,
    *,
    curvature: float,
    learning_rate: float = 1.0,
    mean: Float[np.ndarray, " dimension"] | None = None,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
    tolerance: float = 1e-5,
) -> LazyExpansion:
    r"""Return the training of a centered committee to first order in $1/\alpha$.

    With $b_k, S_k$ the moments of the residual at order $k$ and $t = \eta_0\times$ steps,

    $$ \dot u_0 = b_0+\epsilon S_0\bar w_0, \qquad
       \dot u_1 = b_1+\epsilon S_1\bar w_0+\epsilon S_0u_0, $$
    $$ \dot Q_0 = 2\operatorname{sym}(b_0\bar w_0^\top+\epsilon S_0M_0), \qquad
       \dot Q_1 = 2\operatorname{sym}(b_1\bar w_0^\top+\epsilon S_1M_0
       + b_0u_0^\top+\epsilon S_0Q_0) . $$

    Parameters
    ----------
    inputs, targets, record_steps, curvature, learning_rate, mean, second_moment, tolerance
        As in :func:`~groktheory.theory.lazy_rich.committee.gradient_flow`.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: derivation lazy-expansion.
    """
    refuse_bad_curvature(curvature)
    refuse_bad_learning_rate(learning_rate)
    samples, dimension = inputs.shape
    mean, second_moment = initial_moments(mean, second_moment, dimension)
    steps = np.asarray(record_steps, np.float64)
    if steps.ndim != 1 or len(steps) == 0 or not steps[0] >= 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"record_steps must increase from at least 0, got {steps.tolist()}")
    size = dimension + dimension**2

    def split(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return state[:dimension], state[dimension:].reshape(dimension, dimension)

    def forces(linear: np.ndarray, quadratic: np.ndarray, goal: np.ndarray) -> tuple:
        products = np.einsum("ni,ni->n", inputs @ quadratic, inputs)
        residual = (goal - inputs @ linear - curvature / 2 * products) / samples
        return residual @ inputs, curvature * (inputs.T @ (residual[:, None] * inputs))

    def drive(slope: np.ndarray, curved: np.ndarray, mean: np.ndarray, second: np.ndarray) -> tuple:
        turning = slope[:, None] * mean + curved @ second
        return curved @ mean, turning + turning.T

    def velocity(state: np.ndarray) -> np.ndarray:
        lazy, rich = split(state[:size]), split(state[size:])
        slope_0, curved_0 = forces(*lazy, targets)
        slope_1, curved_1 = forces(*rich, np.zeros(samples))
        linear_0, quadratic_0 = drive(slope_0, curved_0, mean, second_moment)
        linear_1, quadratic_1 = drive(slope_1, curved_1, mean, second_moment)
        mixed_linear, mixed_quadratic = drive(slope_0, curved_0, *lazy)
        return np.concatenate(
            [
                slope_0 + linear_0,
                quadratic_0.ravel(),
                slope_1 + linear_1 + mixed_linear,
                (quadratic_1 + mixed_quadratic).ravel(),
            ]
        )

    records = integrate(velocity, np.zeros(2 * size), steps * learning_rate, tolerance=tolerance)
    square = (len(steps), dimension, dimension)
    return LazyExpansion(
        steps=steps,
        lazy_linear=records[:, :dimension],
        lazy_quadratic=records[:, dimension:size].reshape(square),
        rich_linear=records[:, size : size + dimension],
        rich_quadratic=records[:, size + dimension :].reshape(square),
    )

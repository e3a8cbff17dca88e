r"""Infinitely many samples: two numbers instead of a matrix, and the clocks of both regimes.

By symmetry $M = m_\parallel nn^\top + m_\perp(I - nn^\top)$, $n = \beta/|\beta|$, if it starts at
the identity, and $\bar w = 0$ stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._checks import (
    refuse_bad_curvature,
    refuse_bad_dimension,
    refuse_bad_learning_rate,
    refuse_bad_scale,
)
from .spectrum import Modes, initial_eigenvalues


@dataclass(frozen=True, eq=False)
class PopulationTrajectory:
    r"""A wide committee that learns from infinitely many samples.

    Attributes
    ----------
    steps
        Numbers of steps.
    parallel, orthogonal
        $m_\parallel$ along the target's direction and $m_\perp$ across it, both 1 at the start.
    test_loss
        Mean squared error.
    """

    steps: Float[np.ndarray, " records"]
    parallel: Float[np.ndarray, " records"]
    orthogonal: Float[np.ndarray, " records"]
    test_loss: Float[np.ndarray, " records"]


def population_flow(
    record_steps: ArrayLike,
    *,
    dimension: int,
    scale: float,
    curvature: float,
    learning_rate: float = 1.0,
    target_norm_squared: float | None = None,
) -> PopulationTrajectory:
    r"""Train a wide, centered committee by gradient flow on the single-index population loss.

    $$ \frac{dm_\parallel}{d\,\mathrm{step}} = \frac{\kappa\epsilon}{D^2}\,m_\parallel
       (T+2a_\parallel), \qquad
       \frac{dm_\perp}{d\,\mathrm{step}} = \frac{\kappa\epsilon}{D^2}\,m_\perp(T+2a_\perp), $$

    with $a_\parallel = |\beta|^2-\alpha\epsilon(m_\parallel-1)$,
    $a_\perp = -\alpha\epsilon(m_\perp-1)$, $T = a_\parallel+(D-1)a_\perp$ and
    $\kappa = \eta_0/\alpha$; the loss is $\tfrac14(T/D)^2 + (a_\parallel^2+(D-1)a_\perp^2)/2D^2$.

    Parameters
    ----------
    record_steps
        Increasing numbers of steps to record, at least 0.
    dimension
        $D \ge 2$.
    scale
        $\alpha > 0$; infinity is the lazy limit.
    curvature
        $\epsilon > 0$.
    learning_rate
        $\eta_0 > 0$.
    target_norm_squared
        $|\beta|^2 > 0$, by default $D$.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: derivation population-flow.
    """
    from scipy.integrate import solve_ivp

    norm_squared = _norm_squared(dimension, target_norm_squared)
    refuse_bad_scale(scale)
    refuse_bad_curvature(curvature)
    refuse_bad_learning_rate(learning_rate)
    steps = np.asarray(record_steps, np.float64)
    if steps.ndim != 1 or len(steps) == 0 or not steps[0] >= 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"record_steps must increase from at least 0, got {steps.tolist()}")
    weights = np.array([1.0, dimension - 1.0])

    def missing(state: np.ndarray) -> np.ndarray:
        return np.array([norm_squared, 0.0]) - curvature * state.T

    def velocity(time: float, state: np.ndarray) -> np.ndarray:
        gaps = missing(state)
        return curvature / dimension**2 * (1 + state / scale) * (weights @ gaps + 2 * gaps)

    # Like the committee's, the state is alpha (m - 1): of order one at any scale.
    times = steps * learning_rate
    solution = solve_ivp(
        velocity,
        (0.0, max(float(times[-1]), 1e-300)),
        np.zeros(2),
        method="LSODA",
        t_eval=times,
        rtol=1e-8,
        atol=1e-10,
    )
    gaps = missing(solution.y)
    test_loss = (gaps @ weights / dimension) ** 2 / 4 + gaps**2 @ weights / (2 * dimension**2)
    parallel, orthogonal = 1 + solution.y / scale
    return PopulationTrajectory(steps, parallel, orthogonal, test_loss)


def lazy_clocks(dimension: int, *, curvature: float, learning_rate: float = 1.0) -> Modes:
    r"""Return the numbers of steps in which a lazy network learns each kind of function.

    $$ t = \frac1{\eta_0\lambda}: \qquad t_{\mathrm{lin}} = \frac D{\eta_0}, \quad
       t_{\mathrm{quad}} = \frac{D^2}{2\epsilon^2\eta_0}, \quad
       t_{\mathrm{tr}} = \frac{D^2}{(D+2)\,\epsilon^2\eta_0} . $$

    Source: derived (:func:`~groktheory.theory.lazy_rich.spectrum.initial_eigenvalues`).

    >>> lazy_clocks(40, curvature=0.5).quadratic
    3200.0
    """
    refuse_bad_learning_rate(learning_rate)
    eigenvalues = initial_eigenvalues(dimension, curvature=curvature)
    return Modes(*(1 / (learning_rate * value) for value in eigenvalues))


def rich_clock(
    dimension: int,
    *,
    scale: float,
    curvature: float,
    learning_rate: float = 1.0,
    target_norm_squared: float | None = None,
) -> float:
    r"""Return the number of steps in which the features grow along the target.

    $$ t_{\mathrm{rich}} = \frac\alpha{\epsilon\eta_0}\,\frac{D^2}{3|\beta|^2}\,
       \ln\frac{|\beta|^2}{\alpha\epsilon} : $$

    exponential growth of $m_\parallel$ from 1 to $|\beta|^2/\alpha\epsilon$, with the rest of the
    error neglected. Proportional to the scale up to the logarithm.

    Parameters
    ----------
    dimension, scale, curvature, learning_rate, target_norm_squared
        As in :func:`population_flow`.

    Raises
    ------
    ValueError
        For arguments out of range, or unless $\alpha\epsilon < |\beta|^2$: beyond, the features
        hardly move at all.

    Source: derived (derivation population-flow at $a_\perp = 0$), an estimate.

    >>> round(rich_clock(40, scale=0.4, curvature=0.1))
    368
    """
    norm_squared = _norm_squared(dimension, target_norm_squared)
    refuse_bad_scale(scale, must_be_finite=True)
    refuse_bad_curvature(curvature)
    refuse_bad_learning_rate(learning_rate)
    if not scale * curvature < norm_squared:
        raise ValueError(
            f"scale * curvature must lie below the target's norm squared {norm_squared:g}, got "
            f"{scale * curvature:g}: a network that lazy has no rich clock"
        )
    growth = 3 * norm_squared * curvature * learning_rate / (scale * dimension**2)
    return math.log(norm_squared / (scale * curvature)) / growth


def _norm_squared(dimension: int, target_norm_squared: float | None) -> float:
    refuse_bad_dimension(dimension)
    norm_squared = float(dimension) if target_norm_squared is None else target_norm_squared
    if not norm_squared > 0:
        raise ValueError(f"target_norm_squared must be positive, got {norm_squared}")
    return norm_squared

r"""The norm of the weights: without weight decay it has to grow on the way to generalization.

$$ \sum_i|w_i|^2 = N\operatorname{tr}M , $$

and the only committee without error has $M = M_0 + B/\alpha\epsilon$. Explanations of grokking by
a decreasing norm do not apply here.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from ._checks import refuse_bad_curvature, refuse_bad_learning_rate, refuse_bad_scale
from .loss import symmetric_target


def solution_norm_growth(
    target: Float[np.ndarray, "dimension dimension"],
    *,
    scale: float,
    curvature: float,
) -> float:
    r"""Return how much the squared norm of the weights has grown, per unit, without test error.

    $$ \frac1N\sum_i\left(|w_i|^2-|w_i(0)|^2\right) = \frac{\operatorname{tr}B}{\alpha\epsilon}
       = \frac{|\beta|^2}{\alpha\epsilon} \text{ for } B = \beta\beta^\top $$

    for a centered committee. Positive for every target with $\operatorname{tr}B > 0$, and larger
    the smaller the scale.

    Parameters
    ----------
    target
        $B$ of the target $y = \tfrac12x^\top Bx$.
    scale, curvature
        $\alpha > 0$ and $\epsilon > 0$.

    Source: derivation norm-growth.

    >>> solution_norm_growth(np.diag([2.0, 0.0]), scale=0.5, curvature=0.1)
    40.0
    """
    refuse_bad_scale(scale)
    refuse_bad_curvature(curvature)
    return float(np.trace(symmetric_target(target))) / (scale * curvature)


def initial_norm_velocity(
    target: Float[np.ndarray, "dimension dimension"],
    *,
    scale: float,
    curvature: float,
    learning_rate: float = 1.0,
) -> float:
    r"""Return the growth of the mean squared norm of a unit in the first step.

    $$ \frac{d\operatorname{tr}M}{d\,\mathrm{step}} = \frac{\eta_0\epsilon}\alpha\,
       \frac{D+2}{D^2}\operatorname{tr}B $$

    for a wide network and infinitely many samples: the norm grows from the beginning.

    Parameters
    ----------
    target, scale, curvature
        As in :func:`solution_norm_growth`.
    learning_rate
        $\eta_0 > 0$.

    Source: derivation norm-growth.

    >>> initial_norm_velocity(np.diag([2.0, 0.0]), scale=0.5, curvature=0.25)
    1.0
    """
    refuse_bad_scale(scale)
    refuse_bad_curvature(curvature)
    refuse_bad_learning_rate(learning_rate)
    target = symmetric_target(target)
    dimension = len(target)
    geometry = (dimension + 2) / dimension**2 * float(np.trace(target))
    return learning_rate * curvature / scale * geometry

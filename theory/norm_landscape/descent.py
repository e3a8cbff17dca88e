r"""Motion on a reduced train loss with weight decay: the norm alone.

If the direction of the weights follows the norm at once, the norm is a particle in the potential

$$ \ell(w) = \tilde\ell(w)+\frac\gamma2w^2, \qquad \dot w = -\tilde\ell'(w)-\gamma w : $$

on the flat part of the L it decays as $e^{-\gamma t}$, at the wall it comes to rest.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from ._arguments import increasing_axis, refuse_negative, refuse_not_positive

Loss = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]
"""A reduced train loss as a function of the norm, elementwise."""


def regularized_loss(
    norms: Float[np.ndarray, "..."], losses: Float[np.ndarray, "..."], *, weight_decay: float
) -> Float[np.ndarray, "..."]:
    r"""Reduced train loss with the decay inside of the loss.

    $$ \ell(w) = \tilde\ell(w)+\frac\gamma2w^2 $$

    The paper's form $\tilde\ell(\alpha)+\gamma\alpha^2C^2$ counts the norm in units of the
    ordinary initialization, $w = \alpha w_1$, so that its $C^2$ is $w_1^2/2$.

    Parameters
    ----------
    norms, losses
        $w$ and $\tilde\ell(w)$.
    weight_decay
        $\gamma \ge 0$, the rate of decay under gradient flow.

    Raises
    ------
    ValueError
        If the shapes differ or the decay is negative.

    Source: [liu2022omnigrok, Sec. 3].
    """
    refuse_negative(weight_decay=weight_decay)
    if norms.shape != losses.shape:
        raise ValueError(f"losses must have the shape {norms.shape} of norms, got {losses.shape}")
    return losses + weight_decay / 2 * norms**2


def norm_flow(
    loss: Loss,
    initial_norm: float,
    times: Float[np.ndarray, " times"],
    *,
    weight_decay: float,
) -> Float[np.ndarray, " times"]:
    r"""Solve $\dot w = -\tilde\ell'(w)-\gamma w$ for the norm.

    Parameters
    ----------
    loss
        $\tilde\ell(w)$, differentiated numerically; :meth:`.NormLandscape.train_loss`, say.
    initial_norm
        $w_0 > 0$.
    times
        Increasing and non-negative; the run starts at 0.
    weight_decay
        $\gamma \ge 0$.

    Raises
    ------
    ValueError
        For numbers out of range.
    RuntimeError
        If the integration fails.

    Source: [liu2022omnigrok, Eq. 4].
    """
    from scipy.integrate import solve_ivp

    refuse_not_positive(initial_norm=initial_norm)
    refuse_negative(weight_decay=weight_decay)
    times = increasing_axis(times, "times")
    if times[0] < 0:
        raise ValueError(f"times must be non-negative, got {times}")

    def velocity(_: float, state: np.ndarray) -> np.ndarray:
        return -_slope(loss, state) - weight_decay * state

    found = solve_ivp(
        velocity,
        (0.0, times[-1]),
        [initial_norm],
        t_eval=times,
        method="LSODA",
        rtol=1e-8,
        atol=1e-10 * initial_norm,
    )
    if not found.success:
        raise RuntimeError(f"the norm could not be followed to the last time: {found.message}")
    return found.y[0]


def resting_norm(loss: Loss, *, weight_decay: float, bounds: tuple[float, float]) -> float:
    r"""Norm at which the slope of the train loss holds the decay, $-\tilde\ell'(w) = \gamma w$.

    The minimum of $\tilde\ell(w)+\frac\gamma2w^2$ between two norms. For a wall
    $\tilde\ell = \frac A2(w_c-w)_+^2$ it is $w_c/(1+\gamma/A)$, just inside.

    Parameters
    ----------
    loss
        $\tilde\ell(w)$, with a single minimum together with the decay.
    weight_decay
        $\gamma \ge 0$.
    bounds
        Norms to look between, positive and increasing.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: [liu2022omnigrok, Sec. 3]; the wall: derivation resting-norm.

    >>> wall = lambda w: 2 * np.maximum(0, 3 - w) ** 2
    >>> round(resting_norm(wall, weight_decay=1.0, bounds=(0.1, 10)), 6)
    2.4
    """
    from scipy.optimize import minimize_scalar

    refuse_negative(weight_decay=weight_decay)
    increasing_axis(np.array(bounds), "bounds", is_positive=True)

    def total(norm: float) -> float:
        return float(loss(np.array(norm))) + weight_decay / 2 * norm**2

    found: Any = minimize_scalar(
        total, bounds=bounds, method="bounded", options={"xatol": 1e-10 * bounds[1]}
    )
    return float(found.x)


def _slope(loss: Loss, norms: np.ndarray) -> np.ndarray:
    step = 1e-5 * np.abs(norms)
    return (loss(norms + step) - loss(norms - step)) / (2 * step)

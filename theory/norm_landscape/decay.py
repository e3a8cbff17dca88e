r"""The norm under weight decay alone, and how long it takes to become small enough.

Decoupled decay (AdamW) takes the share $\eta\gamma$ of the weights in every step, whatever the
gradient does. Where the train loss is flat nothing else moves the norm:

$$ w_n = w_0(1-\eta\gamma)^n, \qquad
   n_{grok} = \frac{\ln(w_0/w_c)}{-\ln(1-\eta\gamma)} \simeq \frac{\ln(w_0/w_c)}{\eta\gamma} . $$
"""

import math

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import refuse_bad_step, refuse_negative, refuse_not_positive


def decayed_norm(
    initial_norm: float, steps: ArrayLike, *, learning_rate: float, weight_decay: float
) -> Float[np.ndarray, "..."]:
    r"""Norm after $n$ steps of decoupled decay without a gradient.

    $$ w_n = w_0(1-\eta\gamma)^n $$

    Parameters
    ----------
    initial_norm
        $w_0 > 0$.
    steps
        $n \ge 0$; any shape, need not be whole.
    learning_rate
        $\eta > 0$.
    weight_decay
        $\gamma \ge 0$, as in `optax.adamw`, with $\eta\gamma < 1$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: [liu2022omnigrok, Sec. 2] for continuous time; exact in steps: derivation norm-decay.

    >>> decayed_norm(2.0, [0, 1, 2], learning_rate=0.1, weight_decay=1.0).round(3).tolist()
    [2.0, 1.8, 1.62]
    """
    refuse_not_positive(initial_norm=initial_norm)
    counts = _times(steps, "steps")
    return np.asarray(initial_norm * np.exp(-decay_rate(learning_rate, weight_decay) * counts))


def decayed_norm_flow(
    initial_norm: float, times: ArrayLike, *, weight_decay: float
) -> Float[np.ndarray, "..."]:
    r"""Norm after a time of gradient flow with decay on a flat train loss.

    $$ w(t) = w_0\,e^{-\gamma t} $$

    Parameters
    ----------
    initial_norm
        $w_0 > 0$.
    times
        $t \ge 0$, any shape; a step of size $\eta$ takes the time $\eta$.
    weight_decay
        $\gamma \ge 0$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: [liu2022omnigrok, Sec. 2].
    """
    refuse_not_positive(initial_norm=initial_norm)
    refuse_negative(weight_decay=weight_decay)
    return np.asarray(initial_norm * np.exp(-weight_decay * _times(times, "times")))


def grokking_steps(
    initial_norm: float, critical_norm: float, *, learning_rate: float, weight_decay: float
) -> float:
    r"""Number of steps in which decoupled decay brings the norm down to the critical one.

    $$ n_{grok} = \frac{\ln(w_0/w_c)}{-\ln(1-\eta\gamma)} $$

    Zero if the norm starts below; infinite without decay, or if no norm is small enough.

    Parameters
    ----------
    initial_norm
        $w_0 > 0$.
    critical_norm
        $w_c \ge 0$, below which the network generalizes; 0 (nowhere) and infinity (everywhere) as
        :meth:`.NormLandscape.critical_norm` returns them.
    learning_rate
        $\eta > 0$.
    weight_decay
        $\gamma \ge 0$ with $\eta\gamma < 1$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: [liu2022omnigrok, Sec. 2] for continuous time; exact in steps: derivation norm-decay.

    >>> round(grokking_steps(20.0, 10.0, learning_rate=1e-3, weight_decay=0.1), 1)
    6931.1
    """
    return _wait(initial_norm, critical_norm, decay_rate(learning_rate, weight_decay))


def grokking_time(initial_norm: float, critical_norm: float, *, weight_decay: float) -> float:
    r"""Time in which gradient flow with decay brings the norm down to the critical one.

    $$ t_{grok} = \frac1\gamma\ln\frac{w_0}{w_c} $$

    Zero if the norm starts below; infinite without decay, or if no norm is small enough.

    Parameters
    ----------
    initial_norm, critical_norm
        $w_0 > 0$ and $w_c \ge 0$, as in :func:`grokking_steps`.
    weight_decay
        $\gamma \ge 0$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: [liu2022omnigrok, Sec. 2].

    >>> round(grokking_time(20.0, 10.0, weight_decay=0.1), 3)
    6.931
    """
    refuse_negative(weight_decay=weight_decay)
    return _wait(initial_norm, critical_norm, weight_decay)


def decay_rate(learning_rate: float, weight_decay: float) -> float:
    r"""Fall of $\ln w$ in a step, $-\ln(1-\eta\gamma)$.

    Raises
    ------
    ValueError
        For rates out of range.
    """
    refuse_bad_step(learning_rate, weight_decay)
    return -math.log1p(-learning_rate * weight_decay)


def radial_log_norm(
    times: Float[np.ndarray, " times"],
    norms: Float[np.ndarray, " times"],
    radial_gradients: Float[np.ndarray, " times"],
    *,
    weight_decay: float,
) -> Float[np.ndarray, " times"]:
    r"""Fall of the log norm that decay and the remaining gradient explain together.

    $$ \ln\frac{w(0)}{w(t)} = \gamma t
       + \int_0^t \frac{\theta\cdot\nabla\ell}{\lVert\theta\rVert^2}\,dt' $$

    is an identity of gradient flow with decay. Where the train loss falls with the norm, the
    integrand is negative: the norm shrinks more slowly than the decay alone would have it.

    Parameters
    ----------
    times
        Increasing, from the start of the run.
    norms
        $\lVert\theta\rVert$ at these times.
    radial_gradients
        $\theta\cdot\nabla\ell$ of the train loss without the decay.
    weight_decay
        $\gamma \ge 0$.

    Returns
    -------
    The right-hand side, integrated by the trapezoidal rule.

    Raises
    ------
    ValueError
        If the arrays differ in shape, or the times do not increase.

    Source: derivation radial-motion.
    """
    refuse_negative(weight_decay=weight_decay)
    if not (times.shape == norms.shape == radial_gradients.shape and times.ndim == 1):
        raise ValueError(
            f"times, norms and radial_gradients must be arrays of one length, got shapes "
            f"{times.shape}, {norms.shape} and {radial_gradients.shape}"
        )
    gaps = np.diff(times)
    if not np.all(gaps > 0):
        raise ValueError(f"times must increase, got {times}")
    integrand = radial_gradients / norms**2
    areas = gaps * (integrand[1:] + integrand[:-1]) / 2
    return weight_decay * (times - times[0]) + np.concatenate([[0.0], np.cumsum(areas)])


def _times(values: ArrayLike, name: str) -> np.ndarray:
    times = np.asarray(values, np.float64)
    if not np.all(times >= 0):
        raise ValueError(f"{name} must be non-negative, got {values}")
    return times


def _wait(initial_norm: float, critical_norm: float, rate: float) -> float:
    refuse_not_positive(initial_norm=initial_norm)
    if not critical_norm >= 0:
        raise ValueError(
            f"critical_norm must be non-negative (0 if no norm is small enough), "
            f"got {critical_norm}"
        )
    if initial_norm <= critical_norm:
        return 0.0
    if critical_norm == 0 or rate == 0:
        return math.inf
    return math.log(initial_norm / critical_norm) / rate

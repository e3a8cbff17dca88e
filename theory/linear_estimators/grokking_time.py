r"""Grokking times: how long the test accuracy lags behind the train accuracy.

$$ L_{train}(\tau_{train}) = L_{gen}(\tau_{gen}) = L^*, \qquad
   \Delta\tau = \tau_{gen}-\tau_{train}, $$

where $L^*$ is the loss at the wanted accuracy. All times are learning rate times steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ._arguments import refuse_critical, refuse_not_positive, refuse_not_underparameterized
from .accuracy import effective_outputs, loss_at_accuracy
from .losses import effective_modes, loss_curves

ERF_SQRT_2 = 0.9544997361036416
"""Accuracy of one output at which the loss is a quarter of the threshold."""


class GrokkingTimes(NamedTuple):
    r"""Times at which the train and the test accuracy are reached; infinite if never.

    Attributes
    ----------
    train, generalization
        $\tau$ = learning rate times steps.
    """

    train: float
    generalization: float

    @property
    def delay(self) -> float:
        r"""The grokking time $\Delta\tau$; infinite if the test accuracy is never reached."""
        if np.isinf(self.generalization):
            return np.inf
        return self.generalization - self.train


def grokking_times(
    aspect_ratio: float,
    *,
    threshold: float,
    accuracy: float = ERF_SQRT_2,
    num_outputs: int = 1,
    student_scale: float = 1.0,
    weight_decay: float = 0.0,
    num_inputs: int | None = None,
) -> GrokkingTimes:
    r"""Return when gradient flow reaches an accuracy on the train set and on fresh inputs.

    The losses of :func:`.loss_curves` fall monotonically; each crossing is found by a bracketed
    root search in the logarithm of time. Zero if the loss is low enough from the start.

    Parameters
    ----------
    aspect_ratio
        $\lambda > 0$; one is allowed.
    threshold
        $\epsilon > 0$, on the squared error per output.
    accuracy
        In (0, 1); $\operatorname{erf}\sqrt2 \simeq 0.954$ by default, where $L^* = \epsilon/4$ for
        one output.
    num_outputs, student_scale, weight_decay
        As in :func:`.loss_curves`.
    num_inputs
        Dimension $d_{in}$, on which the accuracy of several outputs depends unless it is much
        larger than their number; infinite by default.

    Raises
    ------
    ValueError
        For arguments out of range.

    Cost: some milliseconds. Source: [levi2023linear, Sec. 3.1], solved without approximation.

    >>> times = grokking_times(0.5, threshold=1e-3)
    >>> [round(100 * value) for value in (*times, times.delay)]
    [725, 1156, 431]
    """
    setting = {
        "aspect_ratio": aspect_ratio,
        "num_outputs": num_outputs,
        "student_scale": student_scale,
        "weight_decay": weight_decay,
    }

    def log_excess(time: float, part: int) -> float:
        independent: float = num_outputs
        if num_inputs is not None and num_outputs > 1 and np.isfinite(time):
            modes = effective_modes(time, num_inputs=num_inputs, **setting)[part]
            independent = float(effective_outputs(num_outputs, np.maximum(modes, 1.0)))
        target = loss_at_accuracy(accuracy, threshold=threshold, num_outputs=independent)
        with np.errstate(divide="ignore"):
            return float(np.log(loss_curves(time, **setting)[part]) - np.log(target))

    return GrokkingTimes(*(_crossing(log_excess, part, num_outputs) for part in (0, 1)))


def _crossing(log_excess: Callable[[float, int], float], part: int, num_outputs: int) -> float:
    from scipy.optimize import brentq

    if log_excess(0.0, part) <= 0:
        return 0.0
    if log_excess(np.inf, part) >= 0:
        return np.inf
    early, late = 0.0, float(num_outputs)
    while log_excess(late, part) > 0:
        early, late = late, 4 * late
        if late > 1e12:  # beyond what the quadrature resolves; only at the border of "never"
            return np.inf
    if early == 0.0:
        time: Any = brentq(lambda time: log_excess(time, part), early, late, xtol=1e-12)
        return float(time)
    log: Any = brentq(lambda log: log_excess(np.exp(log), part), np.log(early), np.log(late))
    return float(np.exp(log))


def lambert_grokking_times(aspect_ratio: float, *, threshold: float) -> GrokkingTimes:
    r"""Return the times of one output in the late-time approximation.

    $$ \tau_{train} = \frac{3}{8g}\,W(Ag), \quad
       \tau_{gen} = \frac{3}{8g}\,W(Ag^{1/3}), \quad g = (1-\sqrt\lambda)^2, \quad
       A = \frac{2^{5/3}}{3\pi^{1/3}\lambda^{1/2}\epsilon^{2/3}} , $$

    with Lambert's $W$, at the accuracy $\operatorname{erf}\sqrt2$. At $\epsilon = 10^{-3}$ the test
    time is 5 to 11 % too late.

    Raises
    ------
    ValueError
        For $\lambda \ge 1$ or a threshold that is not positive.

    Source: [levi2023linear, Eq. 24]; derivation lambert-time.

    >>> times = lambert_grokking_times(0.9, threshold=1e-3)
    >>> [round(100 * value) for value in times]
    [2411, 25315]
    """
    from scipy.special import lambertw

    refuse_not_underparameterized(aspect_ratio, law="the Lambert form")
    refuse_not_positive(threshold=threshold)
    gap = (1 - np.sqrt(aspect_ratio)) ** 2
    prefactor = 2 ** (5 / 3) / (3 * np.pi ** (1 / 3) * aspect_ratio**0.5 * threshold ** (2 / 3))
    train, generalization = (
        float(3 / (8 * gap) * np.real(lambertw(prefactor * gap**power))) for power in (1, 1 / 3)
    )
    return GrokkingTimes(train, generalization)


def small_threshold_delay(aspect_ratio: float) -> float:
    r"""Return the grokking time of one output in the limit of a vanishing threshold.

    $$ \Delta\tau \to \frac{\ln\frac1{1-\sqrt\lambda}}{2(1-\sqrt\lambda)^2} . $$

    At $\epsilon = 10^{-3}$, the threshold of the paper's figures, it overestimates the exact time:
    by two thirds at $\lambda = 0.5$, by a factor of 2.8 at 0.9.

    Raises
    ------
    ValueError
        For $\lambda \ge 1$.

    Source: [levi2023linear, Eq. 12]; derivation small-threshold-delay.

    >>> round(100 * small_threshold_delay(0.9))
    56386
    """
    refuse_not_underparameterized(aspect_ratio, law="the limit of a vanishing threshold")
    gap = 1 - np.sqrt(aspect_ratio)
    return float(-np.log(gap) / (2 * gap**2))


def critical_delay(aspect_ratio: float) -> float:
    r"""Return the divergence of the grokking time near $\lambda = 1$, at a vanishing threshold.

    $$ \Delta\tau \simeq \frac1{(1-\lambda)^2}\ln\frac4{(1-\lambda)^2} . $$

    Raises
    ------
    ValueError
        At $\lambda = 1$, or if the aspect ratio is not positive.

    Source: [levi2023linear, Sec. 3.1.1], from Eq. 12.

    >>> round(critical_delay(0.999) / small_threshold_delay(0.999), 3)
    1.001
    """
    refuse_critical(aspect_ratio)
    distance = (1 - aspect_ratio) ** 2
    return float(np.log(4 / distance) / distance)

r"""Where weight decay keeps the losses from vanishing, and when they get there.

The decay holds the student away from the teacher, $S_\infty = (\Sigma+\frac\gamma2)^{-1}\Sigma T$:
ridge regression. Perfect accuracy is impossible if the saturated loss is above the loss that it
takes. All formulas are for one output.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import (
    checked_times,
    refuse_not_positive,
    refuse_not_underparameterized,
)
from .losses import LossCurves, loss_curves


def saturated_losses(aspect_ratio: float, *, weight_decay: float) -> LossCurves:
    r"""Return the losses that remain for ever.

    $$ L_q = \frac12\,\mathbb E\left[q\left(\frac{\gamma/2}{v+\gamma/2}\right)^2\right] . $$

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [levi2023linear, Eq. 15] at infinite time.

    >>> saturated_losses(2.0, weight_decay=1e-6).generalization.round(6).item()
    0.25
    """
    refuse_not_positive(weight_decay=weight_decay)
    return loss_curves(np.inf, aspect_ratio=aspect_ratio, weight_decay=weight_decay)


def small_decay_saturation(aspect_ratio: float, *, weight_decay: float) -> LossCurves:
    r"""Return the saturated losses for $\gamma \ll (1-\sqrt\lambda)^2$.

    $$ L_{train} = \frac{\gamma^2}{8(1-\lambda)}, \qquad L_{gen} = \frac{\gamma^2}{8(1-\lambda)^3} .
    $$

    Raises
    ------
    ValueError
        For $\lambda \ge 1$ or a decay that is not positive.

    Source: derivation saturation-constants; corrects [levi2023linear, Eq. 16] by a factor of two.

    >>> [float(f"{value:.4g}") for value in small_decay_saturation(0.5, weight_decay=0.01)]
    [2.5e-05, 0.0001]
    """
    refuse_not_underparameterized(aspect_ratio, law="the saturation at small decay")
    refuse_not_positive(weight_decay=weight_decay)
    unit, gap = weight_decay**2 / 8, 1 - aspect_ratio
    return LossCurves(np.array(unit / gap), np.array(unit / gap**3))


def published_saturation(aspect_ratio: float, *, weight_decay: float) -> LossCurves:
    r"""Return the saturated losses as printed, $\gamma^2/[4(1-\lambda)]$ and so on.

    Twice what follows from the paper's own Eq. 15.

    Raises
    ------
    ValueError
        As :func:`small_decay_saturation`.

    Source: [levi2023linear, Eq. 16].

    >>> [float(f"{value:.4g}") for value in published_saturation(0.5, weight_decay=0.01)]
    [5e-05, 0.0002]
    """
    train, generalization = small_decay_saturation(aspect_ratio, weight_decay=weight_decay)
    return LossCurves(np.asarray(2 * train), np.asarray(2 * generalization))


def saturation_delay(aspect_ratio: float) -> float:
    r"""Return how much later the test loss saturates than the train loss.

    $$ \Delta\tau = \frac{\ln(1+\sqrt\lambda)}{2(1-\sqrt\lambda)^2} . $$

    The ratio of transient to saturated loss is larger by $(1+\sqrt\lambda)^2$ for the test loss.

    Raises
    ------
    ValueError
        For $\lambda \ge 1$.

    Source: [levi2023linear, Eq. 16]; derivation saturation-delay.

    >>> round(saturation_delay(0.25), 6)
    0.81093
    """
    refuse_not_underparameterized(aspect_ratio, law="the saturation delay")
    root = np.sqrt(aspect_ratio)
    return float(np.log1p(root) / (2 * (1 - root) ** 2))


def unseen_loss(
    times: ArrayLike, *, aspect_ratio: float, weight_decay: float = 0.0
) -> Float[np.ndarray, "*times"]:
    r"""Return the part of the test loss in directions that no sample sees, for $\lambda > 1$.

    $$ \Bigl(1-\frac1\lambda\Bigr)\frac{1+e^{-2\gamma\tau}}2 . $$

    Without decay it is the plateau of the test loss. With decay, the student forgets its
    initialization there, on the clock $1/\gamma$; the teacher's half remains: the plateau is
    halved, and the loss never vanishes.

    Raises
    ------
    ValueError
        For negative times or decays, or $\lambda \le 1$.

    Source: [levi2023linear, Sec. 3.1.1] without decay; with decay derivation unseen-directions,
    which corrects [levi2023linear, Sec. 3.3].

    >>> unseen_loss([0.0, np.inf], aspect_ratio=1.5, weight_decay=0.01).round(4).tolist()
    [0.3333, 0.1667]
    """
    if not 1 < aspect_ratio < np.inf:
        raise ValueError(
            f"aspect_ratio must exceed 1, got {aspect_ratio}: otherwise the samples see all "
            "directions"
        )
    if not weight_decay >= 0:
        raise ValueError(f"weight_decay must be at least 0, got {weight_decay}")
    times = checked_times(times)
    exponents = 2 * weight_decay * times if weight_decay else np.zeros_like(times)
    return np.asarray((1 - 1 / aspect_ratio) * (1 + np.exp(-exponents)) / 2)

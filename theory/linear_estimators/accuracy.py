r"""Accuracy of a regression: the share of samples whose squared error is below a threshold.

Errors of a linear student are Gaussian, so that this share is a function of the loss alone.
Whatever an accuracy curve shows, the loss has shown already.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._arguments import refuse_no_output, refuse_not_positive


def threshold_accuracy(
    loss: ArrayLike, *, threshold: float, num_outputs: float | Float[np.ndarray, "*points"] = 1
) -> Float[np.ndarray, "*points"]:
    r"""Return the share of samples of squared error $\frac1m\lvert z\rvert^2\le\epsilon$.

    $$ A = P\left(\frac m2, \frac{m\epsilon}{2L}\right), \qquad
       A = \operatorname{erf}\sqrt{\frac\epsilon{2L}}\ \text{ for } m = 1, $$

    with the regularized lower incomplete gamma function $P$.

    Parameters
    ----------
    loss
        $L \ge 0$, mean squared error per output.
    threshold
        $\epsilon > 0$.
    num_outputs
        $m \ge 1$, or :func:`effective_outputs` where outputs are not few.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: [levi2023linear, Eqs. 10, 13].

    >>> threshold_accuracy([0.0, 0.25], threshold=1.0).round(6).tolist()
    [1.0, 0.9545]
    """
    from scipy.special import gammainc

    refuse_not_positive(threshold=threshold)
    refuse_no_output(num_outputs)
    loss = np.asarray(loss, np.float64)
    if np.any(~(loss >= 0)):
        raise ValueError(f"loss must be at least 0, got {loss.min()}")
    with np.errstate(divide="ignore", over="ignore"):
        argument = num_outputs * threshold / (2 * loss)
    return np.asarray(gammainc(num_outputs / 2, argument))


def effective_outputs(num_outputs: int, num_modes: ArrayLike) -> Float[np.ndarray, "*points"]:
    r"""Return the number of independent errors of equal size that scatter as those of a student.

    $$ m_{\mathrm{eff}} = \frac{km+2}{k+m+1} $$

    for $m$ outputs whose weights are $k$ independent Gaussian modes: the error of a sample,
    $\lvert D^\top x\rvert^2$, is a sum of squares with the eigenvalues of the $m\times m$ Wishart
    matrix $D^\top D$, and these are equal for $k \gg m$ only.

    Parameters
    ----------
    num_outputs
        $m$.
    num_modes
        $k \ge 1$, as from :func:`.effective_modes`; infinity gives $m$.

    Raises
    ------
    ValueError
        For arguments below one.

    Source: derivation wishart-errors; [levi2023linear, Eq. 13] is the limit of many modes.

    >>> effective_outputs(100, [1.0, 98.0, np.inf]).round(3).tolist()
    [1.0, 49.256, 100.0]
    """
    refuse_no_output(num_outputs)
    modes = np.asarray(num_modes, np.float64)
    if np.any(~(modes >= 1)):
        raise ValueError(f"num_modes must be at least 1, got {modes.min()}")
    inverse = 1 / modes
    return np.asarray((num_outputs + 2 * inverse) / (1 + (num_outputs + 1) * inverse))


def loss_at_accuracy(accuracy: float, *, threshold: float, num_outputs: float = 1) -> float:
    r"""Return the loss at which the accuracy is reached.

    For one output $\epsilon/4$ at the accuracy $\operatorname{erf}\sqrt2 = 0.9545$, and
    $\epsilon/3.84$ at 0.95.

    Raises
    ------
    ValueError
        For arguments out of range.

    Source: inverse of [levi2023linear, Eqs. 10, 13].

    >>> from scipy.special import erf
    >>> round(loss_at_accuracy(erf(np.sqrt(2)), threshold=1.0), 12)
    0.25
    """
    from scipy.special import gammaincinv

    refuse_not_positive(threshold=threshold)
    refuse_no_output(num_outputs)
    if not 0 < accuracy < 1:
        raise ValueError(f"accuracy must lie in (0, 1), got {accuracy}")
    return float(num_outputs * threshold / (2 * gammaincinv(num_outputs / 2, accuracy)))

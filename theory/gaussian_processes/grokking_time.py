r"""How long a Gaussian process takes from the fit to generalization.

The fit is there from the start if the signal exceeds the noise; what takes time is the length
scale, on its way from $\ell_0$ to the scale $\ell^*$ at which the test error collapses. Its pull is
proportional to $\ell$ in one dimension. Gradient descent follows the pull, Adam only its sign.
"""

import math

import numpy as np
from jaxtyping import Float

from .flow import HyperparameterPath


def adam_time(*, start: float, end: float, learning_rate: float) -> float:
    r"""Return the steps of Adam from one length scale to another.

    $$ t = \frac{\ln\ell^*-\ln\ell_0}\eta . $$

    As long as the pull keeps its sign Adam moves the logarithm by one learning rate a step, however
    weak the pull is.

    Parameters
    ----------
    start, end
        $0 < \ell_0 \le \ell^*$.
    learning_rate
        $\eta > 0$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived.

    >>> round(adam_time(start=np.exp(-6), end=np.exp(-2), learning_rate=0.04), 9)
    100.0
    """
    _refuse_bad_times(start, end, learning_rate)
    return math.log(end / start) / learning_rate


def descent_time(*, start: float, end: float, learning_rate: float, pull: float) -> float:
    r"""Return the steps of gradient descent from one length scale to another on a line.

    $$ \frac{d\ln\ell}{dt} = \eta\,c\,\ell, \qquad
       t = \frac1{\eta c}\Bigl(\frac1{\ell_0}-\frac1{\ell^*}\Bigr) . $$

    As long as few inputs have others within a length scale. The time is proportional to
    $1/\ell_0$, where that of Adam is a logarithm.

    Parameters
    ----------
    start, end
        $0 < \ell_0 \le \ell^*$.
    learning_rate
        $\eta > 0$, in $\ln\ell$, for the loss per sample.
    pull
        $c = -\ell^{-1}\,\partial L/\partial\ln\ell > 0$: minus the sum of the two terms of
        :func:`.length_scale_pull` at $\ell = 1$. The signal settles much faster than the length
        scale, at $s+\nu = \langle r^2\rangle$ (derivation best-signal).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation descent-clock).

    >>> descent_time(start=0.01, end=np.inf, learning_rate=0.1, pull=10.0)
    100.0
    """
    _refuse_bad_times(start, end, learning_rate)
    if not pull > 0:
        raise ValueError(f"pull must be positive, got {pull}: the length scale would not grow")
    return (1 / start - 1 / end) / (learning_rate * pull)


def generalization_time(
    path: HyperparameterPath, errors: Float[np.ndarray, " times"], *, threshold: float
) -> float:
    r"""Return the time at which the test error along a path first falls below a threshold.

    Between two times of the path the logarithm of the error is interpolated. Infinite if it never
    falls so low; 0 if it starts there.

    Raises
    ------
    ValueError
        If there is not one error a time, or the threshold is not positive.

    >>> path = HyperparameterPath(np.array([0.0, 1.0]), np.zeros((2, 4)))
    >>> round(generalization_time(path, np.array([1.0, 0.01]), threshold=0.1), 9)
    0.5
    """
    if errors.shape != path.times.shape:
        raise ValueError(
            f"errors must have one entry a time, got {errors.shape} for {path.times.shape}"
        )
    if not threshold > 0:
        raise ValueError(f"threshold must be positive, got {threshold}")
    is_below = errors < threshold
    if not is_below.any():
        return math.inf
    after = int(np.argmax(is_below))
    if after == 0:
        return float(path.times[0])
    high, low = np.log(errors[after - 1 : after + 1])
    share = (high - math.log(threshold)) / (high - low)
    before = path.times[after - 1]
    return float(before + share * (path.times[after] - before))


def _refuse_bad_times(start: float, end: float, learning_rate: float) -> None:
    if not 0 < start <= end:
        raise ValueError(f"start and end must satisfy 0 < start <= end, got {start} and {end}")
    if not learning_rate > 0:
        raise ValueError(f"learning_rate must be positive, got {learning_rate}")

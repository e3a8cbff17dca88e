r"""Weight decay alone on linear regression: the initialization is forgotten, nothing is found.

With $h=\tfrac12\lVert a\rVert_2^2$ gradient descent is linear and solved exactly. The null space of
$X$ never sees the data, so there it only decays,

$$P a_t = (1-\alpha\beta)^t\,P a_0, \qquad P = I-X^+X .$$

From a large initialization the test error therefore drops long after the train error, at
$t\simeq\ln(\lVert a_0\rVert/\lVert a^*\rVert)/(\alpha\beta)$, and then stays at $\lVert
Pa^*\rVert$ forever: "grokking without understanding".
"""

import math

import numpy as np
from jaxtyping import Float, Int

from ._arguments import refuse_not_positive
from ._least_squares_spectrum import Spectrum, refuse_bad_step


def ridge_solution(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    *,
    weight_decay: float,
) -> Float[np.ndarray, " coordinates"]:
    r"""Return the minimizer of $\tfrac12\lVert Xa-y\rVert^2+\tfrac\beta2\lVert a\rVert^2$.

    $$\hat a = (X^\top X+\beta I)^{-1}X^\top y ,$$

    which lies in the range of $X^\top$: a target outside of it is never found.

    Raises
    ------
    ValueError
        If ``weight_decay`` is not positive.

    Source: [notsawo2025norm, Thm. 3.6].

    >>> ridge_solution(np.array([[1.0, 0.0]]), np.array([2.0]), weight_decay=1.0)
    array([1., 0.])
    """
    refuse_not_positive(weight_decay=weight_decay)
    spectrum = Spectrum.of(features)
    return spectrum.solve(targets, ridge=weight_decay)


def weight_decay_iterates(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    initial: Float[np.ndarray, " coordinates"],
    steps: Int[np.ndarray, " steps"],
    *,
    learning_rate: float,
    weight_decay: float,
) -> Float[np.ndarray, "steps coordinates"]:
    r"""Return the iterates of gradient descent with weight decay, exactly.

    $$a_t = \hat a + \left[I-\alpha(X^\top X+\beta I)\right]^t(a_0-\hat a), \qquad
      Pa_t = (1-\alpha\beta)^t\,Pa_0 .$$

    The null-space part decays without ever looking at the data: what drops late is the error of
    the initialization, not that of the target.

    Parameters
    ----------
    features, targets, initial
        $X$, $y$ and $a_0$.
    steps
        $t\ge0$.
    learning_rate, weight_decay
        $\alpha$ and $\beta$, of the penalty $\tfrac\beta2\lVert a\rVert_2^2$.

    Raises
    ------
    ValueError
        For an unstable rate or a negative step.

    Source: [notsawo2025norm, Thm. 3.6]; the null-space law derived (null-space-law).

    >>> weight_decay_iterates(np.array([[1.0, 0.0]]), np.zeros(1), np.array([0.0, 8.0]),
    ...                       np.array([3]), learning_rate=0.5, weight_decay=1.0)
    array([[0., 1.]])
    """
    spectrum = Spectrum.of(features)
    refuse_bad_step(spectrum, learning_rate, weight_decay)
    if np.any(steps < 0):
        raise ValueError(f"steps must be at least 0, got {int(np.min(steps))}")
    fixed = spectrum.solve(targets, ridge=weight_decay)
    offset = initial - fixed
    modes = spectrum.right.T @ offset
    factors = 1 - learning_rate * (spectrum.values**2 + weight_decay)
    times = steps[:, None]
    in_range = (factors[None, :] ** times * modes) @ spectrum.right.T
    outside = (1 - learning_rate * weight_decay) ** times * spectrum.null_part(initial)
    return fixed + in_range + outside


def null_space_decay_time(
    initial_norm: float, target_norm: float, *, learning_rate: float, weight_decay: float
) -> float:
    r"""Return when the initialization has decayed to the size of the target.

    $$t = \frac{\ln(\lVert Pa_0\rVert/\lVert Pa^*\rVert)}{-\ln(1-\alpha\beta)}
      \simeq \frac{\ln(\lVert a_0\rVert/\lVert a^*\rVert)}{\alpha\beta} .$$

    The test error falls until then and stays at $\lVert Pa^*\rVert$: "grokking without
    understanding".

    Parameters
    ----------
    initial_norm, target_norm
        $\lVert Pa_0\rVert > \lVert Pa^*\rVert > 0$.
    learning_rate, weight_decay
        $\alpha$ and $\beta$ with $\alpha\beta<1$.

    Raises
    ------
    ValueError
        If a number is out of range.

    Source: derived (null-space-law).
    """
    refuse_not_positive(
        target_norm=target_norm, learning_rate=learning_rate, weight_decay=weight_decay
    )
    if initial_norm <= target_norm:
        raise ValueError(
            f"initial_norm must exceed target_norm = {target_norm}, got {initial_norm}: nothing "
            "has to decay first"
        )
    if learning_rate * weight_decay >= 1:
        raise ValueError(
            f"learning_rate * weight_decay must be below 1, got {learning_rate * weight_decay}"
        )
    return math.log(initial_norm / target_norm) / -math.log1p(-learning_rate * weight_decay)


def null_space_error(
    features: Float[np.ndarray, "samples coordinates"],
    target: Float[np.ndarray, " coordinates"],
) -> float:
    r"""Return the relative error that no amount of weight decay removes.

    $$\frac{\lVert(I-X^+X)\,a^*\rVert_2}{\lVert a^*\rVert_2} .$$

    Also the error of the least-norm interpolant, at which memorization from a small
    initialization arrives.

    Raises
    ------
    ValueError
        If the target is zero.

    Source: [notsawo2025norm, Thm. 3.6].

    >>> null_space_error(np.array([[1.0, 0.0]]), np.array([0.6, 0.8]))
    0.8
    """
    norm = np.linalg.norm(target)
    if norm == 0:
        raise ValueError("target must not be zero: the error is relative to its norm")
    return float(np.linalg.norm(Spectrum.of(features).null_part(target)) / norm)

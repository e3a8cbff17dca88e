r"""When the early bias gives way to the late one, and in which direction the test error goes.

A homogeneous network from $\alpha\bar\theta$ shrinks as $\alpha e^{-\lambda t}\bar\theta$ and is a
kernel machine as long as that is large. The clock of a diagonal network or a symmetric
factorization is $\beta = \alpha^2e^{-2\lambda t}$; the weights $w$ are released when $2\beta$ has
come down to their typical size,

$$t^* = \frac1{2\lambda}\ln\frac{2\alpha^2}{w_{\mathrm{typ}}}
      = \frac1\lambda\Bigl(\ln\alpha + \tfrac12\ln\frac2{w_{\mathrm{typ}}}\Bigr) .$$

The width of the release is of order one in $\lambda t$ whatever $\alpha$, so that it is sharp only
in comparison with the waiting time.
"""

import math

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_bad_clock, refuse_not_positive


def transition_window(*, scale: float, weight_decay: float, margin: float) -> tuple[float, float]:
    r"""Return the times before and after which the early and the late bias are proved.

    $$T^\mp = \frac{1\mp c}\lambda\ln\alpha .$$

    At $T^-$ a homogeneous network with $f(\bar\theta)=0$ is the kernel machine of its initial
    features (largest $\ell_2$ margin, or least-norm interpolant), as $\alpha\to\infty$ with
    $\lambda=\Theta(\alpha^{-p})$; between $\ln(\alpha)/\lambda$ and $T^+$ it comes to the direction
    of a KKT point of the least weight norm at margin one (or at zero residual).

    Parameters
    ----------
    scale
        $\alpha > 1$.
    weight_decay
        $\lambda > 0$.
    margin
        $c \in (0, 1)$.

    Returns
    -------
    $(T^-, T^+)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [lyu2023dichotomy, Thms. 3.4, 3.5, 3.9, 3.10].

    >>> [round(t) for t in transition_window(scale=math.e**2, weight_decay=0.01, margin=0.5)]
    [100, 300]
    """
    _refuse_no_decay(weight_decay)
    if not scale > 1:
        raise ValueError(f"scale must exceed 1 for the theorems to say anything, got {scale}")
    if not 0 < margin < 1:
        raise ValueError(f"margin must lie in (0, 1), got {margin}")
    center = math.log(scale) / weight_decay
    return (1 - margin) * center, (1 + margin) * center


def release_time(*, scale: float, weight_decay: float, typical_weight: float) -> float:
    r"""Return the time at which the clock reaches the weights.

    $$t^* = \frac1{2\lambda}\ln\frac{2\alpha^2}{w_{\mathrm{typ}}}, \qquad
      2\beta(t^*) = w_{\mathrm{typ}} .$$

    For regression $w_{\mathrm{typ}}$ is the root mean square of the interpolant of least $\ell_2$
    norm, for classification see :func:`classification_release_time`.

    Parameters
    ----------
    scale
        $\alpha > 0$ per coordinate.
    weight_decay
        $\lambda > 0$.
    typical_weight
        $w_{\mathrm{typ}} > 0$.

    Raises
    ------
    ValueError
        If an argument is out of range, or the network is released from the start
        ($2\alpha^2 \le w_{\mathrm{typ}}$).

    Source: derived (derivation ``smoothed-limits``: the two limits of the penalty meet there);
    sharpens $\ln(\alpha)/\lambda$ of [lyu2023dichotomy, Thm. 3.5].

    >>> round(release_time(scale=10.0, weight_decay=0.5, typical_weight=2.0) * 0.5, 4)
    2.3026
    """
    _refuse_no_decay(weight_decay)
    refuse_bad_clock(scale, weight_decay)
    refuse_not_positive(typical_weight=typical_weight)
    if 2 * scale**2 <= typical_weight:
        raise ValueError(
            f"scale {scale:g} is too small for an early phase: 2 scale^2 must exceed "
            f"typical_weight = {typical_weight:g}"
        )
    return math.log(2 * scale**2 / typical_weight) / (2 * weight_decay)


def release_margin(l2_solution: Float[np.ndarray, " features"], *, weight_decay: float) -> float:
    r"""Return the margin that a diagonal classifier has at its release, for the logistic loss.

    In the early phase $w \simeq m\,w_2$ with the hard-margin solution $w_2$, and the pull of the
    samples balances the decay, $s(m) = \lambda m\lVert w_2\rVert^2/4\beta$. With $2\beta = m\,
    \mathrm{rms}(w_2)$ this becomes

    $$\frac1{1+e^m} = \tfrac12\,\lambda\,d\,\mathrm{rms}(w_2) .$$

    Parameters
    ----------
    l2_solution
        $w_2 = \arg\min\lVert w\rVert_2$ with all margins at least one.
    weight_decay
        $\lambda > 0$, small enough for a fit.

    Raises
    ------
    ValueError
        If the decay is not positive, or so large that the right hand side reaches one half, where
        the network is released before it has fitted.

    Source: derived (quasi-static balance with every sample a support vector).

    >>> round(release_margin(np.full(100, 0.1), weight_decay=1e-3), 3)
    5.293
    """
    _refuse_no_decay(weight_decay)
    slope = weight_decay * len(l2_solution) * _root_mean_square(l2_solution) / 2
    if not slope < 0.5:
        raise ValueError(
            f"weight_decay must be below {weight_decay * 0.5 / slope:.3g} for these data to be "
            f"fitted before the release, got {weight_decay}"
        )
    return math.log(1 / slope - 1)


def classification_release_time(
    l2_solution: Float[np.ndarray, " features"], *, scale: float, weight_decay: float
) -> float:
    r"""Return the release time of a diagonal classifier trained with the logistic loss.

    $$t^* = \frac1{2\lambda}\ln\frac{2\alpha^2}{m\,\mathrm{rms}(w_2)}$$

    with $m$ from :func:`release_margin`: apart from the slow drift $m \sim \ln(1/\lambda)$ a
    function of $\lambda t - \ln\alpha$ and the data only. Parameters and errors as there and in
    :func:`release_time`. Source: derived.

    >>> direction = np.full(100, 0.1)
    >>> early, late = (classification_release_time(direction, scale=alpha, weight_decay=1e-3)
    ...                for alpha in (4.0, 16.0))
    >>> round(1e-3 * (late - early) / math.log(4), 6)
    1.0
    """
    margin = release_margin(l2_solution, weight_decay=weight_decay)
    return release_time(
        scale=scale,
        weight_decay=weight_decay,
        typical_weight=margin * _root_mean_square(l2_solution),
    )


def undecayed_log_release_time(
    l2_solution: Float[np.ndarray, " features"], *, scale: float
) -> float:
    r"""Return the logarithm of the release time of a diagonal classifier without weight decay.

    Without decay the clock stands still at $\beta = \alpha^2$ and only the margin grows,
    $\dot m = 8\alpha^2e^{-m}/\lVert w_2\rVert^2$; it comes up to the clock at

    $$\ln t^* = \frac{2\alpha^2}{\mathrm{rms}(w_2)} + \ln\frac{\lVert w_2\rVert^2}{8\alpha^2},$$

    exponentially late: in practice never.

    Parameters
    ----------
    l2_solution
        $w_2$, the hard-margin solution with margin one.
    scale
        $\alpha > 0$ per coordinate.

    Raises
    ------
    ValueError
        If the scale is not positive.

    Source: derived; explains the times of [lyu2023dichotomy, App. B.1].

    >>> undecayed_log_release_time(np.full(100, 0.01), scale=1.0) > 190
    True
    """
    refuse_bad_clock(scale, 0.0)
    return 2 * scale**2 / _root_mean_square(l2_solution) + math.log(
        float(np.sum(l2_solution**2)) / (8 * scale**2)
    )


def collapsed_time(
    times: float | Float[np.ndarray, "*points"], *, scale: float, weight_decay: float
) -> Float[np.ndarray, "*points"]:
    r"""Return the time on which the runs of all initializations and small decays collapse.

    $$\lambda t - \ln\alpha = -\tfrac12\ln\beta(t)$$

    Exact for regression after the fit and $\lambda\to0$, where the weights are a function of
    $\beta$ (:func:`~groktheory.theory.implicit_bias.potential.interpolating_weights`); for
    classification up to the slow growth of the margin.

    Parameters
    ----------
    times
        Continuous time.
    scale, weight_decay
        $\alpha > 0$ and $\lambda \ge 0$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived (derivation ``hyperbolic-entropy``).

    >>> float(collapsed_time(10.0, scale=1.0, weight_decay=0.2))
    2.0
    """
    refuse_bad_clock(scale, weight_decay)
    return np.asarray(weight_decay * np.asarray(times) - math.log(scale))


def kernel_regime_outputs(
    jacobian: Float[np.ndarray, "samples weights"],
    weights: Float[np.ndarray, " weights"],
    direction: Float[np.ndarray, " weights"],
    *,
    scale: float,
    decay_time: float,
    degree: int,
) -> Float[np.ndarray, " samples"]:
    r"""Return the outputs of a homogeneous network as the kernel machine it is early on.

    $$f(\theta;x) \simeq \alpha^Le^{-L\lambda t}\Bigl\langle\nabla f(\bar\theta;x),\,
      \tfrac{e^{\lambda t}}\alpha\,\theta - \bar\theta\Bigr\rangle ,$$

    up to terms of second order in the bracket.

    Parameters
    ----------
    jacobian
        $\nabla_\theta f(\bar\theta;x_i)$.
    weights
        $\theta(t)$.
    direction
        $\bar\theta$, with $f(\bar\theta;\cdot) = 0$.
    scale
        $\alpha > 0$.
    decay_time
        $\lambda t \ge 0$.
    degree
        $L \ge 1$, the degree of homogeneity.

    Raises
    ------
    ValueError
        If an argument is out of range or the shapes disagree.

    Source: [lyu2023dichotomy, Sec. 3.2.1].
    """
    refuse_bad_clock(scale, decay_time, decay_name="decay_time")
    if degree < 1:
        raise ValueError(f"degree must be at least 1, got {degree}")
    if not jacobian.shape[1:] == weights.shape == direction.shape:
        raise ValueError(
            "jacobian, weights and direction must share their last axis, got shapes "
            f"{jacobian.shape}, {weights.shape} and {direction.shape}"
        )
    shrunk = scale * math.exp(-decay_time)
    return shrunk**degree * (jacobian @ (weights / shrunk - direction))


def _root_mean_square(weights: np.ndarray) -> float:
    size = float(np.sqrt(np.mean(weights**2)))
    if not size > 0:
        raise ValueError("l2_solution must not vanish: hand in the hard-margin solution")
    return size


def _refuse_no_decay(weight_decay: float) -> None:
    if not weight_decay > 0:
        raise ValueError(
            f"weight_decay must be positive, got {weight_decay}: without it the clock stands still"
        )

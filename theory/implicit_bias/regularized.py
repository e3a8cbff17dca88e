r"""Regression with a small penalty: memorization, and bounds on the wait that follows.

Gradient descent with step $\alpha$ on $\tfrac12\lVert Xa-y\rVert^2+\beta h(a)$, with fewer samples
than coordinates, first *memorizes*: it contracts the range of $X^\top$ by
$\rho_2 = \lVert I-\alpha X^\top X\rVert$ a step, whatever $\beta$, and leaves the null space
$P = I-X^+X$ where it started. Then it *slides* along the interpolants for $T^*/(\alpha\beta)$
steps (:mod:`groktheory.theory.implicit_bias.sliding`), a wait that subgradient theory bounds from
above by $\operatorname{dist}^2/(\alpha\beta\eta)$.
"""

import math

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from ._least_squares_spectrum import Spectrum, refuse_bad_step


def sliding_time_bound(
    distance: float, *, learning_rate: float, penalty: float, tolerance: float
) -> float:
    r"""Return the steps after memorization that suffice to bring the penalty near its least value.

    $$\Delta t(\eta) = \frac{\operatorname{dist}^2(a_{t_1}, \operatorname{argmin} f)}
      {\alpha\beta\eta} ,$$

    after which the least penalized loss so far exceeds its minimum by at most
    $(\eta+C'\alpha\beta)\,\beta/2$. An upper bound: the subgradient argument behind it shows that
    the wait suffices, not that it is needed, although the theorem says "if and only if".

    Parameters
    ----------
    distance
        Euclidean distance from the point of memorization to the minimizer.
    learning_rate, penalty
        $\alpha$ and $\beta$.
    tolerance
        $\eta$; the penalty $h$ then exceeds its least value by about $\eta/2$.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [notsawo2025norm, Thm. 2.1].

    >>> round(sliding_time_bound(0.5, learning_rate=0.1, penalty=1e-3, tolerance=0.05))
    50000
    """
    refuse_not_positive(
        distance=distance, learning_rate=learning_rate, penalty=penalty, tolerance=tolerance
    )
    return distance**2 / (learning_rate * penalty * tolerance)


def best_iterate_bound(
    distance: float, *, num_steps: int, learning_rate: float, max_subgradient: float
) -> float:
    r"""Return the bound on the best excess of a convex function along the subgradient method.

    $$\min_{t<T} f(a_t)-f^* \le \frac{\operatorname{dist}^2+T\alpha^2\max\lVert F_t\rVert^2}
      {2T\alpha} .$$

    Parameters
    ----------
    distance
        Euclidean distance from the first iterate to a minimizer.
    num_steps
        $T$.
    learning_rate
        $\alpha$.
    max_subgradient
        Largest norm of the subgradients $F_t$ that were followed.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [notsawo2025norm, Lemma C.12].

    >>> best_iterate_bound(1.0, num_steps=100, learning_rate=0.1, max_subgradient=2.0)
    0.25
    """
    refuse_not_positive(
        distance=distance,
        num_steps=num_steps,
        learning_rate=learning_rate,
        max_subgradient=max_subgradient,
    )
    return distance**2 / (2 * num_steps * learning_rate) + learning_rate * max_subgradient**2 / 2


def range_contraction(
    features: Float[np.ndarray, "samples coordinates"],
    *,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> float:
    r"""Return the factor by which a step contracts the range of $X^\top$.

    $$\rho_2 = \max_{\sigma_i>0}\left|1-\alpha(\sigma_i^2+\beta)\right| .$$

    Taken over all directions, as it is printed, the norm of $I-\alpha X^\top X$ is one whenever
    samples are fewer than coordinates.

    Parameters
    ----------
    features
        $X$.
    learning_rate
        $\alpha$, below $2/(\sigma_{\max}^2+\beta)$.
    weight_decay
        $\beta\ge0$, of the penalty $\tfrac\beta2\lVert a\rVert_2^2$.

    Raises
    ------
    ValueError
        For a rate that is unstable, or a number out of range.

    Source: [notsawo2025norm, Thms. 3.1 and 3.6], restricted to the range.

    >>> range_contraction(np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), learning_rate=0.1)
    0.9
    """
    spectrum = Spectrum.of(features)
    refuse_bad_step(spectrum, learning_rate, weight_decay)
    return float(np.max(np.abs(1 - learning_rate * (spectrum.values**2 + weight_decay))))


def memorization_distance_bound(
    features: Float[np.ndarray, "samples coordinates"], *, learning_rate: float, penalty: float
) -> float:
    r"""Return how far an $\ell_1$ penalty can keep the range part from the interpolants.

    $$\lVert (I-P)(a_t-a_{LS})\rVert_2 \le \frac{2\alpha\beta\sqrt n}{1-\rho_2},$$

    for all $t$ after memorization. For small steps $1-\rho_2=\alpha\sigma_{\min}^2$, and the bound
    is proportional to $\beta$ alone.

    Parameters
    ----------
    features, learning_rate
        As in :func:`range_contraction`.
    penalty
        $\beta$.

    Source: [notsawo2025norm, Thm. 3.1].
    """
    refuse_not_positive(penalty=penalty)
    contraction = range_contraction(features, learning_rate=learning_rate)
    return 2 * learning_rate * penalty * math.sqrt(features.shape[1]) / (1 - contraction)


def memorized_interpolant(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    initial: Float[np.ndarray, " coordinates"],
) -> Float[np.ndarray, " coordinates"]:
    r"""Return the interpolant at which gradient descent without a penalty arrives.

    $$a_{LS} = X^+y + (I-X^+X)\,a_0 ,$$

    the one nearest to the initialization, and where the slide starts.

    Parameters
    ----------
    features, targets
        $X$ and $y$.
    initial
        $a_0$.

    Source: [notsawo2025norm, Sec. 3.1].

    >>> nearest = memorized_interpolant(np.ones((1, 2)), np.array([2.0]), np.array([3.0, 1.0]))
    >>> nearest.round(12).tolist()
    [2.0, 0.0]
    """
    spectrum = Spectrum.of(features)
    return spectrum.solve(targets) + spectrum.null_part(initial)


def memorization_time(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    initial: Float[np.ndarray, " coordinates"],
    *,
    learning_rate: float,
    relative_residual: float,
) -> int:
    r"""Return the first step at which the train residual is small, without any penalty.

    $$t_1 = \min\{t : \lVert Xa_t-y\rVert_2\le\epsilon\lVert y\rVert_2\}, \qquad
      Xa_t-y = \sum_i (1-\alpha\sigma_i^2)^t\,u_iu_i^\top(Xa_0-y) .$$

    Parameters
    ----------
    features, targets, initial
        As in :func:`memorized_interpolant`.
    learning_rate
        $\alpha$.
    relative_residual
        $\epsilon\in(0,1)$.

    Raises
    ------
    ValueError
        For an unstable rate, ``relative_residual`` out of range, or targets that no coefficients
        fit to within it.

    Source: derived, from [notsawo2025norm, Eq. 1] at zero penalty.
    """
    spectrum = Spectrum.of(features)
    refuse_bad_step(spectrum, learning_rate, 0.0)
    if not 0 < relative_residual < 1:
        raise ValueError(f"relative_residual must lie in (0, 1), got {relative_residual}")
    residual = features @ initial - targets
    modes = spectrum.left.T @ residual
    unfit = float(np.sum(residual**2) - np.sum(modes**2))
    goal = (relative_residual * np.linalg.norm(targets)) ** 2 - max(unfit, 0.0)
    if goal <= 0:
        raise ValueError(
            f"relative_residual must exceed {math.sqrt(unfit) / np.linalg.norm(targets):.3g}, the "
            f"least residual of these data, got {relative_residual}"
        )
    factors = 1 - learning_rate * spectrum.values**2

    def is_memorized(step: int) -> bool:
        return bool(np.sum((factors**step * modes) ** 2) <= goal)

    if is_memorized(0):
        return 0
    late = 1
    while not is_memorized(late):
        late *= 2
    early = late // 2
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if is_memorized(middle) else (middle, late)
    return late

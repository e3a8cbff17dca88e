r"""Depth instead of a penalty: products of equal factors learn sparse nonnegative coefficients.

With $a = u_1\circ\dots\circ u_L$ and all factors started at $u_l = \kappa$ the factors stay equal,
$a = u^L$, and gradient flow on $\tfrac12\lVert Xa-y\rVert^2$ reads

$$\frac{du}{dt} = u^{L-1}\circ X^\top(y-Xa) .$$

For $L=1$ it moves in the range of $X^\top$ and ends at the least-norm interpolant. For $L\ge2$ a
coordinate has to grow from $\kappa$ by its own weight, so that the ones with the largest gradient
come first and the rest stay small: a bias to sparse $a$ without any regularizer. Equal factors
keep the sign of $\kappa$ if $L$ is even, so that only nonnegative $a$ can be learned.
"""

import math

import numpy as np
from jaxtyping import Float


def hadamard_flow(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    times: Float[np.ndarray, " times"],
    *,
    scale: float,
    depth: int,
) -> Float[np.ndarray, "times coordinates"]:
    r"""Return the coefficients along gradient flow of a product of equal factors.

    The flow is integrated for $q=\ln u$, in which growth over many decades is linear in time.

    Parameters
    ----------
    features, targets
        $X$ and $y$.
    times
        Increasing times $t\ge0$; after $k$ steps of size $\alpha$, $t=\alpha k$.
    scale
        $\kappa > 0$, the initial value of all entries of all factors.
    depth
        $L\ge2$.

    Raises
    ------
    ValueError
        If ``depth`` is below 2, ``scale`` not positive or the times do not increase.
    RuntimeError
        If the integration fails.

    Source: derived, from [notsawo2025norm, Sec. 3.5].

    >>> growing = hadamard_flow(np.eye(1), np.ones(1), np.array([0.0, 40.0]), scale=1e-3, depth=2)
    >>> growing.round(6).ravel().tolist()
    [1e-06, 1.0]
    """
    from scipy.integrate import solve_ivp

    _refuse_bad_product(scale, depth)
    if times[0] < 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"times must increase from 0 or later, got {times.tolist()}")

    # A trial step may overshoot: it must come out as wrong, to be rejected, and not as infinite.
    highest = 100 / depth

    def velocity(_: float, logarithms: np.ndarray) -> np.ndarray:
        factors = np.exp(np.minimum(logarithms, highest))
        return factors ** (depth - 2) * (features.T @ (targets - features @ factors**depth))

    def jacobian(_: float, logarithms: np.ndarray) -> np.ndarray:
        factors = np.exp(np.minimum(logarithms, highest))
        slope = features.T @ (targets - features @ factors**depth)
        damping = factors[:, None] ** (depth - 2) * (features.T @ features) * factors**depth
        return np.diag((depth - 2) * factors ** (depth - 2) * slope) - depth * damping

    solution = solve_ivp(
        velocity,
        (0.0, float(times[-1])),
        np.full(features.shape[1], math.log(scale)),
        method="LSODA",
        t_eval=times,
        jac=jacobian,
        rtol=1e-8,
        atol=1e-8,
    )
    if not solution.success:
        raise RuntimeError(f"the integration failed: {solution.message}")
    return np.exp(depth * solution.y.T)


def escape_time(slope: float, *, scale: float, depth: int, size: float) -> float:
    r"""Return when a coordinate has grown to a given size under a constant gradient.

    $$t = \frac1g\ln\frac{s^{1/2}}{\kappa}\quad(L=2), \qquad
      t = \frac{\kappa^{2-L}-s^{(2-L)/L}}{(L-2)\,g}\quad(L>2) ,$$

    with $g=(X^\top y)_k$ at the start: deeper products wait longer, by a power of $1/\kappa$
    instead of its logarithm.

    Parameters
    ----------
    slope
        $g > 0$.
    scale
        $\kappa$.
    depth
        $L\ge2$.
    size
        $s>\kappa^L$, the value of the coefficient $a_k$ that counts as grown.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: derived.

    >>> round(escape_time(0.1, scale=1e-6, depth=2, size=0.01), 2)
    115.13
    """
    _refuse_bad_product(scale, depth)
    if not slope > 0:
        raise ValueError(f"slope must be positive, got {slope}: the coordinate does not grow")
    if not size > scale**depth:
        raise ValueError(f"size must exceed the initial {scale**depth:g}, got {size}")
    if depth == 2:
        return math.log(math.sqrt(size) / scale) / slope
    power = depth - 2
    return (scale**-power - size ** (-power / depth)) / (power * slope)


def _refuse_bad_product(scale: float, depth: int) -> None:
    if depth < 2:
        raise ValueError(f"depth must be at least 2, got {depth}: one factor is linear regression")
    if not scale > 0:
        raise ValueError(f"scale must be positive, got {scale}: zero is a fixed point")

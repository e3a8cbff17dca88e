r"""The potentials that interpolate between the two biases, and the interpolants of least potential.

At every time a diagonal network that fits regression data under a small weight decay is the
interpolant of least *hyperbolic entropy* at the scale of its clock $\beta(t)$,

$$w(t) = \arg\min_{Xw = y} \sum_k \Bigl[w_k\operatorname{arsinh}\frac{w_k}{2\beta} -
  \sqrt{w_k^2+4\beta^2} + 2\beta\Bigr],$$

because $\partial/\partial w_k$ of the potential is $\operatorname{arsinh}(w_k/2\beta) =
4(X^\top A)_k$, a combination of the data. For $\beta \gg |w|$ that is the interpolant of least
$\ell_2$ norm, for $\beta \ll |w|$ of least $\ell_1$ norm, and $\alpha$, $\lambda$, $t$ enter
through $\beta$ alone: the curves of all initializations collapse.
"""

import math

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_bad_data


def smoothed_norm(
    weights: Float[np.ndarray, "*batch features"], product: float
) -> Float[np.ndarray, "*batch"]:
    r"""Return the squared norm of the factors of a diagonal network.

    $$\lVert u\rVert^2 + \lVert v\rVert^2 = \sum_k\sqrt{w_k^2 + 4\beta^2}
      \simeq \begin{cases} 2d\beta + \lVert w\rVert_2^2/4\beta & \beta \gg |w| \\
      \lVert w\rVert_1 & \beta \ll |w| \end{cases}$$

    Weight decay pays $\lambda/2$ of it. For a matrix $W = UU^\top - VV^\top$ hand in its
    eigenvalues: then it is the nuclear norm, smoothed.

    Parameters
    ----------
    weights
        $w$.
    product
        $\beta \ge 0$.

    Raises
    ------
    ValueError
        If the product is negative.

    Source: derived (derivations ``conserved-product``, ``smoothed-limits``).

    >>> float(smoothed_norm(np.array([3.0, -3.0]), 2.0))
    10.0
    """
    if not product >= 0:
        raise ValueError(f"product must be non-negative, got {product}")
    return np.asarray(np.sum(np.hypot(weights, 2 * product), axis=-1))


def hyperbolic_entropy(
    weights: Float[np.ndarray, "*batch features"], product: float
) -> Float[np.ndarray, "*batch"]:
    r"""Return the potential whose gradient is the dual potential of a diagonal network.

    $$Q_\beta(w) = \sum_k\Bigl[w_k\operatorname{arsinh}\frac{w_k}{2\beta} -
      \sqrt{w_k^2+4\beta^2} + 2\beta\Bigr]
      \simeq \begin{cases} \lVert w\rVert_2^2/4\beta & \beta \gg |w| \\
      \lVert w\rVert_1\ln(1/\beta) & \beta \ll |w| \end{cases}$$

    Parameters
    ----------
    weights
        $w$.
    product
        $\beta > 0$.

    Raises
    ------
    ValueError
        If the product is not positive.

    Source: derived (derivation ``hyperbolic-entropy``).

    >>> round(float(hyperbolic_entropy(np.array([2.0]), 100.0)) / (2.0**2 / 400.0), 4)
    1.0
    """
    if not product > 0:
        raise ValueError(f"product must be positive, got {product}")
    root = np.hypot(weights, 2 * product)
    # sqrt(w^2 + 4 b^2) - 2 b without cancellation.
    excess = weights**2 / (root + 2 * product)
    return np.asarray(np.sum(weights * np.arcsinh(weights / (2 * product)) - excess, axis=-1))


def interpolating_weights(
    features: Float[np.ndarray, "samples features"],
    targets: Float[np.ndarray, " samples"],
    product: Float[np.ndarray, " points"],
    *,
    tolerance: float = 1e-9,
    max_steps: int = 100,
) -> Float[np.ndarray, "points features"]:
    r"""Return the interpolants of least hyperbolic entropy: a whole regression run, statically.

    $$w(\beta) = \arg\min_{Xw=y}Q_\beta(w) = 2\beta\sinh(4X^\top A), \qquad
      A = \arg\min_A\ \tfrac\beta2\sum_k\cosh\bigl(4(X^\top A)_k\bigr) - y^\top A ,$$

    by damped Newton steps on the dual, from the largest $\beta$ down. Gradient flow with weight
    decay $\lambda$ misses it by a residual $|y - Xw| = O(\lambda)$ once it has fitted.

    Parameters
    ----------
    features
        Rows $x_i$, linearly independent.
    targets
        $y$.
    product
        $\beta = \alpha^2e^{-2\lambda t} > 0$, in any order.
    tolerance
        Largest $|Xw-y|$ over the largest $|y|$.
    max_steps
        Newton steps at each $\beta$.

    Returns
    -------
    [points, features] array, in the order of ``product``.

    Raises
    ------
    ValueError
        If the rows are dependent, a product is not positive, or Newton's method stalls.

    Source: derived (derivation ``hyperbolic-entropy``); the two ends are [lyu2023dichotomy,
    Thms. 3.9 and 3.10].

    >>> X, y = np.array([[1.0, 2.0]]), np.array([2.0])
    >>> interpolating_weights(X, y, np.array([1e3, 1e-7])).round(3).tolist()
    [[0.4, 0.8], [0.0, 1.0]]
    """
    refuse_bad_data(features, targets)
    if not np.all(product > 0):
        raise ValueError(f"product must be positive, got a smallest value of {product.min()}")
    gram = features @ features.T
    rank = np.linalg.matrix_rank(features)
    if rank < len(features):
        raise ValueError(
            f"the rows of features must be linearly independent, got rank {rank} for "
            f"{len(features)} samples: leave out repeated samples"
        )
    weights = np.zeros((len(product), features.shape[1]))
    order = np.argsort(-product)
    previous = float(product[order[0]])
    dual = np.linalg.solve(gram, targets) / (8 * previous)
    for point in order:
        target = float(product[point])
        # No leap is longer than a factor of e, so that every start is close to its solution.
        num_leaps = max(1, math.ceil(math.log(previous / target)))
        for scale in np.geomspace(previous, target, num_leaps + 1)[1:].tolist():
            dual = _newton(features, targets, dual, scale, tolerance, max_steps)
        weights[point] = 2 * target * np.sinh(4 * features.T @ dual)
        previous = target
    return weights


def _newton(
    features: np.ndarray,
    targets: np.ndarray,
    dual: np.ndarray,
    product: float,
    tolerance: float,
    max_steps: int,
) -> np.ndarray:
    def objective(dual: np.ndarray) -> float:
        half_angle = np.abs(2 * features.T @ dual)
        if half_angle.max() > 350:  # beyond the largest float, and far from any minimum
            return math.inf
        return float(product * np.sum(np.sinh(half_angle) ** 2) - targets @ dual)

    scale, misfit = np.max(np.abs(targets)), math.inf
    for _ in range(max_steps):
        angle = 4 * features.T @ dual
        residual = targets - features @ (2 * product * np.sinh(angle))
        misfit = np.max(np.abs(residual))
        if misfit <= tolerance * scale:
            return dual
        curvature = (features * (8 * product * np.cosh(angle))) @ features.T
        step = np.linalg.solve(curvature, residual)
        value, decrease, length = objective(dual), residual @ step, 1.0
        # At a decrease below rounding the objective says nothing and Newton's step is safe.
        if decrease > 1e-10 * abs(value):
            while objective(dual + length * step) > value - 1e-4 * length * decrease:
                length /= 2
        dual = dual + length * step
    raise ValueError(
        f"Newton's method did not reach |Xw - y| <= {tolerance} |y| in {max_steps} steps at "
        f"product {product:g}, got {misfit / scale:.3g}: raise max_steps"
    )

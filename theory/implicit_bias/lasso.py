r"""Where a small $\ell_1$ penalty ends: the minimizer of the penalized loss, exactly.

$$\hat a(\beta) = \operatorname*{argmin}_a \tfrac12\lVert Xa-y\rVert_2^2+\beta\lVert a\rVert_1 .$$

Proximal gradient descent converges to it with any stable step. So what remains of the error when
$a^*$ is recovered does not depend on the step: it is $\lVert\hat a(\beta)-a^*\rVert$, proportional
to $\beta$ once $\beta$ is small. Plain subgradient descent circles around the same point, the
nearer the smaller the step.
"""

import numpy as np
from jaxtyping import Float

from ._least_squares_spectrum import Spectrum


def lasso_solution(
    features: Float[np.ndarray, "samples coordinates"],
    targets: Float[np.ndarray, " samples"],
    *,
    penalty: float,
) -> Float[np.ndarray, " coordinates"]:
    r"""Return the minimizer of the $\ell_1$-penalized squared loss.

    From $\beta = \lVert X^\top y\rVert_\infty$, where it is zero, the minimizer is followed down to
    the wanted penalty. It is piecewise linear in $\beta$: a coordinate enters when its correlation
    with the residual reaches $\beta$, and leaves when it hits zero,

    $$\hat a_A = (X_A^\top X_A)^{-1}(X_A^\top y-\beta s_A), \qquad
      \lvert X_j^\top(y-X\hat a)\rvert\le\beta .$$

    Parameters
    ----------
    features, targets
        $X$ and $y$, in general position (so that one coordinate enters at a time).
    penalty
        $\beta > 0$.

    Raises
    ------
    ValueError
        If ``penalty`` is not positive.
    RuntimeError
        If the path has not ended after a hundred events a coordinate.

    Cost: one small linear system an event. Source: derived (homotopy in the penalty).

    >>> lasso_solution(np.eye(3), np.array([3.0, -0.5, -2.0]), penalty=1.0).tolist()
    [2.0, 0.0, -1.0]
    """
    if not penalty > 0:
        raise ValueError(f"penalty must be positive, got {penalty}")
    gram, correlations = features.T @ features, features.T @ targets
    level = float(np.max(np.abs(correlations)))
    solution = np.zeros(len(correlations))
    signs = np.zeros(len(correlations))
    if level <= penalty:
        return solution
    first = int(np.argmax(np.abs(correlations)))
    signs[first] = np.sign(correlations[first])
    for _ in range(100 * len(solution)):
        active = np.flatnonzero(signs)
        block = gram[np.ix_(active, active)]
        direction = np.linalg.solve(block, signs[active])
        # In the level l both are linear: a = base - l * direction, X^T r = offset + l * slope.
        base = np.linalg.solve(block, correlations[active])
        offset = correlations - gram[:, active] @ base
        slope = gram[:, active] @ direction
        next_level, entering, sign = _next_event(
            signs, active, base, direction, offset, slope, level
        )
        if next_level <= penalty:
            solution[active] = base - penalty * direction
            return solution
        signs[entering] = sign
        level = next_level
    raise RuntimeError(f"the path has not reached the penalty {penalty:g}, only {level:g}")


def _next_event(
    signs: np.ndarray,
    active: np.ndarray,
    base: np.ndarray,
    direction: np.ndarray,
    offset: np.ndarray,
    slope: np.ndarray,
    level: float,
) -> tuple[float, int, float]:
    """Next lower level at which a coordinate enters (with its sign) or leaves (with sign 0)."""
    below = level * (1 - 1e-10)
    events = [(0.0, int(active[0]), float(signs[active[0]]))]
    with np.errstate(divide="ignore", invalid="ignore"):
        exits = base / direction
        entries = {sign: offset / (sign - slope) for sign in (1.0, -1.0)}
    for index, exit_level in zip(active.tolist(), exits.tolist(), strict=True):
        # A coordinate that has just entered grows from zero: its exit lies above, not below.
        if 0 < exit_level < below:
            events.append((exit_level, index, 0.0))
    for sign, levels in entries.items():
        candidates = np.flatnonzero((signs == 0) & (levels > 0) & (levels < below))
        events += [(float(levels[index]), int(index), sign) for index in candidates]
    return max(events)


def restricted_lasso_bias(
    features: Float[np.ndarray, "samples coordinates"],
    target: Float[np.ndarray, " coordinates"],
    *,
    penalty: float,
) -> Float[np.ndarray, " coordinates"]:
    r"""Return $\hat a(\beta)-a^*$ where the penalty keeps the support of the target.

    $$\hat a_S-a^*_S = -\beta\,(X_S^\top X_S)^{-1}\operatorname{sign}(a^*_S) ,$$

    exact for small $\beta$ if and only if
    $\lVert X_{S^c}^\top X_S(X_S^\top X_S)^{-1}\operatorname{sign}a^*_S\rVert_\infty<1$; otherwise
    further coordinates of order $\beta$ appear (:func:`lasso_solution`).

    Parameters
    ----------
    features
        $X$, with independent columns on the support.
    target
        $a^*$.
    penalty
        $\beta$.

    Raises
    ------
    ValueError
        If the columns on the support of the target are dependent.

    Source: derived.
    """
    support = np.flatnonzero(target)
    columns = features[:, support]
    if len(Spectrum.of(columns).values) < len(support):
        raise ValueError(
            f"the {len(support)} columns on the support of target must be independent, got rank "
            f"{len(Spectrum.of(columns).values)}"
        )
    bias = np.zeros(len(target))
    bias[support] = -penalty * np.linalg.solve(columns.T @ columns, np.sign(target[support]))
    return bias

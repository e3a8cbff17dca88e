r"""The linear program under both sparse problems: least $\ell_1$ norm under linear constraints.

Primal and dual are

$$\min_w \lVert w\rVert_1 \;\text{s.t.}\; Aw \ge b \ (\text{or } = b), \qquad
  \max_a b\cdot a \;\text{s.t.}\; \lVert A^\top a\rVert_\infty \le 1,
  \ a \ge 0 \ (\text{or free}).$$

At most as many weights as rows are non-zero, so few columns matter: the dual is solved on some of
them, and columns whose constraint is violated are added until none is. The dual is solved by an
interior point, whose answer lies in the middle of the optimal face: a vertex, when a sparse $w$
leaves the dual a whole face, violates new columns round after round. The primal is then solved
exactly on the columns that the dual leaves in play.
"""

import numpy as np
from jaxtyping import Float
from scipy.optimize import linprog

from ._conic import solve_conic

_DUAL_TOLERANCE = 1e-8


def least_l1_norm(
    matrix: Float[np.ndarray, "rows columns"],
    bounds: Float[np.ndarray, " rows"],
    *,
    equality: bool,
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " rows"]] | None:
    r"""Return the minimizer $w$ and the multipliers $a$, or None if no $w$ meets the constraints.

    Parameters
    ----------
    matrix, bounds
        $A$ and $b$, the latter not zero.
    equality
        Whether the constraints read $Aw = b$ instead of $Aw \ge b$.

    Raises
    ------
    RuntimeError
        If a solver ends without an answer.
    """
    num_rows, num_columns = matrix.shape
    # The solvers' tolerances are absolute: every row and the bounds are brought to size one.
    sizes = np.max(np.abs(matrix), axis=1)
    sizes[sizes == 0] = 1.0
    matrix, bounds = matrix / sizes[:, None], bounds / sizes
    scale = np.max(np.abs(bounds))
    bounds = bounds / scale
    promising = np.argsort(-np.abs(bounds @ matrix), kind="stable")
    chosen = np.sort(promising[: max(4 * num_rows, 500)])
    while True:
        multipliers = _solve_dual(matrix[:, chosen], bounds, equality=equality)
        if multipliers is None:
            if len(chosen) == num_columns:
                return None
            chosen = np.arange(num_columns)
            continue
        correlations = np.abs(multipliers @ matrix)
        violation = correlations - 1
        violation[chosen] = -1.0
        worst = np.argsort(-violation, kind="stable")[:num_rows]
        if violation[worst[0]] <= _DUAL_TOLERANCE:
            break
        chosen = np.union1d(chosen, worst[violation[worst] > 0])
    multipliers = multipliers / max(1.0, correlations.max())
    for slack in (1e-6, 1e-3):
        in_play = np.flatnonzero(correlations > 1 - slack)
        weights = _solve_primal(matrix, bounds, in_play, equality=equality)
        if weights is not None:
            norm = np.abs(weights).sum()
            if norm - multipliers @ bounds < 1e-7 * norm:
                break
    else:
        weights = _solve_primal(matrix, bounds, chosen, equality=equality)
        if weights is None:
            raise RuntimeError(
                "the linear program was not solved: its data are too ill-conditioned"
            )
    return scale * weights, multipliers / sizes


def _solve_dual(matrix: np.ndarray, bounds: np.ndarray, *, equality: bool) -> np.ndarray | None:
    num_rows, num_columns = matrix.shape
    rows = [matrix.T, -matrix.T] + ([] if equality else [-np.eye(num_rows)])
    limits = np.concatenate([np.ones(2 * num_columns), np.zeros(0 if equality else num_rows)])
    solution = solve_conic(-bounds, np.concatenate(rows), limits, [("nonnegative", len(limits))])
    if not solution.is_solvable:  # an unbounded dual: the primal has no solution
        return None
    multipliers = solution.x
    return multipliers if equality else np.maximum(multipliers, 0.0)


def _solve_primal(
    matrix: np.ndarray, bounds: np.ndarray, columns: np.ndarray, *, equality: bool
) -> np.ndarray | None:
    matrix, num_columns = matrix[:, columns], matrix.shape[1]
    split = np.concatenate([matrix, -matrix], axis=1)
    if equality:
        constraints = {"A_eq": split, "b_eq": bounds}
    else:
        constraints = {"A_ub": -split, "b_ub": -bounds}
    result = linprog(np.ones(split.shape[1]), method="highs", **constraints)
    if not result.success:
        return None
    positive, negative = np.split(result.x, 2)
    weights = np.zeros(num_columns)
    weights[columns] = positive - negative
    return weights

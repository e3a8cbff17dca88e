r"""Least nuclear norm from linear measurements of a matrix: completion and sensing.

$$\min_W \lVert W\rVert_* \quad\text{s.t.}\quad \langle A_i, W\rangle = y_i, \qquad
  \text{dual}\quad \max_\nu \nu\cdot y \ \text{s.t.}\
  \Bigl\lVert\sum_i\nu_iA_i\Bigr\rVert_{\mathrm{op}} \le 1 .$$

This is where a matrix factorization with weight decay ends [lyu2023dichotomy, Thm. 3.12], and what
gradient descent with a small nuclear-norm regularizer reaches [notsawo2025norm, Thm. 3.4].
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy import linalg, sparse

from ._conic import solve_conic

_LARGEST_SEMIDEFINITE = 40

_Pairs = Int[np.ndarray, "observations 2"]
_Matrices = Float[np.ndarray, "observations rows columns"]


@dataclass(frozen=True, eq=False)
class LowRankInterpolant:
    r"""A matrix of least nuclear norm among those that fit the data, with its proof.

    Attributes
    ----------
    matrix : [rows, columns]
        $W$.
    multipliers : [observations]
        $\nu$, feasible for the dual problem.
    duality_gap : float
        Relative gap $1 - \nu\cdot y/\lVert W\rVert_*$: no interpolant has a nuclear norm smaller by
        more than this fraction.
    """

    matrix: Float[np.ndarray, "rows columns"]
    multipliers: Float[np.ndarray, " observations"]
    duality_gap: float

    @property
    def nuclear_norm(self) -> float:
        r"""$\lVert W\rVert_*$, the sum of the singular values."""
        return float(np.linalg.norm(self.matrix, "nuc"))


def min_nuclear_norm(
    observations: Int[np.ndarray, "observations 2"]
    | Float[np.ndarray, "observations rows columns"],
    targets: Float[np.ndarray, " observations"],
    shape: tuple[int, int],
    *,
    method: Literal["auto", "semidefinite", "splitting"] = "auto",
    tolerance: float = 1e-6,
    max_steps: int = 20_000,
) -> LowRankInterpolant:
    r"""Return a matrix of least nuclear norm that meets all measurements.

    Parameters
    ----------
    observations
        Completion: distinct index pairs $(i, j)$ of the known entries. Sensing: matrices $A_i$.
    targets
        $y_i = W_{ij}$ or $\langle A_i, W\rangle$.
    shape
        Rows and columns of $W$.
    method
        `"semidefinite"` solves the semidefinite program by an interior point to about eight digits,
        whatever the data; its cost grows like (rows + columns)$^6$: a second at 20 x 20, minutes
        at 50 x 50. `"splitting"` is Douglas-Rachford with one singular value decomposition a step:
        hundreds of steps at any size for recoverable targets, many thousands for data far below
        the threshold of recovery, where a looser tolerance is advised. `"auto"` takes the first up
        to 40 rows and columns together.
    tolerance
        Relative duality gap at which splitting stops.
    max_steps
        Steps of splitting at most.

    Raises
    ------
    ValueError
        For shapes or indices that do not match, an unknown method, or measurements that no matrix
        meets.
    RuntimeError
        If splitting does not reach the tolerance, with the gap it reached.

    Source: [lyu2023dichotomy, Cor. 3.11, Thm. 3.12], [notsawo2025norm, Sec. 3.2].

    >>> pairs = np.array([[0, 0], [0, 1], [1, 0]])
    >>> min_nuclear_norm(pairs, np.array([1.0, 2.0, 2.0]), (2, 2)).matrix.round(4).tolist()
    [[1.0, 2.0], [2.0, 1.0]]
    """
    if method not in ("auto", "semidefinite", "splitting"):
        raise ValueError(f"method must be 'auto', 'semidefinite' or 'splitting', got {method!r}")
    program = _program(observations, targets.astype(np.float64), shape)
    if not np.any(program.targets):
        return LowRankInterpolant(np.zeros(shape), np.zeros(len(targets)), 0.0)
    if method == "auto":
        method = "semidefinite" if sum(shape) <= _LARGEST_SEMIDEFINITE else "splitting"
    if method == "semidefinite":
        return program.interpolant(*_semidefinite(program))
    return _splitting(program, tolerance=tolerance, max_steps=max_steps)


def is_low_rank_recoverable(
    observations: Int[np.ndarray, "observations 2"]
    | Float[np.ndarray, "observations rows columns"],
    target: Float[np.ndarray, "rows columns"],
    *,
    tolerance: float = 1e-3,
    method: Literal["auto", "semidefinite", "splitting"] = "auto",
) -> bool:
    r"""Return whether the least nuclear norm under the measurements of a matrix gives it back.

    Parameters
    ----------
    observations, method
        As for :func:`min_nuclear_norm`.
    target
        $W^*$.
    tolerance
        Relative Frobenius error that counts as recovered.
    """
    if observations.ndim == 2:
        targets = target[observations[:, 0], observations[:, 1]]
    else:
        targets = np.tensordot(observations, target, axes=2)
    found = min_nuclear_norm(observations, targets, target.shape, method=method)
    error = np.linalg.norm(found.matrix - target)
    return bool(error <= tolerance * np.linalg.norm(target))


@dataclass(frozen=True, eq=False)
class _Program:
    """Measurements with orthonormal rows, equivalent to the given ones.

    `multiplier_map` takes their multipliers to those of the given rows.
    """

    operator: sparse.csr_matrix | np.ndarray
    targets: Float[np.ndarray, " rows"]
    multiplier_map: sparse.csr_matrix | np.ndarray
    shape: tuple[int, int]

    def adjoint(self, multipliers: np.ndarray) -> np.ndarray:
        """The matrix of the dual constraint."""
        return (self.operator.T @ multipliers).reshape(self.shape)

    def project(self, matrix: np.ndarray) -> np.ndarray:
        """The nearest matrix that meets the measurements."""
        return matrix - self.adjoint(self.operator @ matrix.ravel() - self.targets)

    def interpolant(self, matrix: np.ndarray, multipliers: np.ndarray) -> LowRankInterpolant:
        """Make both feasible, which turns their distance into a proven gap."""
        matrix = self.project(matrix)
        multipliers = multipliers / max(1.0, float(np.linalg.norm(self.adjoint(multipliers), 2)))
        gap = 1 - multipliers @ self.targets / np.linalg.norm(matrix, "nuc")
        return LowRankInterpolant(matrix, self.multiplier_map @ multipliers, float(gap))


def _program(observations: np.ndarray, targets: np.ndarray, shape: tuple[int, int]) -> _Program:
    if targets.ndim != 1 or len(observations) != len(targets) or len(targets) == 0:
        raise ValueError(
            "targets must be a list with one entry an observation and at least one, got shape "
            f"{targets.shape} for {len(observations)} observations"
        )
    if not np.all(np.isfinite(targets)):
        raise ValueError("targets must be finite, got NaN or infinite entries")
    if observations.shape[1:] == (2,) and np.issubdtype(observations.dtype, np.integer):
        return _completion(observations, targets, shape)
    if observations.shape[1:] != shape:
        raise ValueError(
            f"observations must be integer index pairs [observations, 2] or matrices of shape "
            f"{shape}, got {observations.dtype} of shape {observations.shape}"
        )
    return _sensing(observations.reshape(len(targets), -1).astype(np.float64), targets, shape)


def _completion(pairs: np.ndarray, targets: np.ndarray, shape: tuple[int, int]) -> _Program:
    rows, columns = shape
    inside = np.all((pairs >= 0) & (pairs < np.array([shape])), axis=1)
    if not np.all(inside):
        raise ValueError(
            f"index pairs must lie in [0, {rows}) x [0, {columns}), got "
            f"{tuple(pairs[~inside][0].tolist())}"
        )
    flat = pairs[:, 0] * columns + pairs[:, 1]
    if len(np.unique(flat)) < len(flat):
        raise ValueError("observed entries must be distinct, got a repeated index pair")
    count = len(flat)
    operator = sparse.csr_matrix(
        (np.ones(count), (np.arange(count), flat)), (count, rows * columns)
    )
    return _Program(operator, targets, sparse.csr_matrix(sparse.eye(count)), shape)


def _sensing(rows: np.ndarray, targets: np.ndarray, shape: tuple[int, int]) -> _Program:
    left, values, right = linalg.svd(rows, full_matrices=False)
    kept = values > 1e-12 * max(values.max(), np.finfo(float).tiny)
    left, values, right = left[:, kept], values[kept], right[kept]
    coordinates = left.T @ targets
    residual = np.linalg.norm(targets - left @ coordinates)
    if residual > 1e-8 * np.linalg.norm(targets):
        raise ValueError(
            f"no matrix meets the measurements (least residual norm {residual:.3g}): use fewer "
            f"measurements, or targets without noise"
        )
    return _Program(right, coordinates / values, left / values[None, :], shape)


def _semidefinite(program: _Program) -> tuple[np.ndarray, np.ndarray]:
    r"""Minimize $\frac12\operatorname{tr}S$ over $S\succeq0$ with $W$ its upper right block."""
    rows, columns = program.shape
    side = rows + columns
    size = float(np.linalg.norm(program.targets))
    # The solver stores the upper triangle column by column, off-diagonal entries times sqrt(2).
    last = np.arange(rows, side)
    block = (last * (last + 1) // 2)[None, :] + np.arange(rows)[:, None]
    num_variables = side * (side + 1) // 2
    measured = sparse.coo_matrix(program.operator)
    measured = sparse.csc_matrix(
        (measured.data / np.sqrt(2), (measured.row, block.ravel()[measured.col])),
        (len(program.targets), num_variables),
    )
    cost = np.zeros(num_variables)
    diagonal = np.arange(side)
    cost[diagonal * (diagonal + 3) // 2] = 0.5
    solution = solve_conic(
        cost,
        sparse.vstack([measured, -sparse.eye(num_variables)]),
        np.concatenate([program.targets / size, np.zeros(num_variables)]),
        [("zero", len(program.targets)), ("semidefinite", side)],
    )
    matrix = solution.x[block] * size / np.sqrt(2)
    return matrix, -solution.z[: len(program.targets)]


def _splitting(program: _Program, *, tolerance: float, max_steps: int) -> LowRankInterpolant:
    """Alternate between the measurements and soft-thresholded singular values."""
    state = program.adjoint(program.targets)
    threshold = float(np.linalg.norm(state, 2)) / 2
    best = program.interpolant(state, program.targets * 0)
    for step in range(max_steps):
        feasible = program.project(state)
        reflected = 2 * feasible - state
        left, values, right = np.linalg.svd(reflected, full_matrices=False)
        shrunk = (left * np.maximum(values - threshold, 0.0)[None, :]) @ right
        state = state + shrunk - feasible
        if step % 20 == 0:
            multipliers = program.operator @ (reflected - shrunk).ravel() / threshold
            best = program.interpolant(feasible, multipliers)
            if best.duality_gap <= tolerance:
                return best
    raise RuntimeError(
        f"splitting reached a relative duality gap of {best.duality_gap:.2g}, not {tolerance:.2g}, "
        f"in {max_steps} steps; raise max_steps or tolerance"
    )

r"""Convex programs over cones: $\min\tfrac12x^\top Px + q\cdot x$ s.t. $b - Ax\in K$."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import clarabel as _clarabel
import numpy as np
from scipy import sparse

clarabel: Any = _clarabel  # compiled, without type information


class ConicSolution(NamedTuple):
    """Primal solution $x$ and multipliers $z$; meaningless where the program has no solution."""

    x: np.ndarray
    z: np.ndarray
    is_solvable: bool


def solve_conic(
    linear: np.ndarray,
    matrix: Any,
    bounds: np.ndarray,
    cones: Sequence[tuple[Literal["zero", "nonnegative", "semidefinite"], int]],
    *,
    quadratic: np.ndarray | None = None,
    tolerance: float = 1e-10,
) -> ConicSolution:
    r"""Solve by the interior-point method of Clarabel.

    Parameters
    ----------
    linear, quadratic
        $q$ and $P$ (zero by default).
    matrix, bounds
        $A$, dense or sparse, and $b$.
    cones
        Name and size, in the order of the rows of $A$; the size of a semidefinite cone is the side
        of its matrix, whose upper triangle is stored column by column with off-diagonal entries
        times $\sqrt2$.
    tolerance
        Absolute and relative, of feasibility and gap.

    Raises
    ------
    RuntimeError
        If the solver neither solves the program nor proves it infeasible or unbounded.
    """
    kinds = {
        "zero": clarabel.ZeroConeT,
        "nonnegative": clarabel.NonnegativeConeT,
        "semidefinite": clarabel.PSDTriangleConeT,
    }
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    size = len(linear)
    program = (
        sparse.csc_matrix((size, size) if quadratic is None else np.triu(quadratic)),
        linear,
        sparse.csc_matrix(matrix),
        bounds,
        [kinds[name](count) for name, count in cones],
    )
    status = ""
    for goal in (tolerance, 1e-8):  # rounding stops some programs short of the first goal
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = goal
        solution = clarabel.DefaultSolver(*program, settings).solve()
        status = str(solution.status)
        if "Solved" in status or "Infeasible" in status:
            return ConicSolution(np.asarray(solution.x), np.asarray(solution.z), "Solved" in status)
    raise RuntimeError(f"the convex program was not solved: {status}")

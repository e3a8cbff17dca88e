r"""Symmetric matrix factorization with weight decay, reduced to its two Gram matrices.

$W = UU^\top - VV^\top$ from $U = V = \alpha I$, fitted to the observed entries of $X^*$ by the
gradient flow of $\frac1n\sum_{(i,j)}(W_{ij}-X^*_{ij})^2 +
\frac\lambda2(\lVert U\rVert_F^2+\lVert V\rVert_F^2)$. With $D_{ij} = \frac2n(W_{ij}-X^*_{ij})$ on
observed entries and $H = D + D^\top$,

$$\dot U = -HU - \lambda U, \qquad \dot V = +HV - \lambda V
  \qquad\Rightarrow\qquad U^\top V = \beta(t)\,I, \quad \beta = \alpha^2e^{-2\lambda t},$$

so that $P = UU^\top$ alone knows the network: $VV^\top = \beta^2P^{-1}$, $W = P - \beta^2P^{-1}$.
Weight decay pays $\operatorname{Tr}\sqrt{W^2+4\beta^2}$, a nuclear norm smoothed at the scale of
the clock.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.integrate import solve_ivp

from ._arguments import refuse_bad_clock, refuse_bad_times
from .diagonal import diagonal_factors, factor_product


@dataclass(frozen=True)
class FactorizationTrajectory:
    r"""A symmetric factorization along its gradient flow.

    Attributes
    ----------
    times : [times]
    positive, negative : [times, dimension, dimension]
        $P = UU^\top$ and $Q = VV^\top$; each is $\beta^2$ times the inverse of the other.
    product : [times]
        $\beta$.
    """

    times: Float[np.ndarray, " times"]
    positive: Float[np.ndarray, "times dimension dimension"]
    negative: Float[np.ndarray, "times dimension dimension"]
    product: Float[np.ndarray, " times"]

    @property
    def matrices(self) -> Float[np.ndarray, "times dimension dimension"]:
        """The fitted matrices $W = P - Q$."""
        return self.positive - self.negative


def positive_part(
    matrix: Float[np.ndarray, "dimension dimension"], product: float
) -> Float[np.ndarray, "dimension dimension"]:
    r"""Return the Gram matrix of the first factor of a symmetric factorization.

    $$P = UU^\top = \tfrac12\bigl(W + \sqrt{W^2 + 4\beta^2I}\bigr) .$$

    The Gram matrix $VV^\top$ of the second factor is the positive part of $-W$.

    Parameters
    ----------
    matrix
        Symmetric $W$.
    product
        $\beta > 0$.

    Raises
    ------
    ValueError
        If the matrix is not symmetric or the product is not positive.

    Source: derived (derivation ``gram-relation``).

    >>> positive_part(np.diag([3.0, -3.0]), 2.0).tolist()
    [[4.0, 0.0], [0.0, 1.0]]
    """
    if matrix.ndim != 2 or not np.allclose(matrix, matrix.T):
        raise ValueError("matrix must be symmetric, as U U^T - V V^T always is")
    eigenvalues, vectors = np.linalg.eigh(matrix)
    first, _ = diagonal_factors(eigenvalues, product)
    return (vectors * first**2) @ vectors.T


def factorization_flow(
    indices: Int[np.ndarray, "samples 2"],
    values: Float[np.ndarray, " samples"],
    *,
    dimension: int,
    scale: float,
    weight_decay: float,
    times: Float[np.ndarray, " times"],
    tolerance: float = 1e-8,
) -> FactorizationTrajectory:
    r"""Integrate the gradient flow of a symmetric factorization on observed entries.

    $$\dot P = -(HP + PH) - 2\lambda P, \qquad \dot Q = HQ + QH - 2\lambda Q, \qquad
      P(0) = Q(0) = \alpha^2I .$$

    $P$ determines $Q = \beta^2P^{-1}$, but the eigenvalues of either fall below rounding where $W$
    has the other sign; carrying both keeps $W = P - Q$ accurate, and $PQ = \beta^2I$ is left as a
    check of the solver.

    Parameters
    ----------
    indices
        Observed $(i, j)$, each in $[0, d)$.
    values
        $X^*_{ij}$ there.
    dimension
        $d$.
    scale
        $\alpha > 0$.
    weight_decay
        $\lambda \ge 0$.
    times
        Increasing, non-negative.
    tolerance
        Relative tolerance of the explicit Runge-Kutta solver.

    Raises
    ------
    ValueError
        If an argument is out of range or the solver fails.

    Source: derived (derivations ``matrix-conservation``, ``gram-flow``); the network is that of
    [lyu2023dichotomy, Sec. 3.3].

    >>> path = factorization_flow(np.array([[0, 0], [0, 1]]), np.array([-1.0, 0.5]), dimension=2,
    ...                           scale=2.0, weight_decay=0.0, times=np.array([30.0]))
    >>> path.matrices[0].round(4).tolist()[0]
    [-1.0, 0.5]
    """
    _refuse_bad_entries(indices, values, dimension)
    refuse_bad_clock(scale, weight_decay)
    times = refuse_bad_times(times)
    shape = (2, dimension, dimension)
    rows, columns = indices.T

    def rate(time: float, state: np.ndarray) -> np.ndarray:
        del time
        positive, negative = state.reshape(shape)
        slope = np.zeros((dimension, dimension))
        misfit = positive[rows, columns] - negative[rows, columns] - values
        np.add.at(slope, (rows, columns), 2 / len(values) * misfit)
        slope += slope.T
        pull, push = slope @ positive, slope @ negative
        return np.stack(
            [
                -(pull + pull.T) - 2 * weight_decay * positive,
                push + push.T - 2 * weight_decay * negative,
            ]
        ).ravel()

    start = np.stack([scale**2 * np.eye(dimension)] * 2)
    if times[-1] == 0:
        path = start[None]
    else:
        solution = solve_ivp(
            rate,
            (0.0, times[-1]),
            start.ravel(),
            method="DOP853",
            t_eval=times,
            rtol=tolerance,
            atol=tolerance,
        )
        if not solution.success:
            raise ValueError(f"the factorization could not be integrated: {solution.message}")
        path = solution.y.T.reshape(-1, *shape)
    return FactorizationTrajectory(
        times=times,
        positive=path[:, 0],
        negative=path[:, 1],
        product=factor_product(times, scale=scale, weight_decay=weight_decay),
    )


def zero_fill_in(
    indices: Int[np.ndarray, "samples 2"],
    values: Float[np.ndarray, " samples"],
    *,
    dimension: int,
) -> Float[np.ndarray, "dimension dimension"]:
    r"""Return the early solution of matrix completion: nothing is said about unobserved entries.

    $$W_{ij} = \begin{cases} X^*_{ij} & (i,j) \text{ or } (j,i) \text{ observed} \\
      0 & \text{otherwise} \end{cases}$$

    the least-norm fit of the linearized factorization, whose features are orthogonal for different
    entries. Contradictory observations of $(i,j)$ and $(j,i)$ are averaged.

    Parameters
    ----------
    indices, values, dimension
        As in :func:`factorization_flow`.

    Raises
    ------
    ValueError
        If the indices are out of range.

    Source: [lyu2023dichotomy, Cor. 3.11].

    >>> zero_fill_in(np.array([[0, 1]]), np.array([2.0]), dimension=2).tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    _refuse_bad_entries(indices, values, dimension)
    total, count = np.zeros((2, dimension, dimension))
    for table, entries in ((total, values), (count, np.ones_like(values))):
        np.add.at(table, tuple(indices.T), entries)
        np.add.at(table, tuple(indices[:, ::-1].T), entries)
    return total / np.maximum(count, 1)


def recovery_error_scale(
    *, weight_decay: float, nuclear_norm: float, coherence: float, dimension: int
) -> float:
    r"""Return the scale of the final error of matrix completion with many enough observations.

    $$\lVert W_\infty - X^*\rVert_F \lesssim
      \sqrt{\lambda\,\lVert X^*\rVert_*}\;\mu^2\ln d$$

    for $n \gtrsim \mu^4d\ln^2d$ entries, with probability $1 - d^{-3}$. The theorem leaves the
    constant open: only the dependence on its arguments is a prediction.

    Parameters
    ----------
    weight_decay
        $\lambda \ge 0$.
    nuclear_norm
        $\lVert X^*\rVert_* \ge 0$.
    coherence
        $\mu \ge 1$: rows of the singular vectors are bounded by $\sqrt{\mu/d}$.
    dimension
        $d \ge 2$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Source: [lyu2023dichotomy, Thm. 3.12].

    >>> small = recovery_error_scale(weight_decay=1e-4, nuclear_norm=1.0, coherence=1.0,
    ...                              dimension=10)
    >>> round(small, 4)
    0.023
    """
    for name, value in (("weight_decay", weight_decay), ("nuclear_norm", nuclear_norm)):
        if not value >= 0:
            raise ValueError(f"{name} must be non-negative, got {value}")
    if not coherence >= 1:
        raise ValueError(f"coherence must be at least 1, got {coherence}")
    if dimension < 2:
        raise ValueError(f"dimension must be at least 2, got {dimension}")
    return float(np.sqrt(weight_decay * nuclear_norm) * coherence**2 * np.log(dimension))


def _refuse_bad_entries(indices: np.ndarray, values: np.ndarray, dimension: int) -> None:
    if indices.ndim != 2 or indices.shape[1] != 2 or values.shape != indices.shape[:1]:
        raise ValueError(
            "indices and values must have shapes (samples, 2) and (samples,), "
            f"got {indices.shape} and {values.shape}"
        )
    if not len(indices):
        raise ValueError("indices must name at least one observed entry, got none")
    if indices.min() < 0 or indices.max() >= dimension:
        raise ValueError(
            f"indices must lie in [0, {dimension}), got {indices.min()} to {indices.max()}"
        )

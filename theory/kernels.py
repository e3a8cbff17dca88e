r"""Kernel methods on plain arrays: regression, its training dynamics, and its learning curve.

The network that a trained network starts out as, before its features move, is linear in its
weights; its kernel $K(x, x') = \nabla f(x)\cdot\nabla f(x')$ decides everything:

$$ f_\infty(x) = k(x)^\top K^{-1} y, \qquad f_t(X) = (1 - e^{-Kt})\,y, \qquad
   \lVert w - w_0\rVert^2 = y^\top K^{-1} y . $$
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike


class KernelFit(NamedTuple):
    r"""A fitted kernel regression.

    Attributes
    ----------
    predictions
        $k(x)^\top c$ at the new points, or $Kc$ at the training points if there are none.
    coefficients
        $c = (K + \lambda I)^{-1} y$.
    """

    predictions: Float[np.ndarray, "points ..."]
    coefficients: Float[np.ndarray, "samples ..."]


def kernel_regression(
    gram: Float[np.ndarray, "samples samples"],
    targets: Float[np.ndarray, "samples ..."],
    cross: Float[np.ndarray, "points samples"] | None = None,
    *,
    ridge: float = 0.0,
) -> KernelFit:
    r"""Fit the targets by kernel regression, and predict.

    $$ f(x) = k(x)^\top (K + \lambda I)^{-1} y . $$

    A singular Gram matrix without ridge (more samples than features) is replaced by its
    pseudo-inverse: the least-squares fit of least norm, which is where gradient flow from
    zero ends.

    Parameters
    ----------
    gram
        $K_{\mu\nu} = K(x_\mu, x_\nu)$ of the training points, symmetric, not negative.
    targets
        $y$, one row a training point.
    cross
        $K(x, x_\nu)$ between new points and training points.
    ridge
        $\lambda \ge 0$, in units of the kernel.

    Raises
    ------
    ValueError
        For shapes that do not fit, or a negative ridge.

    Cost: one Cholesky factorization; an eigendecomposition if the matrix is singular.
    Source: standard; as the lazy limit [kumar2023lazy, Sec. 4.1].

    >>> kernel_regression(np.diag([1.0, 3.0]), np.ones(2), ridge=1.0).predictions.round(9).tolist()
    [0.5, 0.75]
    """
    _refuse_bad_gram(gram, targets, cross)
    if ridge < 0:
        raise ValueError(f"ridge must be at least 0, got {ridge}")
    regular = gram + ridge * np.eye(len(gram)) if ridge else gram
    coefficients = _solve(regular, targets)
    return KernelFit((gram if cross is None else cross) @ coefficients, coefficients)


def interpolation_cost(
    gram: Float[np.ndarray, "samples samples"], targets: Float[np.ndarray, "samples ..."]
) -> float:
    r"""Return how far the weights of the linear model move in order to fit the targets.

    $$ \lVert w - w_0\rVert^2 = \operatorname{tr}\, y^\top K^{-1} y , $$

    the squared norm of the interpolant of least norm. Large values mean a target that the initial
    features are badly suited for.

    Raises
    ------
    ValueError
        For shapes that do not fit, or a singular Gram matrix.

    Source: [kumar2023lazy, Eqs. 8-9].

    >>> interpolation_cost(np.diag([1.0, 4.0]), np.array([1.0, 2.0]))
    2.0
    """
    _refuse_bad_gram(gram, targets, None)
    factor = _cholesky(gram)
    if factor is None:
        raise ValueError(
            "gram must be positive definite: the samples outnumber the features, and the targets "
            "need not be reachable; drop samples or add a ridge to gram"
        )
    from scipy.linalg import solve_triangular

    return float(np.sum(solve_triangular(factor, targets, lower=True) ** 2))


def kernel_flow(
    gram: Float[np.ndarray, "samples samples"],
    targets: Float[np.ndarray, "samples ..."],
    times: Float[np.ndarray, " times"],
    *,
    cross: Float[np.ndarray, "points samples"] | None = None,
) -> Float[np.ndarray, "times points ..."]:
    r"""Return the predictions of the linearized model along gradient flow from zero.

    $$ \dot f(x) = k(x)^\top (y - f), \qquad
       f_t(x) = k(x)^\top \frac{1 - e^{-Kt}}{K}\, y . $$

    Exact at all times; directions in which $K$ vanishes stay at zero.

    Parameters
    ----------
    gram, targets, cross
        As in :func:`kernel_regression`. For the loss $\frac1{2P}\sum(y-f)^2$ divide both
        matrices by $P$; for the mean squared error by $P/2$.
    times
        $t \ge 0$, learning rate times number of steps; infinite times are allowed.

    Raises
    ------
    ValueError
        For shapes that do not fit, or negative times.

    Cost: one eigendecomposition. Source: standard; [kumar2023lazy, Sec. 4.1].

    >>> kernel_flow(np.eye(1), np.ones(1), np.array([0.0, np.log(2.0), np.inf])).ravel().tolist()
    [0.0, 0.5, 1.0]
    """
    _refuse_bad_gram(gram, targets, cross)
    if np.any(~(times >= 0)):
        raise ValueError(f"times must be at least 0, got {times.min()}")
    rates, modes = np.linalg.eigh(gram)
    kept = rates > _cutoff(rates)
    rates, modes = rates[kept], modes[:, kept]
    readout = modes * rates[None] if cross is None else cross @ modes
    learned = -np.expm1(-np.multiply.outer(times, rates)) / rates
    amplitudes = modes.T @ targets
    return np.einsum("pk,tk,k...->tp...", readout, learned, amplitudes, optimize=True)


def learning_curve(
    eigenvalues: Float[np.ndarray, " modes"],
    multiplicities: Float[np.ndarray, " modes"],
    powers: Float[np.ndarray, " modes"],
    num_samples: ArrayLike,
    *,
    ridge: float = 0.0,
) -> Float[np.ndarray, "*sizes"]:
    r"""Return the average test error of kernel regression on $P$ random samples.

    $$ E = \frac{1}{1-\gamma} \sum_k w_k^2\left(\frac{\kappa}{\kappa + P\lambda_k}\right)^2,
       \qquad \kappa = \lambda + \sum_k \frac{n_k\kappa\lambda_k}{\kappa + P\lambda_k}, \qquad
       \gamma = \sum_k \frac{n_k P\lambda_k^2}{(\kappa + P\lambda_k)^2} . $$

    Modes are learned once $P \gtrsim \kappa/\lambda_k$; $\gamma \to 1$ is the peak of double
    descent. Exact for Gaussian features in the limit of many modes; for the polynomial features of
    Gaussian inputs in $D = 50$ dimensions it is within a few per cent.

    Parameters
    ----------
    eigenvalues
        $\lambda_k \ge 0$ of the kernel in the input distribution. Modes of eigenvalue zero are
        never learned and act as noise.
    multiplicities
        $n_k > 0$, how many orthonormal functions share the eigenvalue.
    powers
        $w_k^2 \ge 0$, mean square of the target's component in these functions, summed.
    num_samples
        $P > 0$, a number or an array.
    ridge
        $\lambda \ge 0$, as in :func:`kernel_regression`.

    Returns
    -------
    Test error of the shape of `num_samples`. Without ridge it is infinite when $P$ equals the
    number of features and the target has a component outside of them.

    Raises
    ------
    ValueError
        For arguments out of range or of different lengths.

    Source: learning curve of kernel regression, quoted in [kumar2023lazy, Sec. 4.1]; the case of
    more samples than features derived (ordinary least squares).

    >>> curve = learning_curve(np.array([1.0]), np.array([100.0]), np.array([1.0]), [50, 75])
    >>> curve.round(9).tolist()
    [0.5, 0.25]
    """
    eigenvalues, multiplicities, powers = (
        np.asarray(values, np.float64) for values in (eigenvalues, multiplicities, powers)
    )
    if not eigenvalues.shape == multiplicities.shape == powers.shape:
        raise ValueError(
            "eigenvalues, multiplicities and powers must have one entry a mode, got shapes "
            f"{eigenvalues.shape}, {multiplicities.shape} and {powers.shape}"
        )
    if np.any(eigenvalues < 0) or not np.any(eigenvalues > 0):
        raise ValueError(f"eigenvalues must be >= 0 and not all zero, got {eigenvalues.tolist()}")
    if np.any(multiplicities <= 0):
        raise ValueError(f"multiplicities must be positive, got {multiplicities.tolist()}")
    if np.any(powers < 0):
        raise ValueError(f"powers must be at least 0, got {powers.tolist()}")
    if ridge < 0:
        raise ValueError(f"ridge must be at least 0, got {ridge}")
    sizes = np.asarray(num_samples, np.float64)
    if np.any(~(sizes > 0)):
        raise ValueError(f"num_samples must be positive, got {num_samples}")
    errors = [
        _average_error(eigenvalues, multiplicities, powers, float(size), ridge)
        for size in sizes.ravel()
    ]
    return np.array(errors).reshape(sizes.shape)


def _average_error(
    eigenvalues: np.ndarray,
    multiplicities: np.ndarray,
    powers: np.ndarray,
    num_samples: float,
    ridge: float,
) -> float:
    resolution = _resolution(eigenvalues, multiplicities, num_samples, ridge)
    is_learnable = eigenvalues > 0
    unlearned = np.ones_like(eigenvalues)
    unlearned[is_learnable] = resolution / (resolution + eigenvalues[is_learnable])
    error = float(powers @ unlearned**2)
    gamma = float(multiplicities @ (1 - unlearned) ** 2) / num_samples
    if error == 0:
        return 0.0
    return error / (1 - gamma) if gamma < 1 else np.inf


def _resolution(
    eigenvalues: np.ndarray, multiplicities: np.ndarray, num_samples: float, ridge: float
) -> float:
    r"""Solve for $t = \kappa/P$, the eigenvalue of the modes that are half learned.

    $$ 1 = \frac{\lambda}{Pt} + \frac1P\sum_k\frac{n_k\lambda_k}{t + \lambda_k} $$

    The right side falls from above one to below one between the two brackets.
    """
    from scipy.optimize import root_scalar

    is_learnable = eigenvalues > 0
    rates, counts = eigenvalues[is_learnable], multiplicities[is_learnable]
    excess = counts.sum() / num_samples - 1
    if ridge == 0 and excess <= 0:
        return 0.0

    def imbalance(log_resolution: float) -> float:
        resolution = np.exp(log_resolution)
        filled = ridge / resolution + np.sum(counts * rates / (resolution + rates))
        return float(filled / num_samples - 1)

    lower = max(ridge / num_samples, rates.min() * excess)
    upper = (ridge + counts @ rates) / num_samples
    # Rounding must not put a root outside of its bracket when all eigenvalues are equal.
    bracket = np.log(lower) - 1e-9, np.log(upper) + 1e-9
    return float(np.exp(root_scalar(imbalance, bracket=bracket, xtol=1e-14).root))


def _solve(gram: np.ndarray, targets: np.ndarray) -> np.ndarray:
    factor = _cholesky(gram)
    if factor is not None:
        from scipy.linalg import cho_solve

        return cho_solve((factor, True), targets)
    values, modes = np.linalg.eigh(gram)
    kept = values > _cutoff(values)
    amplitudes = modes[:, kept].T @ targets
    return modes[:, kept] @ (amplitudes.T / values[kept]).T


def _cholesky(gram: np.ndarray) -> np.ndarray | None:
    """Return the lower factor, or nothing if the matrix is singular to working precision."""
    try:
        factor = np.linalg.cholesky(gram)
    except np.linalg.LinAlgError:
        return None
    pivots = np.diag(factor) ** 2
    return factor if pivots.min() > _cutoff(pivots) else None


def _cutoff(values: np.ndarray) -> float:
    return 10 * len(values) * np.finfo(np.float64).eps * float(values.max())


def _refuse_bad_gram(gram: np.ndarray, targets: np.ndarray, cross: np.ndarray | None) -> None:
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1]:
        raise ValueError(f"gram must be a square matrix, got shape {gram.shape}")
    if len(targets) != len(gram):
        raise ValueError(
            f"targets must have one row a training point, got {len(targets)} for {len(gram)}"
        )
    if cross is not None and (cross.ndim != 2 or cross.shape[1] != len(gram)):
        raise ValueError(
            f"cross must have one column a training point, shape (points, {len(gram)}), "
            f"got {cross.shape}"
        )

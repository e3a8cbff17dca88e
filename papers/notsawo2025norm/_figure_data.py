"""Data sets of the figures, drawn with NumPy alone."""

from __future__ import annotations

import numpy as np

from ._runs import SparseProblem


def sparse_problem(
    rng: np.random.Generator, *, dimension: int, sparsity: int, num_measurements: int
) -> SparseProblem:
    """Draw Gaussian measurements of a sparse signal, as `SparseRecovery` of the simulations does.

    Raises
    ------
    ValueError
        Unless the sparsity is positive and below the number of measurements, and this is below the
        dimension.
    """
    if not 0 < sparsity < num_measurements < dimension:
        raise ValueError(
            "sparsity, num_measurements and dimension must be positive and increase, got "
            f"{sparsity}, {num_measurements} and {dimension}"
        )
    features = rng.standard_normal((num_measurements, dimension)) / np.sqrt(num_measurements)
    signal = np.zeros(dimension)
    support = rng.choice(dimension, sparsity, replace=False)
    signal[support] = rng.standard_normal(sparsity) / np.sqrt(dimension)
    return SparseProblem(features, features @ signal, signal)


def recoverable_problem(
    rng: np.random.Generator, *, dimension: int, sparsity: int, num_measurements: int
) -> SparseProblem:
    """Draw until the signal is the interpolant of least l1 norm.

    Raises
    ------
    ValueError
        For sizes at which a hundred draws are not enough.
    """
    sizes = {"dimension": dimension, "sparsity": sparsity, "num_measurements": num_measurements}
    for _ in range(100):
        problem = sparse_problem(rng, **sizes)
        if problem.is_recoverable:
            return problem
    raise ValueError(
        f"num_measurements must be large enough to recover {sparsity} of {dimension} coordinates, "
        f"got {num_measurements}: no signal of a hundred is the least l1 norm of its data"
    )

"""The Gram flow of symmetric factorizations, held to gradient descent of the factors."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from groktheory.theory.implicit_bias import factorization, potential

DIMENSION = 6


def observations(rng, count=12):
    target = np.outer(*rng.normal(size=(2, DIMENSION)))
    target = target + target.T
    flat = rng.choice(DIMENSION**2, size=count, replace=False)
    indices = np.stack(np.divmod(flat, DIMENSION), axis=1)
    return indices, target[tuple(indices.T)]


def descend(indices, values, *, scale, weight_decay, steps, learning_rate):
    """Plain gradient descent of U and V."""
    first, second = (scale * np.eye(DIMENSION) for _ in range(2))
    for _ in range(steps):
        matrix = first @ first.T - second @ second.T
        slope = np.zeros_like(matrix)
        misfit = matrix[tuple(indices.T)] - values
        np.add.at(slope, tuple(indices.T), 2 / len(values) * misfit)
        pull = slope + slope.T
        first, second = (
            first - learning_rate * (pull @ first + weight_decay * first),
            second - learning_rate * (-pull @ second + weight_decay * second),
        )
    return first, second


def test_the_gram_flow_is_that_of_the_factors():
    indices, values = observations(np.random.default_rng(0))
    settings = dict(scale=1.5, weight_decay=0.02)
    time, product = 60.0, 1.5**2 * np.exp(-2 * 0.02 * 60)
    path = factorization.factorization_flow(
        indices, values, dimension=DIMENSION, times=np.array([0.0, time]), **settings
    )
    assert not path.matrices[0].any()
    np.testing.assert_allclose(
        path.positive[1] @ path.negative[1], product**2 * np.eye(DIMENSION), atol=1e-6
    )
    errors = []
    for steps in (3000, 6000):
        first, second = descend(
            indices, values, steps=steps, learning_rate=time / steps, **settings
        )
        errors.append(np.abs(first @ first.T - second @ second.T - path.matrices[1]).max())
        drift = np.abs(first.T @ second / product - np.eye(DIMENSION)).max()
        assert drift < 200 / steps
    # Euler's error is of first order in the learning rate.
    assert errors[0] < 0.01 and errors[1] == pytest.approx(errors[0] / 2, rel=0.1)
    weights = np.sum(first**2) + np.sum(second**2)
    eigenvalues = np.linalg.eigvalsh(path.matrices[1])
    assert potential.smoothed_norm(eigenvalues, product) == pytest.approx(weights, rel=1e-3)
    np.testing.assert_allclose(
        factorization.positive_part(path.matrices[1], product), path.positive[1], atol=1e-6
    )


def test_positive_part_is_the_matrix_square_root():
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(5, 5))
    matrix = matrix + matrix.T
    root = sqrtm(matrix @ matrix + 4 * 0.7**2 * np.eye(5))
    np.testing.assert_allclose(
        factorization.positive_part(matrix, 0.7), (matrix + root) / 2, atol=1e-10
    )


def test_zero_fill_in_is_the_least_norm_fit_of_the_linearized_network():
    indices, values = observations(np.random.default_rng(2))
    # Features of W_ij in the symmetric change of W: half of E_ij + E_ji.
    basis = np.zeros((len(values), DIMENSION, DIMENSION))
    for row, (i, j) in zip(basis, indices, strict=True):
        row[i, j] += 0.5
        row[j, i] += 0.5
    flat = basis.reshape(len(values), -1)
    least = (np.linalg.pinv(flat) @ values).reshape(DIMENSION, DIMENSION)
    filled = factorization.zero_fill_in(indices, values, dimension=DIMENSION)
    np.testing.assert_allclose(filled, least, atol=1e-12)


def test_early_the_flow_fills_in_zeros():
    indices, values = observations(np.random.default_rng(3))
    path = factorization.factorization_flow(
        indices, values, dimension=DIMENSION, scale=10.0, weight_decay=1e-3, times=np.array([20.0])
    )
    filled = factorization.zero_fill_in(indices, values, dimension=DIMENSION)
    np.testing.assert_allclose(path.matrices[0], filled, atol=0.05 * np.abs(values).max())


def test_contradictory_observations_are_averaged():
    filled = factorization.zero_fill_in(
        np.array([[0, 1], [1, 0]]), np.array([1.0, 3.0]), dimension=2
    )
    assert filled.tolist() == [[0, 2], [2, 0]]


def test_a_path_may_end_at_zero():
    path = factorization.factorization_flow(
        np.array([[0, 1]]), np.ones(1), dimension=2, scale=2.0, weight_decay=0.1, times=np.zeros(1)
    )
    assert path.positive.tolist() == [[[4, 0], [0, 4]]]


def test_error_scale_grows_with_the_root_of_the_decay():
    errors = [
        factorization.recovery_error_scale(
            weight_decay=decay, nuclear_norm=3.0, coherence=2.0, dimension=50
        )
        for decay in (1e-4, 4e-4)
    ]
    assert errors[1] == pytest.approx(2 * errors[0])


@pytest.mark.parametrize(
    ("indices", "values", "message"),
    [
        (np.zeros((2, 3), int), np.zeros(2), r"shapes \(samples, 2\) and \(samples,\), got \(2, 3"),
        (np.zeros((0, 2), int), np.zeros(0), "at least one observed entry, got none"),
        (np.array([[0, 2]]), np.zeros(1), r"indices must lie in \[0, 2\), got 0 to 2"),
    ],
)
def test_bad_entries_are_refused(indices, values, message):
    with pytest.raises(ValueError, match=message):
        factorization.zero_fill_in(indices, values, dimension=2)


def test_asymmetric_matrices_are_refused():
    with pytest.raises(ValueError, match="matrix must be symmetric"):
        factorization.positive_part(np.array([[0.0, 1.0], [0.0, 0.0]]), 1.0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weight_decay": -1.0}, "weight_decay must be non-negative, got -1"),
        ({"nuclear_norm": -1.0}, "nuclear_norm must be non-negative, got -1"),
        ({"coherence": 0.5}, "coherence must be at least 1, got 0.5"),
        ({"dimension": 1}, "dimension must be at least 2, got 1"),
    ],
)
def test_bad_error_scales_are_refused(changed, message):
    settings = dict(weight_decay=1e-3, nuclear_norm=1.0, coherence=1.0, dimension=5)
    with pytest.raises(ValueError, match=message):
        factorization.recovery_error_scale(**(settings | changed))

from itertools import combinations

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

from groktheory.theory.implicit_bias import (
    basis_pursuit,
    is_sparse_recoverable,
    min_l2_norm,
    sparse_certificate_norm,
    sparse_threshold,
)


def problem(num_samples, dimension, sparsity, seed):
    rng = np.random.default_rng(seed)
    target = np.zeros(dimension)
    target[rng.choice(dimension, sparsity, replace=False)] = rng.normal(size=sparsity)
    return rng.normal(size=(num_samples, dimension)) / np.sqrt(num_samples), target


def test_least_l2_norm():
    features, target = problem(10, 30, 5, 0)
    weights = min_l2_norm(features, features @ target)
    assert np.allclose(features @ weights, features @ target)
    assert np.allclose(weights, np.linalg.pinv(features) @ (features @ target))
    repeated = np.concatenate([features, features[:1]])
    assert np.allclose(min_l2_norm(repeated, repeated @ target), weights)


@pytest.mark.parametrize("seed", range(3))
def test_basis_pursuit_against_all_bases(seed):
    """A linear program has an optimal vertex: at most as many non-zeros as samples."""
    features, target = problem(3, 7, 3, seed)
    targets = features @ target
    least = min(
        np.abs(np.linalg.solve(features[:, basis], targets)).sum()
        for basis in map(list, combinations(range(7), 3))
    )
    found = basis_pursuit(features, targets)
    assert found.l1_norm == pytest.approx(least, rel=1e-8)
    assert np.allclose(features @ found.weights, targets, atol=1e-9)
    assert np.abs(features.T @ found.multipliers).max() <= 1 + 1e-12
    assert abs(found.duality_gap) < 1e-8


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_basis_pursuit_is_homogeneous_and_handles_many_columns(scale):
    features, target = problem(40, 2500, 4, 0)
    found = basis_pursuit(features, features @ target * scale)
    assert np.allclose(found.weights, scale * target, atol=1e-6 * scale)
    assert abs(found.duality_gap) < 1e-7
    assert basis_pursuit(features, np.zeros(40)).l1_norm == 0


def test_certificate_decides_what_basis_pursuit_returns():
    outcomes = []
    for seed in range(40):
        features, target = problem(14, 40, 4, seed)
        found = basis_pursuit(features, features @ target)
        returned = np.linalg.norm(found.weights - target) < 1e-6
        assert returned == is_sparse_recoverable(features, target)
        outcomes.append(returned)
    assert 5 < sum(outcomes) < 35


def test_certificate_in_closed_form():
    # One sample: nu = sign(w_1)/x_1, and t is the largest other |x_k/x_1|.
    features = np.array([[4.0, 1.0, -3.0]])
    assert sparse_certificate_norm(features, np.array([2.0, 0, 0])) == pytest.approx(0.75)
    assert sparse_certificate_norm(features, np.array([0, 2.0, 0])) == pytest.approx(4)
    assert sparse_certificate_norm(features, np.array([1.0, 1.0, 0])) == np.inf
    assert sparse_certificate_norm(features, np.zeros(3)) == 0
    assert sparse_certificate_norm(np.eye(2), np.ones(2)) == 0


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("fraction", [0.01, 0.1, 0.5])
def test_threshold_against_quadrature_on_a_grid(fraction, nonnegative):
    z, tau = np.linspace(0, 12, 24_001)[:, None], np.linspace(0, 4, 161)[None, :]
    tail = integrate.trapezoid(np.maximum(z - tau, 0) ** 2 * norm.pdf(z), z, axis=0)
    risk = fraction * (1 + tau**2) + (1 - fraction) * (1 if nonnegative else 2) * tail
    assert sparse_threshold(fraction, nonnegative=nonnegative) == pytest.approx(
        risk.min(), rel=2e-3
    )


def test_threshold_limits():
    assert sparse_threshold(0.0) == 0 and sparse_threshold(1.0) == pytest.approx(1)
    assert sparse_threshold(1.0, nonnegative=True) == pytest.approx(1)
    assert sparse_threshold(0.05, nonnegative=True) < sparse_threshold(0.05)
    # 2 rho ln(1/rho) for very sparse targets, approached slowly.
    ratios = [sparse_threshold(rho) / (2 * rho * np.log(1 / rho)) for rho in (1e-4, 1e-8, 1e-16)]
    assert 0.7 < ratios[0] < ratios[1] < ratios[2] < 1


def test_threshold_against_monte_carlo():
    dimension, sparsity = 100, 10
    threshold = dimension * sparse_threshold(sparsity / dimension)
    successes = {
        offset: np.mean(
            [
                is_sparse_recoverable(*problem(round(threshold) + offset, dimension, sparsity, s))
                for s in range(30)
            ]
        )
        for offset in (-9, 0, 9)
    }
    # The width of the step is about sqrt(d)/2: two widths off the middle it is all but over.
    assert successes[-9] < 0.15 < successes[0] < 0.85 < successes[9]


def test_refuses_wrong_arguments():
    features = np.array([[1.0, 2.0], [2.0, 4.0]])
    for solver in (min_l2_norm, basis_pursuit):
        with pytest.raises(ValueError, match=r"no weights interpolate .*residual norm 0.447"):
            solver(features, np.array([1.0, 1.0]))
        with pytest.raises(ValueError, match=r"one target a sample .* \(2, 2\) and \(3,\)"):
            solver(features, np.ones(3))
        with pytest.raises(ValueError, match="must be finite"):
            solver(features, np.array([np.inf, 1.0]))
    with pytest.raises(ValueError, match=r"one entry a feature, got \(3,\) for \(2, 2\)"):
        sparse_certificate_norm(features, np.ones(3))
    with pytest.raises(ValueError, match=r"sparsity_fraction must lie in \[0, 1\], got 1.5"):
        sparse_threshold(1.5)

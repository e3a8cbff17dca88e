from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from groktheory.theory.implicit_bias import is_low_rank_recoverable, min_nuclear_norm


def low_rank(rows, columns, rank, seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, columns))
    return matrix / np.linalg.norm(matrix), rng


def random_pairs(rows, columns, count, rng):
    return np.argwhere(rng.permutation(rows * columns).reshape(rows, columns) < count)


@pytest.mark.parametrize("method", ["semidefinite", "splitting"])
@pytest.mark.parametrize("kind", ["completion", "sensing"])
def test_interpolates_and_proves_its_optimum(method, kind):
    target, rng = low_rank(7, 5, 1, 0)
    pairs = random_pairs(7, 5, 18, rng)
    matrices = rng.normal(size=(18, 7, 5))
    if kind == "completion":
        matrices = np.zeros((18, 7, 5))
        matrices[np.arange(18), pairs[:, 0], pairs[:, 1]] = 1
    targets = np.tensordot(matrices, target, axes=2)
    observations = pairs if kind == "completion" else matrices
    found = min_nuclear_norm(observations, targets, (7, 5), method=method)
    measured = np.tensordot(matrices, found.matrix, axes=2)
    dual = np.tensordot(found.multipliers, matrices, axes=1)
    assert np.allclose(measured, targets, atol=1e-10)
    # A dual matrix of operator norm one proves the lower bound <dual, W> on every interpolant.
    assert np.linalg.norm(dual, 2) <= 1 + 1e-12
    assert found.nuclear_norm <= targets @ found.multipliers * (1 + 2e-6)
    assert 0 <= found.duality_gap + 1e-12 < 1e-6


def test_both_methods_agree():
    target, rng = low_rank(10, 8, 2, 1)
    pairs = random_pairs(10, 8, 38, rng)
    targets = target[pairs[:, 0], pairs[:, 1]]
    one, other = (
        min_nuclear_norm(pairs, targets, (10, 8), method=method)
        for method in ("semidefinite", "splitting")
    )
    assert one.nuclear_norm == pytest.approx(other.nuclear_norm, rel=1e-6)
    assert one.nuclear_norm < 0.99 * np.linalg.norm(target, "nuc")
    assert not is_low_rank_recoverable(pairs, target)


@pytest.mark.parametrize("method", ["semidefinite", "splitting"])
def test_one_missing_entry_by_brute_force(method):
    known = np.array([[1.0, -0.4, 0.3], [0.2, 0.9, np.nan]])

    def nuclear_norm(entry):
        return np.linalg.norm(np.where(np.isnan(known), entry, known), "nuc")

    best: Any = minimize_scalar(
        nuclear_norm, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}
    )
    pairs = np.argwhere(~np.isnan(known))
    found = min_nuclear_norm(pairs, known[~np.isnan(known)], (2, 3), method=method)
    assert found.nuclear_norm == pytest.approx(best.fun, rel=1e-6)
    assert found.matrix[1, 2] == pytest.approx(best.x, abs=1e-2)


def test_recovers_rank_one_from_enough_entries():
    target, rng = low_rank(12, 12, 1, 2)
    assert is_low_rank_recoverable(random_pairs(12, 12, 110, rng), target)
    assert not is_low_rank_recoverable(random_pairs(12, 12, 20, rng), target)
    assert is_low_rank_recoverable(rng.normal(size=(85, 12, 12)), target)


def test_larger_matrices_are_split():
    target, rng = low_rank(24, 24, 1, 3)
    assert is_low_rank_recoverable(random_pairs(24, 24, 300, rng), target)


def test_scale_and_repeated_measurements():
    target, rng = low_rank(4, 4, 1, 4)
    matrices = rng.normal(size=(12, 4, 4))
    repeated = np.concatenate([matrices, 2 * matrices[:1]])
    targets = 1e5 * np.tensordot(repeated, target, axes=2)
    alone = min_nuclear_norm(matrices, targets[:-1], (4, 4))
    found = min_nuclear_norm(repeated, targets, (4, 4))
    assert found.nuclear_norm == pytest.approx(alone.nuclear_norm, rel=1e-6)
    dual = np.tensordot(found.multipliers, repeated, axes=1)
    assert np.linalg.norm(dual, 2) <= 1 + 1e-9
    zero = min_nuclear_norm(matrices, np.zeros(12), (4, 4))
    assert not zero.matrix.any() and zero.duality_gap == 0


def test_refuses_wrong_arguments():
    pairs, targets = np.array([[0, 0], [1, 2]]), np.ones(2)
    with pytest.raises(ValueError, match="method must be 'auto', .* got 'newton'"):
        min_nuclear_norm(pairs, targets, (2, 3), method="newton")  # pyright: ignore
    with pytest.raises(ValueError, match=r"in \[0, 2\) x \[0, 2\), got \(1, 2\)"):
        min_nuclear_norm(pairs, targets, (2, 2))
    with pytest.raises(ValueError, match="must be distinct"):
        min_nuclear_norm(pairs[[0, 0]], targets, (2, 3))
    with pytest.raises(ValueError, match=r"got shape \(3,\) for 2 observations"):
        min_nuclear_norm(pairs, np.ones(3), (2, 3))
    with pytest.raises(ValueError, match="targets must be finite"):
        min_nuclear_norm(pairs, targets * np.nan, (2, 3))
    with pytest.raises(ValueError, match=r"of shape \(2, 3\), got float64 of shape \(2, 3, 2\)"):
        min_nuclear_norm(np.zeros((2, 3, 2)), targets, (2, 3))
    with pytest.raises(ValueError, match="no matrix meets the measurements .*norm 0.707"):
        min_nuclear_norm(np.ones((2, 2, 3)), np.array([1.0, 2.0]), (2, 3))


def test_splitting_says_how_far_it_came():
    target, rng = low_rank(8, 8, 1, 5)
    pairs = random_pairs(8, 8, 30, rng)
    with pytest.raises(RuntimeError, match="reached a relative duality gap of .* in 1 steps"):
        min_nuclear_norm(
            pairs, target[pairs[:, 0], pairs[:, 1]], (8, 8), method="splitting", max_steps=1
        )

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC

from groktheory.theory.implicit_bias import max_l1_margin, max_l2_margin, normalized_margin

SOLVERS = {1: max_l1_margin, 2: max_l2_margin}


def sparse_sign_data(num_samples, dimension, seed):
    rng = np.random.default_rng(seed)
    features = rng.choice([-1.0, 1.0], size=(num_samples, dimension))
    return features, np.sign(features[:, :3].sum(axis=1))


def gaussian_data(num_samples, dimension, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_samples, dimension)), rng.choice([-1.0, 1.0], size=num_samples)


@pytest.mark.parametrize("data", [sparse_sign_data, gaussian_data])
@pytest.mark.parametrize("order", [1, 2])
def test_optimality_conditions(data, order):
    features, labels = data(30, 200, 0)
    best = SOLVERS[order](features, labels)
    margins = labels * (features @ best.weights)
    assert margins.min() == pytest.approx(1, abs=1e-8)
    assert np.all(best.multipliers >= 0)
    assert best.multipliers @ (margins - 1) < 1e-7
    assert abs(best.duality_gap) < 1e-7
    dual_vector = (best.multipliers * labels) @ features
    if order == 2:
        assert np.allclose(best.weights, dual_vector, atol=1e-9)
    else:
        assert np.abs(dual_vector).max() <= 1 + 1e-12
        on = best.weights != 0
        assert 1 <= on.sum() <= len(labels)
        assert np.allclose(dual_vector[on], np.sign(best.weights[on]), atol=1e-4)
    assert normalized_margin(best.weights, features, labels, order=order) == pytest.approx(
        best.margin, rel=1e-8
    )
    assert np.linalg.norm(best.direction, order) == pytest.approx(1)
    assert set(best.support) <= set(np.flatnonzero(margins < 1 + 1e-6))


@pytest.mark.parametrize(("num_samples", "dimension"), [(40, 300), (30, 4)])
def test_l2_margin_is_that_of_libsvm_without_bias(num_samples, dimension):
    features, labels = gaussian_data(num_samples, dimension, 1)
    if dimension < num_samples:
        labels = np.where(features[:, 0] + features[:, 1] > 0, 1.0, -1.0)
    best = max_l2_margin(features, labels)
    # A kernel machine has a bias; each sample with its mirror image makes that bias zero.
    mirrored = SVC(C=1e8, kernel="linear", tol=1e-8).fit(
        np.concatenate([features, -features]), np.concatenate([labels, -labels])
    )
    assert np.allclose(mirrored.coef_[0], best.weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_margins_against_all_candidate_supports(seed):
    """In two dimensions an optimum is fixed by at most two tight samples, or sits on an axis."""
    features, _ = gaussian_data(8, 2, seed)
    labels = np.where(features @ np.array([0.6, -1.0]) > 0, 1.0, -1.0)
    signed = labels[:, None] * features
    candidates = [row / (row @ row) for row in signed]
    candidates += [np.linalg.solve(signed[list(p)], np.ones(2)) for p in combinations(range(8), 2)]
    candidates += [np.eye(2)[k] / row[k] for row in signed for k in range(2)]
    candidates = [w for w in candidates if np.min(signed @ w) > 1 - 1e-9]
    for order, solver in SOLVERS.items():
        least = min(np.linalg.norm(w, order) for w in candidates)
        assert 1 / solver(features, labels).margin == pytest.approx(least, rel=1e-8)


@given(st.integers(0, 2**31 - 1), st.sampled_from([1, 2]), st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_margin_scales_with_the_features_and_beats_random_directions(seed, order, scale):
    features, labels = gaussian_data(6, 12, seed)
    best = SOLVERS[order](features, labels)
    scaled = SOLVERS[order](scale * features, labels)
    assert scaled.margin == pytest.approx(scale * best.margin, rel=1e-5)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        other = best.direction + 0.1 * rng.normal(size=12) * rng.random()
        assert normalized_margin(other, features, labels, order=order) <= best.margin + 1e-9


def test_sparse_rule_has_the_margin_of_its_rule():
    # The rule itself has margin 1/3; enough samples leave no better l1 classifier.
    features, labels = sparse_sign_data(100, 1000, 0)
    best = max_l1_margin(features, labels)
    assert best.margin == pytest.approx(1 / 3, rel=1e-9)
    assert np.flatnonzero(best.weights).tolist() == [0, 1, 2]


def test_columns_far_outside_the_first_choice_are_found():
    """The useful coordinate is uncorrelated with the labels' sum, so it is not chosen at first."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20, 3000)) * 0.1
    labels = np.where(np.arange(20) < 10, 1.0, -1.0)
    features[:, -1] = 5 * labels
    features[:, :600] += 0.3 * labels[:, None]
    features[0, -1], features[10, -1] = 1.0, -1.0
    best = max_l1_margin(features, labels)
    assert np.abs((best.multipliers * labels) @ features).max() <= 1 + 1e-12
    assert abs(best.duality_gap) < 1e-7


def test_high_dimension_uses_the_dual():
    features, labels = sparse_sign_data(32, 20_000, 3)
    best = max_l2_margin(features, labels)
    # Almost orthogonal rows: margin^2 is close to d/n.
    assert best.margin**2 == pytest.approx(20_000 / 32, rel=0.1)
    assert normalized_margin(best.weights, features, labels) == pytest.approx(best.margin)


@pytest.mark.parametrize("solver", SOLVERS.values())
@pytest.mark.parametrize("features", [[[1.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [1.0, 2.0]]])
def test_refuses_inseparable_data(solver, features):
    with pytest.raises(ValueError, match="not linearly separable.*use more features or fewer"):
        solver(np.array(features), np.array([1.0, -1.0]))


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_refuses_random_labels_beyond_capacity(solver):
    with pytest.raises(ValueError, match="not linearly separable"):
        solver(*gaussian_data(60, 10, 0))
    with pytest.raises(ValueError, match="not linearly separable"):
        solver(np.zeros((2, 3)), np.array([1.0, -1.0]))


def test_refuses_wrong_arguments():
    features = np.eye(2)
    with pytest.raises(ValueError, match=r"labels must be \+1 or -1, got 0.0"):
        max_l2_margin(features, np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"one label a sample .* \(2, 2\) and \(3,\)"):
        max_l1_margin(features, np.ones(3))
    with pytest.raises(ValueError, match="features must be finite"):
        max_l2_margin(features * np.nan, np.ones(2))
    with pytest.raises(ValueError, match="order must be 1 or 2, got 3"):
        normalized_margin(np.ones(2), features, np.ones(2), order=3)
    with pytest.raises(ValueError, match=r"one entry a feature, got \(3,\) for 2"):
        normalized_margin(np.ones(3), features, np.ones(2))
    with pytest.raises(ValueError, match="weights must not be zero"):
        normalized_margin(np.zeros(2), features, np.ones(2))


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_rows_of_very_different_size_and_repeated_rows(solver):
    features, labels = gaussian_data(15, 40, 7)
    features *= np.geomspace(1e-3, 1e3, 15)[:, None]
    best = solver(features, labels)
    assert abs(best.duality_gap) < 1e-6
    again = solver(np.concatenate([features, features[:3]]), np.concatenate([labels, labels[:3]]))
    assert again.margin == pytest.approx(best.margin, rel=1e-6)

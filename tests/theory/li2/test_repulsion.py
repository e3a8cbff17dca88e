import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory.li2 import repulsion

SEEDS = st.integers(0, 10_000)


def random_features(seed, samples, width):
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(samples, 1))
    return rng.normal(size=(samples, width)) + rng.normal(size=width) * common


@given(seed=SEEDS, samples=st.integers(2, 12), width=st.integers(2, 12), eta=st.floats(0.01, 10.0))
def test_coefficient_is_the_entry_of_the_inverse(seed, samples, width, eta):
    features = random_features(seed, samples, width)
    first, second = np.random.default_rng(seed).choice(width, size=2, replace=False)
    centered = features - features.mean(axis=0)
    direct = np.linalg.inv(centered.T @ centered + eta * np.eye(width))
    found = repulsion.repulsion_coefficient(features, int(first), int(second), eta=eta)
    np.testing.assert_allclose(found, direct[first, second], atol=1e-10 / eta)
    np.testing.assert_allclose(repulsion.gram_inverse(features, eta=eta), direct, atol=1e-10 / eta)


@given(seed=SEEDS, width=st.integers(2, 10), eta=st.floats(0.01, 10.0))
def test_sign_is_opposite_to_that_of_the_deflated_similarity(seed, width, eta):
    features = random_features(seed, 8, width)
    similarity, first_norm, second_norm = repulsion.deflated_similarity(features, 0, 1, eta=eta)
    assert first_norm > 0 and second_norm > 0
    assert similarity**2 <= first_norm * second_norm * (1 + 1e-12)
    if abs(similarity) > 1e-9:
        inverse = repulsion.gram_inverse(features, eta=eta)
        assert np.sign(inverse[0, 1]) == -np.sign(similarity)


def test_deflated_similarity_is_taken_in_the_residual_of_a_ridge_fit():
    features, eta = random_features(3, 9, 5), 0.7
    centered = features - features.mean(axis=0)
    rest = centered[:, [0, 2, 4]]
    # min |f - F_r a|^2 + eta |a|^2, solved as an augmented least-squares problem.
    augmented = np.vstack([rest, np.sqrt(eta) * np.eye(3)])
    target = np.concatenate([centered[:, 3], np.zeros(3)])
    fit = np.linalg.lstsq(augmented, target, rcond=None)[0]
    expected = centered[:, 1] @ (centered[:, 3] - rest @ fit)
    similarity, _, _ = repulsion.deflated_similarity(features, 1, 3, eta=eta)
    assert similarity == pytest.approx(expected, abs=1e-12)


def test_twins_repel():
    features = random_features(1, 20, 4)
    features[:, 1] = features[:, 0] + 0.1 * features[:, 1]
    driven = repulsion.repelled_features(features, eta=0.1)
    centered = features - features.mean(axis=0)
    own = repulsion.gram_inverse(features, eta=0.1)[0, 0] * centered[:, 0]
    push = driven[:, 0] - own
    assert push @ centered[:, 1] < 0
    inverse = repulsion.gram_inverse(features, eta=0.1)
    expected = sum(inverse[0, other] * centered[:, other] for other in range(4))
    np.testing.assert_allclose(driven[:, 0], expected, atol=1e-12)


def test_repelled_pairs_are_ordered_by_similarity_and_skip_constant_nodes():
    features = random_features(2, 40, 6)
    features[:, 4] = 3.7
    features[:, 5] = features[:, 2] + 0.01 * features[:, 5]
    centered = np.delete(features - features.mean(axis=0), 4, axis=1)
    cosines = np.corrcoef(centered.T)[np.triu_indices(5, 1)]
    inverse = np.linalg.inv(centered.T @ centered + 0.5 * np.eye(5))[np.triu_indices(5, 1)]
    found = repulsion.repelled_pairs(features, eta=0.5, num_pairs=10)
    np.testing.assert_array_equal(found, inverse[np.argsort(-cosines)] < 0)
    assert repulsion.repelled_pairs(features, eta=0.5, num_pairs=1).tolist() == [True]


def test_bad_input_is_refused():
    features = random_features(0, 5, 3)
    with pytest.raises(ValueError, match="eta must be positive, got 0"):
        repulsion.gram_inverse(features, eta=0.0)
    with pytest.raises(ValueError, match=r"two different nodes in \[0, 2\], got 1 and 1"):
        repulsion.repulsion_coefficient(features, 1, 1, eta=1.0)
    with pytest.raises(ValueError, match=r"two different nodes in \[0, 2\], got 0 and 3"):
        repulsion.deflated_similarity(features, 0, 3, eta=1.0)
    with pytest.raises(ValueError, match=r"num_pairs must lie in \[1, 3\] .* got 4"):
        repulsion.repelled_pairs(features, eta=1.0, num_pairs=4)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory.li2 import stage_one, whitening


def subset(modulus, fraction, seed):
    rng = np.random.default_rng(seed)
    size = round(fraction * modulus**2)
    first, second = np.divmod(rng.permutation(modulus**2)[:size], modulus)
    return first, second, np.eye(modulus)[(first + second) % modulus]


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_operand_kernel_is_the_limit_of_random_features(distribution):
    rng = np.random.default_rng(0)
    first, second, _ = subset(4, 0.6, 1)
    shape, width = (8, 400_000), 400_000
    if distribution == "normal":
        weights, kurtosis = rng.normal(size=shape), 3.0
    else:
        weights, kurtosis = rng.uniform(-np.sqrt(3), np.sqrt(3), size=shape), 1.8
    features = (weights[first] + weights[4 + second]) ** 2
    found = whitening.operand_kernel(first, second, kurtosis=kurtosis)
    np.testing.assert_allclose(features @ features.T / width, found, rtol=0.03)


@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_whitened_labels_are_those_of_a_wide_network(ridge):
    first, second, labels = subset(5, 0.6, 2)
    width = 200_000
    weights = np.random.default_rng(3).normal(size=(10, width))
    features = (weights[first] + weights[5 + second]) ** 2
    finite = width * stage_one.whitened_labels(features, labels, eta=width * max(ridge, 1e-6))
    limit = whitening.infinite_width_whitened_labels(first, second, labels, ridge=ridge)
    np.testing.assert_allclose(finite, limit, atol=0.02 * np.abs(limit).max())


@given(
    seed=st.integers(0, 999),
    modulus=st.integers(3, 7),
    fraction=st.floats(0.3, 1.0),
    ridge=st.floats(0, 3),
    kurtosis=st.floats(1, 5),
)
def test_whitened_labels_solve_the_centered_system(seed, modulus, fraction, ridge, kurtosis):
    first, second, labels = subset(modulus, fraction, seed)
    found = whitening.infinite_width_whitened_labels(
        first, second, labels, ridge=ridge, kurtosis=kurtosis
    )
    projector = np.eye(len(first)) - 1 / len(first)
    kernel = whitening.operand_kernel(first, second, kurtosis=kurtosis)
    system = projector @ kernel @ projector + ridge * np.eye(len(first))
    np.testing.assert_allclose(system @ found, projector @ labels, atol=1e-11)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-11)


def test_full_data_needs_no_whitening():
    first, second, labels = subset(7, 1.0, 0)
    centered = labels - labels.mean(axis=0)
    found = whitening.infinite_width_whitened_labels(first, second, labels, ridge=0.5)
    np.testing.assert_allclose(found, centered / 4.5, atol=1e-12)
    projected = whitening.labels_off_operands(first, second, labels)
    np.testing.assert_allclose(projected, centered, atol=1e-12)


def test_projection_is_the_limit_of_infinite_kurtosis_and_nearly_that_of_gaussian_weights():
    first, second, labels = subset(23, 0.4, 4)
    projected = whitening.labels_off_operands(first, second, labels)
    strong = 4 * whitening.infinite_width_whitened_labels(first, second, labels, kurtosis=1e9)
    np.testing.assert_allclose(strong, projected, atol=1e-6)
    deviations = []
    for modulus in (11, 23, 47):
        first, second, labels = subset(modulus, 0.4, 4)
        projected = whitening.labels_off_operands(first, second, labels)
        gaussian = 4 * whitening.infinite_width_whitened_labels(first, second, labels)
        deviations.append(np.linalg.norm(gaussian - projected) / np.linalg.norm(projected))
    assert deviations[0] > deviations[1] > deviations[2]
    assert deviations[2] < 0.1


@given(seed=st.integers(0, 999), fraction=st.floats(0.3, 1.0))
def test_projected_labels_are_blind_to_functions_of_one_operand(seed, fraction):
    first, second, labels = subset(5, fraction, seed)
    projected = whitening.labels_off_operands(first, second, labels)
    rng = np.random.default_rng(seed)
    u, v = rng.normal(size=(2, 5))
    np.testing.assert_allclose(projected.T @ (u[first] ** 2 + v[second] ** 2), 0, atol=1e-11)
    full = projected.T @ (u[first] + v[second]) ** 2
    np.testing.assert_allclose(full, projected.T @ (2 * u[first] * v[second]), atol=1e-11)


@pytest.mark.parametrize(("modulus", "frequency"), [(7, 2), (8, 3), (8, 4)])
def test_overlap_is_the_best_over_all_phases(modulus, frequency):
    u, v = np.random.default_rng(5).normal(size=(2, 3, modulus))
    angles = 2 * np.pi * frequency * np.arange(modulus) / modulus
    phases = np.linspace(0, 2 * np.pi, 241)
    waves = np.cos(angles[None, :] + phases[:, None])
    norms = np.linalg.norm(waves, axis=1, keepdims=True)
    waves = np.divide(waves, norms, where=norms > 1e-9, out=np.zeros_like(waves)) / np.sqrt(2)
    best = (u @ waves.T).max(axis=1) + (v @ waves.T).max(axis=1)
    found = whitening.ideal_feature_overlap(u, v, frequency=frequency)
    np.testing.assert_allclose(found, best**2 / np.sum(u**2 + v**2, axis=1), atol=1e-3)


def test_overlap_of_an_ideal_feature_is_one():
    angles = 2 * np.pi * 3 * np.arange(11) / 11
    u, v = np.cos(angles + 0.3)[None], np.cos(angles - 1.1)[None]
    assert whitening.ideal_feature_overlap(u, v, frequency=3) == pytest.approx(1)
    assert whitening.ideal_feature_overlap(u, v, frequency=2) == pytest.approx(0, abs=1e-12)
    assert whitening.ideal_feature_overlap(u, 0 * v, frequency=3) == pytest.approx(0.5)


def test_critical_fraction_reproduces_the_tabulated_values():
    tabulated = {13: 0.542, 23: 0.375, 41: 0.249, 71: 0.165}
    for order, value in tabulated.items():
        assert whitening.critical_fraction(order) == pytest.approx(value, abs=6e-4)
    one, two, four = (
        whitening.critical_fraction(24, max_irrep_dimension=dimension) for dimension in (1, 2, 4)
    )
    assert one == two
    assert four == pytest.approx(2 * two)
    assert whitening.critical_samples(24, constant=1.0) == pytest.approx(24 * np.log(24))


def test_sufficient_samples_grow_with_the_irrep_and_the_confidence():
    base = whitening.sufficient_samples(60)
    assert whitening.sufficient_samples(60, irrep_dimension=5) == pytest.approx(25 * base)
    surer = whitening.sufficient_samples(60, failure_probability=0.05 / np.e)
    assert surer - base == pytest.approx(60)


def test_bad_input_is_refused():
    first, second, labels = subset(5, 0.5, 0)
    with pytest.raises(ValueError, match="pairs .* must be distinct"):
        whitening.operand_kernel(np.array([0, 0]), np.array([1, 1]))
    with pytest.raises(ValueError, match="two lists of one length"):
        whitening.operand_kernel(first, second[1:])
    with pytest.raises(ValueError, match="kurtosis must be at least 1, got 0.5"):
        whitening.operand_kernel(first, second, kurtosis=0.5)
    with pytest.raises(ValueError, match="ridge must be at least 0, got -1"):
        whitening.infinite_width_whitened_labels(first, second, labels, ridge=-1.0)
    for function in (whitening.infinite_width_whitened_labels, whitening.labels_off_operands):
        with pytest.raises(ValueError, match="labels must have one row a sample"):
            function(first, second, labels[1:])
    node = np.ones((1, 5))
    with pytest.raises(ValueError, match=r"frequency must lie in \[1, 2\], got 3"):
        whitening.ideal_feature_overlap(node, node, frequency=3)
    with pytest.raises(ValueError, match="u and v must have one shape"):
        whitening.ideal_feature_overlap(node, node[:, 1:], frequency=1)
    with pytest.raises(ValueError, match="nodes must not be zero, got 1"):
        whitening.ideal_feature_overlap(0 * node, 0 * node, frequency=1)
    with pytest.raises(ValueError, match="group_order must be at least 2, got 1"):
        whitening.critical_fraction(1)
    with pytest.raises(ValueError, match="irrep dimension must be at least 1, got 0"):
        whitening.critical_samples(5, max_irrep_dimension=0)
    with pytest.raises(ValueError, match="constant must be positive, got 0"):
        whitening.critical_fraction(5, constant=0.0)
    with pytest.raises(ValueError, match="failure_probability must lie in"):
        whitening.sufficient_samples(5, failure_probability=1.0)

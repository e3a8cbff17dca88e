"""Closed-form accuracies, held to samples."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from groktheory.theory.implicit_bias import accuracy


def test_sparse_sign_accuracy_is_that_of_samples():
    rng = np.random.default_rng(0)
    dimension = 200
    support = np.zeros(dimension)
    support[:3] = 1.0, -1.0, 1.0
    for signal in (0.1, 0.4, 1.0):
        weights = 0.05 * rng.normal(size=dimension)
        weights[:3] += signal * support[:3] * np.array([1.0, 0.7, 1.2])
        inputs = rng.choice([-1.0, 1.0], size=(40_000, dimension))
        correct = np.mean((inputs @ weights) * (inputs @ support) > 0)
        predicted = accuracy.sparse_sign_accuracy(weights, support)
        assert predicted == pytest.approx(correct, abs=4 * 0.5 / 200)


def test_weights_on_the_support_alone_are_counted():
    # A single voter agrees with the majority of three in six of eight patterns.
    support = np.array([1.0, 1.0, -1.0, 0.0])
    assert accuracy.sparse_sign_accuracy(np.array([1.0, 0.0, 0.0, 0.0]), support) == 0.75
    # Two voters that disagree are a tie, which counts one half.
    assert accuracy.sparse_sign_accuracy(np.array([1.0, 1.0, 0.0, 0.0]), support) == 0.75


@pytest.mark.parametrize("cosine", [-0.5, 0.0, 0.1, 0.6, 0.99])
def test_without_separation_accuracy_is_an_angle(cosine):
    expected = 1 - np.arccos(cosine) / np.pi
    assert accuracy.separated_accuracy(cosine, separation=0.0) == pytest.approx(expected, abs=1e-6)


def test_separated_accuracy_is_that_of_samples():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(100_000, 2))
    labels = np.sign(inputs[:, 0])
    inputs[:, 0] += 1.5 * labels
    for cosine in (0.2, 0.5):
        weights = np.array([cosine, np.sqrt(1 - cosine**2)])
        correct = np.mean(labels * (inputs @ weights) > 0)
        predicted = accuracy.separated_accuracy(cosine, separation=3.0)
        assert predicted == pytest.approx(correct, abs=4 * 0.5 / 316)


@given(st.floats(-1, 1), st.floats(0, 20))
def test_reversing_a_classifier_swaps_right_and_wrong(cosine, separation):
    forth, back = (
        accuracy.separated_accuracy(sign * cosine, separation=separation) for sign in (1, -1)
    )
    assert forth + back == pytest.approx(1.0)


def test_outcomes_have_names():
    assert accuracy.late_outcome(0.6, 1.0) == "grokking"
    assert accuracy.late_outcome(0.99, 0.6) == "misgrokking"
    assert accuracy.late_outcome(0.9, 0.93) == "neither"


def test_bad_accuracies_are_refused():
    with pytest.raises(ValueError, match=r"cosine must lie in \[-1, 1\], got 1.5"):
        accuracy.separated_accuracy(1.5, separation=1.0)
    with pytest.raises(ValueError, match="separation must be non-negative, got -1"):
        accuracy.separated_accuracy(0.5, separation=-1.0)
    with pytest.raises(ValueError, match=r"late_accuracy must lie in \[0, 1\], got 1.2"):
        accuracy.late_outcome(0.5, 1.2)


def test_bad_supports_are_refused():
    with pytest.raises(ValueError, match="odd number, at most 15, .* got 2 non-zero"):
        accuracy.sparse_sign_accuracy(np.ones(4), np.array([1.0, 1.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="weights must not vanish"):
        accuracy.sparse_sign_accuracy(np.zeros(3), np.array([1.0, 0.0, 0.0]))


def test_bad_sample_scales_are_refused():
    with pytest.raises(ValueError, match="dimension must be at least 2, got 1"):
        accuracy.sparse_sample_scales(dimension=1, sparsity=1)
    with pytest.raises(ValueError, match=r"sparsity must lie in \[1, 10\], got 11"):
        accuracy.sparse_sample_scales(dimension=10, sparsity=11)

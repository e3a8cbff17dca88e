import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.implicit_bias import (
    entry_coherences,
    leverage_scores,
    matrix_coherences,
    mutual_coherence,
    sensing_coherence,
    welch_bound,
)


def _low_rank(seed, rank=2):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(7, rank)) @ rng.normal(size=(rank, 5))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_scores_average_to_one_and_belong_to_the_column_space(seed, rank):
    target = _low_rank(seed, rank)
    rows, columns = matrix_coherences(target)
    assert rows.mean() == pytest.approx(1) and columns.mean() == pytest.approx(1)
    # the leverage of a row is the diagonal of the projector on the column space
    projector = target @ np.linalg.pinv(target)
    np.testing.assert_allclose(leverage_scores(target), np.diag(projector), atol=1e-9)
    np.testing.assert_allclose(rows, 7 / rank * np.diag(projector), atol=1e-8)
    mixed = target @ np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    np.testing.assert_allclose(matrix_coherences(mixed)[0], rows, atol=1e-8)


def test_a_single_entry_is_as_coherent_as_can_be_and_a_constant_matrix_is_not():
    spike = np.zeros((4, 6))
    spike[1, 2] = 3.0
    assert entry_coherences(spike)[1, 2] == pytest.approx(4 + 6)
    np.testing.assert_allclose(entry_coherences(np.ones((4, 6))), 2.0)


def test_sensing_coherence_of_spikes_and_waves():
    waves = np.fft.fft(np.eye(16)).real + np.fft.fft(np.eye(16)).imag  # Hartley basis
    assert sensing_coherence(waves, np.eye(16)) == pytest.approx(np.sqrt(2 / 16))
    assert sensing_coherence(np.eye(16), np.eye(16)) == 1.0
    hadamard = np.array([[1.0, 1.0], [1.0, -1.0]])
    hadamard = np.kron(np.kron(hadamard, hadamard), np.kron(hadamard, hadamard))
    assert sensing_coherence(hadamard, np.eye(16)) == pytest.approx(0.25)


def test_welch_bound_is_attained_by_an_equiangular_frame_and_by_nothing_better():
    angles = 2 * np.pi * np.arange(3) / 3
    frame = np.stack([np.cos(angles), np.sin(angles)])
    assert mutual_coherence(frame) == pytest.approx(welch_bound(2, 3))
    for seed in range(20):
        random = np.random.default_rng(seed).normal(size=(3, 7))
        assert mutual_coherence(random) > welch_bound(3, 7)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="other than zero"):
        matrix_coherences(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="must live in one dimension, got 3 and 2"):
        sensing_coherence(np.ones((1, 3)), np.eye(2))
    with pytest.raises(ValueError, match="measurements and basis vectors must not be zero"):
        sensing_coherence(np.zeros((1, 2)), np.eye(2))
    with pytest.raises(ValueError, match="at least two columns, got 1"):
        mutual_coherence(np.ones((3, 1)))
    with pytest.raises(ValueError, match="columns of features must not be zero"):
        mutual_coherence(np.array([[1.0, 0.0]]))
    with pytest.raises(ValueError, match=r"num_samples must lie in \[1, num_coordinates\]"):
        welch_bound(4, 3)

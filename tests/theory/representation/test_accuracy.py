import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory import representation as theory


def noisy_line(symbols, noise, seed, dimensions=1):
    rng = np.random.default_rng(seed)
    line = np.outer(np.arange(symbols), rng.standard_normal(dimensions))
    return line + noise * rng.standard_normal((symbols, dimensions))


def index_by_hand(embedding, parallelograms, threshold=0.01):
    units = (embedding - embedding.mean(axis=0)) / embedding.std(axis=0, ddof=1)
    gaps = [np.mean((units[i] + units[j] - units[m] - units[n]) ** 2)
            for i, j, m, n in parallelograms]  # fmt: skip
    return np.mean(np.array(gaps) < threshold)


def test_quality_index_counts_parallelograms():
    everything = theory.parallelograms(10)
    batch = np.stack([noisy_line(10, noise, 1, 2) for noise in (0.0, 0.05, 0.2, 5.0)])
    found = theory.representation_quality_index(batch, everything)
    assert found.tolist() == [index_by_hand(one, everything) for one in batch]
    assert found[0] == 1 and 0 < found[2] < 1
    assert np.all(np.diff(found) <= 0)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 10), st.floats(-5, 5), st.integers(0, 1000))
def test_quality_index_does_not_change_with_shift_and_scale(scale, shift, seed):
    embedding = noisy_line(7, 0.15, seed)
    rows = theory.parallelograms(7)
    closed = theory.closed_parallelograms(embedding, rows)
    assert np.array_equal(theory.closed_parallelograms(scale * embedding + shift, rows), closed)


def test_constant_dimensions_do_not_count_as_infinite():
    embedding = np.concatenate([np.arange(5.0)[:, None], np.ones((5, 1))], axis=1)
    assert theory.representation_quality_index(embedding, theory.parallelograms(5)) == 1


def test_group_quality_of_a_representation_and_of_noise():
    table = np.add.outer(np.arange(6), np.arange(6)) % 6
    angles = 2 * np.pi * np.arange(6) / 6
    rotations = np.moveaxis(
        np.array([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]]), 2, 0
    )
    rows = theory.group_parallelograms(table)
    noise = np.random.default_rng(0).standard_normal((6, 2, 2))
    found = theory.group_quality_index(np.stack([rotations, 3 * rotations, noise]), rows)
    assert found[:2].tolist() == [1, 1] and found[2] < 0.6
    size = np.sqrt(np.mean([(noise[a] @ noise[b]) ** 2 for a in range(6) for b in range(6)]))
    gaps = [np.mean((noise[a] @ noise[b] - noise[c] @ noise[d]) ** 2) for a, b, c, d in rows]
    assert found[2] == np.mean(np.array(gaps) / size**2 < 0.5)


def test_predicted_accuracy_by_hand():
    rng = np.random.default_rng(0)
    everything = theory.parallelograms(8)
    for _ in range(20):
        samples = theory.all_samples(8)[rng.permutation(36)[:14]]
        rows = everything[rng.random(len(everything)) < 0.4]
        known = {tuple(pair) for pair in samples.tolist()}
        inferred = set(known)
        for i, j, m, n in rows.tolist():
            if (m, n) in known:
                inferred.add((i, j))
            if (i, j) in known:
                inferred.add((m, n))
        found = theory.predicted_accuracy(samples, rows, num_symbols=8)
        assert found == len(inferred) / 36


def test_predicted_accuracy_of_a_group():
    table = np.add.outer(np.arange(4), np.arange(4)) % 4
    rows = theory.group_parallelograms(table)
    one_each = np.array([[0, label] for label in range(4)])
    assert theory.predicted_accuracy(one_each, rows, num_symbols=4, is_ordered=True) == 1
    assert theory.predicted_accuracy(one_each, rows[:0], num_symbols=4, is_ordered=True) == 4 / 16


def test_a_unique_representation_knows_all_labels_it_has_seen():
    samples = theory.all_samples(7)
    drawn = samples[np.random.default_rng(1).permutation(28)[:20]]
    assert theory.has_unique_representation(drawn, 7)
    labels = set(drawn.sum(axis=1).tolist())
    share = np.mean([sum(pair) in labels for pair in samples.tolist()])
    ideal = theory.ideal_parallelograms(drawn, 7)
    assert theory.predicted_accuracy(drawn, ideal, num_symbols=7) == share


def test_effective_dimension():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    axes -= axes.mean(axis=0)
    centered = np.linalg.qr(axes[:, :5])[0]
    for weights in ([1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [3, 2, 1, 0, 0]):
        shares = np.array(weights) / np.sum(weights)
        shares = shares[shares > 0]
        expected = np.exp(-np.sum(shares * np.log(shares)))
        found = theory.effective_dimension(7 + centered * np.sqrt(weights))
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: theory.representation_quality_index(np.eye(4), np.zeros((0, 4), dtype=int)),
            "parallelograms must not be empty",
        ),
        (
            lambda: theory.group_quality_index(np.ones((3, 2, 2)), np.zeros((0, 4), dtype=int)),
            "parallelograms must not be empty",
        ),
        (
            lambda: theory.closed_parallelograms(np.eye(4), np.array([[0, 3, 1, 2]]), threshold=0),
            "threshold must be positive, got 0",
        ),
        (
            lambda: theory.closed_parallelograms(np.eye(4), np.array([[0, 4, 2, 2]])),
            r"parallelograms must hold symbols in \[0, 4\), got 0 to 4",
        ),
        (lambda: theory.standardized(np.ones((1, 3))), "at least 2 symbols, got 1"),
        (lambda: theory.effective_dimension(np.ones((4, 2))), "embedding must vary"),
        (
            lambda: theory.predicted_accuracy(
                np.array([[0, 9]]), np.array([[0, 2, 1, 1]]), num_symbols=4
            ),
            r"samples must hold symbols in \[0, 4\)",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

import itertools

import numpy as np
import pytest

from groktheory.theory import representation as theory


def brute_force(symbols, samples):
    """All pairs of samples with the same sum, by comparing every two."""
    return {
        frozenset((one, other))
        for one, other in itertools.combinations([tuple(pair) for pair in samples.tolist()], 2)
        if sum(one) == sum(other)
    }


def as_set(parallelograms):
    return {frozenset(((i, j), (m, n))) for i, j, m, n in parallelograms.tolist()}


@pytest.mark.parametrize("symbols", [3, 4, 7, 10])
def test_parallelograms_are_all_pairs_with_one_sum(symbols):
    samples = theory.all_samples(symbols)
    assert len(samples) == symbols * (symbols + 1) // 2
    found = theory.parallelograms(symbols)
    assert as_set(found) == brute_force(symbols, samples)
    assert len(found) == theory.num_parallelograms(symbols)
    some = samples[np.random.default_rng(symbols).permutation(len(samples))[: len(samples) // 2]]
    assert as_set(theory.parallelograms(symbols, some)) == brute_force(symbols, some)


def test_published_numbers_of_parallelograms():
    counts = [theory.num_parallelograms(p) for p in (4, 5, 6, 8, 10, 12, 15, 20, 30)]
    assert counts == [3, 7, 13, 34, 70, 125, 252, 615, 2135]


def test_label_sizes_count_the_samples():
    sums = theory.all_samples(9).sum(axis=1)
    assert theory.label_sizes(9).tolist() == np.bincount(sums).tolist()


def permutations_table(size):
    elements = list(itertools.permutations(range(size)))
    product = {
        (a, b): elements.index(tuple(elements[a][k] for k in elements[b]))
        for a in range(len(elements))
        for b in range(len(elements))
    }
    order = len(elements)
    return np.array([[product[a, b] for b in range(order)] for a in range(order)])


def test_permutations_of_three_things_have_ninety():
    table = permutations_table(3)
    found = theory.group_parallelograms(table)
    assert len(found) == 90
    a, b, c, d = found.T
    assert np.array_equal(table[a, b], table[c, d])
    assert len(as_set(found)) == 90
    few = theory.group_parallelograms(table, found[0].reshape(2, 2))
    assert few.tolist() == [found[0].tolist()]


def test_no_samples_have_no_parallelograms():
    assert theory.parallelograms(5, np.zeros((0, 2), dtype=int)).shape == (0, 4)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[0, 1, 2]], r"samples must be pairs, of shape \(samples, 2\), got \(1, 3\)"),
        ([[0, 5]], r"samples must hold symbols in \[0, 5\), got 0 to 5"),
        ([[0, 2], [3, 1]], r"unordered pairs written as i <= j, got \[3, 1\]: sort each row"),
        ([[0, 2], [1, 1], [0, 2]], r"samples must be distinct, got \[0, 2\] more than once"),
    ],
)
def test_bad_samples_are_refused(samples, message):
    with pytest.raises(ValueError, match=message):
        theory.parallelograms(5, np.array(samples))


def test_too_few_symbols_are_refused():
    with pytest.raises(ValueError, match="num_symbols must be at least 3, got 2"):
        theory.all_samples(2)


@pytest.mark.parametrize(
    ("table", "samples", "message"),
    [
        ([[0, 1], [0, 1]], None, "table must be a Cayley table"),
        ([[0, 1], [1, 0]], [[0, 2]], r"samples must hold elements in \[0, 2\), got \[\[0, 2\]\]"),
        ([[0, 1], [1, 0]], [[0, 1], [0, 1]], "samples must be distinct"),
        ([[0, 1], [1, 0]], [[0, 1, 1]], "samples must be pairs"),
    ],
)
@pytest.mark.parametrize("function", ["group_parallelograms", "deduced_parallelograms"])
def test_bad_tables_and_samples_are_refused(function, table, samples, message):
    pairs = np.zeros((0, 2), dtype=int) if samples is None else np.array(samples)
    with pytest.raises(ValueError, match=message):
        getattr(theory, function)(np.array(table), pairs)

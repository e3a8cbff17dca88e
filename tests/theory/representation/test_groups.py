import itertools

import numpy as np
import pytest

from groktheory.theory import representation as theory


@pytest.fixture(scope="module")
def table():
    elements = list(itertools.permutations(range(3)))
    return np.array([[elements.index(tuple(a[k] for k in b)) for b in elements] for a in elements])


def as_set(rows):
    return {frozenset(((a, b), (c, d))) for a, b, c, d in rows.tolist()}


def by_rules(table, samples):
    """Apply the chain of three parallelograms, and equality, until nothing new comes."""
    order = len(table)
    every = [(a, b) for a in range(order) for b in range(order)]
    equal = {(one, one) for one in every}
    equal |= {
        (one, other)
        for one in map(tuple, samples.tolist())
        for other in map(tuple, samples.tolist())
        if table[one] == table[other]
    }
    while True:
        before = len(equal)
        follow = {}
        for one, other in equal:
            follow.setdefault(one, set()).add(other)
        equal |= {(one, far) for one in follow for near in follow[one] for far in follow[near]}
        # E_a E_d = E_b E_c as b\\a = c/d.
        left = {}
        for (a, d), (b, c) in equal:
            left.setdefault((b, a), set()).add((c, d))
        for pairs in list(left.values()):
            for b, a in [key for key, value in left.items() if value & pairs]:
                equal |= {((a, d), (b, c)) for c, d in pairs}
        if len(equal) == before:
            return {frozenset(pair) for pair in equal if pair[0] != pair[1]}


@pytest.mark.parametrize("count", [10, 14, 18, 22])
def test_deduction_is_the_closure_of_the_rules(table, count):
    pairs = np.array([(a, b) for a in range(6) for b in range(6)])
    samples = pairs[np.random.default_rng(count).permutation(36)[:count]]
    found = as_set(theory.deduced_parallelograms(table, samples))
    assert found == by_rules(table, samples)
    assert as_set(theory.group_parallelograms(table, samples)) <= found
    assert found <= as_set(theory.group_parallelograms(table))


def test_all_data_deduce_everything_and_more_data_deduce_more(table):
    pairs = np.array([(a, b) for a in range(6) for b in range(6)])
    order = np.random.default_rng(0).permutation(36)
    sizes, accuracies = [], []
    for count in (6, 12, 18, 24, 30, 36):
        samples = pairs[order[:count]]
        rows = theory.deduced_parallelograms(table, samples)
        sizes.append(len(rows))
        accuracies.append(theory.predicted_accuracy(samples, rows, num_symbols=6, is_ordered=True))
    assert sizes[-1] == 90 and accuracies[-1] == 1
    assert sizes == sorted(sizes) and accuracies == sorted(accuracies)
    assert sizes[0] < 20


def test_deduced_parallelograms_hold_for_other_representations(table):
    """Random invertible matrices would break what does not follow; check with solved ones."""
    # a d = b c fixes E_a from the other three: one sample pair, one free equation.
    rng = np.random.default_rng(0)
    matrices = rng.standard_normal((6, 3, 3)) + 2 * np.eye(3)
    (a, d, b, c), *_ = (
        row for row in theory.group_parallelograms(table).tolist() if len(set(row)) == 4
    )
    matrices[a] = matrices[b] @ matrices[c] @ np.linalg.inv(matrices[d])
    rows = theory.deduced_parallelograms(table, np.array([[a, d], [b, c]]))
    i, j, k, m = rows.T
    np.testing.assert_allclose(matrices[i] @ matrices[j], matrices[k] @ matrices[m], atol=1e-9)

import math
from itertools import combinations
from typing import Any, cast

import numpy as np
import pytest

from groktheory.theory import representation as theory
from groktheory.theory.representation import uniqueness
from groktheory.theory.representation._enumeration import count_unique

# 10,000 draws each, from the notebook released with [liu2022effective].
PUBLISHED = {
    16: 0.0051, 18: 0.0373, 20: 0.1754, 21: 0.2863, 22: 0.4270, 23: 0.5795, 25: 0.8027,
    28: 0.9488, 32: 0.9919,
}  # fmt: skip


def test_enumeration_is_the_list_of_all_training_sets():
    samples = theory.all_samples(4)
    counted = [
        sum(theory.has_unique_representation(samples[list(some)], 4) for some in sets)
        for sets in (combinations(range(10), size) for size in range(11))
    ]
    assert count_unique(4).tolist() == counted
    exact = theory.unique_probability(4)
    assert exact.draws == 0 and not exact.standard_error.any()
    np.testing.assert_allclose(exact.probability, [n / math.comb(10, k) for k, n in
                                                   enumerate(counted)])  # fmt: skip


def test_enumeration_of_six_symbols_in_floating_point():
    rng = np.random.default_rng(0)
    samples = theory.all_samples(6)
    exact = theory.unique_probability(6, np.array([11]), method="exact").probability[0]
    hits = []
    for _ in range(2000):
        rows = theory.parallelograms(6, samples[rng.permutation(21)[:11]])
        hits.append(np.linalg.matrix_rank(theory.incidence_matrix(rows, 6)) == 4)
    assert abs(np.mean(hits) - exact) < 4 * math.sqrt(exact * (1 - exact) / 2000)


@pytest.mark.parametrize("symbols", [7, 8, 10])
def test_monte_carlo_agrees_with_the_enumeration(symbols):
    exact = theory.unique_probability(symbols)
    drawn = theory.unique_probability(
        symbols, method="monte_carlo", draws=20_000, rng=np.random.default_rng(1)
    )
    assert drawn.draws == 20_000 and np.all(drawn.standard_error > 0)
    assert np.all(np.abs(drawn.probability - exact.probability) < 4 * drawn.standard_error)
    assert np.all(np.diff(drawn.probability) >= 0)


def test_ten_symbols_as_published():
    sizes = np.array(list(PUBLISHED))
    exact = theory.unique_probability(10, sizes).probability
    errors = np.sqrt(exact * (1 - exact) / 10_000)
    assert np.all(np.abs(exact - list(PUBLISHED.values())) < 3 * errors)
    critical = theory.critical_fraction(10)
    assert critical.standard_error == 0
    assert 22 < 55 * critical.fraction < 23


def test_stored_counts_are_whole_and_complete():
    counts = uniqueness._TEN_SYMBOLS
    assert len(counts) == 56 and counts[-1] == 1 and counts[-2] == 55
    assert all(count <= math.comb(55, size) for size, count in enumerate(counts))
    # The fewest samples that determine ten symbols: five labels, two of each, cannot; ten can.
    assert counts[9] == 0 < counts[10]


def test_thresholds_are_where_the_integer_rank_is_full():
    samples = theory.all_samples(9)
    rng = np.random.default_rng(5)
    thresholds = theory.uniqueness_thresholds(9, draws=40, rng=rng)
    same = np.random.default_rng(5)
    orders = same.permuted(np.broadcast_to(np.arange(45), (40, 45)), axis=1)
    for threshold, order in zip(thresholds.tolist(), orders, strict=True):
        assert theory.has_unique_representation(samples[order[:threshold]], 9)
        assert not theory.has_unique_representation(samples[order[: threshold - 1]], 9)


def test_doubtful_orders_are_decided_in_integers(monkeypatch):
    rng = np.random.default_rng(2)
    samples = theory.all_samples(12)[rng.permutation(78)]
    threshold = uniqueness._bisected(samples, 12)
    assert theory.has_unique_representation(samples[:threshold], 12)
    assert not theory.has_unique_representation(samples[: threshold - 1], 12)


def test_isolated_symbols_are_counted_right():
    rng, symbols, fraction = np.random.default_rng(3), 25, 0.2
    samples = theory.all_samples(symbols)
    counts = []
    for _ in range(1500):
        drawn = samples[rng.random(len(samples)) < fraction]
        rows = theory.parallelograms(symbols, drawn)
        counts.append(symbols - len(np.unique(rows)))
    mean, error = np.mean(counts), np.std(counts) / math.sqrt(len(counts))
    assert abs(mean - theory.expected_isolated_symbols(symbols, fraction)) < 4 * error
    assert theory.isolation_probability(symbols, fraction) == pytest.approx(
        math.exp(-theory.expected_isolated_symbols(symbols, fraction))
    )


@pytest.mark.parametrize(("symbols", "accuracy"), [(30, 0.02), (50, 0.015)])
def test_many_symbols_are_held_up_by_isolated_ones(symbols, accuracy):
    measured = theory.critical_fraction(symbols, draws=1500, rng=np.random.default_rng(0))
    predicted = theory.isolation_fraction(symbols)
    assert abs(measured.fraction / predicted - 1) < accuracy
    assert 0 < measured.standard_error < 0.01 * measured.fraction
    # It falls with the number of symbols; the published 0.4 is that of ten.
    assert measured.fraction < 0.2


def test_other_levels_come_earlier_and_later():
    low, middle, high = (theory.critical_fraction(8, level=q).fraction for q in (0.1, 0.5, 0.9))
    assert low < middle < high
    fractions = [theory.isolation_fraction(40, level=level) for level in (0.1, 0.9)]
    assert theory.isolation_probability(40, fractions[0]) == pytest.approx(0.1)
    assert theory.isolation_probability(40, fractions[1]) == pytest.approx(0.9)


def test_the_standard_error_of_the_critical_fraction():
    drawn = [
        theory.critical_fraction(
            8, method="monte_carlo", draws=400, rng=np.random.default_rng(seed)
        )
        for seed in range(60)
    ]
    spread = np.std([one.fraction for one in drawn])
    assert 0.7 < np.mean([one.standard_error for one in drawn]) / spread < 1.4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.unique_probability(5, np.array([16])), r"num_train must lie in \[0, 15\]"),
        (lambda: theory.unique_probability(11, method="exact"), "at most 10.*got 11: use method="),
        (
            lambda: theory.unique_probability(5, method=cast(Any, "guess")),
            "method must be .* got 'guess'",
        ),
        (lambda: theory.unique_probability(20), "rng must be given for Monte Carlo"),
        (lambda: theory.critical_fraction(5, level=1.0), r"level must lie in \(0, 1\), got 1.0"),
        (lambda: theory.isolation_fraction(5, level=0.0), r"level must lie in \(0, 1\), got 0.0"),
        (lambda: theory.expected_isolated_symbols(5, 1.3), r"train_fraction .* got 1.3"),
        (
            lambda: theory.uniqueness_thresholds(5, draws=0, rng=np.random.default_rng(0)),
            "draws must be at least 1, got 0",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

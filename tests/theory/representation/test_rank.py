import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory import representation as theory
from groktheory.theory.representation._elimination import in_row_space, integer_rank


def draw(symbols, count, seed):
    samples = theory.all_samples(symbols)
    return samples[np.random.default_rng(seed).permutation(len(samples))[:count]]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 12), st.floats(0, 1), st.integers(0, 10**6))
def test_nullity_is_that_of_exact_arithmetic(symbols, share, seed):
    samples = draw(symbols, round(share * symbols * (symbols + 1) / 2), seed)
    rows = theory.parallelograms(symbols, samples)
    exact = symbols - sp.Matrix(theory.incidence_matrix(rows, symbols).tolist()).rank()
    assert theory.nullity(rows, symbols) == exact
    assert theory.has_unique_representation(samples, symbols) == (exact == 2)


def test_nullity_of_many_symbols_is_that_of_floating_point():
    # Minors may exceed one prime here: several of them are used.
    for seed, count in ((0, 150), (1, 170), (2, 240)):
        rows = theory.parallelograms(60, draw(60, count, seed))
        matrix = theory.incidence_matrix(rows, 60)
        assert theory.nullity(rows, 60) == 60 - np.linalg.matrix_rank(matrix)


def test_rank_is_not_fooled_by_a_prime():
    from groktheory.theory.representation._elimination import PRIMES

    assert all(sp.isprime(prime) for prime in PRIMES)
    assert integer_rank(np.array([[PRIMES[0], 0], [0, 1]])) == 2
    multiple = PRIMES[0] * np.array([[1, 2], [3, 4]])
    assert integer_rank(multiple) == 2
    tested = np.array([[1, 0, 0], [1, 2, 0], [0, 0, 1]])
    span = np.array([[PRIMES[0], 0, 0], [0, 3, 0]])
    assert in_row_space(tested, span).tolist() == [True, True, False]


def test_incidence_of_a_doubled_symbol():
    assert theory.incidence_matrix(np.array([[0, 4, 2, 2]]), 5).tolist() == [[1, 0, -2, 0, 1]]


def test_ideal_parallelograms_hold_for_every_representation_that_fits():
    for seed in range(12):
        samples = draw(8, 12 + seed % 6, seed)
        matrix = theory.incidence_matrix(theory.parallelograms(8, samples), 8)
        kernel = np.array(
            sp.Matrix(len(matrix), 8, matrix.ravel().tolist()).nullspace(), dtype=float
        )[..., 0]
        generic = np.random.default_rng(seed).standard_normal(len(kernel)) @ kernel
        everything = theory.parallelograms(8)
        i, j, m, n = everything.T
        holds = np.abs(generic[i] + generic[j] - generic[m] - generic[n]) < 1e-9
        ideal = theory.ideal_parallelograms(samples, 8)
        assert ideal.tolist() == everything[holds].tolist()
        assert (len(ideal) == len(everything)) == theory.has_unique_representation(samples, 8)


def test_full_data_determine_the_representation():
    for symbols in (3, 4, 9, 31):
        assert theory.nullity(theory.parallelograms(symbols), symbols) == 2
        assert theory.has_unique_representation(theory.all_samples(symbols), symbols)


def test_bad_parallelograms_are_refused():
    with pytest.raises(ValueError, match=r"rows \(i, j, m, n\), got shape \(1, 3\)"):
        theory.incidence_matrix(np.zeros((1, 3), dtype=int), 4)
    with pytest.raises(ValueError, match=r"symbols in \[0, 4\), got 0 to 4"):
        theory.incidence_matrix(np.array([[0, 4, 2, 2]]), 4)


def test_refuses_entries_beyond_the_primes():
    with pytest.raises(ValueError, match=r"minors below 10\^67, got 10 rows with entries up to"):
        integer_rank(10**8 * np.eye(10, dtype=np.int64))

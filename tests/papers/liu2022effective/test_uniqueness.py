"""The critical train fraction, and planted errors that cost the verdict."""

import dataclasses

import numpy as np
import pytest

from groktheory.papers.liu2022effective import uniqueness
from groktheory.theory import representation as theory
from groktheory.validation import Outcome

SMALLER = [((20, 30, 40), (20, 30)), (1500, 1000)]


@pytest.fixture
def judge(judge_claim):
    return lambda: judge_claim("critical-fraction", smaller=SMALLER)


def test_supported(judge):
    assert judge() is Outcome.SUPPORTED


def test_a_shifted_probability_is_refuted(judge, monkeypatch):
    right = theory.unique_probability

    def wrong(num_symbols, num_train=None, **options):
        found = right(num_symbols, **options)
        shifted = np.concatenate([[0.0], found.probability[:-1]])  # one sample too late
        kept = found.num_train if num_train is None else num_train
        return dataclasses.replace(
            found, num_train=kept, probability=shifted[kept],
            standard_error=found.standard_error[kept],
        )  # fmt: skip

    monkeypatch.setattr(theory, "unique_probability", wrong, raising=False)
    assert judge() is Outcome.REFUTED


def test_a_critical_fraction_four_per_cent_off_is_refuted(judge, plant):
    def change(found):
        if found.standard_error:  # of more symbols: kept numbers
            return found
        return dataclasses.replace(found, fraction=1.04 * found.fraction)

    plant("critical_fraction", change)
    assert judge() is Outcome.REFUTED


def test_a_wrong_law_for_many_symbols_is_not_supported(judge, plant):
    plant("isolation_fraction", lambda fraction: 1.15 * fraction)
    assert judge() is Outcome.REFUTED


def test_energies_are_those_of_all_parallelograms():
    rng = np.random.default_rng(0)
    chosen = (rng.random((5, 55)) < 0.4).astype(float)
    energies, labels = uniqueness._energies(chosen)
    for row, energy, count in zip(chosen, energies, labels, strict=True):
        samples = theory.all_samples(10)[row > 0]
        matrix = theory.incidence_matrix(theory.parallelograms(10, samples), 10)
        np.testing.assert_allclose(energy, matrix.T @ matrix)
        assert count == len(set(samples.sum(axis=1).tolist()))

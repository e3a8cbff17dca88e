"""Linear networks: two theorems against each other, smooth cases, and exact finite-size values."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest

from groktheory.theory import singular

TRIPLES = [(m, h, n) for m, h, n in product(range(1, 7), repeat=3)]


def test_two_layers_are_reduced_rank_regression():
    """Aoyagi and Watanabe's four cases are the deep theorem's for depth two."""
    for inputs, hidden, outputs in TRIPLES:
        for rank in range(min(inputs, hidden, outputs) + 1):
            expected = singular.reduced_rank_regression(inputs, hidden, outputs, rank)
            found = singular.deep_linear_network([inputs, hidden, outputs], rank)
            assert found == expected, (inputs, hidden, outputs, rank)


def test_full_rank_is_half_the_dimension_of_the_matrices():
    """Where the truth has as high a rank as the narrowest layer allows, the model is regular
    across the manifold of equal products."""
    for widths in product(range(1, 5), repeat=4):
        rank = min(widths)
        dimension = rank * (widths[0] + widths[-1] - rank)
        found = singular.deep_linear_network(widths, rank)
        if rank in (widths[0], widths[-1]) or list(widths).count(rank) == 1:
            assert found.value == Fraction(dimension, 2), widths


@pytest.mark.parametrize("widths", [(2, 3, 4), (2, 2, 5, 3), (1, 2, 3, 4, 5)])
def test_order_of_layers_does_not_matter_at_rank_zero(widths):
    found = {singular.deep_linear_network(order, 0) for order in permutations(widths)}
    assert len(found) == 1


@pytest.mark.parametrize("depth", range(1, 6))
def test_single_units_are_a_monomial(depth):
    """A product of `depth` scalars that has to vanish."""
    found = singular.deep_linear_network([1] * (depth + 1), 0)
    assert found == singular.monomial([1] * depth)


@pytest.mark.parametrize(
    ("widths", "rank", "value", "multiplicity"),
    [
        ((10, 8, 6, 10), 3, Fraction(33), 3),
        ((5, 5, 5, 5), 2, Fraction(11), 1),
        ((3, 4, 5, 3), 1, Fraction(9, 2), 2),
        ((2, 2, 2, 2), 0, Fraction(3, 2), 3),
        ((2, 2, 2, 2), 1, Fraction(2), 3),
    ],
)
def test_published_examples(widths, rank, value, multiplicity):
    found = singular.deep_linear_network(widths, rank)
    assert (found.value, found.multiplicity) == (value, multiplicity)


@pytest.mark.parametrize(("outputs", "rate"), [(2, 1.0), (3, 1.0)])
def test_exact_quadrature_tends_to_the_coefficient(outputs, rate):
    """Deviations fall as one over the logarithm times (multiplicity - 1), faster without."""
    scales = np.array([1e6, 1e9, 1e12])
    coefficient = singular.reduced_rank_regression(2, 2, outputs, 0)
    found = [
        singular.rank_zero_regression_coefficient(s, inputs=2, hidden=2, outputs=outputs, nodes=900)
        for s in scales
    ]
    predicted = singular.asymptotic_coefficient(coefficient, scales)
    deviations = np.abs(found - predicted) * np.log(scales)
    assert np.all(np.diff(deviations) < 0) and deviations[-1] < 0.2 * rate


def test_a_rank_family_is_a_case_of_it():
    for rank in range(1, 6):
        expected = float(singular.reduced_rank_regression(5, rank, 5, rank))
        assert singular.low_rank_coefficient(rank, dimension=5) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: singular.reduced_rank_regression(2, 0, 2, 0), "widths must be at least 1"),
        (lambda: singular.reduced_rank_regression(2, 2, 2, 3), "smallest width, 2, got 3"),
        (lambda: singular.deep_linear_network([3], 0), r"inputs and outputs, got \[3\]"),
        (lambda: singular.deep_linear_network([3, 2], -1), "between 0 and the smallest width"),
        (lambda: singular.low_rank_coefficient(0, dimension=3), "between 1 and 3, got 0"),
    ],
)
def test_bad_widths_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Small nonlinear models, against resolution, marginalization and ranks of Jacobians."""

import numpy as np
import pytest
import sympy as sp

from groktheory.theory import singular


def test_mixtures_by_resolution():
    a, b, c = sp.symbols("a b c")
    one = singular.real_log_canonical_threshold([a * b, a * b**2]).coefficient
    both = singular.real_log_canonical_threshold(
        [a * b + (1 - a) * c, a * b**2 + (1 - a) * c**2, a * b**3 + (1 - a) * c**3]
    ).coefficient
    assert singular.normal_mixture("one free") == one
    assert singular.normal_mixture("both free") == both


def test_one_tanh_unit_is_a_product():
    assert singular.tanh_units(1) == singular.monomial((1, 1))


def test_two_tanh_units_by_resolution():
    """Powers of the Taylor series that generate the ideal: sums of a b^(2k+1)."""
    a, b, c, d = sp.symbols("a b c d")
    generators = [a * b**k + c * d**k for k in (1, 3)]
    assert singular.tanh_units(2) == singular.real_log_canonical_threshold(generators).coefficient


def test_two_tanh_units_by_marginalization():
    """The coefficient at a scale approaches the limit, faster than any multiplicity allows."""
    scales = [1e8, 1e10, 1e12]
    found = np.array([singular.tanh_pair_coefficient(s) for s in scales])
    excess = found - float(singular.tanh_units(2))
    assert np.all(excess > 0) and excess[-1] < 0.003
    assert np.all(excess[1:] / excess[:-1] < 0.5)  # as one over a power, not over a logarithm


def test_squares_have_the_rank_of_their_jacobian():
    """Jacobian of all quadratic forms by the weights, at random points."""
    rng = np.random.default_rng(0)
    for inputs, hidden, outputs in [(2, 1, 1), (3, 2, 2), (3, 9, 2), (4, 3, 1), (2, 5, 3)]:
        first, second = rng.normal(size=(hidden, inputs)), rng.normal(size=(outputs, hidden))
        columns = []
        for unit in range(hidden):
            for output in range(outputs):
                forms = np.zeros((outputs, inputs, inputs))
                forms[output] = np.outer(first[unit], first[unit])
                columns.append(forms.ravel())
            for entry in range(inputs):
                direction = np.eye(inputs)[entry]
                mixed = np.outer(direction, first[unit]) + np.outer(first[unit], direction)
                columns.append((second[:, unit, None, None] * mixed).ravel())
        rank = np.linalg.matrix_rank(np.array(columns))
        assert singular.quadratic_network(inputs, hidden, outputs) * 2 == rank


def test_frozen_features_are_a_linear_model():
    assert singular.frozen_quadratic_network(5, 3, 9) == singular.regular(15).value
    assert singular.frozen_quadratic_network(9, 3, 5) == singular.regular(15).value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: singular.tanh_units(0), "hidden must be at least 1, got 0"),
        (
            lambda: singular.normal_mixture("none"),  # pyright: ignore[reportArgumentType]
            "components must be one of",
        ),
        (lambda: singular.quadratic_network(2, 0, 2), "hidden must be at least 1, got 0"),
        (lambda: singular.frozen_quadratic_network(2, 2, 0), "span must be at least 1, got 0"),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from groktheory.theory.li2 import memorization

ACTIVATIONS = {
    "relu": lambda x: x,
    "silu": lambda x: x * expit(x),
    "tanh": np.tanh,
    "sigmoid": expit,
    "square": np.square,
    "cube": lambda x: x**3,
}
DISTRIBUTIONS = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=6).map(
    lambda weights: np.array(weights) / sum(weights)
)


def numeric_maximum(activation, probabilities):
    """Best value over several constrained ascents, including one from each corner."""
    size = len(probabilities)
    starts = [*(np.sqrt(2) * 0.99 * np.eye(size) + 1e-3), np.full(size, np.sqrt(2 / size) * 0.9)]
    solutions = [
        minimize(
            lambda s: -probabilities @ activation(s),
            start,
            bounds=[(0, None)] * size,
            constraints={"type": "ineq", "fun": lambda s: 2 - s @ s},
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 500},
        )
        for start in starts
    ]
    return min(solutions, key=lambda solution: solution.fun).x


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("probabilities", [[0.4, 0.3, 0.2, 0.1], [0.7, 0.05, 0.25]])
def test_shape_is_the_constrained_maximum(name, probabilities):
    probabilities = np.array(probabilities)
    found = memorization.memorized_shape(name, probabilities)
    expected = numeric_maximum(ACTIVATIONS[name], probabilities)
    np.testing.assert_allclose(found, expected, atol=2e-4)


@given(name=st.sampled_from(list(ACTIVATIONS)), probabilities=DISTRIBUTIONS)
def test_shape_uses_the_whole_norm_and_follows_the_order_of_the_probabilities(name, probabilities):
    shape = memorization.memorized_shape(name, probabilities)
    assert shape @ shape == pytest.approx(2, abs=1e-12)
    order = np.argsort(probabilities)
    if name not in ("square", "cube"):
        assert np.all(np.diff(shape[order]) >= -1e-9)
    else:
        assert shape[np.argmax(probabilities)] == pytest.approx(np.sqrt(2))


@given(probabilities=DISTRIBUTIONS)
def test_relu_stores_pairs_in_proportion_to_their_probabilities(probabilities):
    expected = np.sqrt(2) * probabilities / np.linalg.norm(probabilities)
    np.testing.assert_allclose(
        memorization.memorized_shape("relu", probabilities), expected, atol=1e-9
    )
    np.testing.assert_allclose(
        memorization.monomial_shape(1.0, probabilities), expected, atol=1e-12
    )


@pytest.mark.parametrize("exponent", [0.5, 1.3, 1.9, 2.0, 3.0])
def test_monomial_shape_agrees_with_the_general_one(exponent):
    probabilities = np.array([0.3, 0.5, 0.2])
    general = memorization.memorized_shape(lambda x: x ** (exponent - 1), probabilities)
    found = memorization.monomial_shape(exponent, probabilities)
    np.testing.assert_allclose(found, general, atol=1e-8)


def test_activation_with_a_finite_ratio_at_zero_forgets_unlikely_pairs():
    # log cosh: the ratio tanh(x)/x falls from a finite value, so that small p get nothing.
    probabilities = np.array([0.55, 0.4, 0.05])
    found = memorization.memorized_shape(np.tanh, probabilities)
    expected = numeric_maximum(lambda s: np.log(np.cosh(s)), probabilities)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found[2] == 0


def test_pairs_that_never_occur_are_not_stored():
    found = memorization.memorized_shape("silu", np.array([0.0, 0.6, 0.4]))
    assert found[0] == 0
    expected = memorization.memorized_shape("silu", np.array([0.6, 0.4]))
    np.testing.assert_allclose(found[1:], expected, atol=1e-12)


def test_kinds():
    kinds = {
        name: memorization.memorization_kind(name) for name in get_args(memorization.Activation)
    }
    assert [name for name, kind in kinds.items() if kind == "focused"] == ["square", "cube"]
    assert "neither" not in kinds.values()
    assert memorization.memorization_kind(lambda x: 1 + x**3) == "neither"


def test_node_realizes_the_shape_on_the_pairs_of_its_target():
    rotation, flip = np.arange(6) % 3, np.arange(6) // 3  # the symmetric group on three letters
    product = (rotation[:, None] + (1 - 2 * flip[:, None]) * rotation) % 3
    table = product + 3 * ((flip[:, None] + flip) % 2)
    shape = memorization.memorized_shape("silu", np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05]))
    for target in range(6):
        u, v = memorization.memorizing_node(shape, target, table=table)
        assert u @ u + v @ v == pytest.approx(1)
        sums = (u[:, None] + v)[table == target]  # row by row: one partner for every g
        np.testing.assert_allclose(sums, shape, atol=1e-12)


def test_bad_input_is_refused():
    uniform = np.full(4, 0.25)
    with pytest.raises(ValueError, match="activation must be one of .* got 'gelu'"):
        memorization.memorization_kind("gelu")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="derivative of the activation must be positive"):
        memorization.memorization_kind(lambda x: 1 - x)
    with pytest.raises(ValueError, match="neither focused nor spread"):
        memorization.memorized_shape(lambda x: 1 + x**3, uniform)
    with pytest.raises(ValueError, match="nonnegative and sum to 1, got minimum .* and sum 2"):
        memorization.memorized_shape("relu", 2 * uniform)
    with pytest.raises(ValueError, match="exponent must be positive, got 0"):
        memorization.monomial_shape(0.0, uniform)
    table = np.add.outer(np.arange(4), np.arange(4)) % 4
    with pytest.raises(ValueError, match="one entry a group element, got 3 of 4"):
        memorization.memorizing_node(np.ones(3), 0, table=table)
    with pytest.raises(ValueError, match=r"target must lie in \[0, 3\], got 4"):
        memorization.memorizing_node(np.ones(4), 4, table=table)

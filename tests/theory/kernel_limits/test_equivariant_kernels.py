import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory import kernel_limits as kl


def all_triples(modulus):
    return np.array(list(itertools.product(range(modulus), repeat=3)))


def random_coefficients(seed):
    return np.random.default_rng(seed).normal(size=(2, 2, 2))


@given(seed=st.integers(0, 999))
def test_gram_is_the_polynomial_in_the_equalities_and_knows_no_labels(seed):
    rng = np.random.default_rng(seed)
    coefficients = random_coefficients(seed)
    inputs, other = rng.integers(0, 4, (6, 3)), rng.integers(0, 4, (5, 3))
    gram = kl.delta_gram(coefficients, inputs, other)
    for t, u in itertools.product(range(6), range(5)):
        equal = (inputs[t] == other[u]).astype(float)
        expected = sum(
            coefficients[powers] * np.prod(equal ** np.array(powers))
            for powers in itertools.product((0, 1), repeat=3)
        )
        assert math.isclose(gram[t, u], expected, abs_tol=1e-12)
    relabelings = [rng.permutation(4) for _ in range(3)]

    def relabel(triples):
        return np.stack([relabelings[i][triples[:, i]] for i in range(3)], axis=1)

    np.testing.assert_array_equal(
        kl.delta_gram(coefficients, relabel(inputs), relabel(other)), gram
    )


@pytest.mark.parametrize("modulus", [2, 3, 4])
def test_spectrum_is_that_of_the_full_gram(modulus):
    coefficients = random_coefficients(modulus)
    gram = kl.delta_gram(coefficients, all_triples(modulus))
    eigenvalues, multiplicities = kl.delta_spectrum(coefficients, modulus)
    expected = np.sort(np.repeat(eigenvalues.ravel(), multiplicities.ravel()))
    np.testing.assert_allclose(np.linalg.eigvalsh(gram), expected, atol=1e-10)


@given(seed=st.integers(0, 999), modulus=st.integers(2, 60))
def test_coefficients_invert_the_spectrum(seed, modulus):
    eigenvalues = random_coefficients(seed)
    found, _ = kl.delta_spectrum(kl.delta_coefficients(eigenvalues, modulus), modulus)
    np.testing.assert_allclose(found, eigenvalues, atol=1e-10)


def draw(distribution, rng, shape, variance):
    if distribution == "normal":
        return math.sqrt(variance) * rng.normal(size=shape)
    return math.sqrt(3 * variance) * rng.uniform(-1, 1, size=shape)


@pytest.mark.parametrize(("distribution", "kurtosis"), [("normal", 3.0), ("uniform", 1.8)])
def test_expected_kernel_is_the_average_of_the_tangent_kernel(distribution, kurtosis):
    rng = np.random.default_rng(1)
    width = 400_000
    first, second = draw(distribution, rng, (2, 2, width), 0.7)
    readout = draw(distribution, rng, (2, width), 0.4)
    inputs = all_triples(2)
    found = kl.tangent_gram(first, second, readout, inputs) / width
    coefficients = kl.expected_tangent_coefficients(0.7, 0.4, hidden_kurtosis=kurtosis)
    np.testing.assert_allclose(found, kl.delta_gram(coefficients, inputs), rtol=0.03, atol=0.05)


def jacobian(first, second, readout, inputs):
    """Central differences of the outputs in all weights; exact for a cubic up to h^2."""
    weights = np.stack([first, second, readout])

    def outputs(weights):
        q, r, v = weights
        hidden = (q[inputs[:, 0]] + r[inputs[:, 1]]) ** 2
        return np.sum(v[inputs[:, 2]] * hidden, axis=1)

    columns = []
    for index in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[index] = 1e-4
        columns.append((outputs(weights + step) - outputs(weights - step)) / 2e-4)
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("width", [1, 2, 3])
def test_tangent_kernel_and_its_rank_are_those_of_the_jacobian(width):
    q, r, v = np.random.default_rng(width).normal(size=(3, 4, width))
    inputs = all_triples(4)
    gram = kl.tangent_gram(q, r, v, inputs, inputs[:9])
    gradients = jacobian(q, r, v, inputs)
    np.testing.assert_allclose(gram, gradients @ gradients[:9].T, atol=1e-6)
    exact = kl.tangent_gram(q, r, v, inputs)
    assert np.linalg.matrix_rank(exact, tol=1e-9) == kl.tangent_rank(4, width) == 10 * width


def test_rank_saturates_at_the_number_of_triples():
    assert kl.tangent_rank(3, 100) == 27


def test_expected_kernel_is_bounded_below_by_its_triple_coefficient():
    rng = np.random.default_rng(2)
    coefficients = kl.expected_tangent_coefficients(0.5, 0.3, hidden_kurtosis=1.8)
    inputs = all_triples(5)[rng.permutation(125)[:60]]
    smallest = np.linalg.eigvalsh(kl.delta_gram(coefficients, inputs))[0]
    floor = kl.kernel_floor(0.5, 0.3)
    assert floor <= smallest + 1e-12
    assert floor > 4 * 0.5**2
    eigenvalues, _ = kl.delta_spectrum(coefficients, 5)
    assert math.isclose(eigenvalues.min(), 0, abs_tol=1e-12) or eigenvalues.min() >= floor - 1e-12


def test_interpolation_width_of_uniform_and_of_bounded_weights():
    uniform = kl.interpolation_width(300, 25, failure_probability=0.05)
    assert math.isclose(uniform, 36 * 25 * math.log(300 / 0.05))
    signs = kl.interpolation_width(300, 25, failure_probability=0.05, bound_over_deviation=1.0)
    assert math.isclose(uniform, 9 * signs)


def test_training_sets_above_the_necessary_width_cannot_all_be_fitted():
    rng = np.random.default_rng(3)
    modulus, width = 5, 4
    q, r, v = rng.normal(size=(3, modulus, width))
    inputs = all_triples(modulus)[rng.permutation(125)]
    for size in (48, 52, 53, 60):  # (3 p - 2) h = 52
        gram = kl.tangent_gram(q, r, v, inputs[:size])
        is_regular = np.linalg.matrix_rank(gram, tol=1e-9) == size
        assert is_regular == (kl.necessary_width(size, modulus) <= width)
    assert kl.published_necessary_width(53, modulus) < width < kl.necessary_width(53, modulus)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        kl.delta_spectrum(np.ones((2, 2, 2)), 1)
    with pytest.raises(ValueError, match="modulus must be at least 2, got 0"):
        kl.delta_coefficients(np.ones((2, 2, 2)), 0)
    with pytest.raises(ValueError, match="hidden_variance must be positive, got 0"):
        kl.expected_tangent_coefficients(0.0, 1.0, hidden_kurtosis=3.0)
    with pytest.raises(ValueError, match="readout_variance must be at least 0, got -1"):
        kl.kernel_floor(1.0, -1.0)
    with pytest.raises(ValueError, match="hidden_kurtosis must be at least 1, got 0.5; Gaussian"):
        kl.expected_tangent_coefficients(1.0, 1.0, hidden_kurtosis=0.5)
    with pytest.raises(ValueError, match=r"largest_class must lie in \[1, 5\], got 6"):
        kl.interpolation_width(5, 6, failure_probability=0.1)
    with pytest.raises(ValueError, match=r"failure_probability must lie in \(0, 1\), got 1"):
        kl.interpolation_width(5, 5, failure_probability=1.0)
    with pytest.raises(ValueError, match="bound_over_deviation must be at least 1, got 0.5"):
        kl.interpolation_width(5, 5, failure_probability=0.1, bound_over_deviation=0.5)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        kl.tangent_rank(5, 0)

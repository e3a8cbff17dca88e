import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory import kernel_limits as kl


def enumerated_second_moment(modulus, num_inputs):
    """Average over all permutations of every coordinate."""
    points = np.array(list(itertools.product(range(modulus), repeat=num_inputs)))
    permutations = np.array(list(itertools.permutations(range(modulus))))
    total, count = np.zeros((len(points), len(points))), 0
    for chosen in itertools.product(permutations, repeat=num_inputs):
        labels = sum(chosen[i][points[:, i]] for i in range(num_inputs))
        task = (labels % modulus == 0).astype(float)
        total += np.outer(task, task)
        count += 1
    return points, total / count


@pytest.mark.parametrize(("modulus", "num_inputs"), [(2, 2), (2, 4), (3, 2), (3, 3), (4, 2)])
def test_second_moment_and_spectrum_by_enumeration(modulus, num_inputs):
    points, moment = enumerated_second_moment(modulus, num_inputs)
    distances = (points[:, None, :] != points[None, :, :]).sum(axis=-1)
    correlations = kl.relabeled_correlations(modulus, num_inputs=num_inputs)
    np.testing.assert_allclose(moment, correlations[distances], atol=1e-12)
    eigenvalues, multiplicities = kl.correlation_spectrum(modulus, num_inputs=num_inputs)
    expected = np.sort(np.repeat(eigenvalues, multiplicities))
    np.testing.assert_allclose(np.linalg.eigvalsh(moment), expected, atol=1e-12)


@given(modulus=st.integers(2, 30), num_inputs=st.integers(2, 5))
def test_spectrum_fills_the_space_and_its_trace(modulus, num_inputs):
    eigenvalues, multiplicities = kl.correlation_spectrum(modulus, num_inputs=num_inputs)
    assert multiplicities.sum() == modulus**num_inputs
    trace = float(eigenvalues @ multiplicities)
    assert math.isclose(trace, modulus ** (num_inputs - 1), rel_tol=1e-12)


@pytest.mark.parametrize(("modulus", "num_inputs"), [(2, 3), (3, 3), (5, 2), (4, 4)])
def test_loss_bound_is_the_sum_of_the_small_eigenvalues(modulus, num_inputs):
    eigenvalues, multiplicities = kl.correlation_spectrum(modulus, num_inputs=num_inputs)
    spectrum = np.repeat(eigenvalues, multiplicities)
    sizes = np.arange(modulus**num_inputs + 2)
    expected = [kl.uncaptured_fraction(spectrum, int(n)) for n in sizes]
    bound = kl.kernel_loss_bound(sizes, modulus, num_inputs=num_inputs)
    np.testing.assert_allclose(bound, expected, atol=1e-12)
    published = kl.published_kernel_loss_bound(sizes, modulus, num_inputs=num_inputs)
    assert np.all(published <= bound + 1e-12)


def test_no_set_of_functions_beats_the_bound_and_leading_ones_attain_it():
    modulus = 3
    _, moment = enumerated_second_moment(modulus, 3)
    rng = np.random.default_rng(0)

    def missed(functions):
        basis = np.linalg.qr(functions)[0]
        return 1 - np.trace(basis.T @ moment @ basis) / np.trace(moment)

    leading = np.linalg.eigh(moment)[1][:, ::-1]
    for size in (1, 4, 9):
        bound = float(kl.kernel_loss_bound(size, modulus))
        assert missed(rng.normal(size=(27, size))) > bound + 1e-3
        assert math.isclose(missed(leading[:, :size]), bound, abs_tol=1e-12)


def test_rounded_form_is_close_for_large_moduli():
    sizes = np.linspace(0, 0.9 * 97**3, 5).astype(int)
    exact = kl.kernel_loss_bound(sizes[1:], 97)
    rounded = kl.published_kernel_loss_bound(sizes[1:], 97)
    np.testing.assert_allclose(exact, rounded, atol=2e-4)


def test_a_pair_counts_for_p_triples():
    sizes = np.array([1, 30, 60])
    np.testing.assert_array_equal(
        kl.classification_loss_bound(sizes, 11), kl.kernel_loss_bound(11 * sizes, 11)
    )
    expected = 1 - 1 / 11 - sizes / 121 * math.exp(2 / 10)
    np.testing.assert_allclose(kl.published_classification_loss_bound(sizes, 11), expected)


@pytest.mark.parametrize("modulus", [5, 11, 97])
def test_half_of_the_loss_remains_at_half_loss_samples(modulus):
    samples = kl.half_loss_samples(modulus)
    low, high = math.floor(samples) - 1, math.ceil(samples) + 1
    assert kl.kernel_loss_bound(low, modulus) >= 0.5 > kl.kernel_loss_bound(high, modulus)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        kl.relabeled_correlations(1)
    with pytest.raises(ValueError, match="num_inputs must be at least 2, got 1; a sample"):
        kl.correlation_spectrum(5, num_inputs=1)
    with pytest.raises(ValueError, match="num_samples must be at least 0, got -1"):
        kl.kernel_loss_bound(-1, 5)
    with pytest.raises(ValueError, match="num_functions must be at least 0, got -1"):
        kl.uncaptured_fraction(np.ones(2), -1)
    with pytest.raises(ValueError, match="eigenvalues must be >= 0 .* got a smallest one of -1"):
        kl.uncaptured_fraction(np.array([-1.0, 2.0]), 0)

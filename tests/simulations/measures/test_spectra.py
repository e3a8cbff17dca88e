import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.simulations import measures
from groktheory.simulations.tasks import group


def weights(modulus, seed=0, nodes=5):
    return np.random.default_rng(seed).normal(size=(2, modulus, nodes)).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 14), st.integers(0, 1000))
def test_powers_add_up_to_the_norm_about_the_mean(modulus, seed):
    w = weights(modulus, seed)
    about_mean = ((w - w.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1))
    np.testing.assert_allclose(measures.fourier_power(w).sum(axis=1), about_mean, rtol=1e-5)


@pytest.mark.parametrize("modulus", [7, 8])
def test_a_pure_wave_has_one_frequency(modulus):
    frequencies = np.arange(1, modulus // 2 + 1)
    x = np.arange(modulus)[:, None]
    phases = np.where(2 * frequencies == modulus, 0.0, 0.7 * frequencies)
    waves = 3 * np.cos(2 * np.pi * frequencies * x / modulus + phases)
    np.testing.assert_allclose(measures.spectral_shares(waves), np.eye(len(frequencies)), atol=1e-5)
    assert np.array_equal(measures.dominant_frequency(waves), frequencies)
    np.testing.assert_allclose(measures.inverse_participation_ratio(waves), 1, rtol=1e-5)


def test_participation_counts_frequencies():
    x = 2 * np.pi * np.arange(11)[:, None] / 11
    two = np.cos(x) + np.sin(3 * x)
    np.testing.assert_allclose(1 / measures.inverse_participation_ratio(two), 2, rtol=1e-5)
    delta = np.eye(11)[:, :1]
    np.testing.assert_allclose(1 / measures.inverse_participation_ratio(delta), 5, rtol=1e-5)


def test_nodes_without_features():
    constant = 0.3 * np.ones((2, 5, 1))
    assert measures.inverse_participation_ratio(constant) == 0
    np.testing.assert_allclose(measures.spectral_shares(constant), 0, atol=1e-6)
    dead = np.zeros((2, 5, 1))
    assert np.isfinite(measures.spectral_shares(dead)).all()
    assert measures.inverse_participation_ratio(dead) == 0


def test_irrep_power_of_a_cyclic_group_is_fourier_power():
    k = np.arange(7)
    characters = np.exp(2j * np.pi * np.outer(k, k) / 7)
    w = weights(7)
    power = np.asarray(measures.irrep_power(w, table=group("Z7").table, characters=characters))
    expected = power[:, 1:4] + power[:, :3:-1]
    np.testing.assert_allclose(measures.fourier_power(w), expected, rtol=1e-4)


# Characters of S3 by the cycle type of its elements 012, 021, 102, 120, 201, 210.
S3_CHARACTERS = np.array([[1, 1, 1, 1, 1, 1], [1, -1, -1, 1, 1, -1], [2, 0, 0, -1, -1, 0]]) * 1.0


def test_irrep_power_of_the_symmetric_group():
    g = group("S3")
    w = weights(6)
    power = measures.irrep_power(w, table=g.table, characters=S3_CHARACTERS)
    np.testing.assert_allclose(power.sum(axis=1), (w**2).sum(axis=(0, 1)), rtol=1e-5)
    sign = S3_CHARACTERS[1][:, None]
    # A matrix element of the two-dimensional irrep: rotations and reflections of the triangle.
    standard = np.array([np.eye(3)[list(map(int, label))][0, 0] - 1 / 3 for label in g.labels])
    pure = np.concatenate([sign, standard[:, None]], axis=1)
    power = measures.irrep_power(pure, table=g.table, characters=S3_CHARACTERS)
    np.testing.assert_allclose(power, [[0, 6, 0], [0, 0, (standard**2).sum()]], atol=1e-5)


def test_wrong_group():
    with pytest.raises(ValueError, match=r"must have 7 group elements .* got shapes \(2, 6, 5\)"):
        measures.irrep_power(weights(6), table=group("Z7").table, characters=S3_CHARACTERS)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.li2 import (
    four_node_network,
    monomial_potentials,
    spectral_loss,
    spectral_residual,
)


def direct_residual(u, v, readout):
    """Centered labels minus centered outputs, [x, y, z], from the network itself."""
    modulus = u.shape[1]
    x, y, z = np.indices((modulus,) * 3)
    labels = ((x + y - z) % modulus == 0).astype(float)
    output = np.einsum("jxy,jz->xyz", (u[:, :, None] + v[:, None, :]) ** 2, readout)
    error = labels - output
    return error - error.mean(axis=(0, 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_spectral_loss_is_the_direct_loss(modulus, nodes, seed):
    u, v, readout = np.random.default_rng(seed).normal(size=(3, nodes, modulus))
    expected = (direct_residual(u, v, readout) ** 2).sum()
    np.testing.assert_allclose(spectral_loss(u, v, readout), expected, rtol=1e-12, atol=1e-20)


@pytest.mark.parametrize("modulus", [6, 7])
def test_spectral_residual_is_the_transform_of_the_direct_one(modulus):
    u, v, readout = np.random.default_rng(0).normal(size=(3, 4, modulus))
    residual = direct_residual(u, v, readout)
    expected = np.fft.ifft(np.fft.fft2(residual, axes=(0, 1), norm="ortho"), axis=2, norm="ortho")
    np.testing.assert_allclose(spectral_residual(u, v, readout), expected, atol=1e-12)


@pytest.mark.parametrize("modulus", [6, 11])
def test_an_exact_network_has_half_a_root_on_the_diagonal_and_nothing_else(modulus):
    u, v, readout = four_node_network(modulus)
    assert spectral_loss(u, v, readout) < 1e-25
    potentials = monomial_potentials(u, v, readout)
    diagonal = np.arange(modulus)
    expected = np.zeros((modulus,) * 3, dtype=complex)
    expected[diagonal, diagonal, diagonal] = np.sqrt(modulus) / 2
    expected[0, 0, :] = potentials[0, 0, :]  # invisible to the centered loss
    np.testing.assert_allclose(potentials, expected, atol=1e-13)


def test_two_of_four_nodes_leave_the_mirror_image():
    # (cos + cos)^2 + (sin - sin)^2 alone gives cos(theta + psi) cos(zeta): half of each of
    # (k, k, k) and (k, k, -k), where only the first is wanted.
    u, v, readout = (part[:2] for part in four_node_network(11))
    potentials = monomial_potentials(u, v, readout)
    np.testing.assert_allclose(potentials[1, 1, [1, 10]], np.sqrt(11) / 4, rtol=1e-12)


def test_refusal():
    with pytest.raises(ValueError, match=r"got \(2, 5\), \(2, 5\), \(5, 2\)"):
        spectral_loss(np.zeros((2, 5)), np.zeros((2, 5)), np.zeros((5, 2)))

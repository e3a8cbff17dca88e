import numpy as np
import pytest

from groktheory.theory.irreps import irreps
from groktheory.theory.li2 import (
    capacity_loss,
    four_node_network,
    full_data_gradient,
    hessian_eigenvalues,
    least_squares_readout,
    published_width,
    random_phase_nodes,
    sample_energy,
    sufficient_width,
)
from groktheory.theory.li2.capacity import RANDOM_PHASE_NODES_PER_FREQUENCY

MODULI = [1, 2, 3, 4, 8, 11, 12]


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


@pytest.mark.parametrize("modulus", MODULI)
def test_four_node_network_adds_exactly(modulus):
    u, v, readout = four_node_network(modulus)
    assert u.shape == v.shape == readout.shape == (sufficient_width(modulus), modulus)
    output = np.einsum("jxy,jz->xyz", (u[:, :, None] + v[:, None, :]) ** 2, readout)
    target = np.eye(modulus)[cyclic(modulus)]
    error = output - target
    # Only a constant per class is left over.
    np.testing.assert_allclose(error - error.mean(axis=(0, 1)), 0, atol=1e-14 * modulus)
    loss = least_squares_readout(u, v, cyclic(modulus))[1]
    assert loss < 1e-26


@pytest.mark.parametrize("modulus", MODULI[1:])
def test_every_node_is_a_local_maximum_of_the_energy(modulus):
    table = cyclic(modulus)
    u, v, _ = four_node_network(modulus)
    energy = sample_energy(u, v, table)
    nyquist = np.arange(len(u)) >= 4 * ((modulus - 1) // 2)
    np.testing.assert_allclose(energy, np.where(nyquist, modulus / 2, modulus / 4), rtol=1e-12)
    du, dv = full_data_gradient(u, v, table)
    np.testing.assert_allclose(du, 4 * energy[:, None] * u, atol=1e-12)
    np.testing.assert_allclose(dv, 4 * energy[:, None] * v, atol=1e-12)
    curvatures = np.array([hessian_eigenvalues(a, b, table) for a, b in zip(u, v, strict=True)])
    assert (curvatures < 1e-10).all()


@pytest.mark.parametrize("modulus", [5, 6, 8, 11])
def test_no_node_can_be_spared(modulus):
    u, v, _ = four_node_network(modulus)
    for node in range(len(u)):
        loss = least_squares_readout(
            np.delete(u, node, axis=0), np.delete(v, node, axis=0), cyclic(modulus)
        )[1]
        assert loss > 0.3 / modulus  # of the 1/M that one quadrature is worth


@pytest.mark.parametrize("modulus", [8, 11])
def test_truncated_networks_lie_on_the_capacity_curve(modulus):
    u, v, _ = four_node_network(modulus)
    if modulus % 2 == 0:  # the Nyquist node pays best: spend it first
        u, v = np.roll(u, 1, axis=0), np.roll(v, 1, axis=0)
    for width in range(modulus % 2 == 0, len(u) + 1, 2):
        loss = least_squares_readout(u[:width], v[:width], cyclic(modulus))[1]
        np.testing.assert_allclose(loss, capacity_loss(width, modulus), atol=1e-12)
    assert capacity_loss(len(u) + 3, modulus) == 0


def test_capacity_loss_starts_at_the_label_variance_and_never_rises():
    width = np.linspace(0, 60, 241)
    for modulus in MODULI:
        loss = capacity_loss(width, modulus)
        np.testing.assert_allclose(loss[0], 1 - 1 / modulus)
        assert (np.diff(loss) <= 0).all()
        assert loss[width >= sufficient_width(modulus)].max(initial=0) == 0


@pytest.mark.parametrize("modulus", [7, 11, 13])
def test_random_phases_need_eight_nodes_per_frequency(modulus):
    rng = np.random.default_rng(0)
    losses = {}
    for per_frequency in (7, RANDOM_PHASE_NODES_PER_FREQUENCY):
        u, v = random_phase_nodes(modulus, per_frequency, rng=rng)
        assert u.shape == (per_frequency * (modulus - 1) // 2, modulus)
        np.testing.assert_allclose(sample_energy(u, v, cyclic(modulus)), modulus / 4, rtol=1e-12)
        losses[per_frequency] = least_squares_readout(u, v, cyclic(modulus))[1]
    assert losses[7] > 0.02 and losses[8] < 1e-16


def test_published_width():
    dihedral_3 = np.array(
        [[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4]]
        + [[3, 5, 4, 0, 2, 1], [4, 3, 5, 1, 0, 2], [5, 4, 3, 2, 1, 0]]
    )
    assert published_width(irreps(cyclic(11))) == 20 == sufficient_width(11)
    assert published_width(irreps(dihedral_3)) == 2 * (1 + 4 * 4)


def test_least_squares_readout_on_a_random_network_is_optimal():
    rng = np.random.default_rng(1)
    u, v = rng.normal(size=(2, 6, 5))
    table = cyclic(5)
    readout, loss = least_squares_readout(u, v, table)

    def centered_loss(readout):
        output = np.einsum("jxy,jz->xyz", (u[:, :, None] + v[:, None, :]) ** 2, readout)
        error = np.eye(5)[table] - output
        return ((error - error.mean(axis=(0, 1))) ** 2).sum() / 25

    np.testing.assert_allclose(loss, centered_loss(readout), rtol=1e-12)
    for _ in range(20):
        assert centered_loss(readout + 1e-3 * rng.normal(size=readout.shape)) > loss


def test_refusals():
    with pytest.raises(ValueError, match="modulus must be at least 1, got 0"):
        four_node_network(0)
    with pytest.raises(ValueError, match="width must not be negative, got -2.0"):
        capacity_loss(np.array([1.0, -2.0]), 5)
    with pytest.raises(ValueError, match="nodes_per_frequency must not be negative, got -1"):
        random_phase_nodes(5, -1, rng=np.random.default_rng(0))

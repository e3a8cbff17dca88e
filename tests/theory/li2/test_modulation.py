import numpy as np
import pytest

from groktheory.theory.irreps import irreps
from groktheory.theory.li2 import (
    four_node_network,
    full_data_energy,
    irrep_energies,
    irrep_projector,
    label_energy,
    least_squares_readout,
    local_maxima,
    modulated_energy,
    published_projector,
    residual_fraction,
    residual_labels,
    sample_maximum,
)


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


def dihedral(n):
    """Element (r, s) = rotation^r reflection^s has index r + n s."""
    r, s = np.arange(2 * n) % n, np.arange(2 * n) // n
    rotation = (r[:, None] + np.where(s[:, None] == 0, 1, -1) * r) % n
    return rotation + n * (s[:, None] ^ s)


# Table, indices of the irreps that a network has learned, remaining fraction of the loss.
CASES = {
    "Z11": (cyclic(11), [1, 3], 0.6),
    "S3": (dihedral(3), [2], 0.2),
    "D5": (dihedral(5), [2], 5 / 9),
    "D5 sign": (dihedral(5), [1], 8 / 9),
}


def features(u, v):
    return ((u[:, :, None] + v[:, None, :]) ** 2).reshape(len(u), -1).T


def fitted_residual(table, learned):
    """Residual of the least squares readout from many nodes inside the learned irreps."""
    found = irreps(table)
    rng = np.random.default_rng(0)
    u, v = np.concatenate([sample_maximum(found[k], 80, rng=rng) for k in learned], axis=1)
    readout, loss = least_squares_readout(u, v, table)
    hidden = features(u, v)
    labels = np.eye(len(table))[table.ravel()]
    residual = labels - hidden @ readout
    return residual - residual.mean(axis=0), loss


@pytest.mark.parametrize("name", CASES)
def test_residual_is_what_a_network_of_the_learned_features_leaves(name):
    table, learned, fraction = CASES[name]
    found = irreps(table)
    residual, loss = fitted_residual(table, learned)
    predicted = residual_labels(found, table, learned=learned)
    np.testing.assert_allclose(predicted, residual, atol=1e-9)
    np.testing.assert_allclose(residual_fraction(found, learned=learned), fraction, rtol=1e-12)
    np.testing.assert_allclose(loss / (1 - 1 / len(table)), fraction, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_modulated_energy_is_the_energy_against_that_residual(name):
    table, learned, _ = CASES[name]
    found = irreps(table)
    residual, _ = fitted_residual(table, learned)
    u, v = np.random.default_rng(1).normal(size=(2, 7, len(table)))
    expected = label_energy(features(u, v), residual)
    got = modulated_energy(u, v, found, learned=learned)
    np.testing.assert_allclose(got, expected, rtol=1e-8)
    assert (got < full_data_energy(u, v, table)).all()


def test_four_node_network_of_two_frequencies_leaves_the_predicted_residual():
    u, v, readout = four_node_network(11)
    kept = [0, 1, 2, 3, 8, 9, 10, 11]  # frequencies 1 and 3
    residual = np.eye(11)[cyclic(11).ravel()] - features(u, v)[:, kept] @ readout[kept]
    residual -= residual.mean(axis=0)
    predicted = residual_labels(irreps(cyclic(11)), cyclic(11), learned=[1, 3])
    np.testing.assert_allclose(predicted, residual, atol=1e-13)


@pytest.mark.parametrize("name", ["Z11", "D5"])
def test_ascent_finds_only_missing_features_at_unchanged_heights(name):
    table, learned, _ = CASES[name]
    found = irreps(table)
    order = len(table)
    labels = residual_labels(found, table, learned=learned)
    first, second = (np.eye(order)[index.ravel()] for index in np.indices(table.shape))
    x = np.hstack([first, second])
    gram = labels @ labels.T
    w = np.random.default_rng(2).normal(size=(2 * order, 60))
    for _ in range(4000):
        w /= np.linalg.norm(w, axis=0)
        hidden = x @ w
        w += 0.1 / order * x.T @ (2 * hidden * (gram @ hidden**2))
    w /= np.linalg.norm(w, axis=0)
    u, v = w[:order].T, w[order:].T
    parts = irrep_energies(u, v, found)
    taken = {k for k in range(len(found)) if {k, found[k].conjugate} & set(learned)}
    assert parts[:, sorted(taken)].max() < 1e-6
    heights = np.array([m.energy for m in local_maxima(table) if m.irrep not in taken])
    assert np.abs(parts.sum(axis=1)[:, None] - heights).min(axis=1).max() < 1e-5


@pytest.mark.parametrize("table", [cyclic(6), dihedral(3), dihedral(5)], ids=["Z6", "S3", "D5"])
def test_projectors_resolve_the_identity(table):
    found = irreps(table)
    projectors = np.array([irrep_projector(irrep, table) for irrep in found])
    np.testing.assert_allclose(projectors.sum(axis=0), np.eye(len(table)), atol=1e-12)
    products = projectors[:, None] @ projectors[None]
    expected = np.einsum("ij,ikl->ijkl", np.eye(len(found)), projectors)
    np.testing.assert_allclose(products, expected, atol=1e-12)
    np.testing.assert_allclose(projectors, projectors.conj().transpose(0, 2, 1), atol=1e-12)
    ranks = np.linalg.matrix_rank(projectors, tol=1e-8)
    np.testing.assert_array_equal(ranks, [irrep.dimension**2 for irrep in found])


def test_published_projector_holds_in_dimension_one_only():
    table = dihedral(5)
    for irrep in irreps(table):
        right, printed = irrep_projector(irrep, table), published_projector(irrep)
        if irrep.dimension == 1:
            np.testing.assert_allclose(printed, right, atol=1e-12)
        else:
            assert np.linalg.matrix_rank(printed, tol=1e-8) == 1
            assert np.abs(printed @ printed - printed).max() > 0.1
    for irrep in irreps(cyclic(7)):
        np.testing.assert_allclose(
            published_projector(irrep), irrep_projector(irrep, cyclic(7)), atol=1e-12
        )


def test_nothing_and_everything_learned():
    table = dihedral(3)
    found = irreps(table)
    u, v = np.random.default_rng(3).normal(size=(2, 4, 6))
    plain = modulated_energy(u, v, found, learned=[])
    np.testing.assert_allclose(plain, full_data_energy(u, v, table), rtol=1e-12)
    labels = residual_labels(found, table, learned=[])
    np.testing.assert_allclose(labels, np.eye(6)[table.ravel()] - 1 / 6, atol=1e-12)
    assert residual_fraction(found, learned=[]) == 1
    assert residual_fraction(found, learned=range(3)) == 0
    assert not modulated_energy(u, v, found, learned=range(3)).any()


def test_conjugates_are_learned_together():
    found = irreps(cyclic(7))
    assert residual_fraction(found, learned=[1]) == residual_fraction(found, learned=[1, 6])


def test_refusal():
    with pytest.raises(ValueError, match=r"indices of irreps, 0..6, got 7"):
        residual_fraction(irreps(cyclic(7)), learned=[7])

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.irreps import (
    conjugacy_classes,
    group_fourier_transform,
    identity,
    inverses,
    irreps,
    validate_table,
)


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


def direct_product(first, second):
    combined = first[:, None, :, None] * len(second) + second[None, :, None, :]
    return combined.reshape(len(first) * len(second), -1)


def permutation_group(*generators):
    """Cayley table of the permutations generated, by closure."""
    elements = [tuple(range(len(generators[0])))]
    seen = set(elements)
    for element in elements:
        for generator in generators:
            product = tuple(element[i] for i in generator)
            if product not in seen:
                seen.add(product)
                elements.append(product)
    elements.sort()
    index = {element: i for i, element in enumerate(elements)}
    return np.array([[index[tuple(g[i] for i in h)] for h in elements] for g in elements])


def quaternion_group():
    """Cayley table of {1, -1, i, -i, j, -j, k, -k} in this order, from 2x2 matrices."""
    units = [np.eye(2), [[1j, 0], [0, -1j]], [[0, 1], [-1, 0]], [[0, 1j], [1j, 0]]]
    elements = np.array([sign * np.array(unit) for unit in units for sign in (1, -1)])
    products = elements[:, None] @ elements[None]
    distance = np.abs(products[:, :, None] - elements).sum(axis=(-1, -2))
    return distance.argmin(axis=-1)


GROUPS = {
    "Z1": (cyclic(1), [(1, 1)]),
    "Z2": (cyclic(2), [(1, 1)] * 2),
    "Z5": (cyclic(5), [(1, 0)] * 4 + [(1, 1)]),
    "Z128": (cyclic(128), [(1, 0)] * 126 + [(1, 1)] * 2),
    "S3": (permutation_group((1, 0, 2), (1, 2, 0)), [(1, 1), (1, 1), (2, 1)]),
    "Q8": (quaternion_group(), [(1, 1)] * 4 + [(2, -1)]),
    "Q8 x S3": (
        direct_product(quaternion_group(), permutation_group((1, 0, 2), (1, 2, 0))),
        [(1, 1)] * 8 + [(2, -1)] * 2 + [(2, 1)] * 4 + [(4, -1)],
    ),
    "F21": (
        permutation_group((1, 2, 3, 4, 5, 6, 0), (0, 2, 4, 6, 1, 3, 5)),
        [(1, 0)] * 2 + [(1, 1)] + [(3, 0)] * 2,
    ),
    "A5": (
        permutation_group((1, 2, 0, 3, 4), (1, 2, 3, 4, 0)),
        [(1, 1), (3, 1), (3, 1), (4, 1), (5, 1)],
    ),
    "S5": (
        permutation_group((1, 0, 2, 3, 4), (1, 2, 3, 4, 0)),
        [(1, 1), (1, 1), (4, 1), (4, 1), (5, 1), (5, 1), (6, 1)],
    ),
    "D60": (
        permutation_group(
            tuple((i + 1) % 60 for i in range(60)), tuple(-i % 60 for i in range(60))
        ),
        [(1, 1)] * 4 + [(2, 1)] * 29,
    ),
}


def assert_complete_irreps(table, found):
    order = len(table)
    assert sum(irrep.dimension**2 for irrep in found) == order
    assert len(found) == len(conjugacy_classes(table))
    characters = np.array([irrep.character for irrep in found])
    np.testing.assert_allclose(
        characters @ characters.conj().T / order, np.eye(len(found)), atol=1e-12
    )
    for irrep in found:
        rho = irrep.matrices
        np.testing.assert_allclose(rho[table], rho[:, None] @ rho[None], atol=1e-12)
        np.testing.assert_allclose(
            rho @ rho.conj().transpose(0, 2, 1),
            np.broadcast_to(np.eye(irrep.dimension), rho.shape),
            atol=1e-12,
        )


@pytest.mark.parametrize("name", GROUPS)
def test_irreps_are_complete_with_the_known_dimensions_and_types(name):
    table, expected = GROUPS[name]
    found = irreps(table)
    assert_complete_irreps(table, found)
    assert sorted((r.dimension, r.frobenius_schur) for r in found) == sorted(expected)
    assert found[0].is_trivial and not any(r.is_trivial for r in found[1:])
    assert [r.dimension for r in found] == sorted(r.dimension for r in found)
    for r in found:
        np.testing.assert_array_equal(found[r.conjugate].character, r.character.conj())
        if r.kind == "complex":
            np.testing.assert_array_equal(found[r.conjugate].matrices, r.matrices.conj())
        if r.kind == "real":
            assert not np.imag(r.matrices).any()


def test_cyclic_irreps_are_in_frequency_order():
    phase = np.exp(2j * np.pi * np.outer(np.arange(12), np.arange(12)) / 12)
    characters = [irrep.character for irrep in irreps(cyclic(12))]
    np.testing.assert_allclose(characters, phase, atol=1e-13)


def test_irreps_are_deterministic():
    table = GROUPS["A5"][0]
    for first, second in zip(irreps(table), irreps(table), strict=True):
        np.testing.assert_array_equal(first.matrices, second.matrices)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(2, 6), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_relabeled_products_of_cyclic_groups(orders, random):
    table = cyclic(1)
    for order in orders:
        table = direct_product(table, cyclic(order))
    if len(table) > 100:
        table = cyclic(orders[0])
    labels = list(range(len(table)))
    random.shuffle(labels)
    position = np.argsort(labels)
    relabeled = np.array(labels)[table[np.ix_(position, position)]]
    found = irreps(relabeled)
    assert_complete_irreps(relabeled, found)
    # Real characters of an Abelian group are the homomorphisms to {1, -1}: as many as involutions.
    involutions = (np.diagonal(relabeled) == identity(relabeled)).sum()
    assert sum(irrep.kind == "real" for irrep in found) == involutions


@pytest.mark.parametrize("name", ["Z5", "Q8", "F21", "S5"])
def test_plancherel_and_convolution_theorem(name):
    table = GROUPS[name][0]
    found = irreps(table)
    order = len(table)
    rng = np.random.default_rng(0)
    f, k = rng.normal(size=(2, 3, order))
    f_hat, k_hat = group_fourier_transform(f, found), group_fourier_transform(k, found)
    inner = sum(
        r.dimension / order * np.einsum("nab,nab->n", a, b.conj())
        for r, a, b in zip(found, f_hat, k_hat, strict=True)
    )
    np.testing.assert_allclose(inner, (f * k).sum(axis=1), atol=1e-12)
    convolution = np.zeros((3, order))
    for g in range(order):
        for h in range(order):
            convolution[:, table[g, h]] += f[:, g] * k[:, h]
    for a, b, c in zip(f_hat, k_hat, group_fourier_transform(convolution, found), strict=True):
        np.testing.assert_allclose(a @ b, c, atol=1e-11)


def test_frobenius_schur_counts_square_roots_of_the_identity():
    for table, _ in GROUPS.values():
        roots = (np.diagonal(table) == identity(table)).sum()
        assert sum(r.frobenius_schur * r.dimension for r in irreps(table)) == roots


def test_conjugacy_classes_of_the_symmetric_group_are_its_cycle_types():
    sizes = sorted(len(c) for c in conjugacy_classes(GROUPS["S5"][0]))
    assert sizes == [1, 10, 15, 20, 20, 24, 30]


def test_inverses_whatever_the_label_of_the_identity():
    table = (cyclic(5) - 3) % 5  # identity 3
    assert identity(table) == 3
    np.testing.assert_array_equal(table[np.arange(5), inverses(table)], 3)


def test_validate_table_names_the_broken_axiom():
    with pytest.raises(TypeError, match="integer element indices, got dtype float64"):
        validate_table(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"square and not empty, got shape \(2, 3\)"):
        validate_table(np.zeros((2, 3), dtype=int))
    with pytest.raises(ValueError, match=r"not closed: table\[1, 1\] = 7 lies outside 0..1"):
        validate_table(np.array([[0, 1], [1, 7]]))
    with pytest.raises(ValueError, match="no identity"):
        validate_table(np.array([[1, 1], [0, 0]]))
    with pytest.raises(ValueError, match="not a Latin square: row 1 repeats an element"):
        validate_table(np.array([[0, 1], [1, 1]]))
    # The smallest loop that is not a group: a Latin square of order 5 with identity 0.
    loop = np.array(
        [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
    )
    with pytest.raises(ValueError, match=r"not associative: \(1\*1\)\*2 = 2 but 1\*\(1\*2\) = 4"):
        validate_table(loop)
    # Columns can repeat an element where rows do not.
    with pytest.raises(ValueError, match="not a Latin square: column 1 repeats an element"):
        validate_table(np.array([[0, 1, 2], [1, 2, 0], [2, 1, 0]]))


def test_fourier_transform_refuses_functions_on_another_group():
    with pytest.raises(ValueError, match=r"f must have 5 entries on its last axis, got shape \(4"):
        group_fourier_transform(np.zeros(4), irreps(cyclic(5)))

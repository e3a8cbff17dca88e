import numpy as np
import pytest

from groktheory.theory.irreps import irreps
from groktheory.theory.li2 import (
    full_data_gradient,
    hessian_eigenvalues,
    hessian_on_sphere,
    irrep_energies,
    local_maxima,
    sample_energy,
    sample_maximum,
)


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


def direct_product(first, second):
    combined = first[:, None, :, None] * len(second) + second[None, :, None, :]
    return combined.reshape(len(first) * len(second), -1)


def metacyclic(n, m, power, *, twist=0):
    """a^r b^s with a^n = 1, b^m = a^twist, b a b^-1 = a^power; index r + n s."""
    r, s = np.arange(n * m) % n, np.arange(n * m) // n
    rotation = r[:, None] + np.array([pow(power, int(k), n) for k in s])[:, None] * r
    carry = s[:, None] + s
    return (rotation + twist * (carry >= m)) % n + n * (carry % m)


def permutation_group(*generators):
    elements = [tuple(range(len(generators[0])))]
    seen = set(elements)
    for element in elements:
        for generator in generators:
            product = tuple(element[i] for i in generator)
            if product not in seen:
                seen.add(product)
                elements.append(product)
    index = {element: i for i, element in enumerate(elements)}
    return np.array([[index[tuple(g[i] for i in h)] for h in elements] for g in elements])


Q8 = metacyclic(4, 2, 3, twist=2)
S3 = metacyclic(3, 2, 2)
# Table, and the energies and flat directions of the maxima as known independently: distinct
# endpoints of long projected ascents and numerical Hessians there.
GROUPS = {
    "Z7": (cyclic(7), {(1.75, 2)}),
    "Z6": (cyclic(6), {(1.5, 2), (3.0, 0)}),
    "Z2^3": (direct_product(cyclic(2), direct_product(cyclic(2), cyclic(2))), {(4.0, 0)}),
    "S3": (S3, {(3.0, 0), (1.5, 3)}),
    "D5": (metacyclic(5, 2, 4), {(5.0, 0), (2.5, 3)}),
    "D4": (metacyclic(4, 2, 3), {(4.0, 0), (2.0, 3)}),
    "Q8": (Q8, {(4.0, 0), (1.0, 6)}),
    "A4": (permutation_group((1, 2, 0, 3), (1, 0, 3, 2)), {(3.0, 2), (2.0, 6)}),
    "F21": (metacyclic(7, 3, 2), {(5.25, 2), (1.75, 14)}),
    "S4": (permutation_group((1, 0, 2, 3), (1, 2, 3, 0)), {(12.0, 0), (6.0, 3), (4.0, 6)}),
    "Q8 x S3": (direct_product(Q8, S3), {(24.0, 0), (6.0, 6), (12.0, 3), (3.0, 18)}),
}


@pytest.mark.parametrize("name", GROUPS)
def test_heights_and_flat_directions(name):
    table, expected = GROUPS[name]
    maxima = local_maxima(table)
    assert {(m.energy, m.zero_modes) for m in maxima} == expected
    assert all(m.energy == 4 * m.published_energy for m in maxima)
    assert all(m.is_flat == (m.zero_modes > 0) for m in maxima)
    assert all(m.published_is_flat for m in maxima)


@pytest.mark.parametrize("name", GROUPS)
def test_sampled_maxima_have_that_height_no_slope_and_those_curvatures(name):
    table = GROUPS[name][0]
    found = irreps(table)
    rng = np.random.default_rng(0)
    for m in local_maxima(table):
        u, v = sample_maximum(found[m.irrep], 3, rng=rng)
        np.testing.assert_allclose([(u**2).sum(1), (v**2).sum(1)], 0.5, rtol=1e-12)
        np.testing.assert_allclose(sample_energy(u, v, table), m.energy, rtol=1e-11)
        du, dv = full_data_gradient(u, v, table)
        np.testing.assert_allclose(du, 4 * m.energy * u, atol=1e-9)
        np.testing.assert_allclose(dv, 4 * m.energy * v, atol=1e-9)
        inside = irrep_energies(u, v, found)[:, sorted({m.irrep, m.conjugate})].sum(1)
        np.testing.assert_allclose(inside, m.energy, rtol=1e-11)
        np.testing.assert_allclose(hessian_eigenvalues(u[0], v[0], table), m.curvatures, atol=1e-9)


def test_sampled_maxima_on_a_cyclic_group_have_independent_phases():
    found = irreps(cyclic(7))
    u, v = sample_maximum(found[2], 4000, rng=np.random.default_rng(1))
    phases = np.angle([np.fft.fft(u)[:, 2], np.fft.fft(v)[:, 2]])
    difference, total = phases[0] - phases[1], phases[0] + phases[1]
    # Means of 4000 uniform phases: standard error 0.016, so 5 sigma.
    assert abs(np.exp(1j * difference).mean()) < 0.08
    assert abs(np.exp(1j * total).mean()) < 0.08


@pytest.mark.parametrize("name", ["Z6", "S3", "Q8"])
def test_hessian_is_the_second_derivative_along_great_circles(name):
    table = GROUPS[name][0]
    order = len(table)
    rng = np.random.default_rng(2)
    w, t = rng.normal(size=(2, 2 * order))  # not a critical point: the Riemannian Hessian
    w /= np.linalg.norm(w)
    t -= (t @ w) * w
    t /= np.linalg.norm(t)

    def energy(angle):
        u, v = np.split(np.cos(angle) * w + np.sin(angle) * t, 2)
        return sample_energy(u[None], v[None], table)[0]

    h = 1e-3
    second = (
        -energy(2 * h) + 16 * energy(h) - 30 * energy(0) + 16 * energy(-h) - energy(-2 * h)
    ) / (12 * h**2)
    hessian = hessian_on_sphere(3.7 * w[:order], 3.7 * w[order:], table)
    np.testing.assert_allclose(t @ hessian @ t, second, rtol=1e-6)
    np.testing.assert_allclose(hessian @ w, 0, atol=1e-12)
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    spectrum = np.sort(np.append(hessian_eigenvalues(w[:order], w[order:], table), 0.0))
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), spectrum, atol=1e-11)


@pytest.mark.parametrize(
    ("name", "num_steps"), [("Z7", 3000), ("Z6", 3000), ("S3", 3000), ("Q8", 6000), ("A4", 4000)]
)
def test_projected_ascent_stops_nowhere_else(name, num_steps):
    table = GROUPS[name][0]
    order = len(table)
    w = np.random.default_rng(3).normal(size=(80, 2 * order))
    for _ in range(num_steps):
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        w += 0.1 / order * np.hstack(full_data_gradient(w[:, :order], w[:, order:], table))
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    reached = sample_energy(w[:, :order], w[:, order:], table)
    heights = np.array(sorted({m.energy for m in local_maxima(table)}))
    distance = np.abs(reached[:, None] - heights)
    assert distance.min(axis=1).max() < 1e-6
    assert set(heights[distance.argmin(axis=1)]) == set(heights)  # and everywhere there


def test_trivial_group_has_no_maxima():
    assert local_maxima(cyclic(1)) == ()


def test_refusals():
    table = cyclic(3)
    with pytest.raises(ValueError, match="irrep must be non-trivial"):
        sample_maximum(irreps(table)[0], 1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="u and v must not both vanish"):
        hessian_on_sphere(np.zeros(3), np.zeros(3), table)

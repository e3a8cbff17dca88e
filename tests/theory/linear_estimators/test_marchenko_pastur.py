import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import quad
from scipy.linalg import eigh_tridiagonal

from groktheory.theory import linear_estimators as theory
from groktheory.theory.linear_estimators.marchenko_pastur import quadrature_for_decay

ratios = st.floats(0.02, 30.0)


@given(ratio=ratios)
@settings(max_examples=30, deadline=None)
def test_moments_are_those_of_random_matrices(ratio):
    # Narayana polynomials: traces of powers of a Wishart matrix.
    nodes, weights = theory.spectral_quadrature(ratio, num_nodes=8)
    moments = [1, 1, 1 + ratio, 1 + 3 * ratio + ratio**2]
    found = [weights @ nodes**k for k in range(4)]
    np.testing.assert_allclose(found, moments, rtol=1e-11)


@pytest.mark.parametrize("ratio", [0.1, 0.9, 1.0, 1.001, 1.5])
def test_quadrature_agrees_with_the_integrated_density(ratio):
    lower, upper = theory.spectral_edges(ratio)

    def integrand(value):
        return float(theory.spectral_density(value, aspect_ratio=ratio)) / (1 + value)

    # The square roots at the edges ask for the endpoints to be named.
    integral = quad(integrand, lower, upper, limit=500, points=[lower, upper])[0]
    nodes, weights = theory.spectral_quadrature(ratio)
    expected = integral + theory.zero_mass(ratio)
    np.testing.assert_allclose(weights @ (1 / (1 + nodes)), expected, rtol=1e-5)


@pytest.mark.parametrize("ratio", [0.05, 0.9, 0.9999, 1.0])
def test_nodes_are_the_eigenvalues_of_the_jacobi_matrix(ratio):
    size = 60
    diagonal = np.full(size, 1 + ratio)
    diagonal[0] = 1.0
    nodes, vectors = eigh_tridiagonal(diagonal, np.full(size - 1, np.sqrt(ratio)))
    rule = theory.spectral_quadrature(ratio, num_nodes=size)
    np.testing.assert_allclose(rule.nodes, nodes, atol=1e-13)
    np.testing.assert_allclose(rule.weights, vectors[0] ** 2, atol=1e-13)


def test_inverse_moments_are_exact_below_one():
    nodes, weights = theory.spectral_quadrature(0.9, num_nodes=600)
    np.testing.assert_allclose(weights @ (1 / nodes), 10, rtol=1e-10)
    np.testing.assert_allclose(weights @ (1 / nodes**2), 1000, rtol=1e-10)


def test_eigenvalues_of_data_follow_the_density():
    rng = np.random.default_rng(0)
    data = rng.standard_normal((600, 900))
    eigenvalues = np.linalg.eigvalsh(data.T @ data / 600)
    assert np.mean(eigenvalues < 1e-8) == pytest.approx(theory.zero_mass(1.5), abs=1e-3)
    lower, upper = theory.spectral_edges(1.5)
    edges = np.linspace(lower, upper, 9)
    counts = np.histogram(eigenvalues, edges)[0] / 900
    shares = [
        quad(lambda v: float(theory.spectral_density(v, aspect_ratio=1.5)), a, b)[0]
        for a, b in zip(edges[:-1], edges[1:], strict=True)
    ]
    np.testing.assert_allclose(counts, shares, atol=5e-3)


@pytest.mark.parametrize(("ratio", "rate"), [(0.5, 30.0), (0.999, 1e5), (1.0, 1e6), (3.0, 40.0)])
def test_quadrature_for_decay_has_enough_nodes(ratio, rate):
    nodes, weights = quadrature_for_decay(ratio, rate=rate)
    fine = theory.spectral_quadrature(ratio, num_nodes=4 * len(nodes))
    for q in (0, 1):
        found = weights @ (nodes**q * np.exp(-rate * nodes))
        exact = fine.weights @ (fine.nodes**q * np.exp(-rate * fine.nodes))
        np.testing.assert_allclose(found, exact, rtol=1e-10)


def test_nodes_are_shared_and_cannot_be_changed():
    rule = theory.spectral_quadrature(0.5)
    assert theory.spectral_quadrature(0.5).nodes is rule.nodes
    with pytest.raises(ValueError, match="read-only"):
        rule.nodes[0] = 1.0


@pytest.mark.parametrize(
    "function", [theory.spectral_edges, theory.spectral_quadrature, theory.zero_mass]
)
@pytest.mark.parametrize("ratio", [0.0, -1.0, np.inf, np.nan])
def test_bad_aspect_ratios_are_refused(function, ratio):
    with pytest.raises(ValueError, match="aspect_ratio must be positive and finite, got"):
        function(ratio)


def test_bad_numbers_of_nodes_are_refused():
    with pytest.raises(ValueError, match="num_nodes must be at least 1, got 0"):
        theory.spectral_quadrature(0.5, num_nodes=0)

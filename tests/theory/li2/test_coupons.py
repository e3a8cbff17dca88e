from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory.li2 import coupons

DISTRIBUTIONS = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=7).map(
    lambda weights: np.array(weights) / sum(weights)
)


def inclusion_exclusion(probabilities):
    return sum(
        (-1) ** (size + 1) / sum(subset)
        for size in range(1, len(probabilities) + 1)
        for subset in combinations(probabilities, size)
    )


def collect(strengths, frechet_shape, suppression, rng):
    """Number of nodes until all features are found, by racing Fréchet-distributed starts."""
    found, nodes = np.zeros(len(strengths), dtype=bool), 0
    while not found.all():
        starts = rng.exponential(size=len(strengths)) ** (-1 / frechet_shape)
        found[np.argmax(np.where(found, suppression, 1.0) * strengths * starts)] = True
        nodes += 1
    return nodes


@given(probabilities=DISTRIBUTIONS)
def test_expected_nodes_is_the_inclusion_exclusion_sum(probabilities):
    expected = inclusion_exclusion(list(probabilities))
    assert coupons.expected_nodes(probabilities) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 30, 1000, 1_000_000])
def test_equal_probabilities_give_the_harmonic_number(count):
    exact = count * np.sum(1 / np.arange(1, count + 1))
    assert coupons.harmonic_nodes(count) == pytest.approx(exact, rel=1e-12)
    uniform = np.full(count, 1 / count)
    assert coupons.expected_nodes(uniform) == pytest.approx(exact, rel=1e-9)


def test_many_unequal_features_agree_with_an_independent_quadrature():
    probabilities = np.random.default_rng(0).dirichlet(np.full(2000, 3.0))
    times = np.linspace(0, 60 / probabilities.min(), 20_001)
    missing = [-np.expm1(np.sum(np.log1p(-np.exp(-probabilities * t)))) for t in times[1:]]
    trapezoid = np.trapezoid([1.0, *missing], times)
    assert coupons.expected_nodes(probabilities) == pytest.approx(trapezoid, rel=1e-5)


@pytest.mark.parametrize("frechet_shape", [1.5, 3.0])
@pytest.mark.parametrize("suppression", [1.0, 0.5, 0.0])
def test_monte_carlo_collection(frechet_shape, suppression):
    rng = np.random.default_rng(1)
    strengths = np.linspace(0.5, 1, 6)
    counts = [collect(strengths, frechet_shape, suppression, rng) for _ in range(2000)]
    probabilities = coupons.feature_probabilities(strengths, frechet_shape=frechet_shape)
    expected = coupons.expected_nodes_muon(
        probabilities, frechet_shape=frechet_shape, suppression=suppression
    )
    error = np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - expected) <= 4 * error
    if suppression == 1.0:
        assert expected == pytest.approx(coupons.expected_nodes(probabilities))


def test_winner_frequencies_follow_the_probabilities():
    rng, strengths = np.random.default_rng(2), np.array([0.5, 1.0, 2.0])
    starts = rng.exponential(size=(100_000, 3)) ** (-1 / 1.7)
    frequencies = np.bincount(np.argmax(strengths * starts, axis=1)) / 100_000
    expected = coupons.feature_probabilities(strengths, frechet_shape=1.7)
    np.testing.assert_allclose(frequencies, expected, atol=0.006)


@given(probabilities=DISTRIBUTIONS)
def test_bounds_hold_and_the_published_one_is_weaker(probabilities):
    bound = coupons.expected_nodes_bound(probabilities)
    assert coupons.expected_nodes(probabilities) >= bound * (1 - 1e-9)
    assert coupons.published_expected_nodes_bound(probabilities) <= bound
    published = coupons.published_expected_nodes_bound(probabilities)
    assert published == pytest.approx(1 / probabilities.min())


def test_bound_is_met_for_equal_probabilities_only():
    uniform, tilted = np.full(8, 1 / 8), np.linspace(1, 2, 8) / 12
    bound = coupons.expected_nodes_bound(uniform)
    assert coupons.expected_nodes(uniform) == pytest.approx(bound)
    assert coupons.expected_nodes(tilted) > 1.05 * coupons.expected_nodes_bound(tilted)


def test_bad_input_is_refused():
    uniform = np.full(4, 0.25)
    with pytest.raises(ValueError, match="strengths must be positive, got a minimum of 0"):
        coupons.feature_probabilities(np.array([0.0, 1.0]), frechet_shape=1.0)
    with pytest.raises(ValueError, match="frechet_shape must be positive, got -1"):
        coupons.feature_probabilities(uniform, frechet_shape=-1.0)
    with pytest.raises(ValueError, match="frechet_shape must be positive, got 0"):
        coupons.expected_nodes_muon(uniform, frechet_shape=0.0)
    with pytest.raises(ValueError, match=r"suppression must lie in \[0, 1\], got 2"):
        coupons.expected_nodes_muon(uniform, frechet_shape=1.0, suppression=2.0)
    with pytest.raises(ValueError, match="num_features must be at least 1, got 0"):
        coupons.harmonic_nodes(0)
    for function in (
        coupons.expected_nodes,
        coupons.expected_nodes_bound,
        coupons.published_expected_nodes_bound,
    ):
        with pytest.raises(ValueError, match="positive and sum to 1, got minimum 0 and sum 1"):
            function(np.array([0.0, 1.0]))

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import polar

from groktheory.theory.li2 import muon

SEEDS = st.integers(0, 10_000)
SIZES = st.integers(1, 7)


@given(seed=SEEDS, rows=SIZES, columns=SIZES)
def test_step_along_the_polar_factor_climbs_by_the_nuclear_norm(seed, rows, columns):
    gradient = np.random.default_rng(seed).normal(size=(rows, columns))
    factor = muon.polar_factor(gradient)
    gram = gradient.T @ gradient
    nuclear = np.sum(np.sqrt(np.clip(np.linalg.eigvalsh(gram), 0, None)))
    assert np.sum(factor * gradient) == pytest.approx(nuclear, rel=1e-6)
    assert muon.ascent_rate(gradient) == pytest.approx(nuclear, rel=1e-6)


def test_polar_factor_of_a_regular_and_of_a_singular_matrix():
    gradient = np.random.default_rng(0).normal(size=(5, 3))
    np.testing.assert_allclose(muon.polar_factor(gradient), polar(gradient)[0], atol=1e-12)
    column, row = gradient[:, :1], gradient[:1, :]
    expected = column @ row / (np.linalg.norm(column) * np.linalg.norm(row))
    np.testing.assert_allclose(muon.polar_factor(column @ row), expected, atol=1e-12)
    assert muon.ascent_rate(np.zeros((2, 3))) == 0
    np.testing.assert_array_equal(muon.polar_factor(np.zeros((2, 3))), np.zeros((2, 3)))


@given(seed=SEEDS, size=st.integers(2, 6), scale=st.floats(0.01, 100.0))
def test_suppression_is_what_the_polar_factor_does(seed, size, scale):
    rng = np.random.default_rng(seed)
    found, gradient = scale * rng.normal(size=size), rng.normal(size=size)
    turned = muon.polar_factor(np.stack([found, gradient], axis=1))[:, 1]
    direction = found / np.linalg.norm(found)

    def lean(vector):
        along = vector @ direction
        return abs(along) / np.linalg.norm(vector - along * direction)

    factor = muon.suppression_factor(found, gradient)
    assert lean(turned) == pytest.approx(factor * lean(gradient), rel=1e-6)


def test_suppression_reaches_the_published_half_at_equal_norms_and_exceeds_it_beyond():
    found = np.array([1.0, 0.0])
    factors = [muon.suppression_factor(found, np.array([0.3, b])) for b in (0.1, 1.0, 3.0)]
    np.testing.assert_allclose(factors, [0.1 / 1.1, 0.5, 0.75])


def test_blowup_times_and_winner_agree_with_the_integrated_dynamics():
    rng = np.random.default_rng(1)
    for _ in range(5):
        strengths, initial = rng.uniform(0.5, 1, 6), rng.uniform(0.1, 1, 6)
        times = muon.feature_blowup_times(strengths, initial)
        end = 0.9 * times.min()
        flow = solve_ivp(
            lambda t, a, mu=strengths: mu * a**2, (0, end), initial, rtol=1e-9, atol=1e-12
        )
        expected = initial / (1 - end / times)
        np.testing.assert_allclose(flow.y[:, -1], expected, rtol=1e-6)

        def on_sphere(t, a, mu=strengths):
            push = mu * a**2
            return push - a * (a @ push)

        start = initial / np.linalg.norm(initial)
        settled = solve_ivp(on_sphere, (0, 300), start, rtol=1e-8, atol=1e-10).y[:, -1]
        assert np.argmax(settled) == muon.winning_feature(strengths, initial)
        assert settled.max() == pytest.approx(1, abs=1e-4)


def iterate_newton_schulz(gradient):
    """The matrix iteration of training code, on the wide orientation."""
    tall = gradient.shape[0] > gradient.shape[1]
    matrix = (gradient.T if tall else gradient) / np.linalg.norm(gradient)
    for a, b, c in muon.NEWTON_SCHULZ_COEFFICIENTS:
        gram = matrix @ matrix.T
        matrix = a * matrix + (b * gram + c * gram @ gram) @ matrix
    return matrix.T if tall else matrix


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5), (1, 6)])
def test_newton_schulz_acts_on_singular_values_alone(shape):
    gradient = np.random.default_rng(2).normal(size=shape)
    found = muon.newton_schulz_polar_factor(gradient)
    np.testing.assert_allclose(found, iterate_newton_schulz(gradient), atol=1e-12)
    smallest = np.linalg.svd(gradient, compute_uv=False).min() / np.linalg.norm(gradient)
    distance = np.linalg.norm(found - muon.polar_factor(gradient), ord=2)
    assert distance <= muon.newton_schulz_error(min(smallest, 0.999)) + 1e-6


def test_newton_schulz_error_is_flat_down_to_small_values_and_then_rises_to_one():
    assert muon.newton_schulz_error(0.003) == pytest.approx(muon.newton_schulz_error(0.5), abs=1e-4)
    assert muon.newton_schulz_error(0.003) == pytest.approx(0.157, abs=1e-3)
    assert 0.9 < muon.newton_schulz_error(1e-4) < 1
    exact_cubic = [(1.5, -0.5, 0.0)] * 60  # the textbook iteration converges
    assert muon.newton_schulz_error(1e-3, coefficients=exact_cubic) < 1e-12


def test_bad_input_is_refused():
    one = np.ones(3)
    with pytest.raises(ValueError, match="found_gradient must not be zero"):
        muon.suppression_factor(0 * one, one)
    with pytest.raises(ValueError, match="must not be parallel to found_gradient"):
        muon.suppression_factor(one, 2 * one)
    with pytest.raises(ValueError, match="strengths and initial must have one shape"):
        muon.feature_blowup_times(one, one[1:])
    with pytest.raises(ValueError, match="must be positive, got minima 0.0 and 1.0"):
        muon.winning_feature(0 * one, one)
    with pytest.raises(ValueError, match=r"singular_values must lie in \[0, 1\]"):
        muon.newton_schulz_map(2 * one)
    with pytest.raises(ValueError, match="smallest_singular_value must lie in"):
        muon.newton_schulz_error(0.0)
    with pytest.raises(ValueError, match="gradient must not be zero"):
        muon.newton_schulz_polar_factor(np.zeros((2, 2)))

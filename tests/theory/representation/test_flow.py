import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from groktheory.theory import representation as theory


def draw(symbols, count, seed):
    samples = theory.all_samples(symbols)
    return samples[np.random.default_rng(seed).permutation(len(samples))[:count]]


def loss_by_hand(embedding, samples):
    """The quotient, parallelogram by parallelogram."""
    rows = theory.parallelograms(len(embedding), samples)
    gaps = [embedding[i] + embedding[j] - embedding[m] - embedding[n] for i, j, m, n in rows]
    return np.mean(np.sum(np.square(gaps), axis=1)) / np.sum(embedding**2)


def test_loss_and_velocity_by_hand():
    rng = np.random.default_rng(0)
    samples, start = draw(7, 17, 3), rng.standard_normal((7, 2))
    batch = np.stack([start, 2 * start])
    np.testing.assert_allclose(
        theory.effective_loss(batch, samples), loss_by_hand(start, samples), rtol=1e-12
    )
    step, gradient = 1e-5, np.zeros_like(start)
    for index in np.ndindex(*start.shape):
        moved = np.zeros_like(start)
        moved[index] = step
        above, below = (loss_by_hand(start + sign * moved, samples) for sign in (1, -1))
        gradient[index] = (above - below) / (2 * step)
    np.testing.assert_allclose(theory.effective_velocity(start, samples), -gradient, atol=1e-9)


@pytest.mark.parametrize(("symbols", "count", "dimensions", "shift"), [
    (5, 9, 1, 0.0), (10, 45, 1, 0.0), (10, 20, 2, 0.0), (10, 30, 3, 1.5),
])  # fmt: skip
def test_flow_is_the_integrated_one_also_with_a_shift(symbols, count, dimensions, shift):
    rng = np.random.default_rng(count)
    samples = draw(symbols, count, count)
    start = theory.standardized(rng.standard_normal((symbols, dimensions))) + shift
    times = np.array([0.0, 3.0, 40.0, 300.0])
    path = solve_ivp(
        lambda time, flat: theory.effective_velocity(flat.reshape(start.shape), samples).ravel(),
        (0, times[-1]), start.ravel(), t_eval=times, method="DOP853", rtol=1e-11, atol=1e-12,
    ).y.T  # fmt: skip
    found = theory.effective_flow(start, samples, times)
    np.testing.assert_allclose(found.reshape(4, -1), path, atol=2e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.01, 1e4), st.floats(-3, 3))
def test_norm_is_conserved_and_the_sum_grows_unless_zero(seed, time, shift):
    rng = np.random.default_rng(seed)
    samples = draw(8, 20, seed)
    centered = theory.standardized(rng.standard_normal((8, 2)))
    still = theory.effective_flow(centered, samples, np.array([time]))[0]
    np.testing.assert_allclose(still.sum(axis=0), 0, atol=1e-9)
    start = centered + shift
    moved = theory.effective_flow(start, samples, np.array([time]))[0]
    assert np.sum(moved**2) == pytest.approx(np.sum(start**2), rel=1e-12)
    growth = theory.sum_growth_rate(start, samples) * start.sum(axis=0)
    velocity = theory.effective_velocity(start, samples).sum(axis=0)
    np.testing.assert_allclose(velocity, growth, atol=1e-12)
    assert np.all(np.abs(moved.sum(axis=0)) >= np.abs(start.sum(axis=0)) - 1e-9)


def test_flow_of_many_starts_is_that_of_each():
    rng = np.random.default_rng(1)
    starts, samples = rng.standard_normal((2, 3, 6, 2)), draw(6, 14, 0)
    times = np.array([5.0, 0.0, 50.0])
    together = theory.effective_flow(starts, samples, times)
    assert together.shape == (2, 3, 3, 6, 2)
    for index in np.ndindex(2, 3):
        alone = theory.effective_flow(starts[index], samples, times)
        np.testing.assert_allclose(together[index], alone, atol=1e-13)
    np.testing.assert_allclose(together[:, :, 1], starts, atol=1e-12)


def test_flow_that_starts_in_a_decaying_mode_stays_there():
    samples = theory.all_samples(4)
    mode = np.array([[1.0], [-1.0], [-1.0], [1.0]])  # orthogonal to both zero modes
    path = theory.effective_flow(mode, samples, np.array([0.0, 1.0]))
    np.testing.assert_allclose(path[1], mode, atol=1e-9)


def test_flow_ends_in_a_line_or_where_the_data_leave_it():
    times = np.array([1e5])
    start = theory.standardized(np.random.default_rng(0).standard_normal((10, 1)))
    end = theory.effective_flow(start, draw(10, 45, 0), times)[0, :, 0]
    np.testing.assert_allclose(np.diff(end), np.diff(end)[0], atol=1e-9)
    stuck = draw(10, 16, 1)
    assert not theory.has_unique_representation(stuck, 10)
    end = theory.effective_flow(start, stuck, np.array([1e7]))[0]
    assert theory.effective_loss(end, stuck) < 1e-12
    assert theory.representation_quality_index(end, theory.parallelograms(10)) < 0.95


def test_spectrum_is_that_of_the_incidence_matrix():
    samples = draw(10, 33, 2)
    matrix = theory.incidence_matrix(theory.parallelograms(10, samples), 10)
    expected = np.sort(np.linalg.svd(matrix, compute_uv=False)) ** 2 * 2 / (len(matrix) * 7.5)
    found = theory.hessian_spectrum(samples, 10, squared_norm=7.5)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_rates_of_all_samples():
    found = [theory.grokking_rate(theory.all_samples(p), p) for p in (4, 6, 8, 10, 12, 20, 30)]
    published = [6, 12, 20, 30, 42, 110, 240]
    counts = [theory.num_parallelograms(p) for p in (4, 6, 8, 10, 12, 20, 30)]
    expected = [
        2 * value / (p * count)
        for value, p, count in zip(published, (4, 6, 8, 10, 12, 20, 30), counts, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for symbols in (40, 53):
        half = symbols / 2
        value = theory.grokking_rate(theory.all_samples(symbols), symbols)
        scaled = value * symbols * theory.num_parallelograms(symbols) / 2
        assert scaled == pytest.approx(half * (half + 1), rel=0.01 if symbols % 2 else 1e-12)


def test_mean_rates_as_published():
    """Paper units, ten symbols; a thousand draws each."""
    rng = np.random.default_rng(0)
    everything = theory.all_samples(10)
    for count, published in ((22, 0.0037), (30, 0.0228), (45, 0.0578)):
        rates = [
            theory.grokking_rate(everything[rng.permutation(55)[:count]], 10) for _ in range(1000)
        ]
        error = np.std(rates) / math.sqrt(1000)
        assert abs(np.mean(rates) - published) < 4 * error + 1e-4


def test_rate_is_zero_exactly_if_not_unique():
    for seed in range(40):
        samples = draw(9, 20, seed)
        rate = theory.grokking_rate(samples, 9)
        assert (rate > 0) == theory.has_unique_representation(samples, 9)
        steps = theory.grokking_steps(samples, 9, learning_rate=0.01)
        assert steps == (pytest.approx(100 / rate) if rate > 0 else math.inf)


def test_deviations_decay_with_the_third_eigenvalue():
    samples = draw(10, 40, 1)
    rate = theory.grokking_rate(samples, 10, squared_norm=9.0)
    start = theory.standardized(np.random.default_rng(2).standard_normal((10, 1)))
    times = np.array([10.0, 11.0]) / rate
    path = theory.effective_flow(start, samples, times)
    gaps = np.linalg.norm(np.diff(path[:, :, 0], n=2, axis=1), axis=1)
    assert np.log(gaps[0] / gaps[1]) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: theory.effective_loss(np.zeros((5, 1)), s), "embedding must not be zero"),
        (
            lambda s: theory.effective_flow(np.ones((5, 1)), s, np.array([-1.0])),
            "times must be non-negative",
        ),
        (lambda s: theory.hessian_spectrum(s, 5, squared_norm=0.0), "squared_norm .* got 0.0"),
        (lambda s: theory.grokking_steps(s, 5, learning_rate=0.0), "learning_rate .* got 0.0"),
        (lambda s: theory.hessian_spectrum(s, 3), r"symbols in \[0, 3\), got 0 to 4"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.all_samples(5))

"""Clocks, amount of data, gradient noise, finite steps and Arrhenius plots."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_continuous_lyapunov

from groktheory.theory import langevin


def test_walk_takes_the_mean_time_of_a_simple_random_walk():
    # From the middle of 2n + 1 sites to either end: n^2 steps of length 1/n, each of time 1/(2 D).
    count, temperature = 8, 0.3
    steps = np.linalg.solve(
        np.eye(2 * count - 1) - (np.eye(2 * count - 1, k=1) + np.eye(2 * count - 1, k=-1)) / 2,
        np.ones(2 * count - 1),
    )[count - 1]
    time_step = (1 / count) ** 2 / (2 * temperature)
    assert langevin.diffusion_time(1.0, temperature=temperature) == pytest.approx(steps * time_step)


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.01, 1))
def test_the_two_clocks_agree_on_the_length(length, speed, temperature):
    fall = langevin.descent_time(length, speed=speed)
    walk = langevin.walk_after_descent_time(fall, speed=speed, temperature=temperature)
    assert walk == pytest.approx(langevin.diffusion_time(length, temperature=temperature))
    doubled = langevin.walk_after_descent_time(2 * fall, speed=speed, temperature=temperature)
    assert doubled == pytest.approx(4 * walk)


def test_displacements_are_those_of_random_walks():
    rng, step, temperature = np.random.default_rng(0), 0.01, 0.4
    noise = np.sqrt(2 * temperature * step) * rng.normal(size=(4000, 50, 3))
    free = np.cumsum(noise, axis=1)
    sliding = np.cumsum(noise + step * np.array([2.0, 0.0, 0.0]), axis=1)
    times = step * np.arange(1, 51)
    for paths, expected in (
        (free, langevin.plateau_displacement(times, temperature=temperature, dimensions=3)),
        (
            sliding,
            langevin.descent_displacement(times, speed=2.0, temperature=temperature, dimensions=3),
        ),
    ):
        measured = (paths**2).sum(axis=-1).mean(axis=0)
        np.testing.assert_allclose(measured, expected, rtol=0.05)


def test_hypothesis_walk_is_that_of_simulated_survivors():
    rng = np.random.default_rng(1)
    memorizing, generalizing, removed, samples = 300, 2, 0.1, 12
    survivors = rng.binomial(memorizing, (1 - removed) ** samples, size=20_000)
    steps = rng.geometric(generalizing / (survivors + generalizing))
    expected = langevin.hypothesis_walk_time(
        samples, memorizing=memorizing, generalizing=generalizing, removed_fraction=removed
    )
    assert steps.mean() == pytest.approx(float(expected), abs=4 * steps.std() / np.sqrt(20_000))


def test_published_numbers_of_the_amount_of_data():
    sizes = np.arange(0, 151, 10)
    times = langevin.hypothesis_walk_time(
        sizes, memorizing=20_000, generalizing=1, removed_fraction=0.03
    )
    slope = np.polyfit(sizes, np.log(times), 1)[0]
    assert slope == pytest.approx(-langevin.data_size_slope(0.03), rel=0.01)
    threshold = langevin.data_threshold(np.log(20_000), 0.0, removed_fraction=0.03)
    assert threshold == pytest.approx(325, abs=0.5)
    entropy = langevin.memorizing_entropy(threshold, entropy=np.log(20_000), removed_fraction=0.03)
    assert entropy == pytest.approx(0.0, abs=1e-12)
    per_equation = [langevin.slope_from_growth(g, num_samples=144) for g in (0.4, 0.5)]
    np.testing.assert_allclose(per_equation, [0.0023, 0.0028], atol=5e-5)


def test_stationary_covariance_is_that_of_a_simulated_descent():
    rng = np.random.default_rng(2)
    hessian = np.array([[2.0, 0.6], [0.6, 1.0]])
    noise = np.array([[1.0, -0.3], [-0.3, 0.5]])
    rate, batch = 0.4, 3
    covariance = langevin.stationary_covariance(
        hessian, noise, learning_rate=rate, batch_size=batch
    )
    walkers, root = np.zeros((40_000, 2)), np.linalg.cholesky(noise / batch)
    for _ in range(60):
        gradient = walkers @ hessian + rng.normal(size=walkers.shape) @ root.T
        walkers = walkers - rate * gradient
    np.testing.assert_allclose(np.cov(walkers.T), covariance, atol=0.006)


def test_small_steps_solve_the_lyapunov_equation_and_curvature_noise_is_isotropic():
    hessian = np.array([[2.0, 0.6], [0.6, 1.0]])
    noise = np.array([[1.0, -0.3], [-0.3, 0.5]])
    rate = 1e-5
    found = langevin.stationary_covariance(hessian, noise, learning_rate=rate, batch_size=2)
    direct = solve_continuous_lyapunov(hessian, rate / 2 * noise)
    np.testing.assert_allclose(found, direct, rtol=1e-4)
    curved = langevin.stationary_covariance(hessian, hessian, learning_rate=rate, batch_size=2)
    np.testing.assert_allclose(curved, rate / 4 * np.eye(2), rtol=1e-4, atol=1e-10)
    temperature = langevin.gradient_noise_temperature(np.eye(2), learning_rate=rate, batch_size=2)
    isotropic = langevin.stationary_covariance(hessian, np.eye(2), learning_rate=rate, batch_size=2)
    np.testing.assert_allclose(isotropic, temperature * np.linalg.inv(hessian), rtol=1e-4)


def test_escape_exponent_of_constant_noise_is_that_of_its_temperature():
    def profile(x):
        return (x**2 - 1) ** 2

    exponent = langevin.noise_escape_exponent(
        profile, lambda x: 0 * x + 0.6, well=-1.0, barrier=0.0, learning_rate=0.1, batch_size=4
    )
    temperature = langevin.gradient_noise_temperature(
        np.array([[0.6]]), learning_rate=0.1, batch_size=4
    )
    assert exponent == pytest.approx(1 / temperature, rel=1e-9)


def test_escape_exponent_is_that_of_exact_times_under_uneven_noise():
    """Independent: the mean time of a jump process on a grid, at two strengths of the noise."""
    from scipy.linalg import solve_banded

    def variance(x):
        return 1.0 + 0.5 * x

    def log_time(rate):
        grid = np.linspace(-1.8, 0.9, 8001)
        length = grid[1] - grid[0]
        slope, diffusion = 4 * grid * (grid**2 - 1), rate * variance(grid) / 2
        right = diffusion / length**2 - slope / (2 * length)
        left = diffusion / length**2 + slope / (2 * length)
        left[0] = 0.0
        bands = np.zeros((3, len(grid)))
        bands[0, 1:], bands[1], bands[2, :-1] = -right[:-1], right + left, -left[1:]
        times = solve_banded((1, 1), bands, np.ones(len(grid)))
        return np.log(np.interp(-1.0, grid, times))

    slow, fast = 0.15, 0.2
    exponent = langevin.noise_escape_exponent(
        lambda x: (x**2 - 1) ** 2, variance, well=-1.0, barrier=0.0, learning_rate=1.0, batch_size=1
    )
    measured = (log_time(slow) - log_time(fast)) / (1 / slow - 1 / fast)
    assert measured == pytest.approx(exponent, rel=0.03)


def test_curvature_noise_favors_flat_wells():
    def exponent(well):
        return langevin.curvature_noise_exponent(
            1.0,
            well_curvature=well,
            barrier_curvature=3.0,
            share=0.5,
            learning_rate=0.1,
            batch_size=1,
        )

    assert exponent(0.5) - exponent(5.0) == pytest.approx(10 * (2.0 - 0.2))
    # The same from the general exponent, with noise that changes at half of the height.
    height = 1.0

    def variance(x):
        return 4.0 - jnp.tanh((x**2 - height / 2) / 1e-3)

    general = langevin.noise_escape_exponent(
        lambda x: x**2, variance, well=0.0, barrier=1.0, learning_rate=0.1, batch_size=1
    )
    assert general == pytest.approx(exponent(5.0), rel=1e-3)


def test_finite_steps_make_a_mode_as_hot_as_predicted():
    rng = np.random.default_rng(3)
    stiffness, step, temperature = 30.0, 0.03, 0.2
    x = np.zeros(40_000)
    for _ in range(80):
        x = x - step * stiffness * x + np.sqrt(2 * step * temperature) * rng.normal(size=x.shape)
    expected = langevin.harmonic_variance(stiffness, step_size=step, temperature=temperature)
    assert x.var() == pytest.approx(expected, rel=0.03)
    assert expected > 1.5 * temperature / stiffness


def test_finite_steps_push_out_of_narrow_places():
    """Independent: Euler steps in a harmonic well whose valley narrows to the right."""
    rng = np.random.default_rng(4)
    step, temperature, count = 0.05, 0.1, 6

    def stiffness(x):
        return 8.0 * np.exp(0.5 * np.tanh(x))

    x = np.zeros(4000)
    y = np.sqrt(temperature / 8.0) * rng.normal(size=(count, 4000))
    sums, draws = 0.0, 0
    for number in range(1200):
        k = stiffness(x)
        slope = x + 0.25 * k * (1 - np.tanh(x) ** 2) * (y**2).sum(axis=0)
        x = x - step * slope + np.sqrt(2 * step * temperature) * rng.normal(size=x.shape)
        y = y - step * k * y + np.sqrt(2 * step * temperature) * rng.normal(size=y.shape)
        if number >= 200:
            sums, draws = sums + x.mean(), draws + 1
    positions = np.linspace(-2.5, 2.5, 4001)

    def mean(seen):
        profile = langevin.free_energy_profile(
            lambda x: (1 - step / 2) * x**2 / 2,  # its own variance is wider, too
            seen,
            transverse_dimensions=count,
            temperature=temperature,
        )
        density = langevin.gibbs_density(
            profile, positions, temperature=temperature, bounds=(-2.5, 2.5)
        )
        return np.trapezoid(positions * density, positions)

    expected = mean(lambda x: langevin.marginal_stiffness(stiffness(x), step_size=step))
    plain = mean(stiffness)
    naive = mean(lambda x: langevin.discretized_curvatures(stiffness(x), step_size=step))
    assert expected < plain < naive
    assert sums / draws == pytest.approx(expected, abs=0.3 * float(plain - expected))


def transition_matrix(grid, profile_slope, step, temperature):
    spread = np.sqrt(2 * step * temperature)
    means = grid - step * profile_slope(grid)
    offsets = (grid[None, :] - means[:, None]) / spread
    return np.exp(-(offsets**2) / 2) / (np.sqrt(2 * np.pi) * spread) * (grid[1] - grid[0])


@pytest.mark.parametrize(("step", "tolerance"), [(0.01, 3e-4), (0.02, 1.2e-3)])
def test_finite_steps_sample_another_energy(step, tolerance):
    """Independent: the stationary vector of the matrix of one step."""
    temperature, grid = 0.4, np.linspace(-2.3, 2.3, 1500)

    def profile(x):
        return (x**2 - 1) ** 2 + 0.3 * x

    matrix = transition_matrix(grid, lambda x: 4 * x * (x**2 - 1) + 0.3, step, temperature)
    balance = (matrix / matrix.sum(axis=1, keepdims=True)).T - np.eye(len(grid))
    balance[0] = 1.0  # normalization, instead of one of the dependent equations
    law = np.linalg.solve(balance, np.eye(len(grid))[0])
    changed = langevin.discretized_profile(profile, step_size=step, temperature=temperature)
    predicted = langevin.region_probability(
        changed, (0.0, 2.3), temperature=temperature, bounds=(-2.3, 2.3)
    )
    plain = langevin.region_probability(
        profile, (0.0, 2.3), temperature=temperature, bounds=(-2.3, 2.3)
    )
    measured = law[grid > 0].sum()
    assert measured == pytest.approx(predicted, abs=tolerance)
    assert abs(measured - plain) > 3 * abs(measured - predicted)


def test_exits_looked_for_once_a_step_are_seen_late():
    """Independent: mean steps to the exit from the matrix of one step."""
    step, temperature = 0.01, 0.3
    grid = np.linspace(-1.0, 1.0, 1201)[:-1]
    matrix = transition_matrix(grid, lambda x: 0 * x, step, temperature)
    times = step * np.linalg.solve(np.eye(len(grid)) - matrix, np.ones(len(grid)))
    measured = times[len(grid) // 2]
    shift = langevin.absorption_shift(step_size=step, temperature=temperature)
    predicted = langevin.diffusion_time(1.0 + shift, temperature=temperature)
    assert measured == pytest.approx(predicted, rel=2e-3)
    assert measured > 1.08 * langevin.diffusion_time(1.0, temperature=temperature)


def test_arrhenius_slope_and_apparent_barrier():
    def time(temperature):
        return langevin.mean_first_passage_time(
            lambda x: (x**2 - 1) ** 2, -1, 1, temperature=temperature
        )

    assert langevin.apparent_barrier(time, 0.01) == pytest.approx(1.0, abs=0.01)
    temperatures = np.array([0.05, 0.06, 0.08])
    times = np.array([time(temperature) for temperature in temperatures])
    slope = langevin.arrhenius_slope(temperatures, times)
    assert slope == pytest.approx(np.polyfit(1 / temperatures, np.log(times), 1)[0])
    ravine = langevin.Ravine(4)
    entropic = langevin.apparent_barrier(lambda t: ravine.escape_time(temperature=t), 0.02)
    # log(1/theta) has the slope theta: an exponent of one, not a barrier.
    assert entropic == pytest.approx(0.02, rel=1e-4)


def test_arrhenius_line_of_a_well():
    points = langevin.stationary_points(
        lambda x: (x[0] ** 2 - 1) ** 2 + 3 * x[1] ** 2, bounds=[(-2, 2), (-1, 1)]
    )
    well, saddles = langevin.minima(points)[0], langevin.saddles(points)
    line = langevin.arrhenius_line(well, saddles)
    assert line.barrier == pytest.approx(1.0) and line.highest_temperature == pytest.approx(1 / 3)
    rate = langevin.eyring_kramers_rate(well, saddles, temperature=0.1)
    np.testing.assert_allclose(line.times(np.array([0.1])), [1 / rate], rtol=1e-9)
    higher = langevin.StationaryPoint(np.ones(2), 2.0, np.diag([-1.0, 2.0]))
    assert langevin.arrhenius_line(well, [*saddles, higher]).barrier == pytest.approx(1.0)
    with pytest.raises(ValueError, match="at least one saddle"):
        langevin.arrhenius_line(well, [])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: langevin.data_size_slope(1.0), r"removed_fraction must lie in \(0, 1\), got 1.0"),
        (
            lambda: langevin.memorizing_entropy(-1.0, entropy=1.0, removed_fraction=0.1),
            "num_samples must be non-negative, got -1",
        ),
        (
            lambda: langevin.data_threshold(0.0, 1.0, removed_fraction=0.1),
            "memorizing must be at least generalizing = 1.0, got 0.0",
        ),
        (lambda: langevin.descent_time(0.0, speed=1.0), "length must be positive"),
        (
            lambda: langevin.plateau_displacement(np.ones(1), temperature=1.0, dimensions=0),
            "dimensions must be a whole number of at least 1",
        ),
        (
            lambda: langevin.descent_displacement(np.ones(1), speed=-1.0, dimensions=1),
            "speed must be non-negative",
        ),
        (
            lambda: langevin.gradient_noise_temperature(
                np.ones((2, 3)), learning_rate=1.0, batch_size=1
            ),
            "noise_covariance must be a square matrix",
        ),
        (
            lambda: langevin.gradient_noise_temperature(
                np.array([[1.0, 1.0], [0.0, 1.0]]), learning_rate=1.0, batch_size=1
            ),
            "noise_covariance must be symmetric",
        ),
        (
            lambda: langevin.stationary_covariance(
                np.diag([1.0, 0.0]), np.eye(2), learning_rate=1.0, batch_size=1
            ),
            "positive definite, got a curvature of 0: along a flat direction",
        ),
        (
            lambda: langevin.stationary_covariance(
                np.eye(2), np.eye(2), learning_rate=2.0, batch_size=1
            ),
            "learning_rate must be below .* = 2, got 2.0: the descent diverges",
        ),
        (
            lambda: langevin.stationary_covariance(
                np.eye(2), np.eye(3), learning_rate=1.0, batch_size=1
            ),
            "noise_covariance must have the shape",
        ),
        (
            lambda: langevin.noise_escape_exponent(
                lambda x: x**2, lambda x: x, well=0.0, barrier=1.0, learning_rate=1, batch_size=1
            ),
            "noise_variance must be positive all the way, got 0 at 0: noise that vanishes",
        ),
        (
            lambda: langevin.curvature_noise_exponent(
                1.0,
                well_curvature=1.0,
                barrier_curvature=1.0,
                share=1.0,
                learning_rate=1.0,
                batch_size=1,
            ),
            r"share must lie in \(0, 1\)",
        ),
        (
            lambda: langevin.discretized_curvatures(np.array([1.0, 50.0]), step_size=0.04),
            "step_size must be below 2 / 50 = 0.04, got 0.04: the iteration diverges",
        ),
        (
            lambda: langevin.discretized_curvatures(np.array([-1.0]), step_size=0.04),
            "curvatures must be positive",
        ),
        (
            lambda: langevin.marginal_stiffness(50.0, step_size=0.04),
            "step_size must be below 2 / 50",
        ),
        (
            lambda: langevin.arrhenius_slope(np.array([0.1]), np.array([1.0])),
            "two lists of the same length of at least two",
        ),
        (
            lambda: langevin.arrhenius_slope(np.array([0.1, -0.1]), np.ones(2)),
            "temperatures and times must be positive",
        ),
        (
            lambda: langevin.arrhenius_slope(np.array([0.1, 0.1]), np.ones(2)),
            "temperatures must not all be equal",
        ),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

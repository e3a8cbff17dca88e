import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from groktheory.theory import langevin


def double_well(x):
    return (x**2 - 1) ** 2 + 0.2 * x


def three_wells(point):
    """Wells near -1, 0, 1 of different depth, coupled to a second coordinate."""
    x, y = point[0], point[1]
    return 3 * x**2 * (x**2 - 1) ** 2 + 0.3 * x + (2 + jnp.cos(x)) * (y - x**2) ** 2


@pytest.fixture(scope="module")
def network():
    points = langevin.stationary_points(three_wells, bounds=[(-1.6, 1.6), (-1, 3)])
    return langevin.minima(points), langevin.transitions(three_wells, points)


@pytest.mark.parametrize(("start", "end"), [(-1.0, 1.0), (1.0, -1.0)])
def test_kramers_becomes_exact_in_the_cold(start, end):
    def error(temperature):
        rate = langevin.kramers_rate(double_well, start, end, temperature=temperature)
        time = langevin.mean_first_passage_time(double_well, start, end, temperature=temperature)
        return rate * time - 1

    errors = [error(temperature) for temperature in (0.08, 0.04, 0.02)]
    assert errors[-1] == pytest.approx(0.0, abs=0.02)
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.3)  # corrections of first order


@pytest.mark.parametrize(("start", "end"), [(-1.0, 1.0), (1.0, -1.0)])
def test_first_correction_to_kramers(start, end):
    """Of a profile without symmetry, against exact times."""

    def profile(x):
        return (x**2 - 1) ** 2 + 0.2 * x + 0.15 * x**3

    def slope(temperature):
        rate = langevin.kramers_rate(profile, start, end, temperature=temperature)
        time = langevin.mean_first_passage_time(profile, start, end, temperature=temperature)
        return (time * rate - 1) / temperature

    extrapolated = 2 * slope(0.01) - slope(0.02)
    correction = langevin.kramers_correction(profile, start, end)
    assert correction == pytest.approx(extrapolated, rel=0.02)


def test_published_ratios_of_kramers_and_exact_times():
    def ratio(temperature):
        rate = langevin.kramers_rate(
            lambda x: (x**2 - 1) ** 2, -1, 1, temperature=temperature, check_barrier=False
        )
        return rate * langevin.mean_first_passage_time(
            lambda x: (x**2 - 1) ** 2, -1, 1, temperature=temperature
        )

    found = [ratio(temperature) for temperature in (0.35, 0.25, 0.20, 0.15)]
    np.testing.assert_allclose(found, [1.20, 1.14, 1.11, 1.07], atol=0.005)


def test_langer_in_one_dimension_is_kramers():
    points = langevin.stationary_points(lambda x: double_well(x[0]), bounds=[(-2, 2)])
    well = langevin.minima(points)[0]
    found = langevin.eyring_kramers_rate(well, langevin.saddles(points), temperature=0.1)
    assert found == pytest.approx(
        langevin.kramers_rate(double_well, -1.0, 1.0, temperature=0.1), rel=1e-9
    )


def test_langer_is_the_gap_of_the_two_dimensional_generator():
    """Independent: the spectral gap of a jump process on a grid in two dimensions."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import eigsh

    def potential(point):
        return (point[0] ** 2 - 1) ** 2 + 2 * (point[1] - 0.7 * point[0]) ** 2

    temperature = 0.12
    points = langevin.stationary_points(potential, bounds=[(-2, 2)] * 2)
    rate = langevin.eyring_kramers_rate(
        points[0], langevin.saddles(points), temperature=temperature
    )
    x, y = np.linspace(-1.8, 1.8, 91), np.linspace(-2.0, 2.0, 101)
    energies = potential((x[:, None], y[None, :])).ravel()
    numbers = np.arange(energies.size).reshape(len(x), len(y))
    rows, columns, rates = [], [], []
    for axis, grid in ((0, x), (1, y)):
        here = np.take(numbers, np.arange(len(grid) - 1), axis=axis).ravel()
        there = np.take(numbers, np.arange(1, len(grid)), axis=axis).ravel()
        rows += [here, there]
        columns += [there, here]
        rates += [np.full(2 * here.size, temperature / (grid[1] - grid[0]) ** 2)]
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    speeds = np.concatenate(rates)
    out = np.bincount(
        rows, speeds * np.exp(-(energies[columns] - energies[rows]) / (2 * temperature))
    )
    shape = (energies.size, energies.size)
    matrix = coo_matrix((out, (np.arange(len(out)), np.arange(len(out)))), shape=shape)
    matrix = (matrix - coo_matrix((speeds, (rows, columns)), shape=shape)).tocsc()
    gap = np.sort(eigsh(matrix, k=2, sigma=-1e-3, which="LM")[0])[1]
    # Two equal wells relax with twice the rate; Kramers is good to a few temperatures / barrier.
    assert gap == pytest.approx(2 * rate, rel=0.08)


def test_rate_matrix_has_the_harmonic_occupancies_as_its_stationary_law(network):
    wells, passes = network
    assert len(wells) == 3 and len(passes) == 2
    matrix = langevin.rate_matrix(wells, passes, temperature=0.05)
    np.testing.assert_allclose(matrix.sum(axis=1), 0.0, atol=1e-15)
    law = expm(matrix * 1e6 / np.abs(matrix).max())[0]
    expected = langevin.well_occupancies(wells, temperature=0.05)
    np.testing.assert_allclose(law, expected, rtol=1e-6, atol=1e-12)
    flows = expected[:, None] * matrix
    np.testing.assert_allclose(flows, flows.T, rtol=1e-9, atol=1e-30)


def test_equivalent_passes_add_up(network):
    wells, passes = network
    item = passes[0]
    one = langevin.eyring_kramers_rate(item.first, item.saddle, temperature=0.05)
    two = langevin.eyring_kramers_rate(item.first, [item.saddle] * 2, temperature=0.05)
    assert two == pytest.approx(2 * one)


def test_eyring_rate_of_harmonic_free_energies_is_langer(network):
    """The transition state lacks the unstable direction; its free energy has d - 1 modes."""
    _, passes = network
    item, temperature = passes[0], 0.05
    stable = item.saddle.curvatures[1:]
    state = langevin.harmonic_free_energy(item.saddle.energy, stable, temperature=temperature)
    well = langevin.harmonic_free_energy(
        item.first.energy, item.first.curvatures, temperature=temperature
    )
    unstable = -item.saddle.curvatures[0]
    attempts = np.sqrt(unstable * temperature / (2 * np.pi))
    found = langevin.eyring_rate(state - well, temperature=temperature, prefactor=attempts)
    direct = langevin.eyring_kramers_rate(item.first, item.saddle, temperature=temperature)
    assert found == pytest.approx(direct, rel=1e-9)


def test_a_temperature_too_high_is_refused_and_may_be_waived(network):
    _, passes = network
    message = (
        "barrier / temperature must be at least 3 for Kramers' formula, got .* = 1: use "
        "mean_first_passage_time, .* or a simulation .*; check_barrier=False"
    )
    with pytest.raises(ValueError, match=message):
        langevin.kramers_rate(lambda x: (x**2 - 1) ** 2, -1, 1, temperature=1.0)
    with pytest.raises(ValueError, match="at least 3"):
        langevin.eyring_kramers_rate(passes[0].first, passes[0].saddle, temperature=1.0)
    with pytest.raises(ValueError, match="at least 3"):
        langevin.eyring_rate(0.5, temperature=1.0)
    waived = langevin.eyring_rate(0.5, temperature=1.0, check_barrier=False)
    assert waived == pytest.approx(np.exp(-0.5))


def test_a_rate_without_a_barrier_is_refused():
    with pytest.raises(ValueError, match="no barrier between .* use mean_first_passage_time"):
        langevin.kramers_rate(lambda x: x**2, -1, 1, temperature=0.1)
    with pytest.raises(ValueError, match="no minimum of the profile near start = -1"):
        langevin.kramers_rate(lambda x: -(x**2), -1, 1, temperature=0.1)


def test_a_flat_top_is_refused():
    with pytest.raises(ValueError, match="well and barrier must be curved"):
        langevin.kramers_rate(lambda x: 2 * x**6 / 3 - x**4, -1.0, 1.0, temperature=1e-3)


def test_wrong_points_are_refused(network):
    wells, passes = network
    saddle = passes[0].saddle
    with pytest.raises(ValueError, match="the well must have 0 unstable directions, got 1"):
        langevin.eyring_kramers_rate(saddle, saddle, temperature=0.1, check_barrier=False)
    with pytest.raises(ValueError, match="the saddle must have 1 unstable directions, got 0"):
        langevin.eyring_kramers_rate(wells[0], wells[1], temperature=0.01, check_barrier=False)
    with pytest.raises(ValueError, match="at least one saddle to escape over, got none"):
        langevin.eyring_kramers_rate(wells[0], [], temperature=0.1)
    with pytest.raises(ValueError, match="every pass must connect two of the wells"):
        langevin.rate_matrix(wells[:1], passes, temperature=0.05)


def test_a_singular_well_is_refused():
    flat = langevin.StationaryPoint(np.zeros(2), 0.0, np.diag([0.0, 1.0]))
    saddle = langevin.StationaryPoint(np.ones(2), 1.0, np.diag([-1.0, 1.0]))
    with pytest.raises(ValueError, match="Hessian of the well .* is singular: a flat direction"):
        langevin.eyring_kramers_rate(flat, saddle, temperature=0.1)

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import dblquad, quad

from groktheory.theory import langevin


def tilted(x):
    return (x**2 - 1) ** 2 + 0.2 * x


@pytest.mark.parametrize("temperature", [0.02, 0.3, 5.0])
def test_free_energy_of_a_line_is_that_of_adaptive_quadrature(temperature):
    found = langevin.free_energy(tilted, (-np.inf, np.inf), temperature=temperature)
    bottom = tilted(np.linspace(-2, 2, 100_001)).min()
    weight = quad(
        lambda x: np.exp(-(tilted(x) - bottom) / temperature),
        -8,
        8,
        points=[-1, 0, 1],
        epsabs=0,
        epsrel=1e-11,
        limit=500,
    )[0]
    assert found == pytest.approx(bottom - temperature * np.log(weight), rel=1e-8, abs=1e-9)


def test_free_energies_of_parts_add_up_as_probabilities():
    parts = [
        langevin.region_probability(tilted, region, temperature=0.4)
        for region in ((-np.inf, -0.3), (-0.3, 0.9), (0.9, np.inf))
    ]
    assert sum(parts) == pytest.approx(1.0, abs=1e-9)
    assert parts[0] > parts[2]


def test_free_energy_of_a_box_is_that_of_a_double_integral():
    def potential(x):
        return (x[0] ** 2 - 1) ** 2 + (x[1] - jnp.sin(2 * x[0])) ** 2 * (1 + x[0] ** 2)

    def weight(y, x):
        energy = (x**2 - 1) ** 2 + (y - np.sin(2 * x)) ** 2 * (1 + x**2)
        return np.exp(-energy / 0.3)

    found = langevin.free_energy(potential, [(0.1, 2.0), (-1.0, 2.5)], temperature=0.3)
    direct = dblquad(weight, 0.1, 2.0, -1.0, 2.5, epsabs=1e-10)[0]
    assert found == pytest.approx(-0.3 * np.log(direct), abs=1e-7)


def test_free_energy_of_a_box_in_three_dimensions_is_a_sum_over_axes():
    found = langevin.free_energy(
        lambda x: jnp.sum(x**2 * jnp.array([1.0, 2.0, 3.0])), [(-4, 4)] * 3, temperature=0.5
    )
    lines = [
        langevin.free_energy(lambda x, k=k: k * x**2, (-4, 4), temperature=0.5) for k in (1, 2, 3)
    ]
    assert found == pytest.approx(sum(lines), abs=1e-7)


def test_density_integrates_to_one_and_is_stationary_under_the_generator():
    positions = np.linspace(-2.6, 2.6, 20_001)
    density = langevin.gibbs_density(tilted, positions, temperature=0.3)
    assert np.trapezoid(density, positions) == pytest.approx(1.0, abs=1e-8)
    slope = 4 * positions * (positions**2 - 1) + 0.2
    current = 0.3 * np.gradient(density, positions) + density * slope
    assert np.abs(current[1:-1]).max() < 1e-4 * np.abs(density * slope).max()


def test_density_between_walls_vanishes_outside():
    density = langevin.gibbs_density(
        lambda x: 0 * x, np.array([-1.0, 0.5, 3.0]), temperature=1.0, bounds=(0, 2)
    )
    np.testing.assert_allclose(density, [0.0, 0.5, 0.0], atol=1e-12)


@pytest.mark.parametrize("potential", [lambda x: -(x**2), lambda x: 0 * x, lambda x: x])
def test_a_potential_that_does_not_confine_is_refused(potential):
    message = "not confining: towards .infinity it does not rise .* reflecting wall .* weight decay"
    with pytest.raises(ValueError, match=message):
        langevin.free_energy(potential, (-np.inf, np.inf), temperature=0.1)


@pytest.mark.parametrize(
    ("potential", "bounds", "temperature", "message"),
    [
        (tilted, (-1, 1), 0.0, "temperature must be positive and finite, got 0.0"),
        (tilted, (1, -1), 1.0, "bounds must increase, got 1.0 to -1.0"),
        (tilted, [(0, 1)] * 4, 1.0, "at most three dimensions, .* harmonic_free_energy or sample"),
        (lambda x: x[0], [(0, np.inf)], 1.0, "must be finite and increasing"),
        (lambda x: x, [(0, 1), (0, 1)], 1.0, "map one point to one number, got .* shape .2,"),
        (lambda x: x.sum(), (-1, 1), 1.0, "element by element, got shape ()"),
        (lambda x: np.sqrt(x**2 - 4) if x.size else x, (-1, 1), 1.0, "got NaN at"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_bad_regions_are_refused(potential, bounds, temperature, message):
    with pytest.raises(ValueError, match=message):
        langevin.free_energy(potential, bounds, temperature=temperature)


def test_bad_parts_are_refused():
    with pytest.raises(ValueError, match="region must lie within the bounds"):
        langevin.region_probability(tilted, (-1, 3), temperature=1.0, bounds=(0, 2))


def test_a_discontinuous_profile_is_refused():
    def cliff(x):
        return np.where(x > np.pi / 10, 1e3, 0.0)

    with pytest.raises(RuntimeError, match="has not converged on .* panels"):
        langevin.free_energy(cliff, (0, 1), temperature=1.0)


def test_a_box_that_is_too_cold_is_refused():
    with pytest.raises(RuntimeError, match="has not converged on .* nodes a dimension"):
        langevin.free_energy(lambda x: jnp.sum(x**2), [(-1, 1)] * 3, temperature=1e-7)

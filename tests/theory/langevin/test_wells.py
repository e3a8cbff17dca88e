import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory import langevin


def test_free_energy_of_a_well_that_is_not_aligned_is_that_of_quadrature():
    hessian = np.array([[3.0, 1.2], [1.2, 1.5]])

    def potential(x):
        return 0.7 + (x @ jnp.asarray(hessian) @ x) / 2

    found = langevin.harmonic_free_energy(0.7, np.linalg.eigvalsh(hessian), temperature=0.2)
    exact = langevin.free_energy(potential, [(-5, 5)] * 2, temperature=0.2)
    assert found == pytest.approx(exact, abs=1e-7)


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.floats(-3, 3), st.floats(0.05, 5))
def test_unit_of_length_cancels_between_wells(first, second, energy, temperature):
    def difference(unit):
        return langevin.harmonic_free_energy(
            energy, unit * np.array([first, 2.0]), temperature=temperature
        ) - langevin.harmonic_free_energy(
            0.0, unit * np.array([second, 1.0]), temperature=temperature
        )

    assert difference(1.0) == pytest.approx(difference(37.0), rel=1e-9, abs=1e-9)


def test_entropy_is_the_slope_of_the_free_energy_up_to_half_a_unit_a_mode():
    curvatures, step = np.array([0.5, 3.0, 8.0]), 1e-5
    up, down = (
        langevin.harmonic_free_energy(1.0, curvatures, temperature=0.3 + change)
        for change in (step, -step)
    )
    entropy = langevin.harmonic_entropy(curvatures, temperature=0.3)
    assert -(up - down) / (2 * step) == pytest.approx(entropy + 1.5, rel=1e-7)


def test_harmonic_occupancies_become_exact_in_the_cold():
    def potential(x):
        return (x[0] ** 2 - 1) ** 2 + 0.02 * x[0] + (2 - jnp.tanh(3 * x[0])) * x[1] ** 2

    wells = langevin.minima(langevin.stationary_points(potential, bounds=[(-2, 2)] * 2))
    left = int(wells[1].position[0] < 0)

    def error(temperature):
        width = np.sqrt(temperature / 2)
        sides = [
            langevin.free_energy(
                potential, [side, (-6 * width, 6 * width)], temperature=temperature
            )
            for side in ((-1.6, 0), (0, 1.6))
        ]
        exact = langevin.occupancies(np.array(sides), temperature=temperature)[0]
        return langevin.well_occupancies(wells, temperature=temperature)[left] - exact

    assert abs(error(0.02)) < 2e-3
    assert abs(error(0.02)) < 0.5 * abs(error(0.1))


def test_free_energies_of_two_wells_cross_at_the_crossing_temperature():
    stiff, soft = np.array([4.0, 10.0, 10.0]), np.array([5.0, 2.0, 0.5])
    ratio = np.log(stiff).sum() - np.log(soft).sum()
    crossing = langevin.crossing_temperature(0.4, ratio)
    free_energies = np.array(
        [
            langevin.harmonic_free_energy(0.0, stiff, temperature=crossing),
            langevin.harmonic_free_energy(0.4, soft, temperature=crossing),
        ]
    )
    np.testing.assert_allclose(
        langevin.occupancies(free_energies, temperature=crossing), 0.5, atol=1e-12
    )


def test_wells_that_never_cross_are_refused():
    with pytest.raises(ValueError, match="both lower and wider, and dominates at every temper"):
        langevin.crossing_temperature(-0.4, 2.0)


def test_bad_curvatures_are_refused():
    with pytest.raises(ValueError, match="curvatures must be positive, got 0: a flat .* free_ener"):
        langevin.harmonic_free_energy(0.0, np.array([1.0, 0.0]), temperature=1.0)

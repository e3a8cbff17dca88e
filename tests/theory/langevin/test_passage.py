import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_bvp
from scipy.linalg import solve_banded

from groktheory.theory import langevin


def double_well(x):
    return (x**2 - 1) ** 2


def generator_time(profile, start, end, wall, temperature, cells):
    """Mean time from jump rates between cells that obey detailed balance."""
    length = (end - wall) / cells
    edges = profile(wall + length * (np.arange(cells + 1)))
    half = np.diff(edges) / (2 * temperature)
    right = np.exp(-half) * temperature / length**2
    left = np.exp(half) * temperature / length**2
    out = right + np.concatenate([[0.0], left[:-1]])
    bands = np.zeros((3, cells))
    bands[0, 1:], bands[1], bands[2, :-1] = -right[:-1], out, -left[:-1]
    times = solve_banded((1, 1), bands, np.ones(cells))
    return np.interp(start, wall + length * np.arange(cells), times)


@pytest.mark.parametrize(
    ("temperature", "published"), [(0.35, 23.26), (0.25, 69.26), (0.20, 182.4), (0.15, 935.9)]
)
def test_times_of_the_symmetric_double_well(temperature, published):
    time = langevin.mean_first_passage_time(double_well, -1.0, 1.0, temperature=temperature)
    assert time == pytest.approx(published, rel=3e-4)


def test_time_is_that_of_a_jump_process_on_a_fine_grid():
    def profile(x):
        return (x**2 - 1) ** 2 + 0.3 * x + 0.2 * np.sin(5 * x)

    exact = langevin.mean_first_passage_time(profile, -0.7, 1.2, temperature=0.3, wall=-2.5)
    coarse, fine = (generator_time(profile, -0.7, 1.2, -2.5, 0.3, cells) for cells in (3700, 7400))
    assert fine == pytest.approx(exact, rel=1e-5)
    assert abs(fine - exact) < 0.4 * abs(coarse - exact)


def test_time_solves_the_backward_equation():
    temperature = 0.5

    def equation(x, y):
        return np.stack([y[1], (4 * x * (x**2 - 1) * y[1] - 1) / temperature])

    x = np.linspace(-2.2, 0.8, 400)
    solution = solve_bvp(
        equation,
        lambda left, right: np.array([left[1], right[0]]),
        x,
        np.zeros((2, len(x))),
        tol=1e-8,
        max_nodes=100_000,
    )
    for start in (-2.2, -1.0, 0.3):
        found = langevin.mean_first_passage_time(
            double_well, start, 0.8, temperature=temperature, wall=-2.2
        )
        assert found == pytest.approx(solution.sol(start)[0], rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2, 0.9), st.floats(0.15, 3.0), st.floats(0.3, 4.0))
def test_mirror_image_shift_and_units_leave_the_time_alone(start, temperature, unit):
    time = langevin.mean_first_passage_time(double_well, start, 1.0, temperature=temperature)
    mirrored = langevin.mean_first_passage_time(double_well, -start, -1.0, temperature=temperature)
    # Energies and temperature in another unit make time run faster by that unit.
    scaled = langevin.mean_first_passage_time(
        lambda x: unit * double_well(x) + 7, start, 1.0, temperature=unit * temperature
    )
    assert mirrored == pytest.approx(time, rel=1e-8)
    assert unit * scaled == pytest.approx(time, rel=1e-7)


def test_times_along_a_line_add_up():
    def time(start, end):
        return langevin.mean_first_passage_time(double_well, start, end, temperature=0.2)

    assert time(-1, 0.2) + time(0.2, 1) == pytest.approx(time(-1, 1), rel=1e-8)
    assert time(0.4, 0.4) == 0.0


def test_passage_to_the_top_takes_half_of_the_time_when_it_is_cold():
    def share(temperature):
        whole = langevin.mean_first_passage_time(double_well, -1, 1, temperature=temperature)
        top = langevin.mean_first_passage_time(double_well, -1, 0, temperature=temperature)
        return top / whole

    assert share(0.01) == pytest.approx(0.5, abs=1e-3)
    assert abs(share(0.2) - 0.5) > abs(share(0.05) - 0.5)


def test_time_in_the_deep_cold_stays_finite_in_logarithms():
    time = langevin.mean_first_passage_time(double_well, -1, 1, temperature=0.0025)
    rate = langevin.kramers_rate(double_well, -1, 1, temperature=0.0025)
    assert time * rate == pytest.approx(1.0, rel=3e-3)


@pytest.mark.parametrize("profile", [lambda x: -(x**2), lambda x: 0 * x])
def test_a_potential_that_does_not_confine_is_refused(profile):
    with pytest.raises(ValueError, match="not confining: towards -infinity"):
        langevin.mean_first_passage_time(profile, 0.0, 1.0, temperature=0.1)


def test_a_wall_makes_up_for_it():
    time = langevin.mean_first_passage_time(lambda x: 0 * x, 0.5, 2.0, temperature=0.5, wall=0.0)
    assert time == pytest.approx((4 - 0.25) / 1.0, rel=1e-9)


def test_a_wall_on_the_way_is_refused():
    with pytest.raises(ValueError, match="must not lie between start -1.0 and end 1.0, got 0.5"):
        langevin.mean_first_passage_time(double_well, -1.0, 1.0, temperature=0.1, wall=0.5)

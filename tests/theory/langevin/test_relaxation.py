import numpy as np
import pytest
from scipy.linalg import expm

from groktheory.theory import langevin


def test_relaxation_is_the_exponential_of_the_generator():
    generator = np.array([[-0.7, 0.7], [0.2, -0.2]])
    times = np.array([0.0, 0.4, 3.0])
    found = langevin.two_state_relaxation(times, forward=0.7, backward=0.2, start=0.25)
    direct = [(np.array([0.75, 0.25]) @ expm(generator * time))[1] for time in times]
    np.testing.assert_allclose(found, direct, atol=1e-12)


def forward(temperature):
    return 2.0 * np.exp(-1 / temperature)


def backward(temperature):
    return 0.3 * np.exp(-0.6 / temperature)


def test_backward_rate_makes_the_flows_equal():
    back = langevin.backward_rate(0.3, 0.8)
    assert 0.8 * back == pytest.approx(0.2 * 0.3)


def test_annealing_at_a_constant_temperature_is_relaxation():
    times = np.linspace(0.0, 30.0, 7)
    found = langevin.annealed_occupancy(
        times, lambda time: 0.5, forward=forward, backward=backward, start=0.1
    )
    direct = langevin.two_state_relaxation(
        times, forward=forward(0.5), backward=backward(0.5), start=0.1
    )
    np.testing.assert_allclose(found, direct, atol=1e-7)


def test_annealing_is_a_product_of_many_short_relaxations():
    times = np.linspace(0.0, 60.0, 4)
    schedule = langevin.exponential_cooling(1.0, time_constant=20.0)
    found = langevin.annealed_occupancy(
        times, schedule, forward=forward, backward=backward, start=0.9
    )
    population, direct, steps = 0.9, [0.9], 20_000
    for number in range(steps):
        temperature = schedule(60.0 * (number + 0.5) / steps)
        population = langevin.two_state_relaxation(
            np.array([60.0 / steps]),
            forward=forward(temperature),
            backward=backward(temperature),
            start=population,
        )[0]
        if (number + 1) % (steps // 3) == 0 and number > 0:
            direct.append(population)
    np.testing.assert_allclose(found[-1], population, atol=1e-6)


def test_slow_cooling_follows_the_equilibrium_and_fast_cooling_freezes():
    def final(time_constant):
        schedule = langevin.exponential_cooling(1.0, time_constant=time_constant)
        times = np.array([0.0, 4 * time_constant])
        start = forward(1.0) / (forward(1.0) + backward(1.0))
        return start, langevin.annealed_occupancy(
            times, schedule, forward=forward, backward=backward, start=start
        )[-1]

    start, fast = final(1e-4)
    assert fast == pytest.approx(start, abs=1e-3)
    slow = [final(constant)[1] for constant in (1e2, 1e4, 1e6)]
    assert slow[0] > slow[1] > slow[2]  # ever nearer to the cold equilibrium, which is zero


def test_population_freezes_near_the_freezing_temperature():
    constant = 1e5
    schedule = langevin.exponential_cooling(1.0, time_constant=constant)
    times = np.linspace(0.0, 4 * constant, 400)
    when = langevin.freezing_time(times, schedule, forward=forward, backward=backward)
    temperature = schedule(when)
    # ln(k_1 / k_2) = const - 0.4 / theta
    relaxation_rate = forward(temperature) + backward(temperature)
    assert relaxation_rate == pytest.approx(0.4 / temperature / constant, rel=1e-2)
    start = forward(1.0) / (forward(1.0) + backward(1.0))
    final = langevin.annealed_occupancy(
        times, schedule, forward=forward, backward=backward, start=start
    )[-1]
    frozen = forward(temperature) / (forward(temperature) + backward(temperature))
    assert final == pytest.approx(frozen, rel=0.2)


def test_schedules():
    exponential = langevin.exponential_cooling(2.0, time_constant=5.0, floor=0.1)
    assert exponential(5.0) == pytest.approx(0.1 + 1.9 / np.e) and exponential(1e4) == 0.1
    hyperbolic = langevin.hyperbolic_cooling(2.0, time_constant=5.0)
    assert hyperbolic(5.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: langevin.two_state_relaxation(np.zeros(1), forward=0.0, backward=1.0),
            "forward must be positive",
        ),
        (
            lambda: langevin.two_state_relaxation(
                np.zeros(1), forward=1.0, backward=1.0, start=1.2
            ),
            r"start must lie in \[0, 1\], got 1.2",
        ),
        (lambda: langevin.backward_rate(1.0, 1.0), r"probability must lie in \(0, 1\), got 1.0"),
        (
            lambda: langevin.annealed_occupancy(
                np.array([1.0, 0.0]), lambda t: 1.0, forward=forward, backward=backward, start=0.0
            ),
            "times must be at least two and increase",
        ),
        (
            lambda: langevin.annealed_occupancy(
                np.array([0.0, 1.0]), lambda t: -1.0, forward=forward, backward=backward, start=0.0
            ),
            "temperature must be positive at all times",
        ),
        (
            lambda: langevin.annealed_occupancy(
                np.array([0.0, 1.0]),
                lambda t: 1.0,
                forward=lambda t: 0.0,
                backward=backward,
                start=0,
            ),
            "rates must be positive at all temperatures",
        ),
        (
            lambda: langevin.freezing_time(
                np.linspace(0, 1, 9),
                langevin.exponential_cooling(1.0, time_constant=1.0),
                forward=lambda t: 1e3 * forward(t),
                backward=lambda t: 1e3 * backward(t),
            ),
            "nothing freezes within these times: relaxation is fast enough to the end",
        ),
        (
            lambda: langevin.freezing_time(
                np.linspace(0, 0.1, 9),
                langevin.exponential_cooling(1.0, time_constant=0.05),
                forward=forward,
                backward=backward,
            ),
            "relaxation is too slow from the start; choose other times",
        ),
        (
            lambda: langevin.relaxation_rates(lambda x: x**2, (0, np.inf), temperature=1.0),
            "bounds must be finite and increasing",
        ),
        (
            lambda: langevin.relaxation_rates(lambda x: x**2, (0, 1), temperature=1.0, cells=2),
            "count must be smaller than cells = 2, got 3",
        ),
        (
            lambda: langevin.relaxation_rates(lambda x: 1e6 * x**2, (0, 9), temperature=1.0),
            "must not change by more than 600 temperatures from cell to cell",
        ),
    ],
)
def test_bad_relaxations_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_relaxation_rates_of_a_box_and_of_a_harmonic_well():
    box = langevin.relaxation_rates(lambda x: 0 * x, (0, 2), temperature=0.3)
    np.testing.assert_allclose(box, 0.3 * (np.pi / 2 * np.arange(3)) ** 2, atol=1e-5)
    well = langevin.relaxation_rates(lambda x: 3 * x**2, (-5, 5), temperature=0.5, count=4)
    np.testing.assert_allclose(well, 6.0 * np.arange(4), atol=1e-3)


def test_errors_of_the_grid_fall_as_its_square():
    def gap(cells):
        return langevin.relaxation_rates(
            lambda x: (x**2 - 1) ** 2, (-2.5, 2.5), temperature=0.3, cells=cells
        )[1]

    reference = gap(8000)
    assert (gap(200) - reference) / (gap(400) - reference) == pytest.approx(4.0, abs=0.3)

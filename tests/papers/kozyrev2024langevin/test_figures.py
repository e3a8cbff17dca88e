import functools

import numpy as np
import pytest
from helpers import SmallBench, curve
from scipy.integrate import quad

from groktheory.theory import langevin

# Small runs: quick settings of walkers, temperatures and steps, and what to draw instead.
SMALLER = (
    (3000, 300),
    (2000, 300),
    (6000, 600),
    (24_000, 600),
    (500, 200),
    (0.005, 0.01),
    (400.0, 100.0),
    ([0.15, 0.18, 0.22], [0.22, 0.26, 0.3]),
    ([0.02, 0.01, 0.005], [0.04, 0.02, 0.01]),
)


@pytest.fixture(scope="module")
def bench_kind():
    return functools.partial(SmallBench, smaller=SMALLER)


def points(container):
    """Measured points of an error bar, with their errors."""
    data = container[0]
    segments = container[2][0].get_segments()
    errors = np.array([(segment[1, 1] - segment[0, 1]) / 2 for segment in segments])
    return np.asarray(data.get_xdata()), np.asarray(data.get_ydata()), errors


def test_landscape_shows_the_path_and_the_free_energies(draw):
    plane, line = draw("landscape").axes
    x, y = curve(plane, "minimum-energy path")
    assert {round(abs(x[0]), 1), round(abs(x[-1]), 1)} == {1.0}
    wells_x, wells_y = curve(plane, "wells")
    # the valley is bent: y = sin(2x) / 2 at its bottom
    np.testing.assert_allclose(wells_y, 0.5 * np.sin(2 * wells_x), atol=1e-6)
    assert np.ptp(y) > 0.7
    position, profile = curve(line, r"$\theta = 0.3$")
    stiffness = np.exp(np.log(20) + np.log(0.1) * (1 + np.tanh(position / 0.3)) / 2)
    direct = (position**2 - 1) ** 2 + 0.2 * position + 0.3 * 2 * np.log(stiffness)
    offsets = profile - direct
    assert np.ptp(offsets) < 1e-9


def test_occupancies_are_those_of_quadrature_and_walkers_lie_on_them(draw):
    (axes,) = draw("occupancy").axes
    temperatures, shares = curve(axes, "tilt 0.6")
    for place in (30, 50):

        def weight(x, theta=temperatures[place]):
            stiffness = np.exp(np.log(20) + np.log(0.1) * (1 + np.tanh(x / 0.3)) / 2)
            return stiffness**-2.0 * np.exp(-((x**2 - 1) ** 2 + 0.6 * x) / theta)

        boundary = langevin.MemorizeGeneralizeLandscape(5, 20.0, 2.0, tilt=0.6).extrema()[1]
        wide, narrow = quad(weight, boundary, 4)[0], quad(weight, -4, boundary)[0]
        assert shares[place] == pytest.approx(wide / (wide + narrow), rel=1e-6)
    x, measured, errors = points(axes.containers[1])
    expected = np.interp(x, temperatures, shares)
    assert np.abs(measured - expected).max() < 0.05 and np.all(errors < 0.05)


def test_arrhenius_has_a_straight_line_and_one_that_bends(draw):
    energetic, entropic = draw("arrhenius").axes
    inverse, times = curve(energetic, "constant width: Kramers")
    slopes = np.diff(np.log(times)) / np.diff(inverse)
    np.testing.assert_allclose(slopes, 1.0, rtol=1e-4)
    inverse, times = curve(entropic, r"ravine: $\tau\theta$ constant")
    assert np.ptp(times / inverse) < 1e-6 * times[0]
    x, measured, _ = points(entropic.containers[0])
    np.testing.assert_allclose(measured, np.interp(x, np.sort(inverse), np.sort(times)), rtol=0.15)


def test_escape_times_are_exponential(draw):
    density, survival = draw("escape-times").axes
    x, y = curve(density, "exponential")
    np.testing.assert_allclose(y, np.exp(-x))
    shares = [points(container)[1].sum() * 0.2 for container in density.containers]
    # what lies beyond 2.8 mean times is missing
    np.testing.assert_allclose(shares, 1 - np.exp(-2.8), atol=0.06)
    _, left, _ = points(survival.containers[1])
    assert left[0] == 1.0 and np.all(np.diff(left) <= 0)
    assert abs(np.log(left[10]) + 2.0) < 0.5


def test_quench_freezes_the_population_that_theory_predicts(draw):
    course, end = draw("quench", walkers=400).axes
    constants, finals = curve(end, "theory")
    assert np.all(np.diff(finals) < 0)
    (container,) = end.containers
    x, measured, errors = points(container)
    expected = np.interp(np.log(x), np.log(constants), finals)
    assert np.all(np.abs(measured - expected) < 0.03 + 3 * errors)
    temperatures, equilibrium = curve(course, "equilibrium")
    wells = langevin.MemorizeGeneralizeLandscape(5, 8.0, 2.0, tilt=0.2)
    assert equilibrium[0] == pytest.approx(wells.wide_probability(temperatures[0]))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("landscape", {"dimension": 1}, "dimension must lie between 2 and 50, got 1"),
        ("landscape", {"tilt": 0.9}, r"tilt must lie in \[-0.6, 0.6\], got 0.9"),
        ("occupancy", {"dimension": 40}, "dimension must lie between 2 and 20, got 40"),
        ("quench", {"walkers": 10}, "walkers must lie between 100 and 1000000, got 10"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.theory import langevin
from groktheory.theory.langevin import MemorizeGeneralizeLandscape, Ravine


@pytest.fixture(scope="module")
def tilted():
    return MemorizeGeneralizeLandscape(9, 40.0, 4.0, tilt=0.35)


def test_published_times():
    wide = MemorizeGeneralizeLandscape(5, 20.0, 2.0)
    narrow = MemorizeGeneralizeLandscape(5, 2.0, 20.0)
    waived = {"check_barrier": False}
    assert 1 / wide.kramers_rate(temperature=0.25, **waived) == pytest.approx(13.1, rel=5e-3)
    assert 1 / wide.kramers_rate(temperature=0.2) == pytest.approx(32.8, rel=5e-3)
    assert 1 / narrow.kramers_rate(temperature=0.25) == pytest.approx(1280, rel=5e-3)
    assert wide.escape_time(temperature=0.25) == pytest.approx(16.15, rel=1e-3)
    assert wide.escape_time(temperature=0.2) == pytest.approx(38.9, rel=5e-3)
    assert narrow.escape_time(temperature=0.25) == pytest.approx(1522, rel=1e-3)


def test_published_occupancies(tilted):
    assert tilted.wide_probability(0.07) == pytest.approx(0.338, abs=1e-3)
    assert tilted.wide_probability(0.08) == pytest.approx(0.640, abs=1e-3)


def test_wide_probability_is_that_of_the_full_integral():
    landscape = MemorizeGeneralizeLandscape(2, 9.0, 0.8, tilt=0.15)
    saddle = float(landscape.extrema()[1])
    sides = [
        langevin.free_energy(landscape, [side, (-6, 6)], temperature=0.3)
        for side in ((-3.0, saddle), (saddle, 3.0))
    ]
    exact = langevin.occupancies(np.array(sides), temperature=0.3)[1]
    assert landscape.wide_probability(0.3) == pytest.approx(exact, abs=1e-7)


def test_free_energy_is_minus_the_logarithm_of_the_integral_over_the_valley():
    landscape = MemorizeGeneralizeLandscape(3, 12.0, 1.0)
    profile = landscape.free_energy(0.4)

    def integrated(x):
        return langevin.free_energy(
            lambda y: landscape(jnp.concatenate([jnp.full(1, x), y])),
            [(-9, 9)] * 2,
            temperature=0.4,
        )

    offsets = [float(profile(np.array(x))) - integrated(x) for x in (-1.2, -0.1, 0.3, 1.0)]
    assert np.ptp(offsets) < 1e-6


def test_extrema_are_those_of_newton(tilted):
    landscape = MemorizeGeneralizeLandscape(3, 40.0, 4.0, tilt=0.35)
    points = langevin.stationary_points(landscape, bounds=[(-2, 2), (-1, 1), (-1, 1)])
    found = sorted(point.position[0] for point in points)
    np.testing.assert_allclose(found, tilted.extrema(), atol=1e-9)
    for point in points:
        np.testing.assert_allclose(
            np.sort(landscape.curvatures(point.position[0])), point.curvatures, rtol=1e-8
        )


def test_energy_in_jax_is_that_in_numpy(tilted):
    point = np.linspace(-0.9, 0.7, 9)
    with jax.enable_x64(True):
        traced = jax.jit(tilted)(jnp.asarray(point))
    assert float(traced) == pytest.approx(float(tilted(point)), rel=1e-12)


def test_crossing_temperature_is_where_half_of_the_weight_is_wide(tilted):
    crossing = tilted.crossing_temperature()
    assert tilted.wide_probability(crossing) == pytest.approx(0.5, abs=1e-8)
    narrow, _, wide = tilted.extrema()
    harmonic = langevin.crossing_temperature(
        tilted.energy(wide) - tilted.energy(narrow),
        np.log(tilted.curvatures(narrow) / tilted.curvatures(wide)).sum(),
    )
    assert crossing == pytest.approx(harmonic, rel=0.01)
    assert tilted.harmonic_wide_probability(harmonic) == pytest.approx(0.5, abs=1e-9)


def test_rates_obey_detailed_balance_with_the_occupancies():
    landscape = MemorizeGeneralizeLandscape(5, 20.0, 2.0, tilt=0.1)
    there = landscape.kramers_rate(temperature=0.03)
    back = landscape.kramers_rate(temperature=0.03, to_wide=False)
    wide = landscape.wide_probability(0.03, boundary=landscape.bottleneck(0.03))
    assert there / back == pytest.approx(wide / (1 - wide), rel=0.03)


def test_relaxation_is_the_sum_of_the_two_rates_of_escape():
    landscape = MemorizeGeneralizeLandscape(5, 8.0, 2.0, tilt=0.05)
    profile = landscape.free_energy(0.08)
    gap = langevin.relaxation_rates(profile, (-2, 2), temperature=0.08, cells=4000)[1]
    total = 1 / landscape.escape_time(temperature=0.08)
    total += 1 / landscape.escape_time(temperature=0.08, to_wide=False)
    assert gap == pytest.approx(total, rel=0.02)


def test_the_bottleneck_moves_with_the_temperature():
    landscape = MemorizeGeneralizeLandscape(5, 20.0, 2.0)
    assert landscape.bottleneck(1e-3) == pytest.approx(0.0, abs=0.01)
    # The stiff side is pushed out: the top of A lies on the narrow side of the saddle.
    assert landscape.bottleneck(0.25) < -0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, -1.0, 2.0), "narrow_stiffness must be positive and finite, got -1.0"),
        ((0, 1.0, 2.0), "dimension must be a whole number of at least 1, got 0"),
        ((5, 1.0, 2.0, 1.0, 2.0), "tilt must lie in .* for two wells, got 2.0"),
    ],
)
def test_bad_landscapes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MemorizeGeneralizeLandscape(*arguments)


def test_a_barrier_that_entropy_has_removed_is_refused():
    with pytest.raises(ValueError, match="no barrier between the wells at temperature 5.0"):
        MemorizeGeneralizeLandscape(9, 100.0, 1.0).bottleneck(5.0)


def test_a_crossing_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="dominates at every temperature"):
        MemorizeGeneralizeLandscape(5, 20.0, 2.0, tilt=-0.1).crossing_temperature()


def test_wrong_directions_are_refused():
    with pytest.raises(
        ValueError, match="transverse_dimensions must be a whole number of at least 0"
    ):
        langevin.free_energy_profile(
            lambda x: x, lambda x: x, transverse_dimensions=-1, temperature=1.0
        )


def test_published_times_of_the_ravine():
    ravine = Ravine(6)
    assert ravine.escape_time(temperature=0.02) == pytest.approx(68.9, rel=1e-3)
    assert ravine.escape_time(temperature=0.005) == pytest.approx(275.6, rel=1e-3)
    assert langevin.flat_ravine_time(1.0, temperature=0.005) == pytest.approx(100.0)


def test_time_of_the_ravine_is_that_of_its_free_energy():
    ravine, temperature = Ravine(4, bump=0.7), 0.3
    profile = langevin.free_energy_profile(
        lambda s: 0 * s, ravine.stiffness_at, transverse_dimensions=4, temperature=temperature
    )
    direct = langevin.mean_first_passage_time(profile, 0.0, 1.0, temperature=temperature, wall=0.0)
    assert ravine.escape_time(temperature=temperature) == pytest.approx(direct, rel=1e-9)
    # Both halves are alike: the wall in the middle may be moved to the other end.
    mirrored = langevin.mean_first_passage_time(
        profile, -1.0, 1.0, temperature=temperature, wall=-1.0
    )
    assert mirrored > 2 * direct


def test_stiffness_does_not_matter_where_it_is_constant():
    time = langevin.flat_ravine_time(
        2.0, temperature=0.1, stiffness=lambda s: 7.0 + 0 * s, transverse_dimensions=3
    )
    assert time == pytest.approx(20.0, rel=1e-9)
    assert Ravine(3, bump=0.0, length=2.0).escape_time(temperature=0.1) == pytest.approx(20.0)


def test_energy_of_the_ravine():
    ravine = Ravine(2)
    assert ravine(np.array([0.5, 1.0, 1.0])) == pytest.approx(4 * np.e)
    assert ravine(np.array([0.77, 0.0, 0.0])) == 0.0
    with jax.enable_x64(True):
        gradient = jax.grad(ravine)(jnp.array([0.0, 1.0, 0.0]))
    assert np.all(np.isfinite(gradient))


def test_bad_ravines_are_refused():
    with pytest.raises(ValueError, match="bump must be non-negative, got -1.0"):
        Ravine(2, bump=-1.0)
    with pytest.raises(ValueError, match="length must be positive"):
        langevin.flat_ravine_time(0.0, temperature=1.0)

import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.theory import langevin

_BOX = [(-1.8, 1.2), (-0.5, 2.2)]
_HEIGHTS = np.array([-200.0, -100.0, -170.0, 15.0])
_SHAPES = np.array([[-1, -1, -6.5, 0.7], [0, 0, 11, 0.6], [-10, -10, -6.5, 0.7]])
_CENTERS = np.array([[1, 0, -0.5, -1], [0, 0.5, 1.5, 1.0]])


def mueller_brown(point):
    x, y = point[0] - _CENTERS[0], point[1] - _CENTERS[1]
    return jnp.sum(_HEIGHTS * jnp.exp(_SHAPES[0] * x**2 + _SHAPES[1] * x * y + _SHAPES[2] * y**2))


@pytest.fixture(scope="module")
def points():
    return langevin.stationary_points(mueller_brown, bounds=_BOX)


def test_the_points_of_mueller_and_brown(points):
    # Literature values of a standard test surface.
    np.testing.assert_allclose(
        [point.energy for point in langevin.minima(points)],
        [-146.6995, -108.1667, -80.7678],
        atol=1e-3,
    )
    np.testing.assert_allclose(
        [point.energy for point in langevin.saddles(points)], [-72.2489, -40.6648], atol=1e-3
    )
    np.testing.assert_allclose(points[0].position, [-0.5582, 1.4417], atol=1e-3)
    assert [point.index for point in points] == [0, 0, 0, 1, 1]


def test_hessians_are_those_of_finite_differences(points):
    step = 1e-4
    for point in points:
        for i in range(2):
            for j in range(2):
                total = sum(
                    a
                    * b
                    * float(energy(point.position + step * (a * np.eye(2)[i] + b * np.eye(2)[j])))
                    for a in (1, -1)
                    for b in (1, -1)
                )
                assert total / (4 * step**2) == pytest.approx(point.hessian[i, j], rel=1e-4)


def energy(point):
    x, y = point[0] - _CENTERS[0], point[1] - _CENTERS[1]
    return np.sum(_HEIGHTS * np.exp(_SHAPES[0] * x**2 + _SHAPES[1] * x * y + _SHAPES[2] * y**2))


def test_passes_connect_neighboring_wells_only(points):
    deep, right, shallow = langevin.minima(points)
    passes = langevin.transitions(mueller_brown, points)
    links = {frozenset(map(id, (item.first, item.second))) for item in passes}
    assert links == {frozenset({id(deep), id(shallow)}), frozenset({id(right), id(shallow)})}
    (saddle,) = langevin.saddles_between(passes, deep, shallow)
    assert saddle.energy == pytest.approx(-40.6648, abs=1e-3)
    with pytest.raises(ValueError, match="no saddle between the wells .* rate_matrix.* flat_rav"):
        langevin.saddles_between(passes, deep, right)


def test_path_goes_down_on_both_sides_along_the_gradient(points):
    saddle = langevin.saddles(points)[1]
    path = langevin.minimum_energy_path(mueller_brown, saddle, num_points=60)
    top = 59
    assert path.energies[top] == pytest.approx(saddle.energy) and path.lengths[top] == 0.0
    assert np.all(np.diff(path.energies[: top + 1]) > -1e-3)
    assert np.all(np.diff(path.energies[top:]) < 1e-3)
    ends = sorted(path.energies[[0, -1]])
    np.testing.assert_allclose(ends, [-146.6995, -80.7678], atol=1e-2)
    tangent = path.points[41] - path.points[39]
    middle = path.points[40]
    gradient = np.array(
        [(energy(middle + 1e-5 * e) - energy(middle - 1e-5 * e)) / 2e-5 for e in np.eye(2)]
    )
    cosine = tangent @ gradient / np.linalg.norm(tangent) / np.linalg.norm(gradient)
    assert abs(cosine) > 0.999


def test_starts_instead_of_bounds():
    found = langevin.stationary_points(mueller_brown, starts=np.array([[-0.5, 1.4], [0.6, 0.1]]))
    assert {round(point.energy, 2) for point in found} == {-146.70, -108.17}


def test_a_flat_valley_is_refused():
    def ring(x):
        return (jnp.sum(x**2) - 1) ** 2

    with pytest.raises(ValueError, match="singular: .* flat along a valley .* flat_ravine_time"):
        langevin.stationary_points(ring, bounds=[(-2, 2)] * 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either bounds, .* or starts"),
        ({"bounds": [(0, 1)], "starts": np.zeros((1, 1))}, "give either bounds"),
        ({"bounds": [(1, 0)]}, "every pair of bounds must increase"),
        ({"bounds": [(0, np.inf)]}, "one finite pair"),
        ({"bounds": [(0, 1)], "num_starts": 0}, "num_starts must be a whole number of at least 1"),
        ({"starts": np.zeros(3)}, r"starts must be finite points \[starts, dimensions\]"),
        ({"bounds": [(3, 4)]}, "no stationary point was found: widen the bounds"),
    ],
)
def test_bad_searches_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        langevin.stationary_points(lambda x: (x[0] ** 2 - 1) ** 2, **options)


def test_a_potential_of_many_values_is_refused():
    with pytest.raises(ValueError, match="must map one point to one number"):
        langevin.stationary_points(lambda x: x**2, bounds=[(-1, 1)])


def test_a_descent_that_runs_away_is_refused():
    def cubic(x):
        return x[0] ** 2 / 2 - x[0] ** 3 / 3 + x[1] ** 2

    found = langevin.stationary_points(cubic, bounds=[(-0.5, 1.5), (-1, 1)])
    with pytest.raises(ValueError, match="runs away: the potential is not confining"):
        langevin.minimum_energy_path(cubic, langevin.saddles(found)[0])


def test_a_well_outside_of_the_bounds_is_refused():
    def double_well(x):
        return (x[0] ** 2 - 1) ** 2

    found = langevin.stationary_points(double_well, bounds=[(-1.5, 0.5)])
    with pytest.raises(ValueError, match="none of the wells found: widen the bounds"):
        langevin.transitions(double_well, found)


def test_a_path_from_a_well_is_refused(points):
    with pytest.raises(ValueError, match="one unstable direction, got a point with 0 of them"):
        langevin.minimum_energy_path(mueller_brown, points[0])

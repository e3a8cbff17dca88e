import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.papers import arrhenius

BOUNDS = [(-2, 2), (-2, 2)]


def potential(x):
    return (x[0] ** 2 - 1) ** 2 + (x[1] - jnp.sin(x[0])) ** 2


def line(axes, label):
    (found,) = [line for line in axes.get_lines() if line.get_label() == label]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def test_walkers_lie_on_the_line_of_a_potential_of_ones_own():
    figure = arrhenius.draw(
        potential, [-1, -0.8], bounds=BOUNDS, temperatures=[0.25, 0.3], key=jax.random.key(0)
    )
    (axes,) = figure.axes
    inverse, times = line(axes, "Eyring-Kramers-Langer")
    slopes = np.diff(np.log(times)) / np.diff(inverse)
    np.testing.assert_allclose(slopes, 1.0, rtol=1e-6)
    (container,) = axes.containers
    points = container[0]
    measured = np.asarray(points.get_ydata())
    predicted = np.exp(np.interp(points.get_xdata(), np.sort(inverse), np.sort(np.log(times))))
    np.testing.assert_allclose(measured / predicted, 1.15, atol=0.2)


def test_line_is_dashed_where_the_formula_does_not_apply():
    figure = arrhenius.draw(potential, [-1, -0.8], bounds=BOUNDS, temperatures=[0.2, 0.5])
    (axes,) = figure.axes
    solid, _ = line(axes, "Eyring-Kramers-Langer")
    dashed, _ = line(axes, "the same below 3 temperatures")
    # the barrier is 1
    assert solid.min() == pytest.approx(3.0, abs=1e-6)
    assert dashed.max() == pytest.approx(3.0, abs=1e-6)
    (axes,) = arrhenius.draw(potential, [-1, -0.8], bounds=BOUNDS, temperatures=[0.5]).axes
    assert len(axes.get_lines()) == 1


def single_well(x):
    return jnp.sum(x**2) + x[0] ** 4


@pytest.mark.parametrize(
    ("function", "well", "temperatures", "message"),
    [
        (potential, [-1, 0], [0.1, -0.1], "temperatures must be positive and at least one"),
        (potential, [-1], [0.1], "well must be a point of 2 coordinates"),
        (single_well, [0, 0], [0.1], "no saddle leads out of the well at .*flat_ravine_time"),
        (lambda x: -single_well(x), [0, 0], [0.1], "no minimum within the bounds: widen them"),
    ],
)
def test_bad_plots_are_refused(function, well, temperatures, message):
    with pytest.raises(ValueError, match=message):
        arrhenius.draw(function, well, bounds=BOUNDS, temperatures=temperatures)

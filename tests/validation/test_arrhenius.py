import numpy as np
import pytest

from groktheory.validation import Series, draw_arrhenius

TEMPERATURES = np.array([0.1, 0.2, 0.4])
TIMES = 3 * np.exp(0.5 / TEMPERATURES)
POINTS = Series("walkers", TEMPERATURES, TIMES, 0.1 * TIMES)
LINE = Series("theory", TEMPERATURES, TIMES, style="line")


def test_times_are_drawn_over_one_over_temperature():
    (axes,) = draw_arrhenius({"barrier": [POINTS, LINE]}, unit="steps").axes
    (line,) = [line for line in axes.get_lines() if line.get_label() == "theory"]
    np.testing.assert_allclose(np.asarray(line.get_xdata()), [10.0, 5.0, 2.5])
    np.testing.assert_allclose(np.asarray(line.get_ydata()), TIMES)
    assert axes.get_yscale() == "log" and axes.get_ylabel() == "time [steps]"
    assert [text.get_text() for text in axes.texts] == ["barrier"]
    # a barrier of energy is a straight line
    slopes = np.diff(np.log(TIMES)) / np.diff(1 / TEMPERATURES)
    np.testing.assert_allclose(slopes, 0.5)


def test_two_panels_have_letters_and_legends_in_the_order_of_the_series():
    figure = draw_arrhenius({"energy": [POINTS, LINE], "entropy": [LINE]})
    first, second = figure.axes
    legend = first.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["walkers", "theory"]
    assert {text.get_text() for text in second.texts} == {"entropy", "(b)"}


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ({}, "panels must be one or two, got 0"),
        ({"energy": []}, "panel 'energy' has nothing to draw"),
        ({"energy": [Series("cold", [0.0], [1.0])]}, "must be positive, got others in 'cold'"),
        ({"energy": [Series("early", [1.0], [0.0])]}, "must be positive, got others in 'early'"),
    ],
)
def test_bad_panels_are_refused(panels, message):
    with pytest.raises(ValueError, match=message):
        draw_arrhenius(panels)

"""What the figures of the paper show."""

import numpy as np
import pytest

from groktheory.papers.lakkapragada2025slt import _figure_calibration, networks
from groktheory.theory import singular


def test_multiplicity_bends_the_curves(monkeypatch, draw):
    planted = np.full((5, len(networks.NETWORKS), len(networks.SCALES)), 2.0)
    planted += 0.01 * np.arange(5)[:, None, None]
    monkeypatch.setattr(networks, "gibbs_coefficients", lambda bench: planted)
    left, right = draw("multiplicity").axes
    lines = {line.get_label(): line for line in left.get_lines()}
    x, y = lines["$(w_1w_2)^2$"].get_data()
    # One over the logarithm of the scale less the digamma function at a half.
    np.testing.assert_allclose(y, 0.5 - 1 / (1 / x + 1.9635100260214235), atol=1e-6)
    np.testing.assert_allclose(lines["$(w_1)^2$"].get_ydata(), 0.5, atol=0.01)
    points = right.containers[0].lines[0].get_ydata()
    np.testing.assert_allclose(points, 2.02)


def test_free_energies_cross_where_predicted(draw):
    left, right = draw("free-energy-crossing").axes[:2]
    lines = {line.get_label(): line for line in left.get_lines()}
    n, gap = lines["pentagon"].get_data()
    crossing = np.exp(np.interp(0.0, gap[n > 300], np.log(n[n > 300])))
    (label,) = [name for name in lines if name.startswith("crossing")]
    assert lines[label].get_xdata()[0] == pytest.approx(crossing, rel=0.01)
    assert label == "crossing, 1010"
    values = {line.get_label(): line.get_data() for line in right.get_lines()}
    assert values["pentagon"][1][0] == singular.polygon_rank(5) / 2
    assert values["hexagon"][1][0] == singular.polygon_rank(6) / 2


def test_calibration_shows_ratios_and_warnings(monkeypatch, draw):
    shape = len(_figure_calibration._STEPS), len(_figure_calibration._LOCALIZATIONS)
    values = np.full(shape, 6.0)
    values[-1, 0] = np.nan
    monkeypatch.setattr(
        _figure_calibration, "_map", lambda bench: {"values": values, "warnings": values * 0 + 1.0}
    )
    figure = draw("calibration")
    cells = np.asarray(figure.axes[0].collections[0].get_array())
    assert np.nansum(cells) == pytest.approx(values.size - 1)  # the coefficient is six
    (lost,) = figure.axes[0].get_lines()
    assert len(lost.get_xdata()) == 1


def test_warnings_of_a_verdict_are_counted():
    assert [_figure_calibration.count_warnings(v) for v in ("good", "a", "a; b")] == [0, 1, 2]

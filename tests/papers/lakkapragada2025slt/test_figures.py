"""What the figures of the paper show."""

import numpy as np
import pytest
import xarray as xr
from helpers import curve

from groktheory.papers.lakkapragada2025slt import _figure_calibration, grokking, networks, training
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


def planted_runs(waits):
    """Runs that fit at the record 10 and generalize some records later."""
    records = np.arange(60)
    shape = ("seed", "step")
    train = np.tile(records >= 10, (len(waits), 1)).astype(float)
    test = np.array([records >= 10 + wait for wait in waits], float)
    return xr.Dataset(
        {"train_accuracy": (shape, train), "test_accuracy": (shape, test)},
        {"step": 100 * records, "seed": np.arange(len(waits))},
    )


def test_coefficient_is_drawn_at_the_longest_wait(monkeypatch, draw):
    waits = [5, 30, 12, *[3] * 9]
    monkeypatch.setattr(grokking, "train_runs", lambda bench, seeds: planted_runs(waits))

    def estimated(bench, run, records):
        assert int(run["seed"]) == 1
        falling = np.linspace(40.0, 10.0, len(records))
        names = ("llc", "standard_error", "train_loss", "test_loss")
        return xr.Dataset({name: ("step", falling) for name in names})

    monkeypatch.setattr(grokking, "coefficients_at", estimated)
    losses, accuracies, coefficients = draw("coefficient-through-grokking").axes
    marks = [line.get_xdata()[0] for line in coefficients.get_lines() if line.get_ls() == ":"]
    assert marks == [1000, 4000]
    np.testing.assert_allclose(curve(accuracies, "test")[1], planted_runs(waits).test_accuracy[1])
    assert coefficients.containers[0].lines[0].get_ydata()[0] == 40
    assert losses.get_yscale() == "log"


def test_coefficient_is_not_drawn_without_grokking(monkeypatch, draw):
    monkeypatch.setattr(grokking, "train_runs", lambda bench, seeds: planted_runs([0] * 12))
    with pytest.raises(ValueError, match="none of 12 runs groks: take another seed"):
        draw("coefficient-through-grokking")


def test_plateaus_are_drawn_at_their_levels(monkeypatch, draw):
    """Two runs, resting at a square; the second goes on to a pentagon with a constant feature."""
    records = 400
    active = np.array([[4] * records, [4] * 200 + [5] * 200])
    constant = np.array([[0] * records, [0] * 200 + [1] * 200])
    losses = training.level_of(active, constant)
    state = {"active": active, "constant": constant, "loss_of_features": losses}
    runs = xr.Dataset(
        {name: (("seed", "step"), values) for name, values in state.items()},
        {"step": np.arange(records)},
    )
    runs["parameters"] = ("seed", "step", "parameter"), np.zeros((2, records, 24))
    monkeypatch.setattr(training, "train_superposition", lambda bench: runs)
    (axes,) = draw("plateau-ladder").axes
    levels = [line.get_ydata()[0] for line in axes.get_lines() if line.get_color() == "0.8"]
    np.testing.assert_allclose(levels, singular.plateaus(training.FEATURES))
    (rest,) = [line for line in axes.get_lines() if line.get_ls() == ":"]
    np.testing.assert_allclose(rest.get_ydata(), training.level_of(5, 1))
    assert list(rest.get_xdata()) == [200, 399]
    assert len(axes.child_axes) == 2

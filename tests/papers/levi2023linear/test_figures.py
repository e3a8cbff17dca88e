import numpy as np
import pytest
from helpers import curve
from scipy.optimize import brentq
from scipy.special import ive

from groktheory.papers.levi2023linear import _figure_phases


def train_loss(times, ratio):
    """Closed form of the train loss at learning rate times steps."""
    argument = 8 * np.sqrt(ratio) * times
    return 2 * ive(1, argument) * np.exp(-4 * (1 - np.sqrt(ratio)) ** 2 * times) / argument


def test_exact_curves_go_through_the_points(draw):
    losses, accuracies = draw("exact-curves", dimension=60, draws=8).axes
    steps, drawn = curve(losses, r"$\lambda = 0.1$, train")
    np.testing.assert_allclose(drawn, train_loss(0.01 * steps, 0.1), rtol=1e-6)
    for ratio, plateau in (("0.9", 0.0), ("1.5", 1 / 3)):
        _, drawn = curve(losses, rf"$\lambda = {ratio}$, test")
        assert drawn[-1] == pytest.approx(plateau, abs=1e-3)
    # Points: the first container is the train loss at the smallest ratio.
    for axes, label in ((losses, "loss"), (accuracies, "accuracy")):
        x, y = axes.containers[0].lines[0].get_data()
        line = curve(axes, r"$\lambda = 0.1$, train")
        expected = np.interp(np.log(x), np.log(line[0]), line[1])
        assert np.max(np.abs(y - expected)) < 0.15, label
        assert len(axes.containers) == 6


def test_grokking_times_diverge(draw):
    delays, times = draw("grokking-times", dimension=50, draws=2).axes
    distances, drawn = curve(delays, r"$\epsilon \to 0$")
    gaps = 1 - np.sqrt(1 - distances)
    np.testing.assert_allclose(drawn, -100 * np.log(gaps) / (2 * gaps**2), rtol=1e-9)
    tiny = curve(delays, r"$\epsilon = 10^{-12}$")[1]
    assert np.all(tiny < drawn) and np.all(tiny > 0.7 * drawn)
    assert len(delays.containers) == 3
    ratios, train = curve(times, "train")
    for index in (0, 20, len(ratios) - 1):
        exact = brentq(lambda t, r=ratios[index]: train_loss(t, r) - 2.5e-4, 0.1, 100)
        assert train[index] == pytest.approx(100 * exact, rel=1e-6)
    _, test = curve(times, "test")
    # At equality the loss falls as 1 / sqrt(4 pi t), slowly but to any level.
    assert test[-1] == pytest.approx(100 / (4 * np.pi * 2.5e-4**2), rel=1e-2)


def test_phase_diagrams_show_formulas_and_cells(draw, bench_of, monkeypatch):
    monkeypatch.setattr(_figure_phases, "_DECAYS", np.geomspace(1e-5, 0.1, 5))
    monkeypatch.setattr(_figure_phases, "_OUTPUTS", np.array([1, 10, 100]))
    monkeypatch.setattr(_figure_phases, "_RATIOS", np.linspace(0.1, 0.9, 4))
    monkeypatch.setattr(_figure_phases, "_DRAWS", 2)
    few = {"decay": (3e-5, 3e-3), "outputs": (2, 40), "ratio": (0.3, 0.9)}
    monkeypatch.setattr(_figure_phases, "_CELLS", few)
    figure = draw("phase-diagrams", dimension=100)
    panels = figure.axes[:3]
    for axes, size in zip(panels, (15, 20, 12), strict=True):
        mesh, cells = axes.collections
        table = np.ma.filled(mesh.get_array(), np.nan).ravel()
        assert table.size == size and len(cells.get_offsets()) == 4
        assert mesh.norm is cells.norm
    decay_and_ratio = np.ma.filled(panels[1].collections[0].get_array(), np.nan)
    assert np.all(np.isnan(decay_and_ratio[:, -1]))  # a decay that leaves too much loss
    column = decay_and_ratio[:, 0]
    assert np.all(np.diff(column) > 0)
    cells = panels[2].collections[1]
    measured = np.ma.filled(cells.get_array(), np.nan)
    offsets = np.asarray(cells.get_offsets())
    first = (offsets[:, 0] == 2) & (offsets[:, 1] == 0.3)
    last = (offsets[:, 0] == 40) & (offsets[:, 1] == 0.9)
    assert measured[last].item() > 20 * measured[first].item()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("exact-curves", {"threshold": 1.0}, r"threshold must lie in \(0, 1\), got 1.0"),
        ("exact-curves", {"dimension": 5}, "at least 10 and draws at least 2, got 5 and 20"),
        ("grokking-times", {"draws": 1}, "at least 50 and draws at least 2, got 1000 and 1"),
        ("phase-diagrams", {"dimension": 50}, r"dimension must lie in \[100, 2000\], got 50"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

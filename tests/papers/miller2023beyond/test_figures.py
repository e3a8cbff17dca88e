"""What the figures of the paper show."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import (
    _figure_concealment,
    _figure_landscape,
    _figure_plane,
    bayesian,
    concealment,
    paper,
    regression,
)


def process_runs(starts):
    """Planted ways: straight lines, errors that fall tenfold every step."""
    steps = np.arange(5)
    shape = (len(starts), 1, 1, 2, len(steps))
    dims = ("start", "learning_rate", "complexity_weight", "seed", "step")

    def of(values):
        return (dims, np.broadcast_to(values, shape))

    return xr.Dataset(
        {
            "log_length_scale": of(-6.0 + steps),
            "log_signal": of(4.0 - steps),
            "train_error": of(1e-3 * np.ones(5)),
            "test_error": of(0.5 * 10.0**-steps),
            "complexity": of(2.0 - steps),
            "data_fit": of(0.1 + 0.1 * steps),
        },
        {"start": list(starts), "step": steps},
    )


@pytest.fixture(autouse=True)
def _planted(monkeypatch):
    monkeypatch.setattr(
        regression,
        "train_process",
        lambda bench, name, *, starts=("B",), **settings: process_runs(starts),
    )


def test_grid_is_that_of_the_density():
    """Gaussian densities by SciPy at every cell."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.uniform(-1, 1, (6, 1)), rng.normal(size=6)
    lengths, signals = np.array([-2.0, 0.0, 1.0]), np.array([-1.0, 2.0])
    fit, complexity = _figure_landscape.likelihood_grid(inputs, targets, lengths, signals)
    for i, length in enumerate(np.exp(lengths)):
        for j, signal in enumerate(np.exp(signals)):
            distances = (inputs - inputs.T) ** 2
            gram = signal * np.exp(-distances / (2 * length**2)) + 0.01 * np.eye(6)
            density = multivariate_normal(np.zeros(6), gram).logpdf(targets)
            total = 6 * (fit[i, j] + complexity[i, j]) + 3 * np.log(2 * np.pi)
            assert total == pytest.approx(-density, rel=1e-9)


def test_ways_lead_through_the_landscape(draw):
    figure = draw("likelihood-landscape", cells=12)
    first = figure.axes[0]
    way = next(line for line in first.get_lines() if len(np.asarray(line.get_xdata())) == 5)
    np.testing.assert_allclose(way.get_xdata(), -6.0 + np.arange(5))
    errors = [line for line in figure.axes[3].get_lines() if line.get_label() == "B"][0]
    np.testing.assert_allclose(errors.get_ydata(), 0.5 * 10.0 ** -np.arange(1, 5))
    with pytest.raises(ValueError, match=r"cells must lie in \[10, 400\], got 5"):
        draw("likelihood-landscape", cells=5)


def test_laws_go_through_the_gaps(monkeypatch, draw):
    bits = np.array(concealment.BITS, dtype=float)
    spread = np.exp(0.1 * np.random.default_rng(0).normal(size=(6, 5)))
    gaps = concealment.Gaps(bits.astype(int), 5 * np.exp(0.1 * bits) * spread, np.zeros((6, 5)))
    gaps.is_censored[0, -1] = 1
    monkeypatch.setattr(concealment, "train_concealed", lambda bench: gaps)
    laws = _figure_concealment.fitted_laws(gaps)
    exponential, line = laws.values()
    np.testing.assert_allclose(exponential(bits), 5 * np.exp(0.1 * bits), rtol=0.1)
    assert np.diff(line(bits)).std() < 1e-9
    left, right = draw("concealment-law").axes
    assert sum(line.get_marker() == "^" and len(line.get_xdata()) for line in left.get_lines()) == 1
    residuals = right.containers[0].lines[0].get_ydata()
    assert np.max(np.abs(residuals)) < 0.2


def test_plane_shows_when_runs_fit_and_generalize(monkeypatch, draw):
    steps = np.arange(4)
    dims = ("mean_scale", "seed", "step")
    networks = xr.Dataset(
        {
            "train_accuracy": (dims, np.array([[[0.5, 1.0, 1.0, 1.0]]])),
            "test_accuracy": (dims, np.array([[[0.5, 0.6, 0.7, 1.0]]])),
            "error": (dims, np.array([[[9.0, 0.1, 0.1, 0.1]]])),
            "complexity": (dims, np.array([[[20.0, 19.0, 15.0, 8.0]]])),
        },
        {"mean_scale": [1.0], "step": steps},
    )
    monkeypatch.setattr(bayesian, "train_networks", lambda bench: networks)
    monkeypatch.setattr(_figure_plane, "_network", _figure_plane._bayesian)
    figure = draw("plane")
    marks = {
        (axes.get_title("left"), line.get_label()): (line.get_xdata()[0], line.get_ydata()[0])
        for axes in figure.axes
        for line in axes.get_lines()
        if line.get_label() in ("start", "fits", "generalizes")
    }
    assert marks["Bayesian network", "fits"] == (19.0, 0.1)
    assert marks["Bayesian network", "generalizes"] == (8.0, 0.1)
    assert marks["Gaussian process regression", "fits"] == (2.0, 0.1)
    x, y = marks["Gaussian process regression", "generalizes"]
    assert (x, y) == (0.0, pytest.approx(0.3))
    # The linear run groks: its error is small before its complexity falls.
    start, fit, end = (
        marks["linear regression", name] for name in ("start", "fits", "generalizes")
    )
    assert end[0] < fit[0] < start[0] and end[1] < fit[1] < start[1]


def test_first_record_of_a_condition():
    assert _figure_plane._first(np.array([False, True, True])) == 1
    assert _figure_plane._first(np.array([False, False])) == 1


@pytest.mark.slow
def test_real_network_in_the_plane():
    way = _figure_plane._network(Bench(paper.key, "plane"))
    assert 0 < way.fit < way.generalization < len(way.error) - 1

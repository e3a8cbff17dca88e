from typing import Any

import numpy as np
import pytest
from helpers import curve
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from groktheory.papers.lyu2023dichotomy._figure_data import separated_halves, sparse_signs


def flow(rate, start, times):
    """Integrate something by brute force."""
    return solve_ivp(
        rate, (0, times[-1]), start, method="LSODA", t_eval=times, rtol=1e-8, atol=1e-11
    ).y.T


def test_smoothed_penalty_goes_from_a_parabola_to_the_absolute_value(draw):
    penalty, _ = draw("smoothed-penalty").axes
    weights, parabola = curve(penalty, r"$\beta = 1$")
    _, absolute = curve(penalty, r"$\beta = 0.001$")
    direct = (np.sqrt(weights**2 + 4) - 2) / (np.sqrt(5) - 2)
    np.testing.assert_allclose(parabola, direct, atol=1e-12)
    inside = np.abs(weights) <= 1
    assert np.abs(parabola - weights**2)[inside].max() < 0.02
    assert np.abs(absolute - np.abs(weights)).max() < 0.003


def test_smoothed_penalty_marks_the_least_entropy_on_the_line(draw):
    _, plane = draw("smoothed-penalty").axes
    line, _, *marked = plane.get_lines()
    (first, last), (low, high) = line.get_xdata()[[0, -1]], line.get_ydata()[[0, -1]]

    def entropy(position, clock):
        point = np.array([position, low + (high - low) * (position - first) / (last - first)])
        half = np.arcsinh(point / (2 * clock))
        return np.sum(point * half - np.sqrt(point**2 + 4 * clock**2))

    for clock, dot in zip((1.0, 0.2, 0.05, 0.001), marked, strict=False):
        best: Any = minimize_scalar(entropy, bounds=(first, last), args=(clock,), method="bounded")
        assert abs(dot.get_xdata()[0] - best.x) < 1e-4
    ends = [float(line.get_xdata()[0]) for line in marked[4:]]
    np.testing.assert_allclose(ends, [1.6 / (1 + 1.6**2), 0.0], atol=1e-12)  # least L2, least L1


def test_clock_collapse_is_the_flow_of_the_network(draw, bench_of):
    samples, dimension, decay, scale = 20, 60, 1e-3, 4.0
    accuracies, shifted, _ = draw("clock-collapse", samples=samples, dimension=dimension).axes
    rng = bench_of("clock-collapse").generator("signs")
    x, y, support = sparse_signs(rng, samples=samples, dimension=dimension)

    def rate(time, weights):
        u, v = weights.reshape(2, -1)
        pull = (y / (1 + np.exp(y * (x @ (u**2 - v**2))))) @ x / samples
        return np.concatenate([2 * pull * u - decay * u, -2 * pull * v - decay * v])

    clock, drawn = curve(accuracies, r"$\alpha = 4$")
    chosen = np.array([len(clock) // 3, 2 * len(clock) // 3])
    path = flow(rate, np.full(2 * dimension, scale), clock[chosen] / decay)
    weights = path[:, :dimension] ** 2 - path[:, dimension:] ** 2
    tests = np.random.default_rng(3).choice([-1.0, 1.0], (20_000, dimension))
    right = np.sign(tests @ weights.T) == np.sign(tests @ support)[:, None]
    np.testing.assert_allclose(drawn[chosen], right.mean(axis=0), atol=0.015)
    # The thin line of the same run, shifted.
    line = shifted.get_lines()[2]
    kept = np.isfinite(line.get_ydata())
    np.testing.assert_allclose(line.get_ydata()[kept], drawn, rtol=1e-12)
    np.testing.assert_allclose(line.get_xdata()[kept], clock - np.log(scale), atol=1e-12)


def test_clock_collapse_needs_no_dynamics_for_regression(draw):
    regression = draw("clock-collapse", samples=20, dimension=60).axes[2]
    collapsed, static = curve(regression, "static interpolants")
    fitted = collapsed > -1
    for line in regression.get_lines()[4:8:2]:  # the two largest initializations
        np.testing.assert_allclose(line.get_ydata()[fitted], static[fitted], rtol=0.02)
    release = curve(regression, "predicted release")[0][0]
    assert 0.4 < np.interp(release, collapsed, static / static[0]) < 0.95


def test_release_map_draws_contours_of_both_times(draw, bench_of):
    axes = draw("release-map", dimension=40).axes[0]
    predicted, published = axes.collections
    rng = bench_of("release-map").generator("release-map signs")
    x, y, _ = sparse_signs(rng, samples=20, dimension=40)
    rows = y[:, None] * x
    # Hard margin by brute force: long projected ascent of the dual.
    gram, dual = rows @ rows.T, np.zeros(len(rows))
    for _ in range(10_000):
        dual = np.maximum(0, dual + (1 - gram @ dual) / np.linalg.norm(gram, 2))
    size = np.sqrt(np.mean((dual @ rows) ** 2))
    level = list(predicted.levels).index(3000)
    for scale, decay in predicted.get_paths()[level].vertices[::10]:
        product = scale**2 * np.exp(-2 * decay * 3000)
        margin = brentq(lambda m, slope=decay * 20 * size: 1 / (1 + np.exp(m)) - slope, 0, 50)
        np.testing.assert_allclose(np.log(2 * product / (margin * size)), 0, atol=0.05)
    for scale, decay in published.get_paths()[level].vertices[::10]:
        np.testing.assert_allclose(decay * 3000, np.log(scale), atol=0.05)


@pytest.mark.parametrize(("panel", "outcome"), [(1, "grokking"), (2, "misgrokking")])
def test_release_map_shows_which_bias_suits_the_data(draw, panel, outcome):
    axes = draw("release-map", dimension=160).axes[panel]
    early, late = (container.lines[0].get_ydata() for container in axes.containers)
    sign = 1 if outcome == "grokking" else -1
    assert np.max(sign * (late - early)) > 0.1
    assert np.min(sign * (late - early)) > -0.06
    assert [c.get_label() for c in axes.containers] == ["early bias", "late bias"]


def test_separated_halves_are_apart_along_the_direction():
    x, labels, direction = separated_halves(
        np.random.default_rng(0), samples=50, dimension=9, separation=4.0
    )
    np.testing.assert_allclose(np.linalg.norm(direction), 1)
    assert np.all(labels * (x @ direction) > 2)


def test_singular_values_are_those_of_the_trained_factors(draw, bench_of):
    side, decay, scale = 10, 1e-3, 3.0
    errors, spectrum = draw("singular-values", side=side).axes
    target = np.outer(np.arange(side), np.arange(side)) / side**2
    order = bench_of("singular-values").generator("entries").permutation(side**2)[:20]
    seen = np.zeros(side**2, dtype=bool)
    seen[order] = True
    seen = seen.reshape(side, side)

    def rate(time, factors):
        u, v = factors.reshape(2, side, side)
        gap = 2 / 20 * seen * (u @ u.T - v @ v.T - target)
        gap = gap + gap.T
        return np.concatenate([(-gap @ u - decay * u).ravel(), (gap @ v - decay * v).ravel()])

    clock, first = curve(spectrum, "first")
    chosen = [3, 20]
    start = np.tile(scale * np.eye(side).ravel(), 2)
    factors = flow(rate, start, clock[chosen] / decay).reshape(2, 2, side, side)
    matrices = [u @ u.T - v @ v.T for u, v in factors]
    largest = [np.linalg.norm(matrix, 2) for matrix in matrices]
    np.testing.assert_allclose(largest, first[chosen], rtol=1e-3)
    line = errors.get_lines()[2]
    kept = np.isfinite(line.get_ydata())
    expected = np.mean((matrices[-1] - target)[~seen] ** 2)
    np.testing.assert_allclose(line.get_ydata()[kept][chosen[-1]], expected, rtol=1e-3)
    np.testing.assert_allclose(
        curve(spectrum, r"$2\beta$")[1], 2 * scale**2 * np.exp(-2 * clock), rtol=1e-12
    )
    rms = 2 * scale**2 * np.exp(-2 * (curve(errors, "release")[0][0] + np.log(scale)))
    both = np.where(seen | seen.T, target, 0)
    np.testing.assert_allclose(rms, np.sqrt(np.sum(both**2) / side), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("clock-collapse", {"samples": 50, "dimension": 50}, "dimension must exceed samples"),
        ("clock-collapse", {"samples": 1}, "dimension must exceed samples >= 2.*1000 and 1"),
        ("release-map", {"dimension": 31}, "dimension must be at least 32, got 31"),
        ("singular-values", {"side": 9}, "side must be at least 10, got 9"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

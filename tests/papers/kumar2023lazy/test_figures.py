import functools

import numpy as np
import pytest
from helpers import SmallBench, curve

from groktheory.papers.kumar2023lazy._figure_data import single_index


@pytest.fixture(scope="module")
def bench_kind():
    return functools.partial(SmallBench, smaller=[(5, 2), (4000, 600)])


def bars(axes):
    """Points of the error bars by their label."""
    return {c.get_label(): c.lines[0].get_xydata().T for c in axes.containers}


def test_error_terms_are_those_of_a_trained_committee(draw, bench_of):
    dimension, curvature, scale, rate = 6, 0.4, 2.0, 0.1
    axes = draw("error-terms", dimension=dimension, curvature=curvature).axes[2]
    x = single_index(bench_of("error-terms").generator("train set"), 5 * dimension, dimension)
    y = dimension / 2 * x[:, 0] ** 2
    # Units whose moments are those of infinite width.
    start = np.sqrt(dimension) * np.concatenate([np.eye(dimension), -np.eye(dimension)])

    def output(weights, points):
        overlaps = points @ weights.T
        return scale * np.mean(overlaps + curvature / 2 * overlaps**2, axis=1)

    tests = single_index(np.random.default_rng(0), 40_000, dimension)
    wanted = dimension / 2 * tests[:, 0] ** 2
    weights, found = start.copy(), {}
    for step in range(1001):
        missing = y - output(weights, x) + output(start, x)
        if step in (20, 200, 1000):
            guessed = output(weights, tests) - output(start, tests)
            found[step * rate] = np.mean(missing**2), np.mean((wanted - guessed) ** 2)
        slope = missing[:, None] * (1 + curvature * x @ weights.T)
        weights = weights + rate / scale * slope.T @ x / len(x)
    for time, (train, test) in found.items():
        np.testing.assert_allclose(np.interp(time, *curve(axes, "train error")), train, rtol=0.03)
        np.testing.assert_allclose(np.interp(time, *curve(axes, "test error")), test, rtol=0.04)


def test_error_terms_add_up_and_show_the_delay(draw):
    for axes in draw("error-terms", dimension=6).axes:
        steps, total = curve(axes, "test error")
        parts = sum(curve(axes, label)[1] for label in ("variance", "misalignment", "linear power"))
        np.testing.assert_allclose(total, parts, rtol=1e-12)
        _, train = curve(axes, "train error")
        (span,) = axes.patches
        begin, end = span.get_x(), span.get_x() + span.get_width()
        assert begin == steps[np.argmax(train < 0.2 * train[0])]
        falls = total < 0.2 * total[0]
        assert np.isclose(end, steps[np.argmax(falls)] if falls.any() else steps[-1])


def test_plateau_curves_meet_regressions_with_the_kernel(draw):
    dimension = 8
    (axes,) = draw("plateau-curves", dimension=dimension).axes
    rng = np.random.default_rng(7)

    def error(size, curvature):
        def kernel(first, second):
            products = first @ second.T
            return products + curvature**2 * products**2

        x, tests = (single_index(rng, count, dimension) for count in (size, 500))
        y, wanted = (dimension / 2 * points[:, 0] ** 2 for points in (x, tests))
        guessed = kernel(tests, x) @ np.linalg.solve(kernel(x, x), y)
        return np.mean((wanted - guessed) ** 2)

    containers = [container.lines[0].get_xydata() for container in axes.containers]
    for curvature, points in zip((0.25, 0.5, 1.0), containers, strict=True):
        size, drawn = points[-2]
        found = [error(int(size), curvature) for _ in range(100)]
        spread = np.std(found) * np.sqrt(1 / len(found) + 1 / round(600 / size))
        assert abs(drawn - np.mean(found)) < 4 * spread
        line = curve(axes, rf"$\epsilon = {curvature:g}$")
        np.testing.assert_allclose(np.interp(size, *line), drawn, rtol=0.2)
    assert curve(axes, "features")[0][0] == 44
    np.testing.assert_allclose(curve(axes, "no training")[1], 0.75)


def test_kernel_spectrum_is_that_of_the_kernel_by_quadrature(draw):
    eigenvalues, initial, _ = draw("kernel-spectrum", dimension=3).axes
    curvatures, alignments = curve(initial, "wide network")
    place = 30
    value = curvatures[place]
    # Four nodes a coordinate are exact for polynomials up to degree seven.
    nodes, masses = np.polynomial.hermite_e.hermegauss(4)
    x = np.stack(np.meshgrid(*[nodes] * 3), axis=-1).reshape(-1, 3) / np.sqrt(3)
    mass = np.prod(np.stack(np.meshgrid(*[masses] * 3), axis=-1).reshape(-1, 3), axis=1)
    mass /= mass.sum()
    kernel = x @ x.T + value**2 * (x @ x.T) ** 2
    y = 1.5 * x[:, 0] ** 2
    expected = (mass * y) @ kernel @ (mass * y) / np.sqrt(mass @ kernel**2 @ mass) / (mass @ y**2)
    np.testing.assert_allclose(alignments[place], expected, rtol=1e-9)
    for label, function in (
        ("linear", lambda points: points[:, 0]),
        ("quadratic", lambda points: points[:, 0] * points[:, 1]),
        ("squared norm", lambda points: np.sum(points**2, axis=1)),
    ):
        values = mass * function(x)
        quotient = values @ kernel @ values / (values @ function(x))
        drawn = np.exp(np.interp(np.log(value), *np.log(curve(eigenvalues, label))))
        np.testing.assert_allclose(drawn, quotient, rtol=1e-9)
    printed = curve(eigenvalues, "quadratic, printed")
    np.testing.assert_allclose(printed[1], 2 * printed[0] / 9, rtol=1e-12)


def test_kernel_spectrum_rises_from_the_initial_alignment(draw):
    _, initial, rising = draw("kernel-spectrum", dimension=12, curvature=0.25).axes
    start = np.exp(np.interp(np.log(0.25), *np.log(curve(initial, "wide network"))))
    for scale in (0.1, 0.4, 1.6):
        _, alignment = curve(rising, rf"$\alpha = {scale:g}$")
        assert start < alignment[0]
        assert alignment[-1] > 3 * start
    assert alignment[0] < 1.2 * start
    marked = [line for line in rising.get_lines() if len(line.get_xdata()) == 1]
    by_color = {}
    for line in marked:
        by_color.setdefault(line.get_color(), {})[line.get_marker()] = line.get_xdata()[0]
    assert all(times["o"] < times.get("s", np.inf) for times in by_color.values())
    assert len(by_color) == 3


def test_goldilocks_shows_a_delay_between_the_two_numbers_of_samples(draw):
    dimension, curvature = 6, 0.5
    errors, times = draw("goldilocks", dimension=dimension, curvature=curvature).axes
    uprights = [line.get_xdata()[0] for line in times.get_lines() if line.get_linestyle() == ":"]
    np.testing.assert_allclose(uprights, [6, 72])
    np.testing.assert_allclose(curve(errors, "before training")[1], 0.75)
    sizes, final = bars(errors)["final"]
    assert final[0] > 0.3 and final[-1] < 1e-3
    memorized, generalized = bars(times)["memorized"], bars(times)["generalized"]
    ratio = generalized[1] / memorized[1][np.isin(memorized[0], generalized[0])]
    assert ratio.max() > 2 and ratio[-1] < 1.6
    assert np.isin(generalized[0], sizes).all()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("error-terms", {"dimension": 1}, "dimension must be at least 2, got 1"),
        ("error-terms", {"curvature": 0.0}, "curvature must be positive and finite, got 0.0"),
        ("goldilocks", {"dimension": 1}, "dimension must be at least 2, got 1"),
        ("goldilocks", {"curvature": -1.0}, "curvature must be positive and finite, got -1.0"),
        ("kernel-spectrum", {"dimension": 1}, "dimension must be at least 2, got 1"),
        ("kernel-spectrum", {"curvature": 0.0}, "curvature must be positive and finite, got 0.0"),
        ("plateau-curves", {"dimension": 1}, "dimension must be at least 2, got 1"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": -1.0}, "scale must exceed 0.2 for an early phase to be seen, got -1.0"),
        ({"weight_decay": 0.0}, "weight_decay must be positive, got 0.0: nothing is released"),
    ],
)
def test_bad_options_of_the_dial(options, message, draw):
    with pytest.raises(ValueError, match=message):
        draw("dial", **options)

import functools

import numpy as np
import pytest
from helpers import SmallBench, curve
from scipy.optimize import linprog

from groktheory.papers.bench import Bench
from groktheory.papers.notsawo2025norm import paper
from groktheory.papers.notsawo2025norm._figure_data import recoverable_problem, sparse_problem
from groktheory.papers.notsawo2025norm._figure_recovery import needed_measurements


@pytest.fixture(scope="module")
def bench_kind():
    return functools.partial(SmallBench, smaller=[(20, 3)])


def least_l1_norm(features, targets):
    """Interpolant of least l1 norm, as a linear program in its positive and negative part."""
    count = features.shape[1]
    equal = np.hstack([features, -features])
    parts = linprog(np.ones(2 * count), A_eq=equal, b_eq=targets, bounds=(0, None)).x
    return parts[:count] - parts[count:]


SMALL = {"dimension": 20, "sparsity": 2, "num_measurements": 10}


def test_sliding_path_ends_at_the_signal_and_descent_follows_it(draw):
    coordinates, errors = draw("sliding-path", **SMALL).axes
    (circles,) = [line for line in coordinates.get_lines() if line.get_marker() == "o"]
    ends = [line.get_ydata()[-1] for line in coordinates.get_lines() if line.get_color() == "C0"]
    # Without the circles, which have the same color.
    np.testing.assert_allclose(ends[:-1], circles.get_ydata(), atol=1e-9)
    (arrival,) = curve(coordinates, "$T^*$")[0][:1]
    # Flow and finite steps, which owe nothing to each other, agree until the remaining error.
    times, slide = curve(errors, "slide")
    clock, descent = curve(errors, r"$\beta = 10^{-4}$")
    late = (times > 0.1 * arrival) & (times < 0.9 * arrival)
    assert late.sum() >= 3
    np.testing.assert_allclose(np.interp(times[late], clock, descent), slide[late], rtol=0.03)
    np.testing.assert_allclose(np.interp(arrival, clock, descent), 0.02, atol=0.01)


def test_nuclear_path_ends_at_the_target_of_norm_one(draw):
    spectrum, errors = draw("nuclear-path", side=5, num_measurements=22).axes
    times, first = curve(spectrum, "first")
    np.testing.assert_allclose(first[-1], 1, atol=0.01)
    # The start is the projection of the target onto the data: Pythagoras.
    error = curve(errors, "relative error")[1]
    others = [line.get_ydata()[0] for line in spectrum.get_lines() if line.get_color() == "0.6"]
    squares = first[0] ** 2 + np.sum(np.square(others))
    np.testing.assert_allclose(squares + error[0] ** 2, 1, atol=1e-4)
    arrival = curve(errors, "$T^*$")[0][0]
    np.testing.assert_allclose(np.interp(arrival, times, error), 0.05, atol=0.003)
    excess = curve(errors, "excess nuclear norm")[1]
    assert np.all(np.diff(excess) < 1e-9)


def test_needed_measurements_are_where_the_linear_program_turns():
    for seed in range(3):
        count = needed_measurements(np.random.default_rng(seed), 16, 3)
        rng = np.random.default_rng(seed)
        features = rng.standard_normal((16, 16))
        signal = np.append(rng.standard_normal(3), np.zeros(13))
        for rows in range(3, 17):
            found = least_l1_norm(features[:rows], features[:rows] @ signal)
            assert np.allclose(found, signal, atol=1e-6) == (rows >= count)


def test_recoverable_fractions_are_distributions_of_the_draws(draw):
    fractions, boundary = draw("recoverable-signals", dimension=20).axes
    shares, success = curve(fractions, "$s = 2$")
    assert set(np.round(3 * success, 9)) <= {0, 1, 2, 3}
    assert success[0] == 0 and success[-1] == 1 and np.all(np.diff(success) >= 0)
    # The median of three draws is where a success fraction passes one half.
    median = boundary.containers[0].lines[0].get_ydata()[2]
    np.testing.assert_allclose(shares[np.argmax(success > 0.5)], median)
    # A dense signal needs all measurements.
    sparsity, threshold = curve(boundary, "threshold")
    assert np.all(threshold[1:] > sparsity[1:]) and threshold[0] == 0


def test_null_space_law_is_plain_gradient_descent(draw):
    figure = draw("null-space-law", **SMALL)
    errors, residuals = figure.axes
    bench = Bench(paper.key, "null-space-law")
    problem = sparse_problem(bench.generator("null-space-law"), **SMALL)
    features, signal = problem.features, problem.signal
    steps, drawn = curve(errors, r"$\beta = 0.01$")
    misfits = residuals.get_lines()[0].get_ydata()
    weights = np.full(20, 10 / np.sqrt(20))
    for step in range(1, 201):
        gradient = features.T @ (features @ weights - problem.targets)
        weights = weights - 0.1 * (gradient + 0.01 * weights)
        if step in steps:
            (place,) = np.flatnonzero(steps == step)
            error = np.linalg.norm(weights - signal) / np.linalg.norm(signal)
            np.testing.assert_allclose(drawn[place], error, rtol=1e-9)
            misfit = features @ weights - problem.targets
            ratio = np.linalg.norm(misfit) / np.linalg.norm(problem.targets)
            np.testing.assert_allclose(misfits[place], ratio, rtol=1e-6)
    (law,) = [
        line for line in errors.get_lines() if line.get_marker() == "o" and line.get_color() == "C0"
    ]
    marks = law.get_xdata()
    late = marks > 1000
    np.testing.assert_allclose(
        np.interp(marks[late], steps, drawn), law.get_ydata()[late], rtol=0.02
    )
    np.testing.assert_allclose(curve(errors, "unseen part")[1], drawn[-1], rtol=0.02)


def test_recoverable_problems_are_the_least_l1_norm_of_their_data():
    problem = recoverable_problem(np.random.default_rng(3), **SMALL)
    found = least_l1_norm(problem.features, problem.targets)
    np.testing.assert_allclose(found, problem.signal, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("sliding-path", {"sparsity": 30}, "must be positive and increase, got 30, 30 and 100"),
        ("null-space-law", {"dimension": 20}, "must be positive and increase, got 5, 30 and 20"),
        (
            "sliding-path",
            {"dimension": 40, "sparsity": 15, "num_measurements": 16},
            "large enough to recover 15 of 40 coordinates, got 16",
        ),
        ("recoverable-signals", {"dimension": 10}, "dimension must be at least 20, got 10"),
        ("nuclear-path", {"num_measurements": 30}, r"must lie in \(30, 225\) .*, got 30"),
        (
            "nuclear-path",
            {"side": 8, "num_measurements": 17},
            "large enough to recover 8 x 8 matrices of rank one, got 17",
        ),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

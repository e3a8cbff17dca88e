import math

import numpy as np
import pytest
from rich.console import Console
from scipy import optimize, stats

from groktheory.validation import Evidence, Form, Prediction, compare_laws, fit_law, judge

FALSE_ALARM = 1e-6
X = np.array([11.0, 23.0, 41.0, 71.0, 127.0])
TRUTHS = {
    "power": (lambda x: 2.0 * x**-1.5, {"amplitude": 2.0, "exponent": -1.5}),
    "log-over-x": (lambda x: 2.7482 * np.log(x) / x, {"amplitude": 2.7482}),
    "x-log-x": (lambda x: 0.3 * x * np.log(x), {"amplitude": 0.3}),
    "exponential": (lambda x: 5 * np.exp(-x / 50), {"amplitude": 5.0, "rate": -0.02}),
    "constant": (lambda x: np.full_like(x, 7.0), {"amplitude": 7.0}),
}


@pytest.mark.parametrize("space", ["log", "linear"])
@pytest.mark.parametrize("law", TRUTHS)
def test_exact_data_give_back_the_law(law, space):
    truth, parameters = TRUTHS[law]
    fit = fit_law(X, truth(X), law=law, space=space)
    assert fit.parameters == pytest.approx(parameters, rel=1e-7)
    assert max(fit.standard_errors.values()) < 1e-6
    np.testing.assert_allclose(fit.predict([2.0, 300.0]), truth(np.array([2.0, 300.0])), rtol=1e-6)
    assert np.all(np.abs(fit.residuals) < 1e-6)


def test_weighted_fit_is_that_of_curve_fit():
    rng = np.random.default_rng(0)
    errors = 0.05 * X**-0.5 * np.array([1.0, 3.0, 1.0, 0.5, 2.0])
    y = 2 * X**-0.5 + errors * rng.normal(size=5)
    fit = fit_law(X, y, standard_errors=errors, space="linear")
    values, covariance = optimize.curve_fit(
        lambda x, a, b: a * x**b, X, y, p0=(1, -1), sigma=errors, absolute_sigma=True
    )
    spread = (y - fit.predict(X)) / errors
    stretch = max(1.0, math.sqrt(np.sum(spread**2) / 3))
    assert list(fit.parameters.values()) == pytest.approx(values, rel=1e-5)
    expected = stretch * np.sqrt(np.diag(covariance))
    assert list(fit.standard_errors.values()) == pytest.approx(expected, rel=1e-4)
    assert fit.method.startswith("least squares in y; weighted, errors times max(1,")


def test_unweighted_fit_in_logs_is_linear_regression():
    y = 2 * X**-0.7 * np.array([1.1, 0.9, 1.05, 1.0, 0.97])
    fit = fit_law(X, y)
    (slope, intercept), covariance = np.polyfit(np.log(X), np.log(y), 1, cov="unscaled")
    misses = np.log(y) - slope * np.log(X) - intercept
    slope_error, intercept_error = np.sqrt(np.diag(covariance) * np.sum(misses**2) / 3)
    assert fit.parameters["exponent"] == pytest.approx(slope)
    assert fit.standard_errors["exponent"] == pytest.approx(slope_error)
    amplitude = math.exp(intercept)
    assert fit.parameters["amplitude"] == pytest.approx(amplitude)
    assert fit.standard_errors["amplitude"] == pytest.approx(amplitude * intercept_error)
    assert fit.degrees_of_freedom == 3


def test_seeds_are_the_unit():
    rng = np.random.default_rng(1)
    # all points of a seed share its deviation: its exponent, not the points, is independent
    exponents = -1 + 0.1 * rng.normal(size=6)
    fit = fit_law(X, X ** exponents[:, None])
    assert fit.parameters["exponent"] == pytest.approx(exponents.mean())
    assert fit.standard_errors["exponent"] == pytest.approx(stats.sem(exponents))
    assert (fit.degrees_of_freedom, fit.num_seeds) == (5, 6)
    assert "one fit a seed, errors from the spread over 6 seeds" in fit.method
    estimate = fit.estimate("exponent")
    assert estimate.num_samples == 6 and estimate.value == pytest.approx(exponents.mean())


@pytest.mark.parametrize("mode", ["seeds", "errors", "scatter", "linear space"])
def test_intervals_cover_the_truth(mode):
    rng = np.random.default_rng(2)
    trials, hits = 300, 0
    for _ in range(trials):
        noise = 0.03 * rng.normal(size=(4 if mode == "seeds" else 1, len(X)))
        y = 2 * X**-1.0 * (1 + noise)
        if mode == "seeds":
            fit = fit_law(X, y)
        elif mode == "errors":
            fit = fit_law(X, y[0], standard_errors=0.06 * X**-1.0)
        else:
            fit = fit_law(X, y[0], space="linear" if mode == "linear space" else "log")
        lower, upper = fit.estimate("exponent").interval(0.9)
        hits += bool(lower <= -1 <= upper)
    # false alarms: 1e-6 a mode; unweighted fits in linear space suffer from unequal errors
    stated = 0.8 if mode == "linear space" else 0.9
    assert stats.binom.cdf(hits, trials, stated) > FALSE_ALARM


def test_functions_are_fitted_too():
    def saturating(x, height, scale):
        return height * (1 - np.exp(-x / scale))

    y = saturating(X, 3.0, 30.0) * (1 + 0.02 * np.random.default_rng(3).normal(size=(5, 5)))
    fit = fit_law(X, y, law=saturating, start={"height": 1.0, "scale": 10.0})
    assert fit.law == "saturating" and list(fit.parameters) == ["height", "scale"]
    for name, truth in (("height", 3.0), ("scale", 30.0)):
        lower, upper = fit.estimate(name).interval(1 - 1e-3)
        assert lower < truth < upper
    assert fit.standard_errors["height"] < 0.2


def degenerate(x, left, right):
    return (left + right) * x


@pytest.mark.parametrize(
    ("x", "y", "options"),
    [
        (X, 3 * X, {"law": degenerate, "start": {"left": 1.0, "right": 1.0}}),
        (X, np.stack([3 * X, 3.1 * X]), {"law": degenerate, "start": {"left": 1.0, "right": 1.0}}),
        ([2.0, 2.0, 2.0], [1.0, 1.1, 1.2], {}),
        ([2.0, 3.0], [1.0, 2.0], {}),
    ],
)
def test_what_the_data_leave_open_is_never_supported(x, y, options):
    fit = fit_law(x, y, **options)
    name = list(fit.parameters)[-1]
    assert fit.standard_errors[name] == math.inf and "∞" in str(fit)
    measurement = fit.estimate(name)
    value = float(measurement.value[0])
    evidence = Evidence(
        name, Form.LAW, Prediction(value, 10.0), measurement, rivals=(Prediction(value + 1e3),)
    )
    assert judge(evidence).outcome == "inconclusive"


def test_a_law_that_does_not_fit_is_not_certain_of_its_constants():
    curve = 2.7 * np.log(X) / X
    y = curve * (1 + 0.001 * np.random.default_rng(4).normal(size=(6, 5)))
    wrong, right = fit_law(X, y, law="constant"), fit_law(X, y, law="log-over-x")
    assert wrong.standard_errors["amplitude"] > 0.2 * wrong.parameters["amplitude"]
    assert "misfit of the mean curve" in wrong.method
    assert right.standard_errors["amplitude"] < 2e-3 * right.parameters["amplitude"]
    alone = fit_law(X, curve, standard_errors=1e-3 * curve, law="constant")
    assert alone.standard_errors["amplitude"] > 0.2 * alone.parameters["amplitude"]


def test_comparison_finds_the_law_and_its_weights_add_up():
    x = np.geomspace(11, 200, 8)
    y = 2.7 * np.log(x) / x * np.exp(0.03 * np.random.default_rng(5).normal(size=(6, 8)))
    for options in ({}, {"standard_errors": 0.03 * y.mean(axis=0)}):
        comparison = compare_laws(x, y if not options else y.mean(axis=0), **options)
        assert comparison.best.law == "log-over-x"
        assert comparison.weights[0] > 0.9 and comparison.weights.sum() == pytest.approx(1)
        assert np.all(np.diff(comparison.delta) >= 0)


def test_criterion_is_the_textbook_one():
    fit = fit_law(X, 2 * X**-0.7 * np.array([1.1, 0.9, 1.05, 1.0, 0.97]), law="constant")
    rss, n, k = np.sum(fit.residuals**2), 5, 2
    assert fit.aicc == pytest.approx(n * math.log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1))


def test_comparison_prints_a_table_and_takes_functions():
    def square(x, scale):
        return scale * x**2

    comparison = compare_laws(
        X, 3 * X**2.2, laws=("power", square), starts={"square": {"scale": 1.0}}
    )
    console = Console(width=80)
    with console.capture() as capture:
        console.print(comparison)
    text = capture.get()
    assert "square" in text and "exponent = 2.2" in text and "ΔAICc" in text


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_law([1.0, 2.0], [1.0, 0.0]), r"a fit in ln y needs y > 0, got 0.*'linear'"),
        (lambda: fit_law([1.0], [1.0]), "'power' has 2 parameters .*1 points cannot fix"),
        (lambda: fit_law([0.0, 1.0], [1.0, 1.0]), "'power' needs x > 0, got x = 0"),
        (
            lambda: fit_law([1.0, 2.0], [1.0, 1.0], law="log-over-x"),
            "'log-over-x' needs x > 1, got x = 1",
        ),
        (lambda: fit_law(X, X, law="cubic"), "one of power, log-over-x, .*, got 'cubic'"),
        (lambda: fit_law(X, X, law=degenerate), r"needs start=\{parameter: value\}, got None"),
        (lambda: fit_law(X, X, space="sqrt"), "space must be 'log' or 'linear', got 'sqrt'"),
        (lambda: fit_law(X, X[:3]), r"y must be \[points\] or \[seeds, points\] over x"),
        (lambda: fit_law(X, X * np.nan), "x and y must be finite"),
        (lambda: fit_law(X, X, standard_errors=[1.0]), "standard_errors must have the shape of y"),
        (lambda: fit_law(X, X, standard_errors=0 * X), "standard_errors must be finite and > 0"),
        (lambda: fit_law(X, X).estimate("slope"), "one of amplitude, exponent, got 'slope'"),
        (lambda: compare_laws(X, X, laws=("power",)), "laws must name at least two laws"),
        (lambda: compare_laws(X[:3], X[:3], laws=("power", "exponential")), "3 points are too few"),
    ],
)
def test_refuses_what_cannot_be_fitted(call, message):
    with pytest.raises(ValueError, match=message):
        call()

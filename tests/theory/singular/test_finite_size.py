"""Coefficients at finite scale, against direct integrals and simulated chains."""

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.special import digamma, gammainc

from groktheory.theory import singular


@pytest.mark.parametrize(("k", "h"), [(1, 0), (2, 0), (3, 4)])
def test_one_variable_is_an_incomplete_gamma_function(k, h):
    rate = (h + 1) / (2 * k)
    for scale in (3.0, 50.0):
        log = lambda s: np.log(s**-rate * gammainc(rate, s))  # noqa: E731
        step = 1e-5
        slope = -(log(scale * np.exp(step)) - log(scale * np.exp(-step))) / (2 * step)
        assert singular.monomial_coefficient(scale, [k], [h]) == pytest.approx(slope, abs=1e-7)


@pytest.mark.parametrize("exponents", [(1, 1), (1, 2)])
def test_two_variables_by_a_plain_double_integral(exponents):
    scale = 30.0

    def energy(x, y):
        return x ** (2 * exponents[0]) * y ** (2 * exponents[1])

    mean, mass = (
        dblquad(
            lambda x, y, p=p: (scale * energy(x, y)) ** p * np.exp(-scale * energy(x, y)),
            0,
            1,
            0,
            1,
            epsabs=1e-9,
        )[0]
        for p in (1, 0)
    )
    found = singular.monomial_coefficient(scale, list(exponents))
    assert found == pytest.approx(mean / mass, abs=1e-6)


@pytest.mark.parametrize("k", [1, 2])
def test_two_equal_factors_have_a_closed_form(k):
    rate = 1 / (2 * k)
    for scale in (1e4, 1e8, 1e16):
        expected = rate - 1 / (np.log(scale) - digamma(rate))
        found = singular.monomial_coefficient(scale, [k, k])
        assert found == pytest.approx(expected, abs=1e-8)


def test_equal_and_distinct_factors_together():
    """Three factors, of which two are equal, nearly equal, and apart: one smooth function."""
    found = [
        singular.monomial_coefficient(1e4, [1, 1, 2], [0.0, shift, 0.0])
        for shift in (-0.04, -0.01, 0.0, 0.01, 0.04)
    ]
    smooth = np.polyval(np.polyfit([-4, -1, 1, 4], np.delete(found, 2), 3), 0.0)
    assert found[2] == pytest.approx(smooth, abs=1e-6)


def test_three_equal_factors_by_their_density():
    r"""$u = w_1w_2w_3$ has the density $\ln^2u/2$."""
    scale = 1e5
    nodes = [
        quad(
            lambda t, p=p: (
                t**2 * np.exp(-t) * (scale * np.exp(-2 * t)) ** p * np.exp(-scale * np.exp(-2 * t))
            ),
            0,
            60,
            limit=400,
            points=[np.log(scale) / 2],
        )[0]
        for p in (1, 0)
    ]
    found = singular.monomial_coefficient(scale, [1, 1, 1])
    assert found == pytest.approx(nodes[0] / nodes[1], abs=1e-7)


def test_multiplicity_is_one_over_the_logarithm():
    for exponents in ([1, 1], [2, 2, 2], [1, 3]):
        coefficient = singular.monomial(exponents)
        scales = [1e20, 1e60, 1e180]
        found = [singular.monomial_coefficient(s, exponents) for s in scales]
        predicted = singular.asymptotic_coefficient(coefficient, np.array(scales))
        # What is left over is of the next order in one over the logarithm.
        left = np.abs(found - predicted) * np.log(scales) ** 2
        assert np.all(left < 10) and left[-1] < left[0] * 1.05 + 1e-6


def test_localized_modes_are_those_of_a_simulated_chain():
    """The stationary law of the steps themselves, with and without finite step size."""
    eigenvalues, scale, localization, step = np.array([0.0, 0.5, 2.0]), 10.0, 3.0, 0.1
    rng = np.random.default_rng(0)
    stiff = scale * eigenvalues + localization
    x, total, count = np.zeros((4000, 3)), 0.0, 0
    for sweep in range(600):
        x = x - step / 2 * stiff * x + np.sqrt(step) * rng.normal(size=x.shape)
        if sweep >= 100:
            total, count = total + scale * (eigenvalues * x**2).sum(axis=1).mean() / 2, count + 1
    expected = singular.localized_coefficient(
        eigenvalues, scale=scale, localization=localization, step_size=step
    )
    assert total / count == pytest.approx(expected, rel=0.01)
    continuum = singular.localized_coefficient(eigenvalues, scale=scale, localization=localization)
    assert abs(total / count - continuum) > 0.05


def test_localization_counts_stiff_directions_only():
    eigenvalues = np.array([1.0, 1.0, 1e-9, 0.0])
    found = singular.localized_coefficient(eigenvalues, scale=1e6, localization=1.0)
    assert found == pytest.approx(1.0, abs=1e-3)
    assert singular.localized_coefficient(eigenvalues, scale=1e6) == 1.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: singular.monomial_coefficient(0.0, [1]), "scale must be positive, got 0"),
        (
            lambda: singular.asymptotic_coefficient(singular.regular(1), 1.0),
            "scale must be above 1, got 1",
        ),
        (
            lambda: singular.localized_coefficient(-np.ones(1), scale=1.0),
            "eigenvalues must be at least 0, got -1",
        ),
        (
            lambda: singular.localized_coefficient(np.ones(1), scale=0.0),
            "scale must be positive and localization at least 0",
        ),
        (
            lambda: singular.localized_coefficient(np.ones(1), scale=2.0, step_size=2.0),
            r"step_size must lie in \(0, 4 / 2\) = \(0, 2\), got 2",
        ),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

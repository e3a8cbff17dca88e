"""Free energies against integrals, derivatives and roots."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import multivariate_normal

from groktheory.theory import singular


def test_expansion_is_that_of_an_exact_free_energy():
    r"""$F_n = -\ln\int e^{-nK}$ of $K = x^2y^2$, by its coefficient at every scale."""
    coefficient = singular.monomial((1, 1))
    logs = np.linspace(np.log(1e12), np.log(1e16), 41)
    slopes = [singular.monomial_coefficient(np.exp(x), [1, 1]) for x in logs]
    exact = np.trapezoid(slopes, logs)
    ends = singular.free_energy(np.exp(logs[[0, -1]]), 0.0, coefficient)
    assert np.diff(ends)[0] == pytest.approx(exact, rel=5e-3)
    without = coefficient.value * np.log(1e4)
    assert abs(float(without) - exact) > 10 * abs(np.diff(ends)[0] - exact)


def test_transition_is_where_the_free_energies_cross():
    for loss_gap, gap in ((0.010276, 1.5), (0.3, 1.0), (1e-4, 0.5)):
        root = brentq(lambda n, a=loss_gap, b=gap: n * a - b * np.log(n), gap / loss_gap, 1e9)
        assert singular.transition_size(loss_gap, gap) == pytest.approx(root, rel=1e-9)
    assert singular.transition_size(0.5, 1.0) == 0.0


def regression(samples, features=3, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(samples, features))
    return inputs, inputs @ rng.normal(size=features) + rng.normal(size=samples)


def test_conjugate_free_energy_is_the_evidence():
    """Weights integrated out: the targets are jointly normal."""
    inputs, targets = regression(12)
    covariance = np.eye(12) + 0.7 * inputs @ inputs.T
    evidence = multivariate_normal.logpdf(targets, np.zeros(12), covariance)  # pyright: ignore
    found = singular.conjugate_free_energy(inputs, targets, prior_variance=0.7)
    assert found == pytest.approx(-evidence, rel=1e-12)


def test_tempered_free_energy_by_quadrature():
    inputs, targets = regression(8, features=1)

    def weight(w):
        loss = np.sum((targets - w * inputs[:, 0]) ** 2) / 2 + 4 * np.log(2 * np.pi)
        return np.exp(-0.3 * loss - w**2 / 2) / np.sqrt(2 * np.pi)

    found = singular.conjugate_free_energy(inputs, targets, inverse_temperature=0.3)
    assert found == pytest.approx(-np.log(quad(weight, -12, 12)[0]), rel=1e-8)


def test_mean_loss_is_the_derivative_of_the_free_energy():
    inputs, targets = regression(50)
    for beta in (0.2, 1.0):
        up, down = (
            singular.conjugate_free_energy(inputs, targets, inverse_temperature=b)
            for b in (beta + 1e-5, beta - 1e-5)
        )
        found = singular.conjugate_wbic(inputs, targets, inverse_temperature=beta)
        assert found == pytest.approx((up - down) / 2e-5, rel=1e-6)


def test_information_criterion_counts_half_the_parameters():
    for samples in (1000, 10_000):
        rates, gaps = [], []
        for seed in range(20):
            inputs, targets = regression(samples, features=5, seed=seed)
            best, *_ = np.linalg.lstsq(inputs, targets, rcond=None)
            least = np.sum((targets - inputs @ best) ** 2) / 2 + samples / 2 * np.log(2 * np.pi)
            criterion = singular.conjugate_wbic(inputs, targets)
            rates.append((criterion - least) / np.log(samples))
            gaps.append(criterion - singular.conjugate_free_energy(inputs, targets))
        assert np.mean(rates) == pytest.approx(2.5, abs=0.05)
        assert np.max(np.abs(gaps)) < 5 * np.sqrt(np.log(samples))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: singular.free_energy(2.0, 0.0, singular.regular(1)),
            "num_samples must be at least 3, got 2",
        ),
        (lambda: singular.transition_size(-1.0, 1.0), "must be positive, got -1.0 and 1.0"),
        (
            lambda: singular.conjugate_free_energy(*regression(4), prior_variance=0.0),
            "prior_variance and inverse_temperature must be positive, got 0.0 and 1.0",
        ),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

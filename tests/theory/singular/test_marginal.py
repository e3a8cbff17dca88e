"""Marginalized models against plain Monte Carlo over all weights."""

import numpy as np
import pytest

from groktheory.theory import singular


def weighted_mean(energies, scale):
    """Coefficient at a scale, and its standard error, from prior samples."""
    weights = np.exp(-scale * energies)
    ratio = np.sum(scale * energies * weights) / np.sum(weights)
    spread = weights * (scale * energies - ratio)
    return ratio, spread.std() * np.sqrt(len(energies)) / np.sum(weights)


@pytest.mark.parametrize(("inputs", "hidden", "outputs"), [(2, 1, 3), (2, 2, 2), (3, 2, 1)])
def test_reduced_rank_regression_by_prior_samples(inputs, hidden, outputs):
    rng = np.random.default_rng(0)
    inner = rng.normal(size=(400_000, hidden, inputs))
    outer = rng.normal(size=(400_000, outputs, hidden))
    energies = np.sum((outer @ inner) ** 2, axis=(1, 2))
    expected, error = weighted_mean(energies, 5.0)
    found = singular.rank_zero_regression_coefficient(
        5.0, inputs=inputs, hidden=hidden, outputs=outputs
    )
    assert found == pytest.approx(expected, abs=4 * error)


def test_tanh_pair_by_prior_samples():
    rng = np.random.default_rng(1)
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    inner, outer = rng.normal(size=(2, 200_000, 2, 1))
    outputs = np.sum(outer * np.tanh(inner * points), axis=1)
    energies = outputs**2 @ (weights / weights.sum())
    expected, error = weighted_mean(energies, 10.0)
    assert singular.tanh_pair_coefficient(10.0) == pytest.approx(expected, abs=4 * error)


def test_known_values():
    found = singular.rank_zero_regression_coefficient(1e3, inputs=2, hidden=2, outputs=2)
    assert found == pytest.approx(1.4558, abs=1e-4)
    # One hidden unit: a product of two norms.
    single = singular.rank_zero_regression_coefficient(1e9, inputs=3, hidden=1, outputs=2)
    assert single == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: singular.rank_zero_regression_coefficient(0.0, inputs=2, hidden=2, outputs=2),
            "scale must be positive",
        ),
        (
            lambda: singular.rank_zero_regression_coefficient(1.0, inputs=1, hidden=2, outputs=2),
            "hidden must be 1 or 2, at most inputs, and outputs at least 1, got 2, 1 and 2",
        ),
        (lambda: singular.tanh_pair_coefficient(-1.0), "scale must be positive, got -1"),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Exact sampling of deep linear networks, against quadrature and known coefficients."""

from typing import Any

import jax
import numpy as np
import pytest

from groktheory.simulations import samplers
from groktheory.theory import singular


def coefficient(key, target, hidden, scale, **options):
    settings: Any = {"num_sweeps": 600, "num_chains": 100, "burn_in": 100} | options
    chains = samplers.deep_linear_gibbs(target, hidden, scale=scale, key=key, **settings)
    return chains, scale * samplers.estimate(chains, "excess").value


def error(chains):
    means = chains["excess"].mean("draw").values * chains.attrs["scale"]
    return means.std(ddof=1) / np.sqrt(len(means))


def test_two_scalars_agree_with_quadrature(key):
    scale, precision, target, center = 30.0, 2.0, 0.7, np.array([0.4, 1.1])
    grid = np.linspace(-6, 6, 2001)
    a, b = grid[:, None], grid[None]
    loss = (a * b - target) ** 2
    weight = np.exp(-scale * loss - precision / 2 * ((a - center[0]) ** 2 + (b - center[1]) ** 2))
    expected = scale * np.sum(loss * weight) / np.sum(weight)
    chains, measured = coefficient(
        key,
        np.array([[target]]),
        [1],
        scale,
        prior_precision=precision,
        centers=[np.array([[center[0]]]), np.array([[center[1]]])],
    )
    assert measured == pytest.approx(expected, abs=4 * error(chains))
    assert error(chains) < 0.02 * expected


@pytest.mark.parametrize(("widths", "rank"), [([2, 2, 2], 1), ([3, 2, 3], 1), ([2, 2, 2, 2], 0)])
def test_coefficients_of_networks_are_those_of_the_formula(key, widths, rank):
    target = np.zeros((widths[-1], widths[0]))
    target[:rank, :rank] = np.eye(rank)
    chains, measured = coefficient(key, target, widths[1:-1], 1e3)
    known = singular.deep_linear_network(widths, rank)
    leading = float(known.value) - (known.multiplicity - 1) / np.log(1e3)
    assert measured == pytest.approx(leading, abs=3 * error(chains) + 0.1)
    assert abs(measured - leading - 0.5) > 4 * error(chains)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0.0}, "scale must be positive"),
        ({"hidden": []}, "hidden must name at least one width"),
        ({"num_chains": 0}, "num_chains must be at least 1"),
        ({"centers": [np.zeros((1, 1))]}, "centers must have the shapes"),
        ({"target": np.full((2, 2), np.nan)}, "target must be a finite matrix"),
        ({"record_every": 7}, "record_every must be at least 1 and divide"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    options = {
        "target": np.eye(2),
        "hidden": [2],
        "scale": 1.0,
        "num_chains": 2,
        "num_sweeps": 10,
        "key": jax.random.key(0),
    } | change
    with pytest.raises(ValueError, match=message):
        samplers.deep_linear_gibbs(options.pop("target"), options.pop("hidden"), **options)

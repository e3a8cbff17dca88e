import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory import kernel_limits as kl


def rademacher(**changes):
    settings = {"num_samples": 1000, "modulus": 11, "width": 44, "max_norm": 0.5} | changes
    return kl.rademacher_bound(settings.pop("num_samples"), settings.pop("modulus"), **settings)


def regression(**changes):
    settings = {"num_samples": 1000, "modulus": 11, "width": 44, "max_norm": 0.5, "constant": 1.0}
    settings |= {"failure_probability": 0.05} | changes
    return kl.regression_loss_bound(
        settings.pop("num_samples"), settings.pop("modulus"), **settings
    )


def classification(**changes):
    settings = {"num_samples": 60, "modulus": 11, "width": 44, "normalized_margin": 20.0}
    settings |= {"constant": 1.0} | changes
    return kl.classification_error_bound(
        settings.pop("num_samples"), settings.pop("modulus"), **settings
    )


def test_rademacher_bound_holds_for_random_small_networks():
    """The supremum over a handful of networks of the class is far below the bound."""
    rng = np.random.default_rng(0)
    modulus, width, samples = 5, 8, 60
    inputs = rng.integers(0, modulus, (samples, 3))
    members = []
    for _ in range(300):
        q, r, v = rng.uniform(-1, 1, (3, modulus, width))
        outputs = kl.network_outputs(q, r, v)
        members.append(outputs[tuple(inputs.T)])
    signs = rng.choice([-1, 1], (200, samples))
    found = np.mean(np.max(np.abs(signs @ np.array(members).T), axis=1)) / samples
    assert found < kl.rademacher_bound(samples, modulus, width=width, max_norm=1.0)


@pytest.mark.parametrize(
    ("bound", "argument", "factor", "exponent"),
    [
        (rademacher, "num_samples", 4, -0.5),
        (rademacher, "width", 2, 1),
        (rademacher, "max_norm", 2, 3),
        (rademacher, "rademacher_constant", 2, 1),
        (regression, "max_norm", 2, 6),
        (regression, "width", 2, 2),
        (regression, "constant", 2, 1),
        (classification, "num_samples", 4, -0.5),
        (classification, "normalized_margin", 8, -1 / 3),
        (classification, "width", 8, 2 / 3),
        (classification, "constant", 2, 1),
    ],
)
def test_bounds_scale_as_stated(bound, argument, factor, exponent):
    value = {"rademacher_constant": kl.PUBLISHED_RADEMACHER_CONSTANT, "width": 44}
    value |= {"num_samples": 60, "max_norm": 0.5, "constant": 1.0, "normalized_margin": 20.0}
    base = bound(**{argument: value[argument]})
    scaled = bound(**{argument: factor * value[argument]})
    assert math.isclose(scaled / base, factor**exponent, rel_tol=1e-12)


def test_with_the_explicit_network_the_bounds_give_the_announced_exponents():
    """n ~ p^2 up to logarithms in regression, p^(5/3) in classification."""
    moduli = np.array([10**4, 10**5])

    def log_ratio(values):
        return math.log(values[1] / values[0]) / math.log(moduli[1] / moduli[0])

    errors = [
        classification(
            num_samples=round(p ** (5 / 3)), modulus=p, width=8 * p, normalized_margin=4.0 * p
        )
        for p in moduli.tolist()
    ]
    assert math.isclose(log_ratio(errors), 0, abs_tol=1e-3)
    fractions = [
        regression(num_samples=p**2, modulus=p, width=8 * p, max_norm=1.0) / p / math.log(p**2) ** 3
        for p in moduli.tolist()
    ]
    assert math.isclose(log_ratio(fractions), 0, abs_tol=1e-3)


@given(seed=st.integers(0, 999), modulus=st.integers(2, 7), noise=st.floats(0, 3))
def test_error_rate_of_any_outputs_obeys_its_bound(seed, modulus, noise):
    rng = np.random.default_rng(seed)
    a, b, c = np.indices((modulus, modulus, modulus))
    target = modulus * ((a + b - c) % modulus == 0).astype(float)
    outputs = target + noise * modulus * rng.normal(size=target.shape)
    loss = float(np.mean((outputs - target) ** 2))
    errors = float(np.mean(kl.margins(outputs) <= 0))
    assert errors <= kl.error_rate_bound(loss, modulus) + 1e-12


def test_error_rate_bound_is_attained_halfway():
    modulus = 5
    outputs = np.zeros((5, 5, 5))
    a, b = np.indices((5, 5))
    outputs[a, b, (a + b) % 5] = outputs[a, b, (a + b + 1) % 5] = modulus / 2
    target = np.zeros((5, 5, 5))
    target[a, b, (a + b) % 5] = modulus
    loss = float(np.mean((outputs - target) ** 2))
    assert math.isclose(kl.error_rate_bound(loss, modulus), 1.0)
    assert np.all(kl.margins(outputs) <= 0)


def test_separation_of_the_regimes():
    assert math.isclose(kl.separation(97, problem="regression"), 97)
    assert math.isclose(kl.separation(97, problem="classification"), 97 ** (1 / 3))


def test_bad_arguments_are_refused():
    for bound in (rademacher, regression, classification):
        for name, least in (("num_samples", 1), ("modulus", 2), ("width", 1)):
            with pytest.raises(ValueError, match=f"{name} must be at least {least}, got 0"):
                bound(**{name: 0})
    for bound, name in (
        (rademacher, "max_norm"),
        (rademacher, "rademacher_constant"),
        (regression, "max_norm"),
        (regression, "constant"),
        (classification, "constant"),
        (classification, "normalized_margin"),
    ):
        with pytest.raises(ValueError, match=f"{name} must be positive, got -1"):
            bound(**{name: -1.0})
    with pytest.raises(ValueError, match=r"failure_probability must lie in \(0, 1\), got 0"):
        regression(failure_probability=0.0)
    with pytest.raises(ValueError, match=r"margin_loss must lie in \[0, 1\], got 2"):
        classification(margin_loss=2.0)
    with pytest.raises(ValueError, match="loss must be at least 0, got -1"):
        kl.error_rate_bound(-1.0, 5)
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        kl.error_rate_bound(1.0, 1)
    with pytest.raises(ValueError, match="problem must be 'regression' or 'classification', got"):
        kl.separation(5, problem="ranking")  # pyright: ignore[reportArgumentType]

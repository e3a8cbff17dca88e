"""Toy models of superposition, against quadrature over inputs and derivatives by JAX."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from groktheory.theory import singular


def loss_by_quadrature(weights, biases):
    """Simpson's rule over the amplitude, feature by feature."""
    amplitudes = np.linspace(0, 1, 20_001)
    total = 0.0
    for feature in range(weights.shape[1]):
        inputs = np.outer(amplitudes, np.eye(weights.shape[1])[feature])
        outputs = np.maximum(inputs @ weights.T @ weights + biases, 0)
        total += np.trapezoid(np.sum((outputs - inputs) ** 2, axis=1), amplitudes)
    return total / weights.shape[1]


@pytest.mark.parametrize("seed", range(4))
def test_population_loss_is_a_mean_over_inputs(seed):
    rng = np.random.default_rng(seed)
    weights, biases = rng.normal(size=(2, 5)), 0.5 * rng.normal(size=5)
    found = singular.population_loss(weights, biases)
    assert found == pytest.approx(loss_by_quadrature(weights, biases), rel=1e-6)


@pytest.mark.parametrize("overlap", [-2.0, -0.3, -1e-9, 0.0, 1e-9, 0.4, 3.0])
@pytest.mark.parametrize("bias", [-1.0, -0.2, 0.0, 0.2, 1.0])
def test_integrals_over_the_amplitude(overlap, bias):
    kink = [-bias / overlap] if overlap and 0 < -bias / overlap < 1 else None
    square, cross = (
        quad(lambda m, p=p: m ** (2 - p) * max(m * overlap + bias, 0) ** p, 0, 1, points=kink)[0]
        for p in (2, 1)
    )
    given = np.array(overlap), np.array(bias)
    assert float(singular.mean_square(*given)) == pytest.approx(square, abs=1e-9)
    assert float(singular.mean_cross(*given)) == pytest.approx(cross, abs=1e-9)


def jax_loss(vector, features=6):
    """The same loss in JAX, by Gauss-Legendre on both sides of every kink."""
    weights, biases = vector[: 2 * features].reshape(2, features), vector[2 * features :]
    overlaps = weights.T @ weights
    points, quadrature = (
        jnp.asarray(part)[:, None, None] for part in np.polynomial.legendre.leggauss(4)
    )
    kink = jnp.clip(-biases[None] / jnp.where(overlaps == 0, 1.0, overlaps), 0.0, 1.0)
    kink = jnp.where(overlaps == 0, 0.0, kink)[None]
    total = 0.0
    for low, high in ((0.0 * kink, kink), (kink, 0.0 * kink + 1)):
        amplitude = (low + high) / 2 + (high - low) / 2 * points
        output = jax.nn.relu(amplitude * overlaps[None] + biases[None, None])
        target = amplitude * jnp.eye(features)[None]
        total = total + jnp.sum(quadrature * (high - low) / 2 * (output - target) ** 2)
    return total / features


slopes_and_curvatures = jax.jit(
    lambda v: (jax_loss(v), jax.grad(jax_loss)(v), jax.hessian(jax_loss)(v))
)


@pytest.mark.parametrize(
    ("sides", "constant", "rank", "loss"),
    [(6, 0, 17, 0.048192), (5, 0, 14, 0.068744), (5, 1, 17, 0.061799)],
)
def test_polygons_are_critical_and_have_their_rank(sides, constant, rank, loss):
    found = singular.polygon(sides, features=6, constant=constant)
    assert found.loss == pytest.approx(loss, abs=1e-6)
    weights, biases = found.parameters(sides, 6, constant=constant)
    with jax.enable_x64(True):
        vector = jnp.asarray(np.concatenate([weights.ravel(), biases]))
        value, slope, hessian = slopes_and_curvatures(vector)
    assert float(value) == pytest.approx(found.loss, abs=1e-9)
    curvatures = np.linalg.eigvalsh(np.asarray(hessian))
    assert np.max(np.abs(slope)) < 1e-6
    assert np.sum(np.abs(curvatures) > 1e-5) == rank and curvatures[0] > -1e-5
    if constant == 0:
        assert singular.polygon_rank(sides) == rank


@pytest.mark.parametrize("sides", [2, 3, 4])
def test_small_polygons_leave_the_other_features_only(sides):
    for constant, cost in ((0, 1 / 3), (6 - sides, 1 / 3 - 1 / 24)):
        found = singular.polygon(sides, features=6, constant=constant)
        assert found.loss == pytest.approx((6 - sides) * cost / 6, rel=1e-12)


@pytest.mark.parametrize("others", ["dead", "constant"])
def test_plateaus_of_one_hot_inputs(others):
    """The network itself, with as long weights and as negative biases as it takes."""
    features, levels = 8, singular.plateaus(8, others=others)
    for sides, level in zip(range(2, features + 1), levels, strict=True):
        gap = 1 - np.cos(2 * np.pi / sides)
        length = np.sqrt(1.0 if sides <= 4 else 1 / gap)
        weights, biases = np.zeros((2, features)), np.full(features, -1.0)
        angles = 2 * np.pi * np.arange(sides) / sides
        weights[:, :sides] = length * np.stack([np.cos(angles), np.sin(angles)])
        biases[:sides] = 1 - length**2
        if others == "constant":
            biases[sides:] = 1 / features
        outputs = np.maximum(weights.T @ weights + biases[:, None], 0)
        assert np.mean((outputs - np.eye(features)) ** 2) == pytest.approx(level, abs=1e-12)


def test_plateaus_of_uniform_amplitudes_are_those_of_polygons():
    levels = singular.plateaus(6, data="uniform")
    np.testing.assert_allclose(levels, [2 / 9, 1 / 6, 1 / 9, 0.068744, 0.048192], atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: singular.population_loss(np.ones((2, 3)), np.ones(2)),
            r"one a feature, 3, got \(2,\)",
        ),
        (lambda: singular.polygon(7, features=6), "sides must lie between 2 and 6, got 7"),
        (
            lambda: singular.polygon(5, features=6, constant=2),
            "constant must lie between 0 and the 1 other features, got 2",
        ),
        (lambda: singular.polygon_rank(4), "at least 5, got 4: .*kink"),
        (lambda: singular.plateaus(1), "features must be at least 2, got 1"),
        (
            lambda: singular.plateaus(6, data="sparse"),  # pyright: ignore[reportArgumentType]
            "'binary' or 'uniform', got 'sparse'",
        ),
        (
            lambda: singular.plateaus(6, others="x"),  # pyright: ignore[reportArgumentType]
            "'dead' or 'constant', got 'x'",
        ),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

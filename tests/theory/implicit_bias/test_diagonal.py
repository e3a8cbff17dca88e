"""The dual reduction of diagonal networks, held to the flow of the network's own weights."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from scipy.integrate import solve_ivp

from groktheory.theory.implicit_bias import diagonal

SIZES = st.floats(-1e3, 1e3)


def classification(rng, num_samples=6, dimension=15):
    features = rng.choice([-1.0, 1.0], size=(num_samples, dimension))
    return features, np.sign(features[:, :3].sum(axis=1))


def flow_of_the_weights(features, targets, slope, *, depth, scale, weight_decay, times):
    """Integrate u and v themselves; `slope(outputs, targets)` is the derivative of the loss."""
    dimension = features.shape[1]

    def rate(time, state):
        u, v = state[:dimension], state[dimension:]
        outputs = features @ (u**depth - v**depth)
        pull = features.T @ slope(outputs, targets) / len(features)
        gradient = depth * np.concatenate([u ** (depth - 1) * pull, -(v ** (depth - 1)) * pull])
        return -gradient - weight_decay * state

    solution = solve_ivp(
        rate,
        (0, times[-1]),
        np.full(2 * dimension, scale),
        t_eval=times,
        method="DOP853",
        rtol=1e-11,
        atol=1e-13,
    )
    return solution.y.T[:, :dimension], solution.y.T[:, dimension:]


SLOPES = {
    "logistic": lambda f, y: -y / (1 + np.exp(y * f)),
    "exponential": lambda f, y: -y * np.exp(-y * f),
    "squared": lambda f, y: 2 * (f - y),
}


@pytest.mark.parametrize("loss", diagonal.LOSSES)
@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_the_dual_flow_is_that_of_the_network(loss, weight_decay):
    features, targets = classification(np.random.default_rng(0))
    if loss == "squared":
        targets = 0.7 * targets
    times = np.array([0.3, 3.0, 30.0, 100.0])
    path = diagonal.diagonal_flow(
        features, targets, scale=1.5, weight_decay=weight_decay, times=times, loss=loss
    )
    u, v = flow_of_the_weights(
        features,
        targets,
        SLOPES[loss],
        depth=2,
        scale=1.5,
        weight_decay=weight_decay,
        times=times,
    )
    np.testing.assert_allclose(path.weights, u**2 - v**2, atol=1e-6 * np.abs(path.weights).max())
    np.testing.assert_allclose(u * v, path.product[:, None] * np.ones_like(u), rtol=1e-7)
    np.testing.assert_allclose(path.factors[0], u, rtol=1e-6)
    np.testing.assert_allclose(path.factors[1], v, rtol=1e-6)


@pytest.mark.parametrize("loss", diagonal.LOSSES)
def test_slopes_are_derivatives_of_the_losses_and_never_overflow(loss):
    outputs, targets, step = np.linspace(-30, 30, 13), np.ones(13), 1e-5
    if loss == "logistic":
        value = lambda f: np.logaddexp(0, -f)  # noqa: E731
    else:
        value = (lambda f: np.exp(-f)) if loss == "exponential" else (lambda f: (f - 1) ** 2)
    slope, curvature = diagonal._slopes(outputs, targets, loss)
    numerical = -(value(outputs + step) - value(outputs - step)) / (2 * step)
    np.testing.assert_allclose(slope, numerical, rtol=1e-6, atol=1e-9)
    shifted = [diagonal._slopes(outputs + sign * step, targets, loss)[0] for sign in (1, -1)]
    difference = (shifted[0] - shifted[1]) / (2 * step)
    np.testing.assert_allclose(curvature, difference, rtol=1e-5, atol=1e-9)


def test_astronomical_times_are_affordable():
    # Without decay the margin grows as the logarithm of time.
    features, targets = classification(np.random.default_rng(1))
    path = diagonal.diagonal_flow(
        features, targets, scale=3.0, weight_decay=0.0, times=np.array([1e10, 1e30, 1e90])
    )
    margin = (targets[:, None] * features @ path.weights.T).min(axis=0)
    np.testing.assert_allclose(np.diff(margin), np.log(10) * np.array([20, 60]), rtol=0.1)


def test_a_path_may_start_and_end_at_zero():
    path = diagonal.diagonal_flow(
        np.eye(2), np.ones(2), scale=2.0, weight_decay=0.1, times=np.zeros(1)
    )
    assert not path.weights.any() and path.product == pytest.approx([4.0])


@given(arrays(float, 5, elements=SIZES), st.floats(1e-6, 1e6))
def test_factors_invert_to_weights_and_product(weights, product):
    u, v = diagonal.diagonal_factors(weights, product)
    assert (u > 0).all() and (v > 0).all()
    np.testing.assert_allclose(u * v, product, rtol=1e-12)
    scale = np.abs(weights) + product
    np.testing.assert_allclose((u**2 - v**2) / scale, weights / scale, atol=1e-14)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_deep_weights_solve_the_flow_under_a_constant_pull(depth):
    pull, scale, decay, time = np.array([0.02, -0.01, 0.0]), 1.3, 0.1, 4.0
    # A linear loss pulls with constant force: f = sum_k w_k pull_k.
    u, v = flow_of_the_weights(
        -pull[None],
        np.zeros(1),
        lambda f, y: np.ones(1),
        depth=depth,
        scale=scale,
        weight_decay=decay,
        times=np.array([time]),
    )
    rate = (depth - 2) * decay
    potentials = pull * (time if depth == 2 else -np.expm1(-rate * time) / rate)
    weights = diagonal.deep_diagonal_weights(
        potentials, depth=depth, scale=scale, decay_time=decay * time
    )
    np.testing.assert_allclose(weights, u[0] ** depth - v[0] ** depth, rtol=1e-8, atol=1e-12)
    if depth > 2:
        conserved = u[0] ** (2 - depth) + v[0] ** (2 - depth)
        np.testing.assert_allclose(conserved, 2 * (scale * np.exp(-decay * time)) ** (2 - depth))


DATA = dict(features=np.eye(2), targets=np.ones(2))
CLOCK = dict(scale=1.0, weight_decay=0.1, times=np.ones(1))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": np.eye(3)}, r"shapes \(samples, features\) and \(samples,\), got \(3, 3\)"),
        ({"features": np.full((2, 2), np.nan)}, "features and targets must be finite"),
        ({"scale": 0.0}, "scale must be positive, got 0.0"),
        ({"weight_decay": -1.0}, "weight_decay must be non-negative, got -1.0"),
        ({"times": np.array([1.0, 1.0])}, "times must be non-negative and increasing"),
        ({"times": np.array([-1.0])}, "times must be non-negative and increasing"),
        ({"loss": "hinge"}, "loss must be one of logistic, exponential, squared, got 'hinge'"),
        ({"targets": np.array([1.0, 2.0])}, r"targets must be \+1 or -1 for the logistic loss"),
    ],
)
def test_bad_flows_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        diagonal.diagonal_flow(**(DATA | CLOCK | changed))


def test_bad_clocks_are_refused():
    with pytest.raises(ValueError, match="times must be non-negative, got a smallest value of -1"):
        diagonal.factor_product(-1.0, scale=1.0, weight_decay=0.1)
    with pytest.raises(ValueError, match="product must be positive, got a smallest value of 0"):
        diagonal.diagonal_factors(np.ones(1), 0.0)


def test_bad_depths_are_refused():
    with pytest.raises(ValueError, match="depth must be at least 2, got 1"):
        diagonal.deep_diagonal_weights(np.zeros(1), depth=1, scale=1.0)
    with pytest.raises(ValueError, match="decay_time must be non-negative, got -1"):
        diagonal.deep_diagonal_weights(np.zeros(1), depth=3, scale=1.0, decay_time=-1.0)
    with pytest.raises(ValueError, match=r"\|potentials\| must stay below .* = 0.33.*, got 0.5"):
        diagonal.deep_diagonal_weights(np.array([0.5]), depth=3, scale=1.0)

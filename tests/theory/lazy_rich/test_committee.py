import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from groktheory.theory.lazy_rich import committee
from groktheory.theory.lazy_rich._stabilized import integrate


def problem(dimension=5, samples=12, width=7, seed=0):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(samples, dimension)) / np.sqrt(dimension)
    direction = rng.normal(size=dimension)
    direction *= np.sqrt(dimension) / np.linalg.norm(direction)
    return inputs, (inputs @ direction) ** 2 / 2, rng.normal(size=(width, dimension))


def train_network(inputs, targets, weights, *, scale, curvature, rate, steps):
    """Plain gradient descent on the mean squared error of the centered committee."""

    def output(weights):
        fields = inputs @ weights.T
        return scale * np.mean(fields + curvature / 2 * fields**2, axis=1)

    start, weights, losses = output(weights), weights.copy(), []
    for _ in range(steps):
        residual = targets - output(weights) + start
        losses.append(np.mean(residual**2))
        slope = 1 + curvature * inputs @ weights.T
        gradient = -2 * scale / len(weights) * (slope * residual[:, None]).T @ inputs
        weights -= rate * gradient / len(inputs)
    residual = targets - output(weights) + start
    return weights, np.array([*losses, np.mean(residual**2)]), output(weights) - start


@given(
    seed=st.integers(0, 99),
    scale=st.floats(0.1, 20),
    curvature=st.floats(0.1, 1),
    width=st.integers(1, 6),
)
@settings(deadline=None, max_examples=20)
def test_descent_is_a_trained_network_of_any_width(seed, scale, curvature, width):
    inputs, targets, weights = problem(width=width, seed=seed)
    learning_rate = 0.05
    rate = committee.network_learning_rate(learning_rate, scale=scale, width=width)
    trained, losses, outputs = train_network(
        inputs, targets, weights, scale=scale, curvature=curvature, rate=rate, steps=50
    )
    mean, second = committee.moments(weights)
    run = committee.gradient_descent(
        inputs,
        targets,
        [0, 20, 50],
        scale=scale,
        curvature=curvature,
        learning_rate=learning_rate,
        mean=mean,
        second_moment=second,
    )
    np.testing.assert_allclose(run.train_loss, losses[[0, 20, 50]], rtol=1e-9)
    new_mean, new_second = committee.moments(trained)
    np.testing.assert_allclose(run.mean[-1], new_mean, atol=1e-11)
    np.testing.assert_allclose(run.second_moment[-1], new_second, atol=1e-11)
    np.testing.assert_allclose(run.outputs(inputs)[-1], outputs, atol=1e-10 * scale + 1e-11)
    raw = [
        committee.committee_output(inputs, m, s, scale=scale, curvature=curvature)
        for m, s in ((new_mean, new_second), (mean, second))
    ]
    np.testing.assert_allclose(raw[0] - raw[1], outputs, atol=1e-10 * scale + 1e-11)


def test_the_infinite_scale_is_the_limit():
    inputs, targets, weights = problem()
    mean, second = committee.moments(weights)
    kept = {"curvature": 0.5, "mean": mean, "second_moment": second, "learning_rate": 0.3}
    for train in (committee.gradient_descent, committee.gradient_flow):
        lazy = train(inputs, targets, [5, 100], scale=np.inf, **kept)
        nearly = train(inputs, targets, [5, 100], scale=1e7, **kept)
        np.testing.assert_allclose(nearly.quadratic, lazy.quadratic, atol=1e-4)
        np.testing.assert_array_equal(lazy.second_moment[1], second)


@pytest.mark.parametrize("scale", [0.2, 2.0, np.inf])
def test_flow_agrees_with_an_implicit_solver(scale):
    inputs, targets, weights = problem(dimension=6, samples=15)
    mean, second = committee.moments(weights)
    curvature = 0.4
    times = np.geomspace(1, 3000, 9)

    def velocity(time, state):
        linear, quadratic = state[:6], state[6:].reshape(6, 6)
        w, m = mean + linear / scale, second + quadratic / scale
        form = np.einsum("ni,ij,nj->n", inputs, quadratic, inputs)
        gap = (targets - inputs @ linear - curvature / 2 * form) / len(targets)
        b, s = gap @ inputs, np.einsum("n,ni,nj->ij", gap, inputs, inputs)
        change = curvature * (s @ m + m @ s) + np.outer(b, w) + np.outer(w, b)
        return np.concatenate([b + curvature * s @ w, change.ravel()])

    solution = solve_ivp(
        velocity, (0, 3000), np.zeros(42), method="BDF", t_eval=times, rtol=1e-9, atol=1e-11
    )
    kept = {"scale": scale, "curvature": curvature, "mean": mean, "second_moment": second}
    errors = []
    for tolerance in (1e-3, 1e-6):
        run = committee.gradient_flow(inputs, targets, times, tolerance=tolerance, **kept)
        found = np.concatenate([run.linear, run.quadratic.reshape(-1, 36)], axis=1)
        errors.append(np.abs(found - solution.y.T).max() / np.abs(solution.y).max())
    assert errors[0] < 2e-2
    assert errors[1] < 1e-4
    # the learning rate only sets the unit of time
    slow = committee.gradient_flow(inputs, targets, times / 0.1, learning_rate=0.1, **kept)
    fast = committee.gradient_flow(inputs, targets, times, **kept)
    np.testing.assert_allclose(slow.quadratic, fast.quadratic, rtol=1e-6, atol=1e-9)


def test_descent_follows_the_flow_at_small_rates():
    inputs, targets, _ = problem()
    flow = committee.gradient_flow(
        inputs, targets, [10, 40], scale=0.5, curvature=0.3, tolerance=1e-7
    )
    deviations = [
        np.abs(
            committee.gradient_descent(
                inputs,
                targets,
                [10 * factor, 40 * factor],
                scale=0.5,
                curvature=0.3,
                learning_rate=1 / factor,
            ).quadratic
            - flow.quadratic
        ).max()
        for factor in (10, 20)
    ]
    assert deviations[1] < 0.05
    assert deviations[1] < 0.6 * deviations[0]


def test_flow_needs_few_evaluations_whatever_the_time():
    """A stiff linear system: an explicit method would need of the order of a million steps."""
    rates, calls = np.geomspace(1e-3, 1e3, 20), []

    def velocity(state):
        calls.append(1)
        return rates * (1 - state)

    times = np.array([0.0, 1e-3, 1.0, 1e3])
    found = integrate(velocity, np.zeros(20), times, tolerance=1e-5)
    np.testing.assert_allclose(found, -np.expm1(-times[:, None] * rates), atol=5e-4)
    assert len(calls) < 20_000


def test_flow_of_fitted_targets_rests():
    inputs, _, _ = problem()
    for train in (committee.gradient_flow, committee.gradient_descent):
        run = train(inputs, np.zeros(len(inputs)), [0, 10], scale=1.0, curvature=0.5)
        assert not run.quadratic.any() and not run.train_loss.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0.0}, "scale must be positive, got 0.0"),
        ({"scale": np.nan}, "scale must be positive, got nan"),
        ({"curvature": 0.0}, "curvature must be positive and finite, got 0.0"),
        ({"learning_rate": -1.0}, "learning_rate must be positive and finite, got -1.0"),
        ({"mean": np.zeros(3)}, r"mean must have shape \(5,\), got \(3,\)"),
        ({"second_moment": np.eye(3)}, r"second_moment must have shape \(5, 5\)"),
        ({"record_steps": [3, 1]}, "record_steps must increase from at least 0"),
        ({"record_steps": []}, "record_steps must increase from at least 0"),
        ({"targets": np.zeros(3)}, r"inputs and targets must have shapes"),
    ],
)
@pytest.mark.parametrize("train", [committee.gradient_descent, committee.gradient_flow])
def test_bad_settings_are_refused(train, change, message):
    inputs, targets, _ = problem()
    given = {"targets": targets, "record_steps": [1], "scale": 1.0, "curvature": 0.5} | change
    with pytest.raises(ValueError, match=message):
        train(inputs, given.pop("targets"), given.pop("record_steps"), **given)


def test_other_bad_values_are_refused():
    inputs, targets, _ = problem()
    with pytest.raises(ValueError, match="record_steps must be whole numbers"):
        committee.gradient_descent(inputs, targets, [0.5], scale=1.0, curvature=0.5)
    with pytest.raises(ValueError, match=r"tolerance must lie in \[1e-10, 0.1\], got 1"):
        committee.gradient_flow(inputs, targets, [1], scale=1.0, curvature=0.5, tolerance=1.0)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        committee.network_learning_rate(1.0, scale=1.0, width=0)
    with pytest.raises(ValueError, match="scale must be finite here, got inf"):
        committee.network_learning_rate(1.0, scale=np.inf, width=3)
    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match="the flow is not finite at time"),
    ):
        integrate(lambda y: y * 1e200 + 1e200, np.zeros(1), np.array([1e9]), tolerance=1e-3)


def test_divergence_names_the_step_and_the_remedy():
    inputs, targets, _ = problem()
    with (
        np.errstate(all="ignore"),
        pytest.raises(
            ValueError, match=r"diverged at step \d+: learning_rate must lie below [\d.]+ on"
        ),
    ):
        committee.gradient_descent(
            inputs, targets, [100000], scale=np.inf, curvature=0.5, learning_rate=100.0
        )

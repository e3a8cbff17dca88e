import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from groktheory.theory import norm_landscape as theory


def test_decayed_norm_is_that_of_decaying_weights():
    weights = np.random.default_rng(0).normal(size=7)
    norms = [float(np.linalg.norm(weights))]
    for _ in range(40):
        weights = weights - 0.05 * 0.7 * weights
        norms.append(float(np.linalg.norm(weights)))
    found = theory.decayed_norm(norms[0], np.arange(41), learning_rate=0.05, weight_decay=0.7)
    np.testing.assert_allclose(found, norms, rtol=1e-12)


def test_flow_is_the_limit_of_small_steps():
    times = np.array([0.0, 0.5, 3.0])
    flow = theory.decayed_norm_flow(4.0, times, weight_decay=0.3)
    steps = theory.decayed_norm(4.0, times / 1e-6, learning_rate=1e-6, weight_decay=0.3)
    np.testing.assert_allclose(flow, steps, rtol=1e-6)
    solved = solve_ivp(lambda t, w: -0.3 * w, (0, 3), [4.0], t_eval=times, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(flow, solved.y[0], rtol=1e-8)


@given(st.floats(1.0, 1e3), st.floats(1e-3, 0.99), st.floats(1e-4, 0.5), st.floats(1e-3, 1.9))
def test_norm_after_the_grokking_steps_is_critical(initial, share, rate, decay):
    rates = {"learning_rate": rate, "weight_decay": decay}
    steps = theory.grokking_steps(initial, share * initial, **rates)
    np.testing.assert_allclose(
        theory.decayed_norm(initial, steps, **rates), share * initial, rtol=1e-9
    )
    time = theory.grokking_time(initial, share * initial, weight_decay=decay)
    np.testing.assert_allclose(
        theory.decayed_norm_flow(initial, time, weight_decay=decay), share * initial, rtol=1e-9
    )
    assert steps * rate < time  # finite steps decay faster


def test_steps_are_counted_by_a_loop():
    norm, count = 20.0, 0
    while norm > 10.0:
        norm, count = norm * (1 - 0.01 * 0.5), count + 1
    predicted = theory.grokking_steps(20.0, 10.0, learning_rate=0.01, weight_decay=0.5)
    assert count - 1 < predicted <= count


def test_waits_without_end_and_without_wait():
    rates = {"learning_rate": 0.1, "weight_decay": 1.0}
    assert theory.grokking_steps(1.0, 2.0, **rates) == 0
    assert theory.grokking_steps(1.0, math.inf, **rates) == 0
    assert math.isinf(theory.grokking_steps(1.0, 0.0, **rates))
    assert math.isinf(theory.grokking_steps(2.0, 1.0, learning_rate=0.1, weight_decay=0.0))
    assert math.isinf(theory.grokking_time(2.0, 1.0, weight_decay=0.0))


def test_radial_identity_along_a_flow():
    center, curvature = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.0, 2.0])
    times, decay = np.linspace(0, 4, 4001), 0.2

    def slope(weights):
        return curvature[:, None] * (weights - center[:, None])

    path = solve_ivp(
        lambda t, w: (-slope(w[:, None]) - decay * w[:, None])[:, 0],
        (0, 4),
        [3.0, 1.0, 2.0],
        t_eval=times,
        rtol=1e-10,
        atol=1e-12,
    ).y
    norms, radial = np.linalg.norm(path, axis=0), np.sum(path * slope(path), axis=0)
    found = theory.radial_log_norm(times, norms, radial, weight_decay=decay)
    np.testing.assert_allclose(found, np.log(norms[0] / norms), atol=1e-6)
    assert np.abs(found - decay * times).max() > 0.1  # the decay alone does not explain it


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("decayed_norm", {"initial_norm": 0.0}, "initial_norm must be positive and finite, got 0"),
        ("decayed_norm", {"steps": -1}, "steps must be non-negative, got -1"),
        ("decayed_norm", {"learning_rate": 0.0}, "learning_rate must be positive and finite"),
        ("decayed_norm", {"weight_decay": -1.0}, "weight_decay must be non-negative and finite"),
        ("decayed_norm", {"weight_decay": 20.0}, r"must lie below 1, .* got 0.1 \* 20.0 = 2.0"),
        ("grokking_steps", {"critical_norm": -1.0}, "critical_norm must be non-negative .*got -1"),
    ],
)
def test_bad_numbers_are_refused(name, arguments, message):
    rest = {"decayed_norm": {"steps": 3}, "grokking_steps": {"critical_norm": 1.0}}[name]
    settings = {"initial_norm": 2.0, "learning_rate": 0.1, "weight_decay": 0.1} | rest
    with pytest.raises(ValueError, match=message):
        getattr(theory, name)(**(settings | arguments))


def test_bad_records_are_refused():
    line = np.arange(3.0)
    with pytest.raises(ValueError, match="arrays of one length, got shapes"):
        theory.radial_log_norm(line, line[:2], line, weight_decay=0.0)
    with pytest.raises(ValueError, match="times must increase"):
        theory.radial_log_norm(line[::-1], line + 1, line, weight_decay=0.0)
    with pytest.raises(ValueError, match="times must be non-negative"):
        theory.decayed_norm_flow(1.0, [-1.0], weight_decay=0.0)

"""Flows of the hyper-parameters and the laws for their times."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory.theory import gaussian_processes as gp

RNG = np.random.default_rng(3)
INPUTS = RNG.uniform(-1.5, 1.5, (20, 1))
TARGETS = np.sin(2 * INPUTS[:, 0]) + 0.1 * RNG.normal(size=20)
START = gp.Hyperparameters(-3.0, 2.0, 0.1, np.log(0.01))


def test_gradient_flow_is_descent_in_small_steps():
    times = np.array([0.0, 1.0, 3.0])
    path = gp.gradient_flow(INPUTS, TARGETS, START, times=times)
    vector, moved = START.vector(), []
    for step in range(1, 3001):
        gradient = gp.hyperparameter_gradient(INPUTS, TARGETS, gp.Hyperparameters.of(vector))
        vector = vector - 1e-3 * np.append(gradient.loss[:3], 0.0)
        if step in (1000, 3000):
            moved.append(vector)
    np.testing.assert_allclose(path.parameters[1:], moved, atol=2e-3)
    assert np.ptp(path.parameters[:, 3]) == 0


def test_terms_and_errors_along_a_path():
    path = gp.sign_flow(INPUTS, TARGETS, START, duration=0.2, step=0.1)
    terms = path.terms(INPUTS, TARGETS)
    kernel = {"length_scale": np.exp(-3 + 0.2), "signal": np.exp(2 - 0.2)}
    gram = gp.squared_exponential(INPUTS, **kernel)
    last = gp.likelihood_terms(gram, TARGETS, noise=0.01, mean=path.at(-1).mean)
    assert terms.data_fit[-1] == pytest.approx(last.data_fit)
    assert terms.complexity[-1] == pytest.approx(last.complexity)
    test = {"test_inputs": INPUTS + 0.05, "test_targets": TARGETS}
    errors = path.errors(INPUTS, TARGETS, **test)
    assert errors[-1] == gp.mean_squared_error(INPUTS, TARGETS, path.at(-1), **test)


def test_sign_flow_goes_to_the_minimum_and_stays_within_a_step():
    path = gp.sign_flow(INPUTS, TARGETS, START, duration=8.0, step=0.02, fixed=())
    end = gp.hyperparameter_gradient(INPUTS, TARGETS, path.at(-1)).loss
    assert np.abs(end).max() < 0.05
    assert np.abs(np.diff(path.parameters, axis=0)).max() == pytest.approx(0.02)
    assert np.ptp(path.parameters[-40:], axis=0).max() < 0.05


def test_fit_alone_raises_the_signal_for_ever():
    path = gp.sign_flow(INPUTS, TARGETS, START, duration=6.0, step=0.1, complexity_weight=0.0)
    np.testing.assert_allclose(np.diff(path.parameters[:, 1]), 0.1)


def test_generalization_time_of_a_path():
    path = gp.HyperparameterPath(np.arange(4.0), np.zeros((4, 4)))
    errors = np.array([1.0, 0.9, 0.09, 0.01])
    assert gp.generalization_time(path, errors, threshold=0.9 / np.sqrt(10)) == pytest.approx(1.5)
    assert gp.generalization_time(path, errors, threshold=2.0) == 0.0
    assert gp.generalization_time(path, errors, threshold=1e-3) == np.inf


def test_descent_time_is_that_of_the_flow_of_pairs():
    """Integrate the pull itself, which is held to random inputs elsewhere."""
    settings: Any = {"signal": 0.8, "noise": 0.2, "num_samples": 30, "density": 0.5}
    labels: Any = {"target_variance": 0.8, "label_noise": 0.2}

    def pull(length_scale):
        return -sum(gp.length_scale_pull(length_scale=length_scale, **settings, **labels))

    time = gp.descent_time(start=1e-3, end=5e-3, learning_rate=0.1, pull=pull(1.0))
    flow = solve_ivp(
        lambda t, x: [0.1 * pull(float(np.exp(x[0])))], (0, time), [np.log(1e-3)], rtol=1e-8
    )
    assert np.exp(flow.y[0, -1]) == pytest.approx(5e-3, rel=1e-5)


def test_times_follow_their_laws():
    settings = {"start": 1e-3, "end": 0.1}
    assert gp.adam_time(**settings, learning_rate=0.1) == pytest.approx(np.log(100) / 0.1)
    one, two = (gp.descent_time(start=s, end=np.inf, learning_rate=1, pull=3) for s in (1e-3, 2e-3))
    assert one == pytest.approx(2 * two)


def test_refuses_bad_arguments():
    with pytest.raises(ValueError, match="start and end must satisfy 0 < start <= end, got 1.0"):
        gp.adam_time(start=1.0, end=0.1, learning_rate=1.0)
    with pytest.raises(ValueError, match="learning_rate must be positive, got 0"):
        gp.adam_time(start=0.1, end=1.0, learning_rate=0.0)
    with pytest.raises(ValueError, match="pull must be positive, got -1.0: the length scale would"):
        gp.descent_time(start=0.1, end=1.0, learning_rate=1.0, pull=-1.0)
    with pytest.raises(ValueError, match="fixed must be among log_length_scale, .* got 'noise'"):
        gp.sign_flow(INPUTS, TARGETS, START, duration=1.0, step=0.1, fixed=("noise",))
    with pytest.raises(ValueError, match="duration and step must be positive, got 1.0 and 0.0"):
        gp.sign_flow(INPUTS, TARGETS, START, duration=1.0, step=0.0)
    with pytest.raises(ValueError, match="complexity_weight must be at least 0, got -1"):
        gp.sign_flow(INPUTS, TARGETS, START, duration=1.0, step=0.1, complexity_weight=-1.0)
    with pytest.raises(ValueError, match="times must increase from 0 on"):
        gp.gradient_flow(INPUTS, TARGETS, START, times=np.array([1.0, 2.0]))
    path = gp.HyperparameterPath(np.arange(4.0), np.zeros((4, 4)))
    with pytest.raises(ValueError, match="errors must have one entry a time"):
        gp.generalization_time(path, np.ones(3), threshold=1.0)
    with pytest.raises(ValueError, match="threshold must be positive, got 0"):
        gp.generalization_time(path, np.ones(4), threshold=0.0)

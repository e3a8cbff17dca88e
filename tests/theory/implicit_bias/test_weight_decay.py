import math

import numpy as np
import pytest

from groktheory.theory.implicit_bias import (
    null_space_decay_time,
    null_space_error,
    ridge_solution,
    weight_decay_iterates,
)

FEATURES = np.random.default_rng(0).normal(size=(4, 9)) / 2
TARGET = np.random.default_rng(1).normal(size=9)
INITIAL = 10 * np.random.default_rng(2).normal(size=9)


def test_iterates_are_those_of_gradient_descent():
    point, path = INITIAL, []
    for _ in range(51):
        path.append(point)
        gradient = FEATURES.T @ (FEATURES @ point - FEATURES @ TARGET) + 0.2 * point
        point = point - 0.1 * gradient
    steps = np.array([0, 1, 2, 17, 50])
    exact = weight_decay_iterates(
        FEATURES, FEATURES @ TARGET, INITIAL, steps, learning_rate=0.1, weight_decay=0.2
    )
    np.testing.assert_allclose(exact, np.array(path)[steps], atol=1e-12)


def test_without_decay_the_null_space_is_left_alone():
    last = weight_decay_iterates(
        FEATURES,
        FEATURES @ TARGET,
        INITIAL,
        np.array([100_000]),
        learning_rate=0.1,
        weight_decay=0.0,
    )[0]
    pseudo = np.linalg.pinv(FEATURES)
    np.testing.assert_allclose(
        last, pseudo @ FEATURES @ TARGET + INITIAL - pseudo @ FEATURES @ INITIAL
    )


def test_the_ridge_solution_solves_its_equation():
    ridge = ridge_solution(FEATURES, FEATURES @ TARGET, weight_decay=0.3)
    equation = (FEATURES.T @ FEATURES + 0.3 * np.eye(9)) @ ridge
    np.testing.assert_allclose(equation, FEATURES.T @ FEATURES @ TARGET)


def test_the_error_never_falls_below_the_null_space_part():
    steps = np.unique(np.geomspace(1, 1e7, 60).astype(int))
    path = weight_decay_iterates(
        FEATURES, FEATURES @ TARGET, INITIAL, steps, learning_rate=0.1, weight_decay=1e-4
    )
    errors = np.linalg.norm(path - TARGET, axis=1) / np.linalg.norm(TARGET)
    floor = null_space_error(FEATURES, TARGET)
    projector = np.eye(9) - np.linalg.pinv(FEATURES) @ FEATURES
    assert floor == pytest.approx(np.linalg.norm(projector @ TARGET) / np.linalg.norm(TARGET))
    assert errors[-1] == pytest.approx(floor, rel=1e-3)


def test_at_the_decay_time_initialization_and_target_are_equally_large():
    rate, decay = 0.1, 1e-2
    projector = np.eye(9) - np.linalg.pinv(FEATURES) @ FEATURES
    norms = [float(np.linalg.norm(projector @ point)) for point in (INITIAL, TARGET)]
    time = null_space_decay_time(*norms, learning_rate=rate, weight_decay=decay)
    left = (1 - rate * decay) ** time * norms[0]
    assert left == pytest.approx(norms[1])
    assert time == pytest.approx(math.log(norms[0] / norms[1]) / (rate * decay), rel=1e-3)


def test_bad_arguments_are_refused():
    arguments = (FEATURES, FEATURES @ TARGET, INITIAL)
    with pytest.raises(ValueError, match="steps must be at least 0, got -1"):
        weight_decay_iterates(*arguments, np.array([-1]), learning_rate=0.1, weight_decay=0.1)
    with pytest.raises(ValueError, match="learning_rate must be below"):
        weight_decay_iterates(*arguments, np.array([1]), learning_rate=10.0, weight_decay=0.1)
    with pytest.raises(ValueError, match="weight_decay must be positive, got 0"):
        ridge_solution(FEATURES, FEATURES @ TARGET, weight_decay=0.0)
    with pytest.raises(ValueError, match="initial_norm must exceed target_norm = 2.0, got 1.0"):
        null_space_decay_time(1.0, 2.0, learning_rate=0.1, weight_decay=0.1)
    with pytest.raises(ValueError, match="must be below 1, got 2"):
        null_space_decay_time(3.0, 2.0, learning_rate=2.0, weight_decay=1.0)
    with pytest.raises(ValueError, match="target must not be zero"):
        null_space_error(FEATURES, np.zeros(9))

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from groktheory.theory.implicit_bias import (
    SlidingPath,
    l1_sliding_path,
    nuclear_arrival_time,
    nuclear_sliding_path,
)


def _problem(seed, *, samples=12, coordinates=30, sparsity=2):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(samples, coordinates)) / np.sqrt(samples)
    target = np.zeros(coordinates)
    target[:sparsity] = rng.normal(size=sparsity)
    return features, target, np.linalg.pinv(features) @ features @ target


def _least_l1_norm(features, targets):
    count = features.shape[1]
    solved = linprog(
        np.ones(2 * count), A_eq=np.hstack([features, -features]), b_eq=targets, method="highs"
    )
    return solved.fun


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_the_path_ends_at_the_least_l1_norm_and_never_leaves_the_fit(seed):
    features, target, start = _problem(seed, sparsity=1 + seed % 6)
    path = l1_sliding_path(features, start)
    np.testing.assert_allclose(
        path.points @ features.T, np.tile(features @ target, (len(path.times), 1)), atol=1e-10
    )
    least = _least_l1_norm(features, features @ target)
    assert np.abs(path.points[-1]).sum() == pytest.approx(least, rel=1e-8)


def test_the_path_is_the_limit_of_small_projected_subgradient_steps():
    features, target, start = _problem(3)
    path = l1_sliding_path(features, start)
    projector = np.eye(30) - np.linalg.pinv(features) @ features
    step = path.times[-1] / 20_000
    point, worst = start, 0.0
    for index in range(1, 20_001):
        point = point - step * projector @ np.sign(point)
        if index % 2000 == 0:
            worst = max(worst, np.abs(point - path.at(np.array([index * step]))[0]).max())
    assert worst < 30 * step


def test_the_norm_falls_at_the_squared_speed():
    features, _, start = _problem(5)
    path = l1_sliding_path(features, start)
    lengths = np.diff(path.times)
    speeds = np.linalg.norm(np.diff(path.points, axis=0), axis=1) / lengths
    falls = -np.diff(np.abs(path.points).sum(axis=1))
    np.testing.assert_allclose(falls, speeds**2 * lengths, atol=1e-12)
    assert np.all(np.diff(speeds) < 1e-9)  # the flow of a convex function slows down


def test_scaling_the_target_scales_the_time():
    features, target, start = _problem(7)
    one = l1_sliding_path(features, start).arrival_time(target, relative_error=0.02)
    three = l1_sliding_path(features, 3 * start).arrival_time(3 * target, relative_error=0.02)
    assert three == pytest.approx(3 * one, rel=1e-9)


def test_arrival_is_where_the_distance_equals_the_threshold():
    features, target, start = _problem(0)
    path = l1_sliding_path(features, start)
    for threshold in (0.5, 0.1, 0.02):
        time = path.arrival_time(target, relative_error=threshold)
        distance = np.linalg.norm(path.at(np.array([time]))[0] - target)
        assert distance == pytest.approx(threshold * np.linalg.norm(target))
        before = path.at(np.linspace(0, time, 50)[:-1])
        assert np.all(np.linalg.norm(before - target, axis=1) > distance)


def test_a_target_that_is_not_recoverable_is_never_reached():
    features, target, start = _problem(1, sparsity=12)
    assert np.abs(target).sum() > 1.01 * _least_l1_norm(features, features @ target)
    assert math.isinf(l1_sliding_path(features, start).arrival_time(target, relative_error=0.02))


def test_a_start_at_the_minimum_rests_there():
    features, target, _ = _problem(0, sparsity=1)
    path = l1_sliding_path(features, target)
    assert path.times.tolist() == [0.0]
    np.testing.assert_array_equal(path.at(np.array([0.0, 2.0])), np.tile(target, (2, 1)))
    assert path.arrival_time(target, relative_error=0.1) == 0.0


def test_a_coordinate_may_pass_through_zero():
    # On a = (t, 1 + t, 3 - t) the norm falls while t grows from below zero, and is flat after it.
    features = np.array([[1.0, -1.0, 0.0], [1.0, 0.0, 1.0]])
    weights = np.array([1.0, 0.2, 0.2])  # rescaled coordinates tilt the norm
    path = l1_sliding_path(features / weights, np.array([2.0, 3.0, 1.0]) * weights)
    assert np.abs(path.points[-1]).sum() == pytest.approx(
        _least_l1_norm(features / weights, features @ np.array([2.0, 3.0, 1.0]))
    )


def test_diagonal_matrices_slide_as_vectors_do():
    features, target, start = _problem(4, samples=4, coordinates=6, sparsity=1)
    diagonal = np.zeros((4, 6, 6))
    diagonal[:, np.arange(6), np.arange(6)] = features
    off_diagonal = np.eye(36)[~np.eye(6, dtype=bool).ravel()]
    measurements = np.vstack([diagonal.reshape(4, 36), off_diagonal])
    expected = l1_sliding_path(features, start).arrival_time(target, relative_error=0.05)
    found = nuclear_arrival_time(
        measurements, np.diag(start), np.diag(target), relative_error=0.05, accuracy=1e-3
    )
    assert found == pytest.approx(expected, rel=3e-3)


def test_nuclear_time_agrees_with_small_subgradient_steps():
    rng = np.random.default_rng(0)
    target = np.outer(rng.normal(size=8), rng.normal(size=8))
    features = rng.normal(size=(45, 64)) / np.sqrt(45)
    start = (np.linalg.pinv(features) @ features @ target.ravel()).reshape(8, 8)
    time = nuclear_arrival_time(features, start, target, relative_error=0.05)
    projector = np.eye(64) - np.linalg.pinv(features) @ features
    point, step, count = start, time / 4000, 0
    while np.linalg.norm(point - target) > 0.05 * np.linalg.norm(target):
        left, values, right = np.linalg.svd(point)
        subgradient = (left * (values > 1e-12)) @ right
        point = point - step * (projector @ subgradient.ravel()).reshape(8, 8)
        count += 1
    assert count * step == pytest.approx(time, rel=5e-3)


def test_nuclear_path_keeps_the_fit_and_lowers_the_norm():
    rng = np.random.default_rng(1)
    features, start = rng.normal(size=(10, 20)), rng.normal(size=(4, 5))
    path = nuclear_sliding_path(features, start, step=0.01, duration=0.5)
    assert path.points.shape == (51, 20)
    np.testing.assert_allclose(path.points @ features.T, np.tile(features @ start.ravel(), (51, 1)))
    norms = np.linalg.norm(path.points.reshape(51, 4, 5), ord="nuc", axis=(1, 2))
    assert np.all(np.diff(norms) <= 1e-12) and norms[-1] < norms[0] - 0.1


def test_nuclear_time_is_infinite_where_the_flow_ends_elsewhere():
    target = np.eye(4)
    features = np.random.default_rng(0).normal(size=(6, 16))
    start = (np.linalg.pinv(features) @ features @ target.ravel()).reshape(4, 4)
    time = nuclear_arrival_time(features, start, target, relative_error=0.05, max_time=2.0)
    assert math.isinf(time)
    near = nuclear_arrival_time(features, target, target, relative_error=0.05)
    assert near == 0.0


def test_bad_arguments_are_refused():
    features, start = np.ones((2, 6)), np.ones((2, 3))
    with pytest.raises(ValueError, match=r"features must be \[samples, 6\] for a start of shape"):
        l1_sliding_path(np.ones((2, 5)), np.ones(6))
    with pytest.raises(ValueError, match="step must be positive, got 0"):
        nuclear_sliding_path(features, start, step=0.0, duration=1.0)
    with pytest.raises(ValueError, match="duration must be positive, got -1"):
        nuclear_sliding_path(features, start, step=0.1, duration=-1.0)
    with pytest.raises(ValueError, match=r"target must have the shape \(2, 3\) of start"):
        nuclear_arrival_time(features, start, np.ones((3, 2)), relative_error=0.1)
    with pytest.raises(ValueError, match="accuracy must be positive"):
        nuclear_arrival_time(features, start, start, relative_error=0.1, accuracy=0.0)
    path = SlidingPath(np.zeros(1), np.ones((1, 3)))
    with pytest.raises(ValueError, match="relative_error must be positive, got 0"):
        path.arrival_time(np.ones(3), relative_error=0.0)
    with pytest.raises(ValueError, match="target must not be zero"):
        path.arrival_time(np.zeros(3), relative_error=0.1)

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groktheory.theory.implicit_bias import (
    best_iterate_bound,
    l1_sliding_path,
    memorization_distance_bound,
    memorization_time,
    memorized_interpolant,
    range_contraction,
    sliding_time_bound,
)

RATE = 0.05


def _problem(seed=0, samples=10, coordinates=25):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(samples, coordinates)) / np.sqrt(samples)
    target = np.zeros(coordinates)
    target[:2] = 1.0, -0.7
    return features, features @ target, target, 0.3 * rng.normal(size=coordinates)


def _descend(features, targets, initial, steps, *, penalty=0.0):
    point = initial
    for _ in range(steps):
        gradient = features.T @ (features @ point - targets)
        point = point - RATE * (gradient + penalty * np.sign(point))
        yield point


def test_descent_memorizes_at_the_nearest_interpolant():
    features, targets, _, initial = _problem()
    nearest = memorized_interpolant(features, targets, initial)
    *_, last = _descend(features, targets, initial, 4000)
    np.testing.assert_allclose(nearest, last, atol=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(1e-4, 0.5))
def test_memorization_time_is_that_of_descent(seed, threshold):
    features, targets, _, initial = _problem(seed)
    predicted = memorization_time(
        features, targets, initial, learning_rate=RATE, relative_residual=threshold
    )
    bar = threshold * np.linalg.norm(targets)
    path = [initial, *_descend(features, targets, initial, predicted)]
    assert np.linalg.norm(features @ path[-1] - targets) <= bar * (1 + 1e-9)
    if predicted > 0:
        assert np.linalg.norm(features @ path[-2] - targets) > bar * (1 - 1e-9)


def test_memorization_counts_what_no_coefficients_fit():
    features = np.array([[1.0], [1.0]])
    targets = np.array([1.0, 0.9])
    with pytest.raises(ValueError, match="relative_residual must exceed 0.0526"):
        memorization_time(features, targets, np.zeros(1), learning_rate=0.1, relative_residual=0.05)
    time = memorization_time(
        features, targets, np.zeros(1), learning_rate=0.1, relative_residual=0.06
    )
    fits = 1 - 0.8 ** np.arange(100)
    residuals = np.linalg.norm(0.95 * fits[:, None] - targets, axis=1) / np.linalg.norm(targets)
    assert time == np.argmax(residuals <= 0.06)


def test_contraction_is_that_of_the_range_and_not_of_the_whole_space():
    features, *_ = _problem()
    hessian = features.T @ features
    values = np.linalg.eigvalsh(np.eye(25) - RATE * hessian)
    restricted = np.sort(np.abs(values))[-1 - 15]  # 15 directions are not seen at all
    assert range_contraction(features, learning_rate=RATE) == pytest.approx(restricted)
    decayed = range_contraction(features, learning_rate=RATE, weight_decay=0.5)
    assert decayed == pytest.approx(restricted - RATE * 0.5)


def test_the_penalty_moves_the_range_by_less_than_the_bound():
    features, targets, _, initial = _problem()
    penalty = 1e-2
    *_, last = _descend(features, targets, initial, 3000, penalty=penalty)
    in_range = np.linalg.pinv(features) @ (features @ last - targets)
    bound = memorization_distance_bound(features, learning_rate=RATE, penalty=penalty)
    assert 0.02 * bound < np.linalg.norm(in_range) < bound
    # for small steps the step drops out
    smaller = memorization_distance_bound(features, learning_rate=RATE / 10, penalty=penalty)
    assert smaller == pytest.approx(bound)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_on_the_wait_holds_for_the_exact_slide(seed):
    features, targets, _, initial = _problem(seed)
    path = l1_sliding_path(features, memorized_interpolant(features, targets, initial))
    distance = float(np.linalg.norm(path.points[0] - path.points[-1]))
    least = np.abs(path.points[-1]).sum()
    for tolerance in (1.0, 0.1, 0.01):
        wait = sliding_time_bound(distance, learning_rate=1.0, penalty=1.0, tolerance=tolerance)
        assert np.abs(path.at(np.array([wait]))).sum() - least <= tolerance / 2


def test_the_subgradient_method_keeps_to_its_bound():
    features, targets, target, initial = _problem()
    penalty = 0.1

    def objective(point):
        return np.sum((features @ point - targets) ** 2) / 2 + penalty * np.abs(point).sum()

    path = [initial, *_descend(features, targets, initial, 20_000, penalty=penalty)]
    least = min(objective(point) for point in path[-200:])
    for steps in (10, 100, 1000):
        gradients = [
            np.linalg.norm(features.T @ (features @ p - targets) + penalty * np.sign(p))
            for p in path[:steps]
        ]
        bound = best_iterate_bound(
            float(np.linalg.norm(initial - path[-1])),
            num_steps=steps,
            learning_rate=RATE,
            max_subgradient=float(max(gradients)),
        )
        assert min(objective(point) for point in path[:steps]) - least <= bound


def test_bad_arguments_are_refused():
    features, targets, _, initial = _problem()
    with pytest.raises(ValueError, match="tolerance must be positive, got 0"):
        sliding_time_bound(1.0, learning_rate=0.1, penalty=0.1, tolerance=0.0)
    with pytest.raises(ValueError, match="num_steps must be positive, got 0"):
        best_iterate_bound(1.0, num_steps=0, learning_rate=0.1, max_subgradient=1.0)
    with pytest.raises(ValueError, match=r"learning_rate must be below .*, got 10.*diverges"):
        range_contraction(features, learning_rate=10.0)
    with pytest.raises(ValueError, match="learning_rate must be positive, got -1"):
        range_contraction(features, learning_rate=-1.0)
    with pytest.raises(ValueError, match="weight_decay must be at least 0, got -1"):
        range_contraction(features, learning_rate=0.1, weight_decay=-1.0)
    with pytest.raises(ValueError, match="features must be a matrix .* other than zero"):
        range_contraction(np.zeros((2, 3)), learning_rate=0.1)
    with pytest.raises(ValueError, match="penalty must be positive"):
        memorization_distance_bound(features, learning_rate=RATE, penalty=0.0)
    with pytest.raises(ValueError, match=r"relative_residual must lie in \(0, 1\), got 2"):
        memorization_time(features, targets, initial, learning_rate=RATE, relative_residual=2.0)

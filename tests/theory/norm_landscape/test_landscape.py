import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory.norm_landscape import NormLandscape, grokking_steps

NORMS = np.geomspace(1, 100, 41)


def power_law_u(norms, bottom=10.0):
    """A U with walls of powers -3 and 2, of depth 1e-3."""
    return 1e-3 * np.maximum((norms / bottom) ** 2.0, (bottom / norms) ** 3.0)


@pytest.fixture
def landscape():
    train = np.where(NORMS < 8, (8 / NORMS) ** 6 - 1 + 1e-9, 1e-9)
    return NormLandscape(NORMS, train, power_law_u(NORMS))


def test_shape_of_a_u_of_known_powers(landscape):
    assert landscape.best_norm == pytest.approx(10.0)
    assert landscape.critical_norm(0.01) == pytest.approx(10 * math.sqrt(10))
    lower, upper = landscape.goldilocks_zone(10)
    assert lower == pytest.approx(10 / 10 ** (1 / 3))
    assert upper == pytest.approx(10 * math.sqrt(10))
    assert landscape.rise(70.0) == pytest.approx(49.0)


def test_corner_of_the_l(landscape):
    corner = landscape.fitting_norm(1e-3)
    assert NORMS[18] < corner < NORMS[19]  # the rungs around 8
    assert landscape.train_loss(np.array([20.0])) == pytest.approx(1e-9)


@given(st.floats(0.002, 0.09), st.floats(11.0, 99.0))
def test_loss_at_the_critical_norm_is_the_threshold(threshold, norm):
    landscape = NormLandscape(NORMS, np.zeros(41), power_law_u(NORMS))
    found = landscape.critical_norm(threshold)
    np.testing.assert_allclose(landscape.test_loss(np.array([found])), threshold, rtol=1e-9)
    np.testing.assert_allclose(landscape.test_loss(np.array([norm])), power_law_u(norm), rtol=1e-9)


def test_critical_norm_is_the_outermost_crossing():
    losses = np.array([1.0, 0.01, 1.0, 0.01, 1.0])
    landscape = NormLandscape(np.array([1.0, 2, 4, 8, 16]), np.zeros(5), losses)
    assert 8 < landscape.critical_norm(0.1) < 16
    assert landscape.critical_norm(0.1) == pytest.approx(8 * math.sqrt(2))


def test_ends_of_the_ladder(landscape):
    assert landscape.critical_norm(1e-4) == 0
    assert math.isinf(landscape.critical_norm(1.0))
    assert landscape.goldilocks_zone(1e6) == (0, math.inf)
    assert landscape.fitting_norm(1e9) == 0
    assert math.isinf(landscape.fitting_norm(1e-12))


def test_time_from_the_landscape(landscape):
    rates = {"learning_rate": 1e-3, "weight_decay": 0.1}
    found = landscape.grokking_steps(90.0, threshold=0.01, **rates)
    assert found == pytest.approx(grokking_steps(90.0, 10 * math.sqrt(10), **rates))
    assert math.isinf(landscape.grokking_steps(90.0, threshold=1e-4, **rates))
    assert landscape.grokking_steps(5.0, threshold=0.01, **rates) == 0


def test_a_loss_of_zero_is_the_smallest_float():
    landscape = NormLandscape(np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    assert 1 < landscape.fitting_norm(1e-3) < 1.01
    assert np.isfinite(landscape.train_loss(np.array([1.5]))).all()


def test_a_floor_keeps_zeros_from_pulling():
    errors = np.array([0.0, 0.2])
    landscape = NormLandscape(np.array([1.0, math.e]), np.zeros(2), errors, floor=0.005)
    share = math.log(0.05 / 0.005) / math.log(0.2 / 0.005)
    assert landscape.critical_norm(0.05) == pytest.approx(math.exp(share))
    with pytest.raises(ValueError, match="floor must be positive and finite, got 0"):
        NormLandscape(np.array([1.0, 2.0]), errors, errors, floor=0.0)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (([1.0], [1.0], [1.0]), "norms must be at least two increasing positive numbers"),
        (([0.0, 1.0], [1.0, 1.0], [1.0, 1.0]), "norms must be at least two increasing positive"),
        (([2.0, 1.0], [1.0, 1.0], [1.0, 1.0]), "norms must be at least two increasing positive"),
        (([1.0, 2.0], [1.0], [1.0, 1.0]), r"train_losses must have one loss a norm, \(2,\)"),
        (([1.0, 2.0], [1.0, 1.0], [1.0, -1.0]), "test_losses must be finite and non-negative"),
    ],
)
def test_bad_arrays_are_refused(arrays, message):
    with pytest.raises(ValueError, match=message):
        NormLandscape(*(np.array(values) for values in arrays))  # pyright: ignore


@pytest.mark.parametrize(
    ("method", "value", "message"),
    [
        ("critical_norm", 0.0, "threshold must be positive and finite, got 0"),
        ("fitting_norm", -1.0, "threshold must be positive and finite, got -1"),
        ("goldilocks_zone", 1.0, "factor must be finite and above 1, got 1"),
        ("rise", 0.0, "norm must be positive and finite, got 0"),
    ],
)
def test_bad_numbers_are_refused(landscape, method, value, message):
    with pytest.raises(ValueError, match=message):
        getattr(landscape, method)(value)

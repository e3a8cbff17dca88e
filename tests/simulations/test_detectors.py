import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.simulations.detectors import (
    crossing_time,
    grokking_delay,
    time_to_fit,
    time_to_grok,
)

STEPS = np.array([0, 1, 10, 100, 1000])
NAN = np.nan


def test_interpolation():
    curve = np.array([0.0, 0.0, 0.0, 0.5, 1.0])
    linear = crossing_time(STEPS, curve, 0.75)
    assert linear.times == pytest.approx(550) and linear.times.shape == ()
    assert (linear.lower, linear.upper) == (100, 1000) and not linear.is_censored
    log = crossing_time(STEPS, curve, 0.75, interpolation="log")
    assert log.times == pytest.approx(np.sqrt(101 * 1001) - 1)


@given(st.floats(0, 1000), st.sampled_from([("linear", np.array), ("log", np.log1p)]))
def test_a_straight_curve_is_timed_exactly(true_time, case):
    interpolation, scale = case
    steps = np.arange(0, 1001, 25)
    curve = scale(steps * 1.0) - scale(true_time)
    found = crossing_time(steps, curve, 0.0, interpolation=interpolation)
    assert found.times == pytest.approx(true_time, rel=1e-9, abs=1e-9)


@given(st.floats(0.5, 900), st.sampled_from(["linear", "log"]))
def test_bounds_hold_the_true_time(true_time, interpolation):
    steps = np.arange(0, 1001, 25)
    curve = np.tanh((steps - true_time) / 40)
    found = crossing_time(steps, curve, 0.0, interpolation=interpolation)
    assert found.lower <= true_time <= found.upper and found.upper - found.lower <= 25
    assert found.lower <= found.times <= found.upper + 1e-9


def test_censored_at_the_end_of_the_records():
    curves = np.array(
        [[0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, NAN, NAN, NAN], [0.1, 0.2, 0.9, NAN, NAN]]
    )
    found = time_to_grok(STEPS, curves)
    assert found.is_censored.tolist() == [True, True, False]
    assert found.times.tolist() == [np.inf, np.inf, 10]
    assert found.lower.tolist() == [1000, 1, 1] and found.upper.tolist() == [np.inf, np.inf, 10]


def test_threshold_reached_at_the_first_record():
    found = time_to_fit(STEPS, np.ones((2, 5)))
    assert found.times.tolist() == found.lower.tolist() == found.upper.tolist() == [0, 0]


def test_lasting_crossing():
    curves = np.array(
        [[0.0, 1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, NAN, NAN]]
    )
    first = crossing_time(STEPS, curves, 0.5)
    assert first.upper.tolist() == [1, 1, 10]
    lasting = crossing_time(STEPS, curves, 0.5, lasting=True)
    assert lasting.upper.tolist() == [100, np.inf, 10]
    assert lasting.lower.tolist() == [10, 1000, 1]


def test_delay():
    train = np.array([[0, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]], float)
    test = np.array([[0, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], float)
    fit, grok = time_to_fit(STEPS, train), time_to_grok(STEPS, test)
    delay = grokking_delay(fit, grok)
    assert delay.times.tolist() == pytest.approx([910 - 0.99, np.inf, np.inf, -np.inf])
    assert delay.lower.tolist() == [99, 999, -np.inf, -np.inf]
    assert delay.upper.tolist() == [1000, np.inf, np.inf, 0]
    assert delay.is_censored.tolist() == [False, True, True, True]
    with pytest.raises(ValueError, match=r"got shapes \(4,\) and \(2,\)"):
        grokking_delay(fit, time_to_grok(STEPS, test[:2]))


def test_refusals():
    with pytest.raises(ValueError, match=r"got \(5,\) and \(2, 4\)"):
        crossing_time(STEPS, np.zeros((2, 4)), 0.5)
    with pytest.raises(ValueError, match="non-negative and increasing"):
        crossing_time(STEPS[::-1], np.zeros(5), 0.5)
    with pytest.raises(ValueError, match="run 1 has NaN at record 1"):
        crossing_time(STEPS, np.array([[0, 0, 0, 0, 0], [0, NAN, 0, 0, 0]]), 0.5)
    with pytest.raises(ValueError, match="run 0 has no value"):
        crossing_time(STEPS, np.full((1, 5), NAN), 0.5)
    with pytest.raises(ValueError, match="threshold must be finite, got nan"):
        crossing_time(STEPS, np.zeros(5), NAN)
    with pytest.raises(ValueError, match="must be 'linear' or 'log', got 'cubic'"):
        crossing_time(STEPS, np.zeros(5), 0.5, interpolation="cubic")  # pyright: ignore

import math

import numpy as np
import pytest

from groktheory.theory import norm_landscape as theory


@pytest.mark.parametrize(("angle", "ratio"), [(0.6, 1.0), (1.0, 1.0), (1.3, 1.0), (1.0, 3.0)])
def test_time_is_that_of_a_point_driven_against_a_steep_wall(angle, ratio):
    """Both coordinates by explicit Euler steps, the wall a steep half-parabola."""
    distance, height, speed, stiffness = 2.5, 1.0, 0.05, 200.0
    position = np.array([distance, height])  # log norm above its goal, messiness
    normal, mobility = np.array([math.sin(angle), -math.cos(angle)]), np.array([ratio, 1.0])
    step, time = 2e-4, 0.0
    while position[1] > 0.02:
        depth = max(0.0, -float(normal @ position))
        position = position + step * (stiffness * depth * mobility * normal - [speed, 0.0])
        time += step
        if time > 1e3:
            break
        step = 2e-3 if depth == 0 else 1e-3 / ratio
    predicted = theory.geometric_grokking_time(
        distance, height, angle, speed=speed, rate_ratio=ratio
    )
    assert time == pytest.approx(predicted, rel=0.05)


def test_smaller_angles_of_more_data_are_faster():
    times = [theory.geometric_grokking_time(4.0, 1.0, a, speed=0.1) for a in (0.4, 0.8, 1.2, 1.5)]
    assert np.all(np.diff(times) > 0)
    assert times[0] == pytest.approx((4 + math.tan(0.4)) / 0.1)


def test_below_the_critical_size_the_run_never_arrives():
    assert math.isinf(theory.geometric_grokking_time(4.0, 1.0, math.pi / 2, speed=0.1))
    assert math.isinf(theory.geometric_grokking_time(4.0, 1.0, 2.0, speed=0.1))
    assert math.isinf(theory.geometric_grokking_time(4.0, 1.0, 1.0, speed=0.0))
    assert theory.geometric_grokking_time(4.0, 0.0, 2.0, speed=0.1) == pytest.approx(40.0)


def wedge(angle, ordered_norm=2.0):
    norms, mess = np.geomspace(1, 60, 121), np.linspace(0, 1, 11)
    needed = np.log(ordered_norm) + mess / math.tan(angle)
    losses = 10.0 ** (4 * (needed - np.log(norms)[:, None]) - 3)
    return theory.MessinessLandscape(norms, mess, np.minimum(losses, 10.0))


@pytest.mark.parametrize("angle", [0.5, 1.0, 2.0])
def test_boundary_is_fitted_to_a_contour(angle):
    found = theory.fitted_boundary(wedge(angle), threshold=1e-3)
    assert found.ordered_norm == pytest.approx(2.0, rel=1e-6)
    assert found.angle == pytest.approx(angle, rel=1e-6)
    assert found.norm(0.5) == pytest.approx(2 * math.exp(0.5 / math.tan(angle)))


@pytest.mark.parametrize(
    ("angle", "rates", "ordered"),
    [(1.0, (1.0, 1.0), 1.0), (0.7, (1.0, 0.2), 1.5), (1.2, (2.0, 1.0), 0.8)],
)
def test_the_flow_behind_a_steep_wall_takes_the_sliding_time(angle, rates, ordered):
    decay, decoder, representation = 0.02, *rates
    boundary = theory.Boundary(ordered, angle)

    def steep(w, m):
        return 300 * np.maximum(0, m / math.tan(angle) - np.log(w / ordered)) ** 2 / 2

    settings = {
        "weight_decay": decay,
        "decoder_rate": decoder,
        "representation_rate": representation,
    }
    start = (1.5 * boundary.norm(0.8), 0.8)
    predicted = boundary.grokking_time(*start, final_messiness=0.1, **settings)
    times = np.linspace(0, 1.5 * predicted, 3001)
    path = theory.reduced_flow(steep, start, times, **settings)
    arrival = times[np.argmax(path.messiness < 0.1)]
    assert arrival == pytest.approx(predicted, rel=0.02)
    published = theory.geometric_grokking_time(
        math.log(start[0] / boundary.norm(0.1)), 0.7, angle, speed=decoder * decay
    )
    assert abs(published / arrival - 1) > 0.04


def test_sliding_time_is_geometric_for_a_short_slide_at_norm_one():
    found = theory.Boundary(1.0, 1.1).grokking_time(3.0, 1e-4, weight_decay=0.3)
    geometric = theory.geometric_grokking_time(math.log(3.0), 1e-4, 1.1, speed=0.3)
    straight = math.log(3.0) / 0.3
    assert found - straight == pytest.approx(geometric - straight, rel=1e-3)


def test_a_boundary_may_lead_nowhere():
    assert math.isinf(theory.Boundary(1.0, 2.0).grokking_time(3.0, 0.5, weight_decay=0.1))
    assert math.isinf(theory.Boundary(1.0, 1.0).grokking_time(3.0, 0.5, weight_decay=0.0))


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match=r"angle must lie in \(0, pi\) radians, got 0"):
        theory.geometric_grokking_time(1.0, 1.0, 0.0, speed=1.0)
    with pytest.raises(ValueError, match=r"height \* cot\(angle\) = 10, got 1.0"):
        theory.geometric_grokking_time(1.0, 1.0, math.atan(0.1), speed=1.0)
    with pytest.raises(ValueError, match="speed must be non-negative and finite, got -1"):
        theory.geometric_grokking_time(1.0, 0.0, 1.0, speed=-1.0)
    with pytest.raises(ValueError, match="rate_ratio must be positive and finite, got 0"):
        theory.geometric_grokking_time(1.0, 0.0, 1.0, speed=1.0, rate_ratio=0.0)
    with pytest.raises(ValueError, match=r"angle must lie in \(0, pi\) radians, got 4"):
        theory.Boundary(1.0, 4.0)
    with pytest.raises(ValueError, match="ordered_norm must be positive"):
        theory.Boundary(0.0, 1.0)
    with pytest.raises(ValueError, match="initial_norm must be at least 1.9, .* got 1.0"):
        theory.Boundary(1.0, 1.0).grokking_time(1.0, 1.0, weight_decay=0.1)
    with pytest.raises(ValueError, match=r"final_messiness must lie in \[0, 0.5\]"):
        theory.Boundary(1.0, 1.0).grokking_time(9.0, 0.5, weight_decay=0.1, final_messiness=0.6)
    with pytest.raises(ValueError, match="at two values of the messiness or more, got 0: widen"):
        theory.fitted_boundary(wedge(1.0), threshold=1e-30)

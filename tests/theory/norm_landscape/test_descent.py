import numpy as np
import pytest

from groktheory.theory import norm_landscape as theory

WALL, CORNER = 3.0, 2.0


def wall(norms):
    return WALL / 2 * np.maximum(0, CORNER - norms) ** 2


def test_norm_decays_and_comes_to_rest_at_the_wall():
    times = np.linspace(0, 40, 81)
    path = theory.norm_flow(wall, 10.0, times, weight_decay=0.5)
    arrival = theory.grokking_time(10.0, CORNER, weight_decay=0.5)
    before = times < arrival
    np.testing.assert_allclose(path[before], 10 * np.exp(-0.5 * times[before]), rtol=1e-6)
    # Past the corner the equation is linear.
    after = times[~before] - arrival
    rest = WALL * CORNER / (WALL + 0.5)
    np.testing.assert_allclose(
        path[~before], rest + (CORNER - rest) * np.exp(-(WALL + 0.5) * after), rtol=1e-4
    )


@pytest.mark.parametrize("decay", [0.01, 0.3, 2.0])
def test_resting_norm_is_where_the_flow_ends(decay):
    rest = theory.resting_norm(wall, weight_decay=decay, bounds=(0.1, 20))
    assert rest == pytest.approx(CORNER / (1 + decay / WALL), rel=1e-6)
    end = theory.norm_flow(wall, 3.0, np.array([0.0, 50.0 / decay]), weight_decay=decay)[-1]
    assert end == pytest.approx(rest, rel=1e-5)


def test_regularized_loss_is_what_the_flow_descends():
    times = np.linspace(0, 5, 51)
    path = theory.norm_flow(wall, 4.0, times, weight_decay=0.5)
    total = theory.regularized_loss(path, wall(path), weight_decay=0.5)
    assert np.all(np.diff(total) < 0)
    # Energy lost by a flow = time integral of the squared velocity.
    velocity = np.gradient(path, times)
    np.testing.assert_allclose(total[0] - total[-1], np.trapezoid(velocity**2, times), rtol=1e-2)


def test_reduced_slope_is_the_radial_gradient_of_the_constrained_minimum():
    curvature, center = np.array([0.3, 2.0]), np.array([2.0, 1.0])
    angles = np.linspace(0, 2 * np.pi, 2_000_001)
    sphere = np.stack([np.cos(angles), np.sin(angles)])

    def reduced(norm):
        losses = curvature @ (norm * sphere - center[:, None]) ** 2 / 2
        best = norm * sphere[:, np.argmin(losses)]
        return losses.min(), best @ (curvature * (best - center)) / norm

    slope = (reduced(1.001)[0] - reduced(0.999)[0]) / 0.002
    assert slope == pytest.approx(reduced(1.0)[1], rel=1e-4)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="initial_norm must be positive"):
        theory.norm_flow(wall, 0.0, np.arange(2.0), weight_decay=1.0)
    with pytest.raises(ValueError, match="times must be at least two increasing numbers"):
        theory.norm_flow(wall, 1.0, np.zeros(2), weight_decay=1.0)
    with pytest.raises(ValueError, match="times must be non-negative"):
        theory.norm_flow(wall, 1.0, np.array([-1.0, 1.0]), weight_decay=1.0)
    with pytest.raises(ValueError, match="bounds must be at least two increasing positive numbers"):
        theory.resting_norm(wall, weight_decay=1.0, bounds=(1.0, 1.0))
    with pytest.raises(ValueError, match="weight_decay must be non-negative"):
        theory.resting_norm(wall, weight_decay=-1.0, bounds=(1.0, 2.0))
    with pytest.raises(ValueError, match=r"losses must have the shape \(2,\) of norms, got \(3,\)"):
        theory.regularized_loss(np.ones(2), np.ones(3), weight_decay=1.0)

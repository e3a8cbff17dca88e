import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.theory import langevin
from groktheory.theory.langevin import DepthThreeNet


def test_published_numbers():
    net = DepthThreeNet()
    np.testing.assert_allclose(
        [net.saddle_weight, net.trained_weight, net.barrier, net.gain],
        [0.36842, 0.83415, 0.0225035, -0.04667],
        atol=5e-6,
    )
    np.testing.assert_allclose(net.curvatures(net.saddle_weight), [-0.29473, 0.7, 0.7], atol=5e-6)
    times = [
        1 / net.escape_rate(temperature=temperature, check_barrier=False)
        for temperature in (0.012, 0.009, 0.007, 0.006)
    ]
    np.testing.assert_allclose(times, [63.8, 119.2, 243.5, 416], rtol=1e-3)


@pytest.mark.parametrize(("target", "decay"), [(1.0, 0.35), (2.0, 0.5)])
def test_formulas_are_those_of_any_potential(target, decay):
    net = DepthThreeNet(target, decay)
    points = langevin.stationary_points(net, bounds=[(-1.8, 1.8)] * 3, num_starts=400)
    passes, wells = langevin.saddles(points), langevin.minima(points)
    assert len(passes) == 4 and len(wells) == 5
    (origin,) = [well for well in wells if np.linalg.norm(well.position) < 1e-6]
    temperature = net.barrier / 5
    assert langevin.eyring_kramers_rate(origin, passes, temperature=temperature) == pytest.approx(
        net.escape_rate(temperature=temperature), rel=1e-7
    )
    for saddle in passes:
        np.testing.assert_allclose(
            saddle.curvatures, np.sort(net.curvatures(net.saddle_weight)), rtol=1e-7
        )
        assert np.min(np.abs(net.saddles - saddle.position).max(axis=1)) < 1e-7
    trained = [well for well in wells if well is not origin]
    for well in trained:
        assert np.min(np.abs(net.trained_states - well.position).max(axis=1)) < 1e-7
        assert well.energy - origin.energy == pytest.approx(net.gain, rel=1e-7)
    links = langevin.transitions(net, points)
    assert all(origin in (item.first, item.second) for item in links)
    one = langevin.saddles_between(links, origin, trained[0])
    assert langevin.eyring_kramers_rate(trained[0], one, temperature=temperature) == pytest.approx(
        net.return_rate(temperature=temperature), rel=1e-7
    )
    line = langevin.arrhenius_line(origin, passes)
    assert line.barrier == pytest.approx(net.barrier, rel=1e-7)
    assert line.log_prefactor == pytest.approx(net.log_prefactor(), rel=1e-7)


def test_gradient_vanishes_at_all_states():
    net = DepthThreeNet(1.3, 0.4)
    with jax.enable_x64(True):
        for state in (*net.saddles, *net.trained_states, np.zeros(3)):
            assert float(jnp.abs(jax.grad(net)(jnp.asarray(state))).max()) < 1e-12


def test_forward_and_backward_rates_are_in_detailed_balance():
    net = DepthThreeNet()
    temperature = 0.006
    ratio = net.escape_rate(temperature=temperature) / net.return_rate(temperature=temperature)
    volumes = 4 * np.sqrt(net.weight_decay**3 / np.prod(net.curvatures(net.trained_weight)))
    assert ratio == pytest.approx(volumes * np.exp(-net.gain / temperature), rel=1e-9)


def test_saddle_and_trained_state_merge_at_the_spinodal():
    critical = langevin.spinodal_weight_decay(1.0)
    net = DepthThreeNet(1.0, critical * (1 - 1e-8))
    assert net.trained_weight - net.saddle_weight < 1e-3
    assert abs(net.curvatures(net.saddle_weight)[0]) < 1e-2


def test_bad_networks_are_refused():
    with pytest.raises(ValueError, match="below the spinodal, got 0.6: .* trained state does not"):
        DepthThreeNet(1.0, 0.6)
    with pytest.raises(ValueError, match="target must be positive"):
        langevin.spinodal_weight_decay(0.0)
    with pytest.raises(ValueError, match="at least 3"):
        DepthThreeNet().escape_rate(temperature=0.02)
    with pytest.raises(ValueError, match="at least 3"):
        DepthThreeNet().return_rate(temperature=0.1)

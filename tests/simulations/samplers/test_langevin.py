"""Chains reach the equilibrium that is known in closed form, and bad input is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations import samplers

STIFFNESS = np.array([1.0, 4.0], np.float32)


def bowl(x):
    return jnp.sum(STIFFNESS * x**2) / 2


def double_well(x):
    return (x[0] ** 2 - 1) ** 2 + x[0] / 4


def squares(chains):
    return [
        samplers.estimate(chains.isel(square_dim_0=i), "square")
        for i in range(chains.sizes["square_dim_0"])
    ]


@pytest.mark.parametrize("noise", ["binomial", "gaussian"])
def test_euler_is_too_hot_by_the_known_factor(key, noise):
    chains = samplers.langevin(
        bowl,
        jnp.zeros((1000, 2)),
        step_size=0.2,
        temperature=0.5,
        num_steps=1000,
        record_every=20,
        burn_in=60,
        key=key,
        measures={"square": lambda x: x**2},
        noise=noise,
    )
    for measured, stiffness in zip(squares(chains), STIFFNESS, strict=True):
        expected = 0.5 / stiffness / (1 - 0.2 * stiffness / 2)
        assert measured.value == pytest.approx(expected, abs=4 * measured.standard_error)
        assert measured.standard_error < 0.01 * expected
        assert measured.has_converged


def test_leimkuhler_matthews_is_exact_in_a_bowl(key):
    chains = samplers.langevin(
        bowl,
        jnp.zeros((1000, 2)),
        step_size=0.2,
        temperature=0.5,
        num_steps=1000,
        record_every=20,
        burn_in=60,
        key=key,
        measures={"square": lambda x: x**2},
        integrator="leimkuhler-matthews",
    )
    for measured, stiffness in zip(squares(chains), STIFFNESS, strict=True):
        assert measured.value == pytest.approx(0.5 / stiffness, abs=4 * measured.standard_error)


def test_relaxation_is_that_of_the_linear_map(key):
    chains = samplers.langevin(
        bowl,
        jnp.ones((4000, 2)),
        step_size=0.1,
        temperature=0.1,
        num_steps=10,
        key=key,
    )
    assert chains["position"].dims == ("chain", "draw", "coordinate")
    expected = (1 - 0.1 * STIFFNESS[None]) ** np.arange(1, 11)[:, None]
    np.testing.assert_allclose(chains["position"].mean("chain"), expected, atol=0.02)


def test_equilibrium_in_a_double_well_is_the_gibbs_law(key):
    chains = samplers.langevin(
        double_well,
        jnp.zeros((2000, 1)),
        step_size=0.01,
        temperature=0.5,
        num_steps=1000,
        record_every=50,
        burn_in=2000,
        key=key,
        integrator="leimkuhler-matthews",
        measures={"is_right": lambda x: (x[0] > 0) * 1.0},
    )
    grid = np.linspace(-3, 3, 4001)
    density = np.exp(-((grid**2 - 1) ** 2 + grid / 4) / 0.5)
    measured = samplers.estimate(chains, "is_right")
    expected = density[grid > 0].sum() / density.sum()
    # Chains stay on their side between draws: the spread of the chains is the honest error.
    error = chains["is_right"].mean("draw").std("chain").item() / np.sqrt(2000)
    assert measured.value == pytest.approx(expected, abs=4 * error)


@pytest.mark.parametrize("noise", ["binomial", "gaussian"])
@pytest.mark.parametrize("integrator", ["euler-maruyama", "leimkuhler-matthews"])
def test_workers_do_not_change_the_numbers(noise, integrator):
    def run(workers):
        return samplers.langevin(
            bowl,
            jnp.zeros((11, 2)),
            step_size=0.1,
            temperature=jnp.linspace(0.1, 1, 11),
            num_steps=20,
            key=jax.random.key(0),
            noise=noise,
            integrator=integrator,
            workers=workers,
        )

    np.testing.assert_array_equal(run(1)["position"], run(3)["position"])


def test_draws_do_not_depend_on_how_often_one_looks():
    def run(**settings):
        return samplers.langevin(
            bowl,
            jnp.zeros((7, 2)),
            step_size=0.1,
            temperature=0.3,
            key=jax.random.key(0),
            **settings,
        )

    often, rarely = (
        run(num_steps=60, record_every=1),
        run(num_steps=40, record_every=20, burn_in=20),
    )
    np.testing.assert_array_equal(
        often["position"].sel(draw=[39, 59]).values, rarely["position"].values
    )
    assert rarely["step"].values.tolist() == [40, 60]
    np.testing.assert_allclose(rarely["time"], [4.0, 6.0])


@pytest.mark.parametrize("walkers", [20_000, 40_000])
def test_large_batches_follow_numpy(key, walkers):
    starts = np.random.default_rng(0).normal(size=(walkers, 3)).astype(np.float32)
    weight = np.array([[1.0, 0.5, 0.0], [0.5, 2.0, 0.3], [0.0, 0.3, 1.5]], np.float32)

    def potential(x):
        return jnp.sum((weight @ x) ** 2) / 2

    chains = samplers.langevin(
        potential, starts, step_size=0.1, temperature=0.0, num_steps=3, record_every=3, key=key
    )
    step = np.eye(3) - 0.1 * weight.T.astype(float) @ weight
    expected = starts @ np.linalg.matrix_power(step, 3).T
    np.testing.assert_allclose(chains["position"].values[:, 0], expected, atol=1e-5)


def test_positions_may_be_any_tree(key):
    starts = {"scale": jnp.ones(50), "matrix": jnp.zeros((50, 2, 3))}

    def potential(tree):
        return tree["scale"] ** 2 + jnp.sum(tree["matrix"] ** 2)

    chains = samplers.langevin(
        potential, starts, step_size=0.1, temperature=0.2, num_steps=8, record_every=2, key=key
    )
    assert chains["position_scale"].dims == ("chain", "draw")
    assert chains["position_matrix"].sizes == {
        "chain": 50,
        "draw": 4,
        "position_matrix_dim_0": 2,
        "position_matrix_dim_1": 3,
    }


class Bowl(eqx.Module):
    stiffness: jax.Array

    def __call__(self, x):
        return self.stiffness * jnp.sum(x**2) / 2


def test_a_potential_may_carry_arrays(key):
    chains = samplers.langevin(
        Bowl(jnp.float32(2)),
        jnp.ones((3, 1)),
        step_size=0.1,
        temperature=0.0,
        num_steps=1,
        key=key,
    )
    np.testing.assert_allclose(chains["position"].values.ravel(), 0.8, rtol=1e-6)


def test_minibatch_descent_has_the_noise_of_its_batches(key):
    data = jax.random.normal(key, (300, 2))
    data = data - data.mean(axis=0, keepdims=True)

    def loss(weights, batch):
        return jnp.mean(jnp.sum((weights[None] - batch) ** 2, axis=-1)) / 2

    chains = samplers.minibatch_sgd(
        loss,
        data,
        jnp.zeros((500, 2)),
        learning_rate=0.1,
        batch_size=4,
        num_steps=1000,
        record_every=20,
        burn_in=100,
        key=jax.random.key(1),
        measures={"square": lambda w: w**2},
    )
    for measured, variance in zip(squares(chains), np.var(np.asarray(data), axis=0), strict=True):
        expected = 0.1 * variance / 4 / (2 - 0.1)  # of w' = 0.9 w + 0.1 mean(batch)
        assert measured.value == pytest.approx(expected, abs=4 * measured.standard_error)
        assert measured.standard_error < 0.02 * expected
    assert chains.attrs["sampler"] == "minibatch-sgd" and chains.attrs["batch_size"] == 4


def test_cooling_freezes_at_the_temperature_of_the_moment():
    starts = np.zeros((4000, 1), np.float32)
    for schedule in (
        samplers.Quench(1.0, 0.1, time=5.0),
        samplers.ExponentialCooling(1.0, time_constant=1.0, floor=0.1),
        lambda time: jnp.where(time < 5.0, 1.0, 0.1),
    ):
        chains = samplers.langevin(
            lambda x: 2 * x[0] ** 2,
            starts,
            step_size=0.02,
            temperature=schedule,
            num_steps=500,
            record_every=500,
            key=jax.random.key(0),
            integrator="leimkuhler-matthews",
        )
        # After 500 steps of a well of stiffness 4: the variance of the last temperature.
        assert chains["position"].var().item() == pytest.approx(0.1 / 4, rel=0.1)


def test_schedules():
    cooling = samplers.ExponentialCooling(2.0, time_constant=3.0, floor=0.5)
    assert float(cooling(jnp.float32(3.0))) == pytest.approx(0.5 + 1.5 / np.e)
    assert float(samplers.HyperbolicCooling(2.0, time_constant=3.0)(jnp.float32(3.0))) == 1.0
    quench = samplers.Quench(2.0, 1.0, time=3.0)
    assert [float(quench(jnp.float32(t))) for t in (2.9, 3.1)] == [2.0, 1.0]


def test_room_opens_without_jax():
    assert {"langevin", "first_passage", "mala", "rhat"} <= set(dir(sim.samplers))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step_size": 0.0}, "step_size must be positive and finite, got 0"),
        ({"step_size": 0.6}, r"step_size = 0.6 is unstable: .* 4, so it must be below 0.5"),
        ({"temperature": -0.1}, "temperature must be finite and non-negative, got -0.1"),
        ({"temperature": lambda time: time - 1}, "one non-negative number for a time, got -1.0 at"),
        ({"temperature": np.ones(3)}, "one for each of 5 walkers, got 3 numbers"),
        ({"temperature": np.ones((5, 2))}, "got an array of shape"),
        ({"integrator": "heun"}, "integrator must be one of euler-maruyama, leimkuhler-matthews"),
        ({"noise": "pink"}, "noise must be one of binomial, gaussian, got 'pink'"),
        ({"num_steps": 0}, "num_steps"),
        ({"num_steps": 10, "record_every": 3}, "divide num_steps = 10, got 3"),
        ({"burn_in": -1}, "burn_in must be non-negative, got -1"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"starts": np.full((5, 2), np.nan)}, "starts must be finite, got .* for walker 0"),
        ({"starts": np.zeros((0, 2))}, "at least one, got shapes"),
    ],
)
def test_bad_settings_are_refused(key, change, message):
    settings = {
        "starts": np.zeros((5, 2)),
        "step_size": 0.1,
        "temperature": 0.1,
        "num_steps": 10,
        "key": key,
    }
    with pytest.raises(ValueError, match=message):
        samplers.langevin(bowl, **(settings | change))


def test_bad_potentials_are_refused(key):
    settings = {"step_size": 0.1, "temperature": 0.1, "num_steps": 10, "key": key}
    with pytest.raises(TypeError, match="potential must be a function of one walker's position"):
        samplers.langevin(3.0, np.zeros((5, 2)), **settings)  # pyright: ignore[reportArgumentType]

    class Unhashable(dict):
        __call__ = staticmethod(bowl)

    with pytest.raises(TypeError, match="potential must be hashable"):
        samplers.langevin(Unhashable(), np.zeros((5, 2)), **settings)


def test_bad_data_are_refused(key):
    settings = {"starts": np.zeros((2, 1)), "num_steps": 2, "key": key}

    def loss(w, batch):
        return jnp.mean((w[0] - batch) ** 2)

    with pytest.raises(ValueError, match="same number of samples on their first axis"):
        samplers.minibatch_sgd(
            loss, (np.zeros(3), np.zeros(4)), learning_rate=0.1, batch_size=1, **settings
        )
    with pytest.raises(ValueError, match="batch_size must be a whole number of at least 1, got 0"):
        samplers.minibatch_sgd(loss, np.zeros(3), learning_rate=0.1, batch_size=0, **settings)
    with pytest.raises(ValueError, match="learning_rate = 1.5 is unstable"):
        samplers.minibatch_sgd(loss, np.zeros(3), learning_rate=1.5, batch_size=1, **settings)


def test_a_walker_that_diverges_is_refused_with_the_step(key):
    with pytest.raises(ValueError, match="a walker diverged before step 50: lower the step size"):
        samplers.langevin(
            lambda x: x[0] ** 4,
            np.full((3, 1), 0.01),
            step_size=0.2,
            temperature=30.0,
            num_steps=100,
            record_every=50,
            key=key,
        )


def test_bad_schedules_are_refused():
    with pytest.raises(ValueError, match="start must be non-negative, got -1"):
        samplers.ExponentialCooling(-1.0, time_constant=1.0)
    with pytest.raises(ValueError, match="time_constant must be positive, got 0"):
        samplers.HyperbolicCooling(1.0, time_constant=0.0)
    with pytest.raises(ValueError, match="end must be non-negative, got -2"):
        samplers.Quench(1.0, -2.0, time=1.0)

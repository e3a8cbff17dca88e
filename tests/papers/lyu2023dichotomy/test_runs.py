"""Schedules whose sum is the time they promise, and data that are those of the engine."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.papers.bench import Bench
from groktheory.papers.lyu2023dichotomy import _runs


@pytest.mark.parametrize("ramp_steps", [50, 200])
@pytest.mark.parametrize("end_time", [3e3, 1e40])
def test_a_ramp_starts_at_its_first_rate_and_ends_in_time(ramp_steps, end_time):
    ramp = _runs.Ramp(num_steps=200, ramp_steps=ramp_steps)
    times = ramp.times(first=1e-4, end_time=end_time)
    assert times[0] == 0 and times[-1] == pytest.approx(end_time)
    assert times[1] == pytest.approx(1e-4, rel=0.5)
    rates = np.diff(times)
    assert rates[ramp_steps:] == pytest.approx(rates[-1])
    growth = np.diff(np.log(rates[: ramp_steps - 1]))
    np.testing.assert_allclose(growth, growth.mean(), rtol=1e-6)


def test_schedules_and_times_agree():
    steps = np.arange(60)
    with jax.enable_x64(True):
        ramp = _runs.Ramp(num_steps=60, ramp_steps=20)
        schedule = ramp.schedule(first=1e-3, end_time=50.0)
        rates = np.array([schedule(jnp.asarray(step)) for step in steps])
        np.testing.assert_allclose(rates, np.diff(ramp.times(first=1e-3, end_time=50.0)), rtol=1e-9)
        clocked = _runs.ClockedRates(first=1e-3, largest=0.5, weight_decay=5.0)
        rates = np.array([clocked.schedule()(jnp.asarray(step)) for step in steps])
        np.testing.assert_allclose(rates, np.diff(clocked.times(60)), rtol=1e-9)


def test_clocked_rates_follow_the_clock_up_to_the_largest_one():
    clocked = _runs.ClockedRates(first=1e-4, largest=1e-2, weight_decay=0.1)
    num_steps = clocked.num_steps(40.0)
    times = clocked.times(num_steps)
    assert times[-1] == pytest.approx(40.0, rel=0.01)
    rates = np.diff(times)
    assert rates.max() == pytest.approx(1e-2) and rates[0] == 1e-4
    growing = rates < 0.9999e-2
    expected = 1e-4 * np.exp(0.2 * times[:-1])
    np.testing.assert_allclose(rates[growing], expected[growing], rtol=0.01)


def test_samples_are_those_of_the_engine(tmp_path):
    bench = Bench("lyu2023dichotomy", "test")
    for spec in (
        sim.tasks.SparseSignClassification(dimension=9, sparsity=3, num_train=5, num_test=4),
        sim.tasks.MatrixCompletion(
            num_rows=4, num_columns=4, rank=1, num_observed=6, target="ramp"
        ),
    ):
        is_matrix = isinstance(spec, sim.tasks.MatrixCompletion)

        def init(key, is_matrix=is_matrix):
            if is_matrix:
                return sim.models.SymmetricFactorization.init(4, scale=1.0)
            return sim.DiagonalNet.init(9, scale=1.0)

        runs = bench.train(
            "samples",
            init=init,
            task=lambda key, spec=spec: spec.sample(key=key),
            optimizer=sim.optimizers.gradient_descent(1e-3, 0.1),
            loss=sim.losses.squared_error,
            num_steps=1,
            num_seeds=2,
            final={
                "inputs": lambda model, task: task.train().inputs,
                "tests": lambda model, task: task.test().targets,
            },
            dtype="float64",
        )
        for seed in range(2):
            inputs, _ = _runs.samples_of(bench, "samples", spec, seed)
            np.testing.assert_array_equal(inputs, runs["inputs"].isel(seed=seed).values)
            _, tests = _runs.samples_of(bench, "samples", spec, seed, part="test")
            np.testing.assert_array_equal(tests, runs["tests"].isel(seed=seed).values)


def test_runs_that_never_get_there_are_refused():
    settings = _runs.Classifiers(
        name="short",
        spec=sim.tasks.SparseSignClassification(dimension=60, sparsity=3, num_train=10),
        scales=(4.0,),
        weight_decays=(1e-3,),
        end=0.1,
        num_steps=100,
        num_seeds=1,
        measures={},
    )
    bench = Bench("lyu2023dichotomy", "test")
    with pytest.raises(ValueError, match=r"test accuracy must come to 0.99 .* train for longer"):
        settings.crossings(settings.train(bench), 0.99)

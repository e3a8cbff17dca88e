import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.optimize import brentq

from groktheory import simulations as sim
from groktheory.simulations.models import Frozen

NORMS = [0.5, 1.0, 2.0, 3.0]


def line_task(*, key):
    inputs = jax.random.normal(key, (60, 4))
    targets = inputs @ jnp.array([1.0, -1.0, 0.5, 0.0])
    return sim.tasks.task.independent_samples(inputs, targets, num_train=30)


def init(key):
    return sim.MLP.init((4, 1), activation="linear", biases=False, key=key)


def landscape(**settings):
    defaults = {
        "init": init,
        "task": line_task,
        "optimizer": optax.sgd(0.05),
        "loss": sim.squared_error,
        "norms": NORMS,
        "num_steps": 400,
        "key": jax.random.key(3),
        "num_seeds": 2,
    }
    return sim.norm_landscape(**(defaults | settings))


def exact_reduced_loss(inputs, targets, norm):
    """Least squares on a sphere, by its Lagrange multiplier."""
    covariance, cross = inputs.T @ inputs / len(inputs), inputs.T @ targets / len(inputs)
    values, vectors = np.linalg.eigh(covariance)
    projected = vectors.T @ cross

    def excess(multiplier):
        return np.linalg.norm(projected / (values + multiplier)) - norm

    shift = brentq(excess, -values[0] + 1e-9, 1e4)
    weights = vectors @ (projected / (values + shift))
    return np.mean((inputs @ weights - targets) ** 2), weights


def test_reduced_losses_of_a_linear_model_are_those_of_constrained_least_squares():
    found = landscape()
    for seed in range(2):
        data_key = jax.random.split(jax.random.fold_in(jax.random.key(3), seed), 3)[0]
        task = line_task(key=data_key)
        train, test = (
            (np.asarray(batch.inputs, float), np.asarray(batch.targets, float))
            for batch in (task.train(), task.test())
        )
        for norm in NORMS:
            point = found.sel(norm=norm, seed=seed, reading="last")
            loss, weights = exact_reduced_loss(*train, norm)
            np.testing.assert_allclose(point["train_loss"], loss, rtol=1e-3)
            np.testing.assert_allclose(
                point["test_loss"], np.mean((test[0] @ weights - test[1]) ** 2), rtol=1e-3
            )


def test_readings_and_further_losses():
    found = landscape(
        losses={"norm_error": lambda m, task: sim.measures.weight_norm(m)}, num_steps=30
    )
    assert found["train_loss"].dims == ("norm", "seed", "reading")
    assert np.all(found.sel(reading="best") <= found.sel(reading="last"))  # pyright: ignore
    reached = found["norm_error"].sel(reading="last").values
    np.testing.assert_allclose(reached, np.array(NORMS)[:, None] * np.ones((1, 2)), rtol=1e-6)
    assert found.attrs["num_steps"] == 30


def test_sweeps_reach_whoever_names_them():
    found = landscape(
        init=lambda key, doubled: sim.with_norm(init(key), doubled),
        optimizer=lambda rate: optax.sgd(rate),
        sweep={"doubled": [1.0, 2.0], "rate": [1e-9, 0.05]},
        num_steps=50,
    )
    assert found["train_loss"].dims == ("doubled", "rate", "norm", "seed", "reading")
    last = found["train_loss"].sel(reading="last")
    np.testing.assert_allclose(last.isel(doubled=0), last.isel(doubled=1), rtol=1e-5)
    assert np.all(last.isel(rate=1) < last.isel(rate=0))


def test_a_run_that_diverges_has_no_losses():
    found = landscape(optimizer=optax.sgd(float("inf")), num_steps=10)
    assert np.isnan(found["test_loss"]).all()


def test_the_engine_can_be_replaced():
    seen = []

    def train(**settings):
        seen.append(settings["sweep"])
        return sim.train(**settings)

    landscape(train=functools.partial(train, num_seeds=1), num_seeds=1, num_steps=2)
    assert seen == [{"norm": NORMS}]


def test_with_norm_leaves_frozen_parts(key):
    model = {"a": jnp.array([3.0, 4.0]), "b": Frozen(jnp.array([7.0]))}
    scaled = sim.with_norm(model, 10.0)
    np.testing.assert_allclose(scaled["a"], [6.0, 8.0])
    np.testing.assert_array_equal(scaled["b"].value, [7.0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"norms": []}, r"norms must be positive, at least one, got \[\]"),
        ({"norms": [1.0, 0.0]}, r"norms must be positive, at least one, got \[1.0, 0.0\]"),
        ({"sweep": {"norm": [1.0]}}, "sweep must not name 'norm'"),
        ({"losses": {"test_loss": None}}, "'test_loss' is always recorded: rename"),
        ({"sweep": {"nothing": [1.0]}}, "nobody takes the swept parameter 'nothing'"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        landscape(**settings)

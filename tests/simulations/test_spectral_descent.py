import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammainc

from groktheory import simulations as sim
from groktheory.simulations.spectral_descent import SpectralDescent, linear_descents

KEY = jax.random.key(0)


@pytest.mark.parametrize("shape", [(30, 12, 2), (12, 30, 1), (20, 20, 3)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_weights_are_those_of_gradient_descent(shape, decay):
    samples, dimension, outputs = shape
    rng = np.random.default_rng(0)
    inputs, targets = (rng.standard_normal((samples, n)) for n in (dimension, outputs))
    student = rng.standard_normal((dimension, outputs))
    rate, steps, weights, path = 0.05, [0, 1, 7, 300], student, []
    for _ in range(301):
        path.append(weights)
        gradient = 2 / (samples * outputs) * inputs.T @ (inputs @ weights - targets)
        weights = weights - rate * (gradient + decay * weights)
    found = SpectralDescent.of(inputs, targets, student).weights(
        steps, learning_rate=rate, weight_decay=decay
    )
    np.testing.assert_allclose(found, [path[step] for step in steps], atol=1e-11)


def test_the_engine_takes_the_same_path():
    rng = np.random.default_rng(1)
    inputs, targets, student = (rng.standard_normal(size) for size in ((20, 8), 20, 8))
    with jax.enable_x64(True):
        runs = sim.train(
            init=lambda key: sim.models.LinearModel(jnp.asarray(student)),
            task=sim.tasks.independent_samples(inputs, targets, num_train=15),
            optimizer=sim.optimizers.gradient_descent(0.03),
            loss=sim.squared_error,
            num_steps=40,
            measures={"weights": lambda model, task: model.weights},
            dtype="float64",
            key=KEY,
        )
    descent = SpectralDescent.of(inputs[:15], targets[:15, None], student[:, None])
    found = descent.weights(runs["step"].values, learning_rate=0.03)[:, :, 0]
    np.testing.assert_allclose(found, runs["weights"].values[0], atol=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.5])
def test_the_eigenbasis_has_the_law_of_the_samples(ratio):
    """Losses without and with data: equal in the mean, and in their scatter."""
    settings = {
        "steps": [0, 20, 200, 2000],
        "learning_rate": 0.02,
        "num_outputs": 2,
        "weight_decay": 0.01,
        "student_scale": 1.5,
        "num_draws": 300,
    }
    size = (24, round(24 / ratio))
    fast = linear_descents(*size, key=jax.random.key(1), **settings)
    slow = linear_descents(*size, key=jax.random.key(2), threshold=0.1, num_test=2, **settings)
    for name in ("train_loss", "test_loss"):
        one, two = (np.log(runs[name].values) for runs in (fast, slow))
        error = np.sqrt((one.var(axis=0) + two.var(axis=0)) / 300)
        assert np.all(np.abs(one.mean(axis=0) - two.mean(axis=0)) < 4 * error)
        assert np.all(np.abs(np.log(one.std(axis=0) / two.std(axis=0))) < 0.35)


def test_losses_and_accuracies_are_of_the_samples():
    runs = linear_descents(
        40,
        200,
        steps=[0, 100],
        learning_rate=0.05,
        num_draws=4,
        num_outputs=3,
        threshold=0.3,
        num_test=4000,
        key=KEY,
    )
    # At the start a sum over Gaussian entries: |D|^2 has mean one.
    np.testing.assert_allclose(runs["test_loss"][:, 0].mean(), 1 / 3, rtol=0.2)
    expected = gammainc(1.5, 3 * 0.3 / (2 * runs["test_loss"].values))
    np.testing.assert_allclose(runs["test_accuracy"], expected, atol=0.05)
    assert np.all(runs["train_loss"][:, 1] < runs["test_loss"][:, 1])
    assert runs.attrs["learning_rate"] == 0.05


def test_draws_depend_on_key_and_number_alone():
    settings = {"steps": [0, 50], "learning_rate": 0.05, "key": KEY}
    seen = []
    one = linear_descents(20, 30, num_draws=3, workers=2, progress=seen.append, **settings)
    two = linear_descents(20, 30, num_draws=2, **settings)
    np.testing.assert_array_equal(one["test_loss"][:2], two["test_loss"])
    assert np.unique(one["test_loss"]).size == 6
    assert seen[-1] == 1.0 and len(seen) == 3


@pytest.mark.parametrize("threshold", [None, 1e-3])
def test_unstable_rates_give_one_warning_with_the_bound(threshold):
    with pytest.warns(UserWarning, match=r"learning_rate 0.9 is .* bound 0.* in 5 of 5 dr") as told:
        runs = linear_descents(
            20, 25, steps=[100], learning_rate=0.9, num_draws=5, threshold=threshold, key=KEY
        )
    assert len(told) == 1
    assert np.all(runs["train_loss"] > 1e3)


def test_the_stability_bound_is_where_descent_starts_to_grow():
    rng = np.random.default_rng(3)
    inputs, student = rng.standard_normal((30, 10)), rng.standard_normal((10, 1))
    descent = SpectralDescent.of(inputs, np.zeros((30, 1)), student)
    bound = descent.largest_stable_rate(weight_decay=0.2)
    sizes = [
        np.abs(descent.weights([4000], learning_rate=factor * bound, weight_decay=0.2)).max()
        for factor in (0.99, 1.0)
    ]
    assert sizes[0] < 1e-6 < sizes[1]
    with pytest.warns(UserWarning, match="beyond the stability bound .* in 1 of 1 draws"):
        grown = descent.weights([4000], learning_rate=1.01 * bound, weight_decay=0.2)
    assert np.abs(grown).max() > 1e6


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_inputs": 0}, "num_inputs must be at least 1, got 0"),
        ({"num_train": 0}, "num_train must be at least 1, got 0"),
        ({"num_draws": 0}, "num_draws must be at least 1, got 0"),
        ({"num_outputs": 0}, "num_outputs must be at least 1, got 0"),
        ({"num_test": 0}, "num_test must be at least 1, got 0"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"steps": [-1]}, r"steps must be whole numbers, at least 0, one or more, got \[-1\]"),
        ({"steps": []}, "steps must be whole numbers"),
        ({"steps": [0.5]}, "steps must be whole numbers"),
        ({"learning_rate": 0.0}, "learning_rate must be positive and finite, got 0.0"),
        ({"weight_decay": -1.0}, "weight_decay must be at least 0 and finite, got -1.0"),
        ({"student_scale": -1.0}, "student_scale must be at least 0, got -1.0"),
        ({"threshold": 0.0}, "threshold must be positive, got 0.0"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    settings = {
        "num_inputs": 5,
        "num_train": 6,
        "steps": [1],
        "learning_rate": 0.1,
        "num_draws": 2,
        "key": KEY,
    }
    with pytest.raises(ValueError, match=message):
        linear_descents(**(settings | changes))


def test_bad_data_are_refused():
    inputs, targets, student = np.ones((4, 3)), np.ones((4, 2)), np.ones((3, 2))
    with pytest.raises(
        ValueError, match=r"must have shapes .* got \(4, 3\), \(4, 2\) and \(2, 2\)"
    ):
        SpectralDescent.of(inputs, targets, np.ones((2, 2)))
    with pytest.raises(ValueError, match="must be finite, got NaN or infinity"):
        SpectralDescent.of(inputs, targets, np.full((3, 2), np.nan))
    assert SpectralDescent.of(inputs, targets, student).eigenvalues.shape == (1,)

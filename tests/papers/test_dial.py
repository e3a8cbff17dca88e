import jax
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.papers import dial

SPEC = sim.tasks.SparseRegression(dimension=8, sparsity=2, num_train=5, num_test=20)


def _train(scale: float, num_steps: int, learning_rate: float):
    return sim.train(
        init=lambda key: sim.models.DiagonalNet.init(8, scale=scale),
        task=lambda key: SPEC.sample(key=key),
        optimizer=optax.sgd(learning_rate),
        loss=sim.squared_error,
        num_steps=num_steps,
        dtype="float64",
        key=jax.random.key(1),
        measures=sim.measures.dial_measures(sim.squared_error, probe=6),
        final={
            "inputs": lambda model, task: task.inputs,
            "targets": lambda model, task: task.targets,
        },
    ).isel(seed=0)


def _lazy(runs, scale: float, learning_rate: float):
    inputs, targets = (runs[name].values.astype(np.float32) for name in ("inputs", "targets"))
    return dial.lazy_losses(
        sim.models.DiagonalNet.init(8, scale=scale),
        sim.tasks.independent_samples(inputs, targets, num_train=5),
        learning_rate=learning_rate,
        steps=runs["step"].values,
    )


def test_a_wide_start_follows_its_initial_kernel_and_a_narrow_one_leaves_it():
    """The displacement of a network of scale s is 1/s, and so is the error of the lazy losses."""
    errors = []
    for scale in (30.0, 0.1):
        rate = 2e-4 / scale**2  # far below the stability limit
        runs = _train(scale, 3000, rate)
        train, test = _lazy(runs, scale, rate)
        measured = np.stack([runs["loss"].values, runs["test_loss"].values])
        errors.append(np.abs(measured - np.stack([train.y, test.y])).max() / measured[0, 0])
    assert errors[0] < 0.01 < 0.05 < errors[1]


def test_the_dial_of_a_run_has_all_panels_and_starts_at_its_own_kernel():
    runs = _train(1.0, 50, 1e-2)
    figure = dial.draw(runs, predictions=_lazy(runs, 1.0, 1e-2))
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "loss",
        "kernel distance",
        "alignment",
        "weight norm",
    ]
    history = sim.measures.kernel_history(runs)
    assert float(history["kernel_distance"][0]) == 0
    assert float(history["kernel_alignment"][0]) == pytest.approx(1)


def test_lazy_losses_of_the_wrong_model():
    net = sim.TwoLayerNet.init(5, 3, key=jax.random.key(0))
    task = sim.ModularAddition(5, train_fraction=0.5).sample(key=jax.random.key(1))
    with pytest.raises(ValueError, match="must have one output"):
        dial.lazy_losses(net, task, learning_rate=0.1, steps=np.array([1]))

"""What is trained here: students of a random teacher, and networks that read digits.

The initial weights are those of PyTorch times a scale alpha, biases included; the optimizer is
AdamW, whose decay of a step is the learning rate times the weight decay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ... import simulations as sim
from ...theory import norm_landscape as theory

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

TEACHER_SIZES = (5, 100, 100, 5)
CORRECT = 0.01  # squared error per output of a sample that counts as correct
FITTED, GENERALIZES = 0.95, 0.95  # shares of correct samples


def ordinary_norm(sizes: Sequence[int]) -> float:
    r"""Norm of weights and biases in $\pm1/\sqrt{\text{fan-in}}$, to a per cent."""
    squares = (units * (fan_in + 1) / (3 * fan_in) for fan_in, units in pairwise(sizes))
    return math.sqrt(sum(squares))


def adamw(learning_rate: float, weight_decay: Any) -> Any:
    """AdamW with PyTorch's constants."""
    import optax

    return optax.adamw(learning_rate, weight_decay=weight_decay)


def teacher_task(*, key: jax.Array) -> sim.tasks.Task:
    """A hundred samples to train and to test on, labeled by a network of the student's shape."""
    import jax

    inputs_key, teacher_key = jax.random.split(key)
    spec = sim.tasks.TanhTeacherStudent(num_train=100, num_test=100)
    task = spec.sample(key=inputs_key)
    return task.with_targets(student(teacher_key).batched(task.inputs))


def student(key: jax.Array, scale: Any = 1.0) -> sim.MLP:
    """Draw a network of the teacher's shape, all of its parameters scaled."""
    network = sim.MLP.init(
        TEACHER_SIZES, activation="tanh", initialization="torch_uniform", key=key
    )
    return sim.models.scaled(network, scale)


def error_per_output(model: Any, batch: sim.tasks.Batch) -> jax.Array:
    """Mean over samples and outputs of the squared error."""
    return sim.squared_error(model, batch) / batch.targets.shape[1]


def correct_share(model: Any, batch: sim.tasks.Batch) -> jax.Array:
    """Share of samples with a squared error per output below the threshold."""
    import jax.numpy as jnp

    errors = jnp.square(model.batched(batch.inputs) - batch.targets).mean(axis=1)
    return jnp.sum(batch.weights * (errors < CORRECT)) / batch.size


def student_fits(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Whether enough of the train samples are correct."""
    return correct_share(model, task.train()) >= FITTED


def student_generalizes(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Whether enough of the test samples are correct."""
    return correct_share(model, task.test()) >= GENERALIZES


def student_error(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Share of test samples that are not correct."""
    return 1 - correct_share(model, task.test())


def student_test_loss(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Test loss of a student."""
    return error_per_output(model, task.test())


def weight_norm(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Norm of all parameters."""
    return sim.measures.weight_norm(model)


def image_reader(sizes: Sequence[int], key: jax.Array, scale: Any = 1.0) -> sim.MLP:
    """Draw a ReLU network that reads digits, all of its parameters scaled."""
    network = sim.MLP.init(sizes, initialization="torch_uniform", key=key)
    return sim.models.scaled(network, scale)


def test_error(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Share of wrong answers on the test set."""
    return 1 - sim.measures.test_accuracy(model, task)


def ladder_of_norms(
    bench: Bench,
    name: str,
    *,
    init: Any,
    task: Any,
    loss: Any,
    norms: Sequence[float],
    num_steps: int,
    num_seeds: int,
    losses: Any = None,
    train_name: str | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Reduced losses over a ladder of norms, from Adam with learning rate 0.001.

    The data and initial weights of the seeds are those of the runs called `train_name`.
    """
    import functools

    import optax

    return sim.norm_landscape(
        init=init,
        task=task,
        optimizer=optax.adam(1e-3),
        loss=loss,
        norms=norms,
        num_steps=num_steps,
        losses=losses,
        num_seeds=num_seeds,
        train=functools.partial(bench.train, name),
        key=bench.key_for(train_name or name),
        record_steps=sim.log_spaced_steps(num_steps, per_decade=10),
        **settings,
    )


def landscape_of(
    reduced: xr.Dataset, seed: int, *, test: str = "test_loss", floor: float = 1e-30
) -> theory.NormLandscape:
    """Reduced losses of one seed at the end of training, as the theory takes them."""
    point = reduced.sel(seed=seed, reading="last")
    norms, train, tests = (
        point[name].values.astype(float) for name in ("norm", "train_loss", test)
    )
    return theory.NormLandscape(norms, train, tests, floor=floor)

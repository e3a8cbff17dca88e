r"""Nonlinear networks: the wait for generalization under four penalties, $1/(\alpha\beta)$ or not.

A ReLU network that learns from a ReLU teacher, by gradient descent as in the theory and by Adam
as in the paper; modular addition with learned embeddings, by Adam.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

PenaltyName = Literal["l1", "l2", "nuclear", "Sobolev"]

DIMENSION, WIDTH, NUM_OUTPUTS = 20, 50, 2  # of teacher and student
MEMORIZED = 0.01  # train loss, relative to that of the zero function
FALL = 0.02  # least relative fall of the test loss after memorization that has a time
FITTED, GROKKED = 0.99, 0.9  # train and test accuracy on modular addition


@dataclass(frozen=True)
class Ladder:
    """Strengths of a penalty, each twice (or ten times) the one before, and the steps to take."""

    strengths: tuple[float, ...]
    num_steps: int

    def extended(self) -> Ladder:
        """A ladder with two more rungs below, a factor of two apart, and four times the steps."""
        lowest = min(self.strengths)
        return Ladder((lowest / 4, lowest / 2, *self.strengths), 4 * self.num_steps)


# Weak enough that the wait is ten times the time to memorize, or more.
DESCENT_LADDERS: dict[PenaltyName, Ladder] = {
    "l1": Ladder((2.5e-5, 5e-5, 1e-4), 30_000),
    "l2": Ladder((3e-4, 6e-4, 1.2e-3), 25_000),
    "nuclear": Ladder((1.25e-4, 2.5e-4, 5e-4), 24_000),
    "Sobolev": Ladder((7.5e-5, 1.5e-4, 3e-4), 20_000),
}
ADAM_LADDER = Ladder((1e-6, 1e-5, 1e-4), 20_000)
MODULAR_LADDERS: dict[PenaltyName, Ladder] = {
    "l1": Ladder((5e-6, 1e-5, 2e-5), 8000),
    "l2": Ladder((2.5e-4, 5e-4, 1e-3), 8000),
    "nuclear": Ladder((2.5e-6, 5e-6, 1e-5), 10_000),
}


def teacher_task(*, key: jax.Array) -> sim.tasks.Task:
    """Draw a teacher and samples; the targets are its outputs and then its input derivatives."""
    import jax
    import jax.numpy as jnp

    spec = sim.tasks.ReluTeacherStudent(
        dimension=DIMENSION, width=WIDTH, num_outputs=NUM_OUTPUTS, num_train=100, num_test=500
    )
    task = spec.sample(key=key)
    hidden, readout = spec.teacher(key=jax.random.clone(key))
    is_active = (task.inputs @ hidden.T > 0).astype(hidden.dtype)
    jacobians = jnp.einsum("ch,nh,hd->ncd", readout, is_active, hidden)
    flat = jacobians.reshape(len(jacobians), -1)
    return task.with_targets(jnp.concatenate([task.targets, flat], axis=1))


def _outputs_only(batch: sim.tasks.Batch) -> sim.tasks.Batch:
    return sim.tasks.Batch(batch.inputs, batch.targets[:, :NUM_OUTPUTS], batch.weights)


def penalty_of(
    name: PenaltyName, model: sim.MLP, batch: sim.tasks.Batch | None = None
) -> jax.Array:
    """Return a penalty: a norm of the weights, or the distance from the teacher's derivatives."""
    if name == "Sobolev":
        assert batch is not None
        jacobians = batch.targets[:, NUM_OUTPUTS:].reshape(-1, NUM_OUTPUTS, DIMENSION)
        return sim.regularizers.sobolev_distance(model, batch.inputs, jacobians)
    if name == "l2":
        return sim.regularizers.l2_norm(model, by_array=True)
    norm = sim.regularizers.l1_norm if name == "l1" else sim.regularizers.nuclear_norm
    return norm(model)


def relative_loss(model: sim.MLP, batch: sim.tasks.Batch) -> jax.Array:
    """Squared error over that of the zero function."""
    return sim.squared_error(model, batch) / sim.squared_error(lambda x: 0 * model(x), batch)


def train_error(model: sim.MLP, task: sim.tasks.Task) -> jax.Array:
    """Relative train loss, without the penalty."""
    return relative_loss(model, _outputs_only(task.train()))


def test_error(model: sim.MLP, task: sim.tasks.Task) -> jax.Array:
    """Relative test loss."""
    return relative_loss(model, _outputs_only(task.test()))


def _adam(learning_rate: float) -> Any:
    import optax

    return optax.adam(learning_rate)


def _student_runs(
    bench: Bench, penalty: PenaltyName, ladder: Ladder, *, optimizer: Any, name: str
) -> xr.Dataset:
    """Train students of the teacher's shape; the same draws for every penalty and optimizer."""

    def loss(model: sim.MLP, batch: sim.tasks.Batch, strength: jax.Array) -> jax.Array:
        fit = sim.squared_error(model, _outputs_only(batch))
        return fit + strength * penalty_of(penalty, model, batch)

    return bench.train(
        f"{name}-{penalty}",
        key=bench.key_for("teacher-student"),
        init=lambda key: sim.MLP.init(
            (DIMENSION, WIDTH, NUM_OUTPUTS),
            initialization="torch_uniform",
            biases=False,
            key=key,
        ),
        task=teacher_task,
        optimizer=optimizer,
        loss=loss,
        num_steps=ladder.num_steps,
        record_steps=sim.log_spaced_steps(
            ladder.num_steps, per_decade=60, max_gap=ladder.num_steps // 200
        ),
        sweep={"strength": ladder.strengths},
        num_seeds=bench.pick(quick=5, full=12),
        measures={"train_error": train_error, "test_error": test_error},
    )


def student_waits(runs: xr.Dataset) -> Float[np.ndarray, "strengths seeds"]:
    """Return the steps from memorization until the test loss has fallen halfway.

    Halfway between its mean value at memorization and the lowest value that every strength
    reaches: one level for all strengths of a seed, so that a penalty that does not set the pace
    has no influence on the wait. NaN for the seeds whose test loss does not fall by 2 % in every
    run: they have nothing to wait for.

    Raises
    ------
    ValueError
        If a run does not memorize.
    """
    steps, train, test = (runs[name].values for name in ("step", "train_error", "test_error"))
    memorized = sim.detectors.crossing_time(steps, -train, -MEMORIZED)
    if memorized.is_censored.any():
        raise ValueError(
            f"{memorized.is_censored.sum()} of {memorized.times.size} runs do not reach a train "
            f"loss of {MEMORIZED}: train for longer, or with a weaker penalty"
        )
    waits = np.full_like(memorized.times, np.nan)
    for seed in range(test.shape[1]):
        curves, start = test[:, seed], memorized.times[:, seed]
        before = [np.interp(t, steps, curve) for t, curve in zip(start, curves, strict=True)]
        after = [curve[steps > t].min() for t, curve in zip(start, curves, strict=True)]
        if np.max(after) > (1 - FALL) * np.min(before):
            continue
        level = (np.mean(before) + np.max(after)) / 2
        halfway = sim.detectors.crossing_time(steps, -curves, -float(level))
        waits[:, seed] = halfway.times - start
    return waits


def accuracy_waits(runs: xr.Dataset) -> Float[np.ndarray, "strengths seeds"]:
    """Return the steps from train accuracy 0.99 to test accuracy 0.9.

    Raises
    ------
    ValueError
        If a run does not grok.
    """
    steps = runs["step"].values
    delay = sim.detectors.grokking_delay(
        sim.detectors.time_to_fit(steps, runs["train_accuracy"].values, threshold=FITTED),
        sim.detectors.time_to_grok(steps, runs["test_accuracy"].values, threshold=GROKKED),
    )
    missing = delay.is_censored | (delay.times <= 0)
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {missing.size} runs do not reach test accuracy {GROKKED} after "
            f"train accuracy {FITTED}: train for longer"
        )
    return delay.times


def _exponent_evidence(waits: dict[PenaltyName, tuple[Ladder, np.ndarray]]) -> Evidence:
    """Fit each draw by itself; only draws that have a wait under every penalty count."""
    is_usable = np.all([np.all(steps > 0, axis=0) for _, steps in waits.values()], axis=0)
    if is_usable.sum() < 3:
        raise ValueError(
            f"only {is_usable.sum()} of {len(is_usable)} draws have a wait under every penalty, "
            "too few for an exponent: take more seeds"
        )
    exponents, series = [], []
    for name, (ladder, steps) in waits.items():
        strengths, log_waits = np.array(ladder.strengths), np.log(steps[:, is_usable])
        exponents.append(np.polyfit(np.log(strengths), log_waits, 1)[0])
        mean, error = log_waits.mean(axis=1), log_waits.std(axis=1, ddof=1)
        error = error / np.sqrt(is_usable.sum())
        series.append(Series(name, strengths, np.exp(mean), np.exp(mean) * error))
    return Evidence(
        quantity="exponent of the wait in the strength of the penalty",
        form=Form.LAW,
        control=Axis("penalty", tuple(waits)),
        prediction=Prediction(
            np.full(len(waits), -1.0),
            0.3,
            label=r"$1/(\alpha\beta)$",
            source="[notsawo2025norm, Thm. 2.1]",
        ),
        measurement=Samples(np.stack(exponents, axis=1)),
        rivals=(Prediction(0.0, label="the penalty does not set the pace"),),
        note=f"{is_usable.sum()} of {len(is_usable)} draws: under the others the test loss hardly "
        "falls after memorization"
        if not is_usable.all()
        else "",
        panel=Panel(
            r"strength $\beta$",
            "steps from memorization",
            tuple(series),
            x_scale="log",
            y_scale="log",
        ),
    )


@paper.claim(
    "student-descent",
    statement="A ReLU student trained by gradient descent generalizes 1/(alpha beta) steps after "
    "it memorizes, whether the penalty is l1, l2, nuclear or Sobolev.",
    source="[notsawo2025norm, Thm. 2.1, Figs. 10, 11]",
    memory_gib=(1.0, 2.0),
)
def student_descent(bench: Bench) -> Evidence:
    """A smaller network than the paper's, 20-50-2, so that all four penalties fit into a minute.

    The paper trains these networks with Adam, see `student-adam`; the theorem is about
    subgradient descent. The theorem gives an upper bound for the wait; that the wait follows it
    is derived for linear models only.
    """
    optimizer = sim.optimizers.gradient_descent(0.1)
    waits = {}
    for name, quick in DESCENT_LADDERS.items():
        ladder = bench.pick(quick=quick, full=quick.extended())
        runs = _student_runs(bench, name, ladder, optimizer=optimizer, name="student-descent")
        waits[name] = ladder, student_waits(runs)
    return _exponent_evidence(waits)


@paper.claim(
    "student-adam",
    statement="The wait of the ReLU student is inversely proportional to the penalty under Adam, "
    "too.",
    source="[notsawo2025norm, Figs. 10, 11]",
    memory_gib=(1.0, 2.0),
)
def student_adam(bench: Bench) -> Evidence:
    """The networks and draws of `student-descent`, trained with Adam as in the paper.

    Adam divides the gradient by its own size, so that a weak penalty does not have to move the
    weights slowly: the argument for the law does not cover it.
    """
    ladder, waits = ADAM_LADDER, {}
    names: tuple[PenaltyName, ...] = bench.pick(
        quick=("l1", "l2"), full=("l1", "l2", "nuclear", "Sobolev")
    )
    for name in names:
        runs = _student_runs(bench, name, ladder, optimizer=_adam(1e-3), name="student-adam")
        waits[name] = ladder, student_waits(runs)
    return _exponent_evidence(waits)


@paper.claim(
    "modular-addition-penalty",
    statement="A network that adds modulo p groks after a wait inversely proportional to the "
    "strength of its penalty.",
    source="[notsawo2025norm, Figs. 1, 2]",
    memory_gib=(1.0, 4.0),
)
def modular_addition_penalty(bench: Bench) -> Evidence:
    """Embeddings combined by an elementwise product, one hidden layer, Adam, cross-entropy.

    Addition mod 31 under l1 and l2 at quick scale, mod 97 under the nuclear norm, too, at full
    scale.
    """
    modulus, train_fraction, learning_rate = bench.pick(quick=(31, 0.6, 1e-2), full=(97, 0.4, 1e-2))
    names: tuple[PenaltyName, ...] = bench.pick(quick=("l1", "l2"), full=("l1", "l2", "nuclear"))
    waits = {}
    for name in names:
        ladder = MODULAR_LADDERS[name]
        runs = bench.train(
            f"modular-addition-{name}",
            key=bench.key_for("modular-addition"),
            init=lambda key: sim.models.EmbeddingMLP.init(modulus, key=key),
            task=lambda key: sim.ModularAddition(modulus, train_fraction=train_fraction).sample(
                key=key
            ),
            optimizer=_adam(learning_rate),
            loss=_penalized_cross_entropy(name),
            num_steps=ladder.num_steps,
            record_steps=sim.log_spaced_steps(
                ladder.num_steps, per_decade=60, max_gap=ladder.num_steps // 100
            ),
            sweep={"strength": ladder.strengths},
            num_seeds=bench.pick(quick=8, full=3),
            measures={
                "train_accuracy": sim.measures.train_accuracy,
                "test_accuracy": sim.measures.test_accuracy,
            },
            stop=lambda measured: measured["test_accuracy"] > 0.95,
        )
        waits[name] = ladder, accuracy_waits(runs)
    return _exponent_evidence(waits)


def _penalized_cross_entropy(name: PenaltyName) -> Callable[..., jax.Array]:
    def loss(model: Any, batch: sim.tasks.Batch, strength: jax.Array) -> jax.Array:
        return sim.cross_entropy(model, batch) + strength * penalty_of(name, model)

    return loss

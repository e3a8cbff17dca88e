"""Choosing data by coherence: how many are needed, and how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Prediction, Samples
from . import low_rank
from ._card import paper
from ._runs import (
    INITIAL,
    MEMORIZED,
    RECOVERED,
    arrival_steps,
    fine_steps,
    half_sum_of_squares,
    sparse_problems,
    sparse_runs,
    train_inputs,
    train_residual,
)

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

SELECTED = (0.0, 0.5, 1.0)  # fraction of the data that is chosen by its coherence
SHORTEST = 100  # steps; shorter waits are not compared with their prediction


@paper.claim(
    "coherent-completion",
    statement="Observing the entries of largest coherence first makes matrix completion need "
    "fewer entries, and less time.",
    source="[notsawo2025norm, Sec. 3.4, Fig. 8]; the times derived",
    memory_gib=(1.0, 4.0),
)
def coherent_completion(bench: Bench) -> tuple[Evidence, ...]:
    """Rank one, 10 x 10, nuclear-norm penalty; none, half or all of the entries by coherence.

    Waits are compared at 70 entries, errors at the end at 30, always on the same targets. Medians,
    since a target may be out of reach. The rival: the choice of entries does not matter.
    """
    rate, penalty = 1.0, 1e-4
    waits, times = [], []
    for selected in SELECTED:
        runs = _completion_runs(
            bench, selected, num_observed=70, learning_rate=rate, penalty=penalty, end=3.0
        )
        wait = arrival_steps(runs, "error", low_rank.RECOVERED) - arrival_steps(
            runs, "residual", MEMORIZED
        )
        waits.append(wait.values * rate * penalty)
        times.append(_completion_times(runs))
    final = [
        _completion_runs(
            bench, selected, num_observed=30, learning_rate=rate, penalty=1e-3, end=3.0
        )["last_error"].values
        for selected in SELECTED
    ]
    return (
        _waits_as_predicted(np.array(waits), np.array(times), rate * penalty, SELECTED),
        _falls("wait at 70 entries", np.array(waits), SELECTED),
        _falls("error at 30 entries", np.array(final), SELECTED),
    )


@paper.claim(
    "coherent-sensing",
    statement="Measurements that resemble the basis of a sparse signal make its recovery need "
    "more of them, and more time.",
    source="[notsawo2025norm, Sec. 3.4, Fig. 22]; the times derived",
    memory_gib=(1.0, 4.0),
)
def coherent_sensing(bench: Bench) -> tuple[Evidence, ...]:
    """Sparse recovery with none, half or all of the measurements seeing one coordinate only.

    Waits are compared at 50 measurements for none and half, errors at the end at 30, always on the
    same signals. The rival: the choice of measurements does not matter.
    """
    rate, penalty = 0.1, 2e-4
    waits, times = [], []
    for selected in SELECTED[:2]:
        runs = _sensing_runs(
            bench, selected, num_measurements=50, penalty=penalty, end=2.0, give_up_below=0.95
        )
        wait = arrival_steps(runs, "error", RECOVERED) - arrival_steps(runs, "residual", MEMORIZED)
        waits.append(wait.values.ravel() * rate * penalty)
        times.append(
            [
                problem.slide().arrival_time(problem.signal, relative_error=RECOVERED)
                for problem in sparse_problems(runs)
            ]
        )
    final = [
        _sensing_runs(bench, selected, num_measurements=30, penalty=1e-3, end=2.0)[
            "last_error"
        ].values.ravel()
        for selected in SELECTED
    ]
    return (
        _waits_as_predicted(np.array(waits), np.array(times), rate * penalty, SELECTED[:2]),
        _falls("wait at 50 measurements", -np.array(waits), SELECTED[:2], rises=True),
        _falls("error at 30 measurements", -np.array(final), SELECTED, rises=True),
    )


def _completion_runs(
    bench: Bench,
    selected: float,
    *,
    num_observed: int,
    learning_rate: float,
    penalty: float,
    end: float,
) -> xr.Dataset:
    """Subgradient descent up to alpha beta t = `end`, or to recovery."""
    spec = sim.tasks.MatrixCompletion(
        num_rows=10, num_columns=10, rank=1, num_observed=num_observed, coherence=selected
    )

    def loss(model: sim.models.MatrixModel, batch: sim.tasks.Batch) -> jax.Array:
        return half_sum_of_squares(model, batch) + penalty * sim.regularizers.nuclear_norm(model)

    num_steps = round(end / (learning_rate * penalty))
    return bench.train(
        f"completion-{num_observed}-{selected:g}",
        key=bench.key_for("completion"),
        init=lambda key: sim.models.MatrixModel.init(10, 10, scale=INITIAL),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(learning_rate),
        loss=loss,
        num_steps=num_steps,
        record_steps=fine_steps(num_steps),
        num_seeds=bench.pick(quick=10, full=40),
        measures={"error": _matrix_error, "residual": train_residual},
        final={"pairs": train_inputs, "target": _whole_matrix, "last_error": _matrix_error},
        stop=lambda measured: measured["error"] < 0.75 * low_rank.RECOVERED,
        dtype="float64",
    )


def _sensing_runs(
    bench: Bench,
    selected: float,
    *,
    num_measurements: int,
    penalty: float,
    end: float,
    give_up_below: float = 0.0,
) -> xr.Dataset:
    return sparse_runs(
        bench,
        f"sensing-{num_measurements}-{selected:g}",
        draws="coherent sensing",
        spec=sim.tasks.SparseRecovery(
            dimension=100, sparsity=5, num_measurements=num_measurements, coherence=selected
        ),
        learning_rates=(0.1,),
        penalties=(penalty,),
        num_steps=round(end / (0.1 * penalty)),
        num_seeds=bench.pick(quick=30, full=80),
        stop_below=0.75 * RECOVERED,
        give_up_below=give_up_below,
    )


def _completion_times(runs: xr.Dataset) -> list[float]:
    """Predicted alpha beta t of recovery for each draw; infinite where it never comes."""
    times = []
    for seed in range(runs.sizes["seed"]):
        target = runs["target"].isel(seed=seed).values.astype(np.float64)
        observed = np.ravel_multi_index(runs["pairs"].isel(seed=seed).values.T, target.shape)
        features = np.eye(target.size)[observed]
        start = theory.memorized_interpolant(
            features, target.ravel()[observed], INITIAL * np.eye(*target.shape).ravel()
        ).reshape(target.shape)
        times.append(
            theory.nuclear_arrival_time(
                features, start, target, relative_error=low_rank.RECOVERED, max_time=3.0
            )
        )
    return times


def _waits_as_predicted(
    waits: Float[np.ndarray, "selections seeds"],
    times: Float[np.ndarray, "selections seeds"],
    clock: float,
    selected: tuple[float, ...],
) -> Evidence:
    ratios, counts = [], []
    for measured, predicted in zip(waits, times, strict=True):
        is_long = np.isfinite(predicted) & (predicted > SHORTEST * clock)
        ratios.append((measured / np.where(is_long, predicted, np.nan))[is_long])
        counts.append(f"{len(ratios[-1])} of {len(measured)}")
    fewest = min(len(values) for values in ratios)
    return Evidence(
        quantity=r"$\alpha\beta\,(t_2-t_1)/T^*$",
        form=Form.CURVE,
        control=Axis("fraction chosen by coherence", selected),
        prediction=Prediction(
            np.ones(len(selected)), (0.03, 0.06), label="slide", source="derived"
        ),
        measurement=Samples(
            np.stack([values[:fewest] for values in ratios], axis=1), method="median"
        ),
        note=f"draws that are recoverable and take {SHORTEST} steps or more: {', '.join(counts)}",
    )


def _falls(
    what: str,
    values: Float[np.ndarray, "selections seeds"],
    selected: tuple[float, ...],
    *,
    rises: bool = False,
) -> Evidence:
    """Evidence that a quantity falls (or, given with its sign turned, rises) at every step."""
    labels = tuple(f"{a:g} to {b:g}" for a, b in zip(selected, selected[1:], strict=False))
    # Out of reach before and after: no change.
    before, after = values[:-1], values[1:]
    with np.errstate(invalid="ignore"):
        changes = np.where(before == after, 0.0, before - after)
    return Evidence(
        quantity=f"{'rise' if rises else 'fall'} of the {what}",
        form=Form.ORDERING,
        control=Axis("fraction chosen by coherence", labels),
        prediction=Prediction.at_least(np.zeros(len(labels)), label="rises" if rises else "falls"),
        measurement=Samples(changes.T, method="median"),
        rivals=(Prediction(0.0, 0.0, label="the choice does not matter"),),
    )


def _matrix_error(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Relative error of the whole matrix."""
    import jax.numpy as jnp

    target = _whole_matrix(model, task)
    return jnp.linalg.norm(model.weights - target) / jnp.linalg.norm(target)


def _whole_matrix(model: Any, task: sim.tasks.Task) -> jax.Array:
    """The target; the task lists all entries row by row."""
    return task.targets.reshape(model.weights.shape)

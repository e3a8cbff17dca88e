"""Sparse recovery as the paper trains it, and what theory needs to know of each draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import implicit_bias as theory

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

INITIAL = 1e-6  # value of every coordinate at the start, as in the official code
MEMORIZED = 0.1  # relative train residual from which a run counts as having memorized
RECOVERED = 0.02  # relative error from which it counts as having generalized


@dataclass(frozen=True, eq=False)
class SparseProblem:
    """One draw of a sparse recovery task, in double precision."""

    features: Float[np.ndarray, "samples coordinates"]
    targets: Float[np.ndarray, " samples"]
    signal: Float[np.ndarray, " coordinates"]

    @property
    def is_recoverable(self) -> bool:
        """Whether the signal is the interpolant of least l1 norm."""
        return theory.is_sparse_recoverable(self.features, self.signal)

    @property
    def memorized(self) -> Float[np.ndarray, " coordinates"]:
        """The interpolant nearest to the initialization."""
        start = np.full(len(self.signal), INITIAL)
        return theory.memorized_interpolant(self.features, self.targets, start)

    def slide(self) -> theory.SlidingPath:
        """The path along the interpolants from there on."""
        return theory.l1_sliding_path(self.features, self.memorized)

    def remaining_error(self, penalty: float) -> float:
        """Relative error of the minimizer of the penalized loss."""
        end = theory.lasso_solution(self.features, self.targets, penalty=penalty)
        return float(np.linalg.norm(end - self.signal) / np.linalg.norm(self.signal))


def sparse_runs(
    bench: Bench,
    name: str,
    *,
    spec: sim.tasks.SparseRecovery,
    learning_rates: Sequence[float],
    penalties: Sequence[float],
    num_steps: int,
    num_seeds: int,
    solver: Literal["subgradient", "proximal"] = "subgradient",
    stop_below: float = 0.0,
    give_up_below: float = 0.0,
    record_steps: Sequence[int] | None = None,
    draws: str | None = None,
) -> xr.Dataset:
    """Train a linear model on half of the summed squared error plus an l1 penalty.

    Records the relative `error` of the weights, the relative train `residual` and the l2 `norm`
    of the weights. A run ends early once its error is below `stop_below`, or once it fits and its
    l1 norm is below the fraction `give_up_below` of the signal's, which then is not the least.
    Runs of one name, or with the same name of `draws`, have the same random numbers.
    """

    def loss(model: sim.models.LinearModel, batch: sim.tasks.Batch, penalty: Any) -> jax.Array:
        fit = half_sum_of_squares(model, batch)
        if solver == "proximal":
            return fit
        return fit + penalty * sim.regularizers.l1_norm(model)

    def optimizer(learning_rate: Any, penalty: Any) -> Any:
        if solver == "proximal":
            prox = sim.optimizers.soft_threshold
            return sim.optimizers.proximal_gradient(learning_rate, prox, penalty)
        return sim.optimizers.gradient_descent(learning_rate)

    def stop(measured: dict[str, jax.Array]) -> jax.Array:
        fits = measured["residual"] < MEMORIZED / 2
        return (measured["error"] < stop_below) | (fits & (measured["l1_ratio"] < give_up_below))

    return bench.train(
        f"{name}-{solver}",
        key=bench.key_for(draws or name),
        init=lambda key: _linear_model(spec.dimension),
        task=lambda key: spec.sample(key=key),
        optimizer=optimizer,
        loss=loss,
        num_steps=num_steps,
        record_steps=record_steps or fine_steps(num_steps),
        sweep={"learning_rate": list(learning_rates), "penalty": list(penalties)},
        num_seeds=num_seeds,
        measures={
            "error": weight_error,
            "residual": train_residual,
            "norm": weight_norm,
            "l1_ratio": _l1_ratio,
        },
        final={
            "features": train_inputs,
            "targets": train_targets,
            "signal": test_targets,
            "last_error": weight_error,
        },
        stop=stop,
        dtype="float64",
    )


def sparse_problems(runs: xr.Dataset) -> list[SparseProblem]:
    """Return the draw of every seed."""
    first = {name: 0 for name in ("learning_rate", "penalty") if name in runs.dims}
    return [
        SparseProblem(
            *(
                runs[name].isel(first | {"seed": seed}).values.astype(np.float64)
                for name in ("features", "targets", "signal")
            )
        )
        for seed in range(runs.sizes["seed"])
    ]


def arrival_steps(runs: xr.Dataset, name: str, threshold: float) -> xr.DataArray:
    """Return the interpolated step at which a falling record reaches a threshold; inf if never."""
    falling = runs[name].transpose(..., "step")
    event = sim.detectors.crossing_time(runs["step"].values, -falling.values, -threshold)
    return falling.isel(step=0, drop=True).copy(data=event.times)


def record_at(runs: xr.Dataset, name: str, steps: xr.DataArray) -> xr.DataArray:
    """Return a record interpolated at one step of each run."""
    records = runs[name].transpose(*steps.dims, "step").values
    values = np.empty(steps.shape)
    for run in np.ndindex(*steps.shape):
        values[run] = np.interp(steps.values[run], runs["step"].values, records[run])
    return steps.copy(data=values)


def fine_steps(num_steps: int) -> list[int]:
    """Every step at first, then about two per cent apart."""
    return sim.log_spaced_steps(num_steps, per_decade=100, max_gap=max(1, num_steps // 100))


def half_sum_of_squares(model: Any, batch: sim.tasks.Batch) -> jax.Array:
    """The paper's data term: a sum over the samples, not a mean."""
    return 0.5 * batch.size * sim.squared_error(model, batch)


def weight_error(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Relative error of the weights; the test targets are the entries of the signal."""
    import jax.numpy as jnp

    signal = task.test().targets
    return jnp.linalg.norm(model.weights.ravel() - signal) / jnp.linalg.norm(signal)


def train_residual(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Relative train residual."""
    import jax.numpy as jnp

    batch = task.train()
    residual = sim.losses.outputs_of(model, batch.inputs) - batch.targets
    return jnp.linalg.norm(residual) / jnp.linalg.norm(batch.targets)


def weight_norm(model: Any, task: sim.tasks.Task) -> jax.Array:
    """Euclidean norm of the weights."""
    return sim.regularizers.l2_norm(model)


def _l1_ratio(model: Any, task: sim.tasks.Task) -> jax.Array:
    """l1 norm of the weights over that of the signal."""
    import jax.numpy as jnp

    return sim.regularizers.l1_norm(model) / jnp.abs(task.test().targets).sum()


def train_inputs(model: Any, task: sim.tasks.Task) -> jax.Array:
    """The measurements."""
    return task.train().inputs


def train_targets(model: Any, task: sim.tasks.Task) -> jax.Array:
    """What was measured."""
    return task.train().targets


def test_targets(model: Any, task: sim.tasks.Task) -> jax.Array:
    """The signal."""
    return task.test().targets


def _linear_model(dimension: int) -> sim.models.LinearModel:
    import jax.numpy as jnp

    return sim.models.LinearModel(jnp.full(dimension, INITIAL))

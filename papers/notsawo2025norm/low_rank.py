"""Low-rank matrices with a nuclear-norm penalty: the same clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Prediction, Samples
from ._card import paper
from ._runs import (
    INITIAL,
    MEMORIZED,
    arrival_steps,
    fine_steps,
    half_sum_of_squares,
    test_targets,
    train_inputs,
    train_residual,
    weight_error,
    weight_norm,
)

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

RECOVERED = 0.05  # relative error from which a matrix counts as recovered


def sensing_runs(bench: Bench, *, solver: Literal["subgradient", "proximal"]) -> xr.Dataset:
    """Train a matrix on random linear measurements with a nuclear-norm penalty."""
    side, measurements = bench.pick(quick=(12, 90), full=(20, 220))
    spec = sim.tasks.MatrixSensing(
        num_rows=side, num_columns=side, rank=1, num_measurements=measurements
    )

    def loss(model: sim.models.MatrixModel, batch: sim.tasks.Batch, penalty: Any) -> jax.Array:
        fit = half_sum_of_squares(model, batch)
        if solver == "proximal":
            return fit
        return fit + penalty * sim.regularizers.nuclear_norm(model)

    def optimizer(learning_rate: Any, penalty: Any) -> Any:
        if solver == "proximal":
            prox = sim.optimizers.singular_value_threshold
            return sim.optimizers.proximal_gradient(learning_rate, prox, penalty)
        return sim.optimizers.gradient_descent(learning_rate)

    num_steps = bench.pick(quick=60_000, full=300_000)
    return bench.train(
        f"sensing-{solver}",
        key=bench.key_for("sensing"),
        init=lambda key: sim.models.MatrixModel.init(side, side, scale=INITIAL),
        task=lambda key: spec.sample(key=key),
        optimizer=optimizer,
        loss=loss,
        num_steps=num_steps,
        record_steps=fine_steps(num_steps),
        sweep={
            "learning_rate": [0.1, 0.2],
            "penalty": bench.pick(quick=[5e-4, 1e-3], full=[1e-4, 3e-4]),
        },
        num_seeds=bench.pick(quick=5, full=12),
        measures={"error": weight_error, "residual": train_residual, "norm": weight_norm},
        final={"measurements": train_inputs, "signal": test_targets},
        stop=lambda measured: measured["error"] < 0.75 * RECOVERED,
        dtype="float64",
    )


@paper.claim(
    "nuclear-sliding-time",
    statement="With a nuclear-norm penalty a low-rank matrix is recovered T*/(alpha beta) steps "
    "after memorization, T* from the flow of the nuclear norm along the interpolants.",
    source="derived, sharpens [notsawo2025norm, Thm. 3.4, Fig. 6]",
    memory_gib=(1.0, 4.0),
)
def nuclear_sliding_time(bench: Bench) -> tuple[Evidence, ...]:
    """Rank one from random measurements, by subgradient and by proximal gradient descent.

    The rivals: the theorem's bound taken for the time, and singular values that each fall by
    alpha beta a step, so that the time is the largest one that has to vanish.
    """
    evidence = []
    for solver in ("proximal", "subgradient"):
        runs = sensing_runs(bench, solver=solver)
        draws, usable = recoverable_draws(runs)
        times = np.array([_times(*draws[seed]) for seed in usable])
        waits = arrival_steps(runs, "error", RECOVERED) - arrival_steps(runs, "residual", MEMORIZED)
        waits = waits.isel(seed=usable).transpose("seed", "learning_rate", "penalty")
        rates, penalties = runs["learning_rate"].values, runs["penalty"].values
        ratios = waits.values * np.outer(rates, penalties) / times[:, 0, None, None]
        labels = tuple(f"{rate:g}, {penalty:g}" for rate in rates for penalty in penalties)
        relative = np.mean(times[:, 1:] / times[:, :1], axis=0)
        evidence.append(
            Evidence(
                quantity=rf"$\alpha\beta\,(t_2-t_1)/T^*$, {solver} descent",
                form=Form.CURVE,
                control=Axis(r"$\alpha$, $\beta$", labels),
                prediction=Prediction(
                    np.ones(len(labels)), (0.03, 0.06), label="flow of the norm", source="derived"
                ),
                measurement=Samples(ratios.reshape(len(usable), -1)),
                rivals=(
                    Prediction(
                        relative[0],
                        label="bound attained",
                        source="[notsawo2025norm, Thm. 2.1]",
                    ),
                    Prediction(
                        relative[1],
                        label=r"singular values fall at $\alpha\beta$",
                        source="[notsawo2025norm, Sec. 3.2]",
                    ),
                ),
                note=f"{len(usable)} of {len(draws)} draws are recoverable",
            )
        )
    return tuple(evidence)


def recoverable_draws(runs: xr.Dataset) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[int]]:
    """Return measurements and target of every seed, and the seeds that are recoverable at all."""
    first = runs.isel(learning_rate=0, penalty=0)
    draws, usable = [], []
    for seed in range(runs.sizes["seed"]):
        measurements = first["measurements"].isel(seed=seed).values.astype(np.float64)
        target = first["signal"].isel(seed=seed).values.astype(np.float64)
        target = target.reshape(measurements.shape[1:])
        draws.append((measurements, target))
        if theory.is_low_rank_recoverable(measurements, target, method="semidefinite"):
            usable.append(seed)
    return draws, usable


def memorized_matrix(
    measurements: Float[np.ndarray, "samples rows columns"],
    target: Float[np.ndarray, "rows columns"],
) -> Float[np.ndarray, "rows columns"]:
    """Return the interpolant nearest to the initialization."""
    features = measurements.reshape(len(measurements), -1)
    initial = INITIAL * np.eye(*target.shape).ravel()
    return theory.memorized_interpolant(features, features @ target.ravel(), initial).reshape(
        target.shape
    )


def _times(
    measurements: Float[np.ndarray, "samples rows columns"],
    target: Float[np.ndarray, "rows columns"],
) -> tuple[float, float, float]:
    """The exact time, the bound with the tolerance met at it, and the second singular value."""
    features = measurements.reshape(len(measurements), -1)
    start = memorized_matrix(measurements, target)
    exact = theory.nuclear_arrival_time(features, start, target, relative_error=RECOVERED)
    path = theory.nuclear_sliding_path(features, start, step=exact / 500, duration=exact)
    there = path.at(np.array([exact]))[0].reshape(target.shape)
    excess = np.linalg.norm(there, "nuc") - np.linalg.norm(target, "nuc")
    bound = theory.sliding_time_bound(
        float(np.linalg.norm(start - target)),
        learning_rate=1.0,
        penalty=1.0,
        tolerance=float(2 * excess),
    )
    return exact, bound, float(np.linalg.svd(start, compute_uv=False)[1])

"""The learning coefficient through grokking, and the Arrhenius hypothesis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Estimate, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import xarray as xr
    from jax import Array

    from ..bench import Bench

MODULUS, TRAIN_FRACTION = 53, 0.4
NUM_TRAIN = int(TRAIN_FRACTION * MODULUS**2)
LEARNING_RATE, WEIGHT_DECAY, BATCH_SIZE = 5e-3, 2e-4, 128
NUM_STEPS, BETWEEN = 25_000, 100
GENERALIZES, LEAST_WAIT = 0.95, 20  # validation accuracy; checkpoints
SCALE, LOCALIZATION, STEP_SIZE, NUM_DRAWS, NUM_CHAINS = 2.0, 5.0, 3e-3, 500, 3


def train_runs(bench: Bench, num_seeds: int) -> xr.Dataset:
    """Train the paper's network on addition mod 53, and record its parameters."""
    return bench.train(
        "modular-addition",
        key=bench.key_for("modular-addition"),
        init=draw_network,
        task=lambda key: sim.ModularAddition(MODULUS, train_fraction=TRAIN_FRACTION).sample(
            key=key
        ),
        optimizer=sim.optimizers.coupled_adam(LEARNING_RATE, WEIGHT_DECAY),
        loss=sim.cross_entropy,
        num_steps=NUM_STEPS,
        batch_size=BATCH_SIZE,
        num_seeds=num_seeds,
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
            "train_loss": lambda model, task: sim.cross_entropy(model, task.train()),
            "parameters": sim.measures.parameters,
        },
        final={
            "inputs": lambda model, task: task.inputs,
            "targets": lambda model, task: task.targets,
            "order": lambda model, task: task.order,
        },
        dims={
            "parameters": ("parameter",),
            "inputs": ("sample", "place"),
            "targets": ("sample",),
            "order": ("sample",),
        },
        record_steps=list(range(0, NUM_STEPS + 1, BETWEEN)),
    )


def draw_network(key: Array) -> sim.models.OperandMLP:
    """Draw the network of the paper."""
    return sim.models.OperandMLP.init(MODULUS, key=key)


def sample_losses(model: sim.models.OperandMLP, batch: tuple[Array, Array]) -> Array:
    """Cross-entropy of every sample."""
    import jax
    import jax.numpy as jnp

    inputs, targets = batch
    log_odds = jax.nn.log_softmax(model.batched(inputs))
    return -jnp.take_along_axis(log_odds, targets[:, None], axis=1)[:, 0]


def samples_of(run: xr.Dataset) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Train and test samples of a run."""
    import jax.numpy as jnp

    inputs, targets, order = (run[name].values for name in ("inputs", "targets", "order"))
    parts = order[:NUM_TRAIN], order[NUM_TRAIN:]
    train, test = ((jnp.asarray(inputs[rows]), jnp.asarray(targets[rows])) for rows in parts)
    return train, test


def coefficients_at(bench: Bench, run: xr.Dataset, records: Sequence[int]) -> xr.Dataset:
    """Coefficients and losses at some records of a run.

    The estimator has the settings of the paper: an inverse temperature of two samples, and no
    burn-in.
    """
    import jax

    train, test = samples_of(run)
    return sim.learning_coefficients.llc_along_training(
        sample_losses,
        sim.learning_coefficients.snapshots_of(
            run.isel(step=list(records)), draw_network(jax.random.key(0))
        ),
        train,
        test_data=test,
        inverse_temperature=SCALE / NUM_TRAIN,
        localization=LOCALIZATION,
        step_size=STEP_SIZE,
        batch_size=BATCH_SIZE,
        num_chains=NUM_CHAINS,
        num_draws=NUM_DRAWS,
        burn_in=0,
        quiet=True,
        key=jax.random.fold_in(bench.key_for("chains"), int(run["seed"])),
    )


def transitions(bench: Bench, num_seeds: int) -> dict[str, Float[np.ndarray, "runs ..."]]:
    """Train, and estimate the coefficient at the fit and at generalization of every run.

    Returns, for the runs that generalize long enough after the fit, the wait in checkpoints, and
    coefficients and train losses at both.
    """
    runs = train_runs(bench, num_seeds)
    found: dict[str, list[Any]] = {"wait": [], "coefficients": [], "losses": []}
    for seed in range(num_seeds):
        run = runs.isel(seed=seed)
        fit, generalization = checkpoints(run["train_accuracy"].values, run["test_accuracy"].values)
        if generalization - fit <= LEAST_WAIT:
            continue
        curve = coefficients_at(bench, run, (fit, generalization))
        found["wait"].append(generalization - fit)
        found["coefficients"].append(curve["llc"].values)
        found["losses"].append(curve["train_loss"].values)
        bench.progress((seed + 1) / num_seeds, "chains")
    return {name: np.array(values, dtype=float) for name, values in found.items()}


def checkpoints(
    train: Float[np.ndarray, " records"], test: Float[np.ndarray, " records"]
) -> tuple[int, int]:
    """First record of a full train accuracy, and of enough validation accuracy; -1 for the latter
    if one of them never comes."""
    fits, generalizes = train >= 1 - 1e-6, test >= GENERALIZES
    if not fits.any() or not generalizes.any():
        return 0, -1
    return int(fits.argmax()), int(generalizes.argmax())


def free_energy_steps(
    losses: Float[np.ndarray, "runs 2"], coefficients: Float[np.ndarray, "runs 2"]
) -> Float[np.ndarray, " runs"]:
    r"""$N\,\Delta L+\ln N\,\Delta\lambda$ from the fit to generalization."""
    return NUM_TRAIN * np.diff(losses)[:, 0] + math.log(NUM_TRAIN) * np.diff(coefficients)[:, 0]


@paper.claim(
    "coefficient-drop",
    statement="The learning coefficient falls as modular addition is grokked.",
    source="[lakkapragada2025slt, Sec. 3, Fig. 2]",
)
def coefficient_drop(bench: Bench) -> Evidence:
    r"""Train the paper's network on addition mod 53 and compare the estimates at the first
    checkpoint of full train accuracy and at the first of validation accuracy 0.95.

    The region is that of the published runs, between 26 and 17.
    """
    num_seeds = bench.pick(quick=12, full=80)
    found = bench.cached("transitions", lambda: transitions(bench, num_seeds))
    drops = np.diff(found["coefficients"])[:, 0]
    if len(drops) < 3:
        raise ValueError(f"only {len(drops)} of {num_seeds} runs grok: take more seeds")
    mean = found["coefficients"].mean(axis=0)
    return Evidence(
        quantity=r"$\hat\lambda$ at generalization minus $\hat\lambda$ at the fit",
        form=Form.IDENTITY,
        prediction=Prediction(-21.5, 4.5, label="as published"),
        measurement=Samples(drops),
        rivals=(Prediction(0.0, label="no change"),),
        note=f"{len(drops)} of {num_seeds} runs grok; from {mean[0]:.1f} to {mean[1]:.1f} on "
        f"average; the coefficient falls in {int(np.sum(drops < 0))} of them",
    )


@paper.claim(
    "arrhenius",
    statement="The wait between fit and generalization grows exponentially in the step of the free "
    "energy.",
    source="[lakkapragada2025slt, Sec. 3, Fig. 3]",
)
def arrhenius(bench: Bench) -> Evidence:
    r"""Fit $\Delta F = A\ln r+B$ over the runs that grok, $r$ the wait in checkpoints.

    The hypothesis asks for a negative $A$; the published one is $-26.8$, with $R^2 = 0.06$. It
    compares waits with the free energy of the end, not of a barrier: an empirical hypothesis.
    """
    num_seeds = bench.pick(quick=48, full=160)
    found = bench.cached("transitions", lambda: transitions(bench, num_seeds))
    steps = free_energy_steps(found["losses"], found["coefficients"])
    logs = np.log(found["wait"])
    if len(logs) < 5:
        raise ValueError(f"only {len(logs)} of {num_seeds} runs grok: take more seeds")
    (slope, constant), covariance = np.polyfit(logs, steps, 1, cov=True)
    determination = np.corrcoef(logs, steps)[0, 1] ** 2
    line = np.array([logs.min(), logs.max()])
    return Evidence(
        quantity=r"slope of the free energy step over the log wait",
        form=Form.ORDERING,
        prediction=Prediction.at_most(0.0, label="Arrhenius hypothesis"),
        measurement=Estimate(slope, math.sqrt(covariance[0, 0]), len(logs) - 2.0, len(logs)),
        rivals=(Prediction.at_least(0.0, label="waits do not follow the free energy"),),
        note=f"{len(logs)} of {num_seeds} runs grok; R^2 = {determination:.2f}, which is what the "
        "law explains",
        panel=Panel(
            r"log wait $\ln r$ (checkpoints)",
            r"$\Delta F$",
            (
                Series("runs", logs, steps),
                Series("fit", line, slope * line + constant, style="line"),
            ),
        ),
    )

"""Plateaus of training: how toy models of superposition descend from polygon to polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...theory import singular
from ...validation import Axis, Counts, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr
    from jax import Array

    from ..bench import Bench

FEATURES, LENGTH, NOISE, BIAS_SCALE = 8, 0.9, 0.01, 10.0
LEARNING_RATE, MOMENTUM, BATCH_SIZE, EPOCH = 0.01, 0.9, 100, 10
NAMES = "loss_of_features", "active", "constant"
FLAT, LONG = 0.01, 20  # relative range of the loss on a plateau; its records
CLOSE, ACTIVE = 0.03, 0.5  # relative distance from a level; output of an active feature
LEAST = 1e-3  # loss of a plateau that counts
SCALE, LOCALIZATION = 1000 / np.log(1000), 1.0  # of the chains at plateaus, as published
STEP_SIZE, NUM_DRAWS, BETWEEN, BURN_IN = 5e-3, 1000, 20, 4000


def one_hot_task(*, key: jax.Array) -> sim.tasks.Task:
    """A thousand one-hot samples to train on; the eight features themselves to test on."""
    import jax
    import jax.numpy as jnp

    drawn = jax.random.randint(key, (1000,), 0, FEATURES)
    inputs = jnp.eye(FEATURES)[jnp.concatenate([drawn, jnp.arange(FEATURES)])]
    return sim.tasks.independent_samples(inputs, inputs, num_train=1000, spec="one-hot")


def mean_error(model: sim.models.Superposition, batch: sim.tasks.Batch) -> Array:
    """Squared error, averaged over the outputs, too."""
    return sim.squared_error(model, batch) / FEATURES


def own_outputs(model: sim.models.Superposition) -> Array:
    """Output of every feature when it alone is on."""
    import jax.numpy as jnp

    return jnp.diag(model.batched(jnp.eye(FEATURES)))


def draw_digon(key: jax.Array) -> sim.models.Superposition:
    """Draw the start of a run."""
    return sim.models.Superposition.polygon(
        2, features=FEATURES, length=LENGTH, noise=NOISE, bias_scale=BIAS_SCALE, key=key
    )


def train_superposition(bench: Bench) -> xr.Dataset:
    """Train from noisy digons by stochastic gradient descent with momentum."""
    import optax

    num_steps = 4500 * EPOCH
    return bench.train(
        "superposition",
        init=draw_digon,
        task=one_hot_task,
        optimizer=optax.sgd(LEARNING_RATE, momentum=MOMENTUM),
        loss=mean_error,
        num_steps=num_steps,
        batch_size=BATCH_SIZE,
        num_seeds=bench.pick(quick=20, full=60),
        measures={
            "loss_of_features": lambda model, task: mean_error(model, task.test()),
            "active": lambda model, task: (own_outputs(model) > ACTIVE).sum(),
            "constant": lambda model, task: (
                (own_outputs(model) > 0) & (own_outputs(model) <= ACTIVE)
            ).sum(),
            "parameters": sim.measures.parameters,
        },
        dims={"parameters": ("parameter",)},
        record_steps=list(range(0, num_steps + 1, 5 * EPOCH)),
    )


def plateaus_of(losses: Float[np.ndarray, " records"]) -> list[slice]:
    """Maximal stretches of records over which the loss hardly changes."""
    found, first = [], 0
    while first < len(losses) - LONG:
        last = first + LONG
        if np.ptp(losses[first:last]) <= FLAT * losses[first]:
            while last < len(losses) and np.ptp(losses[first : last + 1]) <= FLAT * losses[first]:
                last += 1
            found.append(slice(first, last))
            first = last
        else:
            first += 1
    return found


def middle_of(stretch: slice) -> int:
    """Record in the middle of a plateau."""
    return (stretch.start + stretch.stop) // 2


def snapshots_at(run: xr.Dataset, records: list[int]) -> dict[int, sim.models.Superposition]:
    """Models of a run at some of its records, by their steps."""
    import jax

    like = draw_digon(jax.random.key(0))
    return sim.learning_coefficients.snapshots_of(run.isel(step=records), like)


def visited(
    losses: Float[np.ndarray, " records"],
    active: Int[np.ndarray, " records"],
    constant: Int[np.ndarray, " records"],
) -> dict[tuple[int, int], slice]:
    """Active and constant features of the plateaus of a run, with the records of each."""
    found: dict[tuple[int, int], slice] = {}
    for stretch in plateaus_of(losses):
        middle = middle_of(stretch)
        level = int(active[middle]), int(constant[middle])
        first = found[level].start if level in found else stretch.start
        found[level] = slice(first, stretch.stop)
    return found


def coefficients_at_ends(bench: Bench, runs: xr.Dataset) -> Float[np.ndarray, "runs 2"]:
    """Coefficients at the first and at the last plateau of the runs with more than one."""
    import jax
    import jax.numpy as jnp

    def loss(model: sim.models.Superposition, inputs: Array) -> Array:
        return jnp.mean((model.batched(inputs) - inputs) ** 2, axis=1)

    keys = jax.random.split(bench.key_for("chains"), runs.sizes["seed"])
    rows = []
    for seed, key in enumerate(keys):
        run = runs.isel(seed=seed)
        levels = visited(*(run[name].values for name in NAMES))
        if len(levels) < 2:
            continue
        stretches = list(levels.values())
        ends = [middle_of(stretches[place]) for place in (0, -1)]
        curve = sim.learning_coefficients.llc_along_training(
            loss,
            snapshots_at(run, ends),
            jnp.eye(FEATURES),
            inverse_temperature=SCALE / FEATURES,
            localization=LOCALIZATION,
            step_size=STEP_SIZE,
            num_chains=16,
            num_draws=NUM_DRAWS,
            record_every=BETWEEN,
            burn_in=BURN_IN,
            quiet=True,
            key=key,
        )
        rows.append(curve["llc"].values)
    return np.array(rows).reshape(-1, 2)


def level_of(active: Any, constant: Any) -> Any:
    r"""Loss of $k$ features without error and $j$ of constant output, $(c-k)/c^2-j/c^3$."""
    return (FEATURES - active) / FEATURES**2 - constant / FEATURES**3


@paper.claim(
    "plateaus",
    statement="Training a toy model of superposition rests at the losses of regular polygons, and "
    "its learning coefficient rises from plateau to plateau.",
    source="[lakkapragada2025slt, Sec. 3]; levels derived",
)
def plateaus(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train models of eight features in two dimensions and compare every plateau of the loss above
    a thousandth with the level of its own numbers of active and of constant features.

    A plateau is a stretch of a hundred epochs over which the loss changes by a per cent; it counts
    if it lies within 3 % of its level. The rival is the share that would be met by chance, with the
    levels of the features shuffled among plateaus.

    The coefficient is estimated at the published scale and localization, by chains that settle:
    the published ones end after a fifth of the time of their localization. Judged is its change
    from the first to the last plateau of the runs with more than one.
    """
    runs = train_superposition(bench)
    losses, active, constant = (runs[name].transpose("seed", "step").values for name in NAMES)
    ends = bench.cached(
        "coefficients", lambda: {"coefficients": coefficients_at_ends(bench, runs)}
    )["coefficients"]
    if len(ends) < 3:
        raise ValueError(f"only {len(ends)} of {len(losses)} runs rest twice: take more seeds")
    rows = []
    for seed in range(len(losses)):
        for stretch in plateaus_of(losses[seed]):
            middle = middle_of(stretch)
            rows.append((losses[seed, middle], active[seed, middle], constant[seed, middle]))
    found = np.array([row for row in rows if row[0] > LEAST])
    levels = level_of(found[:, 1], found[:, 2])
    hits = int(np.sum(np.abs(found[:, 0] - levels) <= CLOSE * levels))
    shuffled = bench.generator("shuffle").permuted(np.tile(levels, (200, 1)), axis=1)
    chance = float(np.mean(np.abs(found[None, :, 0] - shuffled) <= CLOSE * shuffled))
    steps = runs["step"].values
    levels_met = Evidence(
        quantity="share of plateaus at the level of their polygon",
        form=Form.EVENT_RATE,
        control=Axis("runs", (f"{len(losses)} seeds",)),
        prediction=Prediction.at_least(0.8, label="regular polygons"),
        measurement=Counts(hits, len(found)),
        rivals=(Prediction(min(chance, 1.0), 0.1, label="any other polygon's level"),),
        note=f"levels without constant features: {np.round(singular.plateaus(FEATURES), 4)}",
        panel=Panel(
            "step",
            "loss over features",
            tuple(
                Series(f"seed {seed}", steps[1:], losses[seed, 1:] + 1e-6, style="line")
                for seed in range(min(4, len(losses)))
            ),
            y_scale="log",
        ),
    )
    rises = Evidence(
        quantity=r"$\hat\lambda$ at the last plateau minus $\hat\lambda$ at the first",
        form=Form.ORDERING,
        prediction=Prediction.at_least(0.0, label="complexity rises"),
        measurement=Samples(np.diff(ends)[:, 0]),
        rivals=(Prediction.at_most(0.0, label="complexity falls"),),
        note=f"{len(ends)} of {len(losses)} runs rest twice; from {ends[:, 0].mean():.1f} to "
        f"{ends[:, 1].mean():.1f} on average; it rises in {int(np.sum(np.diff(ends) > 0))} of them",
    )
    return levels_met, rises

"""Autoencoders: whether the coefficient grows linearly in the width of the bottleneck."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    from jax import Array

    from ..bench import Bench

LEARNING_RATE, NUM_STEPS, NUM_SAMPLES = 3e-3, 20_000, 500
LOCALIZATION, BATCH_SIZE, NUM_CHAINS = 1.0, 64, 2
PUBLISHED_STEP, PUBLISHED_DRAWS = 1e-5, 2000
LONG_DRAWS, BETWEEN = 250, 80


@paper.claim(
    "autoencoders",
    statement="The learning coefficient of an autoencoder grows linearly in the width of its "
    "bottleneck.",
    source="[lakkapragada2025slt, Sec. 4, Fig. 7]",
)
def autoencoders(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train autoencoders $d$-$h$-$r$-$h$-$d$ on data of dimension $r$; estimate the coefficient by
    the chains of the paper, and by chains that last 200 times as long; 20 times at full scale,
    where longer steps diverge once the chains have moved far.

    Judged is $R^2$ of a straight line in $r$; the paper's is 0.998. The chains of the paper take
    2000 steps of $10^{-5}$, a hundredth of the time $1/\gamma$ of their localization. That the long
    ones are flat is the last piece: their last quarter and the one before agree within 10 %.
    """
    dimension, hidden = bench.pick(quick=(20, 32), full=(100, 128))
    widths = bench.pick(quick=(2, 4, 6, 8, 10), full=(10, 25, 40, 55, 70, 85, 100))
    draws = bench.pick(quick=8, full=5)
    long_step = bench.pick(quick=2e-4, full=2e-5)
    times = round(long_step * LONG_DRAWS * BETWEEN / (PUBLISHED_STEP * PUBLISHED_DRAWS))
    found = bench.cached(
        "chains", lambda: _estimates(bench, dimension, hidden, widths, draws, long_step)
    )
    short, before, last = found["short"], found["before"], found["last"]
    long = (before + last) / 2
    series = [
        Series(name, list(widths), values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(draws))
        for name, values in (("as published", short), (f"{times} times as long", long))
    ]
    linear = Prediction.at_least(0.95, label="linear in $r$")
    bent = (Prediction.at_most(0.9, label="not linear"),)
    return (
        Evidence(
            quantity="$R^2$ of a straight line, chains of the paper",
            form=Form.ORDERING,
            prediction=linear,
            measurement=Samples(determinations(widths, short)),
            rivals=bent,
            panel=Panel("bottleneck $r$", r"$\hat\lambda$", tuple(series)),
        ),
        Evidence(
            quantity="$R^2$ of a straight line, long chains",
            form=Form.ORDERING,
            prediction=linear,
            measurement=Samples(determinations(widths, long)),
            rivals=bent,
            note=f"largest loss after training: {found['losses'].max():.2g}",
        ),
        Evidence(
            quantity="last quarter of the long chains over the one before",
            form=Form.IDENTITY,
            control=Axis("bottleneck $r$", widths),
            prediction=Prediction(np.ones(len(widths)), 0.1, label="flat"),
            measurement=Samples(last / before),
            rivals=(Prediction(2.0, label="still growing"),),
        ),
    )


def determinations(widths: tuple[int, ...], values: np.ndarray) -> np.ndarray:
    """$R^2$ of a straight line through every row."""
    return np.array([np.corrcoef(widths, row)[0, 1] ** 2 for row in values])


def mean_error(model: sim.MLP, batch: sim.tasks.Batch) -> Array:
    """Squared error, averaged over the outputs, too."""
    return sim.squared_error(model, batch) / batch.targets.shape[1]


def _estimates(
    bench: Bench,
    dimension: int,
    hidden: int,
    widths: tuple[int, ...],
    draws: int,
    long_step: float,
) -> dict[str, Any]:
    """Coefficients by short chains, and by the two last quarters of long ones."""
    import jax
    import jax.numpy as jnp
    import optax
    from jax.flatten_util import ravel_pytree

    def loss(model: sim.MLP, batch: Array) -> Array:
        return jnp.mean((model.batched(batch) - batch) ** 2, axis=1)

    names = ("short", "before", "last", "losses")
    found = {name: np.empty((draws, len(widths))) for name in names}
    for column, width in enumerate(widths):
        sizes = (dimension, hidden, width, hidden, dimension)

        def init(key: jax.Array, sizes: tuple[int, ...] = sizes) -> sim.MLP:
            return sim.MLP.init(sizes, initialization="torch_uniform", key=key)

        def task(key: jax.Array, width: int = width) -> sim.tasks.Task:
            first, second = jax.random.split(key)
            mixing = jax.random.normal(first, (dimension, width)) / width**0.5
            data = jax.random.normal(second, (NUM_SAMPLES + 1, width)) @ mixing.T
            return sim.tasks.independent_samples(data, data, num_train=NUM_SAMPLES)

        runs = bench.train(
            f"bottleneck-{width}",
            init=init,
            task=task,
            optimizer=optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, NUM_STEPS)),
            loss=mean_error,
            num_steps=NUM_STEPS,
            batch_size=BATCH_SIZE,
            num_seeds=draws,
            measures={"error": lambda model, task: mean_error(model, task.train())},
            final={
                "weights": lambda model, task: ravel_pytree(model)[0],
                "data": lambda model, task: task.train().inputs,
            },
            dims={"weights": ("parameter",), "data": ("sample", "feature")},
            record_steps=[0, NUM_STEPS],
        )
        unravel = ravel_pytree(init(jax.random.key(0)))[1]
        for seed in range(draws):
            run = runs.isel(seed=seed)
            found["losses"][seed, column] = run["error"].values[-1]
            settings = {
                "localization": LOCALIZATION,
                "batch_size": BATCH_SIZE,
                "num_chains": NUM_CHAINS,
                "burn_in": 0,
                "quiet": True,
            }
            keys = jax.random.split(
                jax.random.fold_in(bench.key_for("chains"), seed * len(widths) + column)
            )
            where = unravel(jnp.asarray(run["weights"].values))
            data = jnp.asarray(run["data"].values)
            short = sim.llc(
                loss,
                where,
                data,
                step_size=PUBLISHED_STEP,
                num_draws=PUBLISHED_DRAWS,
                key=keys[0],
                **settings,
            )
            long = sim.llc(
                loss,
                where,
                data,
                step_size=long_step,
                num_draws=LONG_DRAWS,
                record_every=BETWEEN,
                noise="binomial",
                key=keys[1],
                **settings,
            )
            if not math.isfinite(long.value):
                raise ValueError(f"chains diverged at the bottleneck {width}, seed {seed}")
            quarters = np.array_split(long.draws.mean(axis=0), 4)
            found["short"][seed, column] = short.value
            found["before"][seed, column] = quarters[2].mean()
            found["last"][seed, column] = quarters[3].mean()
            bench.progress((column * draws + seed + 1) / (draws * len(widths)), "chains")
    return found

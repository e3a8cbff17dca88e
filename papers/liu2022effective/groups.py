"""Permutations: matrices for embeddings, products for sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int

from ... import simulations as sim
from ...theory import representation as theory
from ...validation import Counts, Estimate, Evidence, Form, Panel, Prediction, Series
from ._card import paper
from ._runs import (
    GOOD_QUALITY,
    OUTPUTS,
    PERMUTATIONS,
    decoder_of_products,
    mean_squared_error,
    product_quality,
    train_pairs,
    two_rates,
)

if TYPE_CHECKING:
    import xarray as xr
    from jax import Array

    from ..bench import Bench

ORDER, PAIRS = 6, 36
_ABSOLUTE_PENALTY = 1e-3


def penalized_error(model: Any, batch: sim.tasks.Batch) -> Array:
    """Squared error with the paper's penalty on the absolute values of the embeddings."""
    import jax.numpy as jnp

    return mean_squared_error(model, batch) + _ABSOLUTE_PENALTY * jnp.mean(jnp.abs(model.embedding))


def permutations(key: Array, num_train: Array) -> sim.tasks.Task:
    """All pairs of permutations of three things, with a random vector for every product."""
    import jax

    order_key, target_key = jax.random.split(jax.random.fold_in(key, num_train.astype(int)))
    task = sim.GroupMultiplication(
        PERMUTATIONS, train_fraction=0.5, min_train_fraction=0.25, max_train_fraction=0.95
    ).sample(key=order_key)
    vectors = jax.random.normal(target_key, (ORDER, OUTPUTS))
    return task.with_targets(vectors[task.targets]).with_num_train(num_train)


@paper.claim(
    "symmetric-group",
    statement="Half of the multiplication table of the permutations of three things determines "
    "their representation, and networks never find it from less.",
    source="[liu2022effective, App. H, Fig. 18]",
    memory_gib=(1.0, 2.0),
)
def symmetric_group(bench: Bench) -> tuple[Evidence, ...]:
    r"""Close random training sets under the deductions of a group, and train networks on others.

    A training set determines the representation if it implies 95 % of the generalized
    parallelograms. The critical fraction of the deductions must be the paper's one half, within
    0.05; its rival is that of addition. Networks whose training set implies less may find the
    representation in one run of ten at most; the rival grants them the rate of all others. As for
    addition, a determined representation is necessary and not sufficient.
    """
    table = sim.GroupMultiplication(PERMUTATIONS).table
    everything = len(theory.group_parallelograms(table))

    def share(samples: Int[np.ndarray, "samples 2"]) -> float:
        return len(theory.deduced_parallelograms(table, samples)) / everything

    sizes = np.arange(14, 22)
    draws = bench.pick(quick=150, full=2000)

    def deduce() -> dict[str, np.ndarray]:
        rng = bench.generator("deductions")
        pairs = np.stack(np.divmod(np.arange(PAIRS), ORDER), axis=1)
        found = np.zeros((len(sizes), draws))
        for row, size in zip(found, sizes, strict=True):
            bench.progress(float(np.mean(sizes < size)), "deductions")
            row[:] = [share(pairs[rng.permutation(PAIRS)[:size]]) for _ in range(draws)]
        return {"share": found}

    deduced = bench.cached("deductions", deduce)["share"]
    critical = sim.critical_fraction.fit_critical_fraction(
        sizes / PAIRS, deduced, threshold=GOOD_QUALITY
    )
    runs = train(bench)
    step = runs["quality_step"].transpose("num_train", "seed").values
    implied = np.zeros(step.shape)
    for at in np.ndindex(step.shape):
        implied[at] = share(train_pairs(runs.isel(num_train=at[0], seed=at[1])))
    is_determined, succeeds = implied >= GOOD_QUALITY, step >= 0
    if is_determined.all() or not (succeeds & is_determined).any():
        raise ValueError(
            f"{np.sum(~is_determined)} training sets leave the representation open and "
            f"{np.sum(succeeds & is_determined)} others succeed: take more sizes or seeds"
        )
    fractions = runs["num_train"].values / PAIRS
    return (
        Evidence(
            quantity="train fraction at which half of the sets determine the representation",
            form=Form.THRESHOLD,
            prediction=Prediction(
                0.5, 0.05, label="published, near one half", source="[liu2022effective, Fig. 18]"
            ),
            measurement=Estimate(critical.value, critical.standard_error, samples=draws),
            rivals=(Prediction(theory.critical_fraction(10).fraction, label="as for addition"),),
        ),
        Evidence(
            quantity="networks that find the representation, of those without a determined one",
            form=Form.EVENT_RATE,
            prediction=Prediction(0.0, (0.0, 0.1), label="never"),
            measurement=Counts(np.sum(succeeds & ~is_determined), np.sum(~is_determined)),
            rivals=(
                Prediction(
                    np.sum(succeeds & is_determined) / np.sum(is_determined),
                    label="as often as those with a determined one",
                ),
            ),
            note=f"{np.sum(succeeds & is_determined)} of {np.sum(is_determined)} networks with a "
            "determined representation find it",
            panel=Panel(
                "train fraction",
                "share",
                (
                    Series("networks with index above 0.95", fractions, succeeds.mean(axis=1)),
                    Series(
                        "determined training sets",
                        sizes / PAIRS,
                        np.mean(deduced >= GOOD_QUALITY, axis=1),
                        style="line",
                    ),
                ),
            ),
        ),
    )


def train(bench: Bench) -> xr.Dataset:
    """Train on random parts of the table, all independent, until the representation is found."""
    import jax

    num_steps = bench.pick(quick=4000, full=10_000)
    return bench.train(
        "permutations",
        init=lambda key, num_train: decoder_of_products(
            jax.random.fold_in(key, num_train.astype(int))
        ),
        task=permutations,
        optimizer=two_rates(),
        loss=penalized_error,
        num_steps=num_steps,
        record_steps=list(range(0, num_steps + 1, num_steps // 20)),
        sweep={
            "num_train": bench.pick(quick=(14, 15, 16, 17, 24, 30), full=tuple(range(12, 35, 2)))
        },
        num_seeds=bench.pick(quick=16, full=30),
        events={"quality_step": lambda model, task: product_quality(model, task) > GOOD_QUALITY},
        stop="events",
        final={"pairs": lambda model, task: task.inputs[task.order]},
        dims={"pairs": ("sample", "place")},
    )

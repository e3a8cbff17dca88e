"""What several claims of the paper share: random numbers, and the runs at the data threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...theory import li2

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench


def train_fraction_runs(bench: Bench, modulus: int) -> xr.Dataset:
    """Train on modular addition over a ladder of train fractions, nested for each seed.

    The ladder spans 0.65 to 1.35 times the published threshold. Adam with coupled L2, 3000 epochs;
    `accuracy` is the test accuracy at the end of a run, which is cut short above 0.99; `order` is
    that of the pairs, whose first ones are the train set.
    """
    ladder = np.linspace(0.65, 1.35, bench.pick(quick=8, full=15))
    fractions = np.round(ladder * li2.critical_fraction(modulus), 4).tolist()
    spec = sim.ModularAddition(
        modulus,
        train_fraction=fractions[-1],
        min_train_fraction=fractions[0],
        max_train_fraction=fractions[-1],
    )
    return bench.train(
        f"train-fraction-M{modulus}",
        init=lambda key: sim.TwoLayerNet.init(modulus, 256, key=key),
        task=lambda key, train_fraction: spec.sample(key=key).with_train_fraction(train_fraction),
        optimizer=sim.optimizers.coupled_adam(2e-3, 2e-4),
        loss=sim.fused_centered_squared_error,
        num_steps=3000,
        record_steps=list(range(0, 3001, 250)),
        sweep={"train_fraction": fractions},
        num_seeds=bench.pick(quick=4, full=8),
        measures={"test_accuracy": sim.measures.test_accuracy},
        final={"accuracy": sim.measures.test_accuracy, "order": _sample_order},
        dims={"order": ("sample",)},
        stop=lambda measured: measured["test_accuracy"] > 0.99,
    )


def _sample_order(model: sim.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    """The order of the pairs whose first ones are the train set."""
    return task.order


def sample_orders(bench: Bench, modulus: int) -> Int[np.ndarray, "seeds samples"]:
    """Return the pairs in the order in which the nested train sets take them, for each seed."""
    return train_fraction_runs(bench, modulus)["order"].isel(train_fraction=0).values


def critical_fractions(bench: Bench, modulus: int) -> Float[np.ndarray, " seeds"]:
    """Return the train fraction at which final test accuracy crosses one half, for each seed."""
    accuracy = train_fraction_runs(bench, modulus)["accuracy"]
    fractions = accuracy["train_fraction"].values
    by_seed = accuracy.transpose("seed", "train_fraction").values
    return np.array([crossing(fractions, accuracies) for accuracies in by_seed])


def crossing(
    x: Float[np.ndarray, " points"], y: Float[np.ndarray, " points"], *, level: float = 0.5
) -> float:
    """Return where a rising, noisy curve crosses a level.

    Interpolates the mean of the lowest rising curve above the data and the highest one below.

    Raises
    ------
    ValueError
        If the curve stays on one side of the level.
    """
    rising = (np.maximum.accumulate(y) + np.minimum.accumulate(y[::-1])[::-1]) / 2
    if not rising[0] < level < rising[-1]:
        raise ValueError(
            f"the curve must cross {level} between {x[0]:g} and {x[-1]:g}, got values from "
            f"{rising[0]:.3g} to {rising[-1]:.3g}: widen the range"
        )
    after = int(np.argmax(rising >= level))
    return float(np.interp(level, rising[after - 1 : after + 1], x[after - 1 : after + 1]))

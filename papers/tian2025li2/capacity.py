"""How many nodes the features need, and an optimizer that wastes fewer of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import li2
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._probes import loss_of_all_pairs, test_loss

if TYPE_CHECKING:
    from ..bench import Bench

CAPACITY_MODULUS = 23


def _capacity_widths(bench: Bench) -> np.ndarray:
    return np.array(bench.pick(quick=(22, 33, 44, 56), full=(11, 22, 28, 33, 38, 44, 50, 56, 66)))


def _smallest_losses(bench: Bench) -> np.ndarray:
    """Best loss of all pairs within each group of three seeds, `[groups, widths]`."""
    groups = bench.pick(quick=5, full=12)
    spec = sim.ModularAddition(CAPACITY_MODULUS, train_fraction=0.8)

    def best(width: int) -> np.ndarray:
        runs = bench.train(
            f"capacity-width-{width}",
            key=bench.key_for("capacity"),
            init=lambda key: sim.TwoLayerNet.init(CAPACITY_MODULUS, width, key=key),
            task=lambda key: spec.sample(key=key),
            optimizer=sim.optimizers.coupled_adam(5e-3, 5e-5),
            loss=sim.fused_centered_squared_error,
            num_steps=4000,
            record_steps=[0, 1000, 2000, 3000, 4000],
            num_seeds=3 * groups,
            measures={"loss_of_all_pairs": loss_of_all_pairs},
        )
        return runs["loss_of_all_pairs"].isel(step=-1).values.reshape(groups, 3).min(axis=1)

    return np.stack([best(int(width)) for width in _capacity_widths(bench)], axis=1)


@paper.claim(
    "capacity",
    statement="A network of K nodes reaches the loss (1 - 1/M) max(0, 1 - K / 2(M-1)).",
    source="[tian2025li2, Thm. 3], sharpened: four nodes a frequency (derived)",
    headline=True,
)
def capacity(bench: Bench) -> Evidence:
    """Best of three seeds after training, against the construction with four nodes a frequency.

    The loss is that of all pairs, train and test, since the construction solves all of them. It is
    an achievable value: incomplete frequencies may do a little better, hence the tolerance of 0.08
    below the capacity and 0.03 at and above it.
    """
    widths, losses = _capacity_widths(bench), _smallest_losses(bench)
    full_width = li2.sufficient_width(CAPACITY_MODULUS)
    predicted = np.array([li2.capacity_loss(int(width), CAPACITY_MODULUS) for width in widths])
    random_phases = (1 - 1 / CAPACITY_MODULUS) * np.maximum(0, 1 - widths / (2 * full_width))
    return Evidence(
        quantity="smallest loss per sample",
        form=Form.CURVE,
        control=Axis("width K", tuple(widths.tolist())),
        prediction=Prediction(
            predicted, np.where(widths < full_width, 0.08, 0.03), label="four nodes a frequency"
        ),
        measurement=Samples(losses),
        rivals=(Prediction(random_phases, label="eight nodes a frequency (random phases)"),),
    )


@paper.claim(
    "capacity-width",
    statement="The loss vanishes at a width of 2(M-1) nodes.",
    source="[tian2025li2, Thm. 3]; with real weights (derived)",
)
def capacity_width(bench: Bench) -> Evidence:
    """Linear extrapolation of the loss from the widths below, in each group. Runs of `capacity`."""
    widths, losses = _capacity_widths(bench), _smallest_losses(bench)
    full_width = li2.sufficient_width(CAPACITY_MODULUS)
    below = widths < full_width
    slopes, intercepts = np.polyfit(widths[below], losses[:, below].T, 1)
    return Evidence(
        quantity="width at which the loss vanishes",
        form=Form.THRESHOLD,
        unit="nodes",
        prediction=Prediction(full_width, (0.05 * full_width, 0.1 * full_width), label="2(M-1)"),
        measurement=Samples(-intercepts / slopes),
        rivals=(Prediction(2 * full_width, label="4(M-1), random phases"),),
        panel=Panel(
            "width K",
            "smallest loss per sample",
            (
                Series(
                    "measured",
                    widths,
                    losses.mean(axis=0),
                    losses.std(axis=0, ddof=1) / np.sqrt(len(losses)),
                ),
            ),
        ),
    )


@paper.claim(
    "muon",
    statement="With too few nodes, Muon finds more of the features than Adam: lower test loss.",
    source="[tian2025li2, Thm. 8, Fig. 8]",
)
def muon(bench: Bench) -> Evidence:
    """Paired seeds; each optimizer at the better of two learning rates, 0.005 and 0.02."""
    modulus, width = bench.pick(quick=(31, 48), full=(71, 110))
    spec = sim.ModularAddition(modulus, train_fraction=0.7)

    def test_losses(optimizer: str) -> np.ndarray:
        make = getattr(sim.optimizers, optimizer)
        runs = bench.train(
            f"small-width-{optimizer}",
            key=bench.key_for("small-width"),
            init=lambda key: sim.TwoLayerNet.init(modulus, width, key=key),
            task=lambda key: spec.sample(key=key),
            optimizer=lambda learning_rate: make(learning_rate, 5e-5),
            loss=sim.fused_centered_squared_error,
            num_steps=2000,
            sweep={"learning_rate": [0.005, 0.02]},
            num_seeds=bench.pick(quick=16, full=32),
            measures={"test_loss": test_loss},
        )
        final = runs["test_loss"].isel(step=-1).values
        return final[final.mean(axis=1).argmin()]

    return Evidence(
        quantity="test loss of Adam minus test loss of Muon",
        form=Form.ORDERING,
        prediction=Prediction.at_least(0.0, label="Muon is better"),
        measurement=Samples(test_losses("coupled_adam") - test_losses("muon")),
        rivals=(Prediction(0.0, 0.0, label="the optimizer does not matter"),),
    )

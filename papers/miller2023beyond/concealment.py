"""Concealment: random bits beside the operands of modular arithmetic lengthen the delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...validation import Evidence, Form, Panel, Prediction, Samples, Series, fit_law
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

BITS = (0, 10, 20, 30, 40)
THRESHOLD = 0.95  # of both accuracies
WIDTH, BATCH_SIZE, STEPS_PER_EPOCH = 1000, 32, 18  # 600 samples; the incomplete batch is left out
LEARNING_RATE, WEIGHT_DECAY = 0.1, 1e-2


class Gaps(NamedTuple):
    """Epochs between the two accuracies, one row a run of all numbers of bits.

    A gap shorter than an epoch counts as one, so that its logarithm is zero as in the paper. Gaps
    of runs that do not generalize end with the horizon; those are censored.
    """

    bits: Int[np.ndarray, " bits"]
    epochs: Float[np.ndarray, "runs bits"]
    is_censored: Float[np.ndarray, "runs bits"]


def train_concealed(bench: Bench) -> Gaps:
    """Train networks on every operation and number of bits until both accuracies are there."""
    operations = bench.pick(quick=("a + b",), full=tuple(sim.tasks.CONCEALED_OPERATIONS))
    num_seeds, epochs = bench.pick(quick=(8, 1500), full=(3, 3000))
    rows = []
    for operation in operations:
        columns = [
            _gaps_of(bench, operation, count, num_seeds=num_seeds, num_epochs=epochs)
            for count in BITS
        ]
        rows.append(np.stack(columns, axis=1))
    gaps = np.concatenate(rows)
    censored = ~np.isfinite(gaps)
    clipped = np.where(censored, epochs, np.maximum(gaps, 1.0))
    return Gaps(np.array(BITS), clipped, censored.astype(float))


def train_network(
    bench: Bench,
    name: str,
    spec: sim.tasks.ConcealedModular,
    *,
    measures: Mapping[str, Callable] | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Train the wide network of the paper; both accuracies are measured, and what is asked for."""

    def init(key: jax.Array) -> sim.MLP:
        sizes = (spec.dimension, WIDTH, spec.num_classes)
        return sim.MLP.init(sizes, initialization="xavier_uniform", biases="first", key=key)

    return bench.train(
        name,
        init=init,
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(LEARNING_RATE, WEIGHT_DECAY),
        loss=sim.cross_entropy,
        batch_size=BATCH_SIZE,
        measures={"train": sim.measures.train_accuracy, "test": sim.measures.test_accuracy}
        | dict(measures or {}),
        **settings,
    )


def _gaps_of(
    bench: Bench, operation: str, num_spurious: int, *, num_seeds: int, num_epochs: int
) -> Float[np.ndarray, " seeds"]:
    num_steps = num_epochs * STEPS_PER_EPOCH
    runs = train_network(
        bench,
        f"{list(sim.tasks.CONCEALED_OPERATIONS).index(operation)}-{num_spurious}-bits",
        sim.tasks.ConcealedModular(operation=operation, num_spurious=num_spurious),
        key=bench.key_for(operation),
        num_steps=num_steps,
        num_seeds=num_seeds,
        stop=lambda seen: (seen["train"] > THRESHOLD) & (seen["test"] > THRESHOLD),
        record_steps=list(range(0, num_steps + 1, STEPS_PER_EPOCH)),
    )
    train, test = (
        sim.detectors.crossing_time(
            runs["step"].values, runs[part].transpose("seed", "step").values, THRESHOLD
        ).times
        for part in ("train", "test")
    )
    gaps = np.full(len(test), np.inf)
    seen = np.isfinite(train) & np.isfinite(test)
    gaps[seen] = np.abs(test[seen] - train[seen]) / STEPS_PER_EPOCH
    return gaps


def straight_line(
    bits: Float[np.ndarray, " bits"], intercept: float, slope: float
) -> Float[np.ndarray, " bits"]:
    """Gap that grows linearly, the rival: $|b| + |a|k$."""
    return np.abs(intercept) + np.abs(slope) * bits


class Laws(NamedTuple):
    """What is fitted to every run."""

    rate: Float[np.ndarray, " runs"]
    correlation: Float[np.ndarray, " runs"]
    advantage: Float[np.ndarray, " runs"]


def fit_gaps(gaps: Gaps) -> Laws:
    """Fit the exponential law run by run: rate, Pearson correlation of the logarithm, and AICc
    minus that of a straight line."""
    bits, found = gaps.bits.astype(float), []
    for row in gaps.epochs:
        exponential = np.polyfit(bits, np.log(row), 1)
        residuals = np.log(row) - np.polyval(exponential, bits)
        line = fit_law(
            bits,
            row,
            law=straight_line,
            start={"intercept": float(row[0]), "slope": float(np.ptp(row) / np.ptp(bits))},
        )
        ratio = np.sum(residuals**2) / np.sum(line.residuals**2)
        # Both laws have two parameters, so that only the residuals differ.
        found.append(
            (exponential[0], np.corrcoef(bits, np.log(row))[0, 1], len(bits) * np.log(ratio))
        )
    return Laws(*np.array(found).T)


@paper.claim(
    "concealment",
    statement="Random bits beside the operands conceal the task: the gap between the two "
    "accuracies grows exponentially in their number.",
    source="[miller2023beyond, Sec. 2.2, Fig. 4, App. F]",
)
def concealment(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train a wide network by stochastic gradient descent on modular arithmetic behind 0 to 40
    random bits, and fit $\ln\Delta_k = ak+\ln b$ for every seed (and operation, at full scale).

    The gap counts from train to validation accuracy 0.95. Both accuracies are taken at the end of
    an epoch and over the whole set.
    """
    gaps = train_concealed(bench)
    laws = fit_gaps(gaps)
    mean = np.log(gaps.epochs).mean(axis=0)
    fitted = np.polyval(np.polyfit(gaps.bits, mean, 1), gaps.bits)
    spread = np.log(gaps.epochs).std(axis=0, ddof=1) / np.sqrt(len(gaps.epochs))
    censored = int(gaps.is_censored.sum())
    return (
        Evidence(
            quantity="growth rate of the log gap for one more bit",
            form=Form.LAW,
            prediction=Prediction(0.09, 0.03, label="about 0.09 a bit"),
            measurement=Samples(laws.rate),
            rivals=(Prediction(0.0, label="bits do not matter"),),
            note=f"{censored} of {gaps.epochs.size} runs are censored at the horizon",
            panel=Panel(
                "random bits",
                "gap (epochs)",
                (
                    Series("exponential", gaps.bits, np.exp(fitted), style="line"),
                    Series("networks", gaps.bits, np.exp(mean), np.exp(mean) * spread),
                ),
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="Pearson correlation of the log gap and the number of bits",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.85, label="exponential"),
            measurement=Samples(laws.correlation),
            rivals=(Prediction.at_most(0.5, label="bits hardly matter"),),
        ),
        Evidence(
            quantity="AICc of the exponential law minus that of a straight line",
            form=Form.ORDERING,
            prediction=Prediction.at_most(0.0, label="exponential"),
            measurement=Samples(laws.advantage),
            rivals=(Prediction.at_least(2.0, label="straight line"),),
        ),
    )

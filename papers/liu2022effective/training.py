"""Trained networks against the effective theory: who generalizes, when, and how well."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from ...theory import representation as theory
from ...validation import Counts, Estimate, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import SYMBOLS, addition_runs, train_pairs

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench


@dataclass(frozen=True, eq=False)
class Readings:
    """What theory says about the train set of every run, and what the run did.

    `is_unique`, `rate` and `predicted` are the theory's: from the train set alone, but for
    `predicted`, which also takes the trained embeddings. `step` is that of the quality index above
    0.95, -1 if never; `accuracy` is on all samples, at the end.
    """

    sizes: Int[np.ndarray, " sizes"]
    is_unique: Bool[np.ndarray, "sizes seeds"]
    rate: Float[np.ndarray, "sizes seeds"]
    step: Int[np.ndarray, "sizes seeds"]
    predicted: Float[np.ndarray, "sizes seeds"]
    accuracy: Float[np.ndarray, "sizes seeds"]

    @classmethod
    def of(cls, runs: xr.Dataset) -> Readings:
        """Read all runs over `num_train` and `seed`."""
        sizes = runs["num_train"].values.astype(int)
        shape = (len(sizes), runs.sizes["seed"])
        is_unique, rate, predicted = np.zeros(shape, bool), np.zeros(shape), np.zeros(shape)
        everything = theory.parallelograms(SYMBOLS)
        for at in np.ndindex(shape):
            run = runs.isel(num_train=at[0], seed=at[1])
            samples = train_pairs(run)
            is_unique[at] = theory.nullity(theory.parallelograms(SYMBOLS, samples), SYMBOLS) == 2
            rate[at] = theory.grokking_rate(samples, SYMBOLS, squared_norm=SYMBOLS)
            closed = theory.closed_parallelograms(
                run["embedding"].values.astype(np.float64), everything
            )
            predicted[at] = theory.predicted_accuracy(
                samples, everything[closed], num_symbols=SYMBOLS
            )
        runs = runs.transpose("num_train", "seed", ...)
        return cls(
            sizes=sizes,
            is_unique=is_unique,
            rate=rate,
            step=runs["quality_step"].values,
            predicted=predicted,
            accuracy=runs["accuracy"].values.astype(np.float64),
        )


@paper.claim(
    "uniqueness-necessary",
    statement="A network whose training set leaves the linear representation undetermined never "
    "finds it.",
    source="[liu2022effective, Sec. 3.2, Fig. 4b]",
    memory_gib=(1.0, 2.0),
)
def uniqueness_necessary(bench: Bench) -> Evidence:
    r"""Train on sets of several sizes and count runs that close 95 % of all parallelograms.

    Every training set is sorted by the nullity of its parallelograms, an integer rank that knows of
    no network. At most one undetermined run in ten may succeed; the rival grants them the rate of
    determined ones. A unique representation is necessary, and not sufficient: many of those runs
    fail as well, most of all on small sets, so that the note also gives their rate at equal size.
    """
    readings = Readings.of(addition_runs(bench))
    succeeds = readings.step >= 0
    open_sets = ~readings.is_unique
    if not open_sets.any() or not (succeeds & readings.is_unique).any():
        raise ValueError(
            f"{open_sets.sum()} runs have no unique representation and "
            f"{(succeeds & readings.is_unique).sum()} with one succeed: take more sizes or seeds"
        )
    fractions = readings.sizes / (SYMBOLS * (SYMBOLS + 1) / 2)
    return Evidence(
        quantity="runs that find the linear representation, of those without a unique one",
        form=Form.EVENT_RATE,
        prediction=Prediction(0.0, (0.0, 0.1), label="never", source="[liu2022effective, Fig. 4b]"),
        measurement=Counts(np.sum(succeeds & open_sets), np.sum(open_sets)),
        rivals=(
            Prediction(
                np.sum(succeeds & readings.is_unique) / readings.is_unique.sum(),
                label="as often as determined sets",
            ),
        ),
        note=f"{np.sum(succeeds & readings.is_unique)} of {readings.is_unique.sum()} runs with a "
        "unique representation succeed, at equal size "
        f"{matched_rate(succeeds, readings.is_unique):.0%}",
        panel=Panel(
            "train fraction",
            "share of runs",
            (
                Series("trained: index above 0.95", fractions, succeeds.mean(axis=1)),
                Series(
                    "unique representation",
                    fractions,
                    theory.unique_probability(SYMBOLS, readings.sizes).probability,
                    style="line",
                ),
            ),
        ),
    )


def matched_rate(
    succeeds: Bool[np.ndarray, "sizes seeds"], is_unique: Bool[np.ndarray, "sizes seeds"]
) -> float:
    """Success rate of determined sets, the sizes weighted as among undetermined ones.

    Sizes without a determined set do not count; if there is none left, all determined sets do.
    """
    determined = is_unique.sum(axis=1)
    rates = np.sum(succeeds & is_unique, axis=1) / np.maximum(determined, 1)
    weights = np.sum(~is_unique, axis=1) * (determined > 0)
    if not weights.any():
        return float(np.sum(succeeds & is_unique) / is_unique.sum())
    return float(weights @ rates / weights.sum())


@paper.claim(
    "speed-eigenvalue",
    statement="Networks find the linear representation the sooner the larger the third eigenvalue "
    "of the effective Hessian is.",
    source="[liu2022effective, Sec. 3.2, Fig. 5b]",
    memory_gib=(1.0, 2.0),
)
def speed_eigenvalue(bench: Bench) -> Evidence:
    r"""Rank correlation of $\lambda_3$ of each training set and the step at which the network
    closes 95 % of all parallelograms, over the runs with a unique representation that do.

    The error is that of a jackknife over seeds. A common factor of all times does not matter: Adam
    does not follow the flow, and normalizations differ.
    """
    readings = Readings.of(addition_runs(bench))
    counts = readings.is_unique & (readings.step >= 0)
    value, error = rank_correlation(readings.rate, readings.step, counts)
    return Evidence(
        quantity=r"rank correlation of $\lambda_3$ and the step of generalization",
        form=Form.ORDERING,
        prediction=Prediction.at_most(-0.4, label=r"$t \propto 1/\lambda_3$"),
        measurement=Estimate(
            value, error, degrees_of_freedom=counts.shape[1] - 1, samples=counts.shape[1]
        ),
        rivals=(Prediction(0.0, (0.1, math.inf), label="the eigenvalue does not matter"),),
        note=f"{counts.sum()} of {readings.is_unique.sum()} runs with a unique representation "
        "succeed and count",
        panel=Panel(
            r"$\lambda_3$",
            "step at index 0.95",
            (
                Series("trained", readings.rate[counts], readings.step[counts]),
                Series(
                    r"$\propto 1/\lambda_3$",
                    *_inverse(readings.rate[counts], readings.step[counts]),
                    style="dashed",
                ),
            ),
            x_scale="log",
            y_scale="log",
        ),
    )


def rank_correlation(
    rate: Float[np.ndarray, "sizes seeds"],
    step: Int[np.ndarray, "sizes seeds"],
    counts: Bool[np.ndarray, "sizes seeds"],
) -> tuple[float, float]:
    """Spearman's correlation over the runs that count, and its error by leaving out seeds.

    Raises
    ------
    ValueError
        If fewer than twelve runs count.
    """
    from scipy.stats import spearmanr

    if counts.sum() < 12:
        raise ValueError(
            f"only {counts.sum()} runs have a unique representation and find it, too few for a "
            "correlation: take more sizes or seeds"
        )

    def correlation(rate: np.ndarray, step: np.ndarray, counts: np.ndarray) -> float:
        return float(np.asarray(spearmanr(rate[counts], step[counts]))[0])

    seeds = counts.shape[1]
    others = np.array(
        [
            correlation(*(np.delete(values, seed, axis=1) for values in (rate, step, counts)))
            for seed in range(seeds)
        ]
    )
    return correlation(rate, step, counts), float(
        np.sqrt((seeds - 1) * np.mean((others - others.mean()) ** 2))
    )


def _inverse(
    rate: Float[np.ndarray, " runs"], step: Int[np.ndarray, " runs"]
) -> tuple[np.ndarray, np.ndarray]:
    """The law through the median run."""
    rates = np.geomspace(rate.min(), rate.max(), 30)
    return rates, np.median(step * rate) / rates


@paper.claim(
    "predicted-accuracy",
    statement="The accuracy of a trained network is the share of samples that its parallelograms "
    "connect to training samples.",
    source="[liu2022effective, Sec. 3.1, Fig. 3c]",
    memory_gib=(1.0, 2.0),
)
def predicted_accuracy(bench: Bench) -> Evidence:
    """Compare accuracies on all samples with those predicted from the trained embeddings, in one
    dimension, run by run.

    The decoder's outputs are on one side; on the other only which sums of embeddings coincide.
    The rivals are memorization, an accuracy of the train fraction, and full generalization.
    """
    readings = Readings.of(addition_runs(bench))
    fractions = readings.sizes / (SYMBOLS * (SYMBOLS + 1) / 2)

    def deviation(accuracy: np.ndarray) -> np.ndarray:
        return np.abs(accuracy - readings.predicted).mean(axis=0)

    return Evidence(
        quantity="|accuracy - predicted accuracy|, mean over sizes of the train set",
        form=Form.CURVE,
        prediction=Prediction(
            0.0, 0.05, label="parallelograms", source="[liu2022effective, Eq. 2]"
        ),
        measurement=Samples(deviation(readings.accuracy)),
        rivals=(
            Prediction(
                float(deviation(np.broadcast_to(fractions[:, None], readings.step.shape)).mean()),
                label="train samples alone",
            ),
            Prediction(float(deviation(np.ones(readings.step.shape)).mean()), label="all samples"),
        ),
        panel=Panel(
            "predicted accuracy",
            "accuracy",
            (
                Series("equal", [0.3, 1.0], [0.3, 1.0], style="line"),
                Series("trained", readings.predicted.ravel(), readings.accuracy.ravel()),
            ),
        ),
    )

"""The four phases of training, and what moves a network from one to the other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import (
    DECODER_RATE,
    addition,
    addition_quality,
    decoder_of_sums,
    mean_squared_error,
    test_accuracy,
    train_accuracy,
    two_rates,
)

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

COMPREHENSION, GROKKING, MEMORIZATION, CONFUSION = range(4)


def diagram(bench: Bench, name: str, **changes: Any) -> xr.Dataset:
    """Draw a phase diagram of the addition network; the published settings unless changed."""
    settings: dict[str, Any] = {
        "init": decoder_of_sums,
        "task": addition(),
        "optimizer": two_rates,
        "loss": mean_squared_error,
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        "threshold": 0.9,
        "grokking_delay": 1000,
    }
    return bench.phase_diagram(name, **(settings | changes))


@paper.claim(
    "four-phases",
    statement="Learning rate and weight decay of the decoder bring a network into one of four "
    "phases; grokking lies between comprehension and memorization.",
    source="[liu2022effective, Sec. 4.1, Fig. 6]",
    memory_gib=(1.0, 2.0),
)
def four_phases(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train over the plane of Fig. 6b and name the phases by the published thresholds.

    From some seeds the network generalizes nowhere on the plane, in others everything happens; the
    paper shows one of these. Where it generalizes at all, every phase must cover at least 2 % of
    the plane; the rival has no grokking to speak of. And in rows of one learning rate that cross
    both phases, grokking must lie at larger weight decay than comprehension, and memorization
    beyond grokking; the rivals are the reverse orders, or none. Embeddings start at a tenth of the
    paper's size, from which more seeds generalize. How the learning rate of the decoder leads to
    memorization is part of `initial-scale`.
    """
    rates, decays, seeds = bench.pick(quick=(6, 5, 6), full=(16, 16, 12))
    found = diagram(
        bench,
        "phases",
        init=lambda key: decoder_of_sums(key, 0.1),
        axes={
            "decoder_learning_rate": np.geomspace(1e-5, 1e-2, rates).tolist(),
            "weight_decay": np.linspace(0.0, 10.0, decays).tolist(),
        },
        num_steps=10_000,
        num_seeds=seeds,
    )
    phase = found["phase"].transpose("seed", "decoder_learning_rate", "weight_decay").values
    generalizes = (phase <= GROKKING).any(axis=(1, 2))
    if not generalizes.any():
        raise ValueError(f"none of {seeds} seeds generalizes anywhere: take more seeds")
    planes = phase[generalizes]
    shares = np.stack([(planes == index).mean(axis=(1, 2)) for index in range(4)], axis=1)
    ceiling = np.array([math.inf, 0.005, math.inf, math.inf])
    decay = found["weight_decay"].values
    return (
        Evidence(
            quantity="share of the plane",
            form=Form.ORDERING,
            control=Axis("phase", tuple(sim.phase_diagrams.PHASES)),
            prediction=Prediction.at_least(np.full(4, 0.02), label="four phases"),
            measurement=Samples(shares),
            rivals=(Prediction(np.zeros(4), (np.zeros(4), ceiling), label="no grokking"),),
            note=f"{generalizes.sum()} of {seeds} seeds generalize somewhere",
        ),
        _lies_beyond(
            "weight decay of grokking - comprehension",
            [_gap(one, decay, GROKKING, COMPREHENSION) for one in planes],
        ),
        _lies_beyond(
            "weight decay of memorization - grokking",
            [_gap(one, decay, MEMORIZATION, GROKKING) for one in planes],
        ),
    )


def _lies_beyond(quantity: str, gaps: list[float]) -> Evidence:
    """Evidence that a gap between two phases is positive, over planes that cross both."""
    crossed = np.array([gap for gap in gaps if math.isfinite(gap)])
    if not len(crossed):
        raise ValueError(
            f"no plane crosses both phases of '{quantity}': take more seeds or a finer plane"
        )
    return Evidence(
        quantity=quantity,
        form=Form.ORDERING,
        prediction=Prediction.at_least(0.0, label="in this order"),
        measurement=Samples(crossed),
        rivals=(Prediction(0.0, (math.inf, 0.0), label="the reverse order, or none"),),
    )


def _gap(
    phase: Int[np.ndarray, "rows columns"],
    values: Float[np.ndarray, " columns"],
    one: int,
    other: int,
) -> float:
    """How much farther along the rows one phase lies than another, in rows that cross both."""
    gaps = [
        values[row == one].mean() - values[row == other].mean()
        for row in phase
        if (row == one).any() and (row == other).any()
    ]
    return float(np.mean(gaps)) if gaps else math.nan


@paper.claim(
    "initial-scale",
    statement="Small initial embeddings and a slow decoder help the representation to form.",
    source="[liu2022effective, Sec. 4.1, App. G]",
    memory_gib=(1.0, 2.0),
)
def initial_scale(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train from embeddings of several initial scales, and with decoders of several learning
    rates, and compare the share of closed parallelograms at the end, seed by seed.

    The training sets and all other random numbers of a seed are the same. The rival is the reverse
    order, or none.
    """
    num_steps, seeds = bench.pick(quick=(5000, 12), full=(20_000, 40))
    common: dict[str, Any] = {
        "task": addition(),
        "loss": mean_squared_error,
        "num_steps": num_steps,
        "record_steps": [0, num_steps // 2, num_steps],
        "num_seeds": seeds,
        "final": {"quality": addition_quality},
        "key": bench.key_for("scales"),
    }
    by_scale = bench.train(
        "scales",
        init=decoder_of_sums,
        optimizer=two_rates(),
        sweep={"embedding_scale": (0.1, 1.0, 3.0)},
        **common,
    )
    by_rate = bench.train(
        "rates",
        init=lambda key: decoder_of_sums(key),
        optimizer=lambda decoder_learning_rate: two_rates(decoder_learning_rate),
        sweep={"decoder_learning_rate": (DECODER_RATE, 3 * DECODER_RATE, 10 * DECODER_RATE)},
        **common,
    )
    return tuple(
        _falls(runs["quality"].transpose("seed", name).values, label, runs[name].values)
        for runs, name, label in (
            (by_scale, "embedding_scale", "initial scale of the embeddings"),
            (by_rate, "decoder_learning_rate", "learning rate of the decoder"),
        )
    )


def _falls(
    quality: Float[np.ndarray, "seeds values"], name: str, values: Float[np.ndarray, " values"]
) -> Evidence:
    """Evidence that the quality falls from each value to the next."""
    names = tuple(f"{low:g} to {high:g}" for low, high in zip(values, values[1:], strict=False))
    error = quality.std(axis=0, ddof=1) / np.sqrt(len(quality))
    return Evidence(
        quantity="fall of the share of closed parallelograms",
        form=Form.ORDERING,
        control=Axis(name, names),
        prediction=Prediction.at_least(np.zeros(len(names)), label="quality falls"),
        measurement=Samples(-np.diff(quality, axis=1)),
        rivals=(
            Prediction(np.zeros(len(names)), (math.inf, 0.0), label="quality rises, or stays"),
        ),
        panel=Panel(
            name,
            "share of closed parallelograms",
            (Series("trained", values, quality.mean(axis=0), error),),
            x_scale="log",
        ),
    )

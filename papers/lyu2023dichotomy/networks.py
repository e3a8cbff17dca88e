"""Networks that add modulo p: initialization and weight decay set when they grok."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

FITTED = 0.99  # train accuracy from which a run counts as having fitted
GROKKED = 0.5  # test accuracy from which it counts as having generalized
LEARNING_RATE = 1.0
SCALE, WEIGHT_DECAY = 2.0, 1e-3  # where the two ladders meet
COLLAPSE_DECAY = 3e-2


def _modular_runs(
    bench: Bench,
    name: str,
    *,
    scales: Sequence[float],
    weight_decays: Sequence[float],
    num_steps: int,
) -> xr.Dataset:
    r"""Train on the cross-entropy plus $\frac\lambda2\lVert\theta\rVert^2$ by gradient descent.

    A hidden ReLU layer with biases, all weights scaled by $\alpha$, the readout zero at first. A
    run ends once it has grokked. All runs share data and initial direction seed by seed.
    """
    modulus, width, train_fraction = bench.pick(quick=(23, 256, 0.8), full=(97, 1024, 0.4))
    return bench.train(
        name,
        key=bench.key_for("modular-addition"),
        init=lambda key, scale: sim.TwoLayerNet.init(
            modulus,
            width,
            activation="relu",
            initialization="kaiming_normal",
            bias=True,
            scale=scale,
            readout_scale=0.0,
            key=key,
        ),
        task=lambda key: sim.ModularAddition(modulus, train_fraction=train_fraction).sample(
            key=key
        ),
        optimizer=lambda weight_decay: sim.optimizers.gradient_descent(LEARNING_RATE, weight_decay),
        loss=sim.cross_entropy,
        num_steps=num_steps,
        record_steps=sim.log_spaced_steps(num_steps, per_decade=60, max_gap=num_steps // 100),
        sweep={"scale": scales, "weight_decay": weight_decays},
        num_seeds=bench.pick(quick=5, full=3),
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
        },
        stop=lambda measured: measured["test_accuracy"] > 1.2 * GROKKED,
    )


def log_delays(runs: xr.Dataset) -> Float[np.ndarray, "seeds scales decays"]:
    """Return the log of the number of steps from fitting to grokking.

    Raises
    ------
    ValueError
        If a run does not grok, or groks before it fits.
    """
    steps = runs["step"].values
    delay = sim.detectors.grokking_delay(
        sim.detectors.time_to_fit(steps, runs["train_accuracy"].values, threshold=FITTED),
        sim.detectors.time_to_grok(steps, runs["test_accuracy"].values, threshold=GROKKED),
    )
    missing = delay.is_censored | (delay.times <= 0)
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {missing.size} runs do not grok after they fit (train accuracy "
            f"{FITTED}, then test accuracy {GROKKED}): train for longer, or with less decay"
        )
    return np.moveaxis(np.log(delay.times), -1, 0)


def _evidence(
    delays: Float[np.ndarray, "seeds points"],
    values: Sequence[float],
    *,
    quantity: str,
    symbol: str,
    label: str,
    sign: int,
) -> Evidence:
    mean, error = delays.mean(axis=0), delays.std(axis=0, ddof=1) / np.sqrt(len(delays))
    pairs = tuple(f"{a:g} and {b:g}" for a, b in zip(values[:-1], values[1:], strict=True))
    return Evidence(
        quantity=quantity,
        form=Form.ORDERING,
        control=Axis(symbol, pairs),
        prediction=Prediction.at_least(np.zeros(len(pairs)), label=label),
        measurement=Samples(sign * np.diff(delays, axis=1)),
        rivals=(Prediction(0.0, 0.0, label=f"{symbol} does not matter"),),
        panel=Panel(
            symbol,
            "steps from fitting to grokking",
            (Series("measured", np.array(values), np.exp(mean), np.exp(mean) * error),),
            x_scale="log",
            y_scale="log",
        ),
    )


@paper.claim(
    "modular-addition-initialization",
    statement="The larger the initial weights, the later a network that adds modulo p groks.",
    source="[lyu2023dichotomy, Fig. 2]",
    memory_gib=(1.0, 4.0),
)
def modular_addition_initialization(bench: Bench) -> Evidence:
    r"""Each doubling of $\alpha$ lengthens the delay, from train accuracy 0.99 to test accuracy
    one half, seed by seed."""
    scales = bench.pick(quick=(2.0, 4.0, 8.0), full=(2.0, 8.0, 32.0))
    runs = _modular_runs(
        bench,
        "modular-addition-initialization",
        scales=scales,
        weight_decays=[WEIGHT_DECAY],
        num_steps=bench.pick(quick=8000, full=24_000),
    )
    return _evidence(
        log_delays(runs)[..., 0],
        scales,
        quantity="log delay of grokking, larger minus smaller initialization",
        symbol=r"$\alpha$",
        label="later",
        sign=1,
    )


@paper.claim(
    "modular-addition-decay",
    statement="The stronger the weight decay, the earlier a network that adds modulo p groks, "
    "until too strong a decay lets the network collapse.",
    source="[lyu2023dichotomy, Fig. 2]",
    memory_gib=(1.0, 4.0),
)
def modular_addition_decay(bench: Bench) -> tuple[Evidence, ...]:
    r"""Each doubling of $\lambda$ shortens the delay; thirty times the middle one of the ladder
    sends the function to zero, where the loss is $\ln p$.

    Collapsed means a train loss within a tenth of that.
    """
    decays = (0.5 * WEIGHT_DECAY, WEIGHT_DECAY, 2 * WEIGHT_DECAY)
    runs = _modular_runs(
        bench,
        "modular-addition-decay",
        scales=[SCALE],
        weight_decays=decays,
        num_steps=bench.pick(quick=12_000, full=36_000),
    )
    collapsed = _modular_runs(
        bench,
        "modular-addition-collapse",
        scales=[SCALE],
        weight_decays=[COLLAPSE_DECAY],
        num_steps=bench.pick(quick=1500, full=3000),
    )
    chance = np.log(bench.pick(quick=23, full=97))
    return (
        _evidence(
            log_delays(runs)[:, 0],
            decays,
            quantity="log delay of grokking, weaker minus stronger decay",
            symbol=r"$\lambda$",
            label="earlier",
            sign=-1,
        ),
        Evidence(
            quantity=rf"final train loss / $\ln p$ at $\lambda = {COLLAPSE_DECAY:g}$",
            form=Form.THRESHOLD,
            prediction=Prediction(1.0, 0.1, label="collapse to zero"),
            measurement=Samples(
                collapsed["loss"].isel(scale=0, weight_decay=0, step=-1).values / chance
            ),
            rivals=(Prediction(0.0, 0.1, label="fits all the same"),),
        ),
    )

"""When a network groks: weight decay, initial readout, amount of data, learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import li2
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series, fit_law
from ._card import paper
from ._probes import (
    grok_times,
    mean_node_energy,
)
from ._runs import critical_fractions

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

GROKKED = 0.9  # test accuracy from which a run counts as having generalized


def _weight_decay_runs(bench: Bench, *, readout_scale: float) -> xr.Dataset:
    """Modular addition at half of the data over a ladder of weight decays, paired seeds."""
    modulus, width, train_fraction = bench.pick(quick=(23, 256, 0.5), full=(71, 2048, 0.4))
    return bench.train(
        f"weight-decay-readout-{readout_scale:g}",
        key=bench.key_for("weight-decay"),
        init=lambda key: sim.TwoLayerNet.init(modulus, width, readout_scale=readout_scale, key=key),
        task=lambda key: sim.ModularAddition(modulus, train_fraction=train_fraction).sample(
            key=key
        ),
        optimizer=lambda weight_decay: sim.optimizers.coupled_adam(1e-3, weight_decay),
        loss=sim.fused_centered_squared_error,
        num_steps=6000,
        record_steps=sim.log_spaced_steps(6000, per_decade=50, max_gap=25),
        sweep={"weight_decay": [0.0, 1e-4, 2e-4, 4e-4, 8e-4]},
        num_seeds=bench.pick(quick=4, full=8),
        measures={
            "test_accuracy": sim.measures.test_accuracy,
            "train_accuracy": sim.measures.train_accuracy,
        },
        stop=lambda measured: measured["test_accuracy"] > 0.99,
    )


def _log_grok_times(runs: xr.Dataset) -> np.ndarray:
    """Log of the steps until test accuracy 0.9, `[seeds, positive weight decays]`."""
    decaying = runs.where(runs["weight_decay"] > 0, drop=True)
    return np.log(grok_times(decaying, threshold=GROKKED)).T


def _grok_series(runs: xr.Dataset, label: str) -> Series:
    log_times = _log_grok_times(runs)
    decays = runs["weight_decay"].values[runs["weight_decay"].values > 0]
    times = np.exp(log_times.mean(axis=0))
    error = times * log_times.std(axis=0, ddof=1) / np.sqrt(len(log_times))
    return Series(label, decays, times, error)


def _grok_panel(*series: Series) -> Panel:
    return Panel("weight decay", "steps to test accuracy 0.9", series, x_scale="log", y_scale="log")


@paper.claim(
    "weight-decay",
    statement="Grokking needs weight decay, and comes the earlier the more of it there is.",
    source="[tian2025li2, Sec. 7, Fig. 3]",
    headline=True,
    memory_gib=(1.0, 4.0),
)
def weight_decay(bench: Bench) -> tuple[Evidence, ...]:
    """Adam with coupled L2 from the same weights and data at every decay.

    Without decay the backpropagated gradient dies at interpolation and test accuracy stays near
    chance, so that at the end fewer than half of the test samples are right. With it, every
    doubling must shorten the time to test accuracy 0.9, seed by seed.
    """
    runs = _weight_decay_runs(bench, readout_scale=1.0)
    without = runs["test_accuracy"].sel(weight_decay=0.0).isel(step=-1).values
    log_times = _log_grok_times(runs)
    decays = runs["weight_decay"].values[1:]
    return (
        Evidence(
            quantity="final test accuracy without weight decay",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(0.5, label="no generalization"),
            measurement=Samples(without),
            rivals=(Prediction.at_least(GROKKED, label="groks anyway"),),
        ),
        Evidence(
            quantity="log speed-up of grokking per doubling of weight decay",
            form=Form.ORDERING,
            control=Axis("weight decay", tuple(decays[1:]), scale="log"),
            prediction=Prediction.at_least(np.zeros(len(decays) - 1), label="earlier"),
            measurement=Samples(log_times[:, :-1] - log_times[:, 1:]),
            rivals=(Prediction(0.0, 0.0, label="weight decay does not matter"),),
            panel=_grok_panel(_grok_series(runs, "measured")),
        ),
    )


@paper.claim(
    "weight-decay-exponent",
    statement="The time to grok is inversely proportional to the weight decay.",
    source="[tian2025li2, Sec. 7]",
    memory_gib=(1.0, 4.0),
)
def weight_decay_exponent(bench: Bench) -> Evidence:
    """The feature-learning gradient is proportional to the decay, so gradient flow takes 1/decay.

    Adam normalizes the gradient, which the argument does not cover; this claim tests whether the
    law survives that. Same runs as `weight-decay`.
    """
    runs = _weight_decay_runs(bench, readout_scale=1.0)
    decays = runs["weight_decay"].values[1:]
    fit = fit_law(decays, np.exp(_log_grok_times(runs)), law="power")
    fine = np.geomspace(decays[0], decays[-1], 50)
    return Evidence(
        quantity="exponent of the time to grok in the weight decay",
        form=Form.LAW,
        prediction=Prediction(-1.0, 0.15, label="gradient flow", source="[tian2025li2, Sec. 7]"),
        measurement=fit.estimate("exponent"),
        rivals=(Prediction(0.0, label="weight decay does not matter"),),
        panel=_grok_panel(
            _grok_series(runs, "measured"),
            Series("power-law fit", fine, fit.predict(fine), style="line"),
        ),
    )


@paper.claim(
    "zero-readout",
    statement="Starting the readout at zero makes a network grok earlier.",
    source="[tian2025li2, Figs. 14-17]",
    memory_gib=(1.0, 4.0),
)
def zero_readout(bench: Bench) -> Evidence:
    """A zero readout removes the noise term of the first gradient. Paired with `weight-decay`."""
    standard = _weight_decay_runs(bench, readout_scale=1.0)
    zero = _weight_decay_runs(bench, readout_scale=0.0)
    decays = standard["weight_decay"].values[1:]
    return Evidence(
        quantity="log speed-up of grokking by a zero readout",
        form=Form.ORDERING,
        control=Axis("weight decay", tuple(decays), scale="log"),
        prediction=Prediction.at_least(np.zeros(len(decays)), label="earlier"),
        measurement=Samples(_log_grok_times(standard) - _log_grok_times(zero)),
        rivals=(Prediction(0.0, 0.0, label="initial readout does not matter"),),
        panel=_grok_panel(_grok_series(standard, "standard"), _grok_series(zero, "zero readout")),
    )


@paper.claim(
    "data-scaling",
    statement="The smallest train set that generalizes grows as M ln M: p_c = 2.75 ln(M) / M.",
    source="[tian2025li2, Thm. 4, Fig. 5]",
    memory_gib=(1.0, 6.0),
)
def data_scaling(bench: Bench) -> tuple[Evidence, ...]:
    """Critical train fraction of modular addition after a fixed budget of 3000 epochs.

    The fraction at which test accuracy crosses one half is interpolated for every seed on nested
    train sets. The exponent is that of n_c / ln M in M; the constant is p_c M / ln M. The budget
    matters: near the threshold accuracy keeps rising for much longer.
    """
    moduli = np.array(bench.pick(quick=(13, 17, 23, 31, 41), full=(13, 17, 23, 31, 41, 53, 71)))
    fractions = np.stack([critical_fractions(bench, int(m)) for m in moduli], axis=1)
    log_free = fractions * moduli**2 / np.log(moduli)
    fit = fit_law(moduli, log_free, law="power")
    constants = fractions * moduli / np.log(moduli)

    def local_exponent(samples: np.ndarray) -> float:
        return float(np.polyfit(np.log(moduli), np.log(samples / np.log(moduli)), 1)[0])

    return (
        Evidence(
            quantity=r"exponent of $n_c/\ln M$ in $M$",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.15, label=r"$n_c \propto M \ln M$"),
            measurement=fit.estimate("exponent"),
            rivals=(
                Prediction(local_exponent(moduli**2.0), label="a fixed fraction of all pairs"),
                Prediction(local_exponent(moduli**1.0), label=r"$n_c \propto M$"),
            ),
            panel=Panel(
                "modulus $M$",
                "critical train fraction",
                (
                    Series(
                        "measured",
                        moduli,
                        fractions.mean(axis=0),
                        fractions.std(axis=0, ddof=1) / np.sqrt(len(fractions)),
                    ),
                    Series(
                        r"$2.75 \ln(M)/M$",
                        moduli,
                        np.array([li2.critical_fraction(int(m)) for m in moduli]),
                        style="line",
                    ),
                ),
            ),
        ),
        Evidence(
            quantity=r"$p_c M / \ln M$",
            form=Form.THRESHOLD,
            control=Axis("modulus M", tuple(moduli.tolist())),
            prediction=Prediction(
                np.full(len(moduli), li2.CRITICAL_FRACTION_CONSTANT),
                (li2.CRITICAL_FRACTION_CONSTANT - 2.3, 3.2 - li2.CRITICAL_FRACTION_CONSTANT),
                label="fitted law",
                source="[tian2025li2, code]",
            ),
            measurement=Samples(constants),
            rivals=(
                Prediction(
                    li2.CRITICAL_FRACTION_CONSTANT / np.log(10), label="the same in log base 10"
                ),
            ),
        ),
    )


@paper.claim(
    "learning-rate",
    statement="Near the data threshold a small learning rate finds the Fourier features, "
    "a large one memorizing nodes of higher energy.",
    source="[tian2025li2, Figs. 6-7]",
    memory_gib=(1.0, 4.0),
)
def learning_rate(bench: Bench) -> tuple[Evidence, ...]:
    """Same data and weights at learning rates 0.001 and 0.02, at the measured data threshold.

    The energy is that of the normalized nodes on the train set, with its labels and without
    whitening, in which a memorizing node can rise above every Fourier feature.
    """
    modulus, train_fraction = bench.pick(quick=(23, 0.345), full=(41, 0.26))
    spec = sim.ModularAddition(modulus, train_fraction=train_fraction)
    runs = bench.train(
        "near-threshold",
        init=lambda key: sim.TwoLayerNet.init(modulus, 256, key=key),
        task=lambda key: spec.sample(key=key),
        optimizer=lambda learning_rate: sim.optimizers.coupled_adam(learning_rate, 2e-4),
        loss=sim.fused_centered_squared_error,
        num_steps=6000,
        sweep={"learning_rate": [0.001, 0.02]},
        num_seeds=bench.pick(quick=12, full=24),
        measures={"test_accuracy": sim.measures.test_accuracy},
        final={"node_energy": mean_node_energy},
    )
    accuracy = runs["test_accuracy"].isel(step=-1)
    energy = runs["node_energy"] / modulus
    small, large = ({"learning_rate": rate} for rate in runs["learning_rate"].values)
    return (
        Evidence(
            quantity="final test accuracy, small minus large learning rate",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="small rate generalizes better"),
            measurement=Samples((accuracy.sel(small) - accuracy.sel(large)).values),
            rivals=(Prediction(0.0, 0.0, label="the rate does not matter"),),
        ),
        Evidence(
            quantity="mean node energy, large minus small learning rate",
            unit="M",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="large rate memorizes"),
            measurement=Samples((energy.sel(large) - energy.sel(small)).values),
            rivals=(Prediction(0.0, 0.0, label="the rate does not matter"),),
        ),
    )

"""Gaussian process regression on a noisy sine: which start groks, and when."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import gaussian_processes as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

STARTS = {"A": (-6.0, -4.0), "B": (-6.0, 4.0), "C": (0.0, 2.0)}  # log length scale, log signal
NOISE = 0.01
LEARNING_RATE = 0.04
GENERALIZES, FITTED, DELAY = 0.05, 0.01, 40.0  # test and train error; epochs
COLLAPSE = -2.5  # log length scale at which the test error has fallen


def train_process(
    bench: Bench,
    name: str,
    *,
    starts: tuple[str, ...] = ("B",),
    learning_rates: tuple[float, ...] = (LEARNING_RATE,),
    complexity_weights: tuple[float, ...] = (1.0,),
    num_steps: int,
    num_seeds: int,
) -> xr.Dataset:
    """Train processes by Adam from named starts, the noise fixed, the errors at every epoch."""
    table = np.array([STARTS[start] for start in starts])

    def init(key: jax.Array, start: Any) -> sim.gaussian_processes.GaussianProcess:
        import jax.numpy as jnp

        length_scale, signal = jnp.exp(jnp.asarray(table)[start.astype(int)])
        return sim.gaussian_processes.GaussianProcess.init(
            length_scale=length_scale, signal=signal, noise=NOISE
        )

    def adam(learning_rate: Any) -> Any:
        import optax

        return optax.adam(learning_rate)

    return bench.train(
        name,
        init=init,
        task=lambda key: sim.tasks.NoisySine().sample(key=key),
        optimizer=adam,
        loss=sim.gaussian_processes.negative_log_likelihood,
        num_steps=num_steps,
        sweep={
            "start": tuple(map(float, range(len(starts)))),
            "learning_rate": learning_rates,
            "complexity_weight": complexity_weights,
        },
        measures={
            "train_error": sim.gaussian_processes.train_error,
            "test_error": sim.gaussian_processes.test_error,
            "data_fit": lambda model, task: sim.gaussian_processes.data_fit(model, task.train()),
            "complexity": lambda model, task: sim.gaussian_processes.complexity(
                model, task.train()
            ),
            "log_length_scale": lambda model, task: model.log_length_scale,
            "log_signal": lambda model, task: model.log_signal,
        },
        final={
            "train_variance": lambda model, task: (task.train().targets ** 2).mean(),
            "test_variance": lambda model, task: (task.test().targets ** 2).mean(),
        },
        num_seeds=num_seeds,
        dtype="float64",
        record_steps=sim.log_spaced_steps(num_steps, per_decade=60, max_gap=num_steps // 100),
    ).assign_coords(start=list(starts))


def generalization_epochs(runs: xr.Dataset) -> Float[np.ndarray, "*runs"]:
    """Epochs at which the test error first falls below the threshold; zero if it starts there."""
    log_errors = np.log(runs["test_error"].transpose(..., "step").values)
    crossing = sim.detectors.crossing_time(runs["step"].values, -log_errors, -math.log(GENERALIZES))
    return crossing.times


@paper.claim(
    "regression-grokking",
    statement="A Gaussian process groks if it starts at a short length scale and a large signal: "
    "low error, high complexity; from a long length scale it generalizes at once.",
    source="[miller2023beyond, Sec. 2.3.1, Fig. 5]",
    headline=True,
)
def regression_grokking(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train from the three starts of the paper's figure and compare errors and epochs.

    B (short, large signal) has to fit from the first epoch on, to a train error of 0.01 until it
    generalizes, and to take more than 40 epochs to a test error of 0.05; C (long) has to be there
    at the start. A (short, small signal) starts without fitting: its first train error is that of
    the limit of no length scale, $(\nu/(s+\nu))^2\langle r^2\rangle$, within the 15 % that the few
    pairs of inputs within a length scale may change.
    """
    runs = train_process(
        bench,
        "starts",
        starts=tuple(STARTS),
        num_steps=bench.pick(quick=400, full=3000),
        num_seeds=bench.pick(quick=10, full=50),
    )
    one = runs.squeeze(("learning_rate", "complexity_weight"))
    epochs = generalization_epochs(one)
    of_b, of_c = (list(STARTS).index(name) for name in "BC")
    steps, train = one["step"].values, one["train_error"].transpose("start", "seed", "step").values
    is_waiting = steps[None] <= epochs[of_b][:, None]
    start_ratio = train[0, :, 0] / _short_scale_error(one, STARTS["A"][1])
    test_start = one["test_error"].transpose("start", "seed", "step").values[:, :, 0]
    panel = Panel(
        "epoch",
        "mean squared error",
        tuple(
            Series(
                f"{name}, {part}",
                steps[1:],
                one[f"{part}_error"].sel(start=name).mean("seed").values[1:],
                style=style,
            )
            for name in STARTS
            for part, style in (("train", "dashed"), ("test", "line"))
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity="epochs to a test error of 0.05 from B",
            form=Form.ORDERING,
            prediction=Prediction.at_least(DELAY, label="long after the fit"),
            measurement=Samples(epochs[of_b]),
            rivals=(Prediction.at_most(10.0, label="with the fit"),),
            panel=panel,
        ),
        Evidence(
            quantity="largest train error from B before it generalizes",
            form=Form.ORDERING,
            prediction=Prediction.at_most(FITTED, label="fits from the start"),
            measurement=Samples(np.max(np.where(is_waiting, train[of_b], 0.0), axis=1)),
            rivals=(
                Prediction.at_least(
                    float(_short_scale_error(one, STARTS["A"][1]).mean()) / 2,
                    label="as from a small signal",
                ),
            ),
        ),
        Evidence(
            quantity="test error from C at the start",
            form=Form.ORDERING,
            prediction=Prediction.at_most(GENERALIZES, label="generalizes at once"),
            measurement=Samples(test_start[of_c]),
            rivals=(
                Prediction.at_least(
                    float(one["test_variance"].sel(start="C").mean()) / 2,
                    label="as from a short length scale",
                ),
            ),
        ),
        Evidence(
            quantity=r"first train error from A / $(\nu/(s+\nu))^2\langle r^2\rangle$",
            form=Form.IDENTITY,
            prediction=Prediction(1.0, 0.15, label="limit of no length scale"),
            measurement=Samples(start_ratio),
            rivals=(Prediction(0.0, label="fits from the start"),),
        ),
    )


def _short_scale_error(runs: xr.Dataset, log_signal: float) -> Float[np.ndarray, " seeds"]:
    """Train error in the limit of no length scale, for the targets of every seed."""
    variances = runs["train_variance"].sel(start="A").values
    limits = (
        theory.short_scale_limit(
            signal=math.exp(log_signal), noise=NOISE, train_variance=variance, test_variance=0.0
        )
        for variance in variances.tolist()
    )
    return np.array([limit.train_error for limit in limits])


@paper.claim(
    "no-complexity-term",
    statement="Without the complexity term a Gaussian process fits and never groks: its signal "
    "grows, and the test error stays near that of a guess.",
    source="[miller2023beyond, App. L]",
)
def no_complexity_term(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train from B on the whole likelihood and on the data fit alone.

    The derivative of the data fit by $\ln s$ is negative everywhere, so that nothing stops the
    signal. A guess has a test error of 0.53. At the end it has to exceed 0.4, and at no epoch may
    it reach the 0.05 at which a process counts as general; the length scale is at rest after some
    200 epochs. The rival is what the same data do with the complexity term.
    """
    runs = train_process(
        bench,
        "ablation",
        complexity_weights=(0.0, 1.0),
        num_steps=bench.pick(quick=400, full=3000),
        num_seeds=bench.pick(quick=320, full=400),
    ).squeeze(("start", "learning_rate"))
    last = runs.isel(step=-1)
    error, growth = (
        last[name].transpose("complexity_weight", "seed").values
        for name in ("test_error", "log_signal")
    )
    growth = growth - STARTS["B"][1]
    least = runs["test_error"].min("step").transpose("complexity_weight", "seed").values
    curves = runs["test_error"].mean("seed")
    return (
        Evidence(
            quantity="test error at the end without complexity",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.4, label="near a guess"),
            measurement=Samples(error[0]),
            rivals=(Prediction(error[1].mean(), 0.05, label="as with complexity"),),
            panel=Panel(
                "epoch",
                "test error",
                tuple(
                    Series(label, runs["step"][1:], curves.sel(complexity_weight=weight)[1:])
                    for label, weight in (("data fit alone", 0.0), ("with complexity", 1.0))
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="least test error at any epoch without complexity",
            form=Form.ORDERING,
            prediction=Prediction.at_least(GENERALIZES, label="never generalizes"),
            measurement=Samples(least[0]),
            rivals=(Prediction(least[1].mean(), 0.02, label="as with complexity"),),
            note=f"{int(np.sum(least[0] < GENERALIZES))} of {len(least[0])} draws reach "
            f"{GENERALIZES:g} without complexity, {int(np.sum(least[1] < GENERALIZES))} with it",
        ),
        Evidence(
            quantity="growth of the log signal without complexity",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="grows without bound"),
            measurement=Samples(growth[0]),
            rivals=(Prediction(growth[1].mean(), 0.5, label="as with complexity"),),
        ),
    )


@paper.claim(
    "inverse-learning-rate",
    statement="The grokking time of Gaussian process regression under Adam is inversely "
    "proportional to the learning rate.",
    source="derived",
)
def inverse_learning_rate(bench: Bench) -> Evidence:
    r"""Fit the power of the learning rate in the epochs to a test error of 0.05, for every seed.

    Adam moves $\ln\ell$ by about a learning rate a step: $(\ln\ell^*-\ln\ell_0)/\eta$ epochs, with
    $\ln\ell^* = -2.5$ in the picture.
    """
    rates = np.array([0.01, 0.02, 0.04, 0.08])
    runs = train_process(
        bench,
        "rates",
        learning_rates=tuple(rates.tolist()),
        num_steps=bench.pick(quick=1200, full=3000),
        num_seeds=bench.pick(quick=48, full=100),
    ).squeeze(("start", "complexity_weight"))
    epochs = generalization_epochs(runs)
    seen = np.all(np.isfinite(epochs), axis=0)
    if seen.sum() < 2:
        raise ValueError("fewer than two seeds generalize at every learning rate: train longer")
    slopes = np.polyfit(np.log(rates), np.log(epochs[:, seen]), 1)[0]
    length = STARTS["B"][0]
    estimate = [
        theory.adam_time(start=math.exp(length), end=math.exp(COLLAPSE), learning_rate=rate)
        for rate in rates
    ]
    return Evidence(
        quantity="power of the learning rate in the grokking time",
        form=Form.LAW,
        prediction=Prediction(-1.0, 0.15, label="Adam's clock"),
        measurement=Samples(slopes),
        rivals=(
            Prediction(0.0, label="no influence"),
            Prediction(-0.5, label=r"$1/\sqrt\eta$"),
        ),
        control=Axis("start", ("B",)),
        note=f"{int(seen.sum())} of {len(seen)} seeds generalize at every learning rate",
        panel=Panel(
            "learning rate",
            "epochs to a test error of 0.05",
            (
                Series(r"$(\ln\ell^*-\ln\ell_0)/\eta$", rates, estimate, style="line"),
                Series(
                    "seeds that generalize",
                    rates,
                    epochs[:, seen].mean(axis=1),
                    epochs[:, seen].std(axis=1, ddof=1) / math.sqrt(seen.sum()),
                ),
            ),
            x_scale="log",
            y_scale="log",
        ),
    )

"""Variational Gaussian process classification: of a line, and of a hidden parity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

LEARNING_RATE = 0.01
SHORT = 0.005  # initial length scale on the line
LIBRARY_LENGTH = math.log(2)  # initial length scales of the parity: softplus of zero
GAIN, DELAY = 0.15, 100.0  # of validation accuracy, of epochs


def train_classifier(
    bench: Bench,
    name: str,
    *,
    spec: sim.tasks.ZeroOneLine | sim.tasks.HiddenParity,
    length_scale: Any,
    divergence_weights: tuple[float, ...] = (1.0,),
    num_steps: int,
    num_seeds: int,
) -> xr.Dataset:
    """Train posterior and hyper-parameters together by Adam, from the prior."""
    gp = sim.gaussian_processes

    def init(key: jax.Array, task: sim.tasks.Task) -> sim.gaussian_processes.VariationalClassifier:
        import jax.numpy as jnp

        lengths = jnp.asarray(length_scale, float)
        return gp.VariationalClassifier.init(task, length_scale=lengths, key=key)

    def adam() -> Any:
        import optax

        return optax.adam(LEARNING_RATE)

    return bench.train(
        name,
        init=init,
        task=lambda key: spec.sample(key=key),
        optimizer=adam(),
        loss=gp.negative_evidence_bound,
        num_steps=num_steps,
        sweep={"divergence_weight": divergence_weights},
        measures={
            "train_accuracy": gp.train_accuracy,
            "test_accuracy": gp.test_accuracy,
            "data_fit": lambda model, task: gp.expected_fit(model, task.train()),
            "complexity": lambda model, task: gp.divergence(model, task.train()),
            "log_length_scale": lambda model, task: model.log_length_scale,
        },
        dims={"log_length_scale": ("input",)} if np.ndim(length_scale) else {},
        num_seeds=num_seeds,
        dtype="float64",
        record_steps=list(range(0, num_steps + 1, 5)),
    )


@paper.claim(
    "classification-grokking",
    statement="A Gaussian process that classifies a line from a short length scale fits first and "
    "generalizes while the complexity term drags the length scale up.",
    source="[miller2023beyond, Sec. 2.1.2, Fig. 2]",
)
def classification_grokking(bench: Bench) -> tuple[Evidence, ...]:
    r"""Follow the validation accuracy from the epoch of the fit, at which the train accuracy
    reaches one, to the end.

    Judged are what it gains, how many epochs after the fit it has gained half of that, and the
    length scale of the ablation: the expected fit depends on the posterior at the train inputs
    alone, so that without the complexity term the length scale has no reason to move at all.
    """
    runs = train_classifier(
        bench,
        "line",
        spec=sim.tasks.ZeroOneLine(num_test=200),
        length_scale=SHORT,
        divergence_weights=(0.0, 1.0),
        num_steps=1500,
        num_seeds=bench.pick(quick=60, full=100),
    )
    gains, waits = zip(
        *(gain_after_fit(runs.sel(divergence_weight=weight)) for weight in (0.0, 1.0)), strict=True
    )
    lengths = runs["log_length_scale"].transpose("divergence_weight", "seed", "step").values
    growth = lengths[..., -1] - lengths[..., 0]
    steps = runs["step"].values
    panel = Panel(
        "epoch",
        "mean accuracy",
        tuple(
            Series(label, steps[1:], curve.mean("seed").values[1:], style=style)
            for label, curve, style in (
                ("train", runs["train_accuracy"].sel(divergence_weight=1.0), "dashed"),
                ("validation", runs["test_accuracy"].sel(divergence_weight=1.0), "line"),
                (
                    "validation, no complexity",
                    runs["test_accuracy"].sel(divergence_weight=0.0),
                    "line",
                ),
            )
        ),
        x_scale="log",
    )
    return (
        Evidence(
            quantity="validation accuracy gained after the fit",
            form=Form.ORDERING,
            prediction=Prediction.at_least(GAIN, label="grokking"),
            measurement=Samples(gains[1]),
            rivals=(Prediction(float(np.mean(gains[0])), 0.05, label="as without complexity"),),
            panel=panel,
        ),
        Evidence(
            quantity="epochs from the fit to half of the gain",
            form=Form.ORDERING,
            prediction=Prediction.at_least(DELAY, label="grokking"),
            measurement=Samples(waits[1]),
            rivals=(Prediction.at_most(20.0, label="with the fit"),),
        ),
        Evidence(
            quantity="largest change of the log length scale without complexity",
            form=Form.IDENTITY,
            prediction=Prediction(0.0, 1e-9, label="nothing pulls it"),
            measurement=Exact(np.abs(growth[0]).max()),
            rivals=(Prediction(float(growth[1].mean()), 1e-9, label="as with complexity"),),
        ),
    )


def gain_after_fit(
    runs: xr.Dataset,
) -> tuple[Float[np.ndarray, " seeds"], Float[np.ndarray, " seeds"]]:
    """What the validation accuracy gains after the fit, and the epochs until half of that.

    Zero epochs where nothing is gained.

    Raises
    ------
    ValueError
        If a run never fits.
    """
    steps = runs["step"].values
    train, test = (
        runs[f"{part}_accuracy"].transpose("seed", "step").values for part in ("train", "test")
    )
    has_fitted = train == 1
    if not has_fitted.any(axis=1).all():
        raise ValueError("a run never fits its train set: train longer")
    fit = has_fitted.argmax(axis=1)[:, None]
    at_fit = np.take_along_axis(test, fit, axis=1)
    gain = test[:, -1:] - at_fit
    is_half = (np.arange(len(steps))[None] >= fit) & (test >= at_fit + gain / 2)
    return gain[:, 0], (steps[is_half.argmax(axis=1)] - steps[fit[:, 0]]).astype(float)


@paper.claim(
    "hidden-parity",
    statement="With a length scale for every input, classification of a hidden parity finds the "
    "inputs that matter: their inverse length scales rise, those of all others fall.",
    source="[miller2023beyond, Sec. 2.1.3, Fig. 3, App. J]",
    memory_gib=(1.0, 4.0),
)
def hidden_parity(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train a Gaussian process on the parity of three bits among many and compare $\ln1/\ell_d$.

    Judged are the smallest one among the three relevant inputs against the median of the others,
    and against its start. Exchangeable inputs would give a negative difference, the more so the
    more there are of them.
    """
    num_spurious, num_train = bench.pick(quick=(17, 200), full=(37, 1000))
    spec = sim.tasks.HiddenParity(num_spurious=num_spurious, num_train=num_train)
    runs = train_classifier(
        bench,
        "parity",
        spec=spec,
        length_scale=np.full(spec.dimension, LIBRARY_LENGTH),
        num_steps=500,
        num_seeds=bench.pick(quick=4, full=5),
    ).squeeze("divergence_weight")
    relevance = -runs["log_length_scale"].transpose("seed", "step", "input").values
    relevance = relevance + math.log(LIBRARY_LENGTH)
    relevant, others = np.split(relevance, [spec.num_relevant], axis=2)
    steps = runs["step"].values
    panel = Panel(
        "epoch",
        r"$\ln(\ell_0/\ell)$, accuracy",
        (
            Series("relevant inputs", steps, relevant.mean(axis=(0, 2)), style="line"),
            Series("other inputs", steps, others.mean(axis=(0, 2)), style="dashed"),
            Series("train accuracy", steps, runs["train_accuracy"].mean("seed"), style="dashed"),
            Series("validation accuracy", steps, runs["test_accuracy"].mean("seed"), style="line"),
        ),
    )
    least = relevant[:, -1].min(axis=1)
    return (
        Evidence(
            quantity=r"$\ln(1/\ell)$, least of the relevant inputs minus median of the others",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="relevant inputs stand out"),
            measurement=Samples(least - np.median(others[:, -1], axis=1)),
            rivals=(Prediction.at_most(-0.1, label="exchangeable inputs"),),
            panel=panel,
        ),
        Evidence(
            quantity=r"$\ln(\ell_0/\ell)$ at the end",
            form=Form.ORDERING,
            control=Axis("input", ("relevant, least", "other, median with sign reversed")),
            prediction=Prediction.at_least(0.0, label="rise and fall"),
            measurement=Samples(np.stack([least, -np.median(others[:, -1], axis=1)], axis=1)),
            rivals=(Prediction(least.mean() * np.array([1.0, -1.0]), 0.1, label="both rise"),),
        ),
    )

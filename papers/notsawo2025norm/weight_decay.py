"""Weight decay alone on sparse recovery: the initialization fades, the signal is never found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import (
    half_sum_of_squares,
    sparse_problems,
    test_targets,
    train_inputs,
    train_residual,
    train_targets,
    weight_error,
)
from .sparse import paper_task

if TYPE_CHECKING:
    from ..bench import Bench

LEARNING_RATE = 0.1
INITIAL_NORM = 10.0


@paper.claim(
    "weight-decay-alone",
    statement="From a large initialization weight decay makes the test error drop late, as the "
    "initialization decays, and leave it at the part of the signal that the data do not see.",
    source="[notsawo2025norm, Thm. 3.6, Fig. 7]; the law of the drop derived",
    headline=True,
)
def weight_decay_alone(bench: Bench) -> tuple[Evidence, ...]:
    """Relative test error along gradient descent, at fixed multiples of the decay time.

    The rivals: the error falls with the initialization and goes on to zero (the signal is found
    once the initialization is forgotten), or it stays where memorization left it.
    """
    decays = (1e-2, 1e-3)
    times = np.array([0.5, 1.0, 2.0, 4.0, 6.0, 10.0])  # alpha beta t
    spec = paper_task()
    steps = {decay: np.rint(times / (LEARNING_RATE * decay)).astype(int) for decay in decays}
    last = int(steps[min(decays)][-1])
    wanted = set(sim.log_spaced_steps(last)).union(*(values.tolist() for values in steps.values()))
    runs = bench.train(
        "weight-decay",
        init=lambda key: _large_model(spec.dimension),
        task=lambda key: spec.sample(key=key),
        optimizer=lambda weight_decay: sim.optimizers.gradient_descent(LEARNING_RATE, weight_decay),
        loss=half_sum_of_squares,
        num_steps=last,
        record_steps=sorted(wanted),
        sweep={"weight_decay": decays},
        num_seeds=bench.pick(quick=4, full=12),
        measures={"error": weight_error, "residual": train_residual},
        final={"features": train_inputs, "targets": train_targets, "signal": test_targets},
        dtype="float64",
    )
    problems = sparse_problems(runs.isel(weight_decay=0))
    start = np.full(spec.dimension, INITIAL_NORM / math.sqrt(spec.dimension))
    plateaus = np.array([theory.null_space_error(p.features, p.signal) for p in problems])

    evidence, series = [], []
    for decay in decays:
        errors = runs["error"].sel(weight_decay=decay, step=steps[decay]).transpose("seed", "step")
        predicted, forgotten = (np.empty(errors.shape) for _ in range(2))
        for seed, problem in enumerate(problems):
            path = theory.weight_decay_iterates(
                problem.features,
                problem.targets,
                start,
                steps[decay],
                learning_rate=LEARNING_RATE,
                weight_decay=decay,
            )
            size = np.linalg.norm(problem.signal)
            predicted[seed] = np.linalg.norm(path - problem.signal, axis=1) / size
            unseen = theory.null_space_error(problem.features, start) * INITIAL_NORM
            forgotten[seed] = (1 - LEARNING_RATE * decay) ** steps[decay] * unseen / size
        clock = LEARNING_RATE * decay * steps[decay]
        series += [
            Series(rf"$\beta$ = {decay:g}, law", clock, predicted[0], style="line"),
            Series(rf"$\beta$ = {decay:g}, trained", clock, errors.values[0]),
        ]
        evidence.append(
            Evidence(
                quantity=rf"test error / prediction, $\beta$ = {decay:g}",
                form=Form.CURVE,
                control=Axis(r"$\alpha\beta t$", tuple(times.tolist()), scale="log"),
                prediction=Prediction(
                    np.ones(len(times)), 0.01, label=r"$(1-\alpha\beta)^tPa_0-Pa^*$"
                ),
                measurement=Samples(errors.values / predicted),
                rivals=(
                    Prediction((forgotten / predicted).mean(axis=0), label="the signal is found"),
                    Prediction(
                        (forgotten[:, :1] / predicted).mean(axis=0) * math.exp(times[0]),
                        label="nothing decays",
                    ),
                ),
                panel=_panel(series) if decay == decays[-1] else None,
            )
        )
    final = runs["error"].isel(step=-1).transpose("seed", "weight_decay").values
    return (
        *evidence,
        Evidence(
            quantity="final test error / unseen part of the signal",
            form=Form.IDENTITY,
            control=Axis(r"$\beta$", decays, scale="log"),
            prediction=Prediction(
                np.ones(len(decays)),
                0.01,
                label=r"$\Vert Pa^*\Vert/\Vert a^*\Vert$",
                source="[notsawo2025norm, Thm. 3.6]",
            ),
            measurement=Samples(final / plateaus[:, None]),
            rivals=(Prediction(0.0, label="generalizes"),),
            note="unseen part of each draw: " + ", ".join(f"{value:.3f}" for value in plateaus),
        ),
    )


def _panel(series: list[Series]) -> Panel:
    return Panel(
        r"$\alpha\beta t$", "relative test error", tuple(series), x_scale="log", y_scale="log"
    )


def _large_model(dimension: int) -> sim.models.LinearModel:
    import jax.numpy as jnp

    return sim.models.LinearModel(jnp.full(dimension, INITIAL_NORM / math.sqrt(dimension)))

"""How the grokking time diverges, and that nothing happens in the loss when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import linear_estimators as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import LEARNING_RATE, THRESHOLD, Students, log_steps, loss_crossings

if TYPE_CHECKING:
    from ..bench import Bench

_TINY = 1e-12
_RATIOS = (0.5, 0.7, 0.8, 0.9, 0.95)


@paper.claim(
    "divergence",
    statement="At a vanishing threshold the grokking time diverges as ln(1/(1-lambda)) / "
    "(1-lambda)^2 when the parameters become as many as the samples.",
    source="[levi2023linear, Eq. 12]",
)
def divergence(bench: Bench) -> tuple[Evidence, ...]:
    r"""Fit the exponent of the time between the two losses' passing $\epsilon/4$,
    $\epsilon = 10^{-12}$, for $\lambda$ from 0.5 to 0.95.

    Over this range the formula has the effective exponent -2.58, steeper than -2 by its logarithm
    and by $1-\sqrt\lambda$ not being $(1-\lambda)/2$ yet.
    """
    found = []
    for ratio in _RATIOS:
        expected = theory.grokking_times(ratio, threshold=_TINY).generalization / LEARNING_RATE
        students = Students(
            name="divergence",
            dimension=bench.pick(quick=1000, full=3000),
            aspect_ratio=ratio,
            steps=log_steps(expected / 30, 6 * expected, 200),
            num_draws=bench.pick(quick=30, full=60),
        )
        runs = students.train(bench)
        train, test = (
            loss_crossings(students.steps, runs[name], _TINY / 4)
            for name in ("train_loss", "test_loss")
        )
        found.append(test - train)
    distances, times = 1 - np.array(_RATIOS), np.stack(found, axis=1)
    limit = np.array([theory.small_threshold_delay(ratio) for ratio in _RATIOS]) / LEARNING_RATE
    exponents = np.polyfit(np.log(distances), np.log(times).T, 1)[0]
    predicted = float(np.polyfit(np.log(distances), np.log(limit), 1)[0])
    return (
        Evidence(
            quantity=r"exponent of the grokking time in $1-\lambda$",
            form=Form.LAW,
            prediction=Prediction(predicted, 0.2, label="vanishing threshold", source="Eq. 12"),
            measurement=Samples(exponents),
            rivals=(
                Prediction(-2.0, label="power law -2 without logarithm"),
                Prediction(-1.5, label="power law -3/2"),
            ),
            panel=Panel(
                r"$1-\lambda$",
                "grokking time [steps]",
                (
                    Series("vanishing threshold", distances, limit, style="line"),
                    Series(
                        r"descent, $\epsilon = 10^{-12}$",
                        distances,
                        times.mean(axis=0),
                        times.std(axis=0, ddof=1) / np.sqrt(len(times)),
                    ),
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
    )


@paper.claim(
    "no-transition",
    statement="The test loss falls smoothly through the grokking time: nothing is understood.",
    source="[levi2023linear, Sec. 3.1.4]",
)
def no_transition(bench: Bench) -> tuple[Evidence, ...]:
    r"""Compare the rates at which the logarithm of the test loss falls just after and just before
    the step at which it passes $\epsilon/4$, in windows of a factor 1.3.

    A transition would change the rate by more than a factor of two. The rate itself, in time, is
    nearly constant there while the test accuracy passes 0.95. The second piece counts the records
    at which the test loss rose.
    """
    ratios = (0.5, 0.9)
    changes, rises = [], []
    for ratio in ratios:
        expected = theory.grokking_times(ratio, threshold=THRESHOLD).generalization / LEARNING_RATE
        students = Students(
            name="smooth",
            dimension=bench.pick(quick=1000, full=3000),
            aspect_ratio=ratio,
            steps=log_steps(10, 8 * expected, 200),
            num_draws=bench.pick(quick=20, full=60),
        )
        losses = students.train(bench)["test_loss"]
        logs = np.log(losses)
        steps = np.array(students.steps)
        passed = loss_crossings(students.steps, losses, THRESHOLD / 4)
        changes.append([_change(steps, row, time) for row, time in zip(logs, passed, strict=True)])
        rises.append(np.sum(np.diff(logs, axis=1) > 0, axis=1))
    predicted = [_predicted_change(ratio) for ratio in ratios]
    axis = Axis(r"aspect ratio $\lambda$", ratios)
    return (
        Evidence(
            quantity="rate of fall after / before the grokking time",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction([1.0, 1.0], (0.5, 1.0), label="no change above a factor of 2"),
            measurement=Samples(np.stack(changes, axis=1)),
            rivals=(Prediction.at_least([2.0, 2.0], label="transition: the loss drops"),),
            note="predicted " + ", ".join(f"{value:.3f}" for value in predicted),
        ),
        Evidence(
            quantity="records at which the test loss rises",
            form=Form.ORDERING,
            control=axis,
            prediction=Prediction([0.0, 0.0], 0.5, label="falls monotonically"),
            measurement=Samples(np.stack(rises, axis=1)),
        ),
    )


def _change(steps: np.ndarray, logs: np.ndarray, time: float, window: float = 1.3) -> float:
    marks = np.array([time / window, time, window * time])
    values = np.interp(marks, steps, logs)
    before, after = np.diff(values) / np.diff(marks)
    return float(after / before)


def _predicted_change(ratio: float) -> float:
    time = theory.grokking_times(ratio, threshold=THRESHOLD).generalization
    times = np.linspace(time / 1.3, 1.3 * time, 100)
    logs = np.log(theory.loss_curves(times, aspect_ratio=ratio).generalization)
    return _change(times, logs, time)

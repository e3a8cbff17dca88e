"""The two losses of linear students, and the plateau that too few samples leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import linear_estimators as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import LEARNING_RATE, Students, log_steps

if TYPE_CHECKING:
    from ..bench import Bench

RATIOS = (0.1, 0.9, 1.5)
_LEVELS = (0.3, 0.03, 0.003, 0.0003)  # of the predicted train loss


def figure_students(bench: Bench, aspect_ratio: float) -> Students:
    """Students of the paper's size, over 10^4 steps."""
    return Students(
        name="losses",
        dimension=bench.pick(quick=1000, full=2000),
        aspect_ratio=aspect_ratio,
        steps=log_steps(1, 10_000, 120),
        num_draws=bench.pick(quick=100, full=400),
    )


@paper.claim(
    "loss-curves",
    statement="Train and test loss of a linear student are averages over the Marchenko-Pastur "
    "law of its data.",
    source="[levi2023linear, Eqs. 8, 9]",
    headline=True,
)
def loss_curves(bench: Bench) -> tuple[Evidence, ...]:
    r"""Descend for $10^4$ steps at three aspect ratios and compare both losses with the quadrature.

    The prediction has no free number. It is judged where the predicted train loss has come down to
    0.3, 0.03, 0.003 and 0.0003, about the level that the accuracy takes. Single draws are off by
    about $\sqrt{2/d}$, by 0.2 for the test loss at $\lambda = 0.9$; their mean is judged. Rivals:
    for the train loss a spectrum without width, $e^{-4\tau}$; for the test loss that it equals the
    train loss.
    """
    names, ratios, equal, flat, panels = [], [], [], [], []
    for ratio in RATIOS:
        students = figure_students(bench, ratio)
        runs, predicted = students.train(bench), students.predicted()
        steps = np.array(students.steps)
        kept = [int(np.argmin(np.abs(np.log(predicted.train / level)))) for level in _LEVELS]
        names += [rf"$\lambda={ratio:g}$, {step}" for step in steps[kept]]
        pairs = zip(("train_loss", "test_loss"), predicted, strict=True)
        ratios.append([runs[name][:, kept] / curve[kept] for name, curve in pairs])
        flat.append(np.exp(-4 * LEARNING_RATE * steps[kept]) / predicted.train[kept])
        equal.append(predicted.train[kept] / predicted.generalization[kept])
        panels.append(_panel(ratio, steps[1:], runs, predicted))
    measured = [np.concatenate([pair[part] for pair in ratios], axis=1) for part in (0, 1)]
    # Without width the loss vanishes; a tenth of the predicted one is far enough to be rejected by.
    rivals = (
        Prediction(np.maximum(np.concatenate(flat), 0.1), label="all eigenvalues are one"),
        Prediction(np.concatenate(equal), label="equal to the train loss"),
    )
    return tuple(
        Evidence(
            quantity=f"{name} loss / predicted",
            form=Form.CURVE,
            control=Axis("aspect ratio, step", names),
            prediction=Prediction(np.ones(len(names)), 0.05, label="Marchenko-Pastur average"),
            measurement=Samples(samples),
            rivals=(rival,),
            panel=panel,
        )
        for name, samples, rival, panel in zip(
            ("train", "test"), measured, rivals, (panels[1], panels[2]), strict=True
        )
    )


def _panel(
    ratio: float, steps: np.ndarray, runs: dict[str, np.ndarray], predicted: theory.LossCurves
) -> Panel:
    series = []
    for name, curve in zip(("train", "test"), predicted, strict=True):
        values = runs[f"{name}_loss"][:, 1:]
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        series += [
            Series(f"{name}, predicted", steps, curve[1:], style="line"),
            Series(f"{name}, descent", steps[::4], values.mean(axis=0)[::4], error[::4]),
        ]
    return Panel(
        "step", rf"loss at $\lambda = {ratio:g}$", tuple(series), x_scale="log", y_scale="log"
    )


@paper.claim(
    "overparameterized-plateau",
    statement="With more parameters than samples the test loss stays at 1 - 1/lambda.",
    source="[levi2023linear, Sec. 3.1.1]",
)
def overparameterized_plateau(bench: Bench) -> tuple[Evidence, ...]:
    r"""Descend for $10^5$ steps, until all directions that the samples see have been learned.

    The rival is a test loss that follows the train loss to zero.
    """
    ratios = (1.5, 2.0, 5.0)
    measured, predicted = [], []
    for ratio in ratios:
        students = Students(
            name="plateau",
            dimension=bench.pick(quick=1000, full=3000),
            aspect_ratio=ratio,
            steps=(100_000,),
            num_draws=bench.pick(quick=40, full=100),
        )
        measured.append(students.train(bench)["test_loss"][:, 0])
        predicted.append(theory.unseen_loss(0.0, aspect_ratio=students.actual_ratio).item())
    bounds = 0.05 * np.array(predicted)
    return (
        Evidence(
            quantity="test loss after $10^5$ steps",
            form=Form.CURVE,
            control=Axis(r"aspect ratio $\lambda$", ratios),
            prediction=Prediction(predicted, bounds, label=r"$1 - 1/\lambda$"),
            measurement=Samples(np.stack(measured, axis=1)),
            rivals=(Prediction(np.zeros(3), label="follows the train loss"),),
        ),
    )

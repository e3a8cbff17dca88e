"""What weight decay leaves of the losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import linear_estimators as theory
from ...validation import Axis, Evidence, Form, Prediction, Samples
from ._card import paper
from ._runs import LEARNING_RATE, Students

if TYPE_CHECKING:
    from ..bench import Bench

_DECAY = 0.01


@paper.claim(
    "saturation",
    statement="Weight decay gamma leaves losses of gamma^2 / 8(1-lambda) and "
    "gamma^2 / 8(1-lambda)^3 below, and half of the plateau above as many parameters as samples.",
    source="derived, corrects [levi2023linear, Eq. 16]",
)
def saturation(bench: Bench) -> tuple[Evidence, ...]:
    r"""Descend at $\gamma = 0.01$ until nothing changes.

    At $\lambda = 0.5$ the constants 8, or 4 as printed, are told apart; at $\lambda = 1.5$ the test
    loss is compared at three times on the clock $1/\gamma$.
    """
    settings = {
        "dimension": bench.pick(quick=1000, full=3000),
        "num_draws": bench.pick(quick=40, full=100),
        "weight_decay": _DECAY,
    }
    below = Students(name="saturated", aspect_ratio=0.5, steps=(200_000,), **settings)
    runs = below.train(bench)
    measured = np.stack([runs[f"{name}_loss"][:, 0] for name in ("train", "test")], axis=1)
    corrected, printed = (
        np.array(law(below.actual_ratio, weight_decay=_DECAY))
        for law in (theory.small_decay_saturation, theory.published_saturation)
    )
    clocks = np.array([0.5, 1.0, 5.0])
    steps = np.round(clocks / (_DECAY * LEARNING_RATE)).astype(int)
    above = Students(name="unseen", aspect_ratio=1.5, steps=tuple(steps.tolist()), **settings)
    unseen = theory.unseen_loss(
        LEARNING_RATE * steps, aspect_ratio=above.actual_ratio, weight_decay=_DECAY
    )
    plateau = theory.unseen_loss(0.0, aspect_ratio=above.actual_ratio).item()
    return (
        Evidence(
            quantity="saturated loss / corrected law",
            form=Form.CURVE,
            control=Axis("loss", ("train", "test")),
            prediction=Prediction([1.0, 1.0], 0.1, label=r"$\gamma^2/8(1-\lambda)^{1,3}$"),
            measurement=Samples(measured / corrected),
            rivals=(Prediction(printed / corrected, label=r"as printed, $\gamma^2/4$"),),
        ),
        Evidence(
            quantity=r"test loss at $\lambda = 1.5$",
            form=Form.CURVE,
            control=Axis(r"$\gamma\eta t$", clocks, scale="log"),
            prediction=Prediction(unseen, 0.1 * unseen, label="unseen directions"),
            measurement=Samples(above.train(bench)["test_loss"]),
            rivals=(
                Prediction(np.full(3, plateau), label="plateau stays"),
                Prediction(np.zeros(3), label="vanishes, as printed"),
            ),
        ),
    )

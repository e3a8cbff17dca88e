"""When a network groks: too little curvature delays it, too few or too many samples prevent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import Setting, falling_times, last_records, standard_setting, train_committees

if TYPE_CHECKING:
    from ..bench import Bench

GROKKED = 0.2


@paper.claim(
    "curvature",
    statement="Small curvature makes the lazy phase worse and the delay longer, but the final test "
    "error lower.",
    source="[kumar2023lazy, Sec. 5.2]",
    memory_gib=(1.0, 4.0),
)
def curvature(bench: Bench) -> tuple[Evidence, ...]:
    """Four curvatures at scale 0.4 from the same data and weights, until the train loss is 0.0001.

    Paired differences between neighboring curvatures. The delay is the number of steps between
    the falls of the train and of the test error to a fifth of their start; in units of the time to
    memorize it is *shorter* at small curvature, which the paper does not say.
    """
    setting = standard_setting(bench)
    values = (0.1, 0.25, 0.5, 1.0)
    runs = train_committees(
        bench,
        "curvatures",
        setting,
        scales=[0.4],
        curvatures=values,
        num_steps=bench.pick(quick=20_000, full=80_000),
        num_seeds=bench.pick(quick=5, full=3),
        stop_loss=1e-4,
        max_gap=bench.pick(quick=100, full=400),
    ).isel(scale=0)
    steps = runs["step"].values
    test, train = (
        runs[name].transpose("seed", "curvature", "step").values for name in ("test_loss", "loss")
    )
    final = last_records(test)
    delays = falling_times(steps, test, GROKKED) - falling_times(steps, train, GROKKED)
    peaks = np.nanmax(test, axis=-1) / test[..., 0]
    pairs = Axis(
        "curvatures", tuple(f"{a:g} and {b:g}" for a, b in zip(values, values[1:], strict=False))
    )
    same = Prediction(0.0, 0.0, label="the curvature does not matter")
    return (
        Evidence(
            quantity="log ratio of final test errors, larger to smaller curvature",
            form=Form.ORDERING,
            control=pairs,
            prediction=Prediction.at_least(np.zeros(3), label="worse at large curvature"),
            measurement=Samples(np.diff(np.log(final), axis=1)),
            rivals=(same,),
            panel=Panel(
                r"curvature $\epsilon$",
                "test error",
                (
                    Series("highest", np.array(values), (peaks * test[..., 0]).mean(axis=0)),
                    Series("final", np.array(values), final.mean(axis=0)),
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="log ratio of delays, smaller to larger curvature",
            form=Form.ORDERING,
            control=pairs,
            prediction=Prediction.at_least(np.zeros(3), label="longer at small curvature"),
            measurement=Samples(-np.diff(np.log(delays), axis=1)),
            rivals=(same,),
        ),
        Evidence(
            quantity="highest test error / initial one, curvature 0.1 minus curvature 1",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="rises at small curvature"),
            measurement=Samples(peaks[:, 0] - peaks[:, -1]),
            rivals=(same,),
        ),
    )


@paper.claim(
    "number-of-samples",
    statement="Too few samples: the test error stays above its start. Too many: train and test "
    "error fall together. Only between does a network grok.",
    source="[kumar2023lazy, Sec. 5.3, Fig. 9]",
    memory_gib=(1.0, 6.0),
)
def number_of_samples(bench: Bench) -> tuple[Evidence, ...]:
    """One, five and thirty samples a dimension at scale 0.4 and curvature 0.1.

    Runs end at a train loss of 0.001. The delay compares the times at which train and test error
    fall to a fifth of their start.
    """
    standard = standard_setting(bench)
    dimension, seeds = standard.dimension, bench.pick(quick=6, full=3)
    runs = {
        ratio: train_committees(
            bench,
            f"samples-{ratio}",
            Setting(dimension, ratio * dimension, standard.width),
            scales=[0.4],
            curvatures=[0.1],
            num_steps=bench.pick(quick=12_000, full=50_000),
            num_seeds=seeds,
            stop_loss=1e-3,
            max_gap=bench.pick(quick=50, full=200),
        ).isel(scale=0, curvature=0)
        for ratio in (1, 5, 30)
    }
    final = {
        ratio: last_records(run["test_loss"].values) / run["test_loss"].values[:, 0]
        for ratio, run in runs.items()
    }
    delays = np.stack(
        [
            np.log(
                falling_times(run["step"].values, run["test_loss"].values, GROKKED)
                / falling_times(run["step"].values, run["loss"].values, GROKKED)
            )
            for run in (runs[5], runs[30])
        ],
        axis=1,
    )
    together = Prediction(0.0, 0.2, label="always together")
    return (
        Evidence(
            quantity="final test error / initial one, one sample a dimension",
            form=Form.ORDERING,
            prediction=Prediction.at_least(1.0, label="memorizes"),
            measurement=Samples(final[1]),
            rivals=(Prediction.at_most(GROKKED, label="generalizes"),),
        ),
        Evidence(
            quantity="final test error / initial one, five and thirty samples a dimension",
            form=Form.ORDERING,
            control=Axis("samples a dimension", (5, 30)),
            prediction=Prediction.at_most(np.full(2, GROKKED), label="generalizes"),
            measurement=Samples(np.stack([final[5], final[30]], axis=1)),
            rivals=(Prediction.at_least(1.0, label="memorizes"),),
        ),
        Evidence(
            quantity="log of generalization over memorization time, five samples a dimension",
            form=Form.ORDERING,
            prediction=Prediction.at_least(np.log(2), label="groks"),
            measurement=Samples(delays[:, 0]),
            rivals=(together,),
        ),
        Evidence(
            quantity="log of generalization over memorization time, thirty samples a dimension",
            form=Form.IDENTITY,
            prediction=Prediction(0.0, 0.2, label="no delay"),
            measurement=Samples(delays[:, 1]),
            rivals=(Prediction.at_least(np.log(2), label="groks"),),
        ),
    )

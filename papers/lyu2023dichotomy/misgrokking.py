"""Misgrokking: data that the early bias suits, and the late one does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import Classifiers, cosine, data_key

if TYPE_CHECKING:
    from ..bench import Bench


@paper.claim(
    "misgrokking",
    statement="Where the early bias suits the data, test accuracy collapses at the release.",
    source="[lyu2023dichotomy, Sec. 3.2.3, Fig. 1b]",
    memory_gib=(1.0, 6.0),
)
def misgrokking(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train on two Gaussian halves that are separated along one dense direction.

    Both plateaus are predicted from the train set alone: the support vector machine and the linear
    program give two directions, and the accuracy of a direction is a Gaussian integral over its
    cosine with the hidden one. The fall is timed where accuracy is halfway between the two; its
    time must move with $\ln\alpha$ as the rise of the sparse task does.
    """
    dimension, separation = bench.pick(quick=(3000, 8.0), full=(100_000, 25.0))
    settings = Classifiers(
        name="separated",
        spec=sim.tasks.SeparatedClassification(
            dimension=dimension,
            separation=separation,
            num_train=32,
            num_test=bench.pick(quick=1000, full=500),
        ),
        scales=(4.0, 16.0),
        weight_decays=(1e-3,),
        end=9.0,
        num_steps=3000,
        num_seeds=bench.pick(quick=4, full=6),
        measures={},
    )
    all_runs = settings.train(bench)
    runs = all_runs.isel(weight_decay=0)

    def predict() -> dict[str, np.ndarray]:
        accuracies = np.empty((settings.num_seeds, 2))
        for seed in range(settings.num_seeds):
            features, labels = settings.data(bench, seed)
            direction = _hidden_direction(bench, settings, seed)
            for i, solver in enumerate((theory.max_l2_margin, theory.max_l1_margin)):
                overlap = cosine(solver(features, labels).weights, direction)
                accuracies[seed, i] = theory.separated_accuracy(overlap, separation=separation)
        return {"accuracies": accuracies}

    early, late = bench.cached("accuracies", predict)["accuracies"].T
    fall = settings.crossings(all_runs, (early + late) / 2, falling=True)[:, 0].T
    accuracy = runs["accuracy"].transpose("seed", "scale", "step").values
    steps = runs["step"].values
    plateau, clocks = np.empty(accuracy.shape[:2]), []
    for i, scale in enumerate(settings.scales):
        clocks.append(1e-3 * settings.times(steps, scale=scale, weight_decay=1e-3))
        plateau[:, i] = accuracy[:, i, np.argmin(np.abs(clocks[i] - 0.8 * np.log(scale)))]
    axis = Axis(r"initialization $\alpha$", settings.scales, scale="log")
    return (
        Evidence(
            quantity=r"accuracy at $\lambda t = 0.8\ln\alpha$ minus that of the largest "
            r"$\ell_2$ margin",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction([0.0] * 2, 0.03, label=r"largest $\ell_2$ margin"),
            measurement=Samples(plateau - early[:, None]),
            rivals=(Prediction([np.mean(late - early)] * 2, label=r"largest $\ell_1$ margin"),),
        ),
        Evidence(
            quantity=r"final accuracy minus that of the largest $\ell_1$ margin",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction([0.0] * 2, 0.1, label=r"largest $\ell_1$ margin"),
            measurement=Samples(accuracy[:, :, -1] - late[:, None]),
            rivals=(Prediction([np.mean(early - late)] * 2, label=r"largest $\ell_2$ margin"),),
        ),
        Evidence(
            quantity="loss of test accuracy",
            form=Form.ORDERING,
            control=axis,
            prediction=Prediction.at_least([0.15] * 2, label="misgrokking"),
            measurement=Samples(plateau - accuracy[:, :, -1]),
            rivals=(Prediction([0.0] * 2, 0.05, label="no change"),),
            panel=Panel(
                r"$\lambda t$",
                "test accuracy",
                tuple(
                    Series(
                        rf"$\alpha = {scale:g}$", clock, accuracy[:, i].mean(axis=0), style=style
                    )
                    for i, (scale, clock, style) in enumerate(
                        zip(settings.scales, clocks, ("line", "dashed"), strict=True)
                    )
                ),
            ),
        ),
        Evidence(
            quantity=r"delay of the fall in $\lambda t$ for a fourfold initialization",
            form=Form.LAW,
            prediction=Prediction(np.log(4.0), 0.1, label=r"$\ln 4$"),
            measurement=Samples(fall[:, 1] - fall[:, 0]),
            rivals=(
                Prediction(0.0, label="initialization does not matter"),
                Prediction(2 * np.log(4.0), label="the predictor itself decays"),
            ),
        ),
    )


def _hidden_direction(bench: Bench, settings: Classifiers, seed: int) -> np.ndarray:
    """The dense direction along which the classes of a seed are separated."""
    import jax

    assert isinstance(settings.spec, sim.tasks.SeparatedClassification)
    with jax.enable_x64(True):
        direction = settings.spec.direction(key=data_key(bench, settings.name, seed))
        return np.asarray(direction, np.float64)

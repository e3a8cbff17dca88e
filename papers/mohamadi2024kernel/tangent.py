"""How the tangent kernel and the normalized margin move while a classifier trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._probes import normalized_margin, tangent_kernel
from .rich import SCALES, initial_scale_runs

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

KERNEL_REGIME = 0.5  # relative change below which the kernel counts as unchanged


def _runs(bench: Bench, *, scale: float, learning_rate: float, num_steps: int) -> xr.Dataset:
    """Normalized gradient descent on the logarithm of the cross-entropy, h = 8p."""
    modulus = bench.pick(quick=23, full=47)
    spec = sim.ModularAddition(modulus, train_fraction=0.7)
    early = np.arange(0, num_steps // 5, num_steps // 200)
    late = np.linspace(num_steps // 5, num_steps, 13).astype(int)
    return bench.train(
        f"tangent-kernel-scale-{scale:g}",
        key=bench.key_for("tangent-kernel"),
        init=lambda key: sim.models.TwoLayerNet.init(modulus, 8 * modulus, scale=scale, key=key),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.normalized_gradient(learning_rate),
        loss=sim.losses.log_cross_entropy,
        num_steps=num_steps,
        record_steps=[*early.tolist(), *late.tolist()],
        num_seeds=bench.pick(quick=8, full=12),
        measures={
            "kernel": tangent_kernel,
            "margin": normalized_margin,
            "train": sim.measures.train_accuracy,
            "test": sim.measures.test_accuracy,
        },
        dims={"kernel": ("row", "column")},
    )


def _default_runs(bench: Bench) -> xr.Dataset:
    return _runs(bench, scale=1.0, learning_rate=0.03, num_steps=5000)


def _interpolation(runs: xr.Dataset) -> np.ndarray:
    """Index of the first record with all train pairs right, for each seed."""
    is_fitted = runs["train"].transpose("seed", "step").values >= 1
    if not is_fitted.any(axis=1).all():
        raise ValueError("a network did not fit its train set: train for longer")
    return is_fitted.argmax(axis=1)


def _changes(runs: xr.Dataset) -> tuple[Float[np.ndarray, "seeds steps"], ...]:
    """Relative change of the kernel since initialization, and the same but for its size.

    The second is the sine of the angle between the kernels: the relative change that is left after
    the best rescaling.
    """
    kernels = runs["kernel"].transpose("seed", "step", "row", "column").values.astype(np.float64)
    initial = kernels[:, :1]
    norms = np.linalg.norm(kernels, axis=(2, 3))
    cosines = np.sum(kernels * initial, axis=(2, 3)) / (norms * norms[:, :1])
    changes = np.linalg.norm(kernels - initial, axis=(2, 3)) / norms[:, :1]
    return changes, np.sqrt(np.maximum(1 - cosines**2, 0))


def _panel(runs: xr.Dataset) -> Panel:
    changes, turns = _changes(runs)
    steps = runs["step"].values[1:]

    def curve(label: str, values: np.ndarray) -> Series:
        return Series(label, steps, values.mean(axis=0)[1:], style="line")

    accuracies = {name: runs[name].transpose("seed", "step").values for name in ("train", "test")}
    return Panel(
        "step",
        "relative change of the kernel; accuracy",
        (
            curve("change", changes),
            curve("change but for size", turns),
            curve("train accuracy", accuracies["train"]),
            curve("test accuracy", accuracies["test"]),
        ),
        x_scale="log",
        y_scale="log",
    )


def _kernel_regime(runs: xr.Dataset) -> tuple[Evidence, ...]:
    """The kernel at interpolation, its direction there, and its growth afterwards."""
    changes, turns = _changes(runs)
    seeds = np.arange(len(changes))
    fitted = _interpolation(runs)
    at_fit = changes[seeds, fitted]
    return (
        Evidence(
            quantity="log10 of the relative change of the kernel when the train set is fitted",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(np.log10(KERNEL_REGIME), label="kernel regime: 0.5"),
            measurement=Samples(np.log10(at_fit)),
            rivals=(Prediction.at_least(0.0, label="left before: 1 or more"),),
            panel=_panel(runs),
        ),
        Evidence(
            quantity="relative change but for size when the train set is fitted",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(KERNEL_REGIME, label="kernel regime: 0.5"),
            measurement=Samples(turns[seeds, fitted]),
        ),
        Evidence(
            quantity="log10 of the final change over that when the train set is fitted",
            form=Form.ORDERING,
            prediction=Prediction.at_least(1.0, label="tenfold"),
            measurement=Samples(np.log10(changes[:, -1] / at_fit)),
            rivals=(Prediction(0.0, 0.5, label="no further change"),),
        ),
    )


@paper.claim(
    "kernel-until-interpolation",
    statement="The tangent kernel hardly changes until the train set is fitted, and changes "
    "drastically afterwards.",
    source="[mohamadi2024kernel, Figs. 1, 2, 5]",
)
def kernel_until_interpolation(bench: Bench) -> tuple[Evidence, ...]:
    """Kernel of the first output on train pairs, standard initialization, normalized gradient
    descent in steps of 0.03; all in Frobenius norm, relative to the initial kernel.

    The paper plots the unnormalized difference, which is dominated by the growth of the weights
    at the end and hides what happens before; the change but for size leaves growth aside.
    """
    return _kernel_regime(_default_runs(bench))


@paper.claim(
    "large-initialization",
    statement="From six times larger weights the train set is fitted within the kernel regime; "
    "the network leaves it later, and generalizes only then.",
    source="derived; the picture of [mohamadi2024kernel, Fig. 1] at a larger initial scale",
)
def large_initialization(bench: Bench) -> tuple[Evidence, ...]:
    """As `kernel-until-interpolation`, with all initial weights multiplied by 6 and steps of 0.1.

    Test accuracy is that at the train set's interpolation, and its gain until the end.
    """
    runs = _runs(bench, scale=6.0, learning_rate=0.1, num_steps=5000)
    accuracies = runs["test"].transpose("seed", "step").values
    seeds, fitted = np.arange(len(accuracies)), _interpolation(runs)
    chance = 1 / bench.pick(quick=23, full=47)
    return (
        *_kernel_regime(runs),
        Evidence(
            quantity="test accuracy when the train set is fitted",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(2 * chance, label="twice chance"),
            measurement=Samples(accuracies[seeds, fitted]),
        ),
        Evidence(
            quantity="gain of test accuracy until the end",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.2, label="generalizes late"),
            measurement=Samples(accuracies[:, -1] - accuracies[seeds, fitted]),
            rivals=(Prediction(0.0, 0.05, label="stays in the kernel regime"),),
        ),
    )


@paper.claim(
    "margin-growth",
    statement="After the train set is fitted the normalized margin grows, and test accuracy "
    "follows it.",
    source="[mohamadi2024kernel, Thm. 4.5]",
)
def margin_growth(bench: Bench) -> tuple[Evidence, ...]:
    """Rank correlation along each run from interpolation on; same runs as
    `kernel-until-interpolation`. The explicit network has a normalized margin of 4p at this width.
    """
    runs = _default_runs(bench)
    margins = runs["margin"].transpose("seed", "step").values
    accuracies = runs["test"].transpose("seed", "step").values
    fitted = _interpolation(runs)
    correlations = [
        _rank_correlation(margin[start:], accuracy[start:])
        for margin, accuracy, start in zip(margins, accuracies, fitted, strict=True)
    ]
    growth = margins[:, -1] / margins[np.arange(len(margins)), fitted]
    modulus = bench.pick(quick=23, full=47)
    return (
        Evidence(
            quantity="rank correlation of margin and test accuracy",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.9, label="margin and accuracy rise together"),
            measurement=Samples(correlations),
            rivals=(Prediction(0.0, 0.5, label="unrelated"),),
            panel=_margin_panel(runs, fitted),
            note=f"Final normalized margin {margins[:, -1].mean():.2f}; the explicit network has "
            f"{4 * modulus}.",
        ),
        Evidence(
            quantity="log of final margin over margin at interpolation",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="grows"),
            measurement=Samples(np.log(growth)),
            rivals=(Prediction.at_most(0.0, label="does not grow"),),
        ),
    )


def _margin_panel(runs: xr.Dataset, fitted: np.ndarray) -> Panel:
    margins = runs["margin"].transpose("seed", "step").values
    accuracies = runs["test"].transpose("seed", "step").values
    return Panel(
        "normalized margin",
        "test accuracy",
        tuple(
            Series(f"seed {seed}", margins[seed, start:], accuracies[seed, start:])
            for seed, start in enumerate(fitted)
        ),
    )


@paper.claim(
    "margin-across-scales",
    statement="At equal width and data, a network with a larger normalized margin generalizes "
    "better, wherever it started.",
    source="derived; the reading of [mohamadi2024kernel, Thm. 4.5] as a predictor",
)
def margin_across_scales(bench: Bench) -> Evidence:
    """Rank correlation over all records with a fitted train set, pooled over three initial scales,
    for each seed; runs of `initial-scale`. The bound on the error falls with the margin and depends
    on nothing else here.
    """
    runs = initial_scale_runs(bench)
    ordered = {
        name: runs[name].transpose("seed", "scale", "step").values
        for name in ("train", "test", "margin")
    }
    correlations = []
    for train, test, margin in zip(*ordered.values(), strict=True):
        is_fitted = train >= 1
        correlations.append(_rank_correlation(margin[is_fitted], test[is_fitted]))
    return Evidence(
        quantity="rank correlation of margin and test accuracy over initial scales",
        form=Form.ORDERING,
        prediction=Prediction.at_least(0.9, label="the margin decides"),
        measurement=Samples(correlations),
        rivals=(Prediction(0.0, 0.5, label="unrelated"),),
        panel=Panel(
            "normalized margin",
            "test accuracy",
            tuple(
                Series(
                    f"scale {scale:g}",
                    *(ordered[name][0, index] for name in ("margin", "test")),
                )
                for index, scale in enumerate(SCALES)
            ),
        ),
    )


def _rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's correlation, ties at their mean rank."""
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])

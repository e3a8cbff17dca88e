"""The dynamics of a committee: closed at any width, rich on a clock set by the output scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...theory import lazy_rich
from ...validation import (
    Axis,
    Counts,
    Evidence,
    Exact,
    Form,
    Panel,
    Prediction,
    Samples,
    Series,
    fit_law,
)
from ._card import paper
from ._runs import (
    LEARNING_RATE,
    Setting,
    closed_flow,
    falling_times,
    last_records,
    measured_terms,
    standard_setting,
    start_of,
    target_forms,
    train_committees,
)

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

GROKKED = 0.2
SCALES = (0.1, 0.2, 0.4, 0.8)
CURVATURE = 0.1
_SCALE_RUNS = "scales"


@paper.claim(
    "closed-map",
    statement="Two moments of the weights obey a closed dynamics: D + D^2 numbers follow a trained "
    "network of any width to rounding.",
    source="derived; the moments are those of [kumar2023lazy, Eq. 4]",
    headline=True,
)
def closed_map(bench: Bench) -> tuple[Evidence, ...]:
    """Train a committee in float64, and iterate the map from the moments of its weights.

    The rivals take the same start and leave out something small: the finite step (gradient flow),
    the finite width (moments of infinitely many units), or the motion of the kernel.
    """
    setting = bench.pick(quick=Setting(20, 60, 200), full=Setting(100, 500, 1000))
    scale, curvature, rate = 5.0, 0.3, 0.5
    steps = bench.pick(quick=3000, full=10_000)
    runs = train_committees(
        bench,
        "closed-map",
        setting,
        scales=[scale],
        curvatures=[curvature],
        num_steps=steps,
        num_seeds=1,
        learning_rate=rate,
        dtype="float64",
    )
    run = runs.isel(scale=0, curvature=0, seed=0)
    start = start_of(run)
    data = (start.inputs, start.targets, [0, steps])
    moments: dict[str, Any] = {"mean": start.mean, "second_moment": start.second_moment}
    kept: dict[str, Any] = {"scale": scale, "curvature": curvature, "learning_rate": rate}
    predicted = lazy_rich.gradient_descent(*data, **kept, **moments)
    rivals = {
        "gradient flow": lazy_rich.gradient_flow(*data, **kept, **moments, tolerance=1e-8),
        "infinite width": lazy_rich.gradient_descent(*data, **kept),
        "fixed kernel": lazy_rich.gradient_descent(*data, **kept | {"scale": np.inf}, **moments),
    }
    mean = run["mean"].isel(step=-1).values
    second = run["second_moment"].isel(step=-1).values
    loss = float(run["loss"].isel(step=-1))

    def summary(mean: np.ndarray, second: np.ndarray, loss: float) -> np.ndarray:
        return np.array([mean @ mean, np.trace(second), second[0, 0], loss])

    def summary_of(trajectory: lazy_rich.Trajectory) -> np.ndarray:
        # The fixed kernel describes the same function by moments that do not move.
        return summary(
            start.mean + trajectory.linear[-1] / scale,
            start.second_moment + trajectory.quadratic[-1] / scale,
            trajectory.train_loss[-1],
        )

    deviation = max(
        np.abs(predicted.mean[-1] - mean).max(), np.abs(predicted.second_moment[-1] - second).max()
    )
    return (
        Evidence(
            quantity=f"after {steps} steps",
            form=Form.IDENTITY,
            control=Axis("number", (r"$|\bar w|^2$", r"tr $M$", "$M_{11}$", "train loss")),
            prediction=Prediction(summary_of(predicted), 1e-10, label="closed map"),
            measurement=Exact(summary(mean, second, loss)),
            rivals=tuple(
                Prediction(summary_of(trajectory), label=label)
                for label, trajectory in rivals.items()
            ),
        ),
        Evidence(
            quantity=r"largest deviation of any entry of $\bar w$ and $M$",
            form=Form.IDENTITY,
            prediction=Prediction.at_most(1e-10, label="rounding"),
            measurement=Exact(deviation),
        ),
    )


def scale_runs(bench: Bench) -> tuple[xr.Dataset, np.ndarray]:
    """Train committees of four scales until the train loss is 0.001; returns the targets, too."""
    setting = standard_setting(bench)
    seeds = bench.pick(quick=10, full=3)
    runs = train_committees(
        bench,
        _SCALE_RUNS,
        setting,
        scales=SCALES,
        curvatures=[CURVATURE],
        num_steps=bench.pick(quick=12_000, full=50_000),
        num_seeds=seeds,
        stop_loss=1e-3,
        max_gap=bench.pick(quick=50, full=200),
    )
    return runs.isel(curvature=0), target_forms(bench, _SCALE_RUNS, setting, seeds)


@paper.claim(
    "grokking-time",
    statement="The time to generalize is proportional to the output scale, and the closed dynamics "
    "predicts it for every network.",
    source="[kumar2023lazy, Sec. 5.1]; the exponent derived",
    headline=True,
    memory_gib=(1.0, 4.0),
)
def grokking_time(bench: Bench) -> tuple[Evidence, ...]:
    """First step at which the test error is below a fifth of its start, at four scales.

    The learning rate falls as the inverse square of the scale, so that the kernel clock is the
    same in all runs. The exponent is fitted for every seed. The closed flow starts from the
    moments of each network and uses the exact population error; the rivals are the clocks of the
    lazy regime and the estimate of the rich clock, which knows nothing of the finite sample.
    """
    runs, forms = scale_runs(bench)
    setting = standard_setting(bench)
    steps = runs["step"].values
    losses = runs["test_loss"].transpose("seed", "scale", "step").values
    times = falling_times(steps, losses, GROKKED)
    fit = fit_law(np.array(SCALES), times, law="power")
    fine = np.unique(np.geomspace(1, steps[-1], 400).astype(int) - 1)
    predicted = np.empty_like(times)
    for seed, form in enumerate(forms):
        for index in range(len(SCALES)):
            flow = closed_flow(runs.isel(seed=seed, scale=index), fine)
            error = lazy_rich.loss_terms(flow.linear, flow.quadratic, form, curvature=CURVATURE)
            predicted[seed, index] = falling_times(fine, error.total, GROKKED)
    kept: dict[str, Any] = {"curvature": CURVATURE, "learning_rate": LEARNING_RATE}
    lazy = lazy_rich.lazy_clocks(setting.dimension, **kept).quadratic
    rich = np.array([lazy_rich.rich_clock(setting.dimension, scale=a, **kept) for a in SCALES])
    typical = np.exp(np.log(predicted).mean(axis=0))
    axis = Axis(r"scale $\alpha$", SCALES, scale="log")
    return (
        Evidence(
            quantity="exponent of the time to generalize in the scale",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.15, label="rich clock"),
            measurement=fit.estimate("exponent"),
            rivals=(
                Prediction(0.0, label="kernel clock"),
                Prediction(0.5, label="square root"),
                Prediction(2.0, label="inverse learning rate"),
            ),
            panel=Panel(
                r"scale $\alpha$",
                "steps to generalize",
                (
                    Series("networks", np.array(SCALES), times.mean(axis=0), _error(times)),
                    Series("closed flow", np.array(SCALES), predicted.mean(axis=0), style="line"),
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="time to generalize, network / closed flow",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(np.ones(len(SCALES)), 0.08, label="closed flow"),
            measurement=Samples(times / predicted),
            rivals=(
                Prediction(lazy / typical, label="lazy clock of quadratic modes"),
                Prediction(rich / typical, label="rich clock of infinitely many samples"),
            ),
        ),
    )


@paper.claim(
    "loss-terms",
    statement="The test error is variance plus misalignment plus linear power; the linear power "
    "peaks first, while the network memorizes, and the misalignment falls when it groks.",
    source="[kumar2023lazy, Eq. 6, Fig. 4]",
    memory_gib=(1.0, 4.0),
)
def loss_terms(bench: Bench) -> tuple[Evidence, ...]:
    """Moments of the weights along the runs of `grokking-time` at scale 0.4, and the error of the
    same networks on fresh samples.

    All three terms are judged by their sum at three stages: where the linear power peaks, where
    the misalignment has halved, and where the network has generalized. The rivals leave a term out.
    """
    runs, forms = scale_runs(bench)
    run = runs.sel(scale=0.4)
    steps, seeds = run["step"].values, np.arange(len(forms))
    terms = measured_terms(run, forms)
    peaks = np.nanargmax(terms.linear_power, axis=1)
    halves = _first(terms.misalignment < 0.5 * terms.misalignment[:, :1])
    grokked = _first(terms.total < GROKKED * terms.total[:, :1])
    stages = np.stack([peaks, halves, grokked], axis=1)
    sampled = run["test_loss"].transpose("seed", "step").values[seeds[:, None], stages]
    ratio = sampled / terms.total[seeds[:, None], stages]

    def without(name: str) -> np.ndarray:
        share = getattr(terms, name) / terms.total
        return 1 - share[seeds[:, None], stages].mean(axis=0)

    order = np.log(steps[halves] / steps[peaks])
    mean_terms = {
        "variance": terms.variance,
        "misalignment": terms.misalignment,
        "linear power": terms.linear_power,
    }
    shown = slice(1, int(grokked.min()) + 1)
    return (
        Evidence(
            quantity="log time from the peak of the linear power to half the misalignment",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="first memorize, then align"),
            measurement=Samples(order),
            rivals=(Prediction(0.0, (np.inf, 0.0), label="align first"),),
            panel=Panel(
                "steps",
                "part of the test error",
                tuple(
                    Series(label, steps[shown], part.mean(axis=0)[shown], style="line")
                    for label, part in mean_terms.items()
                ),
                x_scale="log",
            ),
        ),
        Evidence(
            quantity="error on fresh samples / sum of the terms",
            form=Form.IDENTITY,
            control=Axis("stage", ("linear peak", "half aligned", "generalized")),
            prediction=Prediction(np.ones(3), 0.06, label="three terms"),
            measurement=Samples(ratio),
            rivals=tuple(
                Prediction(without(name), label=f"without the {label}")
                for name, label in (
                    ("variance", "variance"),
                    ("misalignment", "misalignment"),
                    ("linear_power", "linear power"),
                )
            ),
        ),
    )


@paper.claim(
    "weight-norm",
    statement="The norm of the weights grows while a network generalizes, in the end by "
    "|beta|^2 / (alpha eps) a unit.",
    source="[kumar2023lazy, Sec. 3]; the amount derived",
    memory_gib=(1.0, 4.0),
)
def weight_norm(bench: Bench) -> tuple[Evidence, ...]:
    """Trace of the second moment along the runs of `grokking-time`, which end at a train loss of
    0.001: all of the growth, and that after the train error has fallen to a fifth.
    """
    runs, _ = scale_runs(bench)
    second = runs["second_moment"].transpose("seed", "scale", "step", ...).values
    norms = np.trace(second.astype(np.float64), axis1=-2, axis2=-1)
    losses = runs["loss"].transpose("seed", "scale", "step").values
    memorized = _first(losses < GROKKED * losses[..., :1])
    at_memorization = np.take_along_axis(norms, memorized[..., None], axis=-1)[..., 0]
    final = last_records(norms)
    test = runs["test_loss"].transpose("seed", "scale", "step").values
    generalized = last_records(test) < GROKKED * test[..., 0]
    grew = (final > at_memorization) & generalized
    dimension = standard_setting(bench).dimension
    target = dimension * np.diag(np.eye(dimension)[0])
    end = np.array(
        [lazy_rich.solution_norm_growth(target, scale=a, curvature=CURVATURE) for a in SCALES]
    )
    return (
        Evidence(
            quantity="growth of the squared norm from start to end / prediction",
            form=Form.CURVE,
            control=Axis(r"scale $\alpha$", SCALES, scale="log"),
            prediction=Prediction(
                np.ones(len(SCALES)), 0.1, label=r"$|\beta|^2/\alpha\epsilon$", source="derived"
            ),
            measurement=Samples((final - norms[..., 0]) / end),
            rivals=(
                Prediction(0.0, label="constant norm"),
                Prediction.at_most(0.0, label="decreasing norm"),
            ),
        ),
        Evidence(
            quantity="fraction of generalizing runs whose norm grows after memorization",
            form=Form.EVENT_RATE,
            prediction=Prediction.at_least(0.8, label="norm grows"),
            measurement=Counts(int(grew.sum()), int(generalized.sum())),
            rivals=(Prediction.at_most(0.5, label="norm falls or wanders"),),
        ),
    )


def _first(condition: np.ndarray) -> np.ndarray:
    """Index of the first record at which a condition holds, in every run.

    Raises
    ------
    ValueError
        If it never does in some run.
    """
    if not np.all(condition.any(axis=-1)):
        raise ValueError(f"{int(np.sum(~condition.any(axis=-1)))} runs never get there")
    return np.argmax(condition, axis=-1)


def _error(samples: np.ndarray) -> np.ndarray:
    return samples.std(axis=0, ddof=1) / np.sqrt(len(samples))

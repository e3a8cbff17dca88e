"""Linear regression with spurious features: exact dynamics, and what the penalty does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from ... import simulations as sim
from ...theory import linear_estimators as theory
from ...validation import Axis, Counts, Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax

    from ..bench import Bench

LEARNING_RATE, ERROR_SCALE, PRIOR_VARIANCE = 1e-3, 0.002, 0.5
START = (5e-4, 0.9, 0.9, 0.9)
NUM_POINTS, NUM_TRAIN, NUM_EPOCHS = 100, 2, 5000
NO_PENALTY = 1e12  # prior variance
GROKKED, FITTED, LARGEST_DRIFT = 0.9, 0.01, 0.1


@dataclass(frozen=True, eq=False)
class LineData:
    """Points on the line y = 0.3 x, the first two of them to train on."""

    features: Float[np.ndarray, "points features"]
    targets: Float[np.ndarray, " points"]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> LineData:
        """Draw 100 points."""
        x = rng.uniform(-0.5, 0.5, NUM_POINTS)
        return cls(sim.tasks.spurious_features(x), 0.3 * x)

    def loss(
        self, *, prior_variance: float = PRIOR_VARIANCE, error_scale: float = ERROR_SCALE
    ) -> theory.QuadraticDescent:
        """The train loss."""
        return theory.penalized_regression(
            self.features[:NUM_TRAIN],
            self.targets[:NUM_TRAIN],
            error_scale=error_scale,
            prior_variances=prior_variance,
        )

    def accuracies(
        self, weights: Float[np.ndarray, "epochs features"]
    ) -> tuple[Float[np.ndarray, " epochs"], Float[np.ndarray, " epochs"]]:
        """Share of train and of validation points with the right sign."""
        is_right = (weights @ self.features.T > 0) == (self.targets > 0)[None, :]
        return is_right[:, :NUM_TRAIN].mean(axis=1), is_right[:, NUM_TRAIN:].mean(axis=1)


@paper.claim(
    "linear-dynamics",
    statement="Gradient descent of the penalized linear model is solved in closed form: a fast "
    "clock for the samples, a slow one of n sigma / (2 eta) for all else.",
    source="derived, from [miller2023beyond, Eqs. 2, 3]",
    headline=True,
)
def linear_dynamics(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train the model of the paper by the engine and compare all weights with the closed form.

    Judged is the largest difference at any recorded epoch, in double precision; the initial weights
    are of order one. The rival is the closed form without the penalty. The second piece fits the
    clock of the weights that the two samples do not see.
    """
    num_seeds = bench.pick(quick=5, full=50)
    spec = sim.tasks.SpuriousLinear(num_train=NUM_TRAIN, num_test=NUM_POINTS - NUM_TRAIN)
    runs = bench.train(
        "penalized",
        init=lambda key: sim.models.LinearModel(_start()),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(LEARNING_RATE),
        loss=_penalized_loss,
        num_steps=NUM_EPOCHS,
        measures={"weights": lambda model, task: model.weights},
        final={
            "features": lambda model, task: task.inputs,
            "targets": lambda model, task: task.targets,
        },
        dims={"weights": ("feature",)},
        num_seeds=num_seeds,
        dtype="float64",
    )
    steps = runs["step"].values
    errors, rivals, clocks = np.empty(num_seeds), np.empty(num_seeds), np.empty(num_seeds)
    for seed in range(num_seeds):
        run = runs.isel(seed=seed)
        data = LineData(run["features"].values, run["targets"].values)
        trained = run["weights"].values
        exact, free = (
            data.loss(prior_variance=prior).descent(
                np.array(START), steps, learning_rate=LEARNING_RATE
            )
            for prior in (PRIOR_VARIANCE, NO_PENALTY)
        )
        errors[seed] = np.abs(trained - exact).max()
        rivals[seed] = np.abs(free - exact).max()
        clocks[seed] = _unseen_clock(data.features[:NUM_TRAIN], steps, trained)
    predicted = theory.penalized_clocks(
        runs["features"].values[0, :NUM_TRAIN],
        error_scale=ERROR_SCALE,
        prior_variance=PRIOR_VARIANCE,
        learning_rate=LEARNING_RATE,
    ).unseen
    return (
        Evidence(
            quantity="largest difference of a weight from the closed form",
            form=Form.IDENTITY,
            control=Axis("draw", tuple(str(seed) for seed in range(num_seeds))),
            prediction=Prediction(np.zeros(num_seeds), 1e-10, label="closed form"),
            measurement=Exact(errors),
            rivals=(Prediction(rivals, label="without penalty"),),
        ),
        Evidence(
            quantity="clock of unseen weights",
            form=Form.IDENTITY,
            unit="epochs",
            prediction=Prediction(predicted, 0.01 * predicted, label=r"$n\sigma/2\eta$"),
            measurement=Samples(clocks),
            rivals=(
                Prediction(2 * predicted, label=r"$n\sigma/\eta$"),
                Prediction(predicted / 2, label=r"$\sigma/2\eta$, not divided by n"),
            ),
        ),
    )


def _start() -> jax.Array:
    import jax.numpy as jnp

    return jnp.array(START)


def _penalized_loss(model: sim.models.LinearModel, batch: sim.tasks.Batch) -> Any:
    # the official code divides the penalty, too, by the number of train points
    penalty = (model.weights**2).sum() / PRIOR_VARIANCE / NUM_TRAIN
    return sim.squared_error(model, batch) / ERROR_SCALE + penalty


def _unseen_clock(samples: np.ndarray, steps: np.ndarray, weights: np.ndarray) -> float:
    """Epochs in which what the samples do not see falls to 1/e, from a straight line."""
    unseen = np.linalg.svd(samples)[2][len(samples) :]
    sizes = np.linalg.norm(weights @ unseen.T, axis=1)
    kept = (steps > 0) & (sizes > 1e-9 * sizes[0])
    return float(-1 / np.polyfit(steps[kept], np.log(sizes[kept]), 1)[0])


@dataclass(frozen=True)
class Ensemble:
    """Accuracies and errors of many draws along the exact dynamics."""

    num_draws: int
    prior_variance: float
    num_epochs: int = NUM_EPOCHS
    error_scale: float = ERROR_SCALE

    def follow(self, rng: np.random.Generator) -> Courses:
        """Draw data and follow the weights on them."""
        steps = np.geomspace(1, self.num_epochs, 300).round().astype(int)
        epochs = np.array([0, *np.unique(steps)])
        found = np.empty((3, self.num_draws, len(epochs)))
        for draw in range(self.num_draws):
            data = LineData.draw(rng)
            loss = data.loss(prior_variance=self.prior_variance, error_scale=self.error_scale)
            weights = loss.descent(np.array(START), epochs, learning_rate=LEARNING_RATE)
            errors = weights @ data.features[:NUM_TRAIN].T - data.targets[:NUM_TRAIN]
            found[:, draw] = *data.accuracies(weights), np.mean(errors**2, axis=1)
        return Courses(epochs, *found)


class Courses(NamedTuple):
    """What many draws go through, one a row."""

    epochs: Int[np.ndarray, " epochs"]
    train_accuracy: Float[np.ndarray, "draws epochs"]
    validation_accuracy: Float[np.ndarray, "draws epochs"]
    train_error: Float[np.ndarray, "draws epochs"]

    @property
    def gaps(self) -> Bool[np.ndarray, " draws"]:
        """Whether the validation accuracy settles more than five times as late as the train one."""
        grokked = self.settled()
        fitted = settled(self.epochs, self.train_accuracy, 1.0)
        return np.isfinite(grokked) & (grokked > 5 * np.maximum(fitted, 1))

    def settled(self) -> Float[np.ndarray, " draws"]:
        """Epochs from which on the validation accuracy stays at or above 0.9."""
        return settled(self.epochs, self.validation_accuracy, GROKKED)

    def drifts(self) -> Float[np.ndarray, " draws"]:
        """How far the validation accuracy ends from where it was when the train error had fallen to
        a hundredth."""
        has_fitted = self.train_error <= FITTED * self.train_error[:, :1]
        first = np.where(has_fitted.any(axis=1), has_fitted.argmax(axis=1), -1)
        at_fit = self.validation_accuracy[np.arange(len(first)), first]
        return np.abs(self.validation_accuracy[:, -1] - at_fit)


def settled(epochs: np.ndarray, accuracies: np.ndarray, level: float) -> np.ndarray:
    """Epochs from which on accuracies stay at or above a level; infinite if they end below."""
    return sim.detectors.crossing_time(
        epochs, accuracies, level, interpolation="log", lasting=True
    ).times


@paper.claim(
    "linear-penalty",
    statement="The linear model groks in about half of the draws with the complexity penalty, and "
    "never without.",
    source="[miller2023beyond, Sec. 2.1.1, App. K]",
)
def linear_penalty(bench: Bench) -> tuple[Evidence, ...]:
    r"""Count draws whose validation accuracy settles at 0.9 more than five times as late as the
    train accuracy at one, with the penalty and without.

    The weights follow the closed form of claim linear-dynamics. Without penalty the weights of
    unseen directions keep their initial values for ever; what is counted is that the validation
    accuracy ends within 0.1 of what it was when the train error had fallen to a hundredth. It does
    not in most draws: the weaker of the two directions that the samples see adds little to the
    train error, is slow too (its clock is in the note), and moves the validation accuracy late,
    with penalty or without.
    """
    draws, rng = bench.pick(quick=200, full=2000), bench.generator("draws")
    courses = {
        name: Ensemble(draws, prior).follow(bench.generator("draws"))
        for name, prior in (("penalty", PRIOR_VARIANCE), ("no penalty", NO_PENALTY))
    }
    gaps = {name: int(course.gaps.sum()) for name, course in courses.items()}
    stays = {
        name: int(np.sum(course.drifts() <= LARGEST_DRIFT)) for name, course in courses.items()
    }
    weak = [_weakest_clock(LineData.draw(rng).features) for _ in range(draws)]
    series = []
    for name, style in (("penalty", "line"), ("no penalty", "dashed")):
        epochs, train, validation, _ = courses[name]
        for part, values in (("train", train), ("validation", validation)):
            curve = values.mean(axis=0)[1:]
            series.append(Series(f"{part}, {name}", epochs[1:], curve, style=style))
    panel = Panel("epoch", "mean accuracy", tuple(series), x_scale="log")
    return (
        Evidence(
            quantity="share of draws that grok (validation five times later than train)",
            form=Form.EVENT_RATE,
            control=Axis("objective", ("penalty",)),
            prediction=Prediction(0.475, 0.125, label="about half"),
            measurement=Counts(gaps["penalty"], draws),
            rivals=(
                Prediction(gaps["no penalty"] / draws, 0.0, label="as without penalty"),
                Prediction.at_least(0.9, label="every draw"),
            ),
            panel=panel,
        ),
        Evidence(
            quantity="share of draws whose validation accuracy stays as it was at the fit",
            form=Form.EVENT_RATE,
            control=Axis("objective", ("no penalty",)),
            prediction=Prediction.at_least(0.8, label="nothing happens after the fit"),
            measurement=Counts(stays["no penalty"], draws),
            rivals=(Prediction(stays["penalty"] / draws, 0.05, label="as with penalty"),),
            note=f"clock of the weaker seen direction: median {np.median(weak):.0f} epochs, "
            f"{np.quantile(weak, 0.9):.0f} or more in a tenth of the draws",
        ),
    )


def _weakest_clock(features: np.ndarray) -> float:
    """Epochs of the slower of the two directions that the samples see, without penalty."""
    clocks = theory.penalized_clocks(
        features[:NUM_TRAIN],
        error_scale=ERROR_SCALE,
        prior_variance=NO_PENALTY,
        learning_rate=LEARNING_RATE,
    )
    return float(clocks.seen[-1])


@paper.claim(
    "slow-clock",
    statement="The validation accuracy of the linear model settles on the slow clock, in "
    "proportion to the prior variance.",
    source="derived",
)
def slow_clock(bench: Bench) -> tuple[Evidence, ...]:
    r"""Fit the power of $\sigma$ in the median epoch at which the validation accuracy settles.

    It settles where it reaches 0.9 for good; the median is over the draws that grok at all three
    prior variances, and the fit is made in eight groups of draws.
    Rivals: the clock of the samples, which hardly depends on $\sigma$, and a square root.
    """
    variances = (0.25, 0.5, 1.0)
    groups, size = bench.pick(quick=(8, 100), full=(20, 200))
    settling, has_gap = [], []
    for variance in variances:
        ensemble = Ensemble(groups * size, variance, num_epochs=round(40_000 * variance))
        course = ensemble.follow(bench.generator("draws"))
        settling.append(course.settled())
        has_gap.append(course.gaps)
    times, groks = np.stack(settling, axis=1), np.all(has_gap, axis=0)
    exponents, medians = [], []
    for group in range(groups):
        chosen = slice(group * size, (group + 1) * size)
        medians.append(np.median(times[chosen][groks[chosen]], axis=0))
        exponents.append(np.polyfit(np.log(variances), np.log(medians[-1]), 1)[0])
    middle = np.array(medians)
    law = middle[:, 1].mean() * np.array(variances) / PRIOR_VARIANCE
    return (
        Evidence(
            quantity=r"power of $\sigma$ in the median validation epoch",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.1, label=r"slow clock $n\sigma/2\eta$"),
            measurement=Samples(exponents),
            rivals=(
                Prediction(0.0, label="clock of the samples"),
                Prediction(0.5, label=r"$\sqrt\sigma$"),
            ),
            note=f"{int(groks.sum())} of {len(groks)} draws grok at all three variances",
            panel=Panel(
                r"prior variance $\sigma$",
                "median validation epoch",
                (
                    Series(r"$\propto\sigma$", np.array(variances), law, style="line"),
                    Series(
                        "draws that grok",
                        np.array(variances),
                        middle.mean(axis=0),
                        middle.std(axis=0, ddof=1) / np.sqrt(groups),
                    ),
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
    )

"""How the linear students of this paper are trained, and how times are read off their curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import linear_estimators as theory

if TYPE_CHECKING:
    from ..bench import Bench

LEARNING_RATE = 0.01
THRESHOLD = 1e-3


@dataclass(frozen=True)
class Students:
    """Independent draws of data, teacher and student of one shape.

    Parameters
    ----------
    name
        Of the run: claims that give the same name and settings share it.
    dimension, aspect_ratio
        Number of inputs, and inputs over samples (the latter are rounded).
    steps
        Steps at which to look.
    num_draws, num_outputs, weight_decay
        As for the simulation.
    threshold
        None: losses only, in the eigenbasis; else accuracies on actual samples, too.
    num_test
        Fresh samples for the test accuracy.
    """

    name: str
    dimension: int
    aspect_ratio: float
    steps: tuple[int, ...]
    num_draws: int
    num_outputs: int = 1
    weight_decay: float = 0.0
    threshold: float | None = None
    num_test: int = 1000

    @property
    def num_train(self) -> int:
        """Number of samples."""
        return round(self.dimension / self.aspect_ratio)

    @property
    def actual_ratio(self) -> float:
        """Inputs over samples, after rounding."""
        return self.dimension / self.num_train

    def train(self, bench: Bench) -> dict[str, Float[np.ndarray, "draws steps"]]:
        """Return losses (and accuracies) by name."""

        def compute() -> dict[str, np.ndarray]:
            runs = sim.linear_descents(
                self.dimension,
                self.num_train,
                steps=self.steps,
                learning_rate=LEARNING_RATE,
                num_draws=self.num_draws,
                num_outputs=self.num_outputs,
                weight_decay=self.weight_decay,
                threshold=self.threshold,
                num_test=self.num_test,
                key=bench.key_for(f"{self.name}-{self.aspect_ratio:g}-{self.num_outputs}"),
                workers=bench.workers,
                progress=lambda fraction: bench.progress(fraction, self.name),
            )
            return {str(name): values.values for name, values in runs.items()}

        return bench.cached(self.name, compute)

    def predicted(self) -> theory.LossCurves:
        """Both losses at the same steps, of gradient descent in many dimensions."""
        return theory.discrete_loss_curves(
            np.array(self.steps),
            learning_rate=LEARNING_RATE,
            aspect_ratio=self.actual_ratio,
            num_outputs=self.num_outputs,
            weight_decay=self.weight_decay,
        )


def log_steps(first: float, last: float, count: int) -> tuple[int, ...]:
    """Whole steps at equal distances in the logarithm, from zero on."""
    steps = np.round(np.geomspace(first, last, count)).astype(int)
    return (0, *np.unique(steps[steps > 0]).tolist())


def crossings(
    steps: tuple[int, ...], curves: Float[np.ndarray, "draws steps"], level: float
) -> Float[np.ndarray, " draws"]:
    """Steps at which rising curves first reach a level, between records by straight lines in the
    logarithm of time; infinite for those that do not."""
    return sim.detectors.crossing_time(np.array(steps), curves, level, interpolation="log").times


def loss_crossings(
    steps: tuple[int, ...], losses: Float[np.ndarray, "draws steps"], level: float
) -> Float[np.ndarray, " draws"]:
    """Steps at which losses first fall to a level, read off on logarithmic axes."""
    # Long after the crossing a loss may underflow.
    return crossings(steps, -np.log(np.maximum(losses, 1e-300)), -np.log(level))


def delays(
    steps: tuple[int, ...], runs: dict[str, Float[np.ndarray, "draws steps"]], accuracy: float
) -> Float[np.ndarray, " draws"]:
    """Steps between the train and the test accuracy; infinite where the latter is not reached."""
    train, test = (
        crossings(steps, runs[f"{part}_accuracy"], accuracy) for part in ("train", "test")
    )
    return np.where(np.isinf(test), np.inf, test - np.where(np.isinf(train), 0.0, train))

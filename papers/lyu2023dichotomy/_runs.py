"""How the networks of this paper are trained, and in which time their records are read.

Gradient descent stands for gradient flow, so what counts is continuous time, the sum of the
learning rates. The curvature falls by orders of magnitude along a run, and the learning rate may
grow in step with it: a release that plain gradient descent with one rate would reach after 10^9
steps takes some thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Num

from ... import simulations as sim

if TYPE_CHECKING:
    import jax
    import optax
    import xarray as xr

    from ..bench import Bench


@dataclass(frozen=True)
class Ramp:
    r"""Learning rates that grow geometrically over the first steps and then stay.

    $$\eta_k = \eta\,e^{-S\max(0,\,1-k/K_1)}, \qquad \sum_{k<K}\eta_k = T .$$

    Parameters
    ----------
    num_steps, ramp_steps
        $K \ge K_1 \ge 1$.
    """

    num_steps: int
    ramp_steps: int

    def schedule(self, *, first: Any, end_time: Any) -> Callable[[Any], Any]:
        r"""Learning rate as a function of the step, from `first` on, of sum $T$ `end_time`.

        Both may be traced.
        """
        import jax.numpy as jnp

        spread = self._spread(jnp, first, end_time)
        total = self._shape(jnp, jnp.arange(self.num_steps), spread).sum()
        return lambda step: end_time / total * self._shape(jnp, step, spread)

    def times(self, *, first: float, end_time: float) -> Float[np.ndarray, " steps"]:
        """Continuous time before each step and after the last one."""
        shape = self._shape(np, np.arange(self.num_steps), self._spread(np, first, end_time))
        return np.concatenate([[0.0], np.cumsum(shape) * (end_time / shape.sum())])

    def _spread(self, numpy: Any, first: Any, end_time: Any) -> Any:
        """Logarithm of last over first rate: the first one is met within some ten per cent."""
        spread = numpy.log(end_time / self.num_steps / first)
        for _ in range(5):
            level = self.num_steps - self.ramp_steps + self.ramp_steps / numpy.maximum(spread, 1.0)
            spread = numpy.log(end_time / level / first)
        return spread

    def _shape(self, numpy: Any, step: Any, spread: Any) -> Any:
        return numpy.exp(-spread * numpy.maximum(0.0, 1 - step / self.ramp_steps))


@dataclass(frozen=True)
class ClockedRates:
    r"""Learning rates that grow as the curvature falls with the clock, up to a largest one.

    $$\eta_k = \min\Bigl(\eta_{\max},\,\frac{\eta_0}{1-2\lambda\eta_0k}\Bigr)
      \simeq \min\bigl(\eta_{\max},\,\eta_0e^{2\lambda t}\bigr)$$

    Parameters
    ----------
    first, largest
        $\eta_0 < \eta_{\max}$.
    weight_decay
        $\lambda > 0$.
    """

    first: float
    largest: float
    weight_decay: float

    def schedule(self) -> Callable[[Any], Any]:
        """Learning rate as a function of the step."""
        import jax.numpy as jnp

        return lambda step: self._rates(jnp, step)

    def num_steps(self, end_time: float) -> int:
        """Number of steps to a continuous time."""
        growing = (1 / self.first - 1 / self.largest) / (2 * self.weight_decay)
        grown = np.log(self.largest / self.first) / (2 * self.weight_decay)
        return int(np.ceil(growing + max(0.0, end_time - grown) / self.largest))

    def times(self, num_steps: int) -> Float[np.ndarray, " steps"]:
        """Continuous time before each step and after the last one."""
        return np.concatenate([[0.0], np.cumsum(self._rates(np, np.arange(num_steps)))])

    def _rates(self, numpy: Any, step: Any) -> Any:
        # The reciprocal falls on a straight line until the largest rate is reached.
        reciprocal = 1 / self.first - 2 * self.weight_decay * step
        return 1 / numpy.maximum(1 / self.largest, reciprocal)


def data_key(bench: Bench, name: str, seed: int) -> jax.Array:
    """Return the key from which the data of a seed of a named run grow, as the engine splits it."""
    import jax

    return jax.random.split(jax.random.fold_in(bench.key_for(name), seed))[0]


def samples_of(
    bench: Bench, name: str, spec: Any, seed: int, *, part: str = "train"
) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets (`train` or `test`) of a seed of a named run in double precision.

    Real numbers come as float64, indices as they are.
    """
    import jax

    with jax.enable_x64(True):  # on which the numbers drawn for a key depend
        task = spec.sample(key=data_key(bench, name, seed))
        batch = task.train() if part == "train" else task.test()
    inputs = np.asarray(batch.inputs)
    if np.issubdtype(inputs.dtype, np.floating):
        inputs = inputs.astype(np.float64)
    return inputs, np.asarray(batch.targets, np.float64)


def accuracy_on_test(model: Any, task: sim.tasks.Task) -> Any:
    """Accuracy on fresh samples."""
    return sim.losses.sign_accuracy(model, task.test())


def linear_weights(model: Any, task: sim.tasks.Task) -> Any:
    r"""The linear predictor $w = u^2 - v^2$ that a network computes."""
    return model.weights


@dataclass(frozen=True)
class Classifiers:
    r"""Diagonal classifiers over initializations, weight decays and seeds, far past their release.

    Every run starts at half of the largest stable learning rate at zero output and ends at
    $\lambda t = \ln\alpha + \tau$.

    Parameters
    ----------
    name
        Name of the run: claims that give the same name and settings share it.
    spec
        The task.
    scales, weight_decays
        $\alpha$ per coordinate and $\lambda > 0$.
    end
        $\tau$.
    num_steps, num_seeds
        Length of a run, and runs of each kind.
    measures
        What to record beside the accuracy on fresh samples, fifty times a run.
    """

    name: str
    spec: sim.tasks.SparseSignClassification | sim.tasks.SeparatedClassification
    scales: tuple[float, ...]
    weight_decays: tuple[float, ...]
    end: float
    num_steps: int
    num_seeds: int
    measures: Mapping[str, Callable[..., Any]]

    def train(self, bench: Bench) -> xr.Dataset:
        """Train by gradient descent, in double precision: weights are small differences of large
        squares."""

        def optimizer(scale: Any, weight_decay: Any) -> optax.GradientTransformation:
            import jax.numpy as jnp

            end_time = (jnp.log(scale) + self.end) / weight_decay
            rates = self._ramp.schedule(first=self._first_rate(scale), end_time=end_time)
            return sim.optimizers.gradient_descent(rates, weight_decay)

        return bench.train(
            self.name,
            init=lambda key, scale: sim.DiagonalNet.init(self.spec.dimension, scale=scale),
            task=lambda key: self.spec.sample(key=key),
            optimizer=optimizer,
            loss=sim.logistic_loss,
            num_steps=self.num_steps,
            record_steps=list(range(0, self.num_steps + 1, self.num_steps // 50)),
            sweep={"scale": self.scales, "weight_decay": self.weight_decays},
            num_seeds=self.num_seeds,
            measures={"accuracy": accuracy_on_test, **self.measures},
            final={"final_weights": linear_weights},
            dims={"weights": ("coordinate",), "final_weights": ("coordinate",)},
            dtype="float64",
        )

    def times(
        self, steps: Num[np.ndarray, "*points"], *, scale: float, weight_decay: float
    ) -> Float[np.ndarray, "*points"]:
        """Continuous time of any step, also of one between two steps."""
        end_time = (np.log(scale) + self.end) / weight_decay
        times = self._ramp.times(first=self._first_rate(scale), end_time=end_time)
        return np.asarray(np.interp(steps, np.arange(len(times)), times))

    def crossings(
        self, runs: xr.Dataset, level: Float[np.ndarray, "*seeds"] | float, *, falling: bool = False
    ) -> Float[np.ndarray, "scales decays seeds"]:
        r"""Time $\lambda t$ at which the test accuracy of each run comes to a level for good.

        Raises
        ------
        ValueError
            If a run never does.
        """
        sign = -1.0 if falling else 1.0
        levels = np.broadcast_to(level, self.num_seeds)
        crossed = np.empty((len(self.scales), len(self.weight_decays), self.num_seeds))
        for i, scale in enumerate(self.scales):
            for j, decay in enumerate(self.weight_decays):
                for seed in range(self.num_seeds):
                    run = runs["accuracy"].isel(scale=i, weight_decay=j, seed=seed).values
                    event = sim.detectors.crossing_time(
                        runs["step"].values, sign * run, float(sign * levels[seed]), lasting=True
                    )
                    if event.is_censored:
                        raise ValueError(
                            f"test accuracy must come to {levels[seed]:.3g} by the end of the run "
                            f"of scale {scale:g}, weight decay {decay:g}, seed {seed}; it ends at "
                            f"{run[-1]:.3g}: train for longer"
                        )
                    crossed[i, j, seed] = decay * self.times(
                        event.times, scale=scale, weight_decay=decay
                    )
        return crossed

    def data(self, bench: Bench, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return features and labels of the train set of a seed."""
        return samples_of(bench, self.name, self.spec, seed)

    @property
    def _ramp(self) -> Ramp:
        return Ramp(self.num_steps, self.num_steps // 4)

    def _first_rate(self, scale: Any) -> Any:
        r"""The curvature at zero output is $2\alpha^2\lVert X\rVert^2/n$, X a random matrix."""
        norm = self.spec.num_train**0.5 + self.spec.dimension**0.5
        return self.spec.num_train / (2 * scale**2 * norm**2)


def cosine(first: Float[np.ndarray, " points"], second: Float[np.ndarray, " points"]) -> float:
    """Cosine of the angle between two vectors."""
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))

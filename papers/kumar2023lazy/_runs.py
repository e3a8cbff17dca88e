"""The committees that the claims train, and what the theory makes of the same start."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import lazy_rich
from . import _probes

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

LEARNING_RATE = 2.0
"""Step in function space; stable below about 2D for the committees of this paper."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """Dimension of the inputs, sizes of both sample sets, width of the committee."""

    dimension: int
    num_train: int
    width: int
    num_test: int = 4000

    @property
    def spec(self) -> Any:
        """What generates the task: the square of one direction of Gaussian inputs."""
        return sim.tasks.SingleIndexQuadratic(
            dimension=self.dimension, num_train=self.num_train, num_test=self.num_test
        )


def standard_setting(bench: Bench) -> Setting:
    """Five samples a dimension: too few for the kernel, enough for features."""
    return bench.pick(quick=Setting(40, 200, 100), full=Setting(100, 500, 1000))


def train_committees(
    bench: Bench,
    name: str,
    setting: Setting,
    *,
    scales: Sequence[float],
    curvatures: Sequence[float],
    num_steps: int,
    num_seeds: int,
    learning_rate: float = LEARNING_RATE,
    stop_loss: float | None = None,
    is_balanced: bool = False,
    measures: Mapping[str, Callable[..., Any]] | None = None,
    final: Mapping[str, Callable[..., Any]] | None = None,
    dtype: str = "float32",
    max_gap: int | None = None,
) -> xr.Dataset:
    r"""Train centered committees by plain gradient descent over scales, curvatures and seeds.

    `loss` and `test_loss` are mean squared errors on samples, `mean` and `second_moment` the
    moments of the weights. Kept for the theory: the train set, and the weights at the start.
    Runs end when the train loss falls below `stop_loss`. Balanced committees start from
    $\pm\sqrt D\,e_k$, which has the moments of infinite width; others from normal weights.
    """
    width = 2 * setting.dimension if is_balanced else setting.width
    spec = setting.spec

    def init(key: Any, scale: Any, curvature: Any) -> sim.CenteredScaled:
        if is_balanced:
            committee = sim.CommitteeMachine(_balanced_weights(setting.dimension), curvature)
        else:
            committee = sim.CommitteeMachine.init(
                setting.dimension, width, curvature=curvature, key=key
            )
        return sim.CenteredScaled.init(committee, scale)

    def optimizer(scale: Any) -> Any:
        import optax

        # loss without a factor one half, hence the two
        return optax.sgd(width * learning_rate / (2 * scale**2))

    stop = None if stop_loss is None else lambda measured: measured["loss"] < stop_loss
    return bench.train(
        name,
        init=init,
        task=lambda key: spec.sample(key=key),
        optimizer=optimizer,
        loss=sim.squared_error,
        num_steps=num_steps,
        record_steps=sim.log_spaced_steps(num_steps, per_decade=30, max_gap=max_gap),
        sweep={"scale": list(scales), "curvature": list(curvatures)},
        num_seeds=num_seeds,
        measures={
            "test_loss": _probes.test_loss,
            "mean": _probes.mean,
            "second_moment": _probes.second_moment,
            **(measures or {}),
        },
        final={
            "inputs": _probes.train_inputs,
            "targets": _probes.train_targets,
            "initial_weights": _probes.initial_weights,
            **(final or {}),
        },
        stop=stop,
        dims={
            "mean": ("coordinate",),
            "second_moment": ("coordinate", "other"),
            "inputs": ("sample", "coordinate"),
            "targets": ("sample",),
            "initial_weights": ("unit", "coordinate"),
        },
        dtype=dtype,
    )


def _balanced_weights(dimension: int) -> Any:
    import jax.numpy as jnp

    axes = jnp.sqrt(dimension) * jnp.eye(dimension)
    return jnp.concatenate([axes, -axes])


def target_forms(
    bench: Bench, name: str, setting: Setting, num_seeds: int
) -> Float[np.ndarray, "seeds dimension dimension"]:
    r"""Return $B = \beta\beta^\top$ of the target of every seed of a named run.

    The engine gives seed $s$ the key `fold_in(key, s)` and its data the first half of it.
    """
    import jax

    forms = []
    for seed in range(num_seeds):
        data_key = jax.random.split(jax.random.fold_in(bench.key_for(name), seed))[0]
        direction = np.asarray(setting.spec.directions(key=data_key), np.float64)[0]
        forms.append(np.outer(direction, direction))
    return np.stack(forms)


@dataclasses.dataclass(frozen=True)
class Start:
    """Train set and initial moments of one run, in float64."""

    inputs: Float[np.ndarray, "samples dimension"]
    targets: Float[np.ndarray, " samples"]
    mean: Float[np.ndarray, " dimension"]
    second_moment: Float[np.ndarray, "dimension dimension"]


def start_of(run: xr.Dataset) -> Start:
    """Return where a single run starts."""
    inputs, targets, weights = (
        run[name].values.astype(np.float64) for name in ("inputs", "targets", "initial_weights")
    )
    return Start(inputs, targets, *lazy_rich.moments(weights))


def closed_flow(
    run: xr.Dataset, record_steps: np.ndarray, *, learning_rate: float = LEARNING_RATE
) -> lazy_rich.Trajectory:
    """Return the theory's trajectory from the start of a single run."""
    start = start_of(run)
    return lazy_rich.gradient_flow(
        start.inputs,
        start.targets,
        record_steps,
        scale=float(run["scale"]),
        curvature=float(run["curvature"]),
        learning_rate=learning_rate,
        mean=start.mean,
        second_moment=start.second_moment,
    )


def measured_terms(
    run: xr.Dataset, forms: Float[np.ndarray, "seeds dimension dimension"]
) -> lazy_rich.LossTerms:
    """Return the three terms of the test error, `[seeds, steps]`, from the networks' moments."""
    scale, curvature = float(run["scale"]), float(run["curvature"])
    mean = run["mean"].transpose("seed", "step", ...).values.astype(np.float64)
    second = run["second_moment"].transpose("seed", "step", ...).values.astype(np.float64)
    terms = [
        lazy_rich.loss_terms(
            scale * (mean[seed] - mean[seed, :1]),
            scale * (second[seed] - second[seed, :1]),
            form,
            curvature=curvature,
        )
        for seed, form in enumerate(forms)
    ]
    return lazy_rich.LossTerms(
        *(
            np.stack([getattr(term, name) for term in terms])
            for name in ("variance", "misalignment", "linear_power")
        )
    )


def falling_times(
    steps: np.ndarray, losses: np.ndarray, fraction: float
) -> Float[np.ndarray, "*runs"]:
    """Return when losses first fall below a fraction of their initial value.

    Raises
    ------
    ValueError
        If one never does.
    """
    relative = -np.log(losses / losses[..., :1])
    times = sim.detectors.crossing_time(steps, relative, -np.log(fraction), interpolation="log")
    if np.any(times.is_censored):
        raise ValueError(
            f"{int(times.is_censored.sum())} of {times.is_censored.size} losses do not fall to "
            f"{fraction} of their start within {int(steps[-1])} steps"
        )
    return times.times


def last_records(records: Float[np.ndarray, "*runs steps"]) -> Float[np.ndarray, "*runs"]:
    """Return the last record of every run, wherever it stopped."""
    last = np.sum(np.isfinite(records), axis=-1, keepdims=True) - 1
    return np.take_along_axis(records, last, axis=-1)[..., 0]

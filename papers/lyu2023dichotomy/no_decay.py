"""Without weight decay the kernel phase of a diagonal classifier lasts exponentially long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import Ramp, accuracy_on_test, samples_of
from .classification import RELEASED, sparse_task, transition_runs

if TYPE_CHECKING:
    import optax
    import xarray as xr

    from ..bench import Bench

RUN = "initializations"  # the data of the runs with weight decay
RAMP = Ramp(num_steps=3000, ramp_steps=3000)


def _log_end_time(spec: sim.tasks.SparseSignClassification, scale: Any) -> Any:
    r"""A third beyond the expected release, as a typical $\mathrm{rms}(w_2)$ is $\sqrt n/d$."""
    return 2.6 * scale**2 * spec.dimension / spec.num_train**0.5 + 10.0


def _first_rate(spec: sim.tasks.SparseSignClassification, scale: Any) -> Any:
    norm = spec.num_train**0.5 + spec.dimension**0.5
    return spec.num_train / (2 * scale**2 * norm**2)


def _train(bench: Bench, scales: tuple[float, ...]) -> xr.Dataset:
    """Train with learning rates that grow in proportion to the time that has passed."""
    spec = sparse_task(bench)

    def optimizer(scale: Any) -> optax.GradientTransformation:
        import jax.numpy as jnp
        import optax

        end_time = jnp.exp(_log_end_time(spec, scale))
        return optax.sgd(RAMP.schedule(first=_first_rate(spec, scale), end_time=end_time))

    return bench.train(
        "no-decay",
        key=bench.key_for(RUN),
        init=lambda key, scale: sim.DiagonalNet.init(spec.dimension, scale=scale),
        task=lambda key: spec.sample(key=key),
        optimizer=optimizer,
        loss=sim.logistic_loss,
        num_steps=RAMP.num_steps,
        record_steps=list(range(0, RAMP.num_steps + 1, RAMP.num_steps // 100)),
        sweep={"scale": scales},
        num_seeds=bench.pick(quick=3, full=6),
        measures={"accuracy": accuracy_on_test, "size": root_mean_square_weight},
        dtype="float64",
    )


def root_mean_square_weight(model: sim.DiagonalNet, task: sim.tasks.Task) -> Any:
    """Typical size of the linear predictor."""
    import jax.numpy as jnp

    return jnp.sqrt(jnp.mean(model.weights**2))


@paper.claim(
    "no-decay",
    statement="Without weight decay the weights come up to the standing clock only at "
    "ln t* = 2 alpha^2 / rms(w_2) + const, and accuracy does not jump there.",
    source="[lyu2023dichotomy, App. B.1]; time derived",
    memory_gib=(1.0, 4.0),
)
def no_decay(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train without decay at learning rates that grow with time, on the data of `transition-time`.

    The margin grows as $\ln t$, so that a run spans tens of orders of magnitude in time. The kernel
    picture puts $\mathrm{rms}(w) = 2\alpha^2$ at its closed form for $\ln t^*$. Close to it the
    hyperbolic sine lets the weights run ahead, for Gaussian potentials by a factor of at most
    $\sqrt{\ln(3)/2} = 0.74$ in the potential, which bounds $\ln t^*$ from below. Rivals take half
    or twice the clock, or no influence of $\alpha$. With decay, accuracy goes from 0.6 to 1 while
    time grows by half; without it, almost nothing happens while time grows a millionfold. From the
    largest $\alpha$ nothing at all has happened after a hundred times the time at which the same
    network generalizes with decay $10^{-3}$.
    """
    scales = bench.pick(quick=(0.4, 0.5, 0.6, 1.0), full=(0.25, 0.3, 0.35, 0.4, 0.5))
    released = np.array([scale for scale in scales if scale < 0.9 * scales[-1]])
    runs = _train(bench, scales)
    spec, num_seeds = sparse_task(bench), len(runs["seed"])
    decayed = transition_runs(bench)
    with_decay = decayed.crossings(decayed.train(bench), RELEASED)[0, 0, :num_seeds] / 1e-3

    steps = runs["step"].values[1:]
    log_times = {
        scale: np.log(
            RAMP.times(first=_first_rate(spec, scale), end_time=np.exp(_log_end_time(spec, scale)))[
                steps
            ]
        )
        for scale in scales
    }

    def predict() -> dict[str, np.ndarray]:
        expected = np.empty((num_seeds, len(released)))
        for seed in range(num_seeds):
            solution = theory.max_l2_margin(*samples_of(bench, RUN, spec, seed)).weights
            expected[seed] = [
                theory.undecayed_log_release_time(solution, scale=scale)
                for scale in released.tolist()
            ]
        return {"expected": expected}

    def accuracy_at(scale: float, log_time: np.ndarray) -> np.ndarray:
        accuracy = runs["accuracy"].sel(scale=scale).transpose("seed", "step").values[:, 1:]
        pairs = zip(log_time, accuracy, strict=True)
        return np.array([np.interp(at, log_times[scale], row) for at, row in pairs])

    expected = bench.cached("expected", predict)["expected"]
    measured, gain, series = np.empty_like(expected), np.empty_like(expected), []
    for i, scale in enumerate(released.tolist()):
        size = runs["size"].sel(scale=scale).transpose("seed", "step").values[:, 1:]
        event = sim.detectors.crossing_time(steps, size, 2 * scale**2)
        measured[:, i] = np.interp(event.times, steps, log_times[scale])
        gain[:, i] = accuracy_at(scale, 1.3 * measured[:, i]) - accuracy_at(scale, measured[:, i])
        ratio = size.mean(axis=0) / (2 * scale**2)
        series.append(Series(rf"$\alpha = {scale:g}$", log_times[scale], ratio, style="line"))
    axis = Axis(r"initialization $\alpha$", released)
    plateau = runs["accuracy"].sel(scale=scales[-1]).transpose("seed", "step").values[:, 20]
    late = accuracy_at(scales[-1], np.log(100 * with_decay))
    return (
        Evidence(
            quantity=r"$\ln t^*$ at rms$(w) = 2\alpha^2$ / kernel picture",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                np.full(len(released), 0.87),
                0.13,
                label=r"$2\alpha^2 = m\,$rms$(w_2)$",
                source="derived",
            ),
            measurement=Samples(measured / expected),
            rivals=(
                Prediction(0.5, label="half the clock"),
                Prediction(2.0, label="twice the clock"),
                Prediction(
                    0.87 * expected[:, -1].mean() / expected.mean(axis=0),
                    label="initialization does not matter",
                ),
            ),
            panel=Panel(r"$\ln t$", r"rms$(w)/2\alpha^2$", tuple(series)),
        ),
        Evidence(
            quantity=r"gain of test accuracy from $\ln t^*$ to $1.3\ln t^*$",
            form=Form.THRESHOLD,
            control=axis,
            prediction=Prediction.at_most(np.full(len(released), 0.1), label="no jump"),
            measurement=Samples(gain),
            rivals=(
                Prediction.at_least(np.full(len(released), 0.25), label="a jump as with decay"),
            ),
        ),
        Evidence(
            quantity=rf"gain of test accuracy at $\alpha = {scales[-1]:g}$ after 100 times the "
            "release time with decay 0.001",
            form=Form.THRESHOLD,
            prediction=Prediction.at_most(0.05, label="still a kernel machine"),
            measurement=Samples(late - plateau),
            rivals=(Prediction.at_least(0.1, label="released"),),
        ),
    )

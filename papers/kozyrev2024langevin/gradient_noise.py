r"""Minibatch gradient descent as a heat bath: its temperature, and noise that has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ... import simulations as sim
from ...theory import langevin
from ...validation import Axis, Counts, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import GROUPS

if TYPE_CHECKING:
    from ..bench import Bench

LEARNING_RATES = (0.05, 0.1)
LABEL_VARIANCE = 8.0


@dataclass(frozen=True)
class TiltedLoss:
    """Three-layer network with a random linear tilt for every sample: the same noise everywhere."""

    net: langevin.DepthThreeNet

    def __call__(self, weights: Any, tilts: Any) -> Any:
        """Mean over a batch of tilts."""
        return self.net(weights) + (tilts.mean(axis=0) * weights).sum()


@dataclass(frozen=True)
class NoisyLabelLoss:
    """Three-layer network with an error in every label: noise along the gradient of the output."""

    net: langevin.DepthThreeNet

    def __call__(self, weights: Any, errors: Any) -> Any:
        """Mean over a batch of label errors, up to a constant."""
        return self.net(weights) - errors.mean() * weights[0] * weights[1] * weights[2]


@dataclass(frozen=True)
class OutputBeyond:
    """Whether the product of the weights has reached a level, from below or from above."""

    level: float
    is_upward: bool

    def __call__(self, weights: Any) -> Any:
        """Judge one network."""
        output = weights[0] * weights[1] * weights[2]
        return output >= self.level if self.is_upward else output <= self.level


def standardized(noise: Float[np.ndarray, "samples ..."]) -> np.ndarray:
    """Samples with mean zero and the identity for their covariance, exactly."""
    centered = (noise - noise.mean(axis=0)).reshape(len(noise), -1)
    covariance = centered.T @ centered / len(noise)
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), centered.T).T
    return whitened.reshape(noise.shape).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Descents:
    """Escapes by minibatch descent, in the order of `LEARNING_RATES`.

    Attributes
    ----------
    ratios : Float[np.ndarray, " ratios"]
        Batch size over learning rate.
    times : Float[np.ndarray, "rates ratios walkers"]
        Steps times learning rate, until the escape or the end of the run.
    is_censored : Bool[np.ndarray, "rates ratios walkers"]
        Where a walker has not escaped by then.
    """

    ratios: Float[np.ndarray, " ratios"]
    times: Float[np.ndarray, "rates ratios walkers"]
    is_censored: Bool[np.ndarray, "rates ratios walkers"]

    @property
    def log_means(self) -> Float[np.ndarray, "groups rates ratios"]:
        """Logarithm of the mean time of every group of walkers."""

        def grouped(values: np.ndarray) -> np.ndarray:
            return values.reshape(*values.shape[:2], GROUPS, -1)

        total = grouped(self.times).sum(axis=-1)
        events = grouped(~self.is_censored).sum(axis=-1)
        return np.moveaxis(np.log(total / events), -1, 0)

    @property
    def slopes(self) -> Float[np.ndarray, " groups"]:
        """Slope of the logarithm of the mean time over the ratio, of every group."""
        values = self.log_means.mean(axis=1)
        return np.polyfit(self.ratios, values.T, 1)[0]

    @property
    def determination(self) -> float:
        """Coefficient of determination $R^2$ of the straight line, for the mean over groups."""
        values = self.log_means.mean(axis=(0, 1))
        return float(np.corrcoef(self.ratios, values)[0, 1] ** 2)

    def series(self) -> list[Series]:
        """Points of both learning rates."""
        means = self.log_means
        errors = means.std(axis=0, ddof=1) / np.sqrt(GROUPS)
        return [
            Series(rf"$\eta = {rate:g}$", self.ratios, np.exp(mean), np.exp(mean) * error)
            for rate, mean, error in zip(LEARNING_RATES, means.mean(axis=0), errors, strict=True)
        ]


def descents(
    bench: Bench,
    name: str,
    loss: Any,
    data: Float[np.ndarray, "samples ..."],
    has_escaped: OutputBeyond,
    *,
    start: float,
    batch_sizes: tuple[int, ...],
    expected: Float[np.ndarray, " ratios"],
) -> Descents:
    """Let networks escape by minibatches; `batch_sizes` are those of the smallest rate."""
    walkers = bench.pick(quick=1000, full=8000)

    def measure() -> dict[str, np.ndarray]:
        shape = (len(LEARNING_RATES), len(batch_sizes), walkers)
        times, censored = np.empty(shape), np.empty(shape, bool)
        for i, rate in enumerate(LEARNING_RATES):
            for j, (batch_size, time) in enumerate(zip(batch_sizes, expected, strict=True)):
                bench.progress((i + j / len(batch_sizes)) / len(LEARNING_RATES), name)
                dynamics = sim.samplers.MinibatchSGD(
                    loss,
                    data,
                    learning_rate=rate,
                    batch_size=round(batch_size * rate / LEARNING_RATES[0]),
                )
                passages = sim.samplers.passage_times(
                    dynamics,
                    np.full((walkers, 3), start, np.float32),
                    has_escaped,
                    max_steps=int(np.ceil(3 * time / rate)),
                    key=bench.key_for(f"{name} {rate} {batch_size}"),
                    workers=bench.workers,
                )
                times[i, j] = passages["time"].values
                censored[i, j] = passages["is_censored"].values
        return {"times": times, "is_censored": censored}

    ratios = np.array(batch_sizes) / LEARNING_RATES[0]
    return Descents(ratios, **bench.cached(name, measure))


def tilted_descents(bench: Bench) -> tuple[langevin.DepthThreeNet, Descents]:
    """Escapes of untrained networks under noise that is the same everywhere."""
    net = langevin.DepthThreeNet()
    batch_sizes = bench.pick(quick=(3, 4, 5), full=(3, 4, 5, 6))
    times = [
        1 / net.escape_rate(temperature=LEARNING_RATES[0] / (2 * batch), check_barrier=False)
        for batch in batch_sizes
    ]
    found = descents(
        bench,
        "tilts",
        TiltedLoss(net),
        standardized(bench.generator("tilts").normal(size=(1024, 3))),
        OutputBeyond(0.9 * net.trained_weight**3, is_upward=True),
        start=0.0,
        batch_sizes=batch_sizes,
        expected=1.2 * np.array(times),
    )
    return net, found


@paper.claim(
    "gradient-noise-temperature",
    statement="Minibatch descent with isotropic gradient noise escapes as at the temperature "
    "eta sigma^2 / 2B: the log of the time is linear in B / eta.",
    source="derived, for [kozyrev2024langevin, Sec. 2]",
)
def gradient_noise_temperature(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train the three-layer network on minibatches of samples that differ by a random linear
    tilt, with batches and learning rates that give three ratios $B/\eta$ in two ways each.

    Label noise would not do: at zero weights it has no gradient, and the untrained network never
    leaves, see `label-noise`. Rivals of the slope are a temperature without the factor one half,
    and one that counts the noise of all directions as if it acted in one; rivals of the collapse
    are temperatures set by $\eta$ or by $B$ alone.
    """
    net, found = tilted_descents(bench)
    slope = 2 * net.barrier
    heights = slope * found.ratios
    rates = np.array(
        [
            net.escape_rate(
                temperature=langevin.gradient_noise_temperature(
                    np.eye(3), learning_rate=1.0, batch_size=ratio
                ),
                check_barrier=False,
            )
            for ratio in found.ratios
        ]
    )
    means = found.log_means
    axis = Axis(r"batch size over learning rate", found.ratios)
    return (
        Evidence(
            quantity=r"slope of $\ln\tau$ over $B/\eta$",
            form=Form.LAW,
            prediction=Prediction(
                slope, 0.1 * slope, label=r"$2\Delta E/\sigma^2$", source="derived"
            ),
            measurement=Samples(found.slopes),
            note=rf"$R^2 = {found.determination:.3f}$",
            rivals=(
                Prediction(slope / 2, label=r"$\theta = \eta\sigma^2/B$"),
                Prediction(slope / 3, label=r"$\theta = \eta\,$tr$\,C/2B$"),
            ),
            panel=Panel(
                r"batch size over learning rate $B/\eta$",
                "time until trained",
                (
                    *found.series(),
                    Series("Eyring-Kramers-Langer", found.ratios, 1 / rates, style="line"),
                ),
                y_scale="log",
            ),
        ),
        Evidence(
            quantity=r"$\ln\tau$ at $\eta = 0.1$, minus that at 0.05",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                np.zeros(len(heights)), 0.2, label=r"only $B/\eta$ counts", source="derived"
            ),
            measurement=Samples(means[:, 1] - means[:, 0]),
            rivals=(
                Prediction(-heights / 2, label=r"only $\eta$ counts"),
                Prediction(heights, label=r"only $B$ counts"),
            ),
        ),
        Evidence(
            quantity="measured time times predicted rate",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                np.ones(len(rates)), (0.1, 0.3), label="four saddles", source="derived"
            ),
            measurement=Samples(np.exp(means.mean(axis=1)) * rates),
            rivals=(Prediction(4 * np.ones(len(rates)), label="one saddle"),),
        ),
    )


@paper.claim(
    "label-noise",
    statement="Label noise is no temperature of the weights: a trained network is lost as if its "
    "inverse weights had one, and an untrained one never learns.",
    source="derived, against [kozyrev2024langevin, Sec. 2]",
)
def label_noise(bench: Bench) -> tuple[Evidence, ...]:
    r"""Start the same network from its trained state, with Gaussian errors in the labels.

    Gradient noise is then $\sigma^2\nabla p\,\nabla p^\top/B$ with the output $p = w_1w_2w_3$. It
    keeps equal weights equal, and on this line, $w_i = u$, it has the strength $\sigma^2u^4$. The
    inverse weight $v = 1/u$ diffuses at the constant temperature $\theta = \eta\sigma^2/2B$, in the
    potential $\frac1{2v^2}+sv-\frac b2v^2-2\theta\ln v$, so that the time of escape is exact. The
    rival is Kramers' rate at the temperature of the isotropic part of the noise in the trained
    state. At zero weights $\nabla p = 0$: the second piece counts escapes from there.
    """
    net = langevin.DepthThreeNet()
    batch_sizes = bench.pick(quick=(2, 3, 4), full=(2, 3, 4, 5, 6))
    data = np.sqrt(LABEL_VARIANCE) * standardized(bench.generator("labels").normal(size=1024))
    lost = OutputBeyond((net.saddle_weight / 2) ** 3, is_upward=False)
    ratios = np.array(batch_sizes) / LEARNING_RATES[0]
    expected = np.array([label_noise_time(net, lost.level ** (1 / 3), ratio) for ratio in ratios])
    found = descents(
        bench,
        "labels",
        NoisyLabelLoss(net),
        data,
        lost,
        start=net.trained_weight,
        batch_sizes=batch_sizes,
        expected=expected,
    )
    covariance = LABEL_VARIANCE * net.trained_weight**4 * np.ones((3, 3))
    isotropic = np.array(
        [
            1
            / net.return_rate(
                temperature=langevin.gradient_noise_temperature(
                    covariance, learning_rate=1.0, batch_size=ratio
                ),
                check_barrier=False,
            )
            for ratio in ratios
        ]
    )
    walkers = bench.pick(quick=1000, full=8000)

    def from_zero() -> dict[str, np.ndarray]:
        passages = sim.samplers.passage_times(
            sim.samplers.MinibatchSGD(
                NoisyLabelLoss(net), data, learning_rate=LEARNING_RATES[0], batch_size=1
            ),
            np.zeros((walkers, 3), np.float32),
            OutputBeyond(1e-6, is_upward=True),
            max_steps=10_000,
            key=bench.key_for("untrained"),
            workers=bench.workers,
        )
        return {"escaped": np.array(np.sum(~passages["is_censored"].values))}

    escaped = int(bench.cached("untrained", from_zero)["escaped"])
    return (
        Evidence(
            quantity="measured time of escape over the exact one",
            form=Form.CURVE,
            control=Axis("batch size over learning rate", ratios),
            prediction=Prediction(
                np.ones(len(ratios)), 0.15, label="inverse weights diffuse", source="derived"
            ),
            measurement=Samples(np.exp(found.log_means.mean(axis=1)) / expected),
            rivals=(Prediction(isotropic / expected, label="isotropic part at the trained state"),),
            panel=Panel(
                r"batch size over learning rate $B/\eta$",
                "time until untrained",
                (
                    *found.series(),
                    Series("inverse weights diffuse", ratios, expected, style="line"),
                    Series("isotropic part", ratios, isotropic, style="dashed"),
                ),
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="share of untrained networks that move at all in 10 000 steps",
            form=Form.EVENT_RATE,
            prediction=Prediction(0.0, 0.01, label="no gradient, no noise", source="derived"),
            measurement=Counts(escaped, walkers),
            rivals=(Prediction(1.0, label="as hot as the trained state"),),
        ),
    )


def label_noise_time(net: langevin.DepthThreeNet, end: float, ratio: float) -> float:
    """Exact mean time from the trained state to equal weights of a smaller size.

    Parameters
    ----------
    net
        The network.
    end
        Size of the weights at which the passage is complete.
    ratio
        Batch size over learning rate.
    """
    temperature = LABEL_VARIANCE / (2 * ratio)

    def profile(inverse: Any) -> Any:
        import jax.numpy as jnp

        log = np.log if isinstance(inverse, np.ndarray) else jnp.log
        fall = net.target * inverse - net.weight_decay * inverse**2 / 2
        return 1 / (2 * inverse**2) + fall - 2 * temperature * log(inverse)

    start = 1 / net.trained_weight
    return langevin.mean_first_passage_time(
        profile, start, 1 / end, temperature=temperature, wall=start / 4
    )

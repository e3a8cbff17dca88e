"""A network whose escape from the untrained state has a rate in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...theory import langevin
from ...validation import Axis, Estimate, Evidence, Form, Panel, Prediction, Series, fit_law
from ._card import paper
from ._runs import Escapes, escapes

if TYPE_CHECKING:
    from ..bench import Bench


@dataclass(frozen=True)
class Trained:
    """Whether the product of the three weights has come to a level."""

    level: float

    def __call__(self, weights: Any) -> Any:
        """Judge one network."""
        return weights[0] * weights[1] * weights[2] >= self.level


def untrained(rng: np.random.Generator, temperature: float, walkers: int) -> np.ndarray:
    """Weights of zero, for every walker."""
    del rng, temperature
    return np.zeros((walkers, 3), np.float32)


def network_escapes(
    bench: Bench,
) -> tuple[langevin.DepthThreeNet, np.ndarray, np.ndarray, Escapes]:
    """Train networks by noise; returns their loss, barriers in temperatures, rates, escapes."""
    net = langevin.DepthThreeNet()
    heights = np.array(bench.pick(quick=[2.5, 3.0, 3.5, 4.0], full=[2.5, 3.0, 3.5, 4.0, 5.0]))
    temperatures = net.barrier / heights
    rates = np.array(
        [net.escape_rate(temperature=theta, check_barrier=False) for theta in temperatures]
    )
    found = escapes(
        bench,
        "network",
        net,
        untrained,
        Trained(0.9 * net.trained_weight**3),
        temperatures=temperatures.tolist(),
        expected=1.2 / rates,
        step_size=bench.pick(quick=0.05, full=0.01),
        walkers=bench.pick(quick=24_000, full=48_000),
    )
    return net, heights, rates, found


@paper.claim(
    "network-escape",
    statement="A three-layer linear network under noise starts to learn at the rate of Eyring, "
    "Kramers and Langer, summed over its four saddles.",
    source="derived from [kozyrev2024langevin, Eq. 5]",
    headline=True,
)
def network_escape(bench: Bench) -> tuple[Evidence, ...]:
    """Times until the product of the weights comes to nine tenths of its trained value, at
    barriers of 2.5 to 4 temperatures.

    The rivals of the rate have a single saddle, or leave out the determinants across the path; the
    rivals of the slope have the free energy of the final state in place of that of the saddle, as
    printed in the paper, and twice the barrier.
    """
    net, heights, rates, found = network_escapes(bench)
    temperatures = net.barrier / heights
    fit = fit_law(
        1 / temperatures, found.means, law="exponential", standard_errors=found.standard_errors
    )
    ones = np.ones(len(heights))
    unstable, *across = np.abs(net.curvatures(net.saddle_weight))
    straight = float(np.sqrt(np.prod(across)) / net.weight_decay)
    fine = np.linspace(temperatures.min(), temperatures.max(), 40)
    panel = Panel(
        r"$1/\theta$",
        "time until trained",
        (
            Series("networks", 1 / temperatures, found.means, found.standard_errors),
            Series(
                "Eyring-Kramers-Langer",
                1 / fine,
                [1 / net.escape_rate(temperature=theta, check_barrier=False) for theta in fine],
                style="line",
            ),
        ),
        y_scale="log",
    )
    return (
        Evidence(
            quantity="measured time times predicted rate",
            form=Form.CURVE,
            control=Axis(r"barrier / temperature", heights),
            prediction=Prediction(
                ones, (0.1 * ones, 0.3 * ones), label="four saddles", source="derived"
            ),
            measurement=found.relative_to(1 / rates),
            rivals=(
                Prediction(4 * ones, label="one saddle"),
                Prediction(1 / straight * ones, label="curvatures along the path only"),
            ),
            note=found.note,
            panel=panel,
        ),
        Evidence(
            quantity=r"slope of $\ln\tau$ over $1/\theta$",
            form=Form.LAW,
            prediction=Prediction(
                net.barrier, 0.08 * net.barrier, label="energy of the saddle", source="derived"
            ),
            measurement=Estimate(
                [fit.parameters["rate"]],
                [fit.standard_errors["rate"]],
                samples=int(np.sum(~found.is_censored, axis=1).min()),
            ),
            rivals=(
                Prediction(net.gain, label="energy of the final state"),
                Prediction(2 * net.barrier, label="twice the barrier"),
            ),
        ),
    )

r"""How often the judge errs, and what it can see: verdicts on synthetic data with known truth.

Every scenario draws measurements whose true value is known, in units in which the accepted region
is $[v - \delta, v + \delta]$.

- `false_verdicts`: the truth sits exactly on the border, the hardest case. There "supported" and
  "refuted" are both wrong to say, and each should come up in at most 5 % of the trials. (Being
  inside is counted as "supported": rivals that must be rejected as well only lower the rate.)
- `power`: the truth sits anywhere; how often is it seen with a given number of seeds?

Means of strongly skewed samples break the promise: over a few seeds a long tail goes unseen, and
Student's interval covers too little (10 to 25 % instead of 5 % for exponential and log-normal
data); no interval for a mean can do without an assumption about tails. Medians keep the promise
for every continuous distribution, at the price of a few more seeds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from .judge import ALPHA, decide_points
from .laws import fit_law
from .measurements import Counts, Estimate, Measurement, Samples

if TYPE_CHECKING:
    from rich.table import Table

Draw = Callable[[np.random.Generator, int, Float[np.ndarray, " estimates"]], Measurement]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A kind of data with known truth.

    Parameters
    ----------
    name
        Shown in the tables.
    draw
        `draw(generator, seeds, truths)` returns a measurement of as many independent estimates as
        there are true values.
    value, tolerance
        Accepted region of the theory, in the unit of the data.
    points
        Control points of one claim.
    smallest_seeds
        Seeds below which this kind of data is not taken.
    """

    name: str
    draw: Draw
    value: float = 0.0
    tolerance: float = 1.0
    points: int = 1
    smallest_seeds: int = 2

    def measure(
        self,
        generator: np.random.Generator,
        *,
        seeds: int,
        trials: int,
        offsets: Float[np.ndarray, " points"],
    ) -> Measurement:
        """Measure `trials` claims whose points lie `offsets` tolerances off the theory."""
        truths = self.value + self.tolerance * np.tile(offsets, trials)
        return self.draw(generator, seeds, truths)

    def decide(
        self, measurement: Measurement, *, center: float = 0.0, alpha: float = ALPHA
    ) -> tuple[np.ndarray, np.ndarray]:
        """Tell for each trial whether it is inside and whether it is outside of a region.

        The region is the theory's, or a rival's with its `center` so many tolerances away.
        """
        middle = self.value + center * self.tolerance
        inside, outside = decide_points(
            measurement,
            (middle - self.tolerance, middle + self.tolerance),
            alpha=alpha,
            comparisons=self.points,
        )
        by_trial = (-1, self.points)
        return (
            np.all(inside.reshape(by_trial), axis=1),
            np.any(outside.reshape(by_trial), axis=1),
        )


@dataclasses.dataclass(frozen=True, eq=False)
class FalseVerdicts:
    """Rates of wrong verdicts with the truth on the lower and on the upper border.

    NaN where a scenario needs more seeds. The printed table shows the worse of the two borders.
    """

    scenarios: tuple[str, ...]
    seeds: tuple[int, ...]
    supported: Float[np.ndarray, "scenarios seeds borders"]
    refuted: Float[np.ndarray, "scenarios seeds borders"]
    trials: int
    alpha: float

    def __rich__(self) -> Table:
        return _rate_table(
            f"False verdicts [%]: supported / refuted, at most {100 * self.alpha:g} each wanted "
            f"({self.trials} trials a cell and border)",
            "data",
            self.scenarios,
            [f"{count} seeds" for count in self.seeds],
            self.supported.max(axis=-1),
            self.refuted.max(axis=-1),
        )

    def __str__(self) -> str:
        return _printed(self)


@dataclasses.dataclass(frozen=True, eq=False)
class Power:
    """Rates of verdicts over the number of seeds and the true offset from the theory.

    Offsets, `noise` (standard deviation over seeds) and the distance of the rival are in
    tolerances.
    """

    scenario: str
    seeds: tuple[int, ...]
    offsets: tuple[float, ...]
    supported: Float[np.ndarray, "seeds offsets"]
    refuted: Float[np.ndarray, "seeds offsets"]
    noise: float
    rival: float
    trials: int

    def __rich__(self) -> Table:
        return _rate_table(
            f"Verdicts [%]: supported / refuted, {self.scenario}, noise {self.noise:g} and rival "
            f"{self.rival:g} tolerances ({self.trials} trials a cell)",
            "seeds",
            [str(count) for count in self.seeds],
            [f"off by {offset:g}" for offset in self.offsets],
            self.supported,
            self.refuted,
        )

    def __str__(self) -> str:
        return _printed(self)


def false_verdicts(
    scenarios: Sequence[Scenario] | None = None,
    *,
    seeds: Sequence[int] = (2, 3, 5, 10, 20),
    trials: int = 2000,
    alpha: float = ALPHA,
    random_seed: int = 0,
) -> FalseVerdicts:
    """Measure the rates of wrong verdicts with the truth on the border of the region.

    "Supported" with the first control point on the border and the others on the theory;
    "refuted" with every point on the border.

    Raises
    ------
    ValueError
        For fewer than two seeds or no trials.
    """
    _check(seeds, trials)
    scenarios = standard_scenarios() if scenarios is None else scenarios
    generator = np.random.default_rng(random_seed)
    shape = (len(scenarios), len(seeds), 2)
    supported, refuted = np.full(shape, np.nan), np.full(shape, np.nan)
    for i, scenario in enumerate(scenarios):
        for j, count in enumerate(seeds):
            if count < scenario.smallest_seeds:
                continue
            for k, side in enumerate((-1.0, 1.0)):
                one = side * (np.arange(scenario.points) == 0)
                every = np.full(scenario.points, side)
                data = scenario.measure(generator, seeds=count, trials=trials, offsets=one)
                inside, outside = scenario.decide(data, alpha=alpha)
                if scenario.points > 1:
                    data = scenario.measure(generator, seeds=count, trials=trials, offsets=every)
                    _, outside = scenario.decide(data, alpha=alpha)
                supported[i, j, k], refuted[i, j, k] = inside.mean(), outside.mean()
    names = tuple(scenario.name for scenario in scenarios)
    return FalseVerdicts(names, tuple(seeds), supported, refuted, trials, alpha)


def power(
    *,
    noise: float = 1.0,
    rival: float = 3.0,
    seeds: Sequence[int] = (2, 3, 5, 10, 20, 50),
    offsets: Sequence[float] = (0.0, 0.5, 0.9, 1.0, 1.1, 1.5, 2.0, 3.0),
    trials: int = 2000,
    alpha: float = ALPHA,
    random_seed: int = 0,
) -> Power:
    """Measure how often normal samples over seeds are called supported or refuted.

    Parameters
    ----------
    noise
        Standard deviation over seeds, in tolerances.
    rival
        Distance of the rival, which is granted the same tolerance, in tolerances.
    offsets
        True distance from the theory towards the rival, in tolerances.

    Raises
    ------
    ValueError
        For fewer than two seeds, no trials, or noise that is not positive.
    """
    _check(seeds, trials)
    if not noise > 0:
        raise ValueError(f"noise must be > 0, got {noise}")
    scenario = Scenario("normal samples", _samples(_normal, noise=noise))
    generator = np.random.default_rng(random_seed)
    supported, refuted = np.empty((2, len(seeds), len(offsets)))
    for i, count in enumerate(seeds):
        for j, offset in enumerate(offsets):
            data = scenario.measure(
                generator, seeds=count, trials=trials, offsets=np.array([offset])
            )
            inside, outside = scenario.decide(data, alpha=alpha)
            _, rival_rejected = scenario.decide(data, center=rival, alpha=alpha)
            supported[i, j] = (inside & rival_rejected).mean()
            refuted[i, j] = outside.mean()
    return Power(
        scenario.name, tuple(seeds), tuple(offsets), supported, refuted, noise, rival, trials
    )


def standard_scenarios(*, with_bootstrap: bool = False) -> tuple[Scenario, ...]:
    """Return the kinds of data that claims are made of; the bootstrap is slow and left out."""
    bootstrap = Scenario(
        "exponential, bootstrap", _samples(_exponential, method="bootstrap"), smallest_seeds=20
    )
    return (
        *([bootstrap] if with_bootstrap else []),
        Scenario("normal, mean", _samples(_normal)),
        Scenario("normal, mean, 5 points", _samples(_normal), points=5),
        Scenario("uniform, mean", _samples(_uniform)),
        Scenario("exponential, mean", _samples(_exponential)),
        Scenario("log-normal, mean", _samples(_log_normal)),
        Scenario("exponential, median", _samples(_exponential, method="median")),
        Scenario("log-normal, median", _samples(_log_normal, method="median")),
        Scenario("log-normal, median, 5 points", _samples(_log_normal, method="median"), points=5),
        Scenario("event rate 0.5 ± 0.2", _draw_counts, value=0.5, tolerance=0.2),
        Scenario("event rate 0.1 ± 0.08", _draw_counts, value=0.1, tolerance=0.08),
        Scenario("exponent, fit a seed", _draw_exponents, value=-1.0, tolerance=0.2),
        Scenario("exponent, error bars", _draw_weighted_exponents, value=-1.0, tolerance=0.2),
    )


# noise with standard deviation 1, and its mean or median, whichever the measurement is about, at 0
Noise = Callable[[np.random.Generator, tuple[int, int], str], np.ndarray]


def _normal(generator: np.random.Generator, shape: tuple[int, int], method: str) -> np.ndarray:
    return generator.normal(size=shape)


def _uniform(generator: np.random.Generator, shape: tuple[int, int], method: str) -> np.ndarray:
    return generator.uniform(-np.sqrt(3), np.sqrt(3), size=shape)


def _exponential(generator: np.random.Generator, shape: tuple[int, int], method: str) -> np.ndarray:
    return generator.exponential(size=shape) - (np.log(2) if method == "median" else 1.0)


def _log_normal(generator: np.random.Generator, shape: tuple[int, int], method: str) -> np.ndarray:
    center = 1.0 if method == "median" else np.exp(0.5)
    spread = np.sqrt((np.e - 1) * np.e)
    return (generator.lognormal(size=shape) - center) / spread


def _samples(noise_of: Noise, *, noise: float = 0.05, method: str = "t") -> Draw:
    """Samples over seeds; noise far below the tolerance, where false support is most frequent."""

    def draw(generator: np.random.Generator, seeds: int, truths: np.ndarray) -> Samples:
        deviations = noise_of(generator, (seeds, len(truths)), method)
        return Samples(truths + noise * deviations, method=method)

    return draw


def _draw_counts(generator: np.random.Generator, seeds: int, truths: np.ndarray) -> Counts:
    """Ten events a seed."""
    trials = 10 * seeds
    return Counts(generator.binomial(trials, truths), np.array(trials))


_ABSCISSAE = np.array([11.0, 23.0, 41.0, 71.0, 127.0])


def _draw_exponents(generator: np.random.Generator, seeds: int, truths: np.ndarray) -> Estimate:
    """Exponents of power laws over five points, one row a seed, 5 % noise."""
    noise = 0.05 * generator.normal(size=(len(truths), seeds, len(_ABSCISSAE)))
    return _fit_exponents(np.exp(noise) * _ABSCISSAE ** truths[:, None, None])


def _draw_weighted_exponents(
    generator: np.random.Generator, seeds: int, truths: np.ndarray
) -> Estimate:
    """Exponents fitted to points with known error bars, 5 % over the root of the seeds."""
    error = 0.05 / np.sqrt(seeds)
    laws = _ABSCISSAE ** truths[:, None]
    noise = error * generator.normal(size=laws.shape)
    return _fit_exponents((1 + noise) * laws, standard_errors=error * laws)


def _fit_exponents(y: np.ndarray, *, standard_errors: np.ndarray | None = None) -> Estimate:
    """Collect one fit a trial."""
    fits = [
        fit_law(
            _ABSCISSAE, row, standard_errors=None if standard_errors is None else standard_errors[i]
        ).estimate("exponent")
        for i, row in enumerate(y)
    ]
    return Estimate(
        np.concatenate([fit.value for fit in fits]),
        np.concatenate([fit.standard_error for fit in fits]),
        np.concatenate([fit.degrees_of_freedom for fit in fits]),
        samples=fits[0].num_samples,
    )


def _check(seeds: Sequence[int], trials: int) -> None:
    if min(seeds) < 2:
        raise ValueError(f"seeds must be at least 2 each, got {list(seeds)}")
    if trials < 1:
        raise ValueError(f"trials must be at least 1, got {trials}")


def _rate_table(
    title: str,
    corner: str,
    rows: Sequence[str],
    columns: Sequence[str],
    supported: np.ndarray,
    refuted: np.ndarray,
) -> Table:
    from rich.table import Table

    table = Table(title=title)
    table.add_column(corner)
    for column in columns:
        table.add_column(column, justify="right")
    for row, inside, outside in zip(rows, supported, refuted, strict=True):
        cells = (
            "" if np.isnan(yes) else f"{100 * yes:.1f} / {100 * no:.1f}"
            for yes, no in zip(inside, outside, strict=True)
        )
        table.add_row(row, *cells)
    return table


def _printed(table: FalseVerdicts | Power) -> str:
    from rich.console import Console

    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()

"""How walkers of this paper start, when they have escaped, and what is kept of their runs.

Times are continuous: a step of size $\\eta$ takes $\\eta$. Walkers start at the bottom of a well,
in equilibrium across the valley, and have escaped when they reach the bottom of the other well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from ... import simulations as sim
from ...theory import langevin
from ...validation import Estimate

if TYPE_CHECKING:
    from ..bench import Bench

GROUPS = 10  # of walkers; their spread gives the error of whatever is computed from a group


@dataclass(frozen=True)
class DoubleWell:
    r"""The symmetric double well $(x^2-1)^2$, of one coordinate."""

    def __call__(self, position: Any) -> Any:
        """Energy of a walker."""
        return self.profile(position[0])

    def profile(self, x: Any) -> Any:
        """Energy along the line."""
        return (x**2 - 1) ** 2


@dataclass(frozen=True)
class Beyond:
    """Whether the first coordinate has reached a level, from below or from above."""

    level: float
    is_upward: bool = True

    def __call__(self, position: Any) -> Any:
        """Judge one walker."""
        return position[0] >= self.level if self.is_upward else position[0] <= self.level


@dataclass(frozen=True)
class Outside:
    """Whether the first coordinate is as far from the middle as a level."""

    level: float

    def __call__(self, position: Any) -> Any:
        """Judge one walker."""
        return abs(position[0]) >= self.level


@dataclass(frozen=True, eq=False)
class Escapes:
    """Times of escape at several temperatures.

    Attributes
    ----------
    times : Float[np.ndarray, "temperatures walkers"]
        Of the escape, or of the end of the run.
    is_censored : Bool[np.ndarray, "temperatures walkers"]
        Where a walker has not escaped by then.
    """

    times: Float[np.ndarray, "temperatures walkers"]
    is_censored: Bool[np.ndarray, "temperatures walkers"]

    @property
    def means(self) -> Float[np.ndarray, " temperatures"]:
        """Mean times, by maximum likelihood for exponential times."""
        return np.array([mean.value for mean in self._means()])

    @property
    def standard_errors(self) -> Float[np.ndarray, " temperatures"]:
        """Standard errors of the means."""
        return np.array([mean.standard_error for mean in self._means()])

    def relative_to(self, predicted: Float[np.ndarray, " temperatures"]) -> Estimate:
        """Return measured over predicted times, as a measurement."""
        events = int(np.sum(~self.is_censored, axis=1).min())
        return Estimate(self.means / predicted, self.standard_errors / predicted, samples=events)

    @property
    def note(self) -> str:
        """How many walkers were censored."""
        censored = self.is_censored.mean(axis=1)
        shares = ", ".join(f"{share:.1%}" for share in censored)
        return f"censored walkers at each temperature: {shares}" if censored.any() else ""

    def _means(self) -> list[sim.samplers.ExponentialMean]:
        return [
            sim.samplers.exponential_mean(times, censored)
            for times, censored in zip(self.times, self.is_censored, strict=True)
        ]


def escapes(
    bench: Bench,
    name: str,
    potential: Callable[[Any], Any],
    starts: Callable[[np.random.Generator, float, int], np.ndarray],
    has_escaped: Callable[[Any], Any],
    *,
    temperatures: Sequence[float],
    expected: Sequence[float] | np.ndarray,
    step_size: float,
    walkers: int,
    patience: float = 3.0,
    integrator: str = "euler-maruyama",
) -> Escapes:
    """Let walkers escape at each temperature, or return the same escapes from the cache.

    Parameters
    ----------
    bench, name
        Claims that give the same name and settings share the run.
    potential, has_escaped
        Functions of one walker's position.
    starts
        Positions from a generator, a temperature and a number of walkers.
    temperatures, expected
        Temperatures, and roughly the mean times, after `patience` times which walkers are censored.
    step_size, walkers, integrator
        Settings of the run.
    """

    def measure() -> dict[str, np.ndarray]:
        times, censored = [], []
        for place, temperature in enumerate(temperatures):
            bench.progress(place / len(temperatures), name)
            passages = sim.samplers.first_passage(
                potential,
                starts(bench.generator(f"{name} {temperature}"), temperature, walkers),
                has_escaped,
                step_size=step_size,
                temperature=temperature,
                max_steps=int(np.ceil(patience * expected[place] / step_size)),
                integrator=integrator,
                key=bench.key_for(f"{name} {temperature}"),
                workers=bench.workers,
            )
            times.append(passages["time"].values)
            censored.append(passages["is_censored"].values)
        return {"times": np.array(times), "is_censored": np.array(censored)}

    return Escapes(**bench.cached(name, measure))


@dataclass(frozen=True)
class AtBottom:
    """Starts at the bottom of a valley: fixed along it, in equilibrium across it."""

    position: float
    stiffness: float
    transverse_dimensions: int

    def __call__(
        self, rng: np.random.Generator, temperature: float, walkers: int
    ) -> Float[np.ndarray, "walkers dimensions"]:
        """Draw the positions of all walkers."""
        spread = np.sqrt(temperature / self.stiffness)
        across = spread * rng.normal(size=(walkers, self.transverse_dimensions))
        along = np.full((walkers, 1), self.position)
        return np.concatenate([along, across], axis=1).astype(np.float32)


def bottom_of(
    wells: langevin.MemorizeGeneralizeLandscape, *, is_wide: bool
) -> tuple[AtBottom, float]:
    """Return starts at the bottom of one of the two wells, and the position of the bottom."""
    place = float(wells.extrema()[2 if is_wide else 0])
    return AtBottom(place, float(wells.stiffness(place)), wells.dimension - 1), place


def along(position: Any) -> Any:
    """Coordinate along the valley."""
    return position[0]


def equilibrated(
    bench: Bench,
    name: str,
    wells: langevin.MemorizeGeneralizeLandscape,
    *,
    temperatures: Sequence[float],
    burn_in: float,
    duration: float,
    step_size: float,
    walkers: int,
    integrator: str = "euler-maruyama",
) -> Float[np.ndarray, "temperatures walkers draws"]:
    """Coordinates along the valley of walkers that started in the narrow well, after a burn-in.

    Times in units of continuous time; fifty draws are kept of the duration.
    """
    starts, _ = bottom_of(wells, is_wide=False)

    def measure() -> dict[str, np.ndarray]:
        found = []
        for place, temperature in enumerate(temperatures):
            bench.progress(place / len(temperatures), name)
            every = round(duration / step_size / 50)
            chains = sim.samplers.langevin(
                wells,
                starts(bench.generator(f"{name} {temperature}"), temperature, walkers),
                step_size=step_size,
                temperature=temperature,
                num_steps=50 * every,
                record_every=every,
                burn_in=round(burn_in / step_size),
                measures={"along": along},
                integrator=integrator,
                key=bench.key_for(f"{name} {temperature}"),
                workers=bench.workers,
            )
            found.append(chains["along"].values)
        return {"along": np.array(found)}

    return bench.cached(name, measure)["along"]


def by_group(
    values: Float[np.ndarray, "temperatures walkers draws"],
) -> Float[np.ndarray, "groups temperatures values"]:
    """Part the walkers into groups and put the values of each group into one row."""
    temperatures, walkers, draws = values.shape
    grouped = values.reshape(temperatures, GROUPS, walkers // GROUPS * draws)
    return np.swapaxes(grouped, 0, 1)


def settings_of(wells: langevin.MemorizeGeneralizeLandscape) -> str:
    """Parameters of a landscape, for a note."""
    values = dataclasses.asdict(wells)
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in values.items())

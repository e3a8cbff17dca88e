"""Figure of cooling: populations follow the equilibrium, then freeze."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import langevin
from ...validation.layout import drawing, legend_above, letter
from ._card import paper
from ._runs import along

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_WELLS = langevin.MemorizeGeneralizeLandscape(5, 8.0, 2.0, tilt=0.2)
_HOT, _COLD = 0.5, 0.1
_STEP_SIZE = 0.01
_DRAWN = (10.0, 100.0, 1000.0)


@paper.figure(
    "quench",
    caption=(
        "Population of the wide well while the temperature falls exponentially from equilibrium at "
        "0.5 to 0.1, at three time constants. Lines, rates of escape and detailed balance "
        "integrated along the cooling; points, Langevin walkers with their standard errors; "
        "dashed, the equilibrium. (a) Against the temperature on the way: fast cooling leaves the "
        "population where it was, slow cooling follows the equilibrium for longer; triangles, "
        "where relaxation becomes slower than the equilibrium moves. (b) The population that is "
        "left at the end."
    ),
    options={"walkers": 2000},
)
def quench(bench: Bench, *, walkers: int = 2000) -> Figure:
    """Cool walkers at several speeds, and integrate the populations along the same cooling."""
    if not 100 <= walkers <= 10**6:
        raise ValueError(f"walkers must lie between 100 and 1000000, got {walkers}")
    constants = np.geomspace(3.0, 3000.0, 13)
    found = bench.cached(
        "cooled", lambda: _cool(bench, walkers, bench.pick(quick=_DRAWN, full=tuple(constants)))
    )
    forward, backward = _rates()
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, (course, end)):
        _draw_courses(course, found, walkers, forward, backward)
        finals = [_course(constant, forward, backward)[1][-1] for constant in constants]
        end.plot(constants, finals, color="black", label="theory")
        _points(end, found["constants"], found["populations"][:, -1], walkers, "black", "walkers")
        cold = _WELLS.wide_probability(_COLD)
        end.axhline(cold, color="0.4", ls="--", lw=0.9, label=rf"equilibrium, $\theta = {_COLD:g}$")
        end.set(
            xscale="log", xlabel="time constant of the cooling", ylabel="final $p_w$", ylim=(0, 1)
        )
        legend_above(end, columns=3)
        for axes, name in ((course, "a"), (end, "b")):
            letter(axes, name)
    return figure


def _rates() -> tuple[langevin.relaxation.Rate, langevin.relaxation.Rate]:
    """Rates into the wide well and back, as functions of the temperature, tabulated once."""
    from scipy.interpolate import CubicSpline

    inverse = np.linspace(1 / (1.001 * _HOT), 1 / (0.999 * _COLD), 40)
    rates = []
    for temperature in 1 / inverse:
        forward = 1 / _WELLS.escape_time(temperature=temperature)
        wide = _WELLS.wide_probability(temperature)
        rates.append([forward, langevin.backward_rate(forward, wide)])
    splines = [CubicSpline(inverse, column) for column in np.log(rates).T]

    def rate(spline: CubicSpline) -> langevin.relaxation.Rate:
        return lambda temperature: float(np.exp(spline(1 / temperature)))

    return rate(splines[0]), rate(splines[1])


def _course(
    constant: float, forward: langevin.relaxation.Rate, backward: langevin.relaxation.Rate
) -> tuple[np.ndarray, np.ndarray]:
    """Times of a cooling, evenly spaced in the logarithm of temperature, and its populations."""
    times = np.linspace(0.0, constant * np.log(_HOT / _COLD), 60)
    schedule = langevin.exponential_cooling(_HOT, time_constant=constant)
    populations = langevin.annealed_occupancy(
        times,
        schedule,
        forward=forward,
        backward=backward,
        start=_WELLS.wide_probability(_HOT),
    )
    return times, populations


def _draw_courses(
    axes: Axes,
    found: dict[str, np.ndarray],
    walkers: int,
    forward: langevin.relaxation.Rate,
    backward: langevin.relaxation.Rate,
) -> None:
    temperatures = np.geomspace(_COLD, _HOT, 30)
    equilibrium = [_WELLS.wide_probability(temperature) for temperature in temperatures]
    axes.plot(temperatures, equilibrium, color="0.4", ls="--", lw=0.9, label="equilibrium")
    for index, constant in enumerate(_DRAWN):
        times, populations = _course(constant, forward, backward)
        schedule = langevin.exponential_cooling(_HOT, time_constant=constant)
        cooled = np.array([schedule(time) for time in times])
        color, label = f"C{index}", rf"$\tau = {constant:g}$"
        axes.plot(cooled, populations, color=color, label=label)
        row = int(np.argmin(np.abs(found["constants"] - constant)))
        passed = found["times"][row]
        measured = [schedule(time) for time in passed]
        _points(axes, measured, found["populations"][row], walkers, color)
        frozen = langevin.freezing_time(times, schedule, forward=forward, backward=backward)
        axes.plot(schedule(frozen), np.interp(frozen, times, populations), "v", color=color, ms=6)
    axes.set(xlabel=r"temperature $\theta$", ylabel="population $p_w$ of the wide well")
    axes.invert_xaxis()
    legend_above(axes, columns=4)


def _points(
    axes: Axes,
    x: np.ndarray | list[float],
    populations: np.ndarray,
    walkers: int,
    color: str,
    label: str | None = None,
) -> None:
    errors = np.sqrt(populations * (1 - populations) / walkers)
    axes.errorbar(x, populations, errors, fmt="o", color=color, label=label, lw=0.8)


def _cool(bench: Bench, walkers: int, constants: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Population of the wide well at ten times of every cooling."""
    times, populations = [], []
    for constant in constants:
        every = round(constant * np.log(_HOT / _COLD) / _STEP_SIZE / 10)
        chains = sim.samplers.langevin(
            _WELLS,
            _in_equilibrium(bench.generator(f"start {constant:g}"), walkers),
            step_size=_STEP_SIZE,
            temperature=sim.samplers.ExponentialCooling(_HOT, time_constant=constant),
            num_steps=10 * every,
            record_every=every,
            measures={"along": along},
            integrator="leimkuhler-matthews",
            key=bench.key_for(f"cooling {constant:g}"),
            workers=bench.workers,
        )
        times.append(chains["time"].values)
        populations.append((chains["along"].values > _WELLS.extrema()[1]).mean(axis=0))
    return {
        "constants": np.array(constants),
        "times": np.array(times),
        "populations": np.array(populations),
    }


def _in_equilibrium(rng: np.random.Generator, walkers: int) -> np.ndarray:
    """Positions drawn from the Gibbs measure at the temperature of the start."""
    grid = np.linspace(-2.5, 2.5, 4001)
    density = langevin.gibbs_density(_WELLS.free_energy(_HOT), grid, temperature=_HOT)
    x = rng.choice(grid, size=walkers, p=density / density.sum())
    spread = np.sqrt(_HOT / _WELLS.stiffness(x))
    across = spread[:, None] * rng.normal(size=(walkers, _WELLS.dimension - 1))
    return np.concatenate([x[:, None], across], axis=1).astype(np.float32)

r"""Arrhenius plot of any potential: rates of escape predicted, and walkers that escape.

    from groktheory.papers import arrhenius

    def potential(x):
        return (x[0] ** 2 - 1) ** 2 + (x[1] - jnp.sin(x[0])) ** 2

    arrhenius.draw(potential, [-1, 0], bounds=[(-2, 2), (-2, 2)], temperatures=[0.15, 0.2, 0.3],
                   key=jax.random.key(0))

Wells and passes are found by Newton's method, rates are those of Eyring, Kramers and Langer, and
the slope of the line is the lowest barrier. Below three temperatures of barrier the line is dashed:
the formula does not apply there, the walkers do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import simulations as sim
from .. import validation as val
from ..theory import langevin

if TYPE_CHECKING:
    from jax import Array
    from matplotlib.figure import Figure

_LARGEST_STEP = 0.1  # in units of one over the largest curvature


def draw(
    potential: Callable[[Any], Any],
    well: Sequence[float] | np.ndarray,
    *,
    bounds: Sequence[tuple[float, float]],
    temperatures: Sequence[float] | np.ndarray,
    key: Array | None = None,
    walkers: int = 500,
    step_size: float | None = None,
    num_starts: int = 256,
) -> Figure:
    r"""Draw the time of escape from a well against one over temperature.

    Parameters
    ----------
    potential
        $f$, a function of one point, written with `jax.numpy`.
    well
        A point near the bottom of the well.
    bounds
        One pair `(lower, upper)` a dimension, around the well and its neighbors.
    temperatures
        At which walkers are to escape; the line is drawn over their range.
    key
        Random key of the simulation; without it only theory is drawn.
    walkers
        How many of them at each temperature.
    step_size
        $\eta$; by default a tenth of one over the largest curvature of wells and passes.
    num_starts
        Of the search for stationary points.

    Raises
    ------
    ValueError
        If the potential has no pass out of the well, or no isolated stationary points, for
        temperatures that are not positive, or as `sim.samplers.first_passage`.
    """
    temperatures = np.sort(np.asarray(temperatures, np.float64))
    if temperatures.ndim != 1 or not len(temperatures) or not np.all(temperatures > 0):
        raise ValueError(f"temperatures must be positive and at least one, got {temperatures}")
    points = langevin.stationary_points(potential, bounds=bounds, num_starts=num_starts)
    place = np.asarray(well, np.float64)
    wells = langevin.minima(points)
    if place.shape != np.shape(points[0].position):
        raise ValueError(f"well must be a point of {len(bounds)} coordinates, got {well}")
    if not wells:
        raise ValueError("the potential has no minimum within the bounds: widen them")
    bottom = min(wells, key=lambda point: float(np.linalg.norm(point.position - place)))
    passes = [
        item.saddle
        for item in langevin.transitions(potential, points)
        if (item.first is bottom) != (item.second is bottom)
    ]
    if not passes:
        raise ValueError(
            f"no saddle leads out of the well at {np.round(bottom.position, 4).tolist()}: widen "
            "the bounds, give more starts, or, if its valley is flat, use "
            "theory.langevin.flat_ravine_time"
        )
    series = []
    if key is not None:
        largest = max(float(np.abs(point.curvatures).max()) for point in (*wells, *passes))
        series.append(
            _escapes(
                potential,
                bottom,
                [other for other in wells if other is not bottom],
                passes,
                temperatures,
                key=key,
                walkers=walkers,
                step_size=_LARGEST_STEP / largest if step_size is None else step_size,
            )
        )
    series += _lines(bottom, passes, temperatures)
    barrier = langevin.arrhenius_line(bottom, passes).barrier
    return val.draw_arrhenius({rf"barrier {barrier:.4g}": series})


def _lines(
    bottom: langevin.StationaryPoint,
    passes: Sequence[langevin.StationaryPoint],
    temperatures: np.ndarray,
) -> list[val.Series]:
    """Predicted times, dashed where the lowest barrier is below three temperatures."""
    limit = langevin.arrhenius_line(bottom, passes).highest_temperature
    low, high = 0.9 * temperatures[0], 1.1 * temperatures[-1]
    spans = {
        ("Eyring-Kramers-Langer", "line"): (low, min(high, limit)),
        ("the same below 3 temperatures", "dashed"): (max(low, limit), high),
    }
    series = []
    for (label, style), (first, last) in spans.items():
        if first < last:
            fine = 1 / np.linspace(1 / last, 1 / first, 50)
            rates = [
                langevin.eyring_kramers_rate(
                    bottom, passes, temperature=float(theta), check_barrier=False
                )
                for theta in fine
            ]
            series.append(val.Series(label, fine, 1 / np.array(rates), style=style))
    return series


def _escapes(
    potential: Callable[[Any], Any],
    bottom: langevin.StationaryPoint,
    others: Sequence[langevin.StationaryPoint],
    passes: Sequence[langevin.StationaryPoint],
    temperatures: np.ndarray,
    *,
    key: Array,
    walkers: int,
    step_size: float,
) -> val.Series:
    """Mean times of walkers that start at the bottom, until they are in another well."""
    import jax
    import jax.numpy as jnp

    starts = np.tile(bottom.position.astype(np.float32), (walkers, 1))
    bottoms = jnp.asarray(np.array([other.position for other in others]), jnp.float32)
    hessians = jnp.asarray(np.array([other.hessian for other in others]), jnp.float32)
    means = []
    for theta, one in zip(temperatures, jax.random.split(key, len(temperatures)), strict=True):
        rate = langevin.eyring_kramers_rate(
            bottom, passes, temperature=float(theta), check_barrier=False
        )
        passages = sim.samplers.first_passage(
            potential,
            starts,
            sim.samplers.AnyWell(bottoms, hessians, jnp.asarray(theta, jnp.float32)),
            step_size=step_size,
            temperature=float(theta),
            max_steps=int(np.ceil(4 / rate / step_size)),
            key=one,
        )
        means.append(
            sim.samplers.exponential_mean(passages["time"].values, passages["is_censored"].values)
        )
    return val.Series(
        "walkers",
        temperatures,
        np.array([mean.value for mean in means]),
        np.array([mean.standard_error for mean in means]),
    )

r"""Which wells a pass connects, and along which path.

From a saddle the minimum-energy path leaves in both unstable directions and follows the steepest
descent $\dot x = -\nabla f$ down to the two wells.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_whole
from ._evaluation import Potential, compiled_gradient, energies_of
from .stationary import StationaryPoint, minima, saddles


@dataclass(frozen=True, eq=False)
class EnergyPath:
    r"""A path from well to well over a pass.

    Attributes
    ----------
    points : Float[np.ndarray, "points dimensions"]
        Evenly spaced on either side of the pass.
    energies : Float[np.ndarray, " points"]
        $f$ along the path.
    lengths : Float[np.ndarray, " points"]
        Arc length from the pass, negative on the first side.
    """

    points: Float[np.ndarray, "points dimensions"]
    energies: Float[np.ndarray, " points"]
    lengths: Float[np.ndarray, " points"]


@dataclass(frozen=True, eq=False)
class Transition:
    """A pass and the two wells that it connects (the same one twice for a loop)."""

    saddle: StationaryPoint
    first: StationaryPoint
    second: StationaryPoint


def minimum_energy_path(
    potential: Potential, saddle: StationaryPoint, *, num_points: int = 101
) -> EnergyPath:
    r"""Follow the steepest descent from a pass to both sides.

    Parameters
    ----------
    potential
        $f$, a function of one point, written with `jax.numpy`.
    saddle
        The pass.
    num_points
        Points on each side.

    Raises
    ------
    ValueError
        If the point is no saddle, or the descent runs away because the potential does not confine.

    >>> from .stationary import stationary_points, saddles
    >>> potential = lambda x: (x[0]**2 - 1)**2 + x[1]**2
    >>> (top,) = saddles(stationary_points(potential, bounds=[(-2, 2), (-1, 1)]))
    >>> path = minimum_energy_path(potential, top)
    >>> np.abs(path.points[[0, -1], 0]).round(6).tolist()
    [1.0, 1.0]
    """
    refuse_not_whole(least=2, num_points=num_points)
    first, second = _both_descents(compiled_gradient(potential), saddle)
    first, first_lengths = _evenly_spaced(first, num_points)
    second, second_lengths = _evenly_spaced(second, num_points)
    points = np.concatenate([first[::-1], second[1:]])
    return EnergyPath(
        points=points,
        energies=energies_of(potential, points),
        lengths=np.concatenate([-first_lengths[::-1], second_lengths[1:]]),
    )


def transitions(potential: Potential, points: Sequence[StationaryPoint]) -> tuple[Transition, ...]:
    r"""Find the two wells that each pass connects.

    Parameters
    ----------
    potential
        $f$, a function of one point, written with `jax.numpy`.
    points
        Its stationary points, as :func:`~groktheory.theory.langevin.stationary_points` finds them.

    Raises
    ------
    ValueError
        If a descent ends at none of the wells, or runs away.
    """
    wells, gradient = minima(points), compiled_gradient(potential)
    found = []
    for saddle in saddles(points):
        ends = [path[-1] for path in _both_descents(gradient, saddle)]
        first, second = (_well_at(end, wells, saddle) for end in ends)
        found.append(Transition(saddle, first, second))
    return tuple(found)


def saddles_between(
    passes: Sequence[Transition], start: StationaryPoint, end: StationaryPoint
) -> tuple[StationaryPoint, ...]:
    """Select the passes that lead directly from one well to another, the lowest first.

    Raises
    ------
    ValueError
        If there is none.
    """
    wells = {id(start), id(end)}
    found = [item.saddle for item in passes if {id(item.first), id(item.second)} == wells]
    if not found:
        raise ValueError(
            f"there is no saddle between the wells at {_shown(start)} and {_shown(end)}: they may "
            "be joined through other wells (use rate_matrix), the search may have missed the pass "
            "(widen the bounds, or give more starts), or the valley between them is flat (use "
            "flat_ravine_time)"
        )
    return tuple(sorted(found, key=lambda saddle: saddle.energy))


def _well_at(
    end: np.ndarray, wells: Sequence[StationaryPoint], saddle: StationaryPoint
) -> StationaryPoint:
    for well in wells:
        if np.linalg.norm(end - well.position) <= 1e-2 * np.linalg.norm(
            saddle.position - well.position
        ):
            return well
    raise ValueError(
        f"the descent from the saddle at {_shown(saddle)} ends at {np.round(end, 4).tolist()}, "
        "which is none of the wells found: widen the bounds so that they enclose it"
    )


def _both_descents(
    gradient: Callable[[np.ndarray], np.ndarray], saddle: StationaryPoint
) -> tuple[np.ndarray, np.ndarray]:
    if saddle.index != 1:
        raise ValueError(
            f"a pass has one unstable direction, got a point with {saddle.index} of them at "
            f"{_shown(saddle)}"
        )
    direction = np.linalg.eigh(saddle.hessian)[1][:, 0]
    direction = direction * np.sign(direction[np.argmax(np.abs(direction))])
    return tuple(_descent(gradient, saddle, sign * direction) for sign in (-1.0, 1.0))  # type: ignore[return-value]


def _descent(
    gradient: Callable[[np.ndarray], np.ndarray], saddle: StationaryPoint, direction: np.ndarray
) -> np.ndarray:
    """Corners of the steepest descent that leaves a pass in a direction."""
    from scipy.integrate import solve_ivp

    scale = max(1.0, float(np.linalg.norm(saddle.position)))
    offset, downhill = 1e-4 * scale, float(np.abs(saddle.curvatures[0]))
    first = saddle.position + offset * direction
    gentle = 1e-6 * downhill * offset

    def is_at_rest(time, point):
        return np.linalg.norm(gradient(point)) - gentle

    def has_run_away(time, point):
        return np.linalg.norm(point - saddle.position) - 1e6 * scale

    is_at_rest.terminal = has_run_away.terminal = True  # type: ignore[attr-defined]
    flow = solve_ivp(
        lambda time, point: -gradient(point),
        (0.0, 1e6 / downhill),
        first,
        method="LSODA",
        rtol=1e-8,
        atol=1e-11 * scale,
        events=(is_at_rest, has_run_away),
    )
    if len(flow.t_events[1]) or not np.all(np.isfinite(flow.y)):
        raise ValueError(
            f"the descent from the saddle at {_shown(saddle)} runs away: the potential is not "
            "confining on that side; add a confining term such as weight decay"
        )
    return np.concatenate([saddle.position[None], flow.y.T])


def _evenly_spaced(corners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    even = np.linspace(0.0, lengths[-1], count)
    return np.stack([np.interp(even, lengths, column) for column in corners.T], axis=1), even


def _shown(point: StationaryPoint) -> str:
    return str(np.round(point.position, 4).tolist())

r"""Stationary points of any smooth potential: wells, passes, tops.

Newton's method on $\nabla f = 0$ from many starts at once, with gradients and Hessians by
automatic differentiation. It converges to points of every kind; the number of negative
eigenvalues of the Hessian says which kind it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_whole
from ._evaluation import Potential, energy_at

_NEWTON_STEPS = 200
_DEGENERATE = 1e-7


@dataclass(frozen=True, eq=False)
class StationaryPoint:
    r"""A point where the gradient vanishes.

    Attributes
    ----------
    position : Float[np.ndarray, " dimensions"]
        Where it is.
    energy : float
        $f$ there.
    hessian : Float[np.ndarray, "dimensions dimensions"]
        Second derivatives.
    """

    position: Float[np.ndarray, " dimensions"]
    energy: float
    hessian: Float[np.ndarray, "dimensions dimensions"]

    @property
    def curvatures(self) -> Float[np.ndarray, " dimensions"]:
        """Eigenvalues of the Hessian, increasing."""
        return np.linalg.eigvalsh(self.hessian)

    @property
    def index(self) -> int:
        """Number of directions in which the energy falls: 0 for a minimum, 1 for a saddle."""
        return int(np.sum(self.curvatures < 0))

    @property
    def log_determinant(self) -> float:
        r"""$\ln\lvert\det H\rvert$."""
        return float(np.sum(np.log(np.abs(self.curvatures))))

    @property
    def is_degenerate(self) -> bool:
        """Whether a direction is flat to second order, so that harmonic formulas fail."""
        sizes = np.abs(self.curvatures)
        return bool(sizes.min() <= _DEGENERATE * sizes.max())


def stationary_points(
    potential: Potential,
    *,
    bounds: Sequence[tuple[float, float]] | None = None,
    starts: Float[np.ndarray, "starts dimensions"] | None = None,
    num_starts: int = 256,
) -> tuple[StationaryPoint, ...]:
    r"""Find the stationary points of a potential.

    Parameters
    ----------
    potential
        $f$, a function of one point, written with `jax.numpy`.
    bounds
        One pair `(lower, upper)` a dimension. Starts are spread evenly over the box; points
        outside of it are left out.
    starts
        Points to start from, instead of bounds.
    num_starts
        How many starts to spread over the box; more of them find more in many dimensions.

    Returns
    -------
    All distinct points that were found, by number of unstable directions, then by energy. The
    search is not exhaustive: a point whose surroundings no start has met is missing.

    Raises
    ------
    ValueError
        If neither bounds nor starts are given, for a potential that is not smooth or does not
        return one number, if nothing is found, or if stationary points are not isolated (a flat
        valley), where no harmonic formula applies.

    Cost: a few hundred Newton steps of all starts at once, about a second with compilation.

    >>> found = stationary_points(lambda x: (x[0]**2 - 1)**2, bounds=[(-2, 2)], num_starts=8)
    >>> [(point.index, point.position.round(9).tolist()) for point in found]
    [(0, [-1.0]), (0, [1.0]), (1, [0.0])]
    """
    points, box = _first_points(bounds, starts, num_starts)
    energy_at(potential, points[0])
    extent = np.ptp(points, axis=0).max() if box is None else np.ptp(box, axis=1).max()
    longest = 0.1 * extent if extent > 0 else 0.1 * max(1.0, np.abs(points).max())
    candidates, energies, gradients, hessians = _newton(potential, points, longest)
    curvature = np.abs(hessians).max(axis=(1, 2), initial=0.0)
    with np.errstate(invalid="ignore"):
        has_converged = np.linalg.norm(gradients, axis=1) <= 1e-9 * longest * (1 + curvature)
    has_converged &= np.isfinite(energies)
    if box is not None:
        margin = 1e-9 * extent
        has_converged &= np.all(
            (candidates >= box[:, 0] - margin) & (candidates <= box[:, 1] + margin), axis=1
        )
    found: list[StationaryPoint] = []
    for number in np.flatnonzero(has_converged):
        position = candidates[number]
        if all(np.abs(position - other.position).max() > 1e-5 * longest for other in found):
            point = StationaryPoint(position, float(energies[number]), hessians[number])
            _refuse_degenerate(point)
            found.append(point)
    if not found:
        raise ValueError(
            "no stationary point was found: widen the bounds, give more starts, or check that the "
            "potential is smooth and not constant"
        )
    return tuple(
        sorted(found, key=lambda item: (item.index, round(item.energy, 9), tuple(item.position)))
    )


def minima(points: Sequence[StationaryPoint]) -> tuple[StationaryPoint, ...]:
    """Select the wells, the lowest first."""
    return tuple(point for point in points if point.index == 0)


def saddles(points: Sequence[StationaryPoint]) -> tuple[StationaryPoint, ...]:
    """Select the passes (one unstable direction), the lowest first."""
    return tuple(point for point in points if point.index == 1)


def _first_points(
    bounds: Sequence[tuple[float, float]] | None, starts: np.ndarray | None, num_starts: int
) -> tuple[np.ndarray, np.ndarray | None]:
    if (bounds is None) == (starts is None):
        raise ValueError("give either bounds, one pair (lower, upper) a dimension, or starts")
    if starts is not None:
        points = np.asarray(starts, np.float64)
        if points.ndim != 2 or not points.size or not np.all(np.isfinite(points)):
            raise ValueError(
                f"starts must be finite points [starts, dimensions], got shape {points.shape}"
            )
        return points, None
    refuse_not_whole(num_starts=num_starts)
    box = np.asarray(bounds, np.float64)
    if box.ndim != 2 or box.shape[1] != 2 or not np.all(np.isfinite(box)):
        raise ValueError(f"bounds must be one finite pair (lower, upper) a dimension, got {bounds}")
    if np.any(box[:, 0] >= box[:, 1]):
        raise ValueError(f"every pair of bounds must increase, got {bounds}")
    spread = np.random.default_rng(0).uniform(box[:, 0], box[:, 1], (num_starts, len(box)))
    return np.concatenate([box.mean(axis=1)[None], spread]), box


def _newton(
    potential: Potential, points: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Newton steps of limited length from all points; energies and derivatives at the ends."""
    import jax
    import jax.numpy as jnp

    gradient, hessian = jax.grad(potential), jax.hessian(potential)

    def step(point, _):
        values, vectors = jnp.linalg.eigh(hessian(point))
        sizes = jnp.abs(values)
        # Nearly flat directions would send the point away; the limit on the length rules there.
        floor = 1e-12 * jnp.max(sizes) + 1e-300
        safe = jnp.where(sizes > floor, values, jnp.where(values < 0, -floor, floor))
        move = -vectors @ ((vectors.T @ gradient(point)) / safe)
        length = jnp.sqrt(jnp.sum(move**2))
        return point + move * jnp.minimum(1.0, longest / jnp.maximum(length, 1e-300)), None

    def run(point):
        end, _ = jax.lax.scan(step, point, None, length=_NEWTON_STEPS)
        return end, potential(end), gradient(end), hessian(end)

    with jax.enable_x64(True):
        results = jax.jit(jax.vmap(run))(np.asarray(points, np.float64))
        ends, energies, gradients, hessians = (np.asarray(result) for result in results)
    return ends, energies, gradients, hessians


def _refuse_degenerate(point: StationaryPoint) -> None:
    if point.is_degenerate:
        raise ValueError(
            f"the Hessian at {np.array2string(point.position, precision=4)} is singular: the "
            "potential is flat along a valley (or to higher order), where harmonic formulas fail; "
            "integrate out the stiff directions and use mean_first_passage_time on the free "
            "energy along the valley, or flat_ravine_time where that is constant"
        )

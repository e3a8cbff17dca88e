r"""The slide along the interpolating solutions, and the universal time it takes.

After memorization a small penalty $\beta h$ moves the iterate along $\{a : Xa = y\}$. In the limit
$\alpha\beta\to0$ its path depends on neither the step $\alpha$ nor on $\beta$: it is the gradient
flow of $h$ on that affine space,

$$\frac{da}{d\tau} = -P\,s, \qquad s = \operatorname*{argmin}_{s\in\partial h(a)}\lVert Ps\rVert_2,
  \qquad \tau = \alpha\beta\,(t - t_1), \quad P = I - X^+X .$$

It reaches the interpolant of least $h$ after a finite $T^*$ that is a constant of the data, so that
generalization comes $T^*/(\alpha\beta)$ steps after memorization. For $h = \lVert\cdot\rVert_1$
the flow is solved exactly from event to event; for the nuclear norm it is split into small
proximal steps and projections, with the step halved until the time no longer changes.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ._least_squares_spectrum import Spectrum


@dataclass(frozen=True, eq=False)
class SlidingPath:
    r"""A path made of straight pieces.

    Attributes
    ----------
    times : Float[np.ndarray, " events"]
        $\tau$ at the corners, starting from 0.
    points : Float[np.ndarray, "events coordinates"]
        The corners; matrices are flattened row by row.
    """

    times: Float[np.ndarray, " events"]
    points: Float[np.ndarray, "events coordinates"]

    def at(self, times: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times coordinates"]:
        r"""Return the points at given $\tau$; after the last corner the path rests."""
        if len(self.times) == 1:
            return np.repeat(self.points, len(times), axis=0)
        later = np.clip(np.searchsorted(self.times, times, side="right"), 1, len(self.times) - 1)
        lengths = np.diff(self.times)[later - 1]
        shares = np.clip((times - self.times[later - 1]) / lengths, 0.0, 1.0)[:, None]
        return (1 - shares) * self.points[later - 1] + shares * self.points[later]

    def arrival_time(
        self, target: Float[np.ndarray, " coordinates"], *, relative_error: float
    ) -> float:
        r"""Return the first $\tau$ at which $\lVert a-a^*\rVert_2\le\epsilon\lVert a^*\rVert_2$.

        Infinite if the path never comes that near. On each piece the squared distance is a
        parabola, whose smaller root is the answer.

        Raises
        ------
        ValueError
            If ``relative_error`` is not positive or the target is zero.
        """
        radius = _radius(target, relative_error)
        offsets = self.points - target
        distances = np.linalg.norm(offsets, axis=1)
        if distances[0] <= radius:
            return 0.0
        for index in range(len(self.times) - 1):
            step = self.points[index + 1] - self.points[index]
            linear, square = offsets[index] @ step, step @ step
            discriminant = linear**2 - square * (distances[index] ** 2 - radius**2)
            if linear >= 0 or discriminant < 0:
                continue
            share = (distances[index] ** 2 - radius**2) / (-linear + math.sqrt(discriminant))
            if share <= 1:
                return float(
                    self.times[index] + share * (self.times[index + 1] - self.times[index])
                )
        return math.inf


def l1_sliding_path(
    features: Float[np.ndarray, "samples coordinates"], start: Float[np.ndarray, " coordinates"]
) -> SlidingPath:
    r"""Return the exact gradient flow of $\lVert a\rVert_1$ on $\{a : Xa = Xa_0\}$.

    Between two events the velocity is constant. At an event a coordinate reaches zero; there its
    subgradient may take any value in $[-1, 1]$, and the flow takes the one that makes the
    velocity shortest: a least-squares problem in a box. Coordinates whose value lies inside the box
    stay at zero (they slide), those at its border leave. The path ends, after finitely many events,
    at an interpolant of least $\ell_1$ norm.

    Parameters
    ----------
    features
        $X$; its rows may be dependent.
    start
        $a_0$, the point of memorization.

    Raises
    ------
    ValueError
        If the shapes do not match.
    RuntimeError
        If the path has not ended after a hundred events a coordinate.

    Cost: one box-constrained least-squares problem an event, about one event a coordinate.
    Source: derived, makes [notsawo2025norm, Thm. 3.1] an equality.

    >>> path = l1_sliding_path(np.array([[2.0, 1.0]]), np.array([0.4, 0.2]))
    >>> path.points[-1].round(12).tolist(), round(float(path.times[-1]), 12)
    ([0.5, 0.0], 0.5)
    """
    from scipy.optimize import lsq_linear

    _refuse_other_shapes(features, start.shape)
    projector = _null_projector(features)
    point = start.astype(np.float64)
    scale = np.max(np.abs(point), initial=0.0)
    times, points = [0.0], [point]
    for _ in range(100 * len(point)):
        is_zero = np.abs(point) <= 1e-10 * scale
        point = np.where(is_zero, 0.0, point)
        subgradient = np.sign(point)
        is_sliding = np.zeros(len(point), dtype=bool)
        if np.any(is_zero):
            box = lsq_linear(
                projector[:, is_zero],
                -projector @ subgradient,
                bounds=(-1.0, 1.0),
                method="bvls",
                tol=1e-14,
            )
            subgradient[is_zero] = box.x
            is_sliding[is_zero] = box.active_mask == 0
        velocity = -projector @ subgradient
        velocity[is_sliding] = 0.0
        if np.linalg.norm(velocity) <= 1e-9:
            return SlidingPath(np.array(times), np.array(points))
        shrinks = point * velocity < 0
        waits = np.full(len(point), np.inf)
        waits[shrinks] = -point[shrinks] / velocity[shrinks]
        wait = waits.min()
        point = np.where(waits <= wait * (1 + 1e-12), 0.0, point + wait * velocity)
        times.append(times[-1] + wait)
        points.append(point)
    raise RuntimeError(f"the path has not ended after {len(times)} events")


def nuclear_sliding_path(
    features: Float[np.ndarray, "samples entries"],
    start: Float[np.ndarray, "rows columns"],
    *,
    step: float,
    duration: float,
) -> SlidingPath:
    r"""Return the gradient flow of the nuclear norm on $\{A : X\operatorname{vec}A = y\}$.

    $$A_{k+1} = A_k + P\,\left[\operatorname{prox}_{\delta\lVert\cdot\rVert_*}(A_k) - A_k\right],$$

    in steps $\delta$: the proximal map lowers every singular value by $\delta$, down to zero at
    most, and so treats singular values that stay at zero as the flow does, without chatter. The
    error vanishes with $\delta$.

    Parameters
    ----------
    features
        $X$, one flattened measurement matrix a row.
    start
        $A_0$.
    step
        $\delta > 0$, in $\tau$.
    duration
        $\tau$ at which the path ends.

    Raises
    ------
    ValueError
        If the shapes do not match, or ``step`` or ``duration`` are not positive.

    Cost: one singular value decomposition a step. Source: derived.
    """
    _refuse_other_shapes(features, start.shape)
    for name, value in (("step", step), ("duration", duration)):
        if not value > 0:
            raise ValueError(f"{name} must be positive, got {value}")
    projector = _null_projector(features)
    points = [start.astype(np.float64)]
    for _ in range(math.ceil(duration / step)):
        points.append(_nuclear_step(points[-1], projector, step))
    flat = np.array(points).reshape(len(points), -1)
    return SlidingPath(step * np.arange(len(points)), flat)


def nuclear_arrival_time(
    features: Float[np.ndarray, "samples entries"],
    start: Float[np.ndarray, "rows columns"],
    target: Float[np.ndarray, "rows columns"],
    *,
    relative_error: float,
    accuracy: float = 2e-3,
    max_time: float | None = None,
) -> float:
    r"""Return the first $\tau$ at which the nuclear-norm flow comes within $\epsilon$ of a target.

    The steps of :func:`nuclear_sliding_path` are halved until the time changes by less than
    ``accuracy``, relatively.

    Parameters
    ----------
    features, start
        As in :func:`nuclear_sliding_path`.
    target
        $A^*$.
    relative_error
        $\epsilon$: arrived means $\lVert A-A^*\rVert_F\le\epsilon\lVert A^*\rVert_F$.
    accuracy
        Relative accuracy of the answer.
    max_time
        Where to give up; $20\,\lVert A_0-A^*\rVert_F$ by default.

    Returns
    -------
    The time, infinite if the flow has not arrived by ``max_time``.

    Raises
    ------
    ValueError
        If the shapes do not match or a number is not positive.

    Source: derived, makes [notsawo2025norm, Thm. 3.4] an equality.
    """
    _refuse_other_shapes(features, start.shape)
    if target.shape != start.shape:
        raise ValueError(f"target must have the shape {start.shape} of start, got {target.shape}")
    if not accuracy > 0:
        raise ValueError(f"accuracy must be positive, got {accuracy}")
    radius = _radius(target, relative_error)
    distance = float(np.linalg.norm(start - target))
    if distance <= radius:
        return 0.0
    projector = _null_projector(features)
    limit = 20 * distance if max_time is None else max_time
    step, previous = limit / 1000, math.inf
    while True:
        time = _nuclear_crossing(start, target, projector, radius, step, limit)
        if abs(time - previous) <= accuracy * time or step < 1e-6 * limit:
            return time
        # Infinite twice in a row at a fine step: the flow does not arrive.
        if math.isinf(time) and math.isinf(previous) and step < 1e-4 * limit:
            return time
        step, previous = step / 2, time


def _nuclear_crossing(
    start: np.ndarray,
    target: np.ndarray,
    projector: np.ndarray,
    radius: float,
    step: float,
    limit: float,
) -> float:
    point, distance, count = start, float(np.linalg.norm(start - target)), 0
    while count * step < limit:
        point = _nuclear_step(point, projector, step)
        previous, distance = distance, float(np.linalg.norm(point - target))
        if distance <= radius:
            return step * (count + (previous - radius) / (previous - distance))
        count += 1
    return math.inf


def _nuclear_step(point: np.ndarray, projector: np.ndarray, step: float) -> np.ndarray:
    left, values, right = np.linalg.svd(point, full_matrices=False)
    lowered = (left * np.minimum(values, step)) @ right
    return point - (projector @ lowered.ravel()).reshape(point.shape)


def _null_projector(features: np.ndarray) -> np.ndarray:
    right = Spectrum.of(features).right
    return np.eye(features.shape[1]) - right @ right.T


def _radius(target: np.ndarray, relative_error: float) -> float:
    norm = float(np.linalg.norm(target))
    if not relative_error > 0:
        raise ValueError(f"relative_error must be positive, got {relative_error}")
    if norm == 0:
        raise ValueError("target must not be zero: errors are measured relative to its norm")
    return relative_error * norm


def _refuse_other_shapes(features: np.ndarray, shape: tuple[int, ...]) -> None:
    if features.ndim != 2 or features.shape[1] != math.prod(shape):
        raise ValueError(
            f"features must be [samples, {math.prod(shape)}] for a start of shape {shape}, got "
            f"shape {features.shape}"
        )

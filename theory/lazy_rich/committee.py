r"""The closed dynamics of a committee machine: a network of any width as $D + D^2$ numbers.

Every step of full-batch gradient descent moves all units by one and the same affine map,

$$ w_i \leftarrow w_i + \kappa\,(b + \epsilon S w_i), \qquad
   b = \frac1P\sum_\mu\Delta_\mu x_\mu, \quad S = \frac1P\sum_\mu\Delta_\mu x_\mu x_\mu^\top,
   \quad \Delta_\mu = y_\mu - f(x_\mu), \quad \kappa = \frac{\eta_0}\alpha , $$

and $\Delta$ depends on the units through the moments $\bar w, M$ alone. The state is kept as the
centered function itself, $u = \alpha(\bar w - \bar w_0)$ and $Q = \alpha(M - M_0)$, which stays of
order one as $\alpha\to\infty$; all that distinguishes a rich from a lazy network are terms of
order $1/\alpha$ in its dynamics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ._checks import (
    initial_moments,
    refuse_bad_curvature,
    refuse_bad_learning_rate,
    refuse_bad_scale,
)
from ._stabilized import integrate


@dataclass(frozen=True, eq=False)
class Trajectory:
    r"""The function that a committee computes, recorded while it learns.

    Attributes
    ----------
    steps
        Numbers of steps (of gradient flow: time in units of a step).
    linear
        $u = \alpha(\bar w - \bar w_0)$ at each of them.
    quadratic
        $Q = \alpha(M - M_0)$; the centered output is $u\cdot x + \tfrac\epsilon2 x^\top Qx$.
    train_loss
        $\frac1P\sum_\mu\Delta_\mu^2$.
    initial_mean, initial_second_moment
        $\bar w_0$ and $M_0$.
    scale, curvature
        $\alpha$ and $\epsilon$.
    """

    steps: Float[np.ndarray, " records"]
    linear: Float[np.ndarray, "records dimension"]
    quadratic: Float[np.ndarray, "records dimension dimension"]
    train_loss: Float[np.ndarray, " records"]
    initial_mean: Float[np.ndarray, " dimension"]
    initial_second_moment: Float[np.ndarray, "dimension dimension"]
    scale: float
    curvature: float

    @property
    def mean(self) -> Float[np.ndarray, "records dimension"]:
        r"""Mean weight vector $\bar w$ of the units."""
        return self.initial_mean + self.linear / self.scale

    @property
    def second_moment(self) -> Float[np.ndarray, "records dimension dimension"]:
        r"""Second moment $M$ of the units' weight vectors."""
        return self.initial_second_moment + self.quadratic / self.scale

    def outputs(
        self, inputs: Float[np.ndarray, "samples dimension"]
    ) -> Float[np.ndarray, "records samples"]:
        r"""Centered output $u\cdot x + \tfrac\epsilon2 x^\top Qx$ at each record."""
        products = np.einsum("ni,rni->rn", inputs, inputs @ self.quadratic)
        return self.linear @ inputs.T + self.curvature / 2 * products


def moments(
    weights: Float[np.ndarray, "width dimension"],
) -> tuple[Float[np.ndarray, " dimension"], Float[np.ndarray, "dimension dimension"]]:
    r"""Return the two moments of the units' weights that the network depends on.

    $$ \bar w = \frac1N\sum_i w_i, \qquad M = \frac1N\sum_i w_iw_i^\top . $$

    Source: [kumar2023lazy, Eq. 4].

    >>> mean, second = moments(np.array([[1.0, 2.0], [3.0, 0.0]]))
    >>> mean.tolist(), second.tolist()
    ([2.0, 1.0], [[5.0, 1.0], [1.0, 2.0]])
    """
    weights = np.asarray(weights, np.float64)
    return weights.mean(axis=0), weights.T @ weights / len(weights)


def committee_output(
    inputs: Float[np.ndarray, "samples dimension"],
    mean: Float[np.ndarray, " dimension"],
    second_moment: Float[np.ndarray, "dimension dimension"],
    *,
    scale: float,
    curvature: float,
) -> Float[np.ndarray, " samples"]:
    r"""Return the output of a committee from its moments; not centered.

    $$ f(x) = \alpha\,\bar w\cdot x + \frac{\alpha\epsilon}2\,x^\top Mx . $$

    Subtract the output at the initial moments to center it. Source: [kumar2023lazy, Eq. 4].

    >>> x = np.array([[1.0, 2.0]])
    >>> committee_output(x, np.array([1.0, 1.0]), np.eye(2), scale=2.0, curvature=0.4).tolist()
    [8.0]
    """
    refuse_bad_scale(scale, must_be_finite=True)
    refuse_bad_curvature(curvature)
    quadratic = np.einsum("ni,ni->n", inputs @ second_moment, inputs)
    return scale * (inputs @ mean + curvature / 2 * quadratic)


def network_learning_rate(learning_rate: float, *, scale: float, width: int) -> float:
    r"""Return the rate $\eta$ at which to train a network of $N$ units for a given $\eta_0$.

    $$ \eta = \frac{N\eta_0}{2\alpha^2} $$

    on the mean squared error $\frac1P\sum(f - y)^2$, so that the lazy dynamics does not depend on
    the scale.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: derived ($\kappa = \eta_0/\alpha = 2\eta\alpha/N$), with the $\alpha^{-2}$ of
    [kumar2023lazy, Sec. 4.1].

    >>> network_learning_rate(1.0, scale=2.0, width=200)
    25.0
    """
    refuse_bad_learning_rate(learning_rate)
    refuse_bad_scale(scale, must_be_finite=True)
    if width < 1:
        raise ValueError(f"width must be at least 1, got {width}")
    return width * learning_rate / (2 * scale**2)


def gradient_descent(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    record_steps: ArrayLike,
    *,
    scale: float,
    curvature: float,
    learning_rate: float = 1.0,
    mean: Float[np.ndarray, " dimension"] | None = None,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
) -> Trajectory:
    r"""Train a centered committee step by step, exactly as a network of any width does.

    With $d = b + \epsilon S\bar w$ and $H = b\bar w^\top + \epsilon SM$, every step is

    $$ u \leftarrow u + \eta_0 d, \qquad
       Q \leftarrow Q + \eta_0\,(H + H^\top) + \frac{\eta_0^2}\alpha\,(d\,b^\top + \epsilon HS) . $$

    Parameters
    ----------
    inputs, targets
        Training set $x_\mu$, $y_\mu$.
    record_steps
        Increasing whole numbers of steps to record, at least 0; the last one ends the run.
    scale
        Output scale $\alpha > 0$; infinity is the lazy limit.
    curvature
        $\epsilon > 0$.
    learning_rate
        $\eta_0 > 0$, see :func:`network_learning_rate`.
    mean, second_moment
        $\bar w_0$, $M_0$; by default those of infinitely many standard normal units, $0$ and $I$.
        For a given network pass its :func:`moments`.

    Raises
    ------
    ValueError
        For bad arguments, or when the loss diverges: `learning_rate` must stay below twice the
        inverse of the largest eigenvalue of the kernel matrix over $P$.

    Cost: $4PD^2 + 4D^3$ operations a step, instead of $6PND$ for the network.
    Source: derived (derivation closed-map).
    """
    field = _Field.create(inputs, targets, scale, curvature, mean, second_moment)
    refuse_bad_learning_rate(learning_rate)
    steps = np.asarray(record_steps)
    _refuse_bad_records(steps)
    if np.any(steps != np.round(steps)):
        raise ValueError(f"record_steps must be whole numbers, got {steps.tolist()}")
    state, records = np.zeros(field.size), np.empty((len(steps), field.size))
    next_record = 0
    for step in range(int(steps[-1]) + 1):
        if step == steps[next_record]:
            records[next_record] = state
            next_record += 1
            if next_record == len(steps):
                break
        state += field.step(state, learning_rate)
        if not np.isfinite(state[0]):
            raise ValueError(
                f"gradient descent diverged at step {step + 1}: learning_rate must lie below "
                f"{2 / field.stiffness():.3g} on this training set, got {learning_rate}"
            )
    return field.trajectory(steps, records)


def gradient_flow(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    record_steps: ArrayLike,
    *,
    scale: float,
    curvature: float,
    learning_rate: float = 1.0,
    mean: Float[np.ndarray, " dimension"] | None = None,
    second_moment: Float[np.ndarray, "dimension dimension"] | None = None,
    tolerance: float = 1e-3,
) -> Trajectory:
    r"""Train a centered committee by gradient flow, the limit of small steps.

    In the time $t = \eta_0\times$ steps,

    $$ \dot u = b + \epsilon S\bar w, \qquad
       \dot Q = b\bar w^\top + \bar w b^\top + \epsilon\,(SM + MS), \qquad
       \bar w = \bar w_0 + \frac u\alpha, \quad M = M_0 + \frac Q\alpha . $$

    The flow is stiff (fitted modes of the kernel relax fast, features move slowly) but its
    spectrum is real, so that a Runge-Kutta-Chebyshev method takes the long steps of an implicit
    one at the price of a few evaluations. Gradient descent follows it up to
    $O(\eta_0\lambda_{\max})$ of relative time.

    Parameters
    ----------
    inputs, targets, scale, curvature, learning_rate, mean, second_moment
        As in :func:`gradient_descent`.
    record_steps
        Increasing numbers of steps to record, at least 0, not necessarily whole.
    tolerance
        Error per time step, relative to the largest entry of $u$ and $Q$; in $[10^{-10}, 0.1]$.
        At the default the time to generalize is off by about one per cent, as is the flow itself
        from gradient descent at $\eta_0\lambda_{\max} = 0.05$.

    Raises
    ------
    ValueError
        For bad arguments.

    Cost: a few hundred evaluations of $4PD^2$ operations, whatever the number of steps.
    Source: derived (derivation closed-map at small steps).
    """
    field = _Field.create(inputs, targets, scale, curvature, mean, second_moment)
    refuse_bad_learning_rate(learning_rate)
    steps = np.asarray(record_steps, np.float64)
    _refuse_bad_records(steps)
    records = integrate(
        field.velocity, np.zeros(field.size), steps * learning_rate, tolerance=tolerance
    )
    return field.trajectory(steps, records)


@dataclass(frozen=True, eq=False)
class _Field:
    """Right-hand side of the closed dynamics; a state is the flat array of u and Q."""

    inputs: np.ndarray
    targets: np.ndarray
    mean: np.ndarray
    second_moment: np.ndarray
    scale: float
    curvature: float
    weighted: np.ndarray  # workspaces of the shape of the inputs
    products: np.ndarray

    @classmethod
    def create(
        cls,
        inputs: np.ndarray,
        targets: np.ndarray,
        scale: float,
        curvature: float,
        mean: np.ndarray | None,
        second_moment: np.ndarray | None,
    ) -> _Field:
        refuse_bad_scale(scale)
        refuse_bad_curvature(curvature)
        inputs = np.ascontiguousarray(inputs, np.float64)
        targets = np.asarray(targets, np.float64)
        if inputs.ndim != 2 or targets.shape != (len(inputs),) or inputs.size == 0:
            raise ValueError(
                "inputs and targets must have shapes (samples, dimension) and (samples,), got "
                f"{inputs.shape} and {targets.shape}"
            )
        mean, second_moment = initial_moments(mean, second_moment, inputs.shape[1])
        return cls(
            inputs,
            targets,
            mean,
            second_moment,
            float(scale),
            float(curvature),
            np.empty_like(inputs),
            np.empty_like(inputs),
        )

    @property
    def size(self) -> int:
        dimension = self.inputs.shape[1]
        return dimension + dimension**2

    def split(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        dimension = self.inputs.shape[1]
        return state[:dimension], state[dimension:].reshape(dimension, dimension)

    def residual(self, state: np.ndarray) -> np.ndarray:
        linear, quadratic = self.split(state)
        np.matmul(self.inputs, quadratic, out=self.products)
        residual = np.einsum("ni,ni->n", self.products, self.inputs)
        residual *= -self.curvature / 2
        residual -= self.inputs @ linear
        residual += self.targets
        return residual

    def forces(self, state: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return b, S, and the velocities d and H of the moments (H before symmetrization)."""
        linear, quadratic = self.split(state)
        residual = self.residual(state)
        residual /= len(residual)
        np.multiply(self.inputs, residual[:, None], out=self.weighted)
        slope = residual @ self.inputs
        curved = self.weighted.T @ self.inputs
        curved *= self.curvature
        mean = self.mean + linear / self.scale
        second_moment = quadratic / self.scale
        second_moment += self.second_moment
        turning = curved @ second_moment
        turning += slope[:, None] * mean
        return slope, curved, slope + curved @ mean, turning

    def velocity(self, state: np.ndarray) -> np.ndarray:
        _, _, drift, turning = self.forces(state)
        velocity = np.empty(self.size)
        mean_velocity, second_velocity = self.split(velocity)
        mean_velocity[:] = drift
        np.add(turning, turning.T, out=second_velocity)
        return velocity

    def step(self, state: np.ndarray, learning_rate: float) -> np.ndarray:
        slope, curved, drift, turning = self.forces(state)
        change = np.empty(self.size)
        mean_change, second_change = self.split(change)
        np.multiply(drift, learning_rate, out=mean_change)
        np.add(turning, turning.T, out=second_change)
        second_change *= learning_rate
        if np.isfinite(self.scale):
            second_order = turning @ curved
            second_order += drift[:, None] * slope
            second_order *= learning_rate**2 / self.scale
            second_change += second_order
        return change

    def stiffness(self) -> float:
        """Largest eigenvalue of the initial kernel matrix over the number of samples."""
        from .spectrum import committee_kernel

        kernel = committee_kernel(
            self.inputs,
            mean=self.mean,
            second_moment=self.second_moment,
            curvature=self.curvature,
        )
        return float(np.linalg.eigvalsh(kernel)[-1]) / len(kernel)

    def trajectory(self, steps: np.ndarray, records: np.ndarray) -> Trajectory:
        dimension = self.inputs.shape[1]
        losses = [float(np.mean(self.residual(state) ** 2)) for state in records]
        return Trajectory(
            steps=np.asarray(steps, np.float64),
            linear=records[:, :dimension],
            quadratic=records[:, dimension:].reshape(-1, dimension, dimension),
            train_loss=np.array(losses),
            initial_mean=self.mean,
            initial_second_moment=self.second_moment,
            scale=self.scale,
            curvature=self.curvature,
        )


def _refuse_bad_records(steps: np.ndarray) -> None:
    if steps.ndim != 1 or len(steps) == 0 or not steps[0] >= 0 or np.any(np.diff(steps) <= 0):
        raise ValueError(f"record_steps must increase from at least 0, got {steps.tolist()}")

r"""The motion of the hyper-parameters: gradient flow, and the sign flow to which Adam tends.

$$ \dot q = -\nabla_qL \quad\text{(gradient flow)}, \qquad
   \dot q = -\operatorname{sign}\nabla_qL \quad\text{(sign flow)}, $$

in time = learning rate times steps. Adam divides the mean of the last gradients by their root mean
square; as its learning rate goes to zero, both are taken over a window in which the parameters do
not move, and every parameter travels at unit speed. A weight of zero on the complexity leaves the
data fit alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .likelihood import NAMES, Hyperparameters, LikelihoodTerms, terms_and_gradients
from .posterior import mean_squared_error


@dataclass(frozen=True, eq=False)
class HyperparameterPath:
    r"""Hyper-parameters along a flow.

    Attributes
    ----------
    times
        Learning rate times steps, from 0 on.
    parameters
        $\ln\ell, \ln s, m, \ln\nu$, one row a time.
    """

    times: Float[np.ndarray, " times"]
    parameters: Float[np.ndarray, "times 4"]

    def at(self, index: int) -> Hyperparameters:
        """Return the hyper-parameters at one of the times."""
        return Hyperparameters.of(self.parameters[index])

    def errors(
        self,
        inputs: Float[np.ndarray, "samples dimension"],
        targets: Float[np.ndarray, " samples"],
        *,
        test_inputs: Float[np.ndarray, "points dimension"],
        test_targets: Float[np.ndarray, " points"],
    ) -> Float[np.ndarray, " times"]:
        """Return the mean squared error on test samples at every time."""
        test = {"test_inputs": test_inputs, "test_targets": test_targets}
        return np.array(
            [
                mean_squared_error(inputs, targets, Hyperparameters.of(row), **test)
                for row in self.parameters
            ]
        )

    def terms(
        self,
        inputs: Float[np.ndarray, "samples dimension"],
        targets: Float[np.ndarray, " samples"],
    ) -> LikelihoodTerms:
        """Return data fit and complexity at every time."""
        distances = np.sum((inputs[:, None] - inputs[None]) ** 2, axis=-1)
        found = [terms_and_gradients(distances, targets, row)[2] for row in self.parameters]
        fits, complexities = zip(*found, strict=True)
        return LikelihoodTerms(np.array(fits), np.array(complexities))


def gradient_flow(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    start: Hyperparameters,
    *,
    times: Float[np.ndarray, " times"],
    complexity_weight: float = 1.0,
    fixed: tuple[str, ...] = ("log_noise",),
) -> HyperparameterPath:
    r"""Integrate gradient flow of fit + weight x complexity, per sample.

    Parameters
    ----------
    inputs, targets
        The train samples.
    start
        Hyper-parameters at time 0.
    times
        Increasing, from 0 on: learning rate times steps.
    complexity_weight
        1 for the marginal likelihood, 0 for the data fit alone.
    fixed
        Names of the hyper-parameters that do not move.

    Raises
    ------
    ValueError
        If the times do not increase from 0, the weight is negative or a name is unknown.

    Cost: one matrix inversion an evaluation. Source: [miller2023beyond, App. L] (standard).
    """
    from scipy.integrate import solve_ivp

    slope = _descent(inputs, targets, complexity_weight, fixed)
    if len(times) < 2 or times[0] != 0 or np.any(np.diff(times) <= 0):
        raise ValueError(f"times must increase from 0 on, got {times}")
    solution = solve_ivp(
        lambda time, vector: slope(vector),
        (0.0, float(times[-1])),
        start.vector(),
        method="LSODA",
        t_eval=times,
        rtol=1e-7,
        atol=1e-9,
    )
    return HyperparameterPath(times, solution.y.T)


def sign_flow(
    inputs: Float[np.ndarray, "samples dimension"],
    targets: Float[np.ndarray, " samples"],
    start: Hyperparameters,
    *,
    duration: float,
    step: float,
    complexity_weight: float = 1.0,
    fixed: tuple[str, ...] = ("log_noise",),
) -> HyperparameterPath:
    r"""Follow the sign of the gradient, the limit of Adam at a small learning rate.

    In steps of fixed length; a parameter that has reached the bottom of its valley stays within
    one step of it.

    Parameters
    ----------
    inputs, targets, start, complexity_weight, fixed
        As in :func:`gradient_flow`.
    duration, step
        Positive, in learning rate times steps.

    Raises
    ------
    ValueError
        If a length is not positive, the weight is negative or a name is unknown.

    Cost: one matrix inversion a step. Source: derived.
    """
    slope = _descent(inputs, targets, complexity_weight, fixed)
    if not duration > 0 or not step > 0:
        raise ValueError(f"duration and step must be positive, got {duration} and {step}")
    rows = [start.vector()]
    for _ in range(round(duration / step)):
        rows.append(rows[-1] + step * np.sign(slope(rows[-1])))
    return HyperparameterPath(step * np.arange(len(rows)), np.array(rows))


def _descent(
    inputs: np.ndarray, targets: np.ndarray, complexity_weight: float, fixed: tuple[str, ...]
) -> Callable[[np.ndarray], np.ndarray]:
    unknown = set(fixed) - set(NAMES)
    if unknown:
        raise ValueError(f"fixed must be among {', '.join(NAMES)}, got {min(unknown)!r}")
    if not complexity_weight >= 0:
        raise ValueError(f"complexity_weight must be at least 0, got {complexity_weight}")
    moves = np.array([name not in fixed for name in NAMES])
    distances = np.sum((inputs[:, None] - inputs[None]) ** 2, axis=-1)

    def slope(vector: np.ndarray) -> np.ndarray:
        fit, complexity, _ = terms_and_gradients(distances, targets, vector)
        return np.where(moves, -fit - complexity_weight * complexity, 0.0)

    return slope

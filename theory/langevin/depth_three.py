r"""A trained network whose rate of escape is known in closed form.

A linear network of three layers, one unit each, with weight decay $b$ and target $s$,

$$f(w) = \tfrac12(w_1w_2w_3-s)^2+\tfrac b2\lvert w\rvert^2,$$

rests untrained at $w = 0$, a minimum for every $b > 0$, until noise takes it over one of four
passes to one of four trained states. All lie at $w_i = \pm u$ with positive product, where

$$u^4-su+b = 0 :$$

the larger root is the trained state, the smaller one the pass. Beyond
$b_c = \tfrac34s(s/4)^{1/3}$ only $w = 0$ is left.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_low_barrier, refuse_not_positive

_SIGNS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float64)


def spinodal_weight_decay(target: float) -> float:
    r"""Weight decay beyond which the trained state is gone, $b_c = \tfrac34s(s/4)^{1/3}$.

    Raises
    ------
    ValueError
        If the target is not positive.

    Source: derived (derivation spinodal).

    >>> round(spinodal_weight_decay(4.0), 12)
    3.0
    """
    refuse_not_positive(target=target)
    return 0.75 * target * (target / 4) ** (1 / 3)


@dataclass(frozen=True)
class DepthThreeNet:
    r"""Loss of the three-layer scalar linear network; an instance is the potential itself.

    Parameters
    ----------
    target
        $s > 0$.
    weight_decay
        $b$, in $(0, b_c)$.

    Raises
    ------
    ValueError
        For numbers out of range; beyond the spinodal there is nothing to escape to.

    Source: derived (derivations depth-three-hessian, spinodal); the escape was measured in deep
    linear networks by Ersoy and Wiesner (2026).

    >>> net = DepthThreeNet()
    >>> round(net.saddle_weight, 5), round(net.trained_weight, 5), round(net.barrier, 7)
    (0.36842, 0.83415, 0.0225035)
    """

    target: float = 1.0
    weight_decay: float = 0.35

    def __post_init__(self) -> None:
        refuse_not_positive(target=self.target, weight_decay=self.weight_decay)
        limit = spinodal_weight_decay(self.target)
        if not self.weight_decay < limit:
            raise ValueError(
                f"weight_decay must lie in (0, {limit:.6g}), below the spinodal, got "
                f"{self.weight_decay}: beyond it the trained state does not exist"
            )

    def __call__(self, weights: Any) -> Any:
        """Loss at weights of three layers, for NumPy and JAX."""
        error = weights[0] * weights[1] * weights[2] - self.target
        return error**2 / 2 + self.weight_decay * (weights**2).sum() / 2

    @property
    def saddle_weight(self) -> float:
        """Size $u_s$ of each weight at the passes."""
        return self._root(0.0, (self.target / 4) ** (1 / 3))

    @property
    def trained_weight(self) -> float:
        """Size $u_m$ of each weight in the trained states."""
        return self._root((self.target / 4) ** (1 / 3), self.target ** (1 / 3))

    @property
    def saddles(self) -> Float[np.ndarray, "4 3"]:
        """The four passes."""
        return self.saddle_weight * _SIGNS

    @property
    def trained_states(self) -> Float[np.ndarray, "4 3"]:
        """The four trained states."""
        return self.trained_weight * _SIGNS

    @property
    def barrier(self) -> float:
        r"""Height $f(u_s)-f(0)$ of the passes over the untrained state."""
        return self._diagonal_energy(self.saddle_weight)

    @property
    def gain(self) -> float:
        r"""Energy $f(u_m)-f(0)$ of the trained states over the untrained one."""
        return self._diagonal_energy(self.trained_weight)

    def curvatures(self, weight: float) -> Float[np.ndarray, " 3"]:
        r"""Eigenvalues of the Hessian at $\pm u$: along the diagonal, then twice across it.

        $$u^4+b+2O,\quad u^4+b-O,\quad u^4+b-O,\qquad O = u^4+(u^3-s)u$$
        """
        diagonal = weight**4 + self.weight_decay
        off_diagonal = weight**4 + (weight**3 - self.target) * weight
        across = diagonal - off_diagonal
        return np.array([diagonal + 2 * off_diagonal, across, across])

    def log_prefactor(self) -> float:
        r"""Logarithm of the prefactor of the rate, with all four passes."""
        along, *across = self.curvatures(self.saddle_weight)
        determinant = abs(along) * math.prod(across)
        return math.log(
            4 * abs(along) / (2 * math.pi) * math.sqrt(self.weight_decay**3 / determinant)
        )

    def escape_rate(self, *, temperature: float, check_barrier: bool = True) -> float:
        r"""Rate at which the untrained network starts to learn,

        $$k = \frac{4\lvert\lambda_-\rvert}{2\pi}\sqrt{\frac{b^3}{\lvert\det H_s\rvert}}\,
          e^{-[f(u_s)-f(0)]/\theta} .$$

        Raises
        ------
        ValueError
            If the barrier is below three temperatures and `check_barrier` has not been waived.
        """
        refuse_not_positive(temperature=temperature)
        refuse_low_barrier(self.barrier, temperature, check_barrier=check_barrier)
        return math.exp(self.log_prefactor() - self.barrier / temperature)

    def return_rate(self, *, temperature: float, check_barrier: bool = True) -> float:
        r"""Rate at which a trained network falls back, from one of the four states over its pass.

        Raises
        ------
        ValueError
            If the barrier is below three temperatures and `check_barrier` has not been waived.
        """
        refuse_not_positive(temperature=temperature)
        barrier = self.barrier - self.gain
        refuse_low_barrier(barrier, temperature, check_barrier=check_barrier)
        along, *across = self.curvatures(self.saddle_weight)
        stiffness = np.prod(self.curvatures(self.trained_weight))
        prefactor = abs(along) / (2 * math.pi)
        prefactor *= math.sqrt(stiffness / (abs(along) * math.prod(across)))
        return prefactor * math.exp(-barrier / temperature)

    def _diagonal_energy(self, weight: float) -> float:
        return (
            weight**6 / 2 - self.target * weight**3 + 1.5 * self.weight_decay * weight**2
        )  # f(u) - f(0), without the cancellation of s^2 / 2

    def _root(self, lower: float, upper: float) -> float:
        from scipy.optimize import brentq

        def polynomial(weight: float) -> float:
            return weight**4 - self.target * weight + self.weight_decay

        root: Any = brentq(polynomial, lower, upper, xtol=1e-15)
        return float(root)

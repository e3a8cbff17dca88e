r"""The smallest landscape on which a network can memorize or generalize.

$$f(x, y) = V(x)+\tfrac12k(x)\lvert y\rvert^2,\qquad V(x) = h\,(x^2-1)^2+tx,\qquad
  \ln k(x) = \ln k_n+\ln\frac{k_w}{k_n}\,\frac{1+\tanh(x/w)}2,$$

with $y$ in $d-1$ dimensions. The left well is narrow: memorization. The right one is wide:
generalization. A tilt $t > 0$ makes the narrow well the lower one. Integrating out $y$ is exact,

$$u(x)\propto e^{-A(x)/\theta},\qquad A(x) = V(x)+\theta\,\frac{d-1}2\ln k(x),$$

so that a change of width acts as a force $-\theta\frac{d-1}2(\ln k)'$ towards the wide side.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive, refuse_not_whole
from ._evaluation import Profile, numpy_for
from .equilibrium import region_probability
from .passage import mean_first_passage_time
from .rates import kramers_rate
from .wells import crossing_temperature


def free_energy_profile(
    energy: Profile, stiffness: Profile, *, transverse_dimensions: int, temperature: float
) -> Profile:
    r"""Free energy along a valley of changing width, $A(x) = V(x)+\theta\frac{n}2\ln k(x)$.

    It is exact for the equilibrium, and for times if $y$ relaxes faster than $x$ moves.

    Parameters
    ----------
    energy
        $V$ at the bottom of the valley, element by element.
    stiffness
        $k(x) > 0$, element by element.
    transverse_dimensions
        $n$, directions of this stiffness.
    temperature
        $\theta > 0$.

    Returns
    -------
    $A$ as a function, ready for :func:`kramers_rate`, :func:`mean_first_passage_time` and
    :func:`free_energy`; constants that do not depend on $x$ are left out.

    Raises
    ------
    ValueError
        If the temperature is not positive or the number of directions negative.

    Source: derived (derivation marginal-free-energy).

    >>> profile = free_energy_profile(
    ...     lambda x: x**2, lambda x: np.exp(x), transverse_dimensions=4, temperature=0.5
    ... )
    >>> float(profile(np.array(2.0)))
    6.0
    """
    refuse_not_positive(temperature=temperature)
    refuse_not_whole(least=0, transverse_dimensions=transverse_dimensions)

    def profile(x: Any) -> Any:
        entropic = numpy_for(x).log(stiffness(x))
        return energy(x) + temperature * transverse_dimensions / 2 * entropic

    return profile


@dataclass(frozen=True)
class MemorizeGeneralizeLandscape:
    r"""A narrow and a wide well, joined by a valley that changes its width.

    An instance is the potential itself: `landscape(point)` with a point $(x, y_1, \ldots)$.

    Parameters
    ----------
    dimension
        $d \ge 1$.
    narrow_stiffness, wide_stiffness
        $k_n, k_w > 0$.
    barrier
        $h > 0$, height of the barrier without tilt.
    tilt
        $t$, with two wells for $\lvert t\rvert < 8h/\sqrt{27}$; positive where the narrow well is
        lower.
    transition_width
        $w > 0$, over which the stiffness changes.

    Raises
    ------
    ValueError
        For numbers out of these ranges.

    Source: derived, for [kozyrev2024langevin, Sec. 2].

    >>> landscape = MemorizeGeneralizeLandscape(5, 20.0, 2.0)
    >>> round(1 / landscape.kramers_rate(temperature=0.2), 1)
    32.8
    """

    dimension: int
    narrow_stiffness: float
    wide_stiffness: float
    barrier: float = 1.0
    tilt: float = 0.0
    transition_width: float = 0.3

    def __post_init__(self) -> None:
        refuse_not_whole(dimension=self.dimension)
        refuse_not_positive(
            narrow_stiffness=self.narrow_stiffness,
            wide_stiffness=self.wide_stiffness,
            barrier=self.barrier,
            transition_width=self.transition_width,
        )
        limit = 8 * self.barrier / np.sqrt(27)
        if not abs(self.tilt) < limit:
            raise ValueError(
                f"tilt must lie in (-{limit:.4g}, {limit:.4g}) for two wells, got {self.tilt}"
            )

    def __call__(self, point: Any) -> Any:
        """Energy of one point, for NumPy and JAX."""
        x, y = point[0], point[1:]
        return self.energy(x) + self.stiffness(x) * (y**2).sum() / 2

    def energy(self, x: Any) -> Any:
        """Energy $V(x)$ at the bottom of the valley."""
        return self.barrier * (x**2 - 1) ** 2 + self.tilt * x

    def stiffness(self, x: Any) -> Any:
        """Stiffness $k(x)$ across the valley."""
        numpy = numpy_for(x)
        share = (1 + numpy.tanh(x / self.transition_width)) / 2
        ratio = np.log(self.wide_stiffness / self.narrow_stiffness)
        return self.narrow_stiffness * numpy.exp(ratio * share)

    def free_energy(self, temperature: float) -> Profile:
        r"""Return the free energy $A(x;\theta)$ along the valley, as a function."""
        return free_energy_profile(
            self.energy,
            self.stiffness,
            transverse_dimensions=self.dimension - 1,
            temperature=temperature,
        )

    def extrema(self) -> Float[np.ndarray, " 3"]:
        """Positions of the narrow well, the saddle and the wide well: stationary points of $V$.

        The full potential is stationary there too, at $y = 0$.
        """
        # 4h (x^3 - x) + t = 0 has three real roots, by the trigonometric formula.
        angle = np.arccos(-3 * np.sqrt(3) * self.tilt / (8 * self.barrier)) / 3
        roots = 2 / np.sqrt(3) * np.cos(angle - 2 * np.pi * np.arange(3) / 3)
        return np.sort(roots)

    def curvatures(self, x: float) -> Float[np.ndarray, " dimension"]:
        """Eigenvalues of the Hessian at a stationary point: along the valley, then across it."""
        across = np.full(self.dimension - 1, self.stiffness(x))
        return np.concatenate([[4 * self.barrier * (3 * x**2 - 1)], across])

    def bottleneck(self, temperature: float) -> float:
        r"""Position of the top of $A(x;\theta)$ between the wells, where $p_w$ and $p_n$ part.

        Raises
        ------
        ValueError
            If entropy has removed the barrier.
        """
        profile = self.free_energy(temperature)
        narrow, _, wide = self.extrema()
        positions = np.linspace(narrow, wide, 20001)
        top = int(np.argmax(profile(positions)))
        if top in (0, len(positions) - 1):
            raise ValueError(
                f"the free energy has no barrier between the wells at temperature {temperature}: "
                "lower the temperature or the ratio of the stiffnesses"
            )
        return float(positions[top])

    def wide_probability(self, temperature: float, *, boundary: float | None = None) -> float:
        r"""Exact probability of the wide side in equilibrium.

        Parameters
        ----------
        temperature
            $\theta > 0$.
        boundary
            Where the wide side begins; by default at the saddle of $V$.
        """
        boundary = float(self.extrema()[1]) if boundary is None else boundary
        profile = self.free_energy(temperature)
        return region_probability(profile, (boundary, np.inf), temperature=temperature)

    def harmonic_wide_probability(self, temperature: float) -> float:
        r"""Probability of the wide well from energies and all curvatures of the two bottoms."""
        refuse_not_positive(temperature=temperature)
        narrow, _, wide = self.extrema()
        difference = self.energy(wide) - self.energy(narrow)
        volumes = np.log(self.curvatures(narrow) / self.curvatures(wide)).sum() / 2
        return float(1 / (1 + np.exp(difference / temperature - volumes)))

    def crossing_temperature(self) -> float:
        r"""Exact temperature at which both sides hold half of the weight.

        Raises
        ------
        ValueError
            If one side dominates at every temperature.
        """
        from scipy.optimize import brentq

        narrow, _, wide = self.extrema()
        difference = self.energy(wide) - self.energy(narrow)
        volumes = np.log(self.curvatures(narrow) / self.curvatures(wide)).sum()
        guess = crossing_temperature(float(difference), float(volumes))
        excess = np.vectorize(lambda scale: self.wide_probability(guess * scale) - 0.5)
        scales = np.geomspace(0.5, 2.0, 9)
        changes = np.flatnonzero(np.diff(np.sign(excess(scales))))
        if not len(changes):
            raise ValueError(
                f"no crossing within a factor of two of the harmonic estimate {guess:.4g}: the "
                "wells are not harmonic at this temperature; scan wide_probability"
            )
        lower, upper = scales[changes[0]], scales[changes[0] + 1]
        scale: Any = brentq(excess, lower, upper, xtol=1e-10)
        return guess * float(scale)

    def kramers_rate(
        self, *, temperature: float, to_wide: bool = True, check_barrier: bool = True
    ) -> float:
        r"""Kramers' rate over the barrier of the free energy $A(x;\theta)$.

        Parameters
        ----------
        temperature
            $\theta > 0$.
        to_wide
            Direction: from the narrow to the wide well, or back.
        check_barrier
            Whether to refuse barriers below three temperatures.

        Raises
        ------
        ValueError
            As :func:`~groktheory.theory.langevin.kramers_rate`.
        """
        narrow, _, wide = (float(x) for x in self.extrema())
        start, end = (narrow, wide) if to_wide else (wide, narrow)
        profile = self.free_energy(temperature)
        return kramers_rate(
            profile, start, end, temperature=temperature, check_barrier=check_barrier
        )

    def escape_time(
        self, *, temperature: float, to_wide: bool = True, end: float | None = None
    ) -> float:
        r"""Mean first-passage time from one bottom to the other one, exact for fast $y$.

        Parameters
        ----------
        temperature
            $\theta > 0$.
        to_wide
            Direction.
        end
            Where the passage is complete; by default the bottom of the other well.
        """
        narrow, _, wide = (float(x) for x in self.extrema())
        start, bottom = (narrow, wide) if to_wide else (wide, narrow)
        profile = self.free_energy(temperature)
        end = bottom if end is None else end
        return mean_first_passage_time(profile, start, end, temperature=temperature)

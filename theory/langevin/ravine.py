r"""Diffusion along a manifold of zero loss: a delay without a barrier of energy.

Along a ravine of constant energy whose stiffness changes, $A/\theta = \frac n2\ln k(s)$ does not
depend on the temperature. So

$$\tau = \frac1\theta\int_0^Lds\,k(s)^{n/2}\int_0^sds'\,k(s')^{-n/2},$$

one over temperature times a number of the landscape: no Arrhenius factor. A ravine of constant
width gives $L^2/(2\theta)$.
"""

from dataclasses import dataclass
from typing import Any

from ._arguments import refuse_not_positive, refuse_not_whole
from ._evaluation import Profile, numpy_for
from .passage import mean_first_passage_time


def flat_ravine_time(
    length: float,
    *,
    temperature: float,
    stiffness: Profile | None = None,
    transverse_dimensions: int = 0,
) -> float:
    r"""Mean time of diffusion from the closed end of a ravine to its other end.

    Parameters
    ----------
    length
        $L > 0$.
    temperature
        $\theta > 0$.
    stiffness
        $k(s) > 0$ for $s$ in $[0, L]$, element by element; constant by default.
    transverse_dimensions
        $n$, directions of this stiffness.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived (derivation flat-ravine), for [kozyrev2024langevin, Sec. 3].

    >>> flat_ravine_time(1.0, temperature=0.02)
    25.0
    """
    refuse_not_positive(length=length, temperature=temperature)
    refuse_not_whole(least=0, transverse_dimensions=transverse_dimensions)
    if stiffness is None or transverse_dimensions == 0:
        return length**2 / (2 * temperature)

    def reduced(s: Any) -> Any:
        return transverse_dimensions / 2 * numpy_for(s).log(stiffness(s))

    return mean_first_passage_time(reduced, 0.0, length, temperature=1.0, wall=0.0) / temperature


@dataclass(frozen=True)
class Ravine:
    r"""A ravine of zero energy with a narrow place in the middle of each half.

    $$f(s, y) = \tfrac12k(s)\lvert y\rvert^2,\qquad
      \ln k(s) = \ln k_0+b\,e^{-(\lvert s\rvert/L-1/2)^2/(2w^2)}$$

    It extends from $-L$ to $L$ and is even, so that the passage from the middle to either end
    stands for one from a closed end. An instance is the potential itself.

    Parameters
    ----------
    transverse_dimensions
        $n \ge 1$.
    stiffness
        $k_0 > 0$.
    bump, bump_width
        $b \ge 0$, the logarithm of how much narrower the narrow place is, and $w > 0$ in units of
        the length.
    length
        $L > 0$.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived, for [kozyrev2024langevin, Sec. 3].

    >>> round(Ravine(6).escape_time(temperature=0.02), 1)
    68.9
    """

    transverse_dimensions: int
    stiffness: float = 4.0
    bump: float = 1.0
    bump_width: float = 0.12
    length: float = 1.0

    def __post_init__(self) -> None:
        refuse_not_whole(transverse_dimensions=self.transverse_dimensions)
        refuse_not_positive(
            stiffness=self.stiffness, bump_width=self.bump_width, length=self.length
        )
        if not self.bump >= 0:
            raise ValueError(f"bump must be non-negative, got {self.bump}")

    def __call__(self, point: Any) -> Any:
        """Energy of one point $(s, y_1, \\ldots)$, for NumPy and JAX."""
        return self.stiffness_at(point[0]) * (point[1:] ** 2).sum() / 2

    def stiffness_at(self, s: Any) -> Any:
        """Stiffness $k(s)$."""
        numpy = numpy_for(s)
        offset = (abs(s) / self.length - 0.5) / self.bump_width
        return self.stiffness * numpy.exp(self.bump * numpy.exp(-(offset**2) / 2))

    def escape_time(self, *, temperature: float, end: float | None = None) -> float:
        r"""Mean time from the middle to either end, or to a distance `end` from the middle."""
        return flat_ravine_time(
            self.length if end is None else end,
            temperature=temperature,
            stiffness=self.stiffness_at,
            transverse_dimensions=self.transverse_dimensions,
        )

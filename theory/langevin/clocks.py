r"""Two clocks: the fall into a ravine, and the walk along it.

Down a slope a trajectory covers a length in proportion to time, along a manifold of constant loss
in proportion to its square root:

$$t_{mem} = \frac lv,\qquad t_{grok} = \frac{l^2}{2\theta}
  \quad\Longrightarrow\quad t_{grok} = \frac{v^2}{2\theta}\,t_{mem}^2 .$$

The exponent 2 is what can be tested; the factor depends on speed and temperature. Times are
continuous: one step of size $\eta$ takes $\eta$.
"""

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_negative, refuse_not_positive, refuse_not_whole


def descent_time(length: float, *, speed: float) -> float:
    r"""Time of a fall, $t = l/v$.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: [kozyrev2024langevin, Sec. 3].
    """
    refuse_not_positive(length=length, speed=speed)
    return length / speed


def diffusion_time(length: float, *, temperature: float) -> float:
    r"""Mean time of a walk to either of two ends at a distance, $t = l^2/(2\theta)$.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: derived, from [kozyrev2024langevin, Sec. 3].

    >>> diffusion_time(2.0, temperature=0.5)
    4.0
    """
    refuse_not_positive(length=length, temperature=temperature)
    return length**2 / (2 * temperature)


def walk_after_descent_time(descent: float, *, speed: float, temperature: float) -> float:
    r"""Time of a walk as long as a fall that took $t_{mem}$, $t = v^2t_{mem}^2/(2\theta)$.

    Raises
    ------
    ValueError
        If an argument is not positive.

    Source: derived, corrects $t_{grok} = t_{mem}^2$ of [kozyrev2024langevin, Sec. 3] (derivation
    two-clocks).

    >>> walk_after_descent_time(3.0, speed=2.0, temperature=0.5)
    36.0
    """
    refuse_not_positive(descent=descent, speed=speed, temperature=temperature)
    return (speed * descent) ** 2 / (2 * temperature)


def plateau_displacement(
    times: Float[np.ndarray, " times"], *, temperature: float, dimensions: int
) -> Float[np.ndarray, " times"]:
    r"""Mean squared displacement on a flat manifold, $2n\theta t$: an exponent of 1.

    Parameters
    ----------
    times
        $t \ge 0$ since the start on the manifold.
    temperature
        $\theta > 0$.
    dimensions
        $n \ge 1$, of the manifold.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived (derivation two-clocks).
    """
    refuse_not_positive(temperature=temperature)
    refuse_not_whole(dimensions=dimensions)
    return 2 * dimensions * temperature * np.asarray(times, np.float64)


def descent_displacement(
    times: Float[np.ndarray, " times"], *, speed: float, temperature: float = 0.0, dimensions: int
) -> Float[np.ndarray, " times"]:
    r"""Mean squared displacement down a slope, $v^2t^2+2d\theta t$: an exponent of 2.

    The second term is the noise; it leads before $t = 2d\theta/v^2$.

    Parameters
    ----------
    times
        $t \ge 0$ since the start.
    speed
        $v \ge 0$, the size of the gradient.
    temperature
        $\theta \ge 0$.
    dimensions
        $d \ge 1$, of the whole space.

    Raises
    ------
    ValueError
        For numbers out of range.

    Source: derived (derivation two-clocks).
    """
    refuse_negative(speed=speed, temperature=temperature)
    refuse_not_whole(dimensions=dimensions)
    times = np.asarray(times, np.float64)
    return (speed * times) ** 2 + 2 * dimensions * temperature * times

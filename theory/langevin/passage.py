r"""Exact mean first-passage times on a line.

$$\tau(x_0\to b) = \frac1\theta\int_{x_0}^{b}dy\,e^{f(y)/\theta}
  \int_{x_l}^{y}dz\,e^{-f(z)/\theta}$$

with a reflecting wall at $x_l$, which may be at infinity if the potential confines. It holds at any
temperature and for any profile, a free energy $A(x;\theta)$ among them. Kramers' formula is its
limit of high barriers, where the passage to the other minimum takes the full time, and the passage
to the top of the barrier half of it.
"""

import math

import numpy as np

from ._arguments import refuse_not_positive
from ._evaluation import Profile, profile_energies
from ._line_integrals import (
    confining_edge,
    log_integral,
    log_running_integral,
    panel_nodes,
    refined,
)


def mean_first_passage_time(
    profile: Profile,
    start: float,
    end: float,
    *,
    temperature: float,
    wall: float | None = None,
) -> float:
    r"""Mean time of the first passage from one position to another on a line.

    Parameters
    ----------
    profile
        $f$, a function of an array of positions, element by element.
    start, end
        $x_0$ and $b$; the passage may go to either side.
    temperature
        $\theta > 0$.
    wall
        Position $x_l$ of a reflecting wall on the far side of the start; none by default, where the
        potential has to confine by itself.

    Returns
    -------
    $\tau$ in units of continuous time (steps times step size), to about nine digits.

    Raises
    ------
    ValueError
        If the potential does not confine on the far side, or the wall is not there.
    RuntimeError
        If the integral does not converge.

    Source: derived (derivation mean-first-passage).

    >>> round(mean_first_passage_time(lambda x: 0 * x, 0.0, 2.0, temperature=0.5, wall=0.0), 9)
    4.0
    """
    refuse_not_positive(temperature=temperature)
    if start == end:
        return 0.0
    if end < start:
        return mean_first_passage_time(
            lambda x: profile(-x),
            -start,
            -end,
            temperature=temperature,
            wall=None if wall is None else -wall,
        )
    if wall is not None and not wall <= start:
        raise ValueError(f"the wall must not lie between start {start} and end {end}, got {wall}")
    if wall is None:
        scale = max(end - start, abs(start), abs(end))
        wall = confining_edge(profile, start, -1, scale=scale, temperature=temperature)

    def log_time(panels: int) -> float:
        behind = -math.inf
        if wall < start:
            nodes, half = panel_nodes(wall, start, panels)
            behind = log_integral(-profile_energies(profile, nodes) / temperature, half)
        nodes, half = panel_nodes(start, end, panels)
        reduced = profile_energies(profile, nodes) / temperature
        running = log_running_integral(-reduced, half, before=behind)
        return log_integral(reduced + running, half)

    return float(np.exp(refined(log_time, "the mean first-passage time")) / temperature)

r"""Spectrum of the Fokker-Planck operator on a line: every rate at which a density relaxes.

The operator $Lu = \theta\,\partial_x[e^{-f/\theta}\partial_x(u\,e^{f/\theta})]$ is similar to a
non-negative Schroedinger operator,

$$e^{f/2\theta}\,(-L)\,e^{-f/2\theta} = -\theta\,\partial_x^2+\frac{f'^2}{4\theta}-\frac{f''}2,$$

with the eigenvalue 0 exactly if $e^{-f/\theta}$ is integrable. The next one is the rate of
relaxation: with two wells, the sum of the rates of escape.
"""

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive, refuse_not_whole
from ._evaluation import Profile, profile_energies


def relaxation_rates(
    profile: Profile,
    bounds: tuple[float, float],
    *,
    temperature: float,
    count: int = 3,
    cells: int = 2000,
) -> Float[np.ndarray, " count"]:
    r"""Return the smallest eigenvalues of $-L$ between two reflecting walls.

    The operator is discretized by jumps between cells that obey detailed balance, which is similar
    to a symmetric tridiagonal matrix; the error falls as the square of the length of a cell.

    Parameters
    ----------
    profile
        $f$, a function of an array of positions, element by element.
    bounds
        The two walls; for a confining potential, where it is some forty temperatures high.
    temperature
        $\theta > 0$.
    count
        How many eigenvalues, the zero included.
    cells
        Cells between the walls.

    Returns
    -------
    Increasing; the first one is zero up to rounding. Rounding hides eigenvalues below some
    $10^{-15}\theta\,(\text{cells}/\text{length})^2$: take the sum of two Kramers rates there.

    Raises
    ------
    ValueError
        If the bounds are not finite and increasing, or a number is out of range.

    Source: derived from [kozyrev2024langevin, Sec. 2] (derivation schroedinger-form).

    >>> relaxation_rates(lambda x: x**2 / 2, (-8, 8), temperature=1.0)[1:].round(4).tolist()
    [1.0, 2.0]
    """
    from scipy.linalg import eigvalsh_tridiagonal

    refuse_not_positive(temperature=temperature)
    refuse_not_whole(count=count, cells=cells)
    if not (np.all(np.isfinite(bounds)) and bounds[0] < bounds[1]):
        raise ValueError(f"bounds must be finite and increasing, got {bounds}")
    if not count < cells:
        raise ValueError(f"count must be smaller than cells = {cells}, got {count}")
    length = (bounds[1] - bounds[0]) / cells
    centers = bounds[0] + length * (np.arange(cells) + 0.5)
    halves = np.diff(profile_energies(profile, centers)) / (2 * temperature)
    if np.abs(halves).max() > 300:
        raise ValueError(
            f"the energy must not change by more than 600 temperatures from cell to cell, got "
            f"{2 * np.abs(halves).max():.4g}: take more cells or narrower bounds"
        )
    right, left = np.exp(-halves), np.exp(halves)
    diagonal = np.append(right, 0.0) + np.insert(left, 0, 0.0)
    rates = eigvalsh_tridiagonal(
        diagonal, -np.ones(cells - 1), select="i", select_range=(0, count - 1)
    )
    return np.asarray(rates) * temperature / length**2

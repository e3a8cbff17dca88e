r"""Harmonic wells: free energies, occupancies, and the temperature at which they cross.

A well with energy $E$ and Hessian $H$ at its bottom has the free energy

$$F = E-\frac\theta2\left[d\ln(2\pi\theta)-\ln\det H\right],$$

so that a wide well (small $\det H$) wins over a deep one when it is warm enough.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from .stationary import StationaryPoint


def harmonic_free_energy(
    energy: float,
    curvatures: Float[np.ndarray, " dimensions"],
    *,
    temperature: float,
) -> float:
    r"""Free energy of a harmonic well, $F = E-\frac\theta2[d\ln(2\pi\theta)-\sum_i\ln k_i]$.

    Parameters
    ----------
    energy
        $E$, at the bottom.
    curvatures
        Eigenvalues $k_i > 0$ of the Hessian there.
    temperature
        $\theta > 0$.

    Raises
    ------
    ValueError
        If a curvature or the temperature is not positive.

    Source: derived (derivation harmonic-free-energy).

    >>> round(harmonic_free_energy(0.0, np.array([1.0]), temperature=1.0), 9)
    -0.918938533
    """
    refuse_not_positive(temperature=temperature)
    return energy - temperature * harmonic_entropy(curvatures, temperature=temperature)


def harmonic_entropy(curvatures: Float[np.ndarray, " dimensions"], *, temperature: float) -> float:
    r"""Logarithm of the volume of a well, $S = \frac12\sum_i\ln\frac{2\pi\theta}{k_i}$.

    This is the $S$ of $F = E-\theta S$ with $E$ the energy at the bottom; the thermodynamic entropy
    $-\partial F/\partial\theta$ is larger by $d/2$, the same for all wells.

    Raises
    ------
    ValueError
        If a curvature or the temperature is not positive.

    Source: derived (derivation harmonic-free-energy).
    """
    refuse_not_positive(temperature=temperature)
    curvatures = np.asarray(curvatures, np.float64)
    if not np.all(curvatures > 0):
        raise ValueError(
            f"curvatures must be positive, got {curvatures.min():.6g}: a flat or unstable "
            "direction has no harmonic volume; integrate it with free_energy"
        )
    return float(np.sum(np.log(2 * np.pi * temperature / curvatures)) / 2)


def occupancies(
    free_energies: Float[np.ndarray, " wells"], *, temperature: float
) -> Float[np.ndarray, " wells"]:
    r"""Probabilities of regions in equilibrium, $p_i\propto e^{-F_i/\theta}$.

    Raises
    ------
    ValueError
        If the temperature is not positive.

    Source: [kozyrev2024langevin, Sec. 2].

    >>> occupancies(np.array([0.0, np.log(3.0)]), temperature=1.0).round(9).tolist()
    [0.75, 0.25]
    """
    from scipy.special import softmax

    refuse_not_positive(temperature=temperature)
    return softmax(-np.asarray(free_energies, np.float64) / temperature)


def well_occupancies(
    wells: Sequence[StationaryPoint], *, temperature: float
) -> Float[np.ndarray, " wells"]:
    r"""Probabilities of wells in equilibrium, in the harmonic approximation,

    $$\frac{p_i}{p_j} = e^{-(E_i-E_j)/\theta}\sqrt{\frac{\det H_j}{\det H_i}} .$$

    Parameters
    ----------
    wells
        Minima, see :func:`stationary_points`.
    temperature
        $\theta > 0$.

    Raises
    ------
    ValueError
        If a point is no minimum, or the temperature is not positive.

    Source: derived from [kozyrev2024langevin, Sec. 2].
    """
    free_energies = np.array(
        [
            harmonic_free_energy(well.energy, well.curvatures, temperature=temperature)
            for well in wells
        ]
    )
    return occupancies(free_energies, temperature=temperature)


def crossing_temperature(energy_difference: float, log_stiffness_ratio: float) -> float:
    r"""Temperature above which the wider of two wells holds more of the weight,

    $$\theta^* = \frac{2\,(E_w-E_n)}{\ln\det H_n-\ln\det H_w} .$$

    Parameters
    ----------
    energy_difference
        $E_w-E_n$: wide minus narrow well.
    log_stiffness_ratio
        $\ln\det H_n-\ln\det H_w$; for $d'$ directions of the same ratio $\rho$ it is $d'\ln\rho$.

    Raises
    ------
    ValueError
        If there is no such temperature: one well is both the lower and the wider.

    Source: derived (derivation crossing-temperature).

    >>> round(crossing_temperature(0.7, 8 * np.log(10)), 6)
    0.076002
    """
    if not energy_difference * log_stiffness_ratio > 0:
        raise ValueError(
            "the wider well must be the higher one, got energy_difference "
            f"{energy_difference} and log_stiffness_ratio {log_stiffness_ratio}: one well is both "
            "lower and wider, and dominates at every temperature"
        )
    return float(2 * energy_difference / log_stiffness_ratio)

r"""The Gibbs measure, and free energies of regions.

Langevin dynamics $d\xi = -\nabla f\,dt+\sqrt{2\theta}\,dW$ forgets where it started and visits
points with the density

$$u(x) = \frac{e^{-f(x)/\theta}}{Z},\qquad Z = \int e^{-f/\theta}dx,$$

if $Z$ is finite. A region $U$ holds the weight $e^{-F(U)/\theta}/Z$, where its free energy
$F(U) = E-\theta S$ counts volume as well as energy.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from ._evaluation import Potential, Profile, energies_of, energy_at, profile_energies
from ._line_integrals import confining_edge, log_integral, panel_nodes, refined

_MOST_NODES = 2**21


def free_energy(
    potential: Profile | Potential,
    bounds: tuple[float, float] | Sequence[tuple[float, float]],
    *,
    temperature: float,
) -> float:
    r"""Free energy of a region,

    $$F(U) = -\theta\ln\int_U e^{-f(x)/\theta}\,dx .$$

    Parameters
    ----------
    potential
        On a line, a function of an array of positions, element by element; in two or three
        dimensions, a function of one point, written with `jax.numpy`.
    bounds
        `(lower, upper)` on a line, where an end may be infinite, or one finite pair a dimension.
    temperature
        $\theta > 0$, in the unit of the energy.

    Returns
    -------
    $F$, to about nine digits of the integral. Its zero depends on the unit of length; differences
    between regions do not.

    Raises
    ------
    ValueError
        If an infinite end is not confined by the potential, or for bounds that enclose nothing or
        more than three dimensions.
    RuntimeError
        If the integral does not converge.

    Source: [kozyrev2024langevin, Sec. 2].

    >>> round(free_energy(lambda x: x**2 / 2, (-np.inf, np.inf), temperature=1.0), 9)
    -0.918938533
    """
    refuse_not_positive(temperature=temperature)
    pair = np.asarray(bounds, np.float64)
    if pair.shape == (2,):
        return -temperature * _log_line_weight(potential, pair[0], pair[1], temperature)
    if pair.ndim != 2 or pair.shape[1:] != (2,) or not 1 <= len(pair) <= 3:
        raise ValueError(
            f"bounds must be one pair, or one pair in each of at most three dimensions, got "
            f"{bounds}: in more dimensions use harmonic_free_energy or sample"
        )
    if not np.all(np.isfinite(pair)) or np.any(pair[:, 0] >= pair[:, 1]):
        raise ValueError(f"every pair of bounds must be finite and increasing, got {bounds}")
    return -temperature * _log_box_weight(potential, pair, temperature)


def gibbs_density(
    profile: Profile,
    positions: Float[np.ndarray, "*points"],
    *,
    temperature: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Float[np.ndarray, "*points"]:
    r"""Stationary density $u(x) = e^{-f(x)/\theta}/Z$ on a line.

    Parameters
    ----------
    profile
        $f$, a function of an array of positions, element by element.
    positions
        Where to evaluate it.
    temperature
        $\theta > 0$.
    bounds
        Reflecting walls.

    Raises
    ------
    ValueError
        If the potential does not confine.

    Source: [kozyrev2024langevin, Eq. 2].

    >>> gibbs_density(lambda x: x**2 / 2, np.array([0.0]), temperature=1.0).round(6).tolist()
    [0.398942]
    """
    log_partition = -free_energy(profile, bounds, temperature=temperature) / temperature
    density = np.exp(-profile_energies(profile, positions) / temperature - log_partition)
    return np.where((positions >= bounds[0]) & (positions <= bounds[1]), density, 0.0)


def region_probability(
    profile: Profile,
    region: tuple[float, float],
    *,
    temperature: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> float:
    r"""Probability of an interval under the Gibbs measure on a line.

    $$p(U) = e^{-[F(U)-F]/\theta}$$

    Parameters
    ----------
    profile
        $f$, a function of an array of positions, element by element.
    region
        The interval, which must lie within the bounds.
    temperature
        $\theta > 0$.
    bounds
        Reflecting walls.

    Raises
    ------
    ValueError
        If the potential does not confine, or the region leaves the bounds.

    >>> round(region_probability(lambda x: x**2 / 2, (0, np.inf), temperature=1.0), 9)
    0.5
    """
    if not bounds[0] <= region[0] < region[1] <= bounds[1]:
        raise ValueError(f"region must lie within the bounds {bounds}, got {region}")
    part = free_energy(profile, region, temperature=temperature)
    whole = free_energy(profile, bounds, temperature=temperature)
    return float(np.exp(-(part - whole) / temperature))


def _log_line_weight(profile: Profile, lower: float, upper: float, temperature: float) -> float:
    if not lower < upper:
        raise ValueError(f"bounds must increase, got {lower} to {upper}")
    finite = [end for end in (lower, upper) if np.isfinite(end)]
    scale = max([1.0, *map(abs, finite)])
    origin = finite[0] if finite else 0.0
    if np.isinf(lower):
        lower = confining_edge(profile, origin, -1, scale=scale, temperature=temperature)
    if np.isinf(upper):
        upper = confining_edge(profile, origin, 1, scale=scale, temperature=temperature)

    def value(panels: int) -> float:
        nodes, half = panel_nodes(lower, upper, panels)
        return log_integral(-profile_energies(profile, nodes) / temperature, half)

    return refined(value, "the partition function")


def _log_box_weight(potential: Potential, pair: np.ndarray, temperature: float) -> float:
    from scipy.special import logsumexp

    energy_at(potential, pair.mean(axis=1))  # refuses a potential of another kind
    most = math.floor(_MOST_NODES ** (1 / len(pair)))
    count, previous = 24, math.nan
    while count <= most:
        nodes, weights = np.polynomial.legendre.leggauss(count)
        half = (pair[:, 1] - pair[:, 0]) / 2
        axes = pair.mean(axis=1)[:, None] + half[:, None] * nodes
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(pair))
        volumes = np.prod(
            np.stack(np.meshgrid(*(half[:, None] * weights), indexing="ij"), axis=-1), axis=-1
        )
        exponents = -energies_of(potential, points) / temperature
        current = float(np.asarray(logsumexp(exponents, b=volumes.ravel())))
        if abs(current - previous) <= 1e-8:
            return current
        count, previous = math.ceil(1.5 * count), current
    raise RuntimeError(
        f"the integral over the box has not converged on {most} nodes a dimension: choose a "
        "smaller box around the well, or a higher temperature"
    )

"""Values and derivatives of a user's potential, in double precision.

Two kinds of functions come in here. A *profile* maps an array of positions on a line to as many
energies, element by element. A *potential* maps one point in any dimension to its energy and is
written with `jax.numpy`, so that it can be differentiated.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

Profile = Callable[[Any], Any]
Potential = Callable[[Any], Any]


def numpy_for(value: Any) -> Any:
    """Return the module that computes with a value: NumPy, or `jax.numpy` for what JAX traces.

    A formula written with it stays in double precision for plain numbers and arrays, whatever the
    settings of JAX are.
    """
    if isinstance(value, int | float | np.ndarray | np.generic):
        return np
    import jax.numpy as jnp

    return jnp


def profile_energies(profile: Profile, positions: np.ndarray) -> np.ndarray:
    """Return the energies of a profile at an array of positions.

    Raises
    ------
    ValueError
        If the profile does not work element by element, or gives NaN.
    """
    import jax

    with jax.enable_x64(True):
        energies = np.asarray(profile(np.asarray(positions, np.float64)), np.float64)
    if energies.shape != np.shape(positions):
        raise ValueError(
            "a profile must map an array of positions to as many energies, element by element, "
            f"got shape {energies.shape} for positions of shape {np.shape(positions)}"
        )
    if np.any(np.isnan(energies)):
        where = np.asarray(positions)[np.isnan(energies)].flat[0]
        raise ValueError(f"the energy must be a number everywhere, got NaN at {where:.6g}")
    return energies


def profile_slopes(profile: Profile, positions: np.ndarray) -> np.ndarray:
    """Return the slopes of a profile at an array of positions, by differentiating it."""
    import jax

    with jax.enable_x64(True):
        # The energy at a position depends on that position alone: a sum has all the slopes.
        slopes = jax.grad(lambda x: jax.numpy.sum(profile(x)))
        return np.asarray(slopes(jax.numpy.asarray(positions, "float64")))


def profile_derivatives(profile: Profile, position: float) -> tuple[float, float, float]:
    """Return energy, slope and curvature of a profile at one position, by differentiating it."""
    import jax

    with jax.enable_x64(True):
        slope = jax.grad(lambda x: jax.numpy.asarray(profile(x)))
        point = jax.numpy.asarray(position, "float64")
        return float(profile(point)), float(slope(point)), float(jax.grad(slope)(point))


def higher_derivatives(profile: Profile, position: float) -> tuple[float, float, float]:
    """Return the second, third and fourth derivative of a profile at one position."""
    import jax

    with jax.enable_x64(True):
        second = jax.grad(jax.grad(lambda x: jax.numpy.asarray(profile(x))))
        third = jax.grad(second)
        point = jax.numpy.asarray(position, "float64")
        return float(second(point)), float(third(point)), float(jax.grad(third)(point))


def energy_at(potential: Potential, point: Float[np.ndarray, " dimensions"]) -> float:
    """Return the energy of a potential at a point.

    Raises
    ------
    ValueError
        If the potential does not return one number.
    """
    import jax

    with jax.enable_x64(True):
        energy = np.asarray(potential(jax.numpy.asarray(point, "float64")), np.float64)
    if energy.shape != ():
        raise ValueError(
            "a potential must map one point to one number, got an array of shape "
            f"{energy.shape} for a point of shape {np.shape(point)}"
        )
    return float(energy)


def compiled_gradient(potential: Potential) -> Callable[[np.ndarray], np.ndarray]:
    """Return the gradient of a potential as a fast function of one point."""
    import jax

    gradient = jax.jit(jax.grad(potential))

    def evaluate(point: np.ndarray) -> np.ndarray:
        with jax.enable_x64(True):
            return np.asarray(gradient(np.asarray(point, np.float64)))

    return evaluate


def energies_of(
    potential: Potential, points: Float[np.ndarray, "points dimensions"]
) -> Float[np.ndarray, " points"]:
    """Return the energies of a potential at many points."""
    import jax

    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.vmap(potential))(np.asarray(points, np.float64)))

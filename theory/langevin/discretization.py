r"""What finite steps change: stiff wells are hotter than nominal, and exits are seen late.

The step $x_{k+1} = x_k-\eta f'(x_k)+\sqrt{2\eta\theta}\,\xi_k$ is stationary, to first order in
$\eta$, under the Gibbs measure of another energy,

$$\tilde f = f-\frac\eta4f'^2+\frac{\eta\theta}2f'',$$

exactly so in a harmonic well, whose stiffness becomes $k(1-\eta k/2)$. It diverges for
$\eta k\ge2$. An exit that is looked for after every step only is missed by those who have
returned: the border seems to lie farther out by $0.5826\sqrt{2\eta\theta}$.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from ._arguments import refuse_not_positive
from ._evaluation import Profile, numpy_for

_OVERSHOOT = 0.5825971579390106  # -zeta(1/2) / sqrt(2 pi)


def discretized_curvatures(
    curvatures: float | Float[np.ndarray, "*modes"], *, step_size: float
) -> Float[np.ndarray, "*modes"]:
    r"""Stiffness that a harmonic mode seems to have, $\tilde k = k\,(1-\eta k/2)$.

    The stationary variance of the mode is $\theta/\tilde k$, exactly. It does not tell how much
    weight a well holds, see :func:`marginal_stiffness`.

    Parameters
    ----------
    curvatures
        $k > 0$.
    step_size
        $\eta$ in $(0, 2/k)$.

    Raises
    ------
    ValueError
        If a curvature is not positive or the step size beyond stability.

    Source: derived (derivation discretized-variance).

    >>> discretized_curvatures(np.array([1.0, 20.0]), step_size=0.01).tolist()
    [0.995, 18.0]
    """
    refuse_not_positive(step_size=step_size)
    curvatures = np.asarray(curvatures, np.float64)
    if not np.all(curvatures > 0):
        raise ValueError(f"curvatures must be positive, got {curvatures.min():.6g}")
    largest = float(curvatures.max())
    if not step_size * largest < 2:
        raise ValueError(
            f"step_size must be below 2 / {largest:.6g} = {2 / largest:.6g}, got {step_size}: the "
            "iteration diverges in the stiffest direction"
        )
    return np.asarray(curvatures * (1 - step_size * curvatures / 2))


def marginal_stiffness(stiffness: Any, *, step_size: float) -> Any:
    r"""Stiffness of a valley as finite steps see it from along the valley, $k/(1-\eta k/2)$.

    The modes across the valley are too hot, so that they push harder away from narrow places: the
    mean force is $-\theta\frac n2\frac{k'}{k\,(1-\eta k/2)}$, and the free energy along the valley

    $$A_\eta = V+\theta\frac n2\ln\frac k{1-\eta k/2} .$$

    Finite steps thus *empty* a narrow well, although each of its modes gets wider.

    Parameters
    ----------
    stiffness
        $k(x) > 0$, a number, an array or traced by JAX.
    step_size
        $\eta$, with $\eta k < 2$.

    Raises
    ------
    ValueError
        If numbers or arrays are beyond stability.

    Source: derived (derivation discretized-mean-force).

    >>> marginal_stiffness(20.0, step_size=0.02)
    25.0
    """
    refuse_not_positive(step_size=step_size)
    if numpy_for(stiffness) is np:
        discretized_curvatures(np.asarray(stiffness, np.float64), step_size=step_size)
    return stiffness / (1 - step_size * stiffness / 2)


def harmonic_variance(curvature: float, *, step_size: float, temperature: float) -> float:
    r"""Stationary variance of a harmonic mode, $\theta/[k\,(1-\eta k/2)]$.

    Raises
    ------
    ValueError
        As :func:`discretized_curvatures`.

    Source: derived (derivation discretized-variance).

    >>> harmonic_variance(1.0, step_size=1.0, temperature=0.25)
    0.5
    """
    refuse_not_positive(temperature=temperature)
    return temperature / float(discretized_curvatures(curvature, step_size=step_size))


def discretized_profile(profile: Profile, *, step_size: float, temperature: float) -> Profile:
    r"""Energy whose Gibbs measure finite steps sample, $\tilde f = f-\frac\eta4f'^2
    +\frac{\eta\theta}2f''$, up to $O(\eta^2)$.

    Parameters
    ----------
    profile
        $f$, element by element and written with `jax.numpy`.
    step_size, temperature
        $\eta > 0$ and $\theta > 0$.

    Returns
    -------
    $\tilde f$ as a function. It need not confine: take finite bounds.

    Raises
    ------
    ValueError
        If a number is not positive.

    Source: derived (derivation discretized-gibbs).
    """
    refuse_not_positive(step_size=step_size, temperature=temperature)

    def changed(x: Any) -> Any:
        import jax
        import jax.numpy as jnp

        def slope(at: Any) -> Any:
            return jax.grad(lambda inner: jnp.sum(profile(inner)))(at)

        x = jnp.asarray(x)
        # The slope at a point depends on that point alone, so a sum of them gives all curvatures.
        curvature = jax.grad(lambda inner: jnp.sum(slope(inner)))(x)
        change = temperature / 2 * curvature - slope(x) ** 2 / 4
        return profile(x) + step_size * change

    return changed


def absorption_shift(*, step_size: float, temperature: float) -> float:
    r"""Distance by which a border that is checked once a step seems to be farther out,

    $$\delta = -\frac{\zeta(1/2)}{\sqrt{2\pi}}\sqrt{2\eta\theta} = 0.5826\sqrt{2\eta\theta} .$$

    It is the mean overshoot of a random walk with normal steps; a slope at the border changes it in
    the next order.

    Raises
    ------
    ValueError
        If a number is not positive.

    Source: Chernoff (1965), Broadie, Glasserman and Kou (1997).

    >>> round(absorption_shift(step_size=0.5, temperature=1.0), 4)
    0.5826
    """
    refuse_not_positive(step_size=step_size, temperature=temperature)
    return _OVERSHOOT * math.sqrt(2 * step_size * temperature)

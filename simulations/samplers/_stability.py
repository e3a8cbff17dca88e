"""Steps too long for the curvature at the starts are refused before a run."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PyTree

from .dynamics import Dynamics, Langevin, MinibatchSGD

_ITERATIONS = 30


def refuse_bad_dynamics(dynamics: Dynamics, starts: PyTree, num_walkers: int) -> float:
    r"""Refuse steps that are unstable at the starts; returns $\eta\lambda_{\max}$ there."""
    if isinstance(dynamics, Langevin):
        temperature = dynamics.temperature
        if not callable(temperature) and temperature.shape not in ((), (num_walkers,)):
            raise ValueError(
                f"temperature must be one number or one for each of {num_walkers} walkers, got "
                f"{temperature.shape[0]} numbers"
            )
        return refuse_unstable(
            dynamics.potential, starts, name="step_size", step_size=float(dynamics.step_size)
        )
    if isinstance(dynamics, MinibatchSGD):
        return refuse_unstable(
            _FullLoss(dynamics.loss, dynamics.data),
            starts,
            name="learning_rate",
            step_size=float(dynamics.learning_rate),
        )
    return float("nan")


def refuse_unstable(
    potential: Callable[..., Float[Array, ""]], starts: PyTree, *, name: str, step_size: float
) -> float:
    r"""Refuse a step beyond $2/\lambda_{\max}$ of the curvature at the first few starts.

    Returns
    -------
    $\eta\lambda_{\max}$, to be below 2, and well below for accurate results.
    """
    few = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32)[:4], starts)
    curvature = float(_largest_curvature(potential, few))
    if not step_size * curvature < 2:
        raise ValueError(
            f"{name} = {step_size:g} is unstable: the curvature at the starts is {curvature:.4g}, "
            f"so it must be below {2 / curvature:.4g}, and below {0.2 / curvature:.2g} to be "
            "accurate"
        )
    return max(step_size * curvature, 0.0)


@eqx.filter_jit
def _largest_curvature(potential: Callable, starts: PyTree) -> Float[Array, ""]:
    """A lower bound of the largest eigenvalue at any of the starts."""
    return jnp.max(jax.vmap(lambda start: rayleigh_quotients(potential, start)[-1])(starts))


def rayleigh_quotients(
    potential: Callable[..., Float[Array, ""]],
    start: PyTree,
    *,
    probes: int = 0,
    key: Array | None = None,
) -> Float[Array, " directions"]:
    """Rayleigh quotients of the Hessian, without it.

    Along a power iteration of 30 directions, the last of which gives a lower bound of the largest
    eigenvalue; then along `probes` directions of random signs from `key`, not divided by their
    squared length: their mean is the trace.
    """
    origin, unravel = ravel_pytree(start)
    downhill = jax.grad(lambda position: potential(unravel(position)))

    def look(direction: Array, number: Array) -> tuple[Array, Array]:
        if key is not None:
            random = jax.random.fold_in(key, number)
            signs = jax.random.rademacher(random, origin.shape, origin.dtype)
            direction = jnp.where(number < _ITERATIONS, direction, signs)
        image = jax.jvp(downhill, (origin,), (direction,))[1]
        return image / jnp.maximum(jnp.sqrt(image @ image), 1e-30), direction @ image

    # An irregular direction, unlikely to be orthogonal to the leading eigenvector.
    direction = jnp.cos(jnp.arange(origin.size, dtype=origin.dtype))
    direction = direction / jnp.sqrt(direction @ direction)
    return jax.lax.scan(look, direction, jnp.arange(_ITERATIONS + probes))[1]


class _FullLoss(eqx.Module):
    loss: Callable[..., Float[Array, ""]]
    data: PyTree

    def __call__(self, weights: PyTree) -> Float[Array, ""]:
        return self.loss(weights, self.data)

"""Steps too long for the curvature at the starts are refused before a run."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from .dynamics import Dynamics, Langevin, MinibatchSGD


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
    """Rayleigh quotient after a power iteration: a lower bound of the largest eigenvalue."""

    def quotient(start: PyTree) -> Array:
        def product(direction: PyTree) -> PyTree:
            return jax.jvp(jax.grad(potential), (start,), (direction,))[1]

        def iterate(_: Array, direction: PyTree) -> PyTree:
            direction = product(direction)
            norm = jnp.sqrt(sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(direction)))
            return jax.tree.map(lambda leaf: leaf / jnp.maximum(norm, 1e-30), direction)

        # An irregular direction, unlikely to be orthogonal to the leading eigenvector.
        leaves, structure = jax.tree.flatten(start)
        direction = jax.tree.unflatten(
            structure,
            [
                jnp.cos(jnp.arange(leaf.size, dtype=leaf.dtype)).reshape(leaf.shape)
                for leaf in leaves
            ],
        )
        direction = jax.lax.fori_loop(0, 30, iterate, direction)
        image = product(direction)
        return jax.tree.reduce(jnp.add, jax.tree.map(lambda a, b: jnp.sum(a * b), direction, image))

    return jnp.max(jax.vmap(quotient)(starts))


class _FullLoss(eqx.Module):
    loss: Callable[..., Float[Array, ""]]
    data: PyTree

    def __call__(self, weights: PyTree) -> Float[Array, ""]:
        return self.loss(weights, self.data)

r"""Temperatures that change along a run, as functions of the time $t = k\eta$.

Any function of the time that returns a temperature can be passed in their place.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


def _number(value) -> Array:
    return jnp.asarray(value, jnp.float32)


class ExponentialCooling(eqx.Module):
    r"""Cool as $\theta(t) = \theta_\infty+(\theta_0-\theta_\infty)e^{-t/\tau}$.

    Parameters
    ----------
    start
        $\theta_0 \ge 0$.
    time_constant
        $\tau > 0$.
    floor
        $\theta_\infty \ge 0$.
    """

    start: Float[Array, ""] = eqx.field(converter=_number)
    time_constant: Float[Array, ""] = eqx.field(converter=_number, kw_only=True)
    floor: Float[Array, ""] = eqx.field(converter=_number, default=0.0, kw_only=True)

    def __check_init__(self) -> None:
        _refuse(start=self.start, time_constant=self.time_constant, floor=self.floor)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        """Temperature at a time."""
        return self.floor + (self.start - self.floor) * jnp.exp(-time / self.time_constant)


class HyperbolicCooling(eqx.Module):
    r"""Cool as $\theta(t) = \theta_0/(1+t/\tau)$.

    Parameters
    ----------
    start
        $\theta_0 \ge 0$.
    time_constant
        $\tau > 0$.
    """

    start: Float[Array, ""] = eqx.field(converter=_number)
    time_constant: Float[Array, ""] = eqx.field(converter=_number, kw_only=True)

    def __check_init__(self) -> None:
        _refuse(start=self.start, time_constant=self.time_constant)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        """Temperature at a time."""
        return self.start / (1 + time / self.time_constant)


class Quench(eqx.Module):
    r"""Hold $\theta_0$ until the time $t_q$ and $\theta_1$ from then on.

    Parameters
    ----------
    start, end
        $\theta_0, \theta_1 \ge 0$.
    time
        $t_q > 0$.
    """

    start: Float[Array, ""] = eqx.field(converter=_number)
    end: Float[Array, ""] = eqx.field(converter=_number)
    time: Float[Array, ""] = eqx.field(converter=_number, kw_only=True)

    def __check_init__(self) -> None:
        _refuse(start=self.start, end=self.end, time=self.time)

    def __call__(self, time: Float[Array, ""]) -> Float[Array, ""]:
        """Temperature at a time."""
        return jnp.where(time < self.time, self.start, self.end)


def _refuse(**values: Array) -> None:
    for name, value in values.items():
        is_time = name in ("time", "time_constant")
        if not (value > 0 if is_time else value >= 0):
            raise ValueError(
                f"{name} must be {'positive' if is_time else 'non-negative'}, got {float(value):g}"
            )

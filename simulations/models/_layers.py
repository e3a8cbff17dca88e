"""What the networks share: activations, initial weights of a layer, checks of their settings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "square": jnp.square,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
    "relu_squared": lambda x: jnp.square(jax.nn.relu(x)),
    "linear": lambda x: x,
}

INITIALIZATIONS = ("kaiming_normal", "torch_uniform", "xavier_uniform", "standard_normal")


def draw_weights(
    initialization: str, shape: Sequence[int], *, fan_in: int, is_readout: bool, key: Array
) -> Float[Array, "*shape"]:
    r"""Draw the weights of one layer, before any overall scale.

    `kaiming_normal` draws from $\mathcal N(0, 2/\text{fan-in})$, in the readout from
    $\mathcal N(0, 1/\text{fan-in})$; `torch_uniform` uniformly from $\pm1/\sqrt{\text{fan-in}}$;
    `xavier_uniform` uniformly from $\pm\sqrt{6/(\text{fan-in}+\text{units})}$; `standard_normal`
    from $\mathcal N(0, 1)$.
    """
    if initialization == "torch_uniform":
        bound = 1 / math.sqrt(fan_in)
        return jax.random.uniform(key, shape, minval=-bound, maxval=bound)
    if initialization == "xavier_uniform":
        bound = math.sqrt(6 / (fan_in + shape[-2]))
        return jax.random.uniform(key, shape, minval=-bound, maxval=bound)
    if initialization == "kaiming_normal":
        return math.sqrt((1 if is_readout else 2) / fan_in) * jax.random.normal(key, shape)
    return jax.random.normal(key, shape)


def draw_bias(initialization: str, size: int, *, fan_in: int, key: Array) -> Float[Array, " size"]:
    """Draw the biases of one layer: as its weights for `torch_uniform`, else zero."""
    if initialization == "torch_uniform":
        return draw_weights(initialization, (size,), fan_in=fan_in, is_readout=False, key=key)
    return jnp.zeros(size)


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Refuse sizes below 1."""
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def check_choice(name: str, value: str, permitted: Sequence[str]) -> None:
    """Refuse a name that is not one of the permitted ones."""
    if value not in permitted:
        raise ValueError(f"{name} must be one of {sorted(permitted)}, got {value!r}")


def check_scale(scale: float | Float[Array, ""], name: str = "scale") -> None:
    """Refuse a scale that is not positive; a traced one cannot be checked."""
    if not isinstance(scale, Tracer) and not float(scale) > 0:
        raise ValueError(f"{name} must be positive, got {scale}")

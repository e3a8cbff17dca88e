"""What every sampler asks of its arguments."""

import math
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import PyTree


def name_of(function: Any) -> str:
    """Name of a function, or representation of another callable."""
    return getattr(function, "__qualname__", None) or repr(function)


def shortest(number: Any) -> float:
    """Return the shortest decimal that a float32 stands for: 0.01, not 0.009999999776."""
    return float(str(np.float32(number)))


def refuse_not_callable(**functions: Any) -> None:
    """Refuse what cannot be called, or cannot be recognized when it comes again."""
    for name, function in functions.items():
        if not callable(function):
            raise TypeError(f"{name} must be a function of one walker's position, got {function!r}")
        if isinstance(function, eqx.Module):
            continue
        try:
            hash(function)
        except TypeError as error:
            raise TypeError(
                f"{name} must be hashable, so that it is compiled once: pass a function, a frozen "
                f"dataclass of numbers or an Equinox module, got {type(function).__name__}"
            ) from error


def refuse_not_positive(**values: float) -> None:
    """Refuse numbers that are not positive and finite."""
    for name, value in values.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} must be positive and finite, got {value}")


def refuse_unknown(name: str, value: str, permitted: tuple[str, ...]) -> None:
    """Refuse a name that is not among those permitted."""
    if value not in permitted:
        raise ValueError(f"{name} must be one of {', '.join(permitted)}, got {value!r}")


def refuse_too_many_steps(num_steps: int, name: str) -> None:
    """Refuse numbers of steps that are not whole, not positive, or beyond 32 bits."""
    if not (math.isfinite(num_steps) and num_steps == int(num_steps) and 1 <= num_steps < 2**31):
        raise ValueError(f"{name} must be a whole number from 1 to 2^31 - 1, got {num_steps}")


def refuse_bad_starts(starts: PyTree) -> None:
    """Refuse starts that are no batch of walkers, or not finite."""
    leaves = jax.tree.leaves(starts)
    counts = {leaf.shape[0] if leaf.ndim else 0 for leaf in leaves}
    if len(counts) != 1 or 0 in counts:
        raise ValueError(
            "starts must have the walkers on the first axis of every array, the same number and at "
            f"least one, got shapes {[leaf.shape for leaf in leaves]}"
        )
    for leaf in leaves:
        is_finite = np.isfinite(np.asarray(leaf)).reshape(len(leaf), -1).all(axis=1)
        if not is_finite.all():
            walker = int(np.argmin(is_finite))
            raise ValueError(f"starts must be finite, got {leaf[walker]} for walker {walker}")
    size = sum(leaf.size for leaf in leaves)
    if size >= 2**32 - 1:
        raise ValueError(f"starts must have fewer than 2^32 - 1 numbers, got {size}: split them")

"""Initial weights of any size: a whole model times one number."""

from __future__ import annotations

from typing import TypeVar

import equinox as eqx
import jax
from jaxtyping import Array, Float

from ._layers import check_scale
from .frozen import trainable

T = TypeVar("T")


def scaled(model: T, scale: float | Float[Array, ""]) -> T:
    r"""Return the model with all its trainable parameters, biases included, times a number,

    $$ \theta \to \alpha\, \theta . $$

    Parameters
    ----------
    model
        Any pytree; what is :class:`.Frozen` stays.
    scale
        $\alpha > 0$; may be traced, so that one program sweeps it.

    Raises
    ------
    ValueError
        For a concrete scale that is not positive.

    [liu2022omnigrok, Sec. 2]
    """
    check_scale(scale)
    weights, rest = eqx.partition(model, trainable(model))
    return eqx.combine(jax.tree.map(lambda leaf: (scale * leaf).astype(leaf.dtype), weights), rest)

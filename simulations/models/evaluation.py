"""How any model is evaluated on many samples."""

from __future__ import annotations

from typing import Any

import jax
from jaxtyping import Array


def outputs_of(model: Any, inputs: Array) -> Array:
    """Return the outputs of a model for samples along the first axis.

    By its own method `batched` if it has one; every other callable of one sample is mapped.
    """
    own = getattr(model, "batched", None)
    return jax.vmap(model)(inputs) if own is None else own(inputs)

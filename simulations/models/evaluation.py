"""How any model is evaluated on many samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
from jax.extend.core import get_opaque_trace_state
from jaxtyping import Array


class SharedOutputs:
    """Outputs of one model for one array of inputs, evaluated once within one trace.

    The model counts as the same if its leaves are the same objects.
    """

    def __init__(self, model: Any, inputs: Array, outputs: Array | None):
        self.outputs = outputs
        self._leaves, self._structure = jax.tree.flatten(model)
        self._inputs = inputs
        self._trace = _trace_state()

    def matches(self, model: Any, inputs: Array) -> bool:
        """Tell whether these are the outputs of that model for those inputs, here."""
        if inputs is not self._inputs or _trace_state() != self._trace:
            return False
        leaves, structure = jax.tree.flatten(model)
        return structure == self._structure and all(
            one is other for one, other in zip(leaves, self._leaves, strict=True)
        )


_SHARED: ContextVar[SharedOutputs | None] = ContextVar("_SHARED", default=None)


@contextmanager
def sharing_outputs(
    model: Any, inputs: Array, outputs: Array | None = None
) -> Iterator[SharedOutputs]:
    """Evaluate a model on some inputs at most once while the block lasts.

    Parameters
    ----------
    model, inputs
        What :func:`outputs_of` will be asked for.
    outputs
        The outputs, if they are known already.

    Yields
    ------
    SharedOutputs
        Its `outputs` are None until somebody asked for them.
    """
    shared = SharedOutputs(model, inputs, outputs)
    token = _SHARED.set(shared)
    try:
        yield shared
    finally:
        _SHARED.reset(token)


def outputs_of(model: Any, inputs: Array) -> Array:
    """Return the outputs of a model for samples along the first axis.

    By its own method `batched` if it has one; every other callable of one sample is mapped.
    """
    shared = _SHARED.get()
    is_shared = shared is not None and shared.matches(model, inputs)
    if shared is not None and is_shared and shared.outputs is not None:
        return shared.outputs
    own = getattr(model, "batched", None)
    outputs = jax.vmap(model)(inputs) if own is None else own(inputs)
    if shared is not None and is_shared:
        shared.outputs = outputs
    return outputs


def _trace_state() -> Any:
    return get_opaque_trace_state(convention="nnx")

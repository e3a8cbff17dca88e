r"""Training on a sphere: the norm of all weights together stays what it is."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import optax
from jax.core import Tracer
from jaxtyping import Array, Float


class ConstantNormState(NamedTuple):
    """The norm to keep, and the state of the inner optimizer."""

    norm: Float[Array, ""]
    inner: optax.OptState


def constant_norm(
    inner: optax.GradientTransformation, norm: float | Float[Array, ""] | None = None
) -> optax.GradientTransformation:
    r"""Return an optimizer that rescales all weights to a fixed norm after every step.

    $$ \theta \leftarrow w\,\frac{\theta+u}{\lVert\theta+u\rVert} , $$

    with $u$ the step of the inner optimizer, which sees the plain gradient. Weight decay of the
    inner optimizer has no effect but to shift weight from small gradients to large ones. The loss
    at which it comes to rest is the reduced loss at norm $w$.

    Parameters
    ----------
    inner
        The optimizer whose steps are taken.
    norm
        $w > 0$, a number or a traced scalar; the norm of the initial weights by default.

    Raises
    ------
    ValueError
        If a concrete norm is not positive.

    Source: [liu2022omnigrok, Sec. 2]; their teacher-student code rescales before a step instead.
    """
    if not (norm is None or isinstance(norm, Tracer)) and not float(norm) > 0:
        raise ValueError(f"norm must be positive, got {norm}")

    def init(params: Any) -> ConstantNormState:
        kept = optax.tree.norm(params)
        if norm is not None:
            kept = jax.numpy.asarray(norm, kept.dtype)
        return ConstantNormState(kept, inner.init(params))

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, ConstantNormState]:
        if params is None:
            raise ValueError("params must be passed to update: the step depends on them")
        steps, inner_state = inner.update(updates, state.inner, params)
        moved = optax.apply_updates(params, steps)
        scale = state.norm / optax.tree.norm(moved)
        return (
            jax.tree.map(lambda new, old: scale.astype(new.dtype) * new - old, moved, params),
            ConstantNormState(state.norm, inner_state),
        )

    return optax.GradientTransformation(init, update)

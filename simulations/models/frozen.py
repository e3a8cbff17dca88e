r"""Weights that are not trained, and networks that start at zero output.

$$ f(x) = \alpha\, \bigl( f_\theta(x) - f_{\theta_0}(x) \bigr) $$
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from ._layers import check_scale
from .evaluation import outputs_of

T = TypeVar("T")


class Frozen(eqx.Module, Generic[T]):
    """A pytree that travels with a model and is not trained: no gradient, no decay.

    The value is under `.value`. Whoever trains takes the trainable part of a model from
    :func:`trainable`; a plain `eqx.is_inexact_array` would take frozen arrays, too.
    """

    value: T


def trainable(model: PyTree) -> PyTree[bool]:
    """Return a tree of Booleans: True for floating-point arrays that are not :class:`Frozen`.

    A filter specification for `eqx.partition(model, trainable(model))`.
    """

    def mark(node: Any) -> Any:
        if isinstance(node, Frozen):
            return jax.tree.map(lambda _: False, node)
        return eqx.is_inexact_array(node)

    return jax.tree.map(mark, model, is_leaf=lambda node: isinstance(node, Frozen))


class CenteredScaled(eqx.Module):
    r"""A network whose output is centered at its start and scaled,

    $$ f(x) = \alpha\, \bigl( f_\theta(x) - f_{\theta_0}(x) \bigr) . $$

    A large $\alpha$ makes training lazy when the learning rate falls as $\alpha^{-2}$.

    Parameters
    ----------
    model
        $f_\theta$, the network that is trained.
    initial
        $f_{\theta_0}$, a frozen copy of it.
    scale
        $\alpha$, frozen.

    [kumar2023lazy, Sec. 4]
    """

    model: Any
    initial: Frozen[Any]
    scale: Frozen[Float[Array, ""]]

    @classmethod
    def init(cls, model: Any, scale: float | Float[Array, ""]) -> CenteredScaled:
        """Center `model` where it is and multiply it by `scale`, which may be traced.

        Raises
        ------
        ValueError
            For a concrete scale that is not positive.
        """
        check_scale(scale)
        return cls(model, Frozen(model), Frozen(jnp.asarray(scale, dtype=float)))

    def __call__(self, inputs: Array) -> Array:
        """Return the centered and scaled output for one sample."""
        return self.scale.value * (self.model(inputs) - self.initial.value(inputs))

    def batched(self, inputs: Array) -> Array:
        """Return the outputs for samples along the first axis."""
        difference = outputs_of(self.model, inputs) - outputs_of(self.initial.value, inputs)
        return self.scale.value * difference

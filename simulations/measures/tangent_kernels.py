r"""The empirical neural tangent kernel of any model,

$$ \Theta_{ab}(x, x') = \sum_\theta
   \frac{\partial f_a(x)}{\partial \theta} \frac{\partial f_b(x')}{\partial \theta} . $$

Weights that a model uses in matrix products, look-ups and sums never get a Jacobian: a dense layer
$z = W h$ contributes $(\delta \cdot \delta')(h \cdot h')$ with $\delta = \partial f / \partial z$.
Only what enters otherwise is differentiated entry by entry. [kumar2023lazy, Eq. 5]
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree

from ..models.frozen import trainable
from ._kernel_plan import Network, compute, make_plan

GIBIBYTE = 2**30


def tangent_kernel(
    model: PyTree,
    inputs: Array | np.ndarray,
    other: Array | np.ndarray | None = None,
    *,
    outputs: str | int = "full",
    apply: Callable[[Any, Array], Array] | None = None,
    memory_limit: float = GIBIBYTE,
) -> Float[Array, "..."]:
    r"""Return the empirical neural tangent kernel between two sets of samples.

    $$ \Theta_{ab}(x, x') = \bigl\langle \partial_\theta f_a(x), \partial_\theta f_b(x')
       \bigr\rangle, $$

    without any prefactor, over all floating-point arrays of the model that are trained.

    Parameters
    ----------
    model
        A model of one sample; or any pytree of parameters, together with `apply`.
    inputs, other
        Samples, one a row; `other` is `inputs` by default.
    outputs
        `"full"`: all pairs of the $k$ outputs; `"trace"`: $\sum_a \Theta_{aa}$; `"each"`:
        $\Theta_{aa}$ of every output; a number $a$: $\Theta_{aa}$ of this output.
    apply
        `apply(model, sample)`, the outputs for one sample: a scalar or an array. By default
        `model(sample)`. A function that is made anew for each call is compiled anew.
    memory_limit
        Bytes that the kernel and the arrays that it is made from may take. It is computed in blocks
        of rows, and if need be one array of weights at a time, to stay below.

    Returns
    -------
    Array
        `[n, m, k, k]` for `"full"` (entry `[i, j, a, b]`), `[k, n, m]` for `"each"`, `[n, m]` else.

    Raises
    ------
    ValueError
        If the limit is too small, there are no samples or no weights, the two sets do not match,
        or `outputs` is none of these.
    TypeError
        If the outputs are not one floating-point array.
    """
    inputs, other = jnp.asarray(inputs), None if other is None else jnp.asarray(other)
    _check_samples(inputs, other)
    model = jax.tree.map(_as_jax, model)
    weights, rest = eqx.partition(model, trainable(model))
    network, leaves, constants = Network.split(
        weights, rest, inputs, _call if apply is None else apply
    )
    if not leaves:
        raise ValueError(
            f"model must have trained floating-point arrays, got none in {type(model).__name__}"
        )
    plan = make_plan(
        network, outputs, len(inputs), None if other is None else len(other), memory_limit
    )
    return compute(plan, leaves, constants, inputs, other)


def _call(model: Callable[[Array], Array], sample: Array) -> Array:
    return model(sample)


def _as_jax(leaf: Any) -> Any:
    return jnp.asarray(leaf) if isinstance(leaf, np.ndarray | np.generic) else leaf


def _check_samples(inputs: Array, other: Array | None) -> None:
    for name, samples in (("inputs", inputs), ("other", inputs if other is None else other)):
        if samples.ndim == 0 or len(samples) == 0:
            raise ValueError(f"{name} must hold one sample a row, got shape {samples.shape}")
    if other is not None and (other.shape[1:], other.dtype) != (inputs.shape[1:], inputs.dtype):
        raise ValueError(
            f"other must hold samples as inputs does, of shape {inputs.shape[1:]} and dtype "
            f"{inputs.dtype}, got {other.shape[1:]} and {other.dtype}"
        )


def mlp_tangent_kernel(
    weights: Sequence[Array | np.ndarray],
    biases: Sequence[Array | np.ndarray] | None,
    activation: Callable[[Array], Array],
    inputs: Array | np.ndarray,
    other: Array | np.ndarray | None = None,
    *,
    outputs: str | int = "full",
    memory_limit: float = GIBIBYTE,
) -> Float[Array, "..."]:
    r"""Return the tangent kernel of a multilayer perceptron that is given as plain arrays.

    $$ \Theta(x, x') = \sum_l (h_l \cdot h_l' + 1)\, \delta_l \cdot \delta_l', $$

    with the inputs $h_l$ of layer $l$ and the derivative $\delta_l$ in its pre-activation; without
    the 1 if there are no biases.

    Parameters
    ----------
    weights
        One matrix `[fan_out, fan_in]` a layer, as `torch.nn.Linear` stores it.
    biases
        One vector a layer, or None for no biases.
    activation
        Applied between the layers, for example `jax.nn.relu`.
    inputs, other, outputs, memory_limit
        As in :func:`tangent_kernel`.

    Raises
    ------
    ValueError
        If there is not one bias a layer, and as :func:`tangent_kernel` does.
    """
    vectors = [None] * len(weights) if biases is None else biases
    if len(vectors) != len(weights):
        raise ValueError(
            f"biases must hold one vector a layer, got {len(vectors)} for {len(weights)} weights"
        )
    return tangent_kernel(
        list(zip(weights, vectors, strict=True)),
        inputs,
        other,
        outputs=outputs,
        apply=_Perceptron(activation),
        memory_limit=memory_limit,
    )


@dataclasses.dataclass(frozen=True)
class _Perceptron:
    activation: Callable[[Array], Array]

    def __call__(self, layers: list[tuple[Array, Array | None]], sample: Array) -> Array:
        for index, (weight, bias) in enumerate(layers):
            sample = weight @ (self.activation(sample) if index else sample)
            sample = sample if bias is None else sample + bias
        return sample

r"""Where a function uses its weights linearly: what makes a tangent kernel cheap.

Wherever weights $W$ meet a sample in a matrix product $z = W h$, a look-up $z = W_i$ or a sum
$z = W + h$, the Jacobian follows from the derivative $\delta = \partial f / \partial z$ and $h$:

$$ \frac{\partial f}{\partial W} = \delta \otimes h, \qquad
   \Bigl\langle \frac{\partial f}{\partial W}, \frac{\partial f'}{\partial W} \Bigr\rangle
   = (\delta \cdot \delta')(h \cdot h') . $$

Weights that enter otherwise (a power of them, a loop over stacked layers) are *opaque*: their
Jacobian has to be formed. Which is which is found by following the index of every entry of a
weight array through slices, transposes and reshapes, so that it does not depend on how a model is
written.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._contraction import Factor
from ._program import Operation, Program

_REINDEXING = (
    "broadcast_in_dim convert_element_type copy dynamic_slice gather reshape rev slice split "
    "squeeze transpose"
).split()


class _Use(NamedTuple):
    """An operation in which a view of a weight array meets the sample."""

    operation: Operation
    operand: int
    leaf: int
    entries: np.ndarray  # which entry of the leaf stands at each place of the operand

    @property
    def layout(self) -> Hashable:
        """Uses of equal layout and entries have factors of the same axes."""
        params = self.operation.params
        if self.operation.name == "dot_general":
            contracted, batch = params["dimension_numbers"]
            return "product", tuple(contracted[self.operand]), tuple(batch[self.operand])
        return ("look-up", params["slice_sizes"]) if _is_look_up(self.operation) else "sum"


class LinearUses:
    """A function of weight arrays and one sample, and the factors of its Jacobian.

    Parameters
    ----------
    function
        `function(leaves, constants, sample) -> outputs`, a vector.
    leaves, constants, sample
        The weight arrays, other arrays and one sample, or their shapes and dtypes.
    """

    def __init__(
        self,
        function: Callable[..., Array],
        leaves: Sequence[Any],
        constants: Sequence[Any],
        sample: Any,
    ):
        self.program = Program(function, list(leaves), list(constants), sample)
        weights = self.program.arguments[: len(leaves)]
        uses, opaque = _find_uses(self.program, weights, self.program.arguments[-1])
        groups: list[list[list[_Use]]] = [[] for _ in weights]
        for use in uses:
            for group in groups[use.leaf]:
                same_layout = group[0].layout == use.layout
                if same_layout and np.array_equal(group[0].entries, use.entries):
                    group.append(use)
                    break
            else:
                groups[use.leaf].append([use])
        opaque |= {leaf for leaf, views in enumerate(groups) if not _are_disjoint(views)}
        self.opaque = sorted(opaque)
        self._groups = [
            group for leaf, views in enumerate(groups) if leaf not in opaque for group in views
        ]

    @property
    def has_factors(self) -> bool:
        """Is there any weight that is not opaque?"""
        return bool(self._groups)

    def factors(
        self,
        leaves: Sequence[Array],
        constants: Sequence[Array],
        sample: Array,
        basis: Float[Array, "rows outputs"],
    ) -> list[Factor]:
        """Return the factors of one sample's Jacobian for all weights that are not opaque.

        Parameters
        ----------
        basis
            The combinations of outputs that are differentiated, one a row.
        """
        program, arguments = self.program, [*leaves, *constants, sample]
        points = {use.operation.outputs[0] for group in self._groups for use in group}

        def perturbed(perturbations: dict[int, Array]) -> tuple[Array, list[list[Any]]]:
            values = program.run(arguments, perturbations)
            features = [[_feature(use, values) for use in group] for group in self._groups]
            return values[program.result], features

        types = program.types
        zeros = {point: jnp.zeros(types[point].shape, types[point].dtype) for point in points}
        _, pull_back, features = jax.vjp(perturbed, zeros, has_aux=True)
        (cotangents,) = jax.vmap(pull_back)(basis)
        return [
            _merge(
                _factor(use, cotangents[use.operation.outputs[0]], feature)
                for use, feature in zip(group, group_features, strict=True)
            )
            for group, group_features in zip(self._groups, features, strict=True)
        ]

    def jacobian(
        self,
        leaves: Sequence[Array],
        constants: Sequence[Array],
        sample: Array,
        basis: Float[Array, "rows outputs"],
        wanted: Sequence[int],
    ) -> list[Factor]:
        """Return one sample's Jacobian with respect to the leaves of the given numbers."""

        def outputs(some: list[Array]) -> Array:
            replaced = dict(zip(wanted, some, strict=True))
            weights = [replaced.get(i, leaf) for i, leaf in enumerate(leaves)]
            return self.program.run([*weights, *constants, sample], {})[self.program.result]

        _, pull_back = jax.vjp(outputs, [leaves[i] for i in wanted])
        (rows,) = jax.vmap(pull_back)(basis)
        return [Factor(row.reshape(len(basis), 1, 1, -1), None) for row in rows]


def _find_uses(
    program: Program, weights: Sequence[int], sample: int
) -> tuple[list[_Use], set[int]]:
    """Follow the entries of every leaf to where they meet the sample."""
    views: dict[int, tuple[int, np.ndarray]] = {}  # a moved leaf: its number and entries
    blends: dict[int, set[int]] = {}  # anything else made of weights alone: their leaves
    known: dict[int, np.ndarray] = dict(program.literals)
    from_sample = {sample}
    uses: list[_Use] = []
    opaque: set[int] = set()
    for leaf, number in enumerate(weights):
        shape = program.types[number].shape
        views[number] = leaf, np.arange(math.prod(shape), dtype=np.int32).reshape(shape)

    def leaves_of(numbers: Sequence[int]) -> set[int]:
        whole = {views[number][0] for number in numbers if number in views}
        return whole.union(*(blends.get(number, set()) for number in numbers))

    for operation in program.operations:
        inputs, outputs = operation.inputs, operation.outputs
        leaves = leaves_of(inputs)
        if from_sample.intersection(inputs):
            from_sample.update(outputs)
            places = [place for place, number in enumerate(inputs) if number in views]
            if len(places) == 1 and len(leaves) == 1:
                use = _Use(operation, places[0], *views[inputs[places[0]]])
                if _is_linear(use):
                    uses.append(use)
                    continue
            opaque |= leaves
        elif not leaves:
            is_index = all(jnp.issubdtype(program.types[i].dtype, jnp.integer) for i in outputs)
            if is_index and all(number in known for number in inputs):
                results = _evaluate(operation, [known[number] for number in inputs])
                known.update(zip(outputs, results, strict=True))
        else:
            moved = _reindexed(operation, views, known)
            for place, number in enumerate(outputs):
                if moved is None:
                    blends[number] = leaves
                else:
                    views[number] = views[inputs[0]][0], moved[place]
    return uses, opaque | leaves_of([program.result])


def _reindexed(
    operation: Operation, views: dict[int, tuple[int, np.ndarray]], known: dict[int, np.ndarray]
) -> list[np.ndarray] | None:
    """Return where the entries of a view have gone; None if more is done than moving them."""
    first, *others = operation.inputs
    is_known = all(number in known for number in others)
    if operation.name not in _REINDEXING or first not in views or not is_known:
        return None
    entries = views[first][1]
    if operation.name == "convert_element_type":
        return [entries] if jnp.issubdtype(operation.params["new_dtype"], jnp.floating) else None
    return _evaluate(operation, [entries, *(known[number] for number in others)])


def _evaluate(operation: Operation, operands: Sequence[np.ndarray]) -> list[np.ndarray]:
    with jax.ensure_compile_time_eval():
        return [np.asarray(result) for result in operation(*map(jnp.asarray, operands))]


def _are_disjoint(views: Sequence[Sequence[_Use]]) -> bool:
    """Does every entry of a leaf stand at most once in at most one of its views?"""
    entries = np.concatenate([np.zeros(0, np.int32), *(view[0].entries.ravel() for view in views)])
    return len(np.unique(entries)) == len(entries)


def _is_look_up(operation: Operation) -> bool:
    return operation.name in ("gather", "dynamic_slice")


def _is_linear(use: _Use) -> bool:
    """Is this a product, a look-up of whole rows or a sum?"""
    if not _is_look_up(use.operation):
        return use.operation.name in ("dot_general", "add", "add_any")
    sizes = zip(use.operation.params["slice_sizes"], use.entries.shape, strict=True)
    dimensions = use.operation.params.get("dimension_numbers")
    return (
        use.operand == 0
        and all(size in (1, full) for size, full in sizes)
        and not getattr(dimensions, "operand_batching_dims", ())
    )


def _feature(use: _Use, values: Sequence[Any]) -> Any:
    """Return what the weights are multiplied with; of a look-up, the entries that it takes."""
    operands = [values[number] for number in use.operation.inputs]
    if use.operation.name == "dot_general":
        return operands[1 - use.operand]
    return use.operation(use.entries, *operands[1:])[0] if _is_look_up(use.operation) else None


def _factor(use: _Use, cotangent: Array, feature: Any) -> Factor:
    if use.operation.name == "dot_general":
        return _product_factor(use, cotangent, feature)
    if not _is_look_up(use.operation):
        copies = zip(use.entries.shape, cotangent.shape[1:], strict=True)
        repeated = tuple(1 + axis for axis, (one, all_of) in enumerate(copies) if one < all_of)
        return Factor(cotangent.sum(axis=repeated).reshape(len(cotangent), 1, 1, -1), None)
    dimensions = use.operation.params.get("dimension_numbers")
    window = range(feature.ndim) if dimensions is None else dimensions.offset_dims
    tokens = [axis for axis in range(feature.ndim) if axis not in window]
    count = math.prod(feature.shape[axis] for axis in tokens)
    cotangent = cotangent.transpose(0, *(1 + axis for axis in (*tokens, *window)))
    rows = feature.transpose(*tokens, *window).reshape(1, count, -1)
    return Factor(cotangent.reshape(len(cotangent), 1, count, -1), rows[..., 0])


def _product_factor(use: _Use, cotangent: Array, feature: Array) -> Factor:
    contracted, batch = (
        axes[1 - use.operand] for axes in use.operation.params["dimension_numbers"]
    )
    tokens = [axis for axis in range(feature.ndim) if axis not in (*contracted, *batch)]
    sizes = [math.prod(feature.shape[axis] for axis in axes) for axes in (batch, tokens)]
    feature = feature.transpose(*batch, *tokens, *contracted).reshape(*sizes, -1)
    if use.operand == 0:  # the product's axes are those of batch, of the weights, of the tokens
        start, stop = 1 + len(batch), cotangent.ndim - len(tokens)
        axes = range(cotangent.ndim)
        cotangent = cotangent.transpose(*axes[:start], *axes[stop:], *axes[start:stop])
    return Factor(cotangent.reshape(len(cotangent), *sizes, -1), feature)


def _merge(factors: Iterable[Factor]) -> Factor:
    """Join the uses of the same weights: more tokens, or the sum of what they are added to."""
    cotangents, features = zip(*factors, strict=True)
    if features[0] is None:
        return Factor(functools.reduce(operator.add, cotangents), None)
    return Factor(jnp.concatenate(cotangents, axis=2), jnp.concatenate(features, axis=1))

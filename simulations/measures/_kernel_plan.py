"""How a tangent kernel is computed within a memory limit, and the compiled computation."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._contraction import Blocks, Factor, cheapest, contract, kernel_axes, mirrored, pair_size
from ._linear_uses import LinearUses

# Where a block would have fewer rows, the opaque weights are rather taken one array at a time.
_MIN_BLOCK_ROWS = 32
# How many arrays of the size of the kernel, of a block's factors and of its products are alive at a
# time in the compiled code.
_KERNEL_COPIES, _FACTOR_COPIES, _PRODUCT_COPIES = 3, 3, 3


@dataclasses.dataclass(frozen=True)
class Network:
    """Everything about a model but the values of its arrays; hashable."""

    apply: Callable[[Any, Array], Array]
    weight_structure: Any
    weight_types: tuple[jax.ShapeDtypeStruct, ...]
    rest_structure: Any
    rest: tuple[Any, ...]  # the leaves that are no weights; of arrays, their types
    sample: jax.ShapeDtypeStruct

    @classmethod
    def split(
        cls, weights: PyTree, rest: PyTree, samples: Array, apply: Callable[[Any, Array], Array]
    ) -> tuple[Network, list[Array], list[Array]]:
        """Return a model's network, its weights and its other arrays."""
        leaves, weight_structure = jax.tree.flatten(weights)
        others, rest_structure = jax.tree.flatten(rest)
        network = cls(
            apply,
            weight_structure,
            tuple(_type(leaf) for leaf in leaves),
            rest_structure,
            tuple(_type(leaf) if eqx.is_array(leaf) else leaf for leaf in others),
            jax.ShapeDtypeStruct(samples.shape[1:], samples.dtype),
        )
        return network, leaves, [leaf for leaf in others if eqx.is_array(leaf)]

    @property
    def types(self) -> tuple[Any, Any, Any]:
        """Types of the arguments of a call."""
        constants = [leaf for leaf in self.rest if isinstance(leaf, jax.ShapeDtypeStruct)]
        return list(self.weight_types), constants, self.sample

    def __call__(self, weights: list[Array], constants: list[Array], sample: Array) -> Any:
        """Return the outputs for one sample."""
        given = iter(constants)
        rest = [
            next(given) if isinstance(leaf, jax.ShapeDtypeStruct) else leaf for leaf in self.rest
        ]
        model = eqx.combine(
            jax.tree.unflatten(self.weight_structure, weights),
            jax.tree.unflatten(self.rest_structure, rest),
        )
        return self.apply(model, sample)

    def uses(self) -> LinearUses:
        """Trace the network and find out how it uses its weights."""
        return LinearUses(lambda *arguments: jnp.ravel(self(*arguments)), *self.types)


def _type(leaf: Array) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


@dataclasses.dataclass(frozen=True)
class _Pass:
    """Weights that are treated together: those with factors or not, and some opaque ones."""

    with_factors: bool
    opaque: tuple[int, ...]

    def factors(self, uses: LinearUses, blocks: Blocks, *arguments: Any) -> list[Factor]:
        """Return the factors of one sample's Jacobian."""
        factors = uses.factors(*arguments) if self.with_factors else []
        if self.opaque:
            factors += uses.jacobian(*arguments, wanted=self.opaque)
        return [cheapest(factor, blocks) for factor in factors]


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """Which outputs of which network are wanted, and how: rows of a block, weights of a pass."""

    network: Network
    blocks: Blocks
    basis: np.ndarray  # the combinations of outputs that are differentiated, one a row
    passes: tuple[_Pass, ...]
    block_rows: tuple[int, int]


@functools.lru_cache(maxsize=128)
def make_plan(
    network: Network,
    outputs: str | int,
    num_rows: int,
    num_others: int | None,
    memory_limit: float,
) -> Plan:
    """Choose blocks of rows and passes over the weights that fit into the memory limit.

    Parameters
    ----------
    num_others
        None for a kernel between samples of one set.

    Raises
    ------
    ValueError, TypeError
        As :func:`.tangent_kernel`.
    """
    result = jax.eval_shape(network, *network.types)
    dtype = getattr(result, "dtype", None)
    if dtype is None or not jnp.issubdtype(dtype, jnp.floating):
        raise TypeError(f"a model must return one floating-point array, got {result}")
    num_outputs = math.prod(result.shape)
    blocks, basis = _selection(outputs, num_outputs)
    basis = basis.astype(dtype)
    uses = network.uses()

    def sizes(one_pass: _Pass) -> tuple[int, int]:
        factors = jax.eval_shape(
            lambda *arguments: one_pass.factors(uses, blocks, *arguments), *network.types, basis
        )
        row = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(factors))
        return row, dtype.itemsize * max(pair_size(factor, blocks) for factor in factors)

    whole = _Pass(uses.has_factors, tuple(uses.opaque))
    pieces = [_Pass(True, ())] if uses.has_factors else []
    pieces += [_Pass(False, (leaf,)) for leaf in uses.opaque]
    if not pieces:
        raise ValueError("the outputs of the model do not depend on its weights")
    shape = num_rows, num_rows if num_others is None else num_others
    kernel_bytes = math.prod(shape) * _entries(blocks, len(basis)) * dtype.itemsize
    limits = memory_limit, kernel_bytes, shape
    rows = _block_rows(*limits, *sizes(whole))
    passes = (whole,)
    if len(pieces) > 1 and min(rows) < min(_MIN_BLOCK_ROWS, *shape):
        row, pair = (max(values) for values in zip(*map(sizes, pieces), strict=True))
        rows, passes = _block_rows(*limits, row, pair), tuple(pieces)
    if min(rows) < 1:
        row, pair = (max(values) for values in zip(*map(sizes, passes), strict=True))
        needed = _bytes(kernel_bytes, 1, 1, row, pair)
        raise ValueError(
            f"memory_limit of {memory_limit:.3g} bytes is too small: this kernel needs "
            f"{needed:.3g}, of which {kernel_bytes:.3g} for the result, even in blocks of 1 x 1 "
            f"samples. Ask for fewer of the {num_outputs} outputs (outputs='trace' or the number "
            f"of one), for fewer samples, or raise memory_limit"
        )
    return Plan(network, blocks, basis, passes, rows)


def _selection(outputs: str | int, num_outputs: int) -> tuple[Blocks, np.ndarray]:
    if outputs in ("full", "trace", "each"):
        return outputs, np.eye(num_outputs)
    if isinstance(outputs, str) or not 0 <= outputs < num_outputs:
        raise ValueError(
            f"outputs must be 'full', 'trace', 'each' or a number from 0 to {num_outputs - 1}, "
            f"got {outputs!r}"
        )
    return "trace", np.eye(num_outputs)[outputs : outputs + 1]


def _entries(blocks: Blocks, num_outputs: int) -> int:
    return {"full": num_outputs**2, "each": num_outputs, "trace": 1}[blocks]


def _bytes(kernel: float, rows: int, columns: int, row: int, pair: int) -> float:
    """Return what blocks of so many rows take, beside the kernel and one copy of it."""
    return (
        2 * kernel
        + _FACTOR_COPIES * row * (rows + columns)
        + _PRODUCT_COPIES * pair * (rows * columns)
    )


def _block_rows(
    limit: float, kernel: float, shape: tuple[int, int], row: int, pair: int
) -> tuple[int, int]:
    """Return the largest blocks of rows that fit, of about equal sizes; 0 if none does."""
    # The product of a single block is the kernel.
    if _bytes(0, *shape, row, pair) <= limit:
        return shape
    linear, square = 2 * _FACTOR_COPIES * row, _PRODUCT_COPIES * pair
    free = max(0.0, limit - _KERNEL_COPIES * kernel)
    most = int((math.sqrt(linear**2 + 4 * square * free) - linear) / (2 * square))
    if most < 1:
        return 0, 0
    rows, columns = (math.ceil(count / math.ceil(count / most)) for count in shape)
    return rows, columns


@functools.partial(jax.jit, static_argnums=0)
def compute(
    plan: Plan,
    weights: list[Array],
    constants: list[Array],
    inputs: Array,
    other: Array | None,
) -> Array:
    """Return the kernel, `[n, m, k, k]`, `[k, n, m]` or `[n, m]`."""
    uses = plan.network.uses()

    def factors(one_pass: _Pass, samples: Array) -> list[Factor]:
        return jax.vmap(
            lambda sample: one_pass.factors(
                uses, plan.blocks, weights, constants, sample, jnp.asarray(plan.basis)
            )
        )(samples)

    shape = len(inputs), len(inputs if other is None else other)
    kernel = None
    for one_pass in plan.passes:
        factors_of = functools.partial(factors, one_pass)
        if plan.block_rows == shape:
            right = None if other is None else factors_of(other)
            part = contract(factors_of(inputs), right, plan.blocks)
            kernel = part if kernel is None else kernel + part
        else:
            kernel = _add_blocks(plan, factors_of, inputs, other, kernel)
    assert kernel is not None  # there is at least one pass
    row_axis, column_axis = kernel_axes(plan.blocks)
    kernel = jax.lax.slice_in_dim(kernel, 0, shape[0], axis=row_axis)
    kernel = jax.lax.slice_in_dim(kernel, 0, shape[1], axis=column_axis)
    return kernel.transpose(0, 2, 1, 3) if plan.blocks == "full" else kernel


def _add_blocks(
    plan: Plan,
    factors: Callable[[Array], Sequence[Factor]],
    inputs: Array,
    other: Array | None,
    kernel: Array | None,
) -> Array:
    """Add what some weights contribute, block after block."""
    (rows, columns), blocks = plan.block_rows, plan.blocks
    left_samples = _padded(inputs, rows)
    right_samples = left_samples if other is None else _padded(other, columns)
    num_left, num_right = len(left_samples) // rows, len(right_samples) // columns

    def add_row(i: Array, kernel: Array) -> Array:
        left = factors(jax.lax.dynamic_slice_in_dim(left_samples, i * rows, rows))

        def add_block(j: Array, kernel: Array) -> Array:
            right = factors(jax.lax.dynamic_slice_in_dim(right_samples, j * columns, columns))
            tile = contract(left, right, blocks)
            place = _place(blocks, i * rows, j * columns)
            tile = tile + jax.lax.dynamic_slice(kernel, place, tile.shape)
            kernel = jax.lax.dynamic_update_slice(kernel, tile, place)
            if other is not None:
                return kernel
            place = _place(blocks, j * columns, i * rows)
            return jax.lax.dynamic_update_slice(kernel, mirrored(tile, blocks), place)

        return jax.lax.fori_loop(i if other is None else 0, num_right, add_block, kernel)

    if kernel is None:
        count = len(plan.basis)
        shape = {
            "full": (len(left_samples), count, len(right_samples), count),
            "each": (count, len(left_samples), len(right_samples)),
            "trace": (len(left_samples), len(right_samples)),
        }[blocks]
        kernel = jnp.zeros(shape, plan.basis.dtype)
    return jax.lax.fori_loop(0, num_left, add_row, kernel)


def _place(blocks: Blocks, row: Array, column: Array) -> tuple[Array | int, ...]:
    return {"full": (row, 0, column, 0), "each": (0, row, column), "trace": (row, column)}[blocks]


def _padded(samples: Array, multiple: int) -> Array:
    """Repeat the last sample until the number of samples is a multiple."""
    missing = -len(samples) % multiple
    return jnp.concatenate([samples, jnp.repeat(samples[-1:], missing, axis=0)])

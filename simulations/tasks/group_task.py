r"""Tasks whose samples are pairs of operands: group multiplication and modular arithmetic.

A task is described by a small frozen dataclass (hashable, so it may be a static argument or a cache
key) and generated with a random key:

>>> import jax
>>> task = ModularAddition(modulus=5, train_fraction=0.4).sample(key=jax.random.key(0))
>>> task.num_samples, int(task.num_train), task.num_classes
(25, 10, 5)
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from jaxtyping import Array, Int

from .groups import Group, cyclic, from_table, group, is_prime
from .task import Task, split_counts, split_task

_Spec = TypeVar("_Spec", bound="PairTask")

_OPERATIONS: dict[str, Callable] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
}


@dataclass(frozen=True, kw_only=True)
class PairTask(ABC):
    """What all tasks on pairs of operands share: the split into a train and a test set.

    Parameters
    ----------
    train_fraction
        Fraction of all samples to train on, in (0, 1); the nearest count is taken. The default is
        that of [tian2025li2, Fig. 3].
    min_train_fraction, max_train_fraction
        Range of fractions that the generated task has room for, see
        :meth:`.Task.with_train_fraction`; by default only `train_fraction`.

    Raises
    ------
    ValueError
        If the fractions are outside (0, 1), out of order, or leave no train or no test sample.
    """

    train_fraction: float = 0.4
    min_train_fraction: float | None = None
    max_train_fraction: float | None = None

    def _check_fractions(self, num_samples: int) -> None:
        split_counts(
            num_samples, self.train_fraction, self.min_train_fraction, self.max_train_fraction
        )

    @property
    @abstractmethod
    def num_classes(self) -> int:
        """Number of operands and of classes."""

    @abstractmethod
    def samples(self) -> tuple[Int[np.ndarray, "samples 2"], Int[np.ndarray, " samples"]]:
        """Return all pairs of operands and their classes."""

    def sample(self, *, key: Array) -> Task:
        """Return the task with a uniformly random split; may be mapped over keys by `jax.vmap`."""
        inputs, targets = self.samples()
        return split_task(
            inputs,
            targets,
            num_classes=self.num_classes,
            train_fraction=self.train_fraction,
            min_train_fraction=self.min_train_fraction,
            max_train_fraction=self.max_train_fraction,
            spec=self,
            key=key,
        )

    def with_train_fraction(self: _Spec, train_fraction: float) -> _Spec:
        """Return the same problem with another train fraction."""
        return replace(self, train_fraction=train_fraction)


@dataclass(frozen=True)
class GroupMultiplication(PairTask):
    r"""Predict $g h$ from $(g, h)$: all $M^2$ pairs of elements of a group of order $M$.

    Parameters
    ----------
    group
        A :class:`.Group`, the name of one (`"S3"`, `"Z7"`, see :func:`.group`), or a Cayley table.
    """

    group: Group | str | np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "group", _as_group(self.group))
        self._check_fractions(self.num_classes**2)

    @property
    def table(self) -> Int[np.ndarray, "group group"]:
        """The Cayley table."""
        return _as_group(self.group).table

    @property
    def num_classes(self) -> int:
        """Order of the group."""
        return len(self.table)

    def samples(self) -> tuple[Int[np.ndarray, "samples 2"], Int[np.ndarray, " samples"]]:
        """Return all pairs and their products."""
        return _pairs(self.num_classes), self.table.ravel()


@dataclass(frozen=True)
class ModularAddition(PairTask):
    r"""Predict $(a + b) \bmod M$ from $(a, b)$: group multiplication on $Z_M$.

    Parameters
    ----------
    modulus
        $M \ge 2$.
    """

    modulus: int

    def __post_init__(self):
        _check_modulus(self.modulus)
        self._check_fractions(self.modulus**2)

    @property
    def table(self) -> Int[np.ndarray, "group group"]:
        """The Cayley table of the cyclic group."""
        return cyclic(self.modulus).table

    @property
    def num_classes(self) -> int:
        """The modulus."""
        return self.modulus

    def samples(self) -> tuple[Int[np.ndarray, "samples 2"], Int[np.ndarray, " samples"]]:
        """Return all pairs and their sums."""
        inputs = _pairs(self.modulus)
        return inputs, inputs.sum(axis=1) % self.modulus


@dataclass(frozen=True)
class ModularOperation(PairTask):
    r"""Predict $a \circ b \bmod M$ from $(a, b)$ for any integer-valued operation.

    Parameters
    ----------
    modulus
        $M \ge 2$.
    operation
        `"add"`, `"subtract"`, `"multiply"`, `"divide"` (pairs with $b \ne 0$ only, prime modulus),
        or a function of two integer arrays, for example `lambda a, b: a**2 + b**2`.
    """

    modulus: int
    operation: str | Callable[[np.ndarray, np.ndarray], np.ndarray]

    def __post_init__(self):
        _check_modulus(self.modulus)
        if self.operation == "divide":
            if not is_prime(self.modulus):
                raise ValueError(
                    f"modulus must be a prime number for division, got {self.modulus}: "
                    f"other moduli have non-zero elements without an inverse"
                )
        elif not callable(self.operation) and self.operation not in _OPERATIONS:
            raise ValueError(
                f"operation must be one of {[*_OPERATIONS, 'divide']} or a function of two arrays, "
                f"got {self.operation!r}"
            )
        self._check_fractions(len(self.samples()[1]))

    @property
    def num_classes(self) -> int:
        """The modulus."""
        return self.modulus

    def samples(self) -> tuple[Int[np.ndarray, "samples 2"], Int[np.ndarray, " samples"]]:
        """Return all admissible pairs and their classes."""
        inputs = _pairs(self.modulus)
        if self.operation == "divide":
            inputs = inputs[inputs[:, 1] != 0]
            inverses = np.array([0, *(pow(b, -1, self.modulus) for b in range(1, self.modulus))])
            return inputs, inputs[:, 0] * inverses[inputs[:, 1]] % self.modulus
        function = self.operation if callable(self.operation) else _OPERATIONS[self.operation]
        targets = np.asarray(function(inputs[:, 0], inputs[:, 1]))
        if targets.shape != (len(inputs),) or not np.issubdtype(targets.dtype, np.integer):
            raise TypeError(
                f"operation must return one integer for each of the {len(inputs)} pairs, "
                f"got shape {targets.shape} and dtype {targets.dtype}"
            )
        return inputs, targets % self.modulus


def _pairs(order: int) -> Int[np.ndarray, "samples 2"]:
    return np.stack(np.divmod(np.arange(order**2), order), axis=1)


def _as_group(given: Group | str | np.ndarray) -> Group:
    if isinstance(given, Group):
        return given
    return group(given) if isinstance(given, str) else from_table(given)


def _check_modulus(modulus: int) -> None:
    if not isinstance(modulus, int):
        raise TypeError(f"modulus must be an int, got {type(modulus).__name__} {modulus!r}")
    if modulus < 2:
        raise ValueError(f"modulus must be at least 2 (one class is no task), got {modulus}")

r"""Addition without a modulus, on unordered pairs: the toy problem of representation learning."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from ._arguments import require_counts
from .task import Task

TARGETS = ("random_vectors", "classes")


@dataclass(frozen=True, kw_only=True)
class AdditionTable:
    r"""Predict $i + j$ from the pair $i \le j$ of symbols $0, \dots, p-1$.

    All $p(p+1)/2$ pairs, with the labels $0, \dots, 2p-2$. A label stands for a vector drawn from
    $\mathcal N(0, 1)$, the same for all pairs of equal sum, or is a class. Train pairs are a
    uniformly random choice, nested for one key.

    Parameters
    ----------
    num_symbols
        $p \ge 2$.
    num_train
        Number of pairs to train on; the others are the test set.
    targets
        `random_vectors` or `classes`.
    num_outputs
        Length of the random vectors.
    min_num_train, max_num_train
        Range of :meth:`.Task.with_num_train`; by default only `num_train`.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, numbers of train pairs are out of order or leave no test
        pair, or `targets` is unknown.

    [liu2022effective, Sec. 3]

    >>> task = AdditionTable(targets="classes").sample(key=jax.random.key(0))
    >>> task.num_samples, int(task.num_train), task.num_classes
    (55, 45, 19)
    """

    num_symbols: int = 10
    num_train: int = 45
    targets: str = "random_vectors"
    num_outputs: int = 30
    min_num_train: int | None = None
    max_num_train: int | None = None

    def __post_init__(self):
        floor, capacity = self._bounds
        require_counts(
            num_symbols=self.num_symbols,
            num_train=self.num_train,
            num_outputs=self.num_outputs,
            min_num_train=floor,
            max_num_train=capacity,
        )
        if self.num_symbols < 2:
            raise ValueError(f"num_symbols must be at least 2, got {self.num_symbols}")
        if self.targets not in TARGETS:
            raise ValueError(f"targets must be one of {sorted(TARGETS)}, got {self.targets!r}")
        if not floor <= self.num_train <= capacity < self.num_samples:
            raise ValueError(
                f"num_train must lie between min_num_train and max_num_train, and these below "
                f"{self.num_samples} (all pairs), got {self.num_train} in [{floor}, {capacity}]"
            )

    @property
    def _bounds(self) -> tuple[int, int]:
        floor = self.num_train if self.min_num_train is None else self.min_num_train
        return floor, self.num_train if self.max_num_train is None else self.max_num_train

    @property
    def num_samples(self) -> int:
        """Number of pairs, $p(p+1)/2$."""
        return self.num_symbols * (self.num_symbols + 1) // 2

    @property
    def num_classes(self) -> int | None:
        """Number of labels, $2p - 1$; None for random vectors."""
        return 2 * self.num_symbols - 1 if self.targets == "classes" else None

    def samples(self) -> tuple[Int[np.ndarray, "samples 2"], Int[np.ndarray, " samples"]]:
        """Return all pairs and their sums."""
        pairs = np.column_stack(np.triu_indices(self.num_symbols))
        return pairs, pairs.sum(axis=1)

    def sample(self, *, key: Array) -> Task:
        """Return the task with a random split; may be mapped over keys by `jax.vmap`."""
        order_key, target_key = jax.random.split(key)
        pairs, labels = self.samples()
        targets = jnp.asarray(labels, jnp.int32)
        if self.targets == "random_vectors":
            shape = (2 * self.num_symbols - 1, self.num_outputs)
            targets = jax.random.normal(target_key, shape, jnp.float32)[targets]
        floor, capacity = self._bounds
        return Task(
            inputs=jnp.asarray(pairs, jnp.int32),
            targets=targets,
            order=jax.random.permutation(order_key, self.num_samples).astype(jnp.int32),
            num_train=jnp.asarray(self.num_train, jnp.int32),
            train_floor=floor,
            train_capacity=capacity,
            num_classes=self.num_classes,
            spec=self,
        )

"""The data of one run: samples, a random order of them, and how many of them are trained on."""

from collections.abc import Hashable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float, Int, Num


class Batch(eqx.Module):
    """Rows that a loss or a measure averages over, each with a weight (0 = padding).

    One row of `inputs` is what the model takes: operand indices, a real vector, a matrix; one row
    of `targets` is a class, a number or a vector of outputs.
    """

    inputs: Num[Array, "rows ..."]
    targets: Num[Array, "rows ..."]
    weights: Float[Array, " rows"]

    @property
    def size(self) -> Float[Array, ""]:
        """Number of rows that count: the sum of the weights."""
        return self.weights.sum()


class Task(eqx.Module):
    r"""All samples of a problem, and a split of them into a train and a test set.

    The first `num_train` samples of the random permutation `order` are the train set. As
    `num_train` is an array, one compiled program serves every train fraction between `train_floor`
    and `train_capacity`, and train sets of one key are nested: a larger fraction adds samples and
    takes none away.

    Parameters
    ----------
    inputs
        What the model takes, one row a sample: operand indices, a real vector, a matrix.
    targets
        Class of every sample, in $[0, \text{num\_classes})$, or real outputs.
    order
        A permutation of the samples.
    num_train
        Size of the train set; may be swept by `jax.vmap`.
    train_floor, train_capacity
        Bounds of `num_train`; they fix the number of rows of the test and of the train batch.
    num_classes
        Number of output classes; None for a regression.
    spec
        The frozen dataclass that generated the task. `num_train`, not `spec.train_fraction`, says
        how large the train set is once :meth:`with_train_fraction` has been called.
    """

    inputs: Num[Array, "..."]
    targets: Num[Array, "..."]
    order: Int[Array, "*batch samples"]
    num_train: Int[Array, "*batch"]
    train_floor: int = eqx.field(static=True)
    train_capacity: int = eqx.field(static=True)
    num_classes: int | None = eqx.field(static=True)
    spec: Hashable = eqx.field(static=True)

    def __check_init__(self):
        if not 1 <= self.train_floor <= self.train_capacity < self.num_samples:
            raise ValueError(
                f"train_floor and train_capacity must satisfy 1 <= train_floor <= train_capacity < "
                f"{self.num_samples} (the number of samples), "
                f"got {self.train_floor} and {self.train_capacity}"
            )

    @property
    def num_samples(self) -> int:
        """Number of samples, train and test together."""
        return self.order.shape[-1]

    @property
    def train_mask(self) -> Bool[Array, " samples"]:
        """True for the samples of the train set."""
        rank = jnp.zeros_like(self.order).at[self.order].set(jnp.arange(self.num_samples))
        return rank < self.num_train

    def train(self) -> Batch:
        """Return the train set: `train_capacity` rows, the first `num_train` of weight one."""
        return self._batch(0, self.train_capacity)

    def test(self) -> Batch:
        """Return the test set: all rows but the first `train_floor`, train rows of weight zero."""
        return self._batch(self.train_floor, self.num_samples)

    def _batch(self, start: int, stop: int) -> Batch:
        rank = jnp.arange(start, stop)
        counts = rank < self.num_train if start == 0 else rank >= self.num_train
        rows = self.order[start:stop]
        return Batch(self.inputs[rows], self.targets[rows], counts.astype(jnp.float32))

    def with_targets(self, targets: Num[Array, "samples ..."]) -> "Task":
        """Return the task with other targets of the same samples."""
        return eqx.tree_at(lambda task: task.targets, self, targets)

    def with_train_fraction(self, train_fraction: float | Float[Array, ""]) -> "Task":
        """Return the task with the nearest number of train samples to a fraction of all.

        Parameters
        ----------
        train_fraction
            In (0, 1), within the capacity of the task; may be traced, and is then not checked but
            clipped to the capacity.

        Raises
        ------
        ValueError
            If a concrete fraction does not fit between `train_floor` and `train_capacity`.
        """
        if isinstance(train_fraction, Tracer):
            return self.with_num_train(jnp.round(train_fraction * self.num_samples))
        count = nearest_count(float(train_fraction), self.num_samples)
        if not self.train_floor <= count <= self.train_capacity:
            raise ValueError(
                f"train_fraction {train_fraction} asks for {count} train samples; this task "
                f"has room for {self.train_floor} to {self.train_capacity}: "
                f"generate it with min_train_fraction and max_train_fraction around it"
            )
        return self.with_num_train(count)

    def with_num_train(self, num_train: int | Num[Array, ""]) -> "Task":
        """Return the task with another number of train samples.

        Parameters
        ----------
        num_train
            Within the capacity of the task; may be traced, and is then not checked but clipped to
            the capacity.

        Raises
        ------
        ValueError
            If a concrete number is not between `train_floor` and `train_capacity`.
        """
        if isinstance(num_train, Tracer):
            count = jnp.clip(num_train, self.train_floor, self.train_capacity)
        elif self.train_floor <= num_train <= self.train_capacity:
            count = jnp.full_like(self.num_train, num_train)
        else:
            raise ValueError(
                f"num_train must lie between {self.train_floor} and {self.train_capacity}, what "
                f"this task has room for, got {num_train}: generate it with more room"
            )
        return eqx.tree_at(lambda task: task.num_train, self, count.astype(jnp.int32))


def nearest_count(train_fraction: float, num_samples: int) -> int:
    """Return the integer nearest to `train_fraction * num_samples` (ties go to the even one).

    Raises
    ------
    ValueError
        If the fraction is outside (0, 1), or leaves no train or no test sample.
    """
    if not 0 < train_fraction < 1:
        raise ValueError(f"train_fraction must lie in (0, 1), got {train_fraction}")
    count = round(train_fraction * num_samples)
    if not 1 <= count <= num_samples - 1:
        missing = "train" if count < 1 else "test"
        raise ValueError(
            f"train_fraction {train_fraction} of {num_samples} samples leaves no {missing} sample; "
            f"choose another fraction or a larger problem"
        )
    return count


def split_counts(
    num_samples: int,
    train_fraction: float,
    min_train_fraction: float | None = None,
    max_train_fraction: float | None = None,
) -> tuple[int, int, int]:
    """Return the size of the train set, and the smallest and the largest one to make room for.

    Raises
    ------
    ValueError
        If a fraction is outside (0, 1), leaves an empty set, or if they are out of order.
    """
    num_train, floor, capacity = (
        nearest_count(train_fraction if fraction is None else fraction, num_samples)
        for fraction in (train_fraction, min_train_fraction, max_train_fraction)
    )
    if not floor <= num_train <= capacity:
        raise ValueError(
            f"train_fraction must lie between min_train_fraction and max_train_fraction, "
            f"got {train_fraction} outside [{min_train_fraction}, {max_train_fraction}]"
        )
    return num_train, floor, capacity


def split_task(
    inputs: Int[np.ndarray, "samples operands"],
    targets: Int[np.ndarray, " samples"],
    *,
    num_classes: int,
    train_fraction: float,
    min_train_fraction: float | None = None,
    max_train_fraction: float | None = None,
    spec: Hashable = None,
    key: Array,
) -> Task:
    """Split given samples at random into a train and a test set, uniformly over all subsets.

    Parameters
    ----------
    inputs, targets
        All samples.
    num_classes
        Number of output classes.
    train_fraction
        Fraction of samples to train on, in (0, 1); the nearest count is taken.
    min_train_fraction, max_train_fraction
        Range that :meth:`Task.with_train_fraction` may later choose from; by default only
        `train_fraction` itself, which costs no padding.
    spec
        What generated the samples.
    key
        Random key; equal keys give nested train sets for different fractions.
    """
    num_samples = len(targets)
    num_train, floor, capacity = split_counts(
        num_samples, train_fraction, min_train_fraction, max_train_fraction
    )
    return Task(
        inputs=jnp.asarray(inputs, jnp.int32),
        targets=jnp.asarray(targets, jnp.int32),
        order=jax.random.permutation(key, num_samples).astype(jnp.int32),
        num_train=jnp.asarray(num_train, jnp.int32),
        train_floor=floor,
        train_capacity=capacity,
        num_classes=num_classes,
        spec=spec,
    )


def independent_samples(
    inputs: Num[Array | np.ndarray, "samples ..."],
    targets: Num[Array | np.ndarray, "samples ..."],
    *,
    num_train: int,
    num_classes: int | None = None,
    spec: Hashable = None,
) -> Task:
    """Return a task that trains on the first samples and tests on the others.

    For samples that are drawn independently, which need no random order.

    Parameters
    ----------
    inputs, targets
        All samples, one row each; may be traced.
    num_train
        Size of the train set.
    num_classes
        Number of classes; None if the targets are real.
    spec
        What generated the samples.

    Raises
    ------
    ValueError
        If `inputs` and `targets` differ in length, or no train or no test sample is left.
    """
    if len(inputs) != len(targets):
        raise ValueError(
            f"inputs and targets must have one row a sample, got {len(inputs)} and {len(targets)}"
        )
    return Task(
        inputs=jnp.asarray(inputs),
        targets=jnp.asarray(targets),
        order=jnp.arange(len(targets), dtype=jnp.int32),
        num_train=jnp.asarray(num_train, jnp.int32),
        train_floor=num_train,
        train_capacity=num_train,
        num_classes=num_classes,
        spec=spec,
    )

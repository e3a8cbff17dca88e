r"""Recovery of sparse vectors and low-rank matrices from few linear measurements.

The test rows are built so that the outputs of a linear model on them are the entries of its
estimate: the test loss is the error of recovery. All of it runs in the compiled program.

>>> import jax
>>> task = SparseRecovery(dimension=20, sparsity=2, num_measurements=10).sample(
...     key=jax.random.key(0)
... )
>>> task.train().inputs.shape, task.test().inputs.shape
((10, 20), (20, 20))
"""

import math
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._arguments import require_at_most, require_counts, require_fraction
from ._vectors import product
from .task import Task, independent_samples


@dataclass(frozen=True, kw_only=True)
class SparseRecovery:
    r"""Recover a sparse $a^*\in\mathbb R^n$ from $y = Xa^* + \xi$.

    $a^*$ has $s$ entries $\mathcal N(0, 1/n)$ at uniformly random places; the rows of $X$ have
    entries $\mathcal N(0, 1/N)$; the noise $\xi$ has independent Gaussian entries with
    $\mathbb E\lVert a^*\rVert^2/\mathbb E\lVert\xi\rVert^2$ the signal-to-noise ratio. The test
    rows are the $n$ unit vectors, with targets $a^*_k$.

    Parameters
    ----------
    dimension
        $n$.
    sparsity
        $s \le n$.
    num_measurements
        $N$.
    coherence
        $\tau\in[0, 1]$: that fraction of the rows, rounded, are distinct random unit vectors, which
        see one entry of $a^*$ each.
    signal_to_noise
        Positive; infinite for no noise.
    nonnegative
        Whether the entries of $a^*$ are replaced by their absolute values.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, the sparsity or the number of unit rows exceeds the
        dimension, or a ratio is out of range.

    Source: [notsawo2025norm, Sec. 3.1, 3.4]; their runs have $n = 100$, $s = 5$, $N = 30$.
    """

    dimension: int
    sparsity: int
    num_measurements: int
    coherence: float = 0.0
    signal_to_noise: float = math.inf
    nonnegative: bool = False

    def __post_init__(self):
        require_counts(
            dimension=self.dimension,
            sparsity=self.sparsity,
            num_measurements=self.num_measurements,
        )
        require_at_most("dimension", self.dimension, sparsity=self.sparsity)
        require_fraction(coherence=self.coherence)
        if self._num_unit_rows > self.dimension:
            raise ValueError(
                f"coherence {self.coherence} asks for {self._num_unit_rows} distinct unit vectors "
                f"in {self.dimension} dimensions; take fewer measurements or less coherence"
            )
        if not self.signal_to_noise > 0:
            raise ValueError(f"signal_to_noise must be positive, got {self.signal_to_noise}")

    @property
    def _num_unit_rows(self) -> int:
        return round(self.coherence * self.num_measurements)

    def sample(self, *, key: Array) -> Task:
        """Return a fresh target and fresh measurements; may be mapped over keys by `jax.vmap`."""
        support_key, value_key, unit_key, row_key, noise_key = jax.random.split(key, 5)
        n, num_measurements = self.dimension, self.num_measurements
        support = jax.random.permutation(support_key, n)[: self.sparsity]
        values = jax.random.normal(value_key, (self.sparsity,), jnp.float32) / math.sqrt(n)
        if self.nonnegative:
            values = jnp.abs(values)
        signal = jnp.zeros(n, jnp.float32).at[support].set(values)
        identity = jnp.eye(n, dtype=jnp.float32)
        unit_rows = identity[jax.random.permutation(unit_key, n)[: self._num_unit_rows]]
        shape = (num_measurements - self._num_unit_rows, n)
        rows = jax.random.normal(row_key, shape, jnp.float32) / math.sqrt(num_measurements)
        measurements = jnp.concatenate([unit_rows, rows])
        noise_variance = self.sparsity / n / self.signal_to_noise / num_measurements
        noise = jax.random.normal(noise_key, (num_measurements,), jnp.float32)
        measured = product(measurements, signal) + math.sqrt(noise_variance) * noise
        return independent_samples(
            jnp.concatenate([measurements, identity]),
            jnp.concatenate([measured, signal]),
            num_train=num_measurements,
            spec=self,
        )


@dataclass(frozen=True, kw_only=True)
class MatrixCompletion:
    r"""Recover a low-rank $X^*$ of shape $n_1\times n_2$ from some of its entries.

    Inputs are index pairs $(i, j)$, targets $X^*_{ij}$; the test rows are all other entries.

    Parameters
    ----------
    num_rows, num_columns
        $n_1$, $n_2$.
    rank
        $r \le \min(n_1, n_2)$.
    num_observed
        Number $N < n_1n_2$ of entries to train on.
    coherence
        $\tau\in[0, 1]$: that fraction of the observed entries, rounded, are those of largest
        $\mu_i + \nu_j$, with the coherences $\mu_i = (n_1/r)\lVert U^\top e_i\rVert^2$ and
        $\nu_j = (n_2/r)\lVert V^\top e_j\rVert^2$ of the singular spaces of $X^*$; the others are
        uniform among the remaining ones.
    target
        `"gaussian"`: $X^* = AB^\top/\lVert AB^\top\rVert_F$, with entries of $A$, $B$ independent
        $\mathcal N(0, 1)$. `"ramp"`: $X^*_{ij} = ij/(n_1n_2)$, $i, j$ from 0, of rank 1.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int or out of range, the target is unknown, or a ramp is
        asked for with another rank.

    Source: [notsawo2025norm, Sec. 3.2, 3.4]; ramp: [lyu2023dichotomy, code], with $n_1 = n_2 = 97$
    and 5 % of the entries.
    """

    num_rows: int
    num_columns: int
    rank: int
    num_observed: int
    coherence: float = 0.0
    target: Literal["gaussian", "ramp"] = "gaussian"

    def __post_init__(self):
        _require_low_rank(self.num_rows, self.num_columns, self.rank)
        require_counts(num_observed=self.num_observed)
        num_entries = self.num_rows * self.num_columns
        if self.num_observed >= num_entries:
            raise ValueError(
                f"num_observed must leave entries to test on: at most {num_entries - 1} of "
                f"{num_entries}, got {self.num_observed}"
            )
        require_fraction(coherence=self.coherence)
        if self.target not in ("gaussian", "ramp"):
            raise ValueError(f"target must be 'gaussian' or 'ramp', got {self.target!r}")
        if self.target == "ramp" and self.rank != 1:
            raise ValueError(f"rank must be 1 for the ramp target, got {self.rank}")

    def sample(self, *, key: Array) -> Task:
        """Return a fresh target and fresh observations; may be mapped over keys by `jax.vmap`."""
        target_key, order_key = jax.random.split(key)
        left, right = self._factors(target_key)
        coherences = _coherences(left)[:, None] + _coherences(right)[None, :]
        num_entries = coherences.size
        num_selected = round(self.coherence * self.num_observed)
        selected = jax.lax.top_k(coherences.ravel(), num_selected)[1]
        # Ascending order of these numbers puts the selected entries first, the rest at random.
        priority = jax.random.uniform(order_key, (num_entries,), jnp.float32)
        priority = priority.at[selected].add(-1.0)
        rows, columns = jnp.divmod(jnp.arange(num_entries, dtype=jnp.int32), self.num_columns)
        return Task(
            inputs=jnp.stack([rows, columns], axis=1),
            targets=product(left, right.T).ravel(),
            order=jnp.argsort(priority).astype(jnp.int32),
            num_train=jnp.asarray(self.num_observed, jnp.int32),
            train_floor=self.num_observed,
            train_capacity=self.num_observed,
            num_classes=None,
            spec=self,
        )

    def _factors(
        self, key: Array
    ) -> tuple[Float[Array, "rows rank"], Float[Array, "columns rank"]]:
        if self.target == "ramp":
            left = jnp.arange(self.num_rows, dtype=jnp.float32)[:, None] / self.num_rows
            right = jnp.arange(self.num_columns, dtype=jnp.float32)[:, None] / self.num_columns
            return left, right
        return _low_rank_factors(self.num_rows, self.num_columns, self.rank, key=key)


@dataclass(frozen=True, kw_only=True)
class MatrixSensing:
    r"""Recover a low-rank $X^*$ of shape $n_1\times n_2$ from $y_i = \langle A_i, X^*\rangle$.

    $X^*$ as the Gaussian target of :class:`MatrixCompletion`; the $N$ matrices $A_i$ have
    independent entries $\mathcal N(0, 1/N)$. Inputs are matrices; the test rows are the $n_1n_2$
    unit matrices, row by row, with targets $X^*_{ij}$.

    Parameters
    ----------
    num_rows, num_columns
        $n_1$, $n_2$. The test rows take $4(n_1n_2)^2$ bytes.
    rank
        $r \le \min(n_1, n_2)$.
    num_measurements
        $N$.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or the rank is too large.

    Source: [notsawo2025norm, Sec. 3.2].
    """

    num_rows: int
    num_columns: int
    rank: int
    num_measurements: int

    def __post_init__(self):
        _require_low_rank(self.num_rows, self.num_columns, self.rank)
        require_counts(num_measurements=self.num_measurements)

    def sample(self, *, key: Array) -> Task:
        """Return a fresh target and fresh measurements; may be mapped over keys by `jax.vmap`."""
        target_key, matrix_key = jax.random.split(key)
        left, right = _low_rank_factors(self.num_rows, self.num_columns, self.rank, key=target_key)
        num_entries = self.num_rows * self.num_columns
        shape = (self.num_measurements, num_entries)
        matrices = jax.random.normal(matrix_key, shape, jnp.float32)
        matrices = matrices / math.sqrt(self.num_measurements)
        inputs = jnp.concatenate([matrices, jnp.eye(num_entries, dtype=jnp.float32)])
        target = product(left, right.T).ravel()
        return independent_samples(
            inputs.reshape(-1, self.num_rows, self.num_columns),
            jnp.concatenate([product(matrices, target), target]),
            num_train=self.num_measurements,
            spec=self,
        )


def _require_low_rank(num_rows: int, num_columns: int, rank: int) -> None:
    require_counts(num_rows=num_rows, num_columns=num_columns, rank=rank)
    require_at_most("the smaller side", min(num_rows, num_columns), rank=rank)


def _low_rank_factors(
    num_rows: int, num_columns: int, rank: int, *, key: Array
) -> tuple[Float[Array, "rows rank"], Float[Array, "columns rank"]]:
    left_key, right_key = jax.random.split(key)
    left = jax.random.normal(left_key, (num_rows, rank), jnp.float32)
    right = jax.random.normal(right_key, (num_columns, rank), jnp.float32)
    return left / jnp.linalg.norm(product(left, right.T)), right


def _coherences(factor: Float[Array, "side rank"]) -> Float[Array, " side"]:
    side, rank = factor.shape
    basis = jnp.linalg.qr(factor)[0]
    return side / rank * jnp.sum(basis**2, axis=1)

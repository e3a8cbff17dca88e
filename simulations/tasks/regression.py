r"""Regression on independent real inputs: one or a few hidden directions, or a sparse target.

>>> import jax
>>> task = SingleIndexQuadratic(dimension=20, num_train=100).sample(key=jax.random.key(0))
>>> task.train().inputs.shape, task.test().targets.shape, task.num_classes
((100, 20), (1000,), None)
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._arguments import require_at_most, require_counts
from ._vectors import product, sparse_signs
from .task import Task, independent_samples


class _IndexTask(ABC):
    r"""A function of a few directions of Gaussian inputs $x\sim\mathcal N(0, I_D/D)$."""

    dimension: int
    num_train: int
    num_test: int

    def sample(self, *, key: Array) -> Task:
        """Return fresh directions and fresh samples; may be mapped over keys by `jax.vmap`."""
        direction_key, input_key = jax.random.split(key)
        shape = (self.num_train + self.num_test, self.dimension)
        inputs = jax.random.normal(input_key, shape, jnp.float32) / jnp.sqrt(
            jnp.float32(self.dimension)
        )
        directions = _orthogonal(self.dimension, self._num_directions, direction_key)
        projections = product(inputs, directions.T)
        return independent_samples(
            inputs, self._targets(projections), num_train=self.num_train, spec=self
        )

    def directions(self, *, key: Array) -> Float[Array, "directions dimension"]:
        r"""Return the directions $\beta_j$ that :meth:`sample` hides with the same key.

        They are orthogonal, of length $\sqrt D$, so that each $\beta_j\cdot x$ has variance one.
        """
        return _orthogonal(self.dimension, self._num_directions, jax.random.split(key)[0])

    @property
    def _num_directions(self) -> int:
        return 1

    @abstractmethod
    def _targets(self, projections: Float[Array, "samples directions"]) -> Float[Array, " samples"]:
        """Return the targets, given the inputs along the directions."""


@dataclass(frozen=True, kw_only=True)
class SingleIndexQuadratic(_IndexTask):
    r"""Learn $y = \tfrac12(\beta\cdot x)^2$ from $x\sim\mathcal N(0, I_D/D)$.

    $\beta$ has length $\sqrt D$ and a uniformly random direction, so that $\mathbb E y = 1/2$ and
    $\mathbb E y^2 = 3/4$.

    Parameters
    ----------
    dimension
        $D$.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [kumar2023lazy, Eq. 3].
    """

    dimension: int
    num_train: int
    num_test: int = 1000

    def __post_init__(self):
        require_counts(dimension=self.dimension, num_train=self.num_train, num_test=self.num_test)

    def _targets(self, projections: Float[Array, "samples 1"]) -> Float[Array, " samples"]:
        return projections[:, 0] ** 2 / 2


@dataclass(frozen=True, kw_only=True)
class HermiteSingleIndex(_IndexTask):
    r"""Learn $y = \tfrac12\mathrm{He}_k(\beta\cdot x)$ from $x\sim\mathcal N(0, I_D/D)$.

    $\beta$ as in :class:`SingleIndexQuadratic`; $\mathrm{He}_k$ are the probabilists' Hermite
    polynomials, so that $\mathbb E y = 0$ and $\mathbb E y^2 = k!/4$.

    Parameters
    ----------
    degree
        $k \ge 1$.
    dimension, num_train, num_test
        As for :class:`SingleIndexQuadratic`.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [kumar2023lazy, App. 15].
    """

    degree: int
    dimension: int
    num_train: int
    num_test: int = 1000

    def __post_init__(self):
        require_counts(
            degree=self.degree,
            dimension=self.dimension,
            num_train=self.num_train,
            num_test=self.num_test,
        )

    def _targets(self, projections: Float[Array, "samples 1"]) -> Float[Array, " samples"]:
        z = projections[:, 0]
        previous, current = jnp.ones_like(z), z
        for order in range(1, self.degree):
            previous, current = current, z * current - order * previous
        return current / 2


@dataclass(frozen=True, kw_only=True)
class MultiIndexQuadratic(_IndexTask):
    r"""Learn $y = \frac1{2r}\sum_{j\le r}(\beta_j\cdot x)^2$ from $x\sim\mathcal N(0, I_D/D)$.

    The $\beta_j$ are orthogonal, of length $\sqrt D$ and uniformly random, so that
    $\mathbb E y = 1/2$ and $\operatorname{Var} y = 1/(2r)$.

    Parameters
    ----------
    num_indices
        $r \le D$.
    dimension, num_train, num_test
        As for :class:`SingleIndexQuadratic`.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or there are more directions than dimensions.

    Source: [kumar2023lazy, App. 15].
    """

    num_indices: int
    dimension: int
    num_train: int
    num_test: int = 1000

    def __post_init__(self):
        require_counts(
            num_indices=self.num_indices,
            dimension=self.dimension,
            num_train=self.num_train,
            num_test=self.num_test,
        )
        require_at_most("dimension", self.dimension, num_indices=self.num_indices)

    @property
    def _num_directions(self) -> int:
        return self.num_indices

    def _targets(self, projections: Float[Array, "samples directions"]) -> Float[Array, " samples"]:
        return jnp.mean(projections**2, axis=1) / 2


@dataclass(frozen=True, kw_only=True)
class SparseRegression:
    r"""Learn $y = x\cdot a^*$ with a sparse $a^*$ from few samples.

    $a^*$ has `sparsity` entries $\pm1$ at uniformly random places, so that
    $\mathbb E y^2$ is the sparsity.

    Parameters
    ----------
    dimension
        $d$.
    sparsity
        Number of non-zero entries of $a^*$, at most $d$.
    num_train, num_test
        Independent samples to train and to test on.
    design
        `"rademacher"`: entries of $x$ are $\pm1$ with equal probability; `"gaussian"`:
        $\mathcal N(0, 1)$.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, the sparsity exceeds the dimension, or the design is
        unknown.

    Source: [lyu2023dichotomy, Sec. 3.3].
    """

    dimension: int
    sparsity: int
    num_train: int
    num_test: int = 1000
    design: Literal["rademacher", "gaussian"] = "rademacher"

    def __post_init__(self):
        require_counts(
            dimension=self.dimension,
            sparsity=self.sparsity,
            num_train=self.num_train,
            num_test=self.num_test,
        )
        require_at_most("dimension", self.dimension, sparsity=self.sparsity)
        if self.design not in ("rademacher", "gaussian"):
            raise ValueError(f"design must be 'rademacher' or 'gaussian', got {self.design!r}")

    def sample(self, *, key: Array) -> Task:
        """Return a fresh sparse target and fresh samples; may be mapped over keys."""
        signal_key, input_key = jax.random.split(key)
        draw = jax.random.rademacher if self.design == "rademacher" else jax.random.normal
        shape = (self.num_train + self.num_test, self.dimension)
        inputs = draw(input_key, shape, jnp.float32)
        signal = sparse_signs(self.dimension, self.sparsity, key=signal_key)
        return independent_samples(
            inputs, product(inputs, signal), num_train=self.num_train, spec=self
        )

    def signal(self, *, key: Array) -> Float[Array, " dimension"]:
        """Return the $a^*$ that :meth:`sample` hides with the same key."""
        return sparse_signs(self.dimension, self.sparsity, key=jax.random.split(key)[0])


def _orthogonal(dimension: int, count: int, key: Array) -> Float[Array, "count dimension"]:
    gaussian = jax.random.normal(key, (dimension, count), jnp.float32)
    basis, triangle = jnp.linalg.qr(gaussian)
    # The signs of the diagonal make the distribution uniform; for one direction they undo the
    # sign that the decomposition chose.
    signs = jnp.where(jnp.diagonal(triangle) < 0, -1.0, 1.0)
    return jnp.sqrt(jnp.float32(dimension)) * (basis * signs[None, :]).T

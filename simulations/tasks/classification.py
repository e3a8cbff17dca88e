r"""Linear classification with labels $\pm1$: sparse rules, and well separated classes.

The two tasks differ in which margin suits them: few samples of a sparse rule are learned by the
largest $\ell_1$ margin and not by the largest $\ell_2$ margin, classes that are separated along a
dense direction the other way round [lyu2023dichotomy].

>>> import jax
>>> spec = SparseSignClassification(dimension=50, sparsity=3, num_train=20, num_test=100)
>>> spec.sample(key=jax.random.key(0)).train().inputs.shape
(20, 50)
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._arguments import require_at_most, require_counts
from ._vectors import product, sparse_signs, unit_vector
from .task import Task, independent_samples


@dataclass(frozen=True, kw_only=True)
class SparseSignClassification:
    r"""Learn $y = \operatorname{sign}(x\cdot a^*)$, $a^*$ sparse, from uniform $x\in\{\pm1\}^d$.

    $a^*$ has `sparsity` entries $\pm1$ at uniformly random places. Targets are the floats $\pm1$,
    as losses of scalar outputs take them.

    Parameters
    ----------
    dimension
        $d$.
    sparsity
        $k \le d$, odd: an even number of signs can cancel and leave no label.
    num_train, num_test
        Independent samples to train and to test on. They take $4d$ bytes each.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or the sparsity is even or exceeds the dimension.

    Source: [lyu2023dichotomy, Sec. 3.2.3]; their run has $d = 10^5$, $k = 3$, 256 train samples.
    """

    dimension: int
    sparsity: int
    num_train: int
    num_test: int = 1000

    def __post_init__(self):
        require_counts(
            dimension=self.dimension,
            sparsity=self.sparsity,
            num_train=self.num_train,
            num_test=self.num_test,
        )
        require_at_most("dimension", self.dimension, sparsity=self.sparsity)
        if self.sparsity % 2 == 0:
            raise ValueError(
                f"sparsity must be odd, got {self.sparsity}: an even number of signs can sum to "
                f"zero and leave no label"
            )

    def sample(self, *, key: Array) -> Task:
        """Return a fresh rule and fresh samples; may be mapped over keys by `jax.vmap`."""
        signal_key, input_key = jax.random.split(key)
        shape = (self.num_train + self.num_test, self.dimension)
        inputs = jax.random.rademacher(input_key, shape, jnp.float32)
        signal = sparse_signs(self.dimension, self.sparsity, key=signal_key)
        # Sums of a few signs are exact in float32, so that no label depends on rounding.
        targets = jnp.sign(product(inputs, signal))
        return independent_samples(inputs, targets, num_train=self.num_train, spec=self)

    def signal(self, *, key: Array) -> Float[Array, " dimension"]:
        """Return the $a^*$ that :meth:`sample` hides with the same key."""
        return sparse_signs(self.dimension, self.sparsity, key=jax.random.split(key)[0])


@dataclass(frozen=True, kw_only=True)
class SeparatedClassification:
    r"""Learn $y = \operatorname{sign}(z\cdot w^*)$ from $x = z + \tfrac\gamma2\,y\,w^*$.

    $z\sim\mathcal N(0, I_d)$, and $w^*$ is a uniformly random unit vector: the classes lie at least
    $\gamma$ apart along a dense direction. Targets are the floats $\pm1$.

    Parameters
    ----------
    dimension
        $d$.
    separation
        $\gamma \ge 0$.
    num_train, num_test
        Independent samples to train and to test on. They take $4d$ bytes each.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or the separation is negative or not finite.

    Source: [lyu2023dichotomy, Sec. 3.2.3]; their run has $d = 10^5$, $\gamma = 25$, 32 train
    samples.
    """

    dimension: int
    separation: float
    num_train: int
    num_test: int = 1000

    def __post_init__(self):
        require_counts(dimension=self.dimension, num_train=self.num_train, num_test=self.num_test)
        if not 0 <= self.separation < math.inf:
            raise ValueError(f"separation must be finite and at least 0, got {self.separation}")

    def sample(self, *, key: Array) -> Task:
        """Return a fresh direction and fresh samples; may be mapped over keys by `jax.vmap`."""
        direction_key, input_key = jax.random.split(key)
        direction = unit_vector(self.dimension, key=direction_key)
        shape = (self.num_train + self.num_test, self.dimension)
        noise = jax.random.normal(input_key, shape, jnp.float32)
        targets = jnp.where(product(noise, direction) >= 0, 1.0, -1.0).astype(jnp.float32)
        inputs = noise + self.separation / 2 * targets[:, None] * direction[None, :]
        return independent_samples(inputs, targets, num_train=self.num_train, spec=self)

    def direction(self, *, key: Array) -> Float[Array, " dimension"]:
        """Return the $w^*$ that :meth:`sample` hides with the same key."""
        return unit_vector(self.dimension, key=jax.random.split(key)[0])

r"""Modular addition as a regression on triples, the task of the kernel lower bounds.

>>> import jax
>>> task = ModularTriples(modulus=5, num_train=50).sample(key=jax.random.key(0))
>>> task.train().inputs.shape, task.test().inputs.shape, float(task.targets.mean())
((50, 3), (75, 3), 1.0)
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ._arguments import require_counts
from .task import Task


@dataclass(frozen=True, kw_only=True)
class ModularTriples:
    r"""Learn $y(a, b, c) = p\,\mathbf 1[a + b = c \bmod p]$ from some of the $p^3$ triples.

    The train set is uniform over all subsets of its size; the test set is every other triple. The
    mean square of $y$ over all triples is $p$.

    Parameters
    ----------
    modulus
        $p \ge 2$.
    num_train
        Number of triples to train on, less than $p^3$.

    Raises
    ------
    TypeError, ValueError
        If a number is not an int or out of range.

    Source: [mohamadi2024kernel, Sec. 3].
    """

    modulus: int
    num_train: int

    def __post_init__(self):
        require_counts(modulus=self.modulus, num_train=self.num_train)
        if self.modulus < 2:
            raise ValueError(f"modulus must be at least 2, got {self.modulus}")
        if self.num_train >= self.modulus**3:
            raise ValueError(
                f"num_train must leave triples to test on: at most {self.modulus**3 - 1} of "
                f"{self.modulus**3}, got {self.num_train}"
            )

    def sample(self, *, key: Array) -> Task:
        """Return the task with a uniformly random split; may be mapped over keys by `jax.vmap`."""
        triples = np.indices((self.modulus,) * 3, dtype=np.int32).reshape(3, -1).T
        a, b, c = triples.T
        targets = self.modulus * ((a + b - c) % self.modulus == 0)
        return Task(
            inputs=jnp.asarray(triples),
            targets=jnp.asarray(targets, jnp.float32),
            order=jax.random.permutation(key, len(triples)).astype(jnp.int32),
            num_train=jnp.asarray(self.num_train, jnp.int32),
            train_floor=self.num_train,
            train_capacity=self.num_train,
            num_classes=None,
            spec=self,
        )

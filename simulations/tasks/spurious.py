r"""Small problems on which models without hidden features grok, most of them with spurious inputs.

>>> import jax
>>> task = HiddenParity(num_relevant=3, num_spurious=5, num_train=20).sample(key=jax.random.key(0))
>>> task.train().inputs.shape, sorted(set(task.targets.tolist()))
((20, 8), [0, 1])
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from ._arguments import require_counts
from .groups import is_prime
from .task import Task, independent_samples


def spurious_features(x: Any) -> Any:
    r"""Features $(x, x^2, x^3, \sin 100x)$ on a new last axis, of a NumPy or a JAX array alike."""
    xp = x.__array_namespace__()
    return xp.stack([x, x**2, x**3, xp.sin(100 * x)], axis=-1)


@dataclass(frozen=True, kw_only=True)
class SpuriousLinear:
    r"""Learn $y = 0.3x$ from the features $(x, x^2, x^3, \sin 100x)$, of which one is enough.

    $x$ is uniform in $[-\frac12, \frac12]$. The paper's two train samples leave two directions of
    the weights free, which only a penalty can move.

    Parameters
    ----------
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [miller2023beyond, Sec. 2.1.1].
    """

    num_train: int = 2
    num_test: int = 98

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)

    def sample(self, *, key: Array) -> Task:
        """Return fresh samples; may be mapped over keys by `jax.vmap`."""
        x = jax.random.uniform(key, (self.num_train + self.num_test,), minval=-0.5, maxval=0.5)
        return independent_samples(
            spurious_features(x), 0.3 * x, num_train=self.num_train, spec=self
        )


@dataclass(frozen=True, kw_only=True)
class NoisySine:
    r"""Learn $y = \sin 2x + \xi$ on a line, $x$ uniform in $[-\frac32, \frac32]$.

    Train and test targets carry the same independent noise $\xi \sim \mathcal N(0, \sigma^2)$.

    Parameters
    ----------
    noise
        $\sigma \ge 0$.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or the noise is negative.

    Source: [miller2023beyond, Sec. 2.3.1].
    """

    noise: float = 0.1
    num_train: int = 50
    num_test: int = 50

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)
        if not self.noise >= 0:
            raise ValueError(f"noise must be at least 0, got {self.noise}")

    def sample(self, *, key: Array) -> Task:
        """Return fresh samples, inputs as rows of one number."""
        input_key, noise_key = jax.random.split(key)
        count = self.num_train + self.num_test
        x = jax.random.uniform(input_key, (count,), minval=-1.5, maxval=1.5)
        targets = jnp.sin(2 * x) + self.noise * jax.random.normal(noise_key, (count,))
        return independent_samples(x[:, None], targets, num_train=self.num_train, spec=self)


@dataclass(frozen=True, kw_only=True)
class ZeroOneLine:
    r"""Tell positive from negative numbers, $x$ uniform in $[-\frac12, \frac12]$.

    Parameters
    ----------
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [miller2023beyond, Sec. 2.1.2].
    """

    num_train: int = 20
    num_test: int = 20

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)

    @property
    def num_classes(self) -> int:
        """Two."""
        return 2

    def sample(self, *, key: Array) -> Task:
        """Return fresh samples, inputs as rows of one number."""
        count = self.num_train + self.num_test
        x = jax.random.uniform(key, (count, 1), minval=-0.5, maxval=0.5)
        classes = (x[:, 0] > 0).astype(jnp.int32)
        return independent_samples(
            x, classes, num_train=self.num_train, num_classes=self.num_classes, spec=self
        )


@dataclass(frozen=True, kw_only=True)
class HiddenParity:
    r"""Predict the parity of the first $k$ of $k + m$ random bits; the other $m$ are spurious.

    The inputs are 0 or 1, the class is the sum of the relevant bits modulo 2.

    Parameters
    ----------
    num_relevant, num_spurious
        $k$ and $m$; the paper takes 3 of 40 for the Gaussian process, 3 of 30 for the network.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [miller2023beyond, Secs. 2.1.3, 2.3.2].
    """

    num_relevant: int = 3
    num_spurious: int = 37
    num_train: int = 1000
    num_test: int = 100

    def __post_init__(self):
        require_counts(
            num_relevant=self.num_relevant,
            num_spurious=self.num_spurious,
            num_train=self.num_train,
            num_test=self.num_test,
        )

    @property
    def dimension(self) -> int:
        """Number of inputs."""
        return self.num_relevant + self.num_spurious

    @property
    def num_classes(self) -> int:
        """Two."""
        return 2

    def sample(self, *, key: Array) -> Task:
        """Return fresh bits; may be mapped over keys by `jax.vmap`."""
        bits = jax.random.bernoulli(key, shape=(self.num_train + self.num_test, self.dimension))
        classes = bits[:, : self.num_relevant].sum(axis=1) % 2
        return independent_samples(
            bits.astype(jnp.float32),
            classes.astype(jnp.int32),
            num_train=self.num_train,
            num_classes=self.num_classes,
            spec=self,
        )


CONCEALED_OPERATIONS: dict[str, Callable[[Array, Array], Array]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a / b": lambda a, b: a * b,  # is given the inverse of b
    "a^2 + a b + b^2": lambda a, b: a**2 + a * b + b**2,
    "a^2 + a b + b^2 + a": lambda a, b: a**2 + a * b + b**2 + a,
    "a b a": lambda a, b: a * b * a,
}


@dataclass(frozen=True, kw_only=True)
class ConcealedModular:
    r"""Compute $a \circ b \bmod p$ from two one-hot vectors, followed by $k$ random bits.

    Pairs are drawn with replacement, so that most test pairs occur among the train pairs: what is
    tested is whether the network ignores the bits.

    Parameters
    ----------
    operation
        One of :data:`CONCEALED_OPERATIONS`; `a / b` draws $b \ne 0$.
    num_spurious
        $k \ge 0$.
    modulus
        $p$, a prime.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or the operation is unknown.

    Source: [miller2023beyond, Sec. 2.2].
    """

    operation: str = "a + b"
    num_spurious: int
    modulus: int = 7
    num_train: int = 600
    num_test: int = 200

    def __post_init__(self):
        if self.operation not in CONCEALED_OPERATIONS:
            raise ValueError(
                f"operation must be one of {list(CONCEALED_OPERATIONS)}, got {self.operation!r}"
            )
        require_counts(num_train=self.num_train, num_test=self.num_test)
        if self.num_spurious < 0:
            raise ValueError(f"num_spurious must be at least 0, got {self.num_spurious}")
        if not is_prime(self.modulus):
            raise ValueError(f"modulus must be a prime number, got {self.modulus}")

    @property
    def dimension(self) -> int:
        """Number of inputs, $2p + k$."""
        return 2 * self.modulus + self.num_spurious

    @property
    def num_classes(self) -> int:
        """The modulus."""
        return self.modulus

    def sample(self, *, key: Array) -> Task:
        """Return fresh samples; may be mapped over keys by `jax.vmap`."""
        first_key, second_key, bit_key = jax.random.split(key, 3)
        count = self.num_train + self.num_test
        is_division = self.operation == "a / b"
        a = jax.random.randint(first_key, (count,), 0, self.modulus)
        b = jax.random.randint(second_key, (count,), int(is_division), self.modulus)
        bits = jax.random.bernoulli(bit_key, shape=(count, self.num_spurious))
        inputs = [jax.nn.one_hot(operand, self.modulus) for operand in (a, b)]
        factor = self._inverses()[b] if is_division else b
        classes = CONCEALED_OPERATIONS[self.operation](a, factor) % self.modulus
        return independent_samples(
            jnp.concatenate([*inputs, bits.astype(jnp.float32)], axis=1),
            classes.astype(jnp.int32),
            num_train=self.num_train,
            num_classes=self.modulus,
            spec=self,
        )

    def _inverses(self) -> Array:
        return jnp.array([0, *(pow(b, -1, self.modulus) for b in range(1, self.modulus))])

r"""Regression on the outputs of a random network, the teacher.

>>> import jax
>>> spec = ReluTeacherStudent(dimension=10, width=20, num_outputs=2, num_train=30, num_test=50)
>>> spec.sample(key=jax.random.key(0)).train().targets.shape
(30, 2)
"""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._arguments import require_counts
from ._vectors import product
from .task import Task, independent_samples


@dataclass(frozen=True, kw_only=True)
class ReluTeacherStudent:
    r"""Learn $y = V\operatorname{ReLU}(Wx)$ from $x\sim\mathcal N(0, I_d)$.

    The teacher has entries $W\sim\mathcal N(0, 1)$ and $V\sim\mathcal N(0, 1/h^2)$, $h$ its width,
    so that $\mathbb E y_c^2 = d/(2h)$.

    Parameters
    ----------
    dimension
        $d$.
    width
        $h$.
    num_outputs
        Number of rows of $V$.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: [notsawo2025norm, Sec. 3.5]; their defaults are taken here.
    """

    dimension: int = 100
    width: int = 500
    num_outputs: int = 2
    num_train: int = 100
    num_test: int = 1000

    def __post_init__(self):
        _require_all_counts(self)

    def sample(self, *, key: Array) -> Task:
        """Return a fresh teacher and fresh samples; may be mapped over keys by `jax.vmap`."""
        teacher_key, input_key = jax.random.split(key)
        hidden, readout = self._weights(teacher_key)
        inputs = _gaussian_inputs(self, input_key)
        targets = product(jax.nn.relu(product(inputs, hidden.T)), readout.T)
        return independent_samples(inputs, targets, num_train=self.num_train, spec=self)

    def teacher(
        self, *, key: Array
    ) -> tuple[Float[Array, "width dimension"], Float[Array, "outputs width"]]:
        """Return the weights $W$ and $V$ of the teacher of :meth:`sample` with the same key."""
        return self._weights(jax.random.split(key)[0])

    def _weights(
        self, key: Array
    ) -> tuple[Float[Array, "width dimension"], Float[Array, "outputs width"]]:
        hidden_key, readout_key = jax.random.split(key)
        hidden = jax.random.normal(hidden_key, (self.width, self.dimension), jnp.float32)
        readout = jax.random.normal(readout_key, (self.num_outputs, self.width), jnp.float32)
        return hidden, readout / self.width


@dataclass(frozen=True, kw_only=True)
class TanhTeacherStudent:
    r"""Learn $y = W_3\tanh(W_2\tanh(W_1x))$ from $x\sim\mathcal N(0, I_d)$.

    Entries of every $W_l$ are independent $\mathcal N(0, 1/\text{fan-in})$; no biases.

    Parameters
    ----------
    dimension
        $d$.
    width
        Width of both hidden layers.
    num_outputs
        Number of outputs.
    num_train, num_test
        Independent samples to train and to test on.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int.

    Source: shape and inputs from [kumar2023lazy, App. 8.3.1], which leaves the weights open.
    """

    dimension: int = 5
    width: int = 100
    num_outputs: int = 5
    num_train: int = 100
    num_test: int = 1000

    def __post_init__(self):
        _require_all_counts(self)

    def sample(self, *, key: Array) -> Task:
        """Return a fresh teacher and fresh samples; may be mapped over keys by `jax.vmap`."""
        teacher_key, input_key = jax.random.split(key)
        first, second, readout = self._weights(teacher_key)
        inputs = _gaussian_inputs(self, input_key)
        activity = jnp.tanh(product(inputs, first.T))
        targets = product(jnp.tanh(product(activity, second.T)), readout.T)
        return independent_samples(inputs, targets, num_train=self.num_train, spec=self)

    def teacher(self, *, key: Array) -> tuple[Float[Array, "fan_out fan_in"], ...]:
        """Return the weights of the teacher of :meth:`sample` with the same key."""
        return self._weights(jax.random.split(key)[0])

    def _weights(self, key: Array) -> tuple[Array, ...]:
        sizes = (self.dimension, self.width, self.width, self.num_outputs)
        return tuple(
            jax.random.normal(layer_key, (fan_out, fan_in), jnp.float32) / math.sqrt(fan_in)
            for layer_key, fan_in, fan_out in zip(
                jax.random.split(key, 3), sizes[:-1], sizes[1:], strict=True
            )
        )


def _require_all_counts(spec: ReluTeacherStudent | TanhTeacherStudent) -> None:
    require_counts(
        dimension=spec.dimension,
        width=spec.width,
        num_outputs=spec.num_outputs,
        num_train=spec.num_train,
        num_test=spec.num_test,
    )


def _gaussian_inputs(
    spec: ReluTeacherStudent | TanhTeacherStudent, key: Array
) -> Float[Array, "samples dimension"]:
    return jax.random.normal(key, (spec.num_train + spec.num_test, spec.dimension), jnp.float32)

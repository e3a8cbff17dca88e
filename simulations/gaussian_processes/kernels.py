"""The kernel of the paper in the coordinates that are trained, and checks of its settings."""

import warnings

import jax.numpy as jnp
import numpy as np
import tinygp
from jax.core import Tracer
from jaxtyping import Array, Float

from ..tasks.task import Task


def squared_exponential(
    log_length_scale: Float[Array, "*dimension"], log_signal: Float[Array, ""]
) -> tinygp.kernels.Kernel:
    r"""Return $K(x, x') = s\,\exp(-\sum_d (x_d-x'_d)^2/2\ell_d^2)$ on rows of inputs.

    One length scale for all dimensions, or one for each (automatic relevance determination).
    """
    shape = tinygp.kernels.ExpSquared()
    return jnp.exp(log_signal) * tinygp.transforms.Linear(jnp.exp(-log_length_scale), shape)


def check_positive(**values: float | Float[Array, "..."]) -> None:
    """Refuse concrete numbers that are not positive; traced ones cannot be checked."""
    for name, value in values.items():
        if not isinstance(value, Tracer) and not np.all(np.asarray(value) > 0):
            raise ValueError(f"{name} must be positive, got {value}")


def warn_of_jitter(jitter: float, reason: str) -> None:
    """Say that a jitter is added to the diagonal of a covariance, and why."""
    warnings.warn(
        f"{reason}: a jitter of {jitter:g} of the signal variance is added to its diagonal",
        stacklevel=3,
    )


def refuse_padding(task: Task) -> None:
    """Refuse a task whose train batch may hold rows that do not count."""
    if task.train_floor != task.train_capacity:
        raise ValueError(
            "a Gaussian process needs a train set of fixed size, since all rows are correlated: "
            "generate the task without min_train_fraction and max_train_fraction"
        )

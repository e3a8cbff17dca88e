r"""Exact Gaussian process regression with trained hyper-parameters.

$$ L = \underbrace{\frac{r^\top C^{-1}r}{2n}}_{\text{data fit}}
   + \beta\underbrace{\frac{\ln\det C}{2n}}_{\text{complexity}}, \qquad C = K + \nu I . $$
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import tinygp
from jaxtyping import Array, Float

from ..models.frozen import Frozen
from ..tasks.task import Batch, Task
from .kernels import check_positive, refuse_padding, squared_exponential, warn_of_jitter

_JITTER = 1e-10  # of the signal variance, in place of no noise at all


class GaussianProcess(eqx.Module):
    r"""A process with a squared-exponential kernel, a constant mean and Gaussian noise.

    All four are trained, in logarithms where they are positive, unless the noise is frozen.

    Parameters
    ----------
    log_length_scale
        $\ln\ell$, a scalar or one entry a dimension.
    log_signal
        $\ln s$.
    mean
        $m$.
    log_noise
        $\ln\nu$, wrapped in :class:`.Frozen` if it is not trained.

    [miller2023beyond, Sec. 2.3.1]
    """

    log_length_scale: Float[Array, "*dimension"]
    log_signal: Float[Array, ""]
    mean: Float[Array, ""]
    log_noise: Float[Array, ""] | Frozen[Float[Array, ""]]

    @classmethod
    def init(
        cls,
        *,
        length_scale: float | Float[Array, "..."],
        signal: float | Float[Array, ""],
        noise: float | Float[Array, ""],
        mean: float | Float[Array, ""] = 0.0,
        trains_noise: bool = False,
    ) -> GaussianProcess:
        r"""Start from given hyper-parameters, which may be traced.

        Parameters
        ----------
        length_scale
            $\ell > 0$, a number or one a dimension.
        signal, noise
            Variances $s > 0$ and $\nu \ge 0$. Without any noise a jitter takes its place, with a
            warning: the kernel matrix is singular to rounding once inputs come close.
        mean
            $m$.
        trains_noise
            Whether the noise is trained, too.

        Raises
        ------
        ValueError
            If a concrete length scale or signal is not positive, or the noise negative.
        """
        check_positive(length_scale=length_scale, signal=signal)
        if isinstance(noise, int | float):
            if noise < 0:
                raise ValueError(f"noise must be at least 0, got {noise}")
            if noise == 0:
                warn_of_jitter(_JITTER, "without noise the covariance of close inputs is singular")
                noise = _JITTER * signal
        log_noise = jnp.log(jnp.asarray(noise, float))
        return cls(
            jnp.log(jnp.asarray(length_scale, float)),
            jnp.log(jnp.asarray(signal, float)),
            jnp.asarray(mean, float),
            log_noise if trains_noise else Frozen(log_noise),
        )

    @property
    def noise(self) -> Float[Array, ""]:
        r"""The noise variance $\nu$."""
        frozen = isinstance(self.log_noise, Frozen)
        return jnp.exp(self.log_noise.value if frozen else self.log_noise)  # pyright: ignore

    def prior(self, inputs: Float[Array, "samples dimension"]) -> tinygp.GaussianProcess:
        """Return tinygp's process at given inputs, with its Cholesky factor."""
        kernel = squared_exponential(self.log_length_scale, self.log_signal)
        return tinygp.GaussianProcess(kernel, inputs, diag=self.noise, mean=self.mean)

    def predict(
        self, train: Batch, inputs: Float[Array, "points dimension"]
    ) -> Float[Array, " points"]:
        """Return the posterior mean at new inputs, given the train samples."""
        return self.prior(train.inputs).condition(train.targets, inputs).gp.loc


def data_fit(model: GaussianProcess, batch: Batch) -> Float[Array, ""]:
    r"""Return $r^\top C^{-1}r/2n$ of a train set; every row counts."""
    return _terms(model, batch)[0]


def complexity(model: GaussianProcess, batch: Batch) -> Float[Array, ""]:
    r"""Return $\ln\det C/2n$ of a train set; every row counts."""
    return _terms(model, batch)[1]


def negative_log_likelihood(
    model: GaussianProcess, batch: Batch, complexity_weight: float | Float[Array, ""] = 1.0
) -> Float[Array, ""]:
    r"""Return data fit plus $\beta$ times complexity: a loss for :func:`.train`.

    With $\beta = 1$, the default, it is $-\frac1n\ln p(y) - \frac12\ln2\pi$. All rows count; a
    minibatch would change the model.
    """
    fit, complexity = _terms(model, batch)
    return fit + complexity_weight * complexity


def train_error(model: GaussianProcess, task: Task) -> Float[Array, ""]:
    """Return the mean squared error of the posterior mean on the train set.

    Raises
    ------
    ValueError
        If the size of the train set may vary.
    """
    refuse_padding(task)
    train = task.train()
    return _error(model, train, train)


def test_error(model: GaussianProcess, task: Task) -> Float[Array, ""]:
    """Return the mean squared error of the posterior mean on the test set.

    Raises
    ------
    ValueError
        If the size of the train set may vary.
    """
    refuse_padding(task)
    return _error(model, task.train(), task.test())


def _terms(model: GaussianProcess, batch: Batch) -> tuple[Array, Array]:
    prior = model.prior(batch.inputs)
    count = len(batch.inputs)
    whitened = prior.solver.solve_triangular(batch.targets - prior.loc)
    log_determinant = prior.solver.normalization() - count * jnp.log(2 * jnp.pi) / 2
    return jnp.sum(whitened**2) / (2 * count), log_determinant / count


def _error(model: GaussianProcess, train: Batch, batch: Batch) -> Array:
    return jnp.mean((model.predict(train, batch.inputs) - batch.targets) ** 2)

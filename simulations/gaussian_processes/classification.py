r"""Gaussian process classification by a full-covariance Gaussian posterior at the train inputs.

$$ L = \frac1n\Bigl[-\sum_i\mathbb E_{\mathcal N(\mu_i,S_{ii})}\ln\Phi(y_if)
   + \beta\,\mathrm{KL}\bigl(\mathcal N(\mu,S)\,\Vert\,\mathcal N(m,K)\bigr)\Bigr],
   \qquad y = \pm1 . $$

The posterior is trained together with the hyper-parameters, not whitened: while the length scale
moves, it stays where it is, and the divergence from the prior is what the length scale feels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float

from ..tasks.task import Batch, Task
from .kernels import check_positive, refuse_padding, squared_exponential

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(20)  # as many as the paper's library takes
_LIBRARY_SIGNAL = math.log(2)  # softplus of zero
_NO_PREDICTION = 1e-6  # distance from 1/2 below which a probability says nothing


class VariationalClassifier(eqx.Module):
    r"""A latent squared-exponential process, and its approximate posterior at the train inputs.

    Parameters
    ----------
    log_length_scale, log_signal, mean
        $\ln\ell$ (a scalar, or one entry a dimension), $\ln s$ and $m$ of the prior.
    posterior_mean, posterior_factor
        $\mu$, and a matrix whose lower triangle is $A$ in $S = AA^\top$.
    jitter
        Added to the diagonal of $K$, times $s$.

    [miller2023beyond, Sec. 2.1.2]
    """

    log_length_scale: Float[Array, "*dimension"]
    log_signal: Float[Array, ""]
    mean: Float[Array, ""]
    posterior_mean: Float[Array, " samples"]
    posterior_factor: Float[Array, "samples samples"]
    jitter: float = eqx.field(static=True)

    @classmethod
    def init(
        cls,
        task: Task,
        *,
        length_scale: float | Float[Array, "..."],
        signal: float | Float[Array, ""] = _LIBRARY_SIGNAL,
        jitter: float = 1e-6,
        key: Array,
    ) -> VariationalClassifier:
        r"""Start with the posterior at the prior, but for a mean of size $10^{-3}$.

        Parameters
        ----------
        task
            Whose train inputs the posterior lives at; classes 0 and 1.
        length_scale
            $\ell > 0$, a number or one a dimension; may be traced.
        signal
            $s$; the default is that of the paper's library.
        jitter
            Share of $s$ that is added to the diagonal of $K$ in all that follows: kernel matrices
            are singular to rounding once the length scale exceeds the distances of the inputs.
        key
            Of the small mean.

        Raises
        ------
        ValueError
            If a concrete number is not positive, or the size of the train set may vary.
        """
        check_positive(length_scale=length_scale, signal=signal, jitter=jitter)
        refuse_padding(task)
        inputs = task.train().inputs
        model = cls(
            jnp.log(jnp.asarray(length_scale, float)),
            jnp.log(jnp.asarray(signal, float)),
            jnp.zeros((), float),
            1e-3 * jax.random.normal(key, (len(inputs),), float),
            jnp.eye(len(inputs), dtype=float),
            jitter,
        )
        return eqx.tree_at(lambda m: m.posterior_factor, model, model.prior_factor(inputs))

    def prior_factor(
        self, inputs: Float[Array, "samples dimension"]
    ) -> Float[Array, "samples samples"]:
        """Return the lower Cholesky factor of the prior covariance, jitter included."""
        gram = squared_exponential(self.log_length_scale, self.log_signal)(inputs, inputs)
        diagonal = self.jitter * jnp.exp(self.log_signal)
        return jnp.linalg.cholesky(gram + diagonal * jnp.eye(len(inputs), dtype=gram.dtype))

    def posterior_at(self, train: Batch, inputs: Float[Array, "points dimension"]) -> Posterior:
        """Return mean and variance of the latent function at new inputs."""
        kernel = squared_exponential(self.log_length_scale, self.log_signal)
        factor = self.prior_factor(train.inputs)
        whitened = solve_triangular(factor, kernel(train.inputs, inputs), lower=True)
        projection = solve_triangular(factor.T, whitened, lower=False)
        spread = jnp.tril(self.posterior_factor).T @ projection
        return Posterior(
            self.mean + projection.T @ (self.posterior_mean - self.mean),
            jnp.exp(self.log_signal) - jnp.sum(whitened**2, axis=0) + jnp.sum(spread**2, axis=0),
        )


class Posterior(NamedTuple):
    """Mean and variance of the latent function, one entry a point."""

    mean: Float[Array, " points"]
    variance: Float[Array, " points"]


def expected_fit(model: VariationalClassifier, batch: Batch) -> Float[Array, ""]:
    r"""Return the data fit, $-\frac1n\sum_i\mathbb E\ln\Phi(y_if_i)$, of a train set."""
    deviations = jnp.linalg.norm(jnp.tril(model.posterior_factor), axis=1)
    nodes = jnp.asarray(_NODES, deviations.dtype)
    values = (_signs(batch) * model.posterior_mean)[:, None] + deviations[:, None] * nodes[None]
    weights = jnp.asarray(_WEIGHTS / _WEIGHTS.sum(), deviations.dtype)
    return -jnp.mean(jax.scipy.stats.norm.logcdf(values) @ weights)


def divergence(model: VariationalClassifier, batch: Batch) -> Float[Array, ""]:
    r"""Return the complexity, $\frac1n\mathrm{KL}(\mathcal N(\mu,S)\Vert\mathcal N(m,K))$."""
    prior, posterior = model.prior_factor(batch.inputs), jnp.tril(model.posterior_factor)
    spread = solve_triangular(prior, posterior, lower=True)
    shift = solve_triangular(prior, model.posterior_mean - model.mean, lower=True)
    volume = jnp.sum(jnp.log(jnp.diag(prior))) - jnp.sum(jnp.log(jnp.abs(jnp.diag(posterior))))
    count = len(batch.inputs)
    return ((jnp.sum(spread**2) + jnp.sum(shift**2) - count) / 2 + volume) / count


def negative_evidence_bound(
    model: VariationalClassifier, batch: Batch, divergence_weight: float | Float[Array, ""] = 1.0
) -> Float[Array, ""]:
    r"""Return data fit plus $\beta$ times complexity: a loss for :func:`.train`.

    All rows count; a minibatch would change the model.
    """
    return expected_fit(model, batch) + divergence_weight * divergence(model, batch)


def latent_scores(
    model: VariationalClassifier, train: Batch, batch: Batch
) -> Float[Array, " points"]:
    r"""Return $z = \mu/\sqrt{1+v}$ at the rows of a batch; $\Phi(z)$ is the probability of 1."""
    posterior = model.posterior_at(train, batch.inputs)
    return posterior.mean / jnp.sqrt(1 + posterior.variance)


def train_accuracy(model: VariationalClassifier, task: Task) -> Float[Array, ""]:
    """Return the accuracy on the train set, see :func:`test_accuracy`."""
    return _accuracy(model, task.train(), task.train())


def test_accuracy(model: VariationalClassifier, task: Task) -> Float[Array, ""]:
    """Return the accuracy on the test set.

    A probability within a millionth of one half is no prediction and counts 1/2: the sign of the
    tail of a kernel would otherwise classify by the nearest neighbor, however far that is.
    """
    return _accuracy(model, task.train(), task.test())


def predictive_log_likelihood(model: VariationalClassifier, task: Task) -> Float[Array, ""]:
    """Return the mean log probability of the test classes."""
    batch = task.test()
    scores = latent_scores(model, task.train(), batch)
    return jnp.mean(jax.scipy.stats.norm.logcdf(_signs(batch) * scores))


def _accuracy(model: VariationalClassifier, train: Batch, batch: Batch) -> Array:
    agreement = jax.scipy.stats.norm.cdf(_signs(batch) * latent_scores(model, train, batch)) - 0.5
    is_silent = jnp.abs(agreement) < _NO_PREDICTION
    return jnp.mean(jnp.where(is_silent, 0.5, agreement > 0))


def _signs(batch: Batch) -> Array:
    return 2 * batch.targets - 1

r"""A Bayesian network with an independent Gaussian over every weight.

Written here because the local reparametrization needs the layer's own arithmetic: numpyro and
blackjax sample whole weight matrices, one for all rows, at a larger variance of the gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..tasks.task import Batch
from ._layers import ACTIVATIONS, check_choice, check_scale, check_sizes


class MeanFieldMLP(eqx.Module):
    r"""Dense network whose weights are $\mathcal N(M, e^{2\rho})$, independently.

    Biases are the weights of a further input that is one. A call, and `batched`, use the mean
    weights; :meth:`sampled` draws the preactivations of every row from their distribution,

    $$ h = M x + \sqrt{e^{2\rho}x^2}\;\epsilon, \qquad \epsilon\sim\mathcal N(0, I) . $$

    Parameters
    ----------
    means, log_deviations
        $M$ and $\rho$ of every layer, one row a unit, the bias last.
    activation
        Of the hidden layers.

    [miller2023beyond, Sec. 2.3.2]
    """

    means: tuple[Float[Array, "_ _"], ...]
    log_deviations: tuple[Float[Array, "_ _"], ...]
    activation: str = eqx.field(static=True, default="relu")

    @classmethod
    def init(
        cls,
        sizes: Sequence[int],
        *,
        mean_scale: float | Float[Array, ""],
        deviation: float = 0.01,
        activation: str = "relu",
        key: Array,
    ) -> MeanFieldMLP:
        r"""Draw the means from $\mathcal N(0, \text{scale}^2)$.

        Parameters
        ----------
        sizes
            Number of inputs, of units of every hidden layer, and of outputs: at least two numbers.
        mean_scale
            Positive; may be traced.
        deviation
            Standard deviation of every weight at first.
        activation
            Of the hidden layers.

        Raises
        ------
        ValueError
            For too few layers, a size below 1, a scale that is not positive, or an unknown
            activation.
        """
        if len(sizes) < 2:
            raise ValueError(f"sizes must name at least inputs and outputs, got {list(sizes)}")
        check_sizes({f"sizes[{i}]": size for i, size in enumerate(sizes)})
        check_choice("activation", activation, list(ACTIVATIONS))
        check_scale(mean_scale)
        check_scale(deviation)
        shapes = [(units, fan_in + 1) for fan_in, units in pairwise(sizes)]
        keys = jax.random.split(key, len(shapes))
        return cls(
            tuple(mean_scale * jax.random.normal(k, s) for k, s in zip(keys, shapes, strict=True)),
            tuple(jnp.full(shape, jnp.log(deviation)) for shape in shapes),
            activation,
        )

    def __call__(self, inputs: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """Outputs of the mean weights for one sample."""
        return self.batched(inputs[None])[0]

    def batched(self, inputs: Float[Array, "samples inputs"]) -> Float[Array, "samples outputs"]:
        """Outputs of the mean weights for many samples."""
        values = inputs
        for layer, mean in enumerate(self.means):
            values = self._entering(values, layer) @ mean.T
        return values

    def sampled(
        self, inputs: Float[Array, "samples inputs"], *, key: Array
    ) -> Float[Array, "samples outputs"]:
        """Outputs of weights drawn anew for every sample."""
        keys = jax.random.split(key, len(self.means))
        values = inputs
        for layer, (mean, rho) in enumerate(zip(self.means, self.log_deviations, strict=True)):
            entering = self._entering(values, layer)
            values = entering @ mean.T
            # The bias keeps the variance positive where all inputs vanish.
            spread = jnp.sqrt(entering**2 @ jnp.exp(2 * rho).T)
            values = values + spread * jax.random.normal(keys[layer], values.shape, values.dtype)
        return values

    def divergence(self, prior_deviation: float = 1.0) -> Float[Array, ""]:
        r"""Return the divergence from the prior $\mathcal N(0, \sigma_p^2)$ of every weight.

        $$ \mathrm{KL} = \sum\Bigl[\ln\frac{\sigma_p}\sigma + \frac{\sigma^2+M^2}{2\sigma_p^2}
           - \tfrac12\Bigr], \qquad \sigma = e^\rho . $$
        """
        scale = jnp.log(prior_deviation)
        parts = [
            jnp.sum(scale - rho + (jnp.exp(2 * rho) + mean**2) / (2 * prior_deviation**2) - 0.5)
            for mean, rho in zip(self.means, self.log_deviations, strict=True)
        ]
        return jnp.sum(jnp.stack(parts))

    def _entering(self, values: Array, layer: int) -> Array:
        values = ACTIVATIONS[self.activation](values) if layer else values
        return jnp.concatenate([values, jnp.ones_like(values[:, :1])], axis=1)


def variational_cross_entropy(
    num_train: int, *, divergence_weight: float = 1.0
) -> Callable[..., Float[Array, ""]]:
    r"""Return the loss $\text{cross-entropy} + \beta\,\mathrm{KL}/N$ of a :class:`MeanFieldMLP`.

    Parameters
    ----------
    num_train
        $N$, size of the train set of which a batch is a part.
    divergence_weight
        $\beta$.

    Returns
    -------
    `loss(model, batch, key)`, the cross-entropy at sampled weights, for :func:`.train`.

    Raises
    ------
    ValueError
        If `num_train` is below 1.

    [miller2023beyond, Sec. 2.3.2]
    """
    check_sizes({"num_train": num_train})

    def loss(model: MeanFieldMLP, batch: Batch, key: Array) -> Float[Array, ""]:
        log_odds = jax.nn.log_softmax(model.sampled(batch.inputs, key=key))
        hits = jnp.take_along_axis(log_odds, batch.targets[:, None], axis=1)[:, 0]
        weights = batch.weights.astype(hits.dtype)
        error = -jnp.sum(weights * hits) / weights.sum()
        return error + divergence_weight * model.divergence() / num_train

    return loss

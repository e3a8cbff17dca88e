r"""Exact sampling of deep linear networks: every layer in turn from its Gaussian conditional.

$$p(W_1,\dots,W_L)\propto\exp\Big(-s\,\|W_L\cdots W_1-C\|_F^2
  -\frac\gamma2\sum_l\|W_l-W_l^0\|_F^2\Big)$$

is Gaussian in one layer $W$ given the others: with $P$ the product of the layers after it and $Q$
that of the layers before it,

$$\text{precision}=\gamma\,I+2s\,(QQ^T\otimes P^TP),\qquad
  \text{precision}\cdot\text{mean}=\gamma W^0+2sP^TCQ^T.$$

In the eigenbases of $QQ^T$ and $P^TP$ all entries are independent. There is no step size, hence no
error of one.
"""

import time
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from ..backend import self_check
from ._arguments import refuse_not_positive, refuse_too_many_steps
from ._walkers import provenance, serial_jit
from .chains import dataset_of, refuse_bad_recording

Layers = list[Float[Array, "_ _"]]  # of different shapes


def deep_linear_gibbs(
    target: Float[np.ndarray, "outputs inputs"],
    hidden: Sequence[int],
    *,
    scale: float,
    num_sweeps: int,
    num_chains: int,
    key: Array,
    prior_precision: float = 1.0,
    centers: Sequence[Float[np.ndarray, "_ _"]] | None = None,
    burn_in: int = 0,
    record_every: int = 1,
) -> xr.Dataset:
    r"""Sample a deep linear network exactly, by block Gibbs sweeps in float64.

    Parameters
    ----------
    target
        $C$, what the product of the layers should be.
    hidden
        Widths of the hidden layers, from the input on; at least one.
    scale
        $s > 0$.
    num_sweeps, burn_in, record_every
        Sweeps over all layers after the burn-in, before, and between two draws.
    num_chains
        Independent chains; they start from the prior.
    key
        Random key.
    prior_precision
        $\gamma > 0$ of the Gaussian prior, or of the localization.
    centers
        $W_l^0$, one for every layer; zero by default.

    Returns
    -------
    xarray.Dataset
        `excess` $=\|W_L\cdots W_1-C\|_F^2$ over `chain` and `draw`. $s$ times its mean estimates
        the learning coefficient, with no error but the statistical one and that of finite $s$.

    Raises
    ------
    ValueError
        For arguments out of range, or centers of other shapes.

    Source: derived by completing the square in one layer.
    """
    started = time.monotonic()
    target = np.asarray(target, np.float64)
    if target.ndim != 2 or not np.isfinite(target).all():
        raise ValueError(f"target must be a finite matrix, got shape {target.shape}")
    widths = [target.shape[1], *hidden, target.shape[0]]
    if len(widths) < 3 or min(widths) < 1:
        raise ValueError(f"hidden must name at least one width of at least 1, got {hidden}")
    refuse_not_positive(scale=scale, prior_precision=prior_precision)
    refuse_too_many_steps(num_sweeps + burn_in, "num_sweeps + burn_in")
    refuse_bad_recording(num_sweeps, record_every, burn_in)
    if num_chains < 1:
        raise ValueError(f"num_chains must be at least 1, got {num_chains}")
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    if centers is None:
        centers = [np.zeros(shape) for shape in shapes]
    if [np.shape(center) for center in centers] != shapes:
        raise ValueError(
            f"centers must have the shapes {shapes}, got {[np.shape(center) for center in centers]}"
        )
    self_check()
    with jax.enable_x64(True):
        excess = np.asarray(
            _sweeps(
                jnp.asarray(target),
                [jnp.asarray(center, jnp.float64) for center in centers],
                jnp.float64(scale),
                jnp.float64(prior_precision),
                jax.random.split(key, num_chains),
                num_draws=num_sweeps // record_every,
                record_every=record_every,
                burn_in=burn_in,
            )
        )
    return dataset_of(
        {"excess": excess},
        num_steps=num_sweeps,
        record_every=record_every,
        burn_in=burn_in,
        unit=1.0,
        attrs={
            "sampler": "block-gibbs",
            "scale": scale,
            "prior_precision": prior_precision,
            "widths": widths,
            **provenance(started),
        },
    )


@serial_jit
def _sweeps(
    target: Array,
    centers: Layers,
    scale: Array,
    precision: Array,
    keys: Array,
    *,
    num_draws: int,
    record_every: int,
    burn_in: int,
) -> Float[Array, "draws chains"]:
    def normals(key: Array, number: Array | int) -> Layers:
        split = jax.random.split(jax.random.fold_in(key, number), len(centers))
        return [
            jax.random.normal(split[i], center.shape, jnp.float64)
            for i, center in enumerate(centers)
        ]

    def sweep(layers: Layers, noise: Layers) -> Layers:
        layers = list(layers)
        for i, center in enumerate(centers):
            before = jnp.eye(target.shape[1])
            for layer in layers[:i]:
                before = layer @ before
            after = jnp.eye(target.shape[0])
            for layer in reversed(layers[i + 1 :]):
                after = after @ layer
            inner, right = jnp.linalg.eigh(before @ before.T)
            outer, left = jnp.linalg.eigh(after.T @ after)
            curvature = precision + 2 * scale * outer[:, None] * inner[None]
            pull = precision * center + 2 * scale * after.T @ target @ before.T
            rotated = (left.T @ pull @ right) / curvature + noise[i] / jnp.sqrt(curvature)
            layers[i] = left @ rotated @ right.T
        return layers

    def chain(key: Array) -> Float[Array, " draws"]:
        layers = [
            center + noise / jnp.sqrt(precision)
            for center, noise in zip(centers, normals(key, 0), strict=True)
        ]

        def step(layers: Layers, number: Array) -> tuple[Layers, None]:
            return sweep(layers, normals(key, number)), None

        def draw(layers: Layers, index: Array) -> tuple[Layers, Array]:
            first = 1 + burn_in + index * record_every
            layers, _ = jax.lax.scan(step, layers, first + jnp.arange(record_every))
            product = layers[0]
            for layer in layers[1:]:
                product = layer @ product
            return layers, jnp.sum((product - target) ** 2)

        layers, _ = jax.lax.scan(step, layers, 1 + jnp.arange(burn_in))
        return jax.lax.scan(draw, layers, jnp.arange(num_draws))[1]

    return jax.vmap(chain, out_axes=1)(keys)

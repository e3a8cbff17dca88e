r"""The noise of a Langevin step: normal numbers, or sums of bits that are nearly normal.

- ``"gaussian"``: normal numbers by inversion, from Threefry.
- ``"binomial"``: the number of ones among 32 random bits, centered and scaled,

$$\xi = \frac{\nu-16}{\sqrt 8},\qquad \nu\sim\mathrm{Bin}(32,\tfrac12),$$

  from a keyed hash. Mean, variance and all odd moments are those of a normal number; the first
  cumulant that is not is the fourth, $-1/16$. A step of size $\eta$ turns it into a term
  $-\frac{1}{16}\frac{(2\eta\theta)^2}{24\eta}\nabla^4$ of the generator: first order in $\eta$, as
  the error of the Euler scheme itself, but with a factor so small that it does not show. The time
  of escape over a barrier changes by $\ln\tau\to\ln\tau+\frac{\eta}{96\,\theta^2}\int_a^b f'^3dx$
  (less than 0.5 % for $f=(x^2-1)^2$, $\theta=0.2$, $\eta=0.01$; noise of two values, of cumulant
  $-2$, would change it by 14 %). Forty times as fast as normal numbers from Threefry.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, UInt32

from ._random_words import StepWords

NOISES = ("binomial", "gaussian")


def draw_noise(words: StepWords, like: PyTree, noise: str) -> PyTree:
    """Draw one number of mean zero and variance one for every component of every walker.

    Parameters
    ----------
    words
        Where the random words come from.
    like
        Tree of arrays with the walkers on their last axis.
    noise
        `"binomial"` or `"gaussian"`.
    """
    leaves, structure = jax.tree.flatten(like)
    offset, drawn = 0, []
    for leaf in leaves:
        shape = leaf.shape[:-1]
        if noise == "binomial":
            drawn.append(binomial_noise(words.hashed(shape, offset=offset)))
        else:
            drawn.append(gaussian_noise(words.threefry(shape, offset=offset)))
        offset += math.prod(shape)
    return jax.tree.unflatten(structure, drawn)


def binomial_noise(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""Count the ones of every word, centered and scaled to variance one."""
    ones = jax.lax.population_count(words).astype(jnp.int32).astype(jnp.float32)
    return (ones - 16) * np.float32(8**-0.5)


def gaussian_noise(words: UInt32[Array, "*shape"]) -> Float[Array, "*shape"]:
    r"""Normal numbers $\sqrt2\,\mathrm{erf}^{-1}(2u-1)$ from the upper 23 bits of every word."""
    odd = ((words >> 9) * 2 + 1).astype(jnp.int32).astype(jnp.float32)  # uniform, never 0 or 1
    return np.float32(2**0.5) * jax.lax.erf_inv(odd * np.float32(2**-23) - 1)

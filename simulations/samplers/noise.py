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
  $-2$, would change it by 14 %). Ten times as fast as normal numbers from Threefry.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PyTree, UInt32

from ._random_words import StepWords

# Of degree eight, the highest power first.
_CENTER = (
    *(2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087),
    *(-0.00125372503, -0.00417768164, 0.246640727, 1.50140941),
)
_TAIL = (
    *(-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773),
    *(-0.0076224613, 0.00943887047, 1.00167406, 2.83297682),
)
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
    r"""Normal numbers $\sqrt2\,\mathrm{erf}^{-1}(2u-1)$ from the upper 23 bits of every word.

    By the polynomials of M. Giles (2012) in $-\ln(1-x^2)$, as XLA's `erf_inv`, but with a logarithm
    that is vectorized.
    """
    odd = ((words >> 9) * 2 + 1).astype(jnp.int32).astype(jnp.float32)  # uniform, never 0 or 1
    x = odd * np.float32(2**-23) - 1
    depth = -jnp.log((1 - x) * (1 + x))
    center = _polynomial(_CENTER, depth - 2.5)
    tail = _polynomial(_TAIL, jnp.sqrt(depth) - 3)
    return np.float32(2**0.5) * jnp.where(depth < 5, center, tail) * x


def _polynomial(
    coefficients: tuple[float, ...], x: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    value = jnp.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + np.float32(coefficient)
    return value

r"""Random words that depend on the key, the step and the walker alone, however walkers are batched.

Two generators, both without a state:

- Threefry, with step and walker as its counters.
- a hash of the walker's number, keyed afresh at every step by two words of Threefry. The hash is a
  bijection of 32-bit words with two rounds of shift and multiply, whose constants are those that
  C. Wellons found to have the least bias of its kind (``lowbias32``); ten times as fast.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt32

_TURNS = (13, 15, 26, 6), (17, 29, 16, 24)
_FIRST, _SECOND = np.uint32(0x7FEB352D), np.uint32(0x846CA68B)


class StepWords(eqx.Module):
    """Source of the random words of one step.

    Parameters
    ----------
    key
        Two words, of the whole run.
    hash_keys
        Two words, of this step.
    step
        Number of the step; from 1, while 0 is for the preparation of a run.
    walkers
        Numbers of the walkers within the run.
    num_walkers
        Walkers of the whole run.
    """

    key: UInt32[Array, " 2"]
    hash_keys: UInt32[Array, " 2"]
    step: Int[Array, ""]
    walkers: UInt32[Array, " walkers"]
    num_walkers: int = eqx.field(static=True)

    def hashed(self, shape: tuple[int, ...], *, offset: int = 0) -> UInt32[Array, "*shape walkers"]:
        """Return a hashed word for every component and walker.

        Components are counted from `offset`: the same components get the same words.
        """
        return mix(self._counters(math.prod(shape), offset), self.hash_keys).reshape(*shape, -1)

    def threefry(
        self, shape: tuple[int, ...], *, offset: int = 0
    ) -> UInt32[Array, "*shape walkers"]:
        """Return a word of Threefry for every component and walker."""
        components = math.prod(shape)
        pairs = self._counters((components + 1) // 2, offset)
        words = jnp.concatenate(threefry(self.key, jnp.full_like(pairs, self.step), pairs))
        return words[:components].reshape(*shape, -1)

    def _counters(self, components: int, offset: int) -> UInt32[Array, "components walkers"]:
        rows = (jnp.arange(components, dtype=jnp.uint32) + jnp.uint32(offset)) * jnp.uint32(
            self.num_walkers
        )
        return rows[:, None] + self.walkers[None]


def threefry(
    key: UInt32[Array, " 2"], first: UInt32[Array, "*shape"], second: UInt32[Array, "*shape"]
) -> tuple[UInt32[Array, "*shape"], UInt32[Array, "*shape"]]:
    """Encrypt pairs of counters, by the rounds of Threefry 2x32 written out.

    The words of `jax.extend.random.threefry_2x32`, which goes through memory at every fourth round;
    written out they are one loop with whatever uses them, several times as fast.
    """
    keys = key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA)
    first, second = first + keys[0], second + keys[1]
    for block in range(5):
        for turn in _TURNS[block % 2]:
            first = first + second
            second = first ^ ((second << turn) | (second >> (32 - turn)))
        first = first + keys[(block + 1) % 3]
        second = second + keys[(block + 2) % 3] + np.uint32(block + 1)
    return first, second


def mix(counters: UInt32[Array, "*shape"], keys: UInt32[Array, " 2"]) -> UInt32[Array, "*shape"]:
    """Hash counters by two rounds of shift and multiply, with a key added before each."""
    words = counters + keys[0]
    words = (words ^ (words >> 16)) * _FIRST
    words = (words ^ (words >> 15)) + keys[1]
    words = words * _SECOND
    return words ^ (words >> 16)


def key_words(key: Array) -> UInt32[Array, " 2"]:
    """Two words from a typed key."""
    return jax.random.bits(key, (2,), jnp.uint32)


def hash_keys(
    key: UInt32[Array, " 2"], first_step: Int[Array, ""], num_steps: int
) -> UInt32[Array, "steps 2"]:
    """Two words for each of `num_steps` steps, from Threefry."""
    steps = jnp.arange(num_steps, dtype=jnp.uint32) + first_step.astype(jnp.uint32)
    # Counters of the walkers end below this one (see refuse_too_many).
    last = jnp.full(num_steps, 0xFFFFFFFF, jnp.uint32)
    return jnp.stack(threefry(key, steps, last), axis=1)

r"""Handwritten digits: a small image classification task that needs no download."""

from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ._arguments import require_counts
from .task import Task, independent_samples

_NUM_IMAGES = 1797


@dataclass(frozen=True, kw_only=True)
class Digits:
    r"""Classify the handwritten digits 0 to 9 from 64 pixels.

    The 1797 images of $8\times8$ pixels that come with scikit-learn (the test part of the UCI
    collection of 1998). All pixels together are shifted and scaled to mean zero and variance one
    over all images, by the same two numbers for every pixel, so that a pixel that is always blank
    stays constant. Train and test images are a uniformly random choice for every key.

    Parameters
    ----------
    num_train, num_test
        Number of images to train and to test on, at most 1797 together.

    Raises
    ------
    TypeError, ValueError
        If a number is not a positive int, or there are not enough images.
    """

    num_train: int
    num_test: int

    def __post_init__(self):
        require_counts(num_train=self.num_train, num_test=self.num_test)
        if self.num_train + self.num_test > _NUM_IMAGES:
            raise ValueError(
                f"num_train + num_test must be at most {_NUM_IMAGES}, the number of images, "
                f"got {self.num_train} + {self.num_test}"
            )

    @property
    def num_classes(self) -> int:
        """Number of digits, 10."""
        return 10

    def sample(self, *, key: Array) -> Task:
        """Return a fresh choice of images; may be mapped over keys by `jax.vmap`."""
        pixels, digits = _load()
        chosen = jax.random.permutation(key, _NUM_IMAGES)[: self.num_train + self.num_test]
        return independent_samples(
            jnp.asarray(pixels)[chosen],
            jnp.asarray(digits)[chosen],
            num_train=self.num_train,
            num_classes=self.num_classes,
            spec=self,
        )


@lru_cache(maxsize=1)
def _load() -> tuple[Float[np.ndarray, "images pixels"], Int[np.ndarray, " images"]]:
    # Imported here because it takes seconds and nothing else needs it.
    from sklearn.datasets import load_digits

    pixels, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32), digits.astype(np.int32)

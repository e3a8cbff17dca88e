"""Strict JAX settings for every test, and the fixtures that many tests share."""

import jax
import pytest

import groktheory  # noqa: F401  (sets the backend guard before the first computation)

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture
def key():
    return jax.random.key(0)

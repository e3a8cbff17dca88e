"""Strict JAX settings for every test, and the fixtures that many tests share."""

import re

import jax
import jaxtyping
import pytest

import groktheory  # noqa: F401  (sets the backend guard before the first computation)

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture
def key():
    return jax.random.key(0)


@pytest.fixture(autouse=True)
def _let_refusals_be_ours(request):
    """Shapes and types are checked in every test but those of refusals.

    There the annotations are broken on purpose, and the message under test is our own.
    """
    is_refusal = re.search("refus|bad_|wrong", request.node.name) is not None
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", before or is_refusal)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)

"""Strict JAX settings for every test, and the fixtures that many tests share."""

import os
import re
import shutil
import tempfile

import jax
import jaxtyping
import pytest

import groktheory  # noqa: F401  (sets the backend guard before the first computation)

jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_key_reuse", True)


def pytest_configure(config):
    """Compile a program once for all tests that use it, in whichever worker.

    Several workers get one thread each: XLA would start as many as there are cores in every one.
    """
    if getattr(config.option, "numprocesses", None):
        os.environ.setdefault("NPROC", "1")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:  # set for the workers, and by some users
        folder = tempfile.mkdtemp(prefix="groktheory-tests-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


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

"""Making JAX ready, before the first computation of a process and not before it is needed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

_preparing = threading.Lock()
_prepared = False


def prepare_jax(cache: Path | None) -> None:
    """Make JAX ready, once per process: quiet, compiled programs kept, backend checked.

    Parameters
    ----------
    cache
        Cache folder for compiled programs; `None` keeps none.

    Raises
    ------
    RuntimeError
        If the backend returns wrong numbers.
    """
    global _prepared
    with _preparing:
        if _prepared:
            return
        silence_xla()
        import jax

        from groktheory.simulations import backend

        if cache is not None and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
            jax.config.update("jax_compilation_cache_dir", str(cache / "compiled"))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
            jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        backend.self_check()
        _prepared = True


def silence_xla() -> None:
    """Keep XLA from printing pages of harmless messages whenever it loads a compiled program.

    Works only before JAX is imported. JAX sets the level to 1 if nobody has; processes that were
    started by one that has imported JAX inherit that.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL") in (None, "1"):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

"""Atomic, checked files for the state of an unfinished run."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import warnings
from pathlib import Path
from typing import TypeVar

import jax
import numpy as np

State = TypeVar("State")
_DIGEST_BYTES = 32


def save_state(path: Path, state: object, done: int, fingerprint: str) -> None:
    """Write the arrays of a pytree, how far the run is, and what run it is, in one atomic step.

    `fingerprint` is any text that determines the run (the compiled program, its key and settings).
    """
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(state)]
    buffer = io.BytesIO()
    np.savez(buffer, *leaves, done=np.int64(done), fingerprint=_digest(fingerprint.encode()))
    content = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_digest(content).tobytes() + content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_state(path: Path, template: State, fingerprint: str) -> tuple[State, int]:
    """Read a state back; `(template, 0)` where there is no usable one.

    Warns
    -----
    UserWarning
        If a file is there but is damaged, or belongs to another run.
    """
    if not path.exists():
        return template, 0
    content = path.read_bytes()
    digest, content = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest(content).tobytes():
        warnings.warn(f"checkpoint {path} is damaged; starting over", stacklevel=2)
        return template, 0
    with np.load(io.BytesIO(content)) as arrays:
        if not np.array_equal(arrays["fingerprint"], _digest(fingerprint.encode())):
            warnings.warn(f"checkpoint {path} belongs to another run; starting over", stacklevel=2)
            return template, 0
        leaves, structure = jax.tree.flatten(template)
        # device_put rather than asarray: the engine donates the state, and must own its buffers.
        loaded = [jax.device_put(arrays[f"arr_{i}"].copy()) for i in range(len(leaves))]
        return jax.tree.unflatten(structure, loaded), int(arrays["done"])


def _digest(content: bytes) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(content).digest(), dtype=np.uint8)

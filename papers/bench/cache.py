"""Results on disk: found again by what they depend on, never trusted blindly.

A result is stored under the SHA-256 of its *specification*, a dictionary of everything it depends
on. The file is the payload followed by a seal, the SHA-256 of specification and payload: HDF5 and
zip readers skip what follows their data, so the files open in any tool, and a file that is torn,
edited or of another specification is noticed, reported and computed anew.

Files are written beside their place, flushed to the disk and renamed, so that a killed process
leaves either the old file or the new one, and several processes can share a folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import shutil
import tempfile
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_log = logging.getLogger("groktheory")
_SEAL = b"\ngroktheory sha256:"
_SEAL_LENGTH = len(_SEAL) + 64
_locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


class Codec(NamedTuple):
    """How one kind of result becomes bytes."""

    kind: str
    suffix: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _encode_json(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


def _encode_numbers(value: Mapping[str, Any]) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    arrays = {name: np.asarray(array) for name, array in value.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name!r} must be an array of numbers or strings, got {array!r}")
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _decode_numbers(payload: bytes) -> dict[str, Any]:
    import numpy as np

    with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _encode_run(value: Any) -> bytes:
    return bytes(value.to_netcdf(engine="h5netcdf"))


def _decode_run(payload: bytes) -> Any:
    import xarray

    return xarray.load_dataset(io.BytesIO(payload), engine="h5netcdf")


EVIDENCE = Codec("evidence", ".json", _encode_json, json.loads)
NUMBERS = Codec("numbers", ".npz", _encode_numbers, _decode_numbers)
RUN = Codec("run", ".nc", _encode_run, _decode_run)


def default_folder() -> Path:
    """Return the cache folder: `GROKTHEORY_CACHE`, or the user's cache folder of the system."""
    chosen = os.environ.get("GROKTHEORY_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_cache_path("groktheory", appauthor=False)


def why_unwritable(folder: Path) -> str | None:
    """Try to write a file into `folder`, creating it if needed; return what went wrong."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".try-"):
            return None
    except OSError as error:
        return error.strerror or str(error)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old content or the new one, never a part.

    Raises
    ------
    OSError
        If the disk refuses; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


class Cache:
    """A folder of sealed results; without a folder, nothing is kept.

    Parameters
    ----------
    folder
        Where results are kept.
    not_before
        Results stored earlier than this time (seconds since the epoch) count as absent: with the
        start of a check, everything is computed anew, but only once.
    """

    def __init__(self, folder: Path | None, *, not_before: float = 0.0):
        self.folder = folder
        self.not_before = not_before

    def load(self, codec: Codec, specification: Mapping[str, Any]) -> Any:
        """Return the stored result, or `None` if there is none that can be trusted."""
        path = self._path(codec, specification)
        if path is None:
            return None
        try:
            if path.stat().st_mtime < self.not_before:
                return None
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _log.warning("cannot read %s (%s): computing it anew", path, error.strerror)
            return None
        payload, seal = content[:-_SEAL_LENGTH], content[-_SEAL_LENGTH:]
        if seal != _seal(specification, payload):
            _log.warning("%s is damaged or not ours: computing it anew", path)
            return None
        return codec.decode(payload)

    def store(self, codec: Codec, specification: Mapping[str, Any], payload: bytes) -> None:
        """Keep an encoded result; if the disk refuses, say so and go on."""
        path = self._path(codec, specification)
        if path is None:
            return
        try:
            write_atomically(path, payload + _seal(specification, payload))
        except OSError as error:
            _log.warning("cannot keep %s (%s): going on without it", path, error.strerror)

    def get(
        self,
        codec: Codec,
        specification: Mapping[str, Any],
        compute: Callable[[], Any],
        *,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> Any:
        """Return the stored result, or compute and store it.

        Two threads that ask for the same result compute it once; `while_waiting` is called now and
        then by the one that waits, and may raise. What is returned has always been through its
        file format, so that the first check and the second see the same bits.
        """
        lock = _locks[f"{self.folder} {_digest(specification)}"]
        while not lock.acquire(timeout=0.2):
            while_waiting()
        try:
            result = self.load(codec, specification)
            if result is None:
                payload = codec.encode(compute())
                self.store(codec, specification, payload)
                unfinished = self._checkpoint_folder(specification)
                if unfinished is not None:
                    shutil.rmtree(unfinished, ignore_errors=True)
                result = codec.decode(payload)
            return result
        finally:
            lock.release()

    def checkpoint(self, specification: Mapping[str, Any]) -> Path | None:
        """Return the folder for the unfinished state of a run; `get` deletes it when it is done."""
        path = self._checkpoint_folder(specification)
        if path is not None and path.exists() and path.stat().st_mtime < self.not_before:
            shutil.rmtree(path, ignore_errors=True)
        return path

    def remember(self, paper: str, claim: str, facts: Mapping[str, Any]) -> None:
        """Keep what was found last about a claim, for listings."""
        if self.folder is None:
            return
        try:
            content = json.dumps(facts, allow_nan=False).encode()
            write_atomically(self.folder / "last" / paper / f"{claim}.json", content)
        except OSError as error:
            _log.warning("cannot keep the verdict on %s/%s (%s)", paper, claim, error.strerror)

    def last(self, paper: str, claim: str) -> dict[str, Any] | None:
        """Return what was found last about a claim."""
        if self.folder is None:
            return None
        try:
            facts = json.loads((self.folder / "last" / paper / f"{claim}.json").read_bytes())
        except (OSError, ValueError):
            return None
        return facts if isinstance(facts, dict) else None

    def _path(self, codec: Codec, specification: Mapping[str, Any]) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / codec.kind / f"{_digest(specification)}{codec.suffix}"

    def _checkpoint_folder(self, specification: Mapping[str, Any]) -> Path | None:
        if self.folder is None:
            return None
        return self.folder / "checkpoints" / _digest(specification)


def _canonical(specification: Mapping[str, Any]) -> bytes:
    return json.dumps(specification, sort_keys=True, allow_nan=False).encode()


def _digest(specification: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(specification)).hexdigest()


def _seal(specification: Mapping[str, Any], payload: bytes) -> bytes:
    digest = hashlib.sha256(_canonical(specification) + b"\n" + payload).hexdigest()
    return _SEAL + digest.encode()

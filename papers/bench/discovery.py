"""Finding papers: every module of `groktheory.papers` that defines `paper`, and users' own files.

A *source* is what a worker on any machine needs to find a paper again: a module name, or the
absolute path of a file.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import importlib
import importlib.util
import os
import pkgutil
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from .paper import Paper

_loading = threading.RLock()


class UnknownName(ValueError):
    """A paper, claim, figure or file that does not exist."""


class BrokenPaper(RuntimeError):
    """A paper's module raised while it was imported; the message has the place."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A paper and where it was found."""

    paper: Paper
    source: str
    file: Path

    @property
    def address(self) -> str:
        """What the command line calls it: the key, or the path of a user's file."""
        return os.path.relpath(self.source) if self.source.endswith(".py") else self.paper.key


def discover() -> tuple[dict[str, Entry], dict[str, BrokenPaper]]:
    """Import every paper of the package.

    Returns
    -------
    The entries by key, sorted, and the modules that could not be imported, with the reason.

    Raises
    ------
    ValueError
        If two modules claim the same key.
    """
    from groktheory import papers

    entries: dict[str, Entry] = {}
    broken: dict[str, BrokenPaper] = {}
    for module in sorted(pkgutil.iter_modules(papers.__path__), key=lambda module: module.name):
        if module.name.startswith("_") or module.name == "bench":
            continue
        try:
            entry = load(f"{papers.__name__}.{module.name}")
        except BrokenPaper as error:
            broken[module.name] = error
            continue
        except UnknownName:  # a helper module beside the papers
            continue
        key = entry.paper.key
        if key in entries:
            raise ValueError(f"{entry.file} and {entries[key].file} both define paper {key!r}")
        entries[key] = entry
    return entries, broken


def load(source: str) -> Entry:
    """Import a paper from a module name or from the path of a file (which ends in `.py`).

    Raises
    ------
    UnknownName
        If the file does not exist, or defines no `paper`.
    BrokenPaper
        If it raises while it is imported.
    """
    is_file = source.endswith(".py")
    if is_file:
        path = Path(source).expanduser().absolute()
        if not path.is_file():
            raise UnknownName(f"no file {source!r}")
        source = str(path)
    try:
        with _loading:
            if is_file:
                # an edited file is imported anew: its results are cached under its new content
                module = _load_file(source, hashlib.sha256(Path(source).read_bytes()).hexdigest())
            else:
                module = importlib.import_module(source)
    except Exception as error:
        raise BrokenPaper(f"{source} cannot be imported: {describe_error(error)}") from error
    paper = getattr(module, "paper", None)
    if not isinstance(paper, Paper):
        raise UnknownName(
            f"{source} defines no `paper`: add `paper = Paper(key=..., ...)` "
            "(`groktheory template` writes an example)"
        )
    assert module.__file__ is not None
    return Entry(paper, source, Path(module.__file__))


@functools.lru_cache(maxsize=64)
def _load_file(path: str, content: str) -> ModuleType:
    # the name is unique to path and content, so that two files called my_theory.py do not collide
    name = f"groktheory_file_{hashlib.sha256(f'{path} {content}'.encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder = str(Path(path).parent)
    if folder not in sys.path:  # like a script, a file may import what lies beside it
        sys.path.append(folder)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def find(key: str) -> Entry:
    """Return the paper with this key, or the one in the file `key` if it ends in `.py`.

    Raises
    ------
    UnknownName
        If there is none; the message names the nearest keys.
    BrokenPaper
        If its module cannot be imported.
    """
    if key.endswith(".py"):
        return load(key)
    entries, broken = discover()
    if key in entries:
        return entries[key]
    if key in broken:
        raise broken[key]
    raise UnknownName(f"no paper {key!r}{suggest(key, [*entries, *broken])}")


def suggest(name: str, known: Iterable[str]) -> str:
    """End an error message: the names near to `name`, or all of them if none is near.

    >>> suggest("tian2025li", ["tian2025li2", "kumar2023lazy"])
    " — did you mean 'tian2025li2'?"
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f" — did you mean {' or '.join(repr(one) for one in near)}?"
    return f"; there are {', '.join(known)}" if known else "; there are none"


def describe_error(error: BaseException) -> str:
    """Say in one line what was raised, and where: the last frame of the traceback."""
    kind = type(error).__name__
    text = " ".join(str(error).split())
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<")  # the import machinery's own
    ]
    if isinstance(error, SyntaxError) and error.filename:
        place = f" ({Path(error.filename).name}, line {error.lineno})"
        text = error.msg
    elif frames:
        place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
    else:
        place = ""
    return f"{kind}: {text}{place}" if text else f"{kind}{place}"

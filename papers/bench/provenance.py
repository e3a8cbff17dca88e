"""Which code and which versions a number came from.

Results are reused as long as nothing that could change them has changed. What could is hashed
here, file by file, into a *code version*; what could not (how results are drawn, judged, printed)
is left out, so that polishing a figure costs nobody a training run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "xarray")
_ROOT = Path(__file__).resolve().parents[2]
_RUN_CODE = ("theory", "simulations", "papers/bench/bench.py")
# verdicts are given anew on stored evidence, and drawn anew
_AFTER_THE_EVIDENCE = (
    "calibration figures findings formatting groktheory judge readable report _html _summaries"
).split()


def run_version(paper_file: Path) -> str:
    """Hash everything that can change the training runs and numbers of a paper."""
    return _combine(_installed(), _hash_files(_RUN_CODE), _hash_paper(paper_file))


def evidence_version(paper_file: Path) -> str:
    """Hash everything that can change the evidence of a paper's claims."""
    files = tuple(
        f"validation/{path.name}"
        for path in sorted((_ROOT / "validation").iterdir())
        if path.stem not in _AFTER_THE_EVIDENCE
    )
    return _combine(run_version(paper_file), _hash_files(files))


def drawing_version() -> str:
    """Hash everything that can change how a finding is drawn."""
    return _combine(_hash_files(("validation",)), version("matplotlib"))


def describe() -> dict[str, Any]:
    """Say where and with what a result was computed, as plain JSON.

    The device is named only if JAX has been imported: asking would import it.
    """
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "groktheory": version("groktheory"),
        **{name: found for name, found in versions().items() if found},
        "commit": git_commit(),
        "platform": platform.platform(),
        "cores": usable_cores(),
    }
    jax = sys.modules.get("jax")
    if jax is not None:
        facts["device"] = jax.devices()[0].device_kind
    return facts


def versions() -> dict[str, str]:
    """Versions of the packages that results depend on; empty where one is missing."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def usable_cores() -> int:
    """Count the cores that this process may use (a batch system may allow fewer than exist)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@functools.cache
def git_commit() -> str | None:
    """Return the commit of the checkout that runs, with `-dirty` if files differ from it."""
    if not (_ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(_ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _installed() -> str:
    return _combine("{}.{}".format(*sys.version_info), *(f"{k}={v}" for k, v in versions().items()))


@functools.cache
def _hash_files(relative: tuple[str, ...]) -> str:
    files: list[Path] = []
    for name in relative:
        path = _ROOT / name
        files += _sources(path) if path.is_dir() else [path]
    return _hash_contents(_ROOT, files)


def _hash_paper(file: Path) -> str:
    """Hash a paper's file or folder, and files beside it that are named after it (`_KEY*`)."""
    file = file.resolve()
    if file.name == "__init__.py":
        return _hash_contents(file.parent, _sources(file.parent))
    return _hash_contents(file.parent, [file, *file.parent.glob(f"_{file.stem}*.py")])


def _sources(folder: Path) -> list[Path]:
    return [path for suffix in ("py", "mplstyle", "csv") for path in folder.rglob(f"*.{suffix}")]


def _hash_contents(root: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        if file.is_file():
            content = file.read_bytes()
            digest.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def _combine(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

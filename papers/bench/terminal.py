"""Progress and complaints on standard error, the console for results on standard output."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from groktheory.validation.findings import Finding

COLORS = {"supported": "green", "refuted": "red", "inconclusive": "yellow", "broken": "magenta"}


def output() -> Console:
    """Return the console for results; as wide as needed where nobody's terminal limits it."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    return Console(width=width, highlight=False)


def complain(message: str) -> None:
    """Write a message to standard error."""
    print(message, file=sys.stderr, flush=True)


class LineObserver:
    """Progress as one short line a claim, for logs and pipes."""

    def __init__(self) -> None:
        self._total = 0
        self._done = 0

    def begin(self, total: int) -> None:
        """Remember the number of claims."""
        self._total = total

    def started(self, name: str) -> None:
        """Say which claim is being computed."""
        complain(f"        {name} ...")

    def progress(self, name: str, fraction: float, text: str) -> None:
        """Stay quiet: a log has no use for a moving bar."""

    def finished(self, finding: Finding, *, reused: bool, traceback: str = "") -> None:
        """Say what was found, and what broke."""
        self._done += 1
        effort = "reused" if reused else f"{finding.seconds:.1f} s"
        counter = f"[{self._done}/{self._total}]"
        complain(f"{counter:>7} {finding.name}: {finding.outcome} ({effort})")
        _complain_if_broken(finding, traceback)


class LiveObserver:
    """Progress bars, for a terminal; a context manager."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[text]}"),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._overall = self._progress.add_task("claims", total=None, text="")
        self._tasks: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> LiveObserver:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()

    def begin(self, total: int) -> None:
        """Show the overall bar."""
        self._progress.update(self._overall, total=total)

    def started(self, name: str) -> None:
        """Add a bar for the claim."""
        with self._lock:
            self._tasks[name] = self._progress.add_task(escape(name), total=None, text="")

    def progress(self, name: str, fraction: float, text: str) -> None:
        """Move the bar of the claim."""
        task = self._tasks.get(name)
        if task is not None:
            self._progress.update(task, total=1.0, completed=fraction, text=escape(text))

    def finished(self, finding: Finding, *, reused: bool, traceback: str = "") -> None:
        """Replace the bar by a line."""
        with self._lock:
            task = self._tasks.pop(finding.name, None)
        if task is not None:
            self._progress.remove_task(task)
        self._progress.advance(self._overall)
        effort = "reused" if reused else f"{finding.seconds:.1f} s"
        color = COLORS[finding.outcome]
        self._progress.console.print(
            f"{escape(finding.name)}: [{color}]{finding.outcome}[/] [dim]({effort})"
        )
        _complain_if_broken(finding, traceback)


def _complain_if_broken(finding: Finding, traceback: str) -> None:
    if finding.error is not None:
        if traceback:
            complain(traceback.rstrip())
        complain(f"{finding.name} broke: {finding.error}")

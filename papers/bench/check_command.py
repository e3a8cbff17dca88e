"""`groktheory check`: run, show progress, survive interruptions, print, write the results."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import executors, results
from .cache import default_folder, why_unwritable
from .command_line import BROKE, INTERRUPTED, RAN, WRONG_USAGE, Check
from .runner import check_selected
from .selection import select
from .terminal import LineObserver, LiveObserver, complain, output

if TYPE_CHECKING:
    from groktheory.validation.findings import Finding


def run_check(command: Check) -> int:
    """Carry out the command; wrong usage is refused before any work starts."""
    selected, unimportable = select(command.targets)
    for error in unimportable:
        complain(str(error))
    try:
        executors.check_name(command.executor)
        if not 0 <= command.seed < 2**32:
            raise ValueError(f"seed must lie in [0, 2^32), got {command.seed}")
    except ValueError as error:
        complain(str(error))
        return WRONG_USAGE
    problem = why_unwritable(command.out)
    if problem:
        complain(f"cannot write to {command.out} ({problem}): choose another folder with --out")
        return WRONG_USAGE

    stop = threading.Event()
    observer = LiveObserver() if sys.stderr.isatty() else LineObserver()
    # what claims print must not end up among the results
    with (
        interruptible(stop),
        contextlib.redirect_stdout(sys.stderr),
        observer if isinstance(observer, LiveObserver) else contextlib.nullcontext(),
    ):
        findings = check_selected(
            selected,
            scale=command.scale,
            seed=command.seed,
            executor=command.executor,
            cache=usable_cache(),
            fresh=command.fresh,
            observer=observer,
            stop=stop,
        )
    code = BROKE if unimportable or any(finding.error for finding in findings) else RAN
    report = f"report: {command.out / 'report.html'}"
    if findings:
        papers = {one.entry.paper.key: one.entry.paper for one in selected}
        try:
            results.write(findings, papers, command.out)
        except OSError as error:
            report = f"cannot write the report to {command.out}: {error.strerror or error}"
            code = BROKE
        _print(findings, as_json=command.json)
        complain(report)
    if stop.is_set():
        complain(
            f"interrupted: {len(findings)} of {len(selected)} claims are finished and kept; "
            "the same command goes on from here"
        )
        return INTERRUPTED
    return code


def usable_cache() -> Path | None:
    """Return the cache folder, or say why there is none and return `None`."""
    folder = default_folder()
    problem = why_unwritable(folder)
    if problem:
        complain(
            f"cannot write to the cache folder {folder} ({problem}): going on without it; "
            "GROKTHEORY_CACHE names another"
        )
        return None
    return folder


@contextlib.contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM set `stop` the first time, and end the process the second time."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: object) -> None:
        if stop.is_set():
            # an exception in the middle of an import of compiled code could crash instead
            os.write(2, b"\x1b[?25h" if os.isatty(2) else b"")  # show the cursor again
            os._exit(INTERRUPTED)
        stop.set()
        # not print: the signal may have come in the middle of another print
        os.write(2, b"\nstopping; once more to stop at once\n")

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _print(findings: list[Finding], *, as_json: bool) -> None:
    if as_json:
        for finding in findings:
            print(json.dumps(finding.to_json(), ensure_ascii=False, allow_nan=False), flush=True)
    else:
        from groktheory.validation.report import verdict_table

        output().print(verdict_table(findings))

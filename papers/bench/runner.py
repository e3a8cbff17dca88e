"""Checking claims: reuse what is valid, compute the rest on an executor, judge everything."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from . import executors
from .bench import SCALES, Control
from .cache import EVIDENCE, Cache, default_folder, why_unwritable
from .discovery import describe_error
from .paper import Claim
from .selection import Selected, select
from .work import Job, Outcome, run_claim

if TYPE_CHECKING:
    from groktheory.validation.findings import Finding

# how long interrupted claims get to write their state before they are left behind, in seconds
GRACE = 5.0


@runtime_checkable
class Observer(Protocol):
    """Whoever wants to know how a check proceeds; all calls come from one process."""

    def begin(self, total: int) -> None:
        """A check of `total` claims begins."""

    def started(self, name: str) -> None:
        """A claim is being computed."""

    def progress(self, name: str, fraction: float, text: str) -> None:
        """A claim has come as far as `fraction` of what `text` names."""

    def finished(self, finding: Finding, *, reused: bool, traceback: str = "") -> None:
        """A claim has its finding; `traceback` is filled if it broke."""


class Silent:
    """An observer that does not look."""

    def begin(self, total: int) -> None:
        """Ignore."""

    def started(self, name: str) -> None:
        """Ignore."""

    def progress(self, name: str, fraction: float, text: str) -> None:
        """Ignore."""

    def finished(self, finding: Finding, *, reused: bool, traceback: str = "") -> None:
        """Ignore."""


def check(
    *targets: str,
    scale: str = "quick",
    seed: int = 0,
    executor: str = "threads",
    cache: Path | None = None,
    use_cache: bool = True,
    fresh: bool = False,
    observer: Observer | None = None,
    stop: threading.Event | None = None,
) -> list[Finding]:
    """Check claims and return their findings, in the order of the targets.

    Parameters
    ----------
    targets
        `core`, `all`, KEY, KEY/CLAIM, FILE.py or FILE.py/CLAIM.
    scale, seed
        As in `Bench`.
    executor
        `serial`, `threads:N`, `processes:N`, `dask[:ADDRESS]`, `slurm[:NAME=VALUE,...]`.
    cache, use_cache
        The cache folder (default: the user's), and whether to use one at all.
    fresh
        Compute anew what is stored.
    observer, stop
        Who is told about progress, and an event that interrupts the check: claims that have not
        finished are then missing from the findings.

    Raises
    ------
    UnknownName
        If a target means nothing.
    BrokenPaper
        If a paper cannot be imported.
    ValueError
        For an unknown scale, seed or executor.
    """
    selected, broken = select(targets)
    if broken:
        raise broken[0]
    folder = (cache or default_folder()) if use_cache else None
    return check_selected(
        selected,
        scale=scale,
        seed=seed,
        executor=executor,
        cache=folder,
        fresh=fresh,
        observer=observer or Silent(),
        stop=stop or threading.Event(),
    )


def check_selected(
    selected: Sequence[Selected],
    *,
    scale: str,
    seed: int,
    executor: str,
    cache: Path | None,
    fresh: bool,
    observer: Observer,
    stop: threading.Event,
) -> list[Finding]:
    """Check claims that have been selected already; otherwise as `check`."""
    executors.check_name(executor)
    if scale not in SCALES:
        raise ValueError(f"scale must be 'quick' or 'full', got {scale!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must lie in [0, 2^32), got {seed}")
    store = Cache(cache)
    not_before = _now(cache) if fresh else 0.0
    claims = {
        Job.of(
            one.entry, one.claim, scale=scale, seed=seed, cache=cache, not_before=not_before
        ): one
        for one in selected
    }
    observer.begin(len(claims))
    findings: dict[Job, Finding] = {}

    def finish(job: Job, outcome: Outcome, *, reused: bool) -> None:
        if outcome.was_cancelled:
            return
        finding, traceback = judge_outcome(claims[job].claim, job, outcome)
        findings[job] = finding
        facts = {"verdict": finding.outcome, "scale": scale, "seed": seed, "version": job.version}
        store.remember(job.paper, job.claim, facts | {"seconds": finding.seconds})
        observer.finished(finding, reused=reused, traceback=traceback)

    pending = []
    for job in claims:
        outcome = stored_outcome(job)
        if outcome is None:
            pending.append(job)
        else:
            finish(job, outcome, reused=True)
    if pending:
        last = {job: store.last(job.paper, job.claim) or {} for job in pending}
        # the longest first, so that none is left alone at the end; new ones keep their order
        pending.sort(key=lambda job: -last[job].get("seconds", float("inf")))
        _compute(pending, executor, observer, stop, finish)
    return [findings[job] for job in claims if job in findings]


def stored_outcome(job: Job) -> Outcome | None:
    """Return the evidence that an earlier check has stored, if it is still valid."""
    stored = job.open_cache().load(EVIDENCE, job.specification)
    return None if stored is None else Outcome(stored)


def _compute(
    pending: list[Job],
    executor: str,
    observer: Observer,
    stop: threading.Event,
    finish: Any,
) -> None:
    """Keep the executor busy until nothing is pending, or until `stop` is set."""
    folder = Path(pending[0].cache) / "slurm" if pending[0].cache else None
    while pending and not stop.is_set():
        with executors.open_pool(executor, num_claims=len(pending), folder=folder) as pool:
            running: dict[Future[Outcome], Job] = {}
            free = available_memory_gib() if pool.is_local else float("inf")
            is_broken = False
            while (pending or running) and not stop.is_set() and not is_broken:
                used = sum(job.memory_gib for job in running.values())
                while pending and len(running) < pool.concurrency and not stop.is_set():
                    if pending[0].memory_gib > free:
                        job = pending.pop(0)
                        finish(job, Outcome(None, error=_too_large(job, free)), reused=False)
                        continue
                    if used + pending[0].memory_gib > free:
                        break  # it fits once another one has finished
                    job = dataclasses.replace(pending[0], workers=pool.workers)
                    observer.started(job.name)
                    try:
                        future = _submit(pool, job, observer, stop)
                    except BrokenExecutor:
                        is_broken = True
                        break
                    running[future] = pending.pop(0)
                    used += job.memory_gib
                done, _ = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                for future in done:
                    is_broken |= isinstance(future.exception(), BrokenExecutor)
                    finish(running.pop(future), _outcome(future), reused=False)
            if stop.is_set():
                done, _ = wait(running, timeout=GRACE if pool.shares_process else 0)
                for future in done:
                    finish(running[future], _outcome(future), reused=False)
                pool.kill()
            elif is_broken:  # a worker died: what ran with it is lost, the rest gets a new pool
                for future, job in running.items():
                    wait([future], timeout=GRACE)
                    finish(job, _outcome(future), reused=False)


def _submit(pool: executors.Pool, job: Job, observer: Observer, stop: threading.Event) -> Any:
    if not pool.shares_process:
        return pool.executor.submit(run_claim, job)

    def on_progress(fraction: float, text: str) -> None:
        observer.progress(job.name, fraction, text)

    return pool.executor.submit(run_claim, job, Control(on_progress, stop))


def _outcome(future: Future[Outcome]) -> Outcome:
    if not future.done():
        return Outcome(None, error="its worker did not answer any more")
    error = future.exception()
    if isinstance(error, BrokenExecutor):
        return Outcome(None, error="a worker process died (out of memory?): use fewer processes")
    if error is not None:
        return Outcome(None, error=describe_error(error))
    return future.result()


def judge_outcome(claim: Claim, job: Job, outcome: Outcome) -> tuple[Finding, str]:
    """Give the verdict on what a job brought; also return the traceback if it broke."""
    from groktheory.validation.findings import Finding
    from groktheory.validation.judge import judge
    from groktheory.validation.serialization import evidence_from_dict

    evidence, verdict, error = (), None, outcome.error
    stored: Mapping[str, Any] = outcome.stored or {"seconds": outcome.seconds, "provenance": {}}
    if error is None:
        try:
            evidence = tuple(evidence_from_dict(piece) for piece in stored["evidence"])
            verdict = judge(evidence)
        except ValueError as problem:
            error = f"the evidence cannot be judged: {problem}"
    finding = Finding(
        paper=job.paper,
        claim=job.claim,
        statement=claim.statement,
        source=claim.source,
        scale=job.scale,
        seed=job.seed,
        evidence=evidence,
        verdict=verdict,
        seconds=stored["seconds"],
        error=error,
        provenance=stored["provenance"],
        headline=claim.headline,
    )
    return finding, outcome.traceback


def _too_large(job: Job, free: float) -> str:
    remedy = "use --scale quick, " if job.scale == "full" else ""
    return (
        f"not started: it needs about {job.memory_gib:g} GiB of memory at scale {job.scale}, "
        f"{free:.1f} GiB are free: {remedy}close other programs, or run it on a larger machine"
    )


def available_memory_gib() -> float:
    """Memory in GiB that can be taken now, within the limits of a container or batch job."""
    available = float("inf")
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        available = int(fields["MemAvailable"].split()[0]) / 2**20
    except (OSError, KeyError, ValueError):  # not Linux: count all of it
        names = ("SC_PHYS_PAGES", "SC_PAGE_SIZE")
        if all(name in getattr(os, "sysconf_names", ()) for name in names):
            available = os.sysconf(names[0]) * os.sysconf(names[1]) / 2**30
    group = Path("/sys/fs/cgroup")
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            room = int((group / limit).read_text()) - int((group / usage).read_text())
        except (OSError, ValueError):  # no limit
            continue
        available = min(available, room / 2**30)
    return available


def _now(folder: Path | None) -> float:
    """Return the time by the clock that dates the files in `folder`."""
    if folder is None or why_unwritable(folder):
        return time.time()
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".now-") as file:
        return os.stat(file.name).st_mtime

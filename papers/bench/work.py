"""The unit of work: one claim, computed in this thread, in another process, or on another machine.

`run_claim` is importable by name and its argument and result are plain data, so that any executor
of the `concurrent.futures` protocol can carry it.
"""

from __future__ import annotations

import dataclasses
import time
import traceback
from pathlib import Path
from typing import Any

from . import discovery, provenance
from .bench import Bench, Control
from .cache import EVIDENCE, Cache
from .paper import Claim
from .preparation import prepare_jax


@dataclasses.dataclass(frozen=True)
class Job:
    """A claim to compute; `cache` is a folder or empty, `not_before` as in `Cache`."""

    source: str
    paper: str
    claim: str
    scale: str
    seed: int
    version: str
    memory_gib: float
    cache: str = ""
    not_before: float = 0.0
    workers: int = 1

    @property
    def name(self) -> str:
        """Paper and claim, as the command line spells them."""
        return f"{self.paper}/{self.claim}"

    @property
    def specification(self) -> dict[str, Any]:
        """What the evidence depends on."""
        return {
            "kind": "evidence",
            "paper": self.paper,
            "name": self.claim,
            "scale": self.scale,
            "seed": self.seed,
            "version": self.version,
        }

    @classmethod
    def of(
        cls,
        entry: discovery.Entry,
        claim: Claim,
        *,
        scale: str,
        seed: int,
        cache: Path | None,
        not_before: float = 0.0,
    ) -> Job:
        """Describe the work for a claim."""
        return cls(
            source=entry.source,
            paper=entry.paper.key,
            claim=claim.name,
            scale=scale,
            seed=seed,
            version=provenance.evidence_version(entry.file),
            memory_gib=claim.memory_at(scale),
            cache=str(cache) if cache else "",
            not_before=not_before,
        )

    def open_cache(self) -> Cache:
        """Open the cache of this job."""
        return Cache(Path(self.cache) if self.cache else None, not_before=self.not_before)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a job brought: stored evidence, or an error in one line and its traceback."""

    stored: dict[str, Any] | None
    error: str | None = None
    traceback: str = ""
    seconds: float = 0.0
    was_cancelled: bool = False


def run_claim(job: Job, control: Control | None = None) -> Outcome:
    """Compute the evidence of a claim and keep it; an exception in the claim is an outcome."""
    control = control or Control()
    start = time.perf_counter()
    try:
        cache = job.open_cache()
        prepare_jax(cache.folder)
        entry = discovery.load(job.source)
        claim = entry.paper.claims[job.claim]
        bench = Bench(
            job.paper,
            job.claim,
            scale=job.scale,
            seed=job.seed,
            workers=job.workers,
            cache=cache,
            version=provenance.run_version(entry.file),
            control=control,
        )
        evidence = _as_dicts(claim.function(bench))
    except Exception as error:
        if control.stop.is_set():
            return Outcome(None, was_cancelled=True)
        text = "".join(traceback.format_exception(error))
        seconds = time.perf_counter() - start
        return Outcome(None, discovery.describe_error(error), text, seconds)
    stored = {
        "evidence": evidence,
        "seconds": time.perf_counter() - start,
        "provenance": provenance.describe() | {"workers": job.workers},
    }
    cache.store(EVIDENCE, job.specification, EVIDENCE.encode(stored))
    return Outcome(stored)


def _as_dicts(evidence: Any) -> list[dict[str, Any]]:
    from groktheory.validation.evidence import Evidence
    from groktheory.validation.serialization import evidence_to_dict

    pieces = evidence if isinstance(evidence, tuple | list) else (evidence,)
    for piece in pieces:
        if not isinstance(piece, Evidence):
            raise TypeError(
                "a claim must return Evidence or a tuple of Evidence, "
                f"got {type(piece).__name__}: {piece!r}"
            )
    return [evidence_to_dict(piece) for piece in pieces]

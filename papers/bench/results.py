"""The results folder: findings.json, a figure a claim in all formats, and a report to open."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import provenance
from .cache import write_atomically
from .paper import Paper

if TYPE_CHECKING:
    from groktheory.validation.findings import Finding

_log = logging.getLogger("groktheory")
FORMATS = ("png", "svg", "pdf")


def write(findings: Sequence[Finding], papers: Mapping[str, Paper], folder: Path) -> None:
    """Write findings.json, the figures and report.html into `folder`.

    Figures whose evidence and style are those of the last time are not drawn again.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    from groktheory.validation.report import write_html

    content = json.dumps(
        [finding.to_json() | {"provenance": dict(finding.provenance)} for finding in findings],
        ensure_ascii=False,
        allow_nan=False,
        indent=2,
    )
    write_atomically(folder / "findings.json", content.encode())
    figures = draw_figures(findings, folder)
    write_html(findings, folder, papers, figures)


def draw_figures(findings: Sequence[Finding], folder: Path) -> dict[str, Path]:
    """Draw the evidence of every finding; return the figures' paths, without suffix, by name."""
    register = folder / "figures" / "drawn.json"
    drawn = _read_register(register)
    figures: dict[str, Path] = {}
    for finding in findings:
        if not finding.evidence:
            continue
        stem = folder / "figures" / finding.paper / finding.claim
        figures[finding.name] = stem
        version = _figure_version(finding)
        exists = all(stem.with_name(f"{stem.name}.{one}").exists() for one in FORMATS)
        if exists and drawn.get(finding.name) == version:
            continue
        from groktheory.validation.figures import draw_claim, save

        try:
            drawing = draw_claim(finding)
        except ValueError as error:  # a label that matplotlib cannot read, for one
            del figures[finding.name]
            _log.warning("no figure of %s: %s", finding.name, error)
            continue
        save(drawing, stem, FORMATS)
        drawn[finding.name] = version
        write_atomically(register, json.dumps(drawn, indent=2).encode())
    return figures


def _read_register(path: Path) -> dict[str, str]:
    try:
        register = json.loads(path.read_bytes())
    except (OSError, ValueError):  # none yet, or not ours: everything is drawn
        return {}
    return register if isinstance(register, dict) else {}


def _figure_version(finding: Finding) -> str:
    from groktheory.validation.serialization import finding_to_dict

    shown = finding_to_dict(finding)
    del shown["seconds"], shown["provenance"]
    content = json.dumps(shown, sort_keys=True) + provenance.drawing_version()
    return hashlib.sha256(content.encode()).hexdigest()

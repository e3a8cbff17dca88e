"""Verdicts for people: a table for the terminal and a static page for everybody else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._html import page
from ._summaries import accepted, math_as_text, measured, rivals
from .findings import Finding

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

STYLES = {
    "supported": "bold green",
    "refuted": "bold red",
    "inconclusive": "bold yellow",
    "broken": "magenta",
}


def verdict_table(findings: Sequence[Finding]) -> Table:
    """Lay out findings as a table: what was predicted, measured and rejected, and the verdict.

    One row a piece of evidence; a curve is summed up by its worst point. `✗` marks a rejected
    rival, `○` one that still stands. Cells wrap, so that narrow terminals lose nothing; what broke
    is told below the table.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    papers = {finding.paper for finding in findings}
    several = len(papers) > 1
    table = Table(
        title="" if several else "".join(papers),
        caption=_errors(findings),
        box=SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        caption_style="",
        padding=(0, 1, 0, 0),
    )
    for heading in ("paper",) * several + ("claim", "predicted", "measured", "rivals"):
        table.add_column(heading, overflow="fold")
    table.add_column("verdict", no_wrap=True)
    shown_paper = None
    for finding in findings:
        paper = Text(finding.paper if finding.paper != shown_paper else "")
        shown_paper = finding.paper
        name = Text().append(finding.claim, style="bold" if finding.headline else "")
        verdict = Text().append(finding.outcome, style=STYLES[finding.outcome])
        if finding.verdict is not None and finding.verdict.seeds_needed is not None:
            verdict.append(f"\n{finding.verdict.seeds_needed} seeds\nwould decide", style="dim")
        if not finding.evidence:
            table.add_row(*[paper] * several, name, "", "", "", verdict)
        for index, piece in enumerate(finding.evidence):
            is_first = index == 0
            quantity = Text(math_as_text(piece.quantity), style="dim")
            table.add_row(
                *[paper if is_first else ""] * several,
                Text("\n").join([name, quantity]) if is_first else quantity,
                Text(accepted(piece.prediction)),
                Text(measured(piece)),
                Text("\n".join(f"{'✗' if out else '○'} {label}" for label, out in rivals(piece))),
                verdict if is_first else "",
            )
        table.add_section()
    return table


def _errors(findings: Sequence[Finding]) -> Text | None:
    """List what broke, a line each, below the table."""
    from rich.text import Text

    lines = [
        Text.assemble((f"{finding.name}: ", "bold"), (finding.error, STYLES["broken"]))
        for finding in findings
        if finding.error is not None
    ]
    return Text("\n").join(lines) if lines else None


def write_html(
    findings: Sequence[Finding],
    folder: str | Path,
    papers_meta: Mapping[str, Any],
    figures: Mapping[str, Path],
) -> Path:
    """Write `report.html`: one page that needs no network, no script and no other file.

    Parameters
    ----------
    findings
        In the order in which they are to be shown; papers appear in the order of their first.
    folder
        Where the page goes; made if it is missing.
    papers_meta
        By citation key, what is known about a paper: `title`, `authors`, `year`, `arxiv`,
        `summary`, `equations` (each `name`, `latex`, `source`) and `corrections` (each `what`,
        `published_latex`, `corrected_latex`, `proof`), as attributes or as keys. All may be
        missing.
    figures
        By `paper/claim`, the path of the drawn evidence without suffix. Its SVG is put into the
        page; whichever of PNG, SVG and PDF exist are linked.

    Returns
    -------
    The path of the page, written atomically.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.html"
    text = page(findings, papers_meta, figures, folder=folder)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".report-", suffix=".html")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path

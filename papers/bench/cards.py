"""Listings of papers, and the card of a paper, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from groktheory.validation.readable import readable

from . import provenance
from .cache import Cache
from .discovery import BrokenPaper, Entry
from .paper import Claim, Paper
from .terminal import COLORS


def listing(
    entries: Mapping[str, Entry], broken: Mapping[str, BrokenPaper], cache: Cache
) -> Group | Text:
    """List papers and their claims, headlines starred, with the last verdicts."""
    parts: list[Any] = []
    for entry in entries.values():
        paper = entry.paper
        core = " [cyan]core[/]" if paper.core else ""
        parts.append(f"[bold]{paper.key}[/]{core}  {escape(paper.citation)}")
        table = Table.grid(padding=(0, 1))
        for claim in paper.claims.values():
            star = "  ★" if claim.headline else "   "
            said = last_verdict(cache, entry, claim.name)
            table.add_row(star, claim.name, said, escape(claim.statement))
        parts += [table, ""]
    parts += [f"[magenta]{escape(str(error))}[/]" for error in broken.values()]
    if not parts:
        return Text("no papers yet: `groktheory template` writes a file to start from")
    parts.append("[dim]★ headline claim, run by `groktheory check core` for core papers[/]")
    return Group(*parts)


def last_verdict(cache: Cache, entry: Entry, claim: str) -> str:
    """Say what was found last about a claim, at which scale, and whether the code has changed."""
    last = cache.last(entry.paper.key, claim)
    if last is None:
        return ""
    verdict = str(last.get("verdict", ""))
    remark = str(last.get("scale", ""))
    if last.get("version") != provenance.evidence_version(entry.file):
        remark += ", stale"
    return f"[{COLORS.get(verdict, 'white')}]{escape(verdict)}[/] [dim]({escape(remark)})[/]"


def card(entry: Entry, cache: Cache, *, claim: str | None, derivations: bool) -> Group:
    """Show a paper, or one claim of it: equations, claims, figures, corrections, derivations."""
    paper = entry.paper
    parts: list[Any] = [f"[bold]{paper.key}[/]  {escape(paper.citation)}"]
    if claim is None:
        parts += ["", escape(paper.summary), *_equations(paper)]
    chosen = [one for one in paper.claims.values() if claim in (None, one.name)]
    parts += ["", "[bold]Claims[/]"]
    for one in chosen:
        parts += _claim(one, last_verdict(cache, entry, one.name))
    if claim is None:
        parts += [*_figures(entry), *_corrections(paper)]
    if derivations:
        parts += ["", "[bold]Derivations[/]", *_derivations(paper)]
    elif paper.derivations is not None:
        command = f"groktheory show {escape(entry.address)} --derivations"
        parts += ["", f"[dim]`{command}` prints and verifies the proofs[/]"]
    return Group(*parts)


def _equations(paper: Paper) -> list[Any]:
    parts: list[Any] = ["", "[bold]Equations[/]"] if paper.equations else []
    for equation in paper.equations:
        parts.append(f"  {escape(equation.name)} [dim]{escape(equation.source)}[/]")
        parts += _formula(equation.latex, 4)
    return parts


def _claim(claim: Claim, said: str) -> list[Any]:
    star = " ★" if claim.headline else ""
    parts: list[Any] = [
        f"  {claim.name}{star} {said or '[dim]not checked yet[/]'}",
        _indented(f"{escape(claim.statement)} [dim]{escape(claim.source)}[/]", 4),
    ]
    if claim.explanation:
        parts.append(_indented(Text(claim.explanation, style="dim"), 4))
    return parts


def _figures(entry: Entry) -> list[Any]:
    figures = entry.paper.figures.values()
    parts: list[Any] = []
    if figures:
        parts += ["", f"[bold]Figures[/] (groktheory plot {escape(entry.address)} FIGURE)"]
    for figure in figures:
        options = " ".join(f"--option {name}={value}" for name, value in figure.options.items())
        parts += [f"  {figure.name} [dim]{escape(options)}[/]", _indented(Text(figure.caption), 4)]
    return parts


def _corrections(paper: Paper) -> list[Any]:
    parts: list[Any] = []
    if paper.corrections:
        parts += ["", "[bold]Corrections to the published text[/]"]
    for correction in paper.corrections:
        parts += [
            f"  {escape(correction.what)}",
            _indented(Text(f"published: {readable(correction.published_latex)}"), 4),
            _indented(Text(f"corrected: {readable(correction.corrected_latex)}"), 4),
            _indented(Text(f"proof: {correction.proof}", style="dim"), 4),
        ]
    return parts


def _derivations(paper: Paper) -> list[Any]:
    if paper.derivations is None:
        return [f"  {paper.key} brings none"]
    parts: list[Any] = []
    for derivation in paper.derivations():
        parts += [f"  [bold]{escape(derivation.name)}[/]", *_formula(derivation.statement, 4)]
        for text, latex in derivation.steps:
            parts += [_indented(Text(text), 6), *_formula(latex, 8)]
        derivation.verify()
        parts.append("    [green]verified symbolically[/]")
    return parts


def _formula(latex: str, indent: int) -> list[Padding]:
    """Show a formula twice: to read, and to copy into a paper."""
    plain = Text(readable(latex), style="cyan")
    return [_indented(plain, indent), _indented(Text(latex, style="dim"), indent)]


def _indented(content: Any, indent: int) -> Padding:
    return Padding(content, (0, 0, 0, indent), expand=False)

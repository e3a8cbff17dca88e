"""The static report as one page: styles, formulas (MathML) and figures (SVG) are all inside it."""

from __future__ import annotations

import base64
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ._summaries import accepted, control_names, measured, measured_at, rivals
from .evidence import Evidence
from .findings import Finding
from .formatting import format_value

OUTCOMES = ("supported", "refuted", "inconclusive", "broken")
LONG_TABLE = 12  # more rows than this are folded away

# environments that the converter does not know, and the nearest one that it does
_ENVIRONMENTS = {"aligned": "split", "gathered": "split"}
_ENVIRONMENTS |= {"psmallmatrix": "pmatrix", "bsmallmatrix": "bmatrix"}

_INLINE = re.compile(r"\$([^$]+)\$|`([^`]+)`")


def page(
    findings: Sequence[Finding],
    papers_meta: Mapping[str, Any],
    figures: Mapping[str, Path],
    *,
    folder: Path,
) -> str:
    """Compose the page; `folder` is where it will lie, for the links to figure files."""
    by_paper: dict[str, list[Finding]] = {}
    for finding in findings:
        by_paper.setdefault(finding.paper, []).append(finding)
    sections = "\n".join(
        _paper_section(key, group, papers_meta.get(key, {}), figures, folder)
        for key, group in by_paper.items()
    )
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>groktheory report</title>
<style>
{style}</style>
</head>
<body>
<h1>Theories of grokking, checked</h1>
<p class="soft">Supported: the data agree with the theory and reject every rival. Refuted: they
exclude it, at the scale that was run. Inconclusive: neither. Errors are standard errors; bars are
95&nbsp;% intervals.</p>
{_counts(findings)}
{_overview(by_paper)}
{sections}
</body>
</html>
"""


def prose(text: str) -> str:
    """Escape text, with formulas between dollar signs as MathML and code between backticks."""
    parts, end = [], 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[end : match.start()]))
        latex, code = match.groups()
        parts.append(formula(latex) if latex else f"<code>{escape(code)}</code>")
        end = match.end()
    return "".join(parts) + escape(text[end:])


def formula(latex: str, *, display: bool = False) -> str:
    """Render LaTeX as MathML; what the converter cannot read is shown as it was written."""
    from latex2mathml.converter import convert_to_element

    for environment, known in _ENVIRONMENTS.items():
        latex = latex.replace(f"{{{environment}}}", f"{{{known}}}")
    try:
        tree = convert_to_element(latex, display="block" if display else "inline")
    except Exception:  # the converter raises many kinds, and a report must come out in any case
        return f"<code>{escape(latex)}</code>"
    for element in tree.iter():
        # its texts hold character references, which it leaves unescaped next to raw text
        element.text = unescape(element.text or "")
        element.attrib.pop("href", None)
    return ElementTree.tostring(tree, encoding="unicode")


def _counts(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.outcome for finding in findings)
    pills = (f'<span class="{o}">{counts[o]} {o}</span>' for o in OUTCOMES if counts[o])
    return f'<div class="counts">{"".join(pills)}</div>'


def _overview(by_paper: Mapping[str, Sequence[Finding]]) -> str:
    rows = []
    for key, group in by_paper.items():
        for finding in group:
            name = f'<a href="#{_anchor(finding)}">{escape(finding.claim)}</a>'
            name = f"<b>{name}</b>" if finding.headline else name
            piece = finding.decisive
            numbers = ("", "", "")
            if piece is not None:
                numbers = (
                    escape(accepted(piece.prediction)),
                    escape(measured(piece)),
                    "<br>".join(_rival(name, out) for name, out in rivals(piece)),
                )
            verdict = f'<span class="verdict {finding.outcome}">{finding.outcome}</span>'
            paper = f'<a href="#{_slug(key)}">{escape(key)}</a>'
            rows.append((paper, name, *numbers, verdict))
    return _table(("paper", "claim", "predicted", "measured", "rivals", "verdict"), rows)


def _paper_section(
    key: str, findings: Sequence[Finding], meta: Any, figures: Mapping[str, Path], folder: Path
) -> str:
    title = _get(meta, "title") or key
    facts = [escape(str(_get(meta, name))) for name in ("authors", "year") if _get(meta, name)]
    arxiv = str(_get(meta, "arxiv") or "")
    if arxiv:
        facts.append(f'<a href="https://arxiv.org/abs/{escape(arxiv)}">arXiv:{escape(arxiv)}</a>')
    facts.append(f"<code>{escape(key)}</code>")
    summary = _get(meta, "summary")
    parts = [
        f'<section id="{_slug(key)}">',
        f"<h2>{escape(title)}</h2>",
        f'<p class="soft">{" · ".join(facts)}</p>',
        f"<p>{prose(summary)}</p>" if summary else "",
        _equations(_get(meta, "equations") or ()),
        _corrections(_get(meta, "corrections") or ()),
        "<h4>Claims</h4>",
        *(_card(finding, figures.get(finding.name), folder) for finding in findings),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _equations(equations: Iterable[Any]) -> str:
    shown = [
        f'<div class="equation"><span class="name soft">{prose(_get(e, "name"))}</span>'
        f"{formula(_get(e, 'latex'), display=True)}"
        f'<span class="soft">{escape(_get(e, "source"))}</span></div>'
        for e in equations
    ]
    return "\n".join(["<h4>Equations</h4>", *shown]) if shown else ""


def _corrections(corrections: Iterable[Any]) -> str:
    shown = [
        f"""<div class="card"><h3>{prose(_get(c, "what"))}</h3>
<div class="sides">
<div><span class="soft">published</span>{formula(_get(c, "published_latex"), display=True)}</div>
<div><span class="soft">corrected</span>{formula(_get(c, "corrected_latex"), display=True)}</div>
</div>
<p class="soft">{prose(_get(c, "proof"))}</p></div>"""
        for c in corrections
    ]
    return "\n".join(["<h4>Corrections</h4>", *shown]) if shown else ""


def _card(finding: Finding, stem: Path | None, folder: Path) -> str:
    reason = finding.error if finding.verdict is None else finding.verdict.reason
    facts = {
        "scale": finding.scale,
        "seed": str(finding.seed),
        "wall time": f"{finding.seconds:.3g} s",
        **{str(name): _plain(value) for name, value in finding.provenance.items()},
    }
    provenance = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    return f"""<article class="card" id="{_anchor(finding)}">
<header><h3>{escape(finding.claim)}</h3>
<span class="verdict {finding.outcome}">{finding.outcome}</span></header>
<p>{prose(finding.statement)} <span class="soft">{escape(finding.source)}</span></p>
<p class="{finding.outcome}">{prose(reason or "")}</p>
{_figure(finding, stem, folder)}
{"".join(_numbers(piece) for piece in finding.evidence)}
<details><summary>provenance</summary><dl>{provenance}</dl></details>
</article>"""


def _figure(finding: Finding, stem: Path | None, folder: Path) -> str:
    if stem is None:
        return ""
    files = [Path(f"{stem}.{suffix}") for suffix in ("png", "svg", "pdf")]
    files = [file for file in files if file.exists()]
    image = ""
    if (drawing := Path(f"{stem}.svg")) in files:
        data = base64.b64encode(drawing.read_bytes()).decode()
        alternative = escape(f"{finding.claim}: {finding.statement}")
        image = f'<img alt="{alternative}" src="data:image/svg+xml;base64,{data}">'
    links = " · ".join(
        f'<a href="{escape(Path(os.path.relpath(file, folder)).as_posix())}">'
        f"{file.suffix[1:].upper()}</a>"
        for file in files
    )
    return f"<figure>{image}<figcaption>{links}</figcaption></figure>" if files else ""


def _numbers(piece: Evidence) -> str:
    """Every control point: predicted, measured, interval, and each rival."""
    points = len(piece.measurement.value)
    lower, upper = piece.measurement.interval(0.95)
    granted = piece.rivals_with_tolerance()
    rejected = rivals(piece)
    names = control_names(piece)
    heads = [prose(piece.prediction.label), "measured", "95&nbsp;% interval"]
    heads += [
        f"{_mark(out)} {prose(rival.label)}"
        for rival, (_, out) in zip(granted, rejected, strict=True)
    ]
    if points > 1:
        heads.insert(0, prose(piece.control.label) if piece.control else "point")
    rows = []
    for i in range(points):
        row = [
            escape(accepted(piece.prediction, i)),
            escape(measured_at(piece, i)),
            _interval(lower[i], upper[i]),
            *(
                escape(
                    accepted(rival, i)
                    if rival.is_bound
                    else format_value(np.broadcast_to(rival.value, points)[i])
                )
                for rival in granted
            ),
        ]
        rows.append([prose(names[i]), *row] if points > 1 else row)
    unit = f" [{escape(piece.unit)}]" if piece.unit else ""
    kind = f"{piece.form.value}, {piece.measurement.num_samples} repetitions"
    caption = f"{prose(piece.quantity)}{unit} ({kind})"
    table = _table(heads, rows, caption=caption)
    note = f'<p class="soft">{prose(piece.note)}</p>' if piece.note else ""
    if points > LONG_TABLE:
        return f"<details><summary>{caption}: {points} points</summary>{table}</details>{note}"
    return table + note


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "") -> str:
    """Lay out cells that are HTML already."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table>{title}<thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )


def _rival(name: str, rejected: bool) -> str:
    return f"{_mark(rejected)} {escape(name)}"


def _mark(rejected: bool) -> str:
    meaning = "rejected" if rejected else "not rejected"
    return f'<span title="{meaning}">{"✗" if rejected else "○"}</span>'


def _interval(lower: float, upper: float) -> str:
    ends = (f"{end:.4g}".replace("inf", "∞").replace("-", "−") for end in (lower, upper))
    return f"[{', '.join(ends)}]"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _get(meta: Any, name: str) -> Any:
    """Field of a mapping or attribute of an object, `None` if it has none."""
    return meta.get(name) if isinstance(meta, Mapping) else getattr(meta, name, None)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text)


def _anchor(finding: Finding) -> str:
    return _slug(finding.name)

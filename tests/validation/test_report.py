import dataclasses
import html.parser
import types
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from groktheory.validation import (
    Axis,
    Evidence,
    Exact,
    Finding,
    Form,
    Prediction,
    Samples,
    draw_claim,
    judge,
    save,
    verdict_table,
    write_html,
)
from groktheory.validation._html import formula, prose

NUMBER = Evidence(
    "height $E^*/M$",
    Form.IDENTITY,
    Prediction(0.25, 0.01, label="corrected"),
    Samples([0.249, 0.252, 0.25]),
    rivals=(Prediction(0.0625, label="published"),),
)
CURVE = Evidence(
    "threshold",
    Form.CURVE,
    Prediction([1.0, 2.0, 3.0], 0.1),
    Samples(np.array([1.0, 2.5, 3.0]) + np.array([[-0.01], [0.0], [0.01]])),
    rivals=(Prediction([0.0, 0.0, 3.0], label="flat & <low>"),),
    control=Axis("order $M$", (7, 11, 13)),
    note="two runs <censored>",
)
BOUND = Evidence(
    "gain",
    Form.ORDERING,
    Prediction.at_least([0.0, 0.0]),
    Samples([[0.1, 0.0], [0.2, 0.3]]),
    rivals=(Prediction.at_most(0.0, label="none"),),
)


def finding(claim, *evidence, paper="tian2025li2", **changes):
    return Finding(
        paper,
        claim,
        "Heights are $M/(2d)$ <always>; see `maxima`.",
        "[tian2025li2, Thm 2]",
        "quick",
        0,
        evidence,
        judge(evidence) if evidence else None,
        2.5,
        **changes,
    )


FINDINGS = [
    finding("heights", NUMBER, headline=True, provenance={"jax": "0.10", "settings": {"lr": 0.1}}),
    finding("curve", NUMBER, CURVE),
    finding("gain", BOUND),
    finding("broken", error="ValueError: [bold]<no>[/bold] & nothing"),
]


def shown(findings, width=100):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(verdict_table(findings))
    return capture.get()


def test_table_tells_the_whole_story():
    text = shown(FINDINGS, width=130)
    for part in (
        "tian2025li2",
        "0.250 ± 0.010",
        "0.2503 ± 0.0009",
        "✗ published: 0.0625",
        "supported",
        "1 to 3",
        "3 points, max |Δ| = 0.500 ± 0.006",
        "✗ flat & <low>",
        "refuted",
        "○ none: ≤ 0",
        "inconclusive",
        "height E*/M",
        "tian2025li2/broken: ValueError: [bold]<no>[/bold] & nothing",
    ):
        assert part in text, part


@pytest.mark.parametrize("width", [50, 70, 100])
def test_table_fits_narrow_terminals(width):
    text = shown(FINDINGS, width=width)
    assert max(len(line.rstrip()) for line in text.splitlines()) <= width
    for word in ("supported", "refuted", "inconclusive", "broken"):
        assert word in text


def test_table_of_several_papers_names_each_once():
    text = shown([FINDINGS[0], FINDINGS[2], finding("x", NUMBER, paper="kumar")], width=120)
    assert text.count("tian2025li2") == 1 and "kumar" in text


class Page(html.parser.HTMLParser):
    """Checks that tags close in order, and collects links, sources and text."""

    VOID = ("meta", "img", "br", "link", "hr")

    def __init__(self, text):
        super().__init__()
        self.open, self.links, self.sources, self.ids, self.tags = [], [], [], [], set()
        self.words = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attributes = dict(attrs)
        self.links += [attributes["href"]] if "href" in attributes else []
        self.sources += [attributes["src"]] if "src" in attributes else []
        self.ids += [attributes["id"]] if "id" in attributes else []
        assert not any(name.startswith("on") for name in attributes)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


META = {
    "title": "Provable <laws>",
    "authors": "Y. Tian",
    "year": 2025,
    "arxiv": "2509.21519",
    "summary": r"A network $\hat Y = \sigma(XW)V$ & its `stages`.",
    "equations": [
        {"name": "energy", "latex": r"E = \tfrac12 \lVert z \rVert^2", "source": "[x, Eq. 1]"},
        {"name": "two lines", "latex": r"\begin{aligned}a&=b\\c&<d\end{aligned}", "source": "d"},
    ],
    "corrections": [
        {
            "what": "height",
            "published_latex": r"\frac{M}{8d}",
            "corrected_latex": r"\frac{M}{2d}",
            "proof": "derived: <Parseval>",
        }
    ],
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    stem = folder / "figures" / "tian2025li2" / "heights"
    save(draw_claim(FINDINGS[0]), stem)
    papers = {"tian2025li2": META}
    path = write_html(FINDINGS, folder / "report", papers, {FINDINGS[0].name: stem})
    return path, path.read_text(encoding="utf-8")


def test_page_is_well_formed_and_needs_nothing_from_outside(report):
    path, text = report
    page = Page(text)
    assert path.name == "report.html" and [p.name for p in path.parent.iterdir()] == [path.name]
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources)
    assert len(page.sources) == 1
    outside = [link for link in page.links if "//" in link]
    assert outside == ["https://arxiv.org/abs/2509.21519"]
    assert "url(" not in text and "@import" not in text
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids) and len(page.ids) == len(set(page.ids))
    files = [link for link in page.links if not link.startswith("#") and link not in outside]
    assert len(files) == 3 and all((path.parent / Path(link)).exists() for link in files)


def test_page_escapes_and_shows_everything(report):
    _, text = report
    words = "".join(Page(text).words)
    for part in (
        "Provable <laws>",
        "flat & <low>",
        "two runs <censored>",
        "ValueError: [bold]<no>[/bold] & nothing",
        "derived: <Parseval>",
        "[tian2025li2, Thm 2]",
        "0.2503 ± 0.0009",
        "1 supported",
        "1 refuted",
        "1 inconclusive",
        "1 broken",
        "off the accepted region by 0.4 at order",
        "0.10",
        '{"lr": 0.1}',
        "2.5 s",
    ):
        assert part in words, part
    assert text.count("<math") >= 6 and "prefers-color-scheme: dark" in text


def test_page_takes_objects_and_lacks_nothing_without_them(tmp_path):
    paper = types.SimpleNamespace(**META | {"equations": (), "corrections": ()})
    text = write_html(FINDINGS[:1], tmp_path, {"tian2025li2": paper}, {}).read_text()
    assert "arXiv:2509.21519" in text and "<img" not in text
    text = write_html(FINDINGS[:1], tmp_path, {}, {}).read_text()
    Page(text)
    assert "<h2>tian2025li2</h2>" in text


def test_long_curves_are_folded(tmp_path):
    x = np.arange(30.0)
    rivals = (Prediction(99.0, label="r"),)
    long = Evidence("y", Form.CURVE, Prediction(x, 1.0), Exact(x), rivals, Axis("x", x))
    text = write_html([finding("long", long)], tmp_path, {}, {}).read_text()
    assert "30 points</summary>" in text


def test_a_failed_write_leaves_the_old_page(tmp_path, monkeypatch):
    path = write_html(FINDINGS[:1], tmp_path, {}, {})
    before = path.read_text()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        write_html(FINDINGS, tmp_path, {}, {})
    assert path.read_text() == before and list(tmp_path.iterdir()) == [path]


def test_the_same_findings_give_the_same_page(tmp_path):
    again = [dataclasses.replace(one) for one in FINDINGS]
    first = write_html(FINDINGS, tmp_path / "a", {}, {}).read_bytes()
    assert first == write_html(again, tmp_path / "b", {}, {}).read_bytes()


def test_formulas_cannot_smuggle_tags():
    for latex in (r"\text{<script>alert(1)</script>}", "a < b & c", r"\href{http://x.org}{q}"):
        text = formula(latex)
        assert "<script" not in text and "href" not in text and "& " not in text
        Page(text)
    assert "mtable" in formula(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")
    assert "<code>" in formula(r"\frac")
    assert prose("`<b>` costs $5") == "<code>&lt;b&gt;</code> costs $5"

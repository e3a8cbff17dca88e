import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory.papers
from groktheory.papers.kumar2023lazy import paper
from groktheory.validation.readable import readable

FORMULAS = [equation.latex for equation in paper.equations] + [
    latex
    for correction in paper.corrections
    for latex in (correction.published_latex, correction.corrected_latex)
]
CLAIMS = {
    "closed-map": True,
    "grokking-time": True,
    "loss-terms": False,
    "weight-norm": False,
    "kernel-limit": False,
    "lazy-plateau": True,
    "curvature": False,
    "number-of-samples": False,
    "alignment": False,
    "initial-spectrum": False,
}


def test_the_paper_is_a_core_paper_with_its_citation():
    assert paper.core
    bibliography = (Path(groktheory.papers.__file__).parent / "references.bib").read_text()
    entry = bibliography[bibliography.index(f"{{{paper.key},") :].split("\n}")[0]
    assert paper.title in entry and paper.arxiv in entry


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_are_readable_in_a_terminal_and_in_a_browser(latex):
    text = readable(latex)
    assert not re.search(r"[\\{}$]", text)
    assert not re.search(r"(lVert|operatorname|overline|frac|tilde|hat)", text)
    convert = pytest.importorskip("latex2mathml.converter").convert
    assert "\\" not in convert(latex)


def test_derivations_named_in_the_corrections_exist():
    assert paper.derivations is not None
    known = {item.name for item in paper.derivations()}
    named = {
        name
        for correction in paper.corrections
        for name in re.findall(r"derivation ([a-z-]+)\)", correction.proof)
    }
    assert named == {"kernel-modes", "alignment-power", "tangent-kernel"} <= known
    for correction in paper.corrections:
        assert correction.published_latex != correction.corrected_latex


@pytest.mark.parametrize(("name", "is_headline"), CLAIMS.items())
def test_claims_are_registered(name, is_headline):
    claim = paper.claims[name]
    assert claim.headline is is_headline
    assert claim.explanation


def test_listing_the_paper_imports_nothing_heavy():
    heavy = ("jax", "scipy", "matplotlib", "sympy", "xarray")
    program = (
        "import sys, groktheory.papers.kumar2023lazy\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

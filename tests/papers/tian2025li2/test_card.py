import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory.papers
from groktheory.papers.tian2025li2 import paper
from groktheory.validation.readable import readable

FORMULAS = [equation.latex for equation in paper.equations] + [
    latex
    for correction in paper.corrections
    for latex in (correction.published_latex, correction.corrected_latex)
]
CLAIMS = {
    "local-maxima": True,
    "flat-directions": False,
    "winning-frequency": False,
    "top-down-modulation": False,
    "landscape-threshold": False,
    "memorization-shapes": False,
    "wide-fixed-point": False,
    "coupon-collector": False,
}


def test_the_paper_is_a_core_paper_of_the_field_with_its_citation():
    assert paper.core
    assert paper.citation == (
        "Yuandong Tian (2025), Provable Scaling Laws of Feature Emergence from Learning Dynamics "
        "of Grokking, arXiv:2509.21519"
    )
    bibliography = (Path(groktheory.papers.__file__).parent / "references.bib").read_text()
    entry = bibliography[bibliography.index(f"{{{paper.key},") :].split("\n}")[0]
    assert paper.title in entry and paper.arxiv in entry


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_are_readable_in_a_terminal(latex):
    text = readable(latex)
    assert not re.search(r"[\\{}$]", text)
    assert "argmax" in text or not re.search(r"(lVert|operatorname|overline|frac|tilde|hat)", text)


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_render_in_a_browser(latex):
    convert = pytest.importorskip("latex2mathml.converter").convert
    # an unknown command would be shown as it stands
    assert "\\" not in convert(latex)


def test_names_are_unique_and_corrections_correct_something():
    names = [equation.name for equation in paper.equations]
    assert len(set(names)) == len(names)
    for correction in paper.corrections:
        assert correction.published_latex != correction.corrected_latex
        assert correction.proof


def test_derivations_named_in_the_corrections_exist_and_hold():
    assert paper.derivations is not None
    derivations = {item.name: item for item in paper.derivations()}
    named = {
        name.strip()
        for correction in paper.corrections
        for group in re.findall(r"derivations? ([a-z0-9, -]+)\)", correction.proof)
        for name in group.split(",")
    }
    assert len(named) >= 6
    assert named <= set(derivations)
    for name in ("label-eigenvalue", "four-nodes"):
        derivations[name].verify()


@pytest.mark.parametrize(("name", "is_headline"), CLAIMS.items())
def test_claims_are_registered(name, is_headline):
    claim = paper.claims[name]
    assert claim.headline is is_headline
    assert "tian2025li2" in claim.source
    assert claim.explanation


def test_listing_the_paper_imports_nothing_heavy():
    heavy = ("jax", "scipy", "matplotlib", "sympy", "xarray")
    program = (
        "import sys, groktheory.papers.tian2025li2, groktheory.papers.tian2025li2.memorization\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

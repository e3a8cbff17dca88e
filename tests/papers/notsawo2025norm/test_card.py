import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory.papers
from groktheory.papers.notsawo2025norm import paper
from groktheory.validation.readable import readable

FORMULAS = [equation.latex for equation in paper.equations] + [
    latex
    for correction in paper.corrections
    for latex in (correction.published_latex, correction.corrected_latex)
]
CLAIMS = {
    "sliding-time": True,
    "memorization-time": False,
    "remaining-error": False,
    "nuclear-sliding-time": False,
    "weight-decay-alone": True,
    "depth": False,
    "norm-rises": False,
    "coherent-completion": False,
    "coherent-sensing": False,
}


def test_the_paper_is_not_a_core_paper_and_has_its_citation():
    assert not paper.core
    bibliography = (Path(groktheory.papers.__file__).parent / "references.bib").read_text()
    entry = bibliography[bibliography.index(f"{{{paper.key},") :].split("\n}")[0]
    assert paper.title in entry.replace("{E}", "E") and paper.arxiv in entry


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_are_readable_in_a_terminal(latex):
    text = readable(latex)
    assert not re.search(r"[\\{}$]", text)
    assert not re.search(r"(lVert|operatorname|overline|frac|tilde|hat)", text)


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_render_in_a_browser(latex):
    convert = pytest.importorskip("latex2mathml.converter").convert
    assert "\\" not in convert(latex)


def test_names_are_unique_and_corrections_correct_something():
    names = [equation.name for equation in paper.equations]
    assert len(set(names)) == len(names)
    for correction in paper.corrections:
        assert correction.published_latex != correction.corrected_latex
        assert correction.proof


def test_derivations_named_in_the_corrections_exist():
    assert paper.derivations is not None
    derivations = {item.name for item in paper.derivations()}
    named = {
        name
        for correction in paper.corrections
        for name in re.findall(r"derivation ([a-z0-9-]+)", correction.proof)
    }
    assert len(named) >= 3
    assert named <= derivations


@pytest.mark.parametrize(("name", "is_headline"), CLAIMS.items())
def test_claims_are_registered(name, is_headline):
    claim = paper.claims[name]
    assert claim.headline is is_headline
    assert "notsawo2025norm" in claim.source
    assert claim.explanation


def test_listing_the_paper_imports_nothing_heavy():
    heavy = ("jax", "scipy", "matplotlib", "sympy", "xarray")
    program = (
        "import sys, groktheory.papers.notsawo2025norm\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory.papers
from groktheory.papers.mohamadi2024kernel import paper
from groktheory.validation.readable import readable

FORMULAS = [equation.latex for equation in paper.equations] + [
    latex
    for correction in paper.corrections
    for latex in (correction.published_latex, correction.corrected_latex)
]
CLAIMS = {
    "relabeled-spectrum": False,
    "kernel-lower-bound": True,
    "kernel-interpolates": False,
    "explicit-network": True,
    "rich-beats-kernel": False,
    "initial-scale": False,
    "kernel-until-interpolation": False,
    "large-initialization": False,
    "margin-growth": False,
    "margin-across-scales": False,
    "max-norm": False,
    "classification-data": False,
    "regression-data": False,
}


def test_citation():
    assert not paper.core
    bibliography = (Path(groktheory.papers.__file__).parent / "references.bib").read_text()
    entry = bibliography[bibliography.index(f"{{{paper.key},") :].split("\n}")[0]
    assert paper.arxiv in entry


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_are_readable_in_a_terminal_and_in_a_browser(latex):
    text = readable(latex)
    assert not re.search(r"[\\{}$]", text)
    assert not re.search(r"(lVert|operatorname|overline|frac|tilde|hat)", text)
    convert = pytest.importorskip("latex2mathml.converter").convert
    assert "\\" not in convert(latex)


def test_corrections_correct_something_and_their_derivations_hold():
    assert paper.derivations is not None
    derivations = {item.name: item for item in paper.derivations()}
    named = set()
    for correction in paper.corrections:
        assert correction.published_latex != correction.corrected_latex
        for group in re.findall(r"derivations? ([a-z0-9, -]+)\)", correction.proof):
            named |= {name.strip() for name in group.split(",")}
    assert len(named) == 4
    for name in named:
        derivations[name].verify()


def test_claims_are_registered():
    assert {name: claim.headline for name, claim in paper.claims.items()} == CLAIMS
    for claim in paper.claims.values():
        assert "mohamadi2024kernel" in claim.source
        assert claim.explanation


def test_listing_the_paper_imports_nothing_heavy():
    heavy = ("jax", "scipy", "matplotlib", "sympy", "xarray", "optax")
    program = (
        "import sys, groktheory.papers.mohamadi2024kernel\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

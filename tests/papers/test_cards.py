"""What holds for the card, the claims and the figures of every paper."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory.papers
from groktheory.papers.bench.discovery import discover
from groktheory.validation.readable import readable

PAPERS = {key: entry.paper for key, entry in discover()[0].items()}
HEADLINES = {
    "kozyrev2024langevin": {"gibbs-equilibrium", "kramers-rate", "network-escape"},
    "kumar2023lazy": {"closed-map", "grokking-time", "lazy-plateau"},
    "lakkapragada2025slt": {"linear-networks", "multiplicity-bias"},
    "levi2023linear": {"loss-curves", "grokking-time"},
    "liu2022effective": {"critical-fraction", "effective-flow", "conserved-quantities"},
    "liu2022omnigrok": {"lu-shapes", "norm-decay"},
    "lyu2023dichotomy": {"transition-time", "early-and-late-bias"},
    "miller2023beyond": {"linear-dynamics", "regression-grokking"},
    "mohamadi2024kernel": {"kernel-lower-bound", "explicit-network"},
    "notsawo2025norm": {"sliding-time", "weight-decay-alone"},
    "tian2025li2": {"local-maxima", "weight-decay", "capacity"},
}
CORE = {
    "kozyrev2024langevin",
    "kumar2023lazy",
    "lakkapragada2025slt",
    "liu2022effective",
    "lyu2023dichotomy",
    "miller2023beyond",
    "tian2025li2",
}
FORMULAS = sorted(
    {equation.latex for paper in PAPERS.values() for equation in paper.equations}
    | {
        latex
        for paper in PAPERS.values()
        for correction in paper.corrections
        for latex in (correction.published_latex, correction.corrected_latex)
    }
)
every_paper = pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)


def test_headlines_and_core_papers():
    found = {
        key: {name for name, claim in paper.claims.items() if claim.headline}
        for key, paper in PAPERS.items()
    }
    assert found == HEADLINES
    assert {key for key, paper in PAPERS.items() if paper.core} == CORE


@every_paper
def test_the_bibliography_has_the_paper(paper):
    bibliography = (Path(groktheory.papers.__file__).parent / "references.bib").read_text()
    entry = bibliography[bibliography.index(f"{{{paper.key},") :].split("\n}")[0]
    assert paper.title in re.sub(r"\{(\w)\}|\\(?=&)", r"\1", entry) and paper.arxiv in entry


@pytest.mark.parametrize("latex", FORMULAS)
def test_formulas_are_readable_in_a_terminal_and_in_a_browser(latex):
    text = readable(latex)
    assert not re.search(r"[\\{}$]", text)
    assert not re.search(r"(lVert|operatorname|overline|frac|tilde|hat|langle)", text)
    # an unknown command would be shown as it stands
    assert "\\" not in pytest.importorskip("latex2mathml.converter").convert(latex)


@every_paper
def test_names_are_unique_and_corrections_correct_something(paper):
    names = [equation.name for equation in paper.equations]
    assert len(set(names)) == len(names)
    for correction in paper.corrections:
        assert correction.published_latex != correction.corrected_latex
        assert correction.proof


@every_paper
def test_derivations_named_in_the_corrections_exist(paper):
    derivations = {item.name for item in paper.derivations()}
    named = {
        name.strip()
        for correction in paper.corrections
        for group in re.findall(r"derivations? ([a-z0-9-]+(?:, [a-z0-9-]+)*)", correction.proof)
        for name in group.split(",")
    }
    assert len(named) >= 2
    assert named <= derivations


@every_paper
def test_claims_have_sources_and_explanations(paper):
    assert len(paper.claims) >= 8
    for claim in paper.claims.values():
        assert paper.key in claim.source or "derived" in claim.source
        assert claim.explanation


@every_paper
def test_figures_have_captions_and_names_of_their_own(paper):
    assert len(paper.figures) >= 3
    assert not set(paper.figures) & set(paper.claims)
    assert all(len(figure.caption) > 60 for figure in paper.figures.values())


def test_listing_the_papers_imports_nothing_heavy():
    heavy = "{'jax', 'scipy', 'matplotlib', 'sympy', 'xarray', 'optax', 'clarabel', 'sklearn'}"
    program = (
        "import sys; from groktheory.papers.bench.discovery import discover\n"
        f"assert not discover()[1]; print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

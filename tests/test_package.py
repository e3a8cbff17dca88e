"""What holds the package together: its list of folders, its laziness, its doctests."""

import configparser
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import groktheory
from groktheory.papers.bench import discover

ROOT = Path(groktheory.__file__).parent
CHECKOUT = Path(__file__).parents[1]
ROOMS = ("theory", "simulations", "validation", "papers")
MODULES = [
    module.name
    for module in pkgutil.walk_packages(groktheory.__path__, "groktheory.")
    if module.name != "groktheory.__main__"
]


@pytest.fixture(scope="module")
def setup():
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / "setup.cfg")
    return parser


def test_the_list_of_packages_equals_the_tree(setup):
    listed = set(setup["options"]["packages"].split())
    folders = {file.parent for room in ROOMS for file in (CHECKOUT / room).rglob("__init__.py")}
    names = {".".join(("groktheory", *folder.relative_to(CHECKOUT).parts)) for folder in folders}
    assert listed == names | {"groktheory"}


def test_nothing_else_lies_at_the_top():
    assert {path.name for path in CHECKOUT.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_all_data_files_are_packaged(setup):
    patterns = " ".join(setup["options.package_data"].values()).replace(",", " ").split()
    for room in ROOMS:
        for path in (CHECKOUT / room).rglob("*"):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(pattern) for pattern in patterns), path


def test_faulty_releases_of_jax_are_excluded(setup):
    (jax,) = [
        line for line in setup["options"]["install_requires"].split() if re.match(r"jax\W", line)
    ]
    assert {"!=0.10.2", "!=0.11.0", "!=0.11.1"} <= set(re.split("jax|,", jax))


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is_for(name):
    assert (importlib.import_module(name).__doc__ or "").strip()


@pytest.mark.parametrize("name", ["", *(f".{room}" for room in ROOMS), ".papers.bench"])
def test_importing_a_room_imports_nothing_heavy(name):
    command = (
        f"import sys, groktheory{name} as room\n"
        "assert dir(room)\n"
        "heavy = {'jax', 'scipy', 'sympy', 'matplotlib', 'xarray'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    answer = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("room", ["", *(f".{room}" for room in ROOMS), ".papers.bench"])
def test_every_public_name_exists(room):
    module = importlib.import_module(f"groktheory{room}")
    for name in module.__all__:
        getattr(module, name)


@pytest.mark.parametrize("room", ["theory", "simulations", "validation"])
def test_rooms_know_nothing_of_one_another(room):
    others = "|".join(one for one in ROOMS if one != room)
    pattern = re.compile(rf"^\s*(from|import)\s+(groktheory\.|\.\.+)({others})\b", re.MULTILINE)
    for path in (ROOT / room).rglob("*.py"):
        assert not pattern.search(path.read_text()), path


def test_papers_are_sound_and_cited():
    entries, broken = discover()
    assert not broken
    references = (ROOT / "papers" / "references.bib").read_text()
    known = set(re.findall(r"^@\w+\{(\w+),", references, re.MULTILINE))
    for key, entry in entries.items():
        assert key in known
        assert entry.source == f"groktheory.papers.{key}"
        headlines = [claim for claim in entry.paper.claims.values() if claim.headline]
        if entry.paper.core:
            assert 2 <= len(headlines) <= 4
        for claim in entry.paper.claims.values():
            assert claim.memory_at("quick") <= 4 and claim.memory_at("full") <= 16, claim.name
            cited = re.findall(r"\[([a-z0-9]+)", claim.source)
            assert cited or "derived" in claim.source
            assert set(cited) <= known, claim.source

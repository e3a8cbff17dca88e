import json
import subprocess
import sys
from pathlib import Path

import pytest

from groktheory.papers.bench import provenance


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A copy of the tree in small, whose files can be changed."""
    for name in (
        "theory/li2/energy.py",
        "simulations/training.py",
        "validation/laws.py",
        "validation/judge.py",
        "papers/bench/bench.py",
        "papers/bench/terminal.py",
        "papers/one.py",
        "papers/_one_runs.py",
        "papers/two.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    monkeypatch.setattr(provenance, "_ROOT", tmp_path)
    provenance._hash_files.cache_clear()
    yield tmp_path
    provenance._hash_files.cache_clear()


@pytest.mark.parametrize(
    ("changed", "runs_change", "evidence_changes"),
    [
        ("theory/li2/energy.py", True, True),
        ("simulations/training.py", True, True),
        ("papers/bench/bench.py", True, True),
        ("papers/one.py", True, True),
        ("papers/_one_runs.py", True, True),
        ("validation/laws.py", False, True),
        ("validation/judge.py", False, False),
        ("papers/bench/terminal.py", False, False),
        ("papers/two.py", False, False),
    ],
)
def test_results_depend_on_the_code_that_makes_them(root, changed, runs_change, evidence_changes):
    file = root / "papers" / "one.py"
    runs, evidence = provenance.run_version(file), provenance.evidence_version(file)
    (root / changed).write_text("after")
    provenance._hash_files.cache_clear()
    assert (provenance.run_version(file) != runs) is runs_change
    assert (provenance.evidence_version(file) != evidence) is evidence_changes


def test_a_new_file_counts(root):
    file = root / "papers" / "one.py"
    before = provenance.run_version(file)
    (root / "theory" / "new.py").write_text("")
    provenance._hash_files.cache_clear()
    assert provenance.run_version(file) != before


def test_a_paper_may_be_a_folder(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "part.py").write_text("before")
    before = provenance.run_version(tmp_path / "__init__.py")
    (tmp_path / "part.py").write_text("after")
    assert provenance.run_version(tmp_path / "__init__.py") != before


def test_other_package_versions_are_other_code(monkeypatch):
    file = Path(__file__)
    before = provenance.run_version(file)
    monkeypatch.setattr(provenance, "version", lambda name: "0")
    assert provenance.run_version(file) != before


def test_the_code_version_is_the_same_in_another_process():
    file = Path(__file__)
    command = f"""
from pathlib import Path
from groktheory.papers.bench import provenance
print(provenance.evidence_version(Path({str(file)!r})))
"""
    answer = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert answer.stdout.strip() == provenance.evidence_version(file)


def test_the_description_is_plain_json_and_names_the_device():
    facts = json.loads(json.dumps(provenance.describe(), allow_nan=False))
    assert {"python", "jax", "numpy", "device", "cores", "platform"} <= set(facts)

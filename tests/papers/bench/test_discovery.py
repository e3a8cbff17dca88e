import sys
from pathlib import Path

import pytest

from groktheory import papers
from groktheory.papers.bench import BrokenPaper, UnknownName, discover, find, load
from groktheory.papers.bench.discovery import suggest
from groktheory.papers.bench.selection import select


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A second folder of `groktheory.papers`, as if its files had been added to the package."""
    folder = tmp_path / "papers"
    folder.mkdir()
    monkeypatch.setattr(papers, "__path__", [*papers.__path__, str(folder)])
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        if name.startswith("groktheory.papers."):
            del sys.modules[name]


def source(key, *, core=False, extra=""):
    return (
        "from groktheory.papers.bench import Paper\n"
        f"paper = Paper(key={key!r}, title='', authors='', year=1, summary='', core={core})\n"
        f"{extra}\n"
    )


CLAIMS = """
@paper.claim("main", statement="It holds.", source="", headline=True)
def main(bench): ...
@paper.claim("detail", statement="It holds, too.", source="")
def detail(bench): ...
"""


def test_a_new_module_is_found_without_a_list(package):
    (package / "zeta2020grok.py").write_text(source("zeta2020grok"))
    (package / "_private.py").write_text(source("private"))
    (package / "helper.py").write_text("number = 1")
    entries, broken = discover()
    assert entries["zeta2020grok"].file == package / "zeta2020grok.py"
    assert not {"private", "helper", "my-theory"} & set(entries)
    assert not {"zeta2020grok", "_private", "helper"} & set(broken)
    assert entries["zeta2020grok"].address == "zeta2020grok"


def test_a_paper_that_cannot_be_imported_leaves_the_others_alone(package):
    (package / "zeta2020grok.py").write_text(source("zeta2020grok"))
    (package / "zeta2021broken.py").write_text("import math\n\nmath.sqrt(-1)\n")
    entries, broken = discover()
    assert "zeta2020grok" in entries
    message = r"zeta2021broken cannot be imported: ValueError: .* \(zeta2021broken.py, line 3\)"
    with pytest.raises(BrokenPaper, match=message):
        raise broken["zeta2021broken"]
    with pytest.raises(BrokenPaper, match=message):
        find("zeta2021broken")


def test_two_modules_with_one_key_are_refused(package):
    (package / "one.py").write_text(source("zeta2020grok"))
    (package / "two.py").write_text(source("zeta2020grok"))
    with pytest.raises(ValueError, match="both define paper 'zeta2020grok'"):
        discover()


def test_wrong_keys_suggest_the_near_ones(package):
    (package / "zeta2020grok.py").write_text(source("zeta2020grok", extra=CLAIMS))
    with pytest.raises(UnknownName, match="no paper 'zeta2020gork' — did you mean 'zeta2020grok'?"):
        find("zeta2020gork")
    with pytest.raises(UnknownName, match="no claim 'mian' in zeta2020grok — did you mean 'main'?"):
        select(["zeta2020grok/mian"])


def test_suggestions_fall_back_to_everything():
    assert suggest("x", ["beta", "alpha"]) == "; there are alpha, beta"
    assert suggest("x", []) == "; there are none"


def test_core_is_the_headlines_of_core_papers_and_all_is_everything(package):
    (package / "zeta2020grok.py").write_text(source("zeta2020grok", core=True, extra=CLAIMS))
    (package / "zeta2021side.py").write_text(source("zeta2021side", extra=CLAIMS))

    def ours(*targets):
        return [one.name for one in select(targets)[0] if one.name.startswith("zeta")]

    assert ours("core") == ["zeta2020grok/main"]
    assert ours("all") == [
        f"zeta{key}/{claim}" for key in ("2020grok", "2021side") for claim in ("main", "detail")
    ]
    assert ours("zeta2021side/detail", "zeta2021side") == [
        "zeta2021side/detail",
        "zeta2021side/main",
    ]


def test_an_empty_selection_is_refused(package):
    (package / "zeta2020grok.py").write_text(source("zeta2020grok"))
    with pytest.raises(UnknownName, match="nothing to check: no claims in zeta2020grok"):
        select(["zeta2020grok"])


def test_a_file_of_ones_own_may_import_its_neighbors(tmp_path):
    (tmp_path / "neighbor_of_mine.py").write_text("year = 1905")
    (tmp_path / "mine.py").write_text(
        "import neighbor_of_mine\n" + source("mine").replace("year=1", "year=neighbor_of_mine.year")
    )
    entry = load(str(tmp_path / "mine.py"))
    assert entry.paper.year == 1905
    assert entry.file == tmp_path / "mine.py"
    assert entry.address.endswith("mine.py")
    assert load(str(tmp_path / "mine.py")).paper is entry.paper


def test_an_edited_file_is_imported_anew(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(source("before"))
    assert load(str(path)).paper.key == "before"
    path.write_text(source("after"))
    assert load(str(path)).paper.key == "after"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", r"cannot be imported: ZeroDivisionError: division by zero \(mine.py, line 1\)"),
        ("def f(:", r"cannot be imported: SyntaxError: .* \(mine.py, line 1\)"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be"),
    ],
)
def test_a_file_that_raises_says_where(tmp_path, text, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(BrokenPaper, match=message):
        load(str(path))


def test_a_file_that_is_missing_or_empty_is_refused(tmp_path):
    with pytest.raises(UnknownName, match="no file '.*nowhere.py'"):
        load(str(tmp_path / "nowhere.py"))
    Path(tmp_path / "empty.py").write_text("paper = 3")
    with pytest.raises(UnknownName, match="defines no `paper`: add"):
        load(str(tmp_path / "empty.py"))

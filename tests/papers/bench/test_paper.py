import pytest

from groktheory.papers.bench import Paper


@pytest.fixture
def paper():
    return Paper(key="fake", title="A fake", authors="N. N.", year=2026, summary="Nothing.")


def add(paper, name="right", **options):
    options = {"statement": "It holds.", "source": "[fake, Eq. 1]"} | options
    return paper.claim(name, **options)


def test_claims_keep_the_order_of_the_file_and_their_functions(paper):
    def second(bench):
        """Explain."""

    def first(bench):
        pass

    assert add(paper, "second", headline=True, memory_gib=(1, 8))(second) is second
    add(paper, "first")(first)
    assert list(paper.claims) == ["second", "first"]
    claim = paper.claims["second"]
    assert (claim.headline, claim.memory_at("quick"), claim.memory_at("full")) == (True, 1, 8)
    assert claim.explanation == "Explain."
    assert paper.claims["first"].explanation == ""


@pytest.mark.parametrize("key", ["Tian2025", "tian 2025", "", "-a", "a--b", "a/b", "a.py"])
def test_malformed_keys_are_refused(key):
    with pytest.raises(ValueError, match="key must be lowercase letters and digits"):
        Paper(key=key, title="", authors="", year=2026, summary="")


@pytest.mark.parametrize("key", ["core", "all"])
def test_words_that_select_papers_are_no_keys(key):
    with pytest.raises(ValueError, match="these words select papers"):
        Paper(key=key, title="", authors="", year=2026, summary="")


def test_malformed_claims_are_refused(paper):
    with pytest.raises(ValueError, match="claim name must be lowercase .* got 'Local Maxima'"):
        add(paper, "Local Maxima")
    with pytest.raises(ValueError, match="claim 'empty' needs a statement"):
        add(paper, "empty", statement="  ")
    with pytest.raises(ValueError, match=r"two positive numbers \(quick, full\), got \(0, 4\)"):
        add(paper, "no-memory", memory_gib=(0, 4))


def test_a_name_is_given_once(paper):
    add(paper, "right")(print)
    paper.figure("curve", caption="A curve.")(lambda bench: None)
    with pytest.raises(ValueError, match="fake already has a claim 'right'"):
        add(paper, "right")
    with pytest.raises(ValueError, match="fake already has a claim 'right'"):
        paper.figure("right", caption="")
    with pytest.raises(ValueError, match="fake already has a figure 'curve'"):
        add(paper, "curve")


def test_figure_options_must_be_plain_and_taken(paper):
    with pytest.raises(TypeError, match="option 'sizes' .* got list"):
        paper.figure("curve", caption="", options={"sizes": [1, 2]})
    with pytest.raises(TypeError, match="its function does not take its options"):
        paper.figure("curve", caption="", options={"group": "S3"})(lambda bench: None)


def test_the_citation_names_arxiv_only_if_there_is_a_number(paper):
    assert paper.citation == "N. N. (2026), A fake"
    preprint = Paper(key="a", title="T", authors="A", year=2025, summary="", arxiv="2509.21519")
    assert preprint.citation == "A (2025), T, arXiv:2509.21519"

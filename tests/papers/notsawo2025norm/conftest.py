import pytest

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.bench.cache import Cache
from groktheory.papers.notsawo2025norm import paper
from groktheory.theory import implicit_bias as theory


class SmallBench(Bench):
    """A bench whose quick settings are replaced by the smaller ones of `smaller`."""

    def __init__(self, *arguments, smaller, **options):
        super().__init__(*arguments, **options)
        self.smaller = smaller

    def pick(self, *, quick, full):
        for setting, replacement in self.smaller:
            if setting == quick:
                return replacement
        return super().pick(quick=quick, full=full)


@pytest.fixture(scope="module")
def judge_claim(tmp_path_factory):
    """Check a claim on small problems; runs are kept between the tests of a module.

    `smaller` lists pairs of a quick setting and what to use instead.
    """
    cache = Cache(tmp_path_factory.mktemp("cache"))

    def judge(name, *, smaller=()):
        bench = SmallBench(paper.key, name, cache=cache, smaller=smaller)
        return validation.judge(paper.claims[name].function(bench)).outcome

    return judge


@pytest.fixture
def plant(monkeypatch):
    """Replace a function of the theory by `change` of its result."""

    def replace(name, change):
        right = getattr(theory, name)
        monkeypatch.setattr(theory, name, lambda *a, **k: change(right(*a, **k)), raising=False)

    return replace

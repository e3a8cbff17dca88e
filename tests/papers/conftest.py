"""Checking claims on small problems; the `conftest.py` of a paper says which paper and theory."""

import pytest

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.bench.cache import Cache


class SmallBench(Bench):
    """A bench whose quick settings are replaced by the smaller ones of `smaller`.

    Runs are kept; numbers are, unless the predictions among them are to be computed anew.
    """

    def __init__(self, *arguments, smaller, keeps_numbers, **options):
        super().__init__(*arguments, **options)
        self.smaller = smaller
        self.keeps_numbers = keeps_numbers

    def pick(self, *, quick, full):
        for setting, replacement in self.smaller:
            if setting == quick:
                return replacement
        return super().pick(quick=quick, full=full)

    def cached(self, name, function):
        return super().cached(name, function) if self.keeps_numbers else dict(function())


@pytest.fixture(scope="module")
def keeps_numbers():
    return True


@pytest.fixture(scope="module")
def judge_claim(tmp_path_factory, paper, keeps_numbers):
    """Check a claim, with measurements kept between the tests of a module; returns the outcome.

    `smaller` lists pairs of a quick setting and what to use instead.
    """
    cache = Cache(tmp_path_factory.mktemp("cache"))

    def judge(name, *, smaller=()):
        bench = SmallBench(
            paper.key, name, cache=cache, smaller=smaller, keeps_numbers=keeps_numbers
        )
        return validation.judge(paper.claims[name].function(bench)).outcome

    return judge


@pytest.fixture
def plant(monkeypatch, theory):
    """Replace a function of the theory by `change` of its result."""

    def replace(name, change):
        right = getattr(theory, name)
        monkeypatch.setattr(theory, name, lambda *a, **k: change(right(*a, **k)), raising=False)

    return replace

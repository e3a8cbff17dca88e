"""Checking claims on small problems; the `conftest.py` of a paper says which paper and theory."""

import pytest
from helpers import SmallBench, rendered

from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.bench.cache import Cache


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


@pytest.fixture(scope="module")
def bench_kind():
    """What figures are drawn on; modules that draw them from fewer runs have one of their own."""
    return Bench


@pytest.fixture(scope="module")
def bench_of(tmp_path_factory, paper, bench_kind):
    """Bench of a figure; numbers are kept between the tests of a module."""
    cache = Cache(tmp_path_factory.mktemp("cache"))
    return lambda name, **options: bench_kind(paper.key, name, cache=cache, options=options)


@pytest.fixture
def draw(paper, bench_of):
    """Draw a figure, render it with every warning an error, and return it."""
    return lambda name, **options: rendered(
        paper.figures[name], bench_of(name, **options), **options
    )


@pytest.fixture
def plant(monkeypatch, theory):
    """Replace a function of the theory by `change` of its result."""

    def replace(name, change):
        right = getattr(theory, name)
        monkeypatch.setattr(theory, name, lambda *a, **k: change(right(*a, **k)), raising=False)

    return replace

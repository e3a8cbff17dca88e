import pytest

from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import paper as miller


@pytest.fixture(scope="module")
def paper():
    return miller


class FakeBench(Bench):
    """A bench whose training runs are given, by name."""

    def __init__(self, claim, runs):
        super().__init__(miller.key, claim)
        self.runs = runs

    def train(self, name, **settings):
        return self.runs[name] if isinstance(self.runs, dict) else self.runs(name, **settings)


@pytest.fixture(scope="session")
def evidence_from():
    """Evidence of a claim from given runs."""

    def collect(claim, runs):
        found = miller.claims[claim].function(FakeBench(claim, runs))
        return found if isinstance(found, tuple) else (found,)

    return collect

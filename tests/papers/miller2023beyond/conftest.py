import pytest
from helpers import PlantedBench

from groktheory.papers.miller2023beyond import paper as miller


@pytest.fixture(scope="module")
def paper():
    return miller


@pytest.fixture(scope="session")
def evidence_from():
    """Evidence of a claim from given runs."""

    def collect(claim, runs):
        found = miller.claims[claim].function(PlantedBench(miller.key, claim, runs))
        return found if isinstance(found, tuple) else (found,)

    return collect

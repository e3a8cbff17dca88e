import pytest

from groktheory.papers import mohamadi2024kernel


@pytest.fixture(scope="module")
def paper():
    return mohamadi2024kernel.paper

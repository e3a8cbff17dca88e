import pytest

from groktheory.papers import lyu2023dichotomy
from groktheory.theory import implicit_bias


@pytest.fixture(scope="module")
def paper():
    return lyu2023dichotomy.paper


@pytest.fixture
def theory():
    return implicit_bias


@pytest.fixture(scope="module")
def keeps_numbers():
    return False

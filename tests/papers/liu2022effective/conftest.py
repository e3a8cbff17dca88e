import pytest

from groktheory.papers import liu2022effective
from groktheory.theory import representation


@pytest.fixture(scope="module")
def paper():
    return liu2022effective.paper


@pytest.fixture
def theory():
    return representation


@pytest.fixture(scope="module")
def keeps_numbers():
    return True

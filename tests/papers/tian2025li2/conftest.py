import pytest

from groktheory.papers import tian2025li2


@pytest.fixture(scope="module")
def paper():
    return tian2025li2.paper

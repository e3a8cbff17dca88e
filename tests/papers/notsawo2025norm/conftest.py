import pytest

from groktheory.papers import notsawo2025norm
from groktheory.theory import implicit_bias


@pytest.fixture(scope="module")
def paper():
    return notsawo2025norm.paper


@pytest.fixture
def theory():
    return implicit_bias

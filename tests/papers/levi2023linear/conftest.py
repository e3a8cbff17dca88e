import pytest

from groktheory.papers import levi2023linear
from groktheory.theory import linear_estimators


@pytest.fixture(scope="module")
def paper():
    return levi2023linear.paper


@pytest.fixture
def theory():
    return linear_estimators

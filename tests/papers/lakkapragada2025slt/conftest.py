import pytest

from groktheory.papers import lakkapragada2025slt


@pytest.fixture(scope="module")
def paper():
    return lakkapragada2025slt.paper

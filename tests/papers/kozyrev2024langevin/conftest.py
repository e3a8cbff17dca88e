import pytest

from groktheory.papers import kozyrev2024langevin
from groktheory.theory import langevin


@pytest.fixture(scope="module")
def paper():
    return kozyrev2024langevin.paper


@pytest.fixture
def theory():
    return langevin


@pytest.fixture
def plant_method(monkeypatch):
    """Replace a method of a class of the theory by `change` of its result."""

    def replace(kind, name, change):
        right = getattr(kind, name)
        monkeypatch.setattr(kind, name, lambda *a, **k: change(right(*a, **k)))

    return replace

import textwrap

import pytest

HEADER = """
import time

import numpy as np

from groktheory.papers.bench import Correction, Equation, Paper
from groktheory.validation import Evidence, Exact, Form, Prediction

paper = Paper(key="fake", title="A fake", authors="N. N.", year=2026, summary="Nothing.")


def answer(value):
    return Evidence(
        "answer",
        Form.IDENTITY,
        Prediction(42.0, 0.5),
        Exact([value]),
        rivals=(Prediction(54.0, label="six by nine"),),
    )


def claim(name, **options):
    return paper.claim(name, statement=f"{name} holds.", source="[fake, Eq. 1]", **options)
"""


@pytest.fixture
def write_paper(tmp_path):
    """Write a paper file with the given claims; returns its path."""

    def write(body, name="fake.py", header=HEADER):
        path = tmp_path / name
        path.write_text(header + textwrap.dedent(body))
        return str(path)

    return write


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep the user's caches out of the tests, and the tests' JAX settings as they are."""
    monkeypatch.setenv("GROKTHEORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    return tmp_path / "cache"

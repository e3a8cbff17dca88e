"""Start-up of the command line, against the import of PyTorch in a process of its own."""

import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.benchmark


def _process(*arguments: str):
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("command", [("--help",), ("list",)])
def test_command_line_starts(command, compare):
    compare(
        f"import torch / groktheory {' '.join(command)}",
        _process("-c", "import torch"),
        _process("-m", "groktheory", *command),
        rounds=5,
    )


def test_second_start_of_a_check_compiles_nothing(compare, tmp_path, monkeypatch):
    """A check with a fresh results cache, without and with the compilation cache of the first."""
    claim = ("-m", "groktheory", "check", "tian2025li2/capacity", "--fresh", "--out", str(tmp_path))
    number = iter(range(100))

    def cold():
        monkeypatch.setenv("GROKTHEORY_CACHE", str(tmp_path / f"cold-{next(number)}"))
        _process(*claim)()

    def warm():
        monkeypatch.setenv("GROKTHEORY_CACHE", str(tmp_path / "warm"))
        _process(*claim)()

    compare("check, cold / warm compilation cache", cold, warm, rounds=1)

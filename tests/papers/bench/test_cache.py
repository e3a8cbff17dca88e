import concurrent.futures
import io
import os
import threading
import time

import numpy as np
import pytest
import xarray

from groktheory.papers.bench import cache as cache_module
from groktheory.papers.bench.cache import (
    EVIDENCE,
    NUMBERS,
    RUN,
    Cache,
    default_folder,
    why_unwritable,
    write_atomically,
)

SPECIFICATION = {"paper": "fake", "name": "run", "seed": 0}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def only_file(folder):
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    return path


def never():
    raise AssertionError("computed again")


def test_numbers_come_back_bit_by_bit(cache):
    numbers = {
        "pi": np.array([np.pi, np.nan, -0.0, np.inf]),
        "complex": np.array([[1 + 2j]]),
        "words": np.array(["Z7", "S3"]),
        "flag": np.array(True),
    }
    first = cache.get(NUMBERS, SPECIFICATION, lambda: numbers)
    second = cache.get(NUMBERS, SPECIFICATION, never)
    for name, expected in numbers.items():
        for got in (first[name], second[name]):
            assert got.dtype == expected.dtype
            assert got.tobytes() == expected.tobytes()


def test_objects_are_no_numbers(cache):
    with pytest.raises(TypeError, match="'thing' must be an array of numbers or strings"):
        cache.get(NUMBERS, SPECIFICATION, lambda: {"thing": object()})


def test_runs_come_back_and_their_files_open_in_other_tools(cache, tmp_path):
    runs = xarray.Dataset(
        {"loss": (("seed", "step"), np.random.default_rng(0).normal(size=(2, 3)))},
        coords={"step": [0, 1, 10]},
        attrs={"unit": "nats", "num_steps": 10},
    )
    assert cache.get(RUN, SPECIFICATION, lambda: runs).identical(runs)
    assert cache.get(RUN, SPECIFICATION, never).identical(runs)
    path = only_file(tmp_path / "cache")
    assert path.suffix == ".nc"
    with xarray.open_dataset(path, engine="h5netcdf") as opened:
        assert opened.identical(runs)


def test_what_depends_on_other_things_is_another_result(cache):
    cache.get(EVIDENCE, SPECIFICATION, lambda: [1])
    assert cache.get(EVIDENCE, SPECIFICATION | {"seed": 1}, lambda: [2]) == [2]
    assert cache.get(EVIDENCE, SPECIFICATION, never) == [1]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "renamed"])
def test_a_damaged_file_is_reported_and_computed_anew(cache, tmp_path, caplog, damage):
    cache.get(NUMBERS, SPECIFICATION, lambda: {"x": np.arange(100.0)})
    path = only_file(tmp_path / "cache")
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "foreign":
        buffer = io.BytesIO()
        np.savez(buffer, x=np.arange(100.0))
        path.write_bytes(buffer.getvalue())
    else:  # a sound file that belongs to another specification
        Cache(tmp_path / "other").get(NUMBERS, {"seed": 7}, lambda: {"x": np.zeros(100)})
        path.write_bytes(only_file(tmp_path / "other").read_bytes())
    again = cache.get(NUMBERS, SPECIFICATION, lambda: {"x": np.arange(100.0)})
    assert again["x"].tolist() == list(range(100))
    assert "damaged or not ours: computing it anew" in caplog.text
    caplog.clear()
    cache.get(NUMBERS, SPECIFICATION, never)
    assert not caplog.text


def test_an_unreadable_place_is_reported(cache, caplog):
    cache.get(EVIDENCE, SPECIFICATION, lambda: [1])
    path = only_file(cache.folder)
    path.unlink()
    path.mkdir()
    assert cache.get(EVIDENCE, SPECIFICATION, lambda: [2]) == [2]
    assert "cannot read" in caplog.text
    assert "cannot keep" in caplog.text


def test_without_a_folder_everything_is_computed():
    cache = Cache(None)
    assert cache.get(EVIDENCE, SPECIFICATION, lambda: [1]) == [1]
    assert cache.get(EVIDENCE, SPECIFICATION, lambda: [2]) == [2]
    assert cache.checkpoint(SPECIFICATION) is None
    assert cache.last("fake", "right") is None


def test_a_full_disk_loses_nothing(cache, monkeypatch, caplog, tmp_path):
    cache.get(EVIDENCE, SPECIFICATION, lambda: ["kept"])

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", no_space)
    other = SPECIFICATION | {"seed": 1}
    assert cache.get(EVIDENCE, other, lambda: ["not kept"]) == ["not kept"]
    assert "No space left on device): going on without it" in caplog.text
    assert cache.get(EVIDENCE, SPECIFICATION, never) == ["kept"]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_two_claims_that_share_a_run_compute_it_once(cache):
    calls = []

    def compute():
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return [len(calls)]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(cache.get, EVIDENCE, SPECIFICATION, compute) for _ in range(4)]
    assert [job.result() for job in jobs] == [[1]] * 4
    assert len(calls) == 1


def test_who_waits_for_a_run_can_be_stopped(cache):
    entered, leave = threading.Event(), threading.Event()

    def slow():
        entered.set()
        leave.wait(10)
        return [1]

    def stop():
        raise InterruptedError

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        job = pool.submit(cache.get, EVIDENCE, SPECIFICATION, slow)
        entered.wait(10)
        with pytest.raises(InterruptedError):
            cache.get(EVIDENCE, SPECIFICATION, never, while_waiting=stop)
        leave.set()
        assert job.result() == [1]


def test_fresh_ignores_what_is_older_than_the_check(tmp_path):
    Cache(tmp_path).get(EVIDENCE, SPECIFICATION, lambda: ["old"])
    start = only_file(tmp_path).stat().st_mtime + 0.001
    fresh = Cache(tmp_path, not_before=start)
    time.sleep(0.02)
    assert fresh.get(EVIDENCE, SPECIFICATION, lambda: ["new"]) == ["new"]
    assert fresh.get(EVIDENCE, SPECIFICATION, never) == ["new"]


def test_unfinished_state_is_deleted_with_the_run_and_ignored_when_fresh(cache, tmp_path):
    def compute():
        folder = cache.checkpoint(SPECIFICATION)
        folder.mkdir(parents=True)
        (folder / "block").write_text("half")
        return [1]

    cache.get(EVIDENCE, SPECIFICATION, compute)
    assert not cache.checkpoint(SPECIFICATION).exists()

    folder = cache.checkpoint(SPECIFICATION)
    folder.mkdir()
    assert cache.checkpoint(SPECIFICATION).exists()
    os.utime(folder, (0, 0))
    fresh = Cache(cache.folder, not_before=1.0)
    assert fresh.checkpoint(SPECIFICATION) == folder
    assert not folder.exists()


def test_a_failed_computation_keeps_the_unfinished_state(cache):
    def compute():
        cache.checkpoint(SPECIFICATION).mkdir(parents=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.get(EVIDENCE, SPECIFICATION, compute)
    assert cache.checkpoint(SPECIFICATION).exists()
    assert cache.get(EVIDENCE, SPECIFICATION, lambda: [1]) == [1]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def fail(source, destination):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(cache_module.os, "replace", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_last_verdicts_survive_garbage(cache):
    cache.remember("fake", "right", {"verdict": "supported"})
    assert cache.last("fake", "right") == {"verdict": "supported"}
    (cache.folder / "last" / "fake" / "right.json").write_text("{")
    assert cache.last("fake", "right") is None


def test_the_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("GROKTHEORY_CACHE", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    monkeypatch.delenv("GROKTHEORY_CACHE")
    assert default_folder().name == "groktheory"


def test_a_folder_below_a_file_is_not_writable(tmp_path):
    (tmp_path / "file").write_text("")
    assert why_unwritable(tmp_path / "file" / "folder") == "Not a directory"
    assert why_unwritable(tmp_path / "new" / "folder") is None
    assert list((tmp_path / "new" / "folder").iterdir()) == []

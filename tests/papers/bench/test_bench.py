import dataclasses
import functools
import threading

import jax
import numpy as np
import optax
import pytest
import xarray

from groktheory import simulations
from groktheory.papers.bench import Bench, Cancelled
from groktheory.papers.bench.bench import Control, _fingerprint
from groktheory.papers.bench.cache import Cache


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def never():
    raise AssertionError("computed again")


def test_scale_and_seed_are_checked():
    with pytest.raises(ValueError, match="scale must be 'quick' or 'full', got 'huge'"):
        Bench("fake", "right", scale="huge")
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match=r"seed must lie in \[0, 2\^32\), got"):
            Bench("fake", "right", seed=seed)


def test_pick_follows_the_scale():
    assert Bench("fake", "right").pick(quick=1, full=2) == 1
    assert Bench("fake", "right", scale="full").pick(quick=1, full=2) == 2


def key_of(paper="fake", claim="right", **options):
    return tuple(jax.random.key_data(Bench(paper, claim, **options).key).tolist())


def test_the_key_depends_on_paper_claim_and_seed_but_not_on_scale():
    keys = {key_of(), key_of(paper="other"), key_of(claim="wrong"), key_of(seed=1)}
    assert len(keys) == 4
    assert key_of(scale="full") == key_of()
    assert key_of() == (2420870781, 1667490851)  # the same on every machine and in every release


def test_shared_purposes_have_one_key_in_all_claims():
    first, second = Bench("fake", "right").key_for("sweep"), Bench("fake", "wrong").key_for("sweep")
    assert (jax.random.key_data(first) == jax.random.key_data(second)).all()


def count_from(start):
    return {"numbers": np.arange(start, start + 3)}


def test_numbers_are_shared_by_name_and_function(cache):
    first, second = (Bench("fake", claim, cache=cache) for claim in ("right", "wrong"))
    assert first.cached("count", functools.partial(count_from, 1))["numbers"].tolist() == [1, 2, 3]
    # the same name for something else is something else
    assert second.cached("count", functools.partial(count_from, 5))["numbers"].tolist() == [5, 6, 7]
    for start in (1, 5):  # a function is told apart by what it encloses
        got = second.cached("enclosed", lambda start=start: count_from(start))
        assert got["numbers"].tolist() == [start, start + 1, start + 2] or start == 5
    stored = len(list(cache.folder.rglob("*.npz")))
    second.cached("count", functools.partial(count_from, 1))
    assert len(list(cache.folder.rglob("*.npz"))) == stored


@pytest.mark.parametrize(
    "change", [{"scale": "full"}, {"seed": 1}, {"version": "x"}, {"options": {"group": "S4"}}]
)
def test_numbers_depend_on_scale_seed_code_and_options(cache, change):
    Bench("fake", "right", cache=cache).cached("count", functools.partial(count_from, 1))
    with pytest.raises(AssertionError, match="computed again"):
        Bench("fake", "right", cache=cache, **change).cached("count", never)


@dataclasses.dataclass
class Setting:
    width: int
    weights: np.ndarray


def same(first, second):
    return _fingerprint(first) == _fingerprint(second)


def enclosing(number):
    return lambda: number


def test_settings_are_told_apart_by_value():
    assert same({"a": (1, 2.0, "x", None, True)}, {"a": (1, 2.0, "x", None, True)})
    assert not same(0.1, 0.1 + 1e-17 * 8)
    assert not same((1, 2), [1, 2])
    assert same(Setting(3, np.ones(2)), Setting(3, np.ones(2)))
    assert not same(Setting(3, np.ones(2)), Setting(3, np.array([1, 2.0])))
    assert not same(np.ones(2), np.ones(2, dtype=np.float32))
    assert not same(np.ones((2, 1)), np.ones((1, 2)))
    assert not same(jax.random.key(0), jax.random.key(1))
    assert same(optax.adam(1e-3), optax.adam(1e-3))
    assert not same(optax.adam(1e-3), optax.adam(2e-3))
    assert same(enclosing(1), enclosing(1))
    assert not same(enclosing(1), enclosing(2))
    assert same(count_from, count_from)
    assert not same(count_from, never)
    assert not same(jax.jit(count_from), jax.jit(never))


def test_a_setting_that_contains_itself_has_an_end():
    loop = []
    loop.append(loop)
    assert same(loop, loop)

    def recursive():
        return recursive

    assert same(recursive, recursive)


def fake_train(record, *, key, workers, checkpoint, progress, cancelled, num_steps):
    progress(0.5)
    checkpoint.mkdir(parents=True)
    record.append((tuple(jax.random.key_data(key).tolist()), workers, cancelled()))
    return xarray.Dataset({"loss": ("step", np.arange(float(num_steps)))})


def test_runs_get_what_the_bench_provides_and_are_kept(cache, monkeypatch):
    record, progress = [], []
    monkeypatch.setattr(simulations, "train", functools.partial(fake_train, record))
    control = Control(lambda fraction, text: progress.append((fraction, text)))
    bench = Bench("fake", "right", cache=cache, workers=3, control=control)
    first = bench.train("sweep", num_steps=4)
    assert first["loss"].values.tolist() == [0, 1, 2, 3]
    other_claim = Bench("fake", "wrong", cache=cache)
    assert other_claim.train("sweep", num_steps=4).identical(first)
    assert len(record) == 1
    assert other_claim.train("sweep", num_steps=2)["loss"].size == 2
    (key, workers, cancelled), (other_key, *_) = record
    assert key == other_key == tuple(jax.random.key_data(bench.key_for("sweep")).tolist())
    assert (workers, cancelled) == (3, False)
    assert progress == [(0.5, "sweep")]
    assert list((cache.folder / "checkpoints").iterdir()) == []


def test_phase_diagrams_are_kept_like_runs(cache, monkeypatch):
    record = []
    draw = functools.partial(fake_train, record)
    monkeypatch.setattr(simulations, "phase_diagram", draw)
    first = Bench("fake", "right", cache=cache).phase_diagram("plane", num_steps=4)
    again = Bench("fake", "wrong", cache=cache).phase_diagram("plane", num_steps=4)
    assert first.identical(again) and len(record) == 1


def test_progress_stops_an_interrupted_claim():
    seen = []
    control = Control(lambda fraction, text: seen.append((fraction, text)), threading.Event())
    bench = Bench("fake", "right", control=control)
    bench.progress(2, "training")
    assert seen == [(1.0, "training")]
    control.stop.set()
    with pytest.raises(Cancelled, match="fake/right was interrupted"):
        bench.progress(0.5)
    with pytest.raises(Cancelled):
        bench.cached("count", never)

import importlib
import threading
import time
from typing import Any

import pytest

from groktheory.papers.bench import UnknownName, check, runner
from groktheory.papers.bench.runner import Silent, available_memory_gib

THREE = """
@claim("right", headline=True)
def right(bench):
    return answer(42.0)

@claim("wrong")
def wrong(bench):
    return answer(54.0), answer(42.0)

@claim("raises")
def raises(bench):
    return answer(1 / 0)
"""


class Recorder(Silent):
    def __init__(self):
        self.log = []
        self.tracebacks = {}

    def started(self, name):
        self.log.append(("started", name))

    def progress(self, name, fraction, text):
        self.log.append(("progress", name, fraction, text))

    def finished(self, finding, *, reused, traceback=""):
        self.log.append(("reused" if reused else "computed", finding.name))
        self.tracebacks[finding.name] = traceback

    def names(self, kind):
        return sorted(entry[1] for entry in self.log if entry[0] == kind)


@pytest.mark.parametrize("executor", ["serial", "threads:2", "processes:2"])
def test_claims_are_judged_and_a_broken_one_leaves_the_others_alone(write_paper, executor):
    recorder = Recorder()
    findings = check(write_paper(THREE), executor=executor, observer=recorder)
    assert [(finding.name, finding.outcome) for finding in findings] == [
        ("fake/right", "supported"),
        ("fake/wrong", "refuted"),
        ("fake/raises", "broken"),
    ]
    right, wrong, raises = findings
    assert right.headline and not wrong.headline
    assert right.statement == "right holds."
    assert len(wrong.evidence) == 2
    assert raises.error == "ZeroDivisionError: division by zero (fake.py, line 35)"
    assert "return answer(1 / 0)" in recorder.tracebacks["fake/raises"]
    assert right.provenance["device"]
    assert recorder.names("computed") == ["fake/raises", "fake/right", "fake/wrong"]


def test_the_second_check_reuses_what_is_valid(write_paper):
    path = write_paper(THREE)
    first = check(path)
    recorder = Recorder()
    second = check(path, observer=recorder)
    assert recorder.names("reused") == ["fake/right", "fake/wrong"]
    assert recorder.names("started") == ["fake/raises"]
    assert [one.to_json() for one in second[:2]] == [one.to_json() for one in first[:2]]
    changes: list[dict[str, Any]] = [
        {"seed": 1},
        {"scale": "full"},
        {"fresh": True},
        {"use_cache": False},
    ]
    for change in changes:
        again = Recorder()
        check(f"{path}/right", observer=again, **change)
        assert again.names("computed") == ["fake/right"], change
    write_paper(THREE + "# changed\n")
    edited = Recorder()
    check(f"{path}/right", observer=edited)
    assert edited.names("computed") == ["fake/right"]


def test_verdicts_are_given_anew_on_stored_evidence(write_paper, monkeypatch):
    judge_module = importlib.import_module("groktheory.validation.judge")

    path = write_paper(THREE)
    (first,) = check(f"{path}/right")
    judged = []

    def judge(evidence, **options):
        judged.append(evidence)
        return first.verdict

    monkeypatch.setattr(judge_module, "judge", judge)
    recorder = Recorder()
    check(f"{path}/right", observer=recorder)
    assert recorder.names("reused") == ["fake/right"]
    assert judged[0][0].quantity == "answer"


def test_evidence_that_is_none_breaks_only_its_claim(write_paper):
    path = write_paper("""
    @claim("nothing")
    def nothing(bench):
        return None

    @claim("no-rival")
    def no_rival(bench):
        return Evidence("answer", Form.IDENTITY, Prediction(42.0, 0.5), Exact([42.0]))
    """)
    nothing, no_rival = check(path)
    assert nothing.error is not None and nothing.error.startswith(
        "TypeError: a claim must return Evidence or a tuple of Evidence, got NoneType"
    )
    assert no_rival.error is not None
    assert no_rival.error.startswith("the evidence cannot be judged: a claim must name at least")


def test_progress_and_randomness_reach_the_claim(write_paper):
    path = write_paper("""
    import jax

    @claim("random")
    def random(bench):
        bench.progress(0.5, "half way")
        return answer(42 + float(jax.random.uniform(bench.key)) / 10)
    """)
    recorder = Recorder()
    (first,) = check(path, observer=recorder, use_cache=False)
    (second,) = check(path, use_cache=False)
    (other,) = check(path, use_cache=False, seed=1)
    values = [one.to_json()["measured"] for one in (first, second, other)]
    assert values[0] == values[1] != values[2]
    assert ("progress", "fake/random", 0.5, "half way") in recorder.log


def test_an_interrupted_check_keeps_what_is_finished_and_goes_on(write_paper):
    path = write_paper("""
    @claim("quick")
    def quick(bench):
        return answer(42.0)

    @claim("slow")
    def slow(bench):
        for step in range(1000):
            bench.progress(step / 1000)
            time.sleep(0.01)
        return answer(42.0)
    """)
    stop = threading.Event()

    class Impatient(Recorder):
        def finished(self, finding, *, reused, traceback=""):
            super().finished(finding, reused=reused, traceback=traceback)
            stop.set()

    start = time.perf_counter()
    findings = check(path, executor="threads:1", observer=Impatient(), stop=stop)
    assert [one.name for one in findings] == ["fake/quick"]
    assert time.perf_counter() - start < 9
    recorder = Recorder()
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    assert [one.name for one in check(path, observer=recorder, stop=stop)] == ["fake/quick"]
    assert recorder.names("reused") == ["fake/quick"]
    assert recorder.names("started") == ["fake/slow"]


def test_the_longest_claim_starts_first_once_its_time_is_known(write_paper):
    body = """
    @claim("short")
    def short(bench):
        return answer(42.0)

    @claim("long")
    def long(bench):
        time.sleep(1.0)
        return answer(42.0)
    """
    path = write_paper(body)
    orders = []
    for _ in range(2):
        recorder = Recorder()
        check(path, executor="serial", observer=recorder, fresh=True)
        orders.append([entry[1] for entry in recorder.log if entry[0] == "started"])
    assert orders == [["fake/short", "fake/long"], ["fake/long", "fake/short"]]


def test_too_little_memory_is_said_before_the_start(write_paper, monkeypatch):
    path = write_paper("""
    @claim("large", memory_gib=(2, 64))
    def large(bench):
        return answer(42.0)
    """)
    monkeypatch.setattr(runner, "available_memory_gib", lambda: 7.5)
    (full,) = check(path, scale="full")
    assert full.error == (
        "not started: it needs about 64 GiB of memory at scale full, 7.5 GiB are free: "
        "use --scale quick, close other programs, or run it on a larger machine"
    )
    (quick,) = check(path)
    assert quick.outcome == "supported"


def test_claims_that_do_not_fit_together_run_one_after_the_other(write_paper, monkeypatch):
    path = write_paper("""
    running = []

    def alone(bench):
        running.append(bench.claim)
        time.sleep(0.1)
        together = len(running)
        running.remove(bench.claim)
        return answer(41.0 + together)

    for name in ("one", "two", "three"):
        claim(name, memory_gib=(3, 3))(alone)
    """)
    monkeypatch.setattr(runner, "available_memory_gib", lambda: 5.0)
    findings = check(path, executor="threads:3")
    assert [one.to_json()["measured"] for one in findings] == [42.0] * 3


def test_a_worker_that_dies_takes_only_its_own_claims_along(write_paper):
    path = write_paper("""
    import os

    @claim("dies")
    def dies(bench):
        os._exit(9)

    @claim("right")
    def right(bench):
        return answer(42.0)
    """)
    dies, right = check(path, executor="processes:1")
    assert dies.error is not None
    assert dies.error.startswith("a worker process died (out of memory?)")
    assert right.outcome == "supported"


def test_two_claims_share_a_run(write_paper):
    path = write_paper("""
    calls = []

    def count():
        calls.append(1)
        time.sleep(0.1)
        return {"x": np.array(42.0)}

    def shared(bench):
        bench.cached("count", count)
        return answer(41.0 + len(calls))

    for name in ("one", "two"):
        claim(name)(shared)
    """)
    findings = check(path, executor="threads:2")
    assert [one.to_json()["measured"] for one in findings] == [42.0, 42.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "huge"}, "scale must be 'quick' or 'full', got 'huge'"),
        ({"seed": -1}, r"seed must lie in \[0, 2\^32\), got -1"),
        ({"executor": "magic"}, "executor must be one of"),
    ],
)
def test_wrong_settings_are_refused(write_paper, options, message):
    with pytest.raises(ValueError, match=message):
        check(write_paper(THREE), **options)


def test_unknown_claims_are_refused(write_paper):
    with pytest.raises(UnknownName, match="no claim 'wrogn' in fake — did you mean 'wrong'"):
        check(write_paper(THREE) + "/wrogn")


def test_free_memory_is_plausible():
    assert 0.05 < available_memory_gib() < 1e5

import os
import time
from concurrent.futures import BrokenExecutor

import pytest

from groktheory.papers.bench import executors
from groktheory.papers.bench.executors import check_name, open_pool, thread_limits


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("thread", "executor must be one of serial, threads.*, got 'thread'"),
        ("serial:2", "executor must be one of serial"),
        ("threads:0", "must be a positive integer, got 'threads:0'"),
        ("processes:two", "must be a positive integer, got 'processes:two'"),
        ("slurm:cpu", "slurm parameters must be NAME=VALUE, got 'cpu'"),
    ],
)
def test_wrong_executors_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        check_name(name)


@pytest.mark.parametrize(("name", "package"), [("dask", "distributed"), ("slurm", "submitit")])
def test_a_missing_package_is_named_with_the_extra(name, package, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    message = rf"executor '{name}' needs the package {package}: pip install 'groktheory\[{name}\]'"
    with pytest.raises(ValueError, match=message):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "num_claims", "concurrency", "workers"),
    [
        ("threads:4", 10, 4, 1),
        ("threads:4", 2, 2, 2),
        ("threads:5", 2, 2, 2),
        ("threads:4", 1, 1, 4),
        ("processes:3", 1, 1, 3),
    ],
)
def test_cores_are_divided_among_claims(name, num_claims, concurrency, workers):
    with open_pool(name, num_claims=num_claims) as pool:
        assert (pool.concurrency, pool.workers) == (concurrency, workers)


def test_serial_runs_at_once_and_keeps_exceptions():
    with open_pool("serial", num_claims=3) as pool:
        assert pool.shares_process
        assert pool.executor.submit(divmod, 7, 3).result() == (2, 1)
        with pytest.raises(ZeroDivisionError):
            pool.executor.submit(divmod, 7, 0).result()


def test_threads_run_side_by_side():
    with open_pool("threads:2", num_claims=2) as pool:
        start = time.perf_counter()
        jobs = [pool.executor.submit(time.sleep, 0.2) for _ in range(2)]
        for job in jobs:
            job.result()
        assert time.perf_counter() - start < 0.39


def test_worker_processes_limit_their_threads_and_can_be_killed():
    with open_pool("processes:2", num_claims=2) as pool:
        assert (pool.workers, pool.is_local, pool.shares_process) == (1, True, False)
        assert pool.executor.submit(os.getenv, "NPROC").result() == "1"
        assert pool.executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
        flags = pool.executor.submit(os.getenv, "XLA_FLAGS", "").result()
        assert "--xla_cpu_multi_thread_eigen=false" in flags
        job = pool.executor.submit(time.sleep, 60)
        pool.kill()
        with pytest.raises(BrokenExecutor):
            job.result(timeout=20)


def test_users_flags_are_kept(monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=true")
    assert "XLA_FLAGS" not in thread_limits(1)
    monkeypatch.setenv("XLA_FLAGS", "--mine")
    assert thread_limits(1)["XLA_FLAGS"] == "--mine --xla_cpu_multi_thread_eigen=false"
    assert "XLA_FLAGS" not in thread_limits(2)
    assert thread_limits(2)["NPROC"] == "2"


def test_slurm_parameters_are_read():
    assert executors._slurm_parameters("slurm_partition=cpu,timeout_min=60") == {
        "slurm_partition": "cpu",
        "timeout_min": 60,
    }


def test_slurm_jobs_fill_futures(tmp_path):
    pytest.importorskip("submitit")  # without SLURM, it runs local processes
    with open_pool("slurm:timeout_min=1,cpus_per_task=1", num_claims=2, folder=tmp_path) as pool:
        assert (pool.workers, pool.is_local) == (1, False)
        good = pool.executor.submit(divmod, 7, 3)
        bad = pool.executor.submit(divmod, 7, 0)
        assert good.result(timeout=60) == (2, 1)
        with pytest.raises(Exception, match="ZeroDivisionError"):
            bad.result(timeout=60)


def test_only_unfinished_slurm_jobs_are_canceled(tmp_path):
    pytest.importorskip("submitit")
    cancelled = []

    class Job:
        def __init__(self, is_done):
            self.done = lambda: is_done
            self.cancel = lambda: cancelled.append(is_done)

    executor = executors.SlurmExecutor(tmp_path, {})
    executor._jobs = [Job(True), Job(False)]
    executor.cancel_jobs()
    assert cancelled == [False]
    assert executor.cores_per_job == 4


def test_dask_runs_a_cluster_of_its_own():
    pytest.importorskip("distributed")
    with open_pool("dask", num_claims=2) as pool:
        assert pool.is_local
        assert pool.concurrency >= 1
        assert pool.executor.submit(divmod, 7, 3).result(timeout=60) == (2, 1)
        assert pool.executor.submit(os.getenv, "NPROC").result(timeout=60) == "1"

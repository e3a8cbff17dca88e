"""Where claims are computed: all engines through the `concurrent.futures` protocol.

| name | claims run in |
|---|---|
| `serial` | the calling thread, one after the other |
| `threads:N` | threads of this process; XLA and BLAS release the interpreter lock |
| `processes:N` | N processes of this machine |
| `dask` or `dask:ADDRESS` | a local Dask cluster, or the one whose scheduler has this address |
| `slurm` or `slurm:NAME=VALUE,...` | SLURM jobs through submitit, with its parameters |
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .provenance import usable_cores

NAMES = "serial, threads[:N], processes[:N], dask[:ADDRESS], slurm[:NAME=VALUE,...]"


@dataclasses.dataclass(frozen=True)
class Pool:
    """An open executor: how many claims it takes at once, with how many cores for each.

    `shares_process` is true where claims can report progress and be asked to stop, `is_local`
    where they use this machine's memory; `kill` ends claims that do not stop by themselves.
    """

    executor: Executor
    concurrency: int
    workers: int
    shares_process: bool = False
    is_local: bool = True
    kill: Callable[[], None] = lambda: None


def check_name(name: str) -> None:
    """Refuse an executor that does not exist, or whose package is not installed.

    Raises
    ------
    ValueError
        With the names that exist, or with what to install.
    """
    kind, _, argument = name.partition(":")
    if kind in ("threads", "processes"):
        _count(name)
    elif kind == "slurm":
        _slurm_parameters(argument)
        _need("submitit", "slurm")
    elif kind == "dask":
        _need("distributed", "dask")
    elif name != "serial":
        raise ValueError(f"executor must be one of {NAMES}, got {name!r}")


@contextlib.contextmanager
def open_pool(name: str, *, num_claims: int, folder: Path | None = None) -> Iterator[Pool]:
    """Open an executor for `num_claims` claims; it is closed without waiting for lost claims.

    Parameters
    ----------
    name
        As in the table above.
    num_claims
        Number of claims to come: cores are divided among them if there are fewer than cores.
    folder
        Where SLURM jobs leave their logs.

    Raises
    ------
    ValueError
        As `check_name`.
    """
    check_name(name)
    kind, _, argument = name.partition(":")
    cores = _count(name) if kind in ("threads", "processes") else usable_cores()
    concurrency = max(1, min(cores, num_claims))
    workers = max(1, cores // concurrency)
    if kind == "serial":
        yield Pool(SerialExecutor(), 1, cores, shares_process=True)
    elif kind == "threads":
        threads = ThreadPoolExecutor(concurrency, thread_name_prefix="claim")
        try:
            yield Pool(threads, concurrency, workers, shares_process=True)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
    elif kind == "processes":
        with _processes(concurrency, workers) as pool:
            yield pool
    elif kind == "dask":
        with _dask(argument) as pool:
            yield pool
    else:
        slurm = SlurmExecutor(folder or Path("slurm_logs"), _slurm_parameters(argument))
        yield Pool(slurm, 1000, slurm.cores_per_job, is_local=False, kill=slurm.cancel_jobs)


class SerialExecutor(Executor):
    """Runs what is submitted at once, in the calling thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function; the future that comes back is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class SlurmExecutor(Executor):
    """SLURM jobs behind the executor protocol (without SLURM, submitit runs local processes).

    Parameters
    ----------
    folder
        Shared folder for logs and pickled results.
    parameters
        Passed to `submitit.AutoExecutor.update_parameters`; four cores and four hours a claim if
        they do not say otherwise.
    """

    def __init__(self, folder: Path, parameters: dict[str, Any]):
        import submitit

        parameters = {"cpus_per_task": 4, "timeout_min": 240} | parameters
        self.cores_per_job = int(parameters["cpus_per_task"])
        self._executor = submitit.AutoExecutor(folder=folder)
        self._executor.update_parameters(name="groktheory", **parameters)
        self._jobs: list[Any] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit one job; a thread watches it and fills the future."""
        job = self._executor.submit(fn, *args, **kwargs)
        self._jobs.append(job)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        threading.Thread(target=_watch, args=(job, future), daemon=True).start()
        return future

    def cancel_jobs(self) -> None:
        """Cancel all jobs that have not finished."""
        for job in self._jobs:
            if not job.done():
                job.cancel()


def _watch(job: Any, future: Future[Any], interval: float = 1.0) -> None:
    while not job.done():
        time.sleep(interval)
    try:
        future.set_result(job.result())
    except Exception as error:
        future.set_exception(error)


def thread_limits(threads: int) -> dict[str, str]:
    """Environment that keeps a process to `threads` threads, set before it imports NumPy or JAX."""
    limits = {
        name: str(threads)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    }
    limits["NPROC"] = str(threads)  # the size of XLA's thread pool
    flags = os.environ.get("XLA_FLAGS", "")
    if threads == 1 and "xla_cpu_multi_thread_eigen" not in flags:
        limits["XLA_FLAGS"] = f"{flags} --xla_cpu_multi_thread_eigen=false".strip()
    return limits


def _start_worker(threads: int) -> None:
    import signal

    os.environ.update(thread_limits(threads))
    sys.stdout = sys.stderr  # the parent's standard output belongs to its results
    # Ctrl-C reaches every process of the terminal; the parent decides when a worker ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


@contextlib.contextmanager
def _processes(count: int, threads: int) -> Iterator[Pool]:
    before = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")  # JAX does not survive a fork
    executor = ProcessPoolExecutor(
        count, mp_context=context, initializer=_start_worker, initargs=(threads,)
    )

    def kill() -> None:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()

    try:
        yield Pool(executor, count, threads, kill=kill)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Pool]:
    import distributed

    if address:
        cluster = contextlib.nullcontext(address)
    else:  # without these, the cluster listens on all interfaces and opens a dashboard
        cluster = distributed.LocalCluster(
            host="127.0.0.1",
            dashboard_address=None,  # pyright: ignore[reportArgumentType]
            n_workers=usable_cores(),
            threads_per_worker=1,
            silence_logs=50,
            env=thread_limits(1),
        )
    with cluster as where, distributed.Client(where, set_as_default=False) as client:
        threads: Any = client.nthreads()
        yield Pool(
            client.get_executor(retries=0, pure=False),
            concurrency=max(1, sum(threads.values())),
            workers=1,
            is_local=not address,
        )


def _count(name: str) -> int:
    _, separator, number = name.partition(":")
    if not separator:
        return usable_cores()
    if not number.isdecimal() or int(number) < 1:
        raise ValueError(f"the number of workers must be a positive integer, got {name!r}")
    return int(number)


def _slurm_parameters(text: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {}
    for pair in filter(None, text.split(",")):
        name, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(f"slurm parameters must be NAME=VALUE, got {pair!r}")
        parameters[name] = int(value) if value.isdecimal() else value
    return parameters


def _need(package: str, extra: str) -> None:
    import importlib.util

    if importlib.util.find_spec(package) is None:
        raise ValueError(
            f"executor {extra!r} needs the package {package}: pip install 'groktheory[{extra}]'"
        )

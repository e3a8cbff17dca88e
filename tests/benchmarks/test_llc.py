"""The estimator of learning coefficients, against devinterp and against a loop in PyTorch.

All sample the same networks with minibatches of 128 and the same settings; the peers walk one chain
after another. Times are CPU seconds on one thread (pin all with `taskset -c 1`). A chain-step is
the difference of a long and a short call, without set-up and compilation.

devinterp has dependencies of its own; name one interpreter or more that have it, with colons::

    python3 -m venv /tmp/devinterp && /tmp/devinterp/bin/pip install devinterp==1.3.2 torch
    DEVINTERP_PYTHON=/tmp/devinterp/bin/python python -m pytest tests/benchmarks/test_llc.py ...
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations.learning_coefficients import MatrixLoss, linear_network
from groktheory.theory import singular

pytestmark = pytest.mark.benchmark

NUM_SAMPLES, BATCH, GAMMA = 1000, 128, 1.0
STEPS = {"linear": 1e-4, "quadratic": 1e-7}  # of the samplers
SCALE = NUM_SAMPLES / np.log(NUM_SAMPLES)
PEERS = [path for path in os.environ.get("DEVINTERP_PYTHON", "").split(os.pathsep) if path]
needs_devinterp = pytest.mark.skipif(not PEERS, reason="see the docstring")
# Networks at the truth zero, whose coefficients are known.
KNOWN = ((5, 3, 5), (5, 4, 5), (4, 3, 8), (8, 3, 4), (3, 8, 4))


def _layers(widths):
    random = np.random.default_rng(0)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    return [(random.normal(size=s) / s[1] ** 0.5).astype(np.float32) for s in shapes]


def _data(layers, kind):
    inputs = np.random.default_rng(1).normal(size=(NUM_SAMPLES, layers[0].shape[1]))
    inputs = inputs.astype(np.float32)
    hidden = inputs @ layers[0].T
    return inputs, (hidden**2 if kind == "quadratic" else hidden) @ layers[1].T


def _devinterp(python, layers, kind, num_draws, *, num_chains=1, burn_in=0):
    inputs, targets = _data(layers, kind)
    task = {
        "layers": [layer.tolist() for layer in layers],
        "kind": kind,
        "inputs": inputs.tolist(),
        "targets": targets.tolist(),
        "step_size": STEPS[kind],
        "localization": GAMMA,
        "scale": SCALE,
        "batch_size": BATCH,
        "num_chains": num_chains,
        "num_draws": num_draws,
        "burn_in": burn_in,
        "reference": 0.0,
    }
    done = subprocess.run(
        [python, str(Path(__file__).with_name("devinterp_peer.py"))],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert lines, done.stderr[-2000:]
    return json.loads(lines[-1].removeprefix("RESULT "))


def _square(layers, batch):
    inputs, targets = batch
    return jnp.sum(((inputs @ layers[0].T) ** 2 @ layers[1].T - targets) ** 2, axis=1) / 2


def _ours(layers, kind, num_draws, *, num_chains, record_every=10, burn_in=0, noise="gaussian"):
    return sim.llc(
        MatrixLoss(linear_network) if kind == "linear" else _square,
        [jnp.asarray(layer) for layer in layers],
        _data(layers, kind),
        step_size=STEPS[kind],
        localization=GAMMA,
        num_chains=num_chains,
        num_draws=num_draws,
        record_every=record_every,
        burn_in=burn_in,
        batch_size=BATCH,
        noise=noise,
        quiet=True,
        key=jax.random.key(0),
    )


def _torch_loop(layers, kind, num_steps):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    inputs, targets = (torch.tensor(array) for array in _data(layers, kind))
    centers = [torch.tensor(layer) for layer in layers]
    moving = [center.clone().requires_grad_() for center in centers]
    for _ in range(num_steps):
        rows = torch.randint(0, NUM_SAMPLES, (BATCH,))
        hidden = inputs[rows] @ moving[0].T
        outputs = (hidden if kind == "linear" else hidden**2) @ moving[1].T
        loss = ((outputs - targets[rows]) ** 2).sum(1).mean() / 2
        slopes = torch.autograd.grad(loss, moving)
        with torch.no_grad():
            for w, g, c in zip(moving, slopes, centers, strict=True):
                w -= STEPS[kind] / 2 * (SCALE * g + GAMMA * (w - c))
                w += STEPS[kind] ** 0.5 * torch.randn_like(w)


def _marginal(run, short, long):
    times = []
    for number in (short, long):
        run(number)
        started = time.process_time()
        run(number)
        times.append(time.process_time() - started)
    return (times[1] - times[0]) / (long - short)


@pytest.mark.parametrize(
    ("kind", "widths", "chains"), [("linear", (10, 5, 10), 64), ("quadratic", (194, 500, 97), 1)]
)
def test_chain_steps(kind, widths, chains):
    """Cost of a step of a chain: ours with normal numbers, and with sums of bits."""
    layers = _layers(widths)
    short, long = (10, 410) if kind == "linear" else (4, 34)
    rows = []
    for _ in range(3):
        peers = {"loop": _marginal(lambda n: _torch_loop(layers, kind, n), 50, 450)}
        for python in PEERS:
            found = _devinterp(python, layers, kind, [20, 100, 600])["seconds"]
            peers[python] = (found[2] - found[1]) / 500
        ours = [
            _marginal(
                lambda n, noise=noise: _ours(layers, kind, n, num_chains=chains, noise=noise),
                short,
                long,
            )
            / (10 * chains)
            for noise in ("gaussian", "binomial")
        ]
        rows.append((peers, ours))
    for index, noise in enumerate(("normal", "binomial")):
        for name in rows[0][0]:
            ratios = [peers[name] / ours[index] for peers, ours in rows]
            print(
                f"\n{kind} {widths}, {noise} noise: {statistics.median(ratios):.3g}x {name} "
                f"(rounds {min(ratios):.3g} to {max(ratios):.3g}); "
                f"{1e6 * statistics.median(peers[name] for peers, _ in rows):.4g} us against "
                f"{1e6 * statistics.median(ours[index] for _, ours in rows):.4g} us"
            )


_FIRST_CALL = """
import json, sys, time
started = time.perf_counter()
sys.path.insert(0, {folder!r})
import jax
jax.config.update("jax_compilation_cache_dir", {cache!r})
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
import test_llc
called, used = time.perf_counter(), time.process_time()
test_llc._ours(test_llc._layers((10, 5, 10)), "linear", 200, num_chains=4, record_every=1)
print(json.dumps([time.process_time() - used, time.perf_counter() - started]))
"""


@needs_devinterp
def test_first_call_of_a_process(tmp_path):
    """Four chains of 200 draws in a new process, with an empty and with a warm compilation cache;
    CPU seconds of the call, and seconds since the start of the process."""

    def ours(cache):
        program = _FIRST_CALL.format(folder=str(Path(__file__).parent), cache=str(tmp_path / cache))
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    ours("warm")
    for python in PEERS:
        for number in range(3):
            peer = _devinterp(python, _layers((10, 5, 10)), "linear", [200], num_chains=4)
            theirs = peer["seconds"][0], peer["since_start"][0]
            for name, cache in (("cold", f"{PEERS.index(python)}-{number}"), ("warm", "warm")):
                call, total = ours(cache)
                print(
                    f"\n{name} cache against {python}: call {theirs[0] / call:.2f}x "
                    f"({theirs[0]:.2f} s, {call:.2f} s), process {theirs[1] / total:.2f}x "
                    f"({theirs[1]:.2f} s, {total:.2f} s)"
                )


@needs_devinterp
def test_error_on_known_coefficients_at_equal_compute():
    """Reduced-rank regressions at zero: four chains of 2000 draws of devinterp, and what we do in
    no more CPU time, compilation included."""
    for python in PEERS:
        errors, seconds = [], []
        for widths in KNOWN:
            shapes = zip(widths[1:], widths[:-1], strict=True)
            layers = [np.zeros(shape, np.float32) for shape in shapes]
            known = float(singular.deep_linear_network(widths, 0))
            peer = _devinterp(python, layers, "linear", [1000], num_chains=4, burn_in=1000)
            jax.clear_caches()
            started = time.process_time()
            found = _ours(layers, "linear", 2000, num_chains=16, record_every=5, burn_in=5000)
            seconds.append((peer["seconds"][0], time.process_time() - started))
            errors.append((abs(peer["found"][0] / known - 1), abs(found.value / known - 1)))
        theirs, ours = np.median(errors, axis=0)
        print(
            f"\nmedian error on known coefficients: devinterp {theirs:.1%}, ours {ours:.1%}; "
            f"CPU seconds {np.round(seconds, 1).tolist()} against {python}"
        )

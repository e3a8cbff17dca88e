"""The estimator of learning coefficients, against a loop in PyTorch, one chain after another.

The peer is a hand-written loop of SGLD with minibatches, which is faster than the packages for it.
Times are those of one chain-step, as the difference of a long and a short call: without set-up and
compilation. Set one core for both with `taskset`.
"""

import statistics
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.simulations.learning_coefficients import MatrixLoss

pytestmark = pytest.mark.benchmark

NUM_SAMPLES, BATCH, STEP, GAMMA = 1000, 128, 1e-4, 1.0


def _marginal(run, short, long):
    times = []
    for num_steps in (short, long):
        run(num_steps)
        started = time.process_time()
        run(num_steps)
        times.append(time.process_time() - started)
    return (times[1] - times[0]) / (long - short)


def _torch_loop(forward, weights, inputs, targets, num_steps):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    centers = [torch.tensor(np.asarray(w)) for w in weights]
    moving = [c.clone().requires_grad_() for c in centers]
    inputs, targets = torch.tensor(inputs), torch.tensor(targets)
    scale = NUM_SAMPLES / np.log(NUM_SAMPLES)
    for _ in range(num_steps):
        rows = torch.randint(0, NUM_SAMPLES, (BATCH,))
        loss = ((forward(moving, inputs[rows]) - targets[rows]) ** 2).sum(1).mean() / 2
        slopes = torch.autograd.grad(loss, moving)
        with torch.no_grad():
            for w, g, c in zip(moving, slopes, centers, strict=True):
                w -= STEP / 2 * (scale * g + GAMMA * (w - c))
                w += STEP**0.5 * torch.randn_like(w)


def _case(widths):
    random = np.random.default_rng(0)
    shapes = zip(widths[1:], widths[:-1], strict=True)
    weights = [(random.normal(size=s) / s[1] ** 0.5).astype(np.float32) for s in shapes]
    inputs = random.normal(size=(NUM_SAMPLES, widths[0])).astype(np.float32)
    return [jnp.asarray(w) for w in weights], inputs


def _ours(loss, weights, data, num_chains, noise):
    def run(num_steps):
        sim.llc(
            loss,
            weights,
            data,
            step_size=STEP,
            num_chains=num_chains,
            num_draws=num_steps // 10,
            record_every=10,
            burn_in=0,
            batch_size=BATCH,
            noise=noise,
            key=jax.random.key(0),
        )

    return run


def _linear(layers):
    return layers[1] @ layers[0]


def _square(layers, batch):
    inputs, targets = batch
    return jnp.sum(((inputs @ layers[0].T) ** 2 @ layers[1].T - targets) ** 2, axis=1) / 2


@pytest.mark.parametrize(
    ("name", "least"), [("reduced-rank 10-5-10", 20), ("quadratic 194-500-97", 1.0)]
)
def test_chain_steps_are_faster_than_those_of_a_loop(name, least):
    is_linear = name.startswith("reduced")
    widths = [10, 5, 10] if is_linear else [194, 500, 97]
    weights, inputs = _case(widths)
    loss = MatrixLoss(_linear) if is_linear else _square
    hidden = inputs @ np.asarray(weights[0]).T
    targets = (hidden if is_linear else hidden**2) @ np.asarray(weights[1]).T
    chains, short, long = (64, 100, 2100) if is_linear else (1, 20, 220)

    def forward(layers, x):
        hidden = x @ layers[0].T
        return (hidden if is_linear else hidden**2) @ layers[1].T

    ratios = []
    for _ in range(3):
        peer = _marginal(
            lambda n: _torch_loop(forward, weights, inputs, targets, n), short // 2, long // 4
        )
        report = []
        for noise in ("gaussian", "fast-gaussian"):
            run = _ours(loss, weights, (inputs, targets), chains, noise)
            report.append(_marginal(run, short, long) / chains)
        ratios.append(peer / min(report))
        print(
            f"\n{name}: loop {1e6 * peer:.1f} us, ours {1e6 * report[0]:.2f} us, with fast noise "
            f"{1e6 * report[1]:.2f} us a chain-step"
        )
    assert statistics.median(ratios) > least

"""The reduced dynamics against training the network that they describe, to the same accuracy.

The peer is gradient descent, compiled, which is faster than an eager loop. It follows gradient flow
up to an error proportional to its learning rate. Both errors are measured against a reference of
much tighter tolerance before anything is timed; the ratio is printed as it is, and for the smaller
learning rate at which training would be as accurate. Of a long run only a part is timed.
"""

import statistics
import time

import equinox as eqx
import jax
import numpy as np
import optax
import pytest

from groktheory import simulations as sim
from groktheory.theory import implicit_bias, lazy_rich

pytestmark = pytest.mark.benchmark


def _report(name, peer, ours, *, errors: tuple[float, float], share: float = 1.0, rounds: int = 3):
    """Print the ratio of the whole training run, of which `peer` does a share, to ours."""
    ratios = []
    for _ in range(rounds):
        begun = time.perf_counter()
        peer()
        middle = time.perf_counter()
        ours()
        ratios.append((middle - begun) / share / (time.perf_counter() - middle))
    ratio = statistics.median(ratios)
    trained, reduced = errors
    print(
        f"\n{name}: {ratio:.0f}x (rounds {min(ratios):.0f} to {max(ratios):.0f}), errors "
        f"{trained:.1e} (trained), {reduced:.1e} (reduced); {ratio * trained / reduced:.0f}x at "
        "equal errors"
    )


def _trainer(model, task, learning_rate, weight_decay, num_steps):
    """Return a compiled training run of a fixed number of steps, and what it ends at."""
    optimizer = sim.optimizers.gradient_descent(learning_rate, weight_decay)
    batch = task.train()
    weights, structure = eqx.partition(model, sim.models.trainable(model))

    def loss(weights):
        return sim.squared_error(eqx.combine(weights, structure), batch)

    @jax.jit
    def run(weights):
        def step(carry, _):
            weights, state = carry
            updates, state = optimizer.update(jax.grad(loss)(weights), state, weights)
            return (optax.apply_updates(weights, updates), state), None

        return jax.lax.scan(step, (weights, optimizer.init(weights)), length=num_steps)[0][0]

    return lambda: eqx.combine(jax.block_until_ready(run(weights)), structure)


def _error(found, truth) -> float:
    return float(np.linalg.norm(np.asarray(found) - truth) / np.linalg.norm(truth))


def test_committee_machine():
    r"""Moments $(\bar w, M)$ of N = 1000 units against the units, 20,000 steps."""
    dimension, samples, width, scale, curvature, steps = 40, 200, 1000, 4.0, 0.3, 20_000
    learning_rate = 0.5
    with jax.enable_x64(True):
        spec = sim.tasks.SingleIndexQuadratic(dimension=dimension, num_train=samples, num_test=10)
        task = spec.sample(key=jax.random.key(0))
        network = sim.models.CommitteeMachine.init(
            dimension, width, curvature=curvature, key=jax.random.key(1)
        )
        inputs, targets = (np.asarray(leaf, np.float64) for leaf in (task.inputs, task.targets))
        units = np.asarray(network.weights, np.float64)
        mean, second = lazy_rich.moments(units)
        # the loss has no factor 1/2 here
        rate = lazy_rich.network_learning_rate(learning_rate, scale=scale, width=width) / 2
        train = _trainer(
            jax.tree.map(
                lambda leaf: leaf.astype("float64"), sim.models.CenteredScaled.init(network, scale)
            ),
            task,
            rate,
            0.0,
            steps,
        )

        def reduce(tolerance: float = 1e-4):
            return lazy_rich.gradient_flow(
                inputs[:samples],
                targets[:samples],
                np.array([steps]),
                scale=scale,
                curvature=curvature,
                learning_rate=learning_rate,
                mean=mean,
                second_moment=second,
                tolerance=tolerance,
            )

        truth = reduce(1e-9).second_moment[-1] - second
        trained = np.asarray(train().model.weights)
        ours = _error(reduce().second_moment[-1] - second, truth)
        theirs = _error(trained.T @ trained / width - second, truth)
        _report("committee machine", train, reduce, errors=(theirs, ours))


def test_diagonal_network():
    """Dual variables of n = 40 samples against 2d = 400 weights, through the release."""
    samples, dimension, scale, decay, part = 40, 200, 4.0, 1e-3, 20_000
    with jax.enable_x64(True):
        spec = sim.tasks.SparseRegression(
            dimension=dimension, sparsity=3, num_train=samples, num_test=10
        )
        task = spec.sample(key=jax.random.key(0))
        inputs, targets = (np.asarray(leaf, np.float64) for leaf in (task.inputs, task.targets))
        rate = 0.004 / scale**2
        end = 6.0 / decay
        network = sim.models.DiagonalNet.init(dimension, scale=scale)
        short = _trainer(network, task, rate, decay, part)

        def reduce(until: float = end, tolerance: float = 1e-9):
            return implicit_bias.diagonal_flow(
                inputs[:samples],
                targets[:samples],
                scale=scale,
                weight_decay=decay,
                times=np.array([until]),
                loss="squared",
                tolerance=tolerance,
            )

        early = part * rate  # where the part of the training ends
        truth = reduce(early, 1e-13).weights[-1]
        theirs = _error(short().weights, truth)
        ours = max(
            _error(reduce(early).weights[-1], truth),
            _error(reduce().weights[-1], reduce(tolerance=1e-13).weights[-1]),
        )
        _report("diagonal network", short, reduce, errors=(theirs, ours), share=part * rate / end)


def test_matrix_completion():
    """Gram matrices of the factors against the factors, d = 30, through the release."""
    dimension, scale, decay, rate, part = 30, 3.0, 1e-3, 0.01, 20_000
    with jax.enable_x64(True):
        spec = sim.tasks.MatrixCompletion(
            num_rows=dimension, num_columns=dimension, rank=1, num_observed=180, target="ramp"
        )
        task = spec.sample(key=jax.random.key(0))
        indices = np.asarray(task.train().inputs)
        values = np.asarray(task.train().targets, np.float64)
        end = 5.0 / decay
        network = sim.models.SymmetricFactorization.init(dimension, scale=scale)
        short = _trainer(network, task, rate, decay, part)

        def reduce(until: float = end, tolerance: float = 1e-8):
            return implicit_bias.factorization_flow(
                indices,
                values,
                dimension=dimension,
                scale=scale,
                weight_decay=decay,
                times=np.array([until]),
                tolerance=tolerance,
            )

        early = part * rate
        truth = reduce(early, 1e-11).matrices[-1]
        theirs = _error(short().weights, truth)
        ours = max(
            _error(reduce(early).matrices[-1], truth),
            _error(reduce().matrices[-1], reduce(tolerance=1e-11).matrices[-1]),
        )
        _report("matrix completion", short, reduce, errors=(theirs, ours), share=part * rate / end)

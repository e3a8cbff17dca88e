"""Langevin walkers against the loops that people write: NumPy and PyTorch, in the same run.

A thousand walkers in five dimensions on the landscape with a narrow and a wide well. The peers are
written for speed: float32, whole arrays, the gradient by hand, noise in one call. Ours
differentiates the potential by itself. Marginal cost: the numbers of steps are large enough that
the set-up of a call does not count.

Pin to one core (`taskset -c 1`) for the first test; the second compares two threads on both sides
and needs a quiet machine.
"""

from typing import Any

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations import samplers
from groktheory.theory.langevin import MemorizeGeneralizeLandscape

pytestmark = pytest.mark.benchmark
WALKERS, DIMENSION, STEPS = 1000, 5, 20_000
STEP_SIZE, TEMPERATURE = 0.01, 0.25
LANDSCAPE = MemorizeGeneralizeLandscape(DIMENSION, 20.0, 2.0)
WIDTH = LANDSCAPE.transition_width
RATIO = float(np.log(LANDSCAPE.wide_stiffness / LANDSCAPE.narrow_stiffness))
NARROW = LANDSCAPE.narrow_stiffness
AMPLITUDE = np.float32(np.sqrt(2 * STEP_SIZE * TEMPERATURE))
START = np.zeros((WALKERS, DIMENSION), np.float32)
START[:, 0] = -1


def numpy_gradient(z):
    x, y = z[:, 0], z[:, 1:]
    tanh = np.tanh(x / np.float32(WIDTH))
    stiffness = np.float32(NARROW) * np.exp(np.float32(RATIO / 2) * (1 + tanh))
    squares = np.einsum("ij,ij->i", y, y)
    gradient = np.empty_like(z)
    bend = np.float32(RATIO / (4 * WIDTH)) * stiffness * squares * (1 - tanh * tanh)
    gradient[:, 0] = 4 * x * (x * x - 1) + bend
    np.multiply(stiffness[:, None], y, out=gradient[:, 1:])
    return gradient


def numpy_loop(steps=STEPS):
    random = np.random.default_rng(0)
    z = START.copy()
    for _ in range(steps):
        z -= np.float32(STEP_SIZE) * numpy_gradient(z)
        z += AMPLITUDE * random.standard_normal(z.shape, dtype=np.float32)
    return z


def torch_loop(torch, steps=STEPS):
    torch.manual_seed(0)
    z = torch.tensor(START)
    gradient = torch.empty_like(z)
    with torch.no_grad():
        for _ in range(steps):
            x, y = z[:, 0], z[:, 1:]
            tanh = torch.tanh(x / WIDTH)
            stiffness = NARROW * torch.exp(RATIO / 2 * (1 + tanh))
            squares = (y * y).sum(1)
            bend = RATIO / (4 * WIDTH) * stiffness * squares * (1 - tanh * tanh)
            gradient[:, 0] = 4 * x * (x * x - 1) + bend
            torch.mul(stiffness[:, None], y, out=gradient[:, 1:])
            z.sub_(gradient, alpha=STEP_SIZE).add_(torch.randn_like(z), alpha=float(AMPLITUDE))
    return z.numpy()


def ours(*, steps=STEPS, **settings):
    return samplers.langevin(
        LANDSCAPE,
        START,
        step_size=STEP_SIZE,
        temperature=TEMPERATURE,
        num_steps=steps,
        record_every=steps,
        key=jax.random.key(0),
        **settings,
    )["position"].values[:, 0]


def never(x):
    return x[0] > 100


def ours_with_absorption():
    return samplers.first_passage(
        LANDSCAPE,
        START,
        never,
        step_size=STEP_SIZE,
        temperature=TEMPERATURE,
        max_steps=STEPS,
        key=jax.random.key(0),
    )


def test_peers_walk_in_the_same_landscape():
    z = np.random.default_rng(0).normal(size=(50, DIMENSION)).astype(np.float32)
    gradient = jax.vmap(jax.grad(LANDSCAPE))(jnp.asarray(z))
    np.testing.assert_allclose(numpy_gradient(z), gradient, rtol=2e-4, atol=2e-4)
    means = [walk[:, 0].mean() for walk in (numpy_loop(), ours())]
    assert means[0] == pytest.approx(means[1], abs=0.1)


def test_one_core(compare):
    """Must: 20 times the better of the peers."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    for name, run in {
        "default noise": ours,
        "default noise, absorption at every step": ours_with_absorption,
        "gaussian noise": lambda: ours(noise="gaussian"),
    }.items():
        compare(f"NumPy loop / {name}", numpy_loop, run, rounds=4, repeats=3)
        compare(f"PyTorch loop / {name}", lambda: torch_loop(torch), run, rounds=4, repeats=3)


def test_two_cores(compare):
    """PyTorch on two threads; NumPy has no use for the second."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(2)
    run = lambda: ours(workers=2)  # noqa: E731
    compare("NumPy loop / two workers", numpy_loop, run, rounds=4, repeats=3)
    compare("PyTorch loop / two workers", lambda: torch_loop(torch), run, rounds=4, repeats=3)


def test_blackjax(compare):
    """The step of `blackjax.sgld`, vmapped in a scan: why ours is written by hand."""
    sgld: Any = blackjax.sgld(lambda position, _: -jax.grad(LANDSCAPE)(position) / TEMPERATURE)
    steps = 2000

    @jax.jit
    def peer(key, positions):
        def step(positions, key):
            keys = jax.random.split(key, WALKERS)
            size = STEP_SIZE * TEMPERATURE
            moved = jax.vmap(lambda key, x: sgld.step(key, x, 0.0, size))(keys, positions)
            return moved, None

        return jax.lax.scan(step, positions, jax.random.split(key, steps))[0]

    compare(
        "blackjax.sgld / default noise",
        lambda: peer(jax.random.key(0), jnp.asarray(START)).block_until_ready(),
        lambda: ours(steps=steps),
        rounds=5,
        repeats=5,
    )

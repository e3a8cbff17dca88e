"""Linear students: closed forms against integrators and against simulation.

Ratios are printed, not asserted; the peers are timed in the same run.
"""

import importlib
import importlib.util
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory import simulations as sim
from groktheory.theory import linear_estimators as theory

pytestmark = pytest.mark.benchmark


def _seconds(function, rounds: int = 5) -> float:
    """Median time of a call, the first one left out."""
    function()
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        function()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


@pytest.mark.parametrize("num_starts", [1, 64])
def test_quadratic_flow(num_starts):
    """Gradient flow of linear regression with nine tenths as many weights as samples, through its
    grokking time, at 200 times, from 1 and 64 starts."""
    dimension, samples = 500, 556
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((samples, dimension))
    hessian = 2 * inputs.T @ inputs / samples
    pull = hessian @ rng.standard_normal(dimension)
    starts = rng.standard_normal((num_starts, dimension))
    times = np.geomspace(0.01, 250, 200)

    def ours():
        return theory.QuadraticDescent.of(hessian, pull).flow(starts, times)

    def scipy_flow(method):
        def run():
            return [
                solve_ivp(
                    lambda t, w: pull - hessian @ w,
                    (0, times[-1]),
                    start,
                    method=method,
                    t_eval=times,
                    rtol=1e-7,
                    atol=1e-9,
                ).y
                for start in starts
            ]

        return run

    own = _seconds(ours)
    peers = {"RK45": _seconds(scipy_flow("RK45"), 1 if num_starts > 1 else 3)}
    if importlib.util.find_spec("diffrax"):
        peers["diffrax Tsit5"] = _diffrax_seconds(hessian, pull, starts, times, ours())
    for name, seconds in peers.items():
        print(f"\n{num_starts} starts, {name}: {seconds / own:.1f}x ({1e3 * own:.1f} ms ours)")


def _diffrax_seconds(hessian, pull, starts, times, truth):
    diffrax = importlib.import_module("diffrax")
    with jax.enable_x64(True):
        matrix, vector, batch = (jnp.asarray(array) for array in (hessian, pull, starts))

        @jax.jit
        @jax.vmap
        def integrate(start):
            return diffrax.diffeqsolve(
                diffrax.ODETerm(lambda t, w, args: vector - matrix @ w),
                diffrax.Tsit5(),
                0.0,
                times[-1],
                0.01,
                start,
                saveat=diffrax.SaveAt(ts=jnp.asarray(times)),
                stepsize_controller=diffrax.PIDController(rtol=1e-7, atol=1e-9),
                max_steps=10_000,
            ).ys

        found = np.asarray(integrate(batch)).transpose(1, 0, 2)
        print(f"\nlargest difference from diffrax {np.abs(found - truth).max():.1e}")
        return _seconds(lambda: integrate(batch).block_until_ready())


def test_analytic_curves():
    """Both losses at 200 times, against one draw of 1000 inputs, step by step and spectral."""
    dimension, samples, rate = 1000, 1111, 0.01
    steps = np.unique(np.geomspace(1, 1e4, 200).astype(int))
    ratio = dimension / samples

    def analytic():
        return theory.discrete_loss_curves(steps, learning_rate=rate, aspect_ratio=ratio)

    rng = np.random.default_rng(1)
    inputs = rng.standard_normal((samples, dimension))
    start = rng.standard_normal(dimension) / np.sqrt(dimension)

    def descend(num_steps):
        difference = start
        for _ in range(num_steps):
            difference = difference - 2 * rate * inputs.T @ (inputs @ difference) / samples

    analytic()
    own = _seconds(analytic, 21)
    begun = time.perf_counter()
    descend(200)
    stepwise = (time.perf_counter() - begun) * steps[-1] / 200
    spectral = _seconds(
        lambda: sim.linear_descents(
            dimension,
            samples,
            steps=steps,
            learning_rate=rate,
            num_draws=1,
            threshold=1e-3,
            key=jax.random.key(0),
        ),
        3,
    )
    print(
        f"\nanalytic curves {1e3 * own:.2f} ms: {stepwise / own:.0f}x gradient descent of one draw "
        f"({stepwise:.1f} s, from its first 200 steps), {spectral / own:.0f}x its spectral form"
    )


def test_many_draws():
    """10^4 steps of 100 draws at 1000 inputs: to take less than 10 s on two cores."""
    steps = np.unique(np.geomspace(1, 1e4, 200).astype(int))
    for name, threshold in (("losses", None), ("losses and accuracies on samples", 1e-3)):
        begun = time.perf_counter()
        draws = 100 if threshold is None else 10
        sim.linear_descents(
            1000,
            1111,
            steps=steps,
            learning_rate=0.01,
            num_draws=draws,
            threshold=threshold,
            workers=2,
            key=jax.random.key(0),
        )
        print(f"\n{name}: {draws} draws in {time.perf_counter() - begun:.1f} s")

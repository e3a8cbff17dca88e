"""The closed form of the effective flow against integrating it: 53 symbols, 300 samples, 200 times.

That is twice the critical fraction, where the slow modes are what one waits for.

The peers integrate the same equation of motion with the same energy matrix, at the tolerances at
which they are as accurate as a figure needs; the closed form is exact to rounding, which is checked
first. Integrators take one start after another.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory.theory import representation as theory

pytestmark = pytest.mark.benchmark

SYMBOLS, STARTS = 53, 64


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    everything = theory.all_samples(SYMBOLS)
    samples = everything[rng.permutation(len(everything))[:300]]
    starts = theory.standardized(rng.standard_normal((STARTS, SYMBOLS, 1)))
    rate = theory.grokking_rate(samples, SYMBOLS, squared_norm=SYMBOLS - 1)
    return starts, samples, np.linspace(0, 10 / rate, 200)


def _energy(samples):
    energy, count = theory.energy_matrix(samples, SYMBOLS)
    return energy * (2 / count / (SYMBOLS - 1))


def _integrated(starts, samples, times, method):
    hessian = _energy(samples)

    def velocity(_, state):
        pull = hessian @ state
        return (state @ pull / (state @ state)) * state - pull

    return np.stack([
        solve_ivp(
            velocity, (0, times[-1]), start.ravel(), t_eval=times, method=method, rtol=1e-8,
            atol=1e-10,
        ).y.T
        for start in starts
    ])  # fmt: skip


@pytest.mark.parametrize("method", ["RK45", "LSODA"])
def test_against_scipy(compare, problem, method):
    starts, samples, times = problem
    closed = theory.effective_flow(starts[:3], samples, times)[..., 0]
    error = np.abs(closed - _integrated(starts[:3], samples, times, method)).max()
    assert error < 1e-6  # that of the integrator
    one = compare(
        f"effective flow, one start, against {method}",
        lambda: _integrated(starts[:1], samples, times, method),
        lambda: theory.effective_flow(starts[0], samples, times),
        rounds=9,
        repeats=5,
    )
    many = compare(
        f"effective flow, {STARTS} starts, against {method}",
        lambda: _integrated(starts, samples, times, method),
        lambda: theory.effective_flow(starts, samples, times),
        rounds=3,
        repeats=3,
    )
    assert one > 1 and many > 1


def test_against_diffrax(compare, problem):
    diffrax = pytest.importorskip("diffrax")
    import jax
    import jax.numpy as jnp

    starts, samples, times = problem
    with jax.enable_x64(True):
        hessian, moments = jnp.asarray(_energy(samples)), jnp.asarray(times)

        def velocity(_, state, arguments):
            pull = hessian @ state
            return (state @ pull / (state @ state)) * state - pull

        @jax.jit
        @jax.vmap
        def solve(start):
            return diffrax.diffeqsolve(
                diffrax.ODETerm(velocity), diffrax.Tsit5(), 0.0, moments[-1], None, start,
                saveat=diffrax.SaveAt(ts=moments),
                stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-10),
                max_steps=100_000,
            ).ys  # fmt: skip

        flat = jnp.asarray(starts[..., 0])
        closed = theory.effective_flow(starts[:3], samples, times)[..., 0]
        assert np.abs(closed - np.asarray(solve(flat[:3]))).max() < 1e-6
        for name, count in (("one start", 1), (f"{STARTS} starts", STARTS)):
            first = flat[:count]
            compare(
                f"effective flow, {name}, against diffrax Tsit5",
                lambda first=first: jax.block_until_ready(solve(first)),
                lambda count=count: theory.effective_flow(starts[:count], samples, times),
                rounds=7,
                repeats=3,
            )

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from groktheory.theory import representation as theory


def random_start(symbols, seed):
    parts = np.random.default_rng(seed).standard_normal((2, symbols))
    return parts[0] + 1j * parts[1]


def loss_by_hand(embedding):
    """Mean over all pairs of ordered pairs with the same residue."""
    symbols = len(embedding)
    table = np.add.outer(np.arange(symbols), np.arange(symbols)) % symbols
    a, b, c, d = theory.group_parallelograms(table).T
    gaps = embedding[a] * embedding[b] - embedding[c] * embedding[d]
    return np.mean(np.abs(gaps) ** 2) / np.sum(np.abs(embedding) ** 2) ** 2


def test_loss_is_the_mean_over_parallelograms():
    for symbols in (3, 4, 7):
        start = random_start(symbols, symbols)
        assert theory.circular_loss(start) == pytest.approx(loss_by_hand(start), rel=1e-12)
    batch = np.stack([random_start(5, 0), random_start(5, 1)])
    assert theory.circular_loss(batch).shape == (2,)


def velocity_by_hand(flat):
    step, gradient = 1e-5, np.zeros_like(flat)
    for index in range(len(flat)):
        moved = np.zeros_like(flat)
        moved[index] = step
        above, below = (loss_by_hand(join(flat + sign * moved)) for sign in (1, -1))
        gradient[index] = (above - below) / (2 * step)
    return -gradient


def join(flat):
    real, imaginary = flat.reshape(2, -1)
    return real + 1j * imaginary


@pytest.mark.parametrize("symbols", [4, 5])
def test_flow_is_the_integrated_gradient(symbols):
    start = random_start(symbols, 1)
    times = np.array([0.0, 30.0, 120.0])
    path = solve_ivp(
        lambda time, flat: velocity_by_hand(flat), (0, times[-1]),
        np.concatenate([start.real, start.imag]), t_eval=times, rtol=1e-7, atol=1e-9,
    ).y.T  # fmt: skip
    found = theory.circular_flow(start, times)
    np.testing.assert_allclose(found, [join(flat) for flat in path], atol=1e-5)


def test_the_strongest_frequency_wins_and_makes_a_circle():
    start = random_start(13, 4)
    winner = int(np.argmax(theory.fourier_shares(start)))
    end = theory.circular_flow(start, np.array([1e7]))[0]
    np.testing.assert_allclose(np.abs(end), np.abs(end[0]), rtol=1e-9)
    turns = np.angle(np.roll(end, -1) / end) / (2 * np.pi)
    np.testing.assert_allclose(turns % 1, winner / 13, atol=1e-9)
    assert theory.circular_loss(end) == pytest.approx(0, abs=1e-12)
    norms = np.sum(np.abs(theory.circular_flow(start, np.array([0.0, 5.0, 1e3]))) ** 2, axis=1)
    np.testing.assert_allclose(norms, np.sum(np.abs(start) ** 2), rtol=1e-12)
    np.testing.assert_allclose(theory.circular_flow(start, np.array([0.0]))[0], start, atol=1e-10)


def test_equal_frequencies_share_the_end():
    start = np.exp(2j * np.pi * np.arange(6) / 6) + np.exp(-2j * np.pi * np.arange(6) / 6) + 0.5
    # Long enough for the third frequency, too short for rounding to break the tie.
    time = 40 * 30 * np.sum(np.abs(start) ** 2) / 16
    end = theory.fourier_shares(theory.circular_flow(start, np.array([time])))[0]
    np.testing.assert_allclose(end, [0, 0.5, 0, 0, 0, 0.5], atol=1e-6)
    with pytest.raises(ValueError, match="embedding must have one strongest frequency"):
        theory.circular_time(start, 0.01)


def test_time_to_win():
    start = random_start(11, 0)
    time = theory.circular_time(start, 1e-3)
    shares = theory.fourier_shares(theory.circular_flow(start, np.array([time])))[0]
    assert 1 - shares.max() == pytest.approx(1e-3, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.fourier_shares(np.ones(2, complex)), "at least 3 symbols, got 2"),
        (lambda: theory.circular_loss(np.zeros(4, complex)), "embedding must not be zero"),
        (
            lambda: theory.circular_flow(np.ones(4, complex), np.array([-1.0])),
            "times must be non-negative",
        ),
        (lambda: theory.circular_time(random_start(5, 0), 0.99), r"remaining must lie in \(0, "),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from groktheory.theory.irreps import irreps
from groktheory.theory.li2 import (
    blowup_time,
    character_powers,
    full_data_gradient,
    irrep_energies,
    logarithmic_mean,
    predicted_winner,
    winner_probabilities,
)


def cyclic(order):
    return np.add.outer(np.arange(order), np.arange(order)) % order


def direct_product(first, second):
    combined = first[:, None, :, None] * len(second) + second[None, :, None, :]
    return combined.reshape(len(first) * len(second), -1)


def flow_until_blowup(w, table):
    """Integrate dw/dt = grad E for one node until its norm has grown a thousandfold."""

    def gradient(_, w):
        u, v = np.split(w, 2)
        return np.concatenate(full_data_gradient(u, v, table))

    def escaped(_, w):
        return w @ w - 1e6 * start

    start = w @ w
    setattr(escaped, "terminal", True)  # noqa: B010
    solution = solve_ivp(gradient, (0, np.inf), w, events=escaped, rtol=1e-9, atol=1e-12)
    return solution.t[-1], solution.y[:, -1]


def ascent_winner(u, v, table, found, num_steps=6000):
    """Dominant representation after small-step ascent on the sphere."""
    w = np.hstack([u, v])
    order = len(table)
    for _ in range(num_steps):
        w /= np.linalg.norm(w, axis=1, keepdims=True)
        w += 0.02 / order * np.hstack(full_data_gradient(w[:, :order], w[:, order:], table))
    energies = irrep_energies(w[:, :order], w[:, order:], found)
    assert (energies.max(axis=1) > 0.49 * energies.sum(axis=1)).all()
    return np.array([min(k, found[k].conjugate) for k in energies.argmax(axis=1)])


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_logarithmic_mean_lies_between_geometric_and_arithmetic_mean(a, b):
    mean = float(logarithmic_mean(a, b))
    assert np.sqrt(a * b) * (1 - 1e-12) <= mean <= (a + b) / 2 * (1 + 1e-12)
    assert np.isclose(mean, float(logarithmic_mean(b, a)), rtol=1e-13)


@pytest.mark.parametrize("gap", [1e-15, 1e-12, 1e-8, 1e-3, 0.3, 1.1, 10.0, 1e8])
def test_logarithmic_mean_is_the_integral_of_powers(gap):
    # Lambda(a, b) = int_0^1 a^(1-t) b^t dt, here with log b/a = x: a (e^x - 1) / x.
    b = 2 * (1 + gap)
    x = np.log1p((b - 2) / 2)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    integral = (weights / 2) @ (2 * np.exp(x * (nodes + 1) / 2))
    np.testing.assert_allclose(logarithmic_mean(2.0, b), integral, rtol=1e-13)


def test_logarithmic_mean_at_its_limits():
    np.testing.assert_array_equal(
        logarithmic_mean(np.array([3.0, 0, 0]), np.array([3.0, 2, 0])), [3, 0, 0]
    )


@pytest.mark.parametrize(("order", "frequency"), [(5, 2), (8, 4)])
def test_blowup_time_of_a_single_character(order, frequency):
    angle = 2 * np.pi * frequency * np.arange(order) / order
    u, v = 0.5 * np.cos(angle + 0.3), 0.2 * np.cos(angle - 0.8)
    a, b = character_powers(u, v, irreps(cyclic(order)))
    time, _ = flow_until_blowup(np.concatenate([u, v]), cyclic(order))
    expected = blowup_time(a[frequency], b[frequency])
    np.testing.assert_allclose(time, expected, rtol=1e-4)
    assert blowup_time(1.0, 0.0) == np.inf


def test_unconstrained_flow_blows_up_in_the_predicted_character_at_the_predicted_time():
    table = cyclic(7)
    found = irreps(table)
    rng = np.random.default_rng(0)
    for _ in range(8):
        u, v = rng.normal(size=(2, 7))
        a, b = character_powers(u, v, found)
        time, end = flow_until_blowup(np.concatenate([u, v]), table)
        np.testing.assert_allclose(time, blowup_time(a, b)[1:].min(), rtol=1e-3)
        winner = irrep_energies(end[:7], end[7:], found)[:4].argmax()
        assert predicted_winner(u, v, found) == winner


@pytest.mark.parametrize(
    "table",
    [cyclic(7), cyclic(11), cyclic(8), direct_product(cyclic(2), cyclic(4))],
    ids=["Z7", "Z11", "Z8", "Z2xZ4"],
)
def test_logarithmic_rule_predicts_ascent_on_the_sphere_and_beats_its_rivals(table):
    found = irreps(table)
    u, v = np.random.default_rng(1).normal(size=(2, 200, len(table)))
    reached = ascent_winner(u, v, table, found)
    agreement = {
        rule: (predicted_winner(u, v, found, rule=rule) == reached).mean()
        for rule in ("logarithmic", "product", "sum")
    }
    assert agreement["logarithmic"] >= 0.99
    assert agreement["logarithmic"] > agreement["product"] > agreement["sum"]


@pytest.mark.parametrize("modulus", [2, 5, 6, 12])
def test_winner_probabilities_against_sampling(modulus):
    num_nodes = 20_000
    u, v = np.random.default_rng(2).normal(size=(2, num_nodes, modulus))
    winners = predicted_winner(u, v, irreps(cyclic(modulus)))
    frequency = np.bincount(winners, minlength=modulus // 2 + 1)[1:] / num_nodes
    expected = winner_probabilities(modulus)
    assert len(expected) == modulus // 2
    np.testing.assert_allclose(expected.sum(), 1, rtol=1e-12)
    error = np.sqrt(expected * (1 - expected) / num_nodes)
    assert (np.abs(frequency - expected) <= 4 * error).all()


def test_even_modulus_is_not_uniform():
    # The chi-square power at Nyquist is small more often than an exponential one.
    assert winner_probabilities(6)[-1] < 0.28


def test_refusals():
    dihedral = np.array(
        [[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3], [2, 0, 1, 5, 3, 4]]
        + [[3, 5, 4, 0, 2, 1], [4, 3, 5, 1, 0, 2], [5, 4, 3, 2, 1, 0]]
    )
    found, ones = irreps(cyclic(3)), np.ones((1, 3))
    with pytest.raises(ValueError, match="Abelian group .* got dimension 2"):
        character_powers(np.ones((1, 6)), np.ones((1, 6)), irreps(dihedral))
    with pytest.raises(ValueError, match=r"v must have 3 entries .* got shape \(1, 4\)"):
        character_powers(ones, np.ones((1, 4)), found)
    with pytest.raises(ValueError, match="rule must be .* got 'geometric'"):
        predicted_winner(ones, ones, found, rule="geometric")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="trivial group has no features"):
        predicted_winner(np.ones(1), np.ones(1), irreps(cyclic(1)))
    with pytest.raises(ValueError, match="finite and non-negative, got -1.0 and 2.0"):
        logarithmic_mean(-1.0, 2.0)
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        winner_probabilities(1)

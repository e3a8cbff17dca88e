"""The noise has the moments it should have, and no memory of key, step, walker or component."""

import math

import jax
import jax.extend.random
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from groktheory.simulations.samplers import noise
from groktheory.simulations.samplers._random_words import (
    StepWords,
    hash_keys,
    key_words,
    mix,
    threefry,
)

STEPS, COMPONENTS, WALKERS = 400, 5, 1000
DRAWS = STEPS * COMPONENTS * WALKERS


def step_words(key, step, walkers=WALKERS, first=0):
    words = key_words(jax.random.clone(key))
    number = jnp.asarray(step, jnp.int32)
    numbers = jnp.arange(first, first + walkers, dtype=jnp.uint32)
    return StepWords(words, hash_keys(words, number, 1)[0], number, numbers, WALKERS)


def hashed(key):
    """Words of all steps, components and walkers."""
    words = key_words(key)
    keys = hash_keys(words, jnp.asarray(1, jnp.int32), STEPS)
    numbers = jnp.arange(WALKERS, dtype=jnp.uint32)

    def of_step(pair, step):
        return StepWords(words, pair, step, numbers, WALKERS).hashed((COMPONENTS,))

    return np.asarray(jax.vmap(of_step)(keys, jnp.arange(1, STEPS + 1, dtype=jnp.int32)))


def correlations(values):
    """Correlations with the next step, component and walker, in standard errors."""
    scaled = (values - values.mean()) / values.std()
    pairs = (
        (scaled[1:], scaled[:-1]),
        (scaled[:, 1:], scaled[:, :-1]),
        (scaled[:, :, 1:], scaled[:, :, :-1]),
    )
    return np.array([math.sqrt(a.size) * np.mean(a * b) for a, b in pairs])


@pytest.fixture(scope="module")
def words():
    return [hashed(jax.random.key(seed)) for seed in range(3)]


def test_every_bit_is_fair(words):
    for drawn in words:
        ones = np.array([np.mean(drawn >> np.uint32(bit) & 1) for bit in range(32)])
        assert np.max(np.abs(ones - 0.5)) * 2 * math.sqrt(DRAWS) < 4.5


def test_ones_are_binomial(words):
    counts = np.bincount(np.bitwise_count(np.concatenate(words)).ravel(), minlength=33)
    expected = counts.sum() * scipy.stats.binom.pmf(np.arange(33), 32, 0.5)
    often = expected > 20
    rest = counts[~often].sum(), expected[~often].sum()
    measured, predicted = (
        np.append(values[often], other)
        for values, other in zip((counts, expected), rest, strict=True)
    )
    assert scipy.stats.chisquare(measured, predicted).pvalue > 1e-3


def test_low_and_high_halves_fill_all_bins(words):
    for shift in (0, 8, 16, 24):
        bytes_ = (np.concatenate(words) >> np.uint32(shift)).astype(np.uint8)
        assert scipy.stats.chisquare(np.bincount(bytes_.ravel(), minlength=256)).pvalue > 1e-3


def test_neighbors_are_uncorrelated(words):
    for drawn in words:
        ones = np.bitwise_count(drawn).astype(float)
        assert np.max(np.abs(correlations(ones))) < 4
        assert np.max(np.abs(correlations((ones - 16) ** 2))) < 4
        assert np.max(np.abs(correlations((drawn & 1).astype(float)))) < 4


def test_walkers_of_one_step_do_not_move_together(words):
    sums = np.bitwise_count(np.concatenate(words)).astype(float).sum(axis=(1, 2))
    scaled = (sums - 16 * COMPONENTS * WALKERS) / math.sqrt(8 * COMPONENTS * WALKERS)
    assert scipy.stats.kstest(scaled, "norm").pvalue > 1e-3


def test_a_walker_diffuses_as_it_should(words):
    ends = (np.bitwise_count(words[0]).astype(float) - 16).sum(axis=0) / math.sqrt(8 * STEPS)
    assert scipy.stats.kstest(ends.ravel(), "norm").pvalue > 1e-3


def test_keys_that_differ_in_a_bit_share_nothing():
    keys = jnp.array([[0, 0], [1, 0], [0, 1], [2**31, 0]], jnp.uint32)
    counters = jnp.arange(200_000, dtype=jnp.uint32)
    ones = np.array([np.bitwise_count(np.asarray(mix(counters, key))) for key in keys], float)
    off_diagonal = np.corrcoef(ones)[np.triu_indices(4, 1)]
    assert np.max(np.abs(off_diagonal)) * math.sqrt(counters.size) < 4


def test_the_tests_reject_a_hash_of_one_round(words):
    """Negative control: without the second multiplication, neighbors are correlated."""
    poor = np.arange(DRAWS, dtype=np.uint32).reshape(STEPS, COMPONENTS, WALKERS)
    poor = poor * np.uint32(0x9E3779B9)
    assert np.max(np.abs(correlations(np.bitwise_count(poor).astype(float)))) > 20


@pytest.mark.parametrize("kind", noise.NOISES)
def test_moments(key, kind):
    like = jnp.zeros((50, WALKERS))
    drawn = np.concatenate(
        [np.asarray(noise.draw_noise(step_words(key, k), like, kind)).ravel() for k in range(40)]
    )
    error = 1 / math.sqrt(drawn.size)
    assert abs(drawn.mean()) < 4 * error
    assert abs(drawn.var() - 1) < 4 * math.sqrt(2) * error
    assert abs(scipy.stats.skew(drawn)) < 4 * math.sqrt(6) * error
    excess = {"binomial": -1 / 16, "gaussian": 0.0}[kind]
    assert scipy.stats.kurtosis(drawn) == pytest.approx(excess, abs=4 * math.sqrt(24) * error)


def test_gaussian_noise_is_normal(key):
    drawn = np.asarray(noise.draw_noise(step_words(key, 1), jnp.zeros((200, WALKERS)), "gaussian"))
    assert scipy.stats.kstest(drawn.ravel(), "norm").pvalue > 1e-3
    extremes = noise.gaussian_noise(jnp.array([0, 2**32 - 1], jnp.uint32))
    assert np.all(np.isfinite(extremes)) and np.abs(extremes).min() > 5


def test_gaussian_noise_is_the_quantile_of_its_word():
    places = np.concatenate([np.arange(300), np.linspace(0, 2**23 - 1, 100_001, dtype=np.int64)])
    drawn = noise.gaussian_noise(jnp.asarray(places << 9, jnp.uint32))
    expected = scipy.stats.norm.ppf((places + 0.5) / 2**23)
    np.testing.assert_allclose(drawn, expected, rtol=2e-6, atol=2e-7)


def test_threefry_has_the_words_of_the_standard(key):
    words = key_words(key)
    counters = jax.random.bits(jax.random.clone(key), (2, 1000), jnp.uint32)
    found = np.stack(threefry(words, *counters))
    expected = jax.extend.random.threefry_2x32(words, counters.ravel()).reshape(2, -1)
    np.testing.assert_array_equal(found, expected)


def test_binomial_noise_of_single_words():
    drawn = noise.binomial_noise(jnp.array([0, 1, 2**32 - 1], jnp.uint32))
    np.testing.assert_allclose(drawn, np.array([-16, -15, 16]) / math.sqrt(8), rtol=1e-6)


@pytest.mark.parametrize("kind", noise.NOISES)
def test_walkers_keep_their_noise_in_any_share(key, kind):
    like = jnp.zeros((3, WALKERS))
    all_of_them = noise.draw_noise(step_words(key, 7), like, kind)
    some = noise.draw_noise(step_words(key, 7, walkers=10, first=600), like[:, :10], kind)
    np.testing.assert_array_equal(some, all_of_them[:, 600:610])


@pytest.mark.parametrize("kind", noise.NOISES)
def test_leaves_of_a_tree_have_noise_of_their_own(key, kind):
    like = {"a": jnp.zeros((3, WALKERS)), "b": jnp.zeros((2, 2, WALKERS)), "c": jnp.zeros(WALKERS)}
    drawn = noise.draw_noise(step_words(key, 1), like, kind)
    rows = np.concatenate([np.asarray(leaf).reshape(-1, WALKERS) for leaf in drawn.values()])
    assert jax.tree.map(jnp.shape, drawn) == jax.tree.map(jnp.shape, like)
    correlation = np.corrcoef(rows)[np.triu_indices(8, 1)]
    assert np.max(np.abs(correlation)) * math.sqrt(WALKERS) < 4


def escape_time(values, weights, *, step_size=0.01, temperature=0.2):
    """Mean steps of the Euler chain in (x^2 - 1)^2 from -1 to beyond 1, from its linear system."""
    grid = np.linspace(-2.2, 1.0, 1601)
    spacing = grid[1] - grid[0]
    drifted = grid - step_size * 4 * grid * (grid**2 - 1)
    landing = drifted[:, None] + np.sqrt(2 * step_size * temperature) * values[None]
    place = (np.clip(landing, grid[0], None) - grid[0]) / spacing
    left = np.floor(place).astype(int)
    stays = landing < 1.0
    left = np.where(stays, np.minimum(left, len(grid) - 2), 0)
    share = np.where(stays, place - left, 0.0)
    rows = np.broadcast_to(np.arange(len(grid))[:, None], left.shape)
    chain = np.zeros((len(grid), len(grid)))
    np.add.at(chain, (rows, left), weights * stays * (1 - share))
    np.add.at(chain, (rows, left + 1), weights * stays * share)
    times = np.linalg.solve(np.eye(len(grid)) - chain, np.ones(len(grid)))
    return np.interp(-1.0, grid, times)


def test_binomial_noise_hardly_shifts_the_time_of_escape():
    """By eta / (96 theta^2) times 1.6, the integral of f'^3 up the barrier, as is documented."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    exact = math.log(escape_time(nodes, weights / weights.sum()))
    ones = np.arange(33)
    binomial = escape_time((ones - 16) / math.sqrt(8), scipy.stats.binom.pmf(ones, 32, 0.5))
    shift = 0.01 * 1.6 / (96 * 0.2**2)
    assert math.log(binomial) - exact == pytest.approx(shift, rel=0.25)
    # The same law for noise of two values, whose fourth cumulant is -2: a hundredfold as coarse.
    coarse = escape_time(np.array([-1.0, 1.0]), np.array([0.5, 0.5]))
    assert math.log(coarse) - exact == pytest.approx(32 * shift, rel=0.25)

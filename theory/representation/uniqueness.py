r"""The probability that random training data determine the linear representation.

$$P(n) = \Pr\bigl[n_0 = 2 \;\big|\; |D| = n\bigr], \qquad D\ \text{uniform among the sets of}\ n
  \ \text{samples}$$

It is exact by enumeration up to ten symbols and sampled beyond, with a standard error. For many
symbols the last obstacle is a symbol in no parallelogram at all, as an isolated vertex is for the
connectivity of a random graph. Isolated symbols are nearly independent, so that

$$P \simeq e^{-\mu(r)}, \qquad
  \mu(r) = \sum_{k}\prod_{j}\Bigl[1-r\bigl(1-(1-r)^{n_{k+j}-1}\bigr)\Bigr],$$

the critical fraction solves $\mu(r_c) = \ln 2$, and it falls roughly as $\ln p/p$: the 0.4 of the
paper belongs to its ten symbols.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from ._arguments import refuse_few_symbols
from ._enumeration import count_unique
from .rank import has_unique_representation
from .samples import all_samples, label_sizes

Method = Literal["auto", "exact", "monte_carlo"]

# Training sets of ten symbols that determine the representation, by their size from ten on, from
# `count_unique`: that takes minutes and 7 GiB.
_TEN_SYMBOLS = (
    *[0] * 10,
    3, 3937, 541351, 27143951, 710097387, 11431286995, 124259228762, 967064716299,
    5608819187165, 24966007213308, 87301251266220, 244730701344622, 560749737869528,
    1071328121591003, 1742906889653089, 2466571518579549, 3097352049776863, 3507797834239930,
    3625142547816859, 3444800699005289, 3023670033385703, 2457796665558549, 1852418404693955,
    1295001300682967, 839500641327531, 504267263854298, 280336164193080, 144012623258665,
    68231627226520, 29745613289556, 11899009921152, 4353436801116, 1451167716166,
    438728045594, 119653418440, 29248640022, 6358401658, 1217566342, 202927725, 28989675,
    3478761, 341055, 26235, 1485, 55, 1,
)  # fmt: skip
_MOST_EXACT = 10
_AUTO_EXACT = 8  # symbols up to which the enumeration takes less than a second


@dataclass(frozen=True, eq=False)
class UniqueProbability:
    r"""$P(n)$ at some numbers of training samples.

    Attributes
    ----------
    num_train : Int[np.ndarray, " sizes"]
        $n$.
    probability : Float[np.ndarray, " sizes"]
        $P(n)$.
    standard_error : Float[np.ndarray, " sizes"]
        Binomial, zero where $P$ is exact.
    draws : int
        Random orders of the samples behind it, zero for exact numbers.
    """

    num_train: Int[np.ndarray, " sizes"]
    probability: Float[np.ndarray, " sizes"]
    standard_error: Float[np.ndarray, " sizes"]
    draws: int


@dataclass(frozen=True)
class CriticalFraction:
    r"""The train fraction at which $P$ passes a level, and its standard error (zero if exact)."""

    fraction: float
    standard_error: float


def unique_probability(
    num_symbols: int,
    num_train: Int[np.ndarray, " sizes"] | None = None,
    *,
    method: Method = "auto",
    draws: int = 4000,
    rng: np.random.Generator | None = None,
) -> UniqueProbability:
    r"""Return the probability that $n$ random samples determine the linear representation.

    Parameters
    ----------
    num_symbols
        $p \ge 3$.
    num_train
        $n \in [0, p(p+1)/2]$; all of them by default.
    method
        ``"exact"``: enumeration, up to ten symbols; ``"monte_carlo"``; ``"auto"``: exact where it
        takes no more than a second (up to eight symbols, and ten).
    draws, rng
        Random orders of the samples, and where they come from, for Monte Carlo. All $n$ are read
        off the same orders, so their errors are correlated.

    Raises
    ------
    ValueError
        If there are fewer than three symbols, a size is out of range, the method is unknown, the
        enumeration would not end, or Monte Carlo lacks its generator.

    Source: [liu2022effective, Sec. 3.2, Fig. 4a]; enumeration derived.

    >>> unique_probability(4, np.array([4, 5, 8])).probability.round(4).tolist()
    [0.0143, 0.0714, 0.7333]
    """
    total = len(all_samples(num_symbols))
    sizes = np.arange(total + 1) if num_train is None else np.asarray(num_train, dtype=np.int64)
    if np.any((sizes < 0) | (sizes > total)):
        raise ValueError(f"num_train must lie in [0, {total}], got {sizes.tolist()}")
    if _is_exact(num_symbols, method):
        counts = _counts(num_symbols)
        shares = np.array([counts[n] / math.comb(total, int(n)) for n in sizes], dtype=np.float64)
        return UniqueProbability(sizes, shares, np.zeros(len(sizes)), 0)
    thresholds = uniqueness_thresholds(num_symbols, draws=draws, rng=_needed(rng))
    shares = np.searchsorted(np.sort(thresholds), sizes, side="right") / draws
    # The Agresti-Coull shift keeps an event that was never seen from being impossible.
    shifted = (shares * draws + 2) / (draws + 4)
    return UniqueProbability(sizes, shares, np.sqrt(shifted * (1 - shifted) / (draws + 4)), draws)


def critical_fraction(
    num_symbols: int,
    *,
    level: float = 0.5,
    method: Method = "auto",
    draws: int = 4000,
    rng: np.random.Generator | None = None,
) -> CriticalFraction:
    r"""Return the train fraction $r_c = n/|D_0|$ at which $P$ reaches a level.

    Interpolated linearly between two whole $n$.

    Raises
    ------
    ValueError
        If the level does not lie in (0, 1), or as :func:`unique_probability`.

    Source: [liu2022effective, Sec. 3.2].

    >>> round(critical_fraction(10).fraction, 3)
    0.409
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    found = unique_probability(num_symbols, method=method, draws=draws, rng=rng)
    after = int(np.argmax(found.probability >= level))
    low, high = found.probability[after - 1 : after + 1]
    total = found.num_train[-1]
    error = math.sqrt(level * (1 - level) / found.draws) / (high - low) if found.draws else 0.0
    return CriticalFraction(
        float((after - 1 + (level - low) / (high - low)) / total), float(error / total)
    )


def uniqueness_thresholds(
    num_symbols: int, *, draws: int, rng: np.random.Generator
) -> Int[np.ndarray, " draws"]:
    r"""Return, for random orders of all samples, after how many the representation is unique.

    $n_0$ can only fall as samples are added, so one order tells it for every $n$: $P(n)$ is the
    share of thresholds up to $n$. Each sample is compared with the first of its label, and the row
    projected on what is left of the null space. That projection is a ratio of integers: zero, or
    above 10^-5 in all that was seen up to sixty symbols. An order with a value between 10^-11 and
    10^-6 is decided in integers instead.

    Raises
    ------
    ValueError
        If there are fewer than three symbols or no draw.

    Cost: $O(p^4)$ a draw; a second for $10^5$ draws at ten symbols.
    """
    refuse_few_symbols(num_symbols)
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    samples = all_samples(num_symbols)
    # At sixty symbols a projector takes 29 KB: blocks of a size that the caches hold.
    block = max(1, 2_000_000 // num_symbols**2)
    sizes = [min(block, draws - start) for start in range(0, draws, block)]
    return np.concatenate([_thresholds(samples, num_symbols, size, rng) for size in sizes])


def expected_isolated_symbols(num_symbols: int, train_fraction: float) -> float:
    r"""Return $\mu(r)$, the expected number of symbols that are in no parallelogram.

    $$\mu(r) = \sum_{k=0}^{p-1}\prod_{j=0}^{p-1}\Bigl[1-r\bigl(1-(1-r)^{n_{k+j}-1}\bigr)\Bigr]$$

    for samples that are in the training set independently: the sample of $k$ with $j$ helps if it
    is there, with another of its label.

    Raises
    ------
    ValueError
        If the fraction does not lie in [0, 1], or there are fewer than three symbols.

    Source: derived.

    >>> round(expected_isolated_symbols(30, 0.1588527833398885), 6) == round(math.log(2), 6)
    True
    """
    if not 0 <= train_fraction <= 1:
        raise ValueError(f"train_fraction must lie in [0, 1], got {train_fraction}")
    others = label_sizes(num_symbols) - 1
    symbols = np.arange(num_symbols)
    partner = 1 - (1 - train_fraction) ** others[np.add.outer(symbols, symbols)]
    return float(np.sum(np.prod(1 - train_fraction * partner, axis=1)))


def isolation_probability(num_symbols: int, train_fraction: float) -> float:
    r"""Return $e^{-\mu(r)}$, the limit of $P$ for many symbols.

    Raises
    ------
    ValueError
        As :func:`expected_isolated_symbols`.

    Validity: too high for few symbols (by a third of $r_c$ for six, 5 % for twenty), where other
    obstacles count.
    Source: derived.
    """
    return math.exp(-expected_isolated_symbols(num_symbols, train_fraction))


def isolation_fraction(num_symbols: int, *, level: float = 0.5) -> float:
    r"""Return the critical fraction for many symbols, the solution of $e^{-\mu(r)} =$ level.

    Raises
    ------
    ValueError
        If the level does not lie in (0, 1), or there are fewer than three symbols.

    Validity: as :func:`isolation_probability`; 10 % low for ten symbols, 1 % from thirty on.
    Source: derived.

    >>> [round(isolation_fraction(p), 3) for p in (30, 60)]
    [0.159, 0.091]
    """
    from scipy.optimize import brentq

    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    target = -math.log(level)
    # All symbols are isolated without data; with all of them only those in no label that repeats.
    if expected_isolated_symbols(num_symbols, 1.0) >= target:
        return 1.0
    return float(
        brentq(lambda r: expected_isolated_symbols(num_symbols, r) - target, 0.0, 1.0, xtol=1e-14)  # pyright: ignore[reportArgumentType]
    )


def _is_exact(num_symbols: int, method: Method) -> bool:
    if method not in ("auto", "exact", "monte_carlo"):
        raise ValueError(f"method must be 'auto', 'exact' or 'monte_carlo', got {method!r}")
    if method == "exact" and num_symbols > _MOST_EXACT:
        raise ValueError(
            f"num_symbols must be at most {_MOST_EXACT} for the enumeration, got {num_symbols}: "
            "use method='monte_carlo'"
        )
    if method == "auto":
        return num_symbols <= _AUTO_EXACT or num_symbols == _MOST_EXACT
    return method == "exact"


def _counts(num_symbols: int) -> list[int]:
    if num_symbols == _MOST_EXACT:
        return list(_TEN_SYMBOLS)
    return [int(count) for count in count_unique(num_symbols)]


def _needed(rng: np.random.Generator | None) -> np.random.Generator:
    if rng is None:
        raise ValueError("rng must be given for Monte Carlo: numpy.random.default_rng(seed)")
    return rng


def _thresholds(
    samples: np.ndarray, num_symbols: int, draws: int, rng: np.random.Generator
) -> np.ndarray:
    size = len(samples)
    orders = rng.permuted(np.broadcast_to(np.arange(size), (draws, size)), axis=1)
    projectors = np.tile(np.eye(num_symbols), (draws, 1, 1))
    firsts = np.full((draws, 2 * num_symbols - 1), -1)
    ranks, thresholds = np.zeros(draws, dtype=int), np.full(draws, size)
    is_doubtful, running = np.zeros(draws, dtype=bool), np.arange(draws)
    for step in range(size):
        drawn = orders[running, step]
        labels = samples[drawn].sum(axis=1)
        first = firsts[running, labels]
        firsts[running[first < 0], labels[first < 0]] = drawn[first < 0]
        against = first >= 0
        which, pairs = running[against], (samples[drawn[against]], samples[first[against]])
        left = _apply(projectors[which], *pairs)
        length = _apply(left[:, None], *pairs)[:, 0]
        is_doubtful[which] |= (length > 1e-11) & (length < 1e-6)
        is_new = length >= 1e-6
        which, left = which[is_new], left[is_new] / np.sqrt(length[is_new])[:, None]
        projectors[which] -= left[:, :, None] * left[:, None, :]
        ranks[which] += 1
        is_done = ranks[running] == num_symbols - 2
        thresholds[running[is_done]] = step + 1
        running = running[~is_done]
    for draw in np.flatnonzero(is_doubtful):
        thresholds[draw] = _bisected(samples[orders[draw]], num_symbols)
    return thresholds


def _apply(matrices: np.ndarray, sample: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Multiply symmetric matrices with the rows of parallelograms."""
    every = np.arange(len(sample))
    one, two, three, four = (
        matrices[every, ..., pair[:, side]] for pair in (sample, first) for side in (0, 1)
    )
    return one + two - three - four


def _bisected(ordered: np.ndarray, num_symbols: int) -> int:
    """Find in integers after how many samples the representation is unique."""
    low, high = 0, len(ordered)
    while high - low > 1:
        middle = (low + high) // 2
        if has_unique_representation(ordered[:middle], num_symbols):
            high = middle
        else:
            low = middle
    return high

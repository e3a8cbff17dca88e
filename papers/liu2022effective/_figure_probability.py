"""Figure of the critical train fraction: how likely the data determine the representation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import representation as theory
from ...validation.layout import drawing, letter
from ._card import paper
from .uniqueness import PUBLISHED, PUBLISHED_DRAWS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_EXACT = (4, 5, 6, 7, 8, 10)
_FEW = (6, 10)


@paper.figure(
    "unique-probability",
    caption=(
        "(a) Probability that random training data determine the linear representation, against "
        "the train fraction: exact (lines), Monte Carlo with standard errors (points), and the "
        "closed form for isolated symbols (dashed); squares, the paper's 10 000 draws for ten "
        "symbols. (b) The fraction at which it is one half, against the number of symbols; the "
        "paper's 0.4 is the value of ten symbols."
    ),
    options={"draws": 2000, "largest": 60},
)
def unique_probability(bench: Bench, *, draws: int = 2000, largest: int = 60) -> Figure:
    """Draw the probability for some numbers of symbols, and the critical fraction for many."""
    if draws < 100:
        raise ValueError(f"draws must be at least 100, got {draws}")
    if largest < 20:
        raise ValueError(f"largest must be at least 20, got {largest}")
    many = np.unique(np.geomspace(12, largest, 6).round().astype(int))
    shown = (20, int(many[-1]))
    sampled = bench.cached("sampled", lambda: _sample(bench, shown, draws))
    critical = bench.cached("critical", lambda: _critical(bench, many, draws))
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, (left, right)):
        for index, symbols in enumerate(_FEW):
            exact = theory.unique_probability(symbols)
            fractions = exact.num_train / exact.num_train[-1]
            left.plot(fractions, exact.probability, color=f"C{index}", label=f"$p = {symbols}$")
        sizes, published = np.array(list(PUBLISHED)), np.array(list(PUBLISHED.values()))
        left.errorbar(
            sizes / 55, published, np.sqrt(published * (1 - published) / PUBLISHED_DRAWS),
            fmt="s", color="C1", mfc="white", label="$p = 10$, published",
        )  # fmt: skip
        for index, symbols in enumerate(shown, start=len(_FEW)):
            fractions = sampled[f"fractions-{symbols}"]
            left.errorbar(
                fractions, sampled[f"probability-{symbols}"], sampled[f"error-{symbols}"],
                fmt="o", color=f"C{index}", label=f"$p = {symbols}$",
            )  # fmt: skip
            fine = np.linspace(fractions[0], fractions[-1], 100)
            closed = [theory.isolation_probability(symbols, float(r)) for r in fine]
            left.plot(fine, closed, "--", color=f"C{index}")
        left.plot([], [], "--", color="0.2", label="isolated symbols")
        left.set(xlabel="train fraction $r$", ylabel="P(unique representation)", xlim=(0, 1))
        exact_fractions = [theory.critical_fraction(symbols).fraction for symbols in _EXACT]
        right.plot(_EXACT, exact_fractions, "D", color="C0", label="exact")
        right.errorbar(
            many, critical["fraction"], critical["error"], fmt="o", color="C2", label="Monte Carlo"
        )
        every = np.arange(4, many[-1] + 1)
        isolated = [theory.isolation_fraction(int(p)) for p in every]
        right.plot(every, isolated, "--", color="0.2", label="isolated symbols")
        right.plot(every, np.log(every) / every, ":", color="0.5", label=r"$\ln p/p$")
        right.plot([10], [0.4], "s", color="C1", mfc="white", ms=5, label="published")
        right.set(
            xlabel="symbols $p$", ylabel="critical fraction $r_c$", xscale="log", yscale="log"
        )
        ticks, levels = [5, 10, 20, 50], [0.1, 0.2, 0.5]
        right.set_xticks(ticks, [str(p) for p in ticks])
        right.set_yticks(levels, [str(r) for r in levels])
        right.minorticks_off()
        for axes, name in ((left, "a"), (right, "b")):
            letter(axes, name)
            axes.legend(loc="lower left", bbox_to_anchor=(0.05, 1.02), ncols=2)
    return figure


def _sample(bench: Bench, shown: tuple[int, ...], draws: int) -> dict[str, np.ndarray]:
    """Twelve train fractions across the rise for each number of symbols."""
    rng = bench.generator("sampled")
    found = {}
    for symbols in shown:
        total = symbols * (symbols + 1) // 2
        middle = theory.isolation_fraction(symbols)
        sizes = np.unique(np.linspace(0.6 * middle, 1.7 * middle, 12) * total).astype(int)
        drawn = theory.unique_probability(
            symbols, sizes, method="monte_carlo", draws=draws, rng=rng
        )
        found[f"fractions-{symbols}"] = sizes / total
        found[f"probability-{symbols}"] = drawn.probability
        found[f"error-{symbols}"] = drawn.standard_error
    return found


def _critical(bench: Bench, many: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    rng = bench.generator("critical")
    found = [
        theory.critical_fraction(int(p), method="monte_carlo", draws=draws, rng=rng) for p in many
    ]
    return {
        "fraction": np.array([one.fraction for one in found]),
        "error": np.array([one.standard_error for one in found]),
    }

"""When a training set determines the linear representation: the critical train fraction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ...theory import representation as theory
from ...validation import Axis, Counts, Estimate, Evidence, Exact, Form, Panel, Prediction, Series
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench

SYMBOLS = 10

# Training samples of ten symbols, and the share of 10,000 random training sets whose linear
# representation is unique: the numbers behind Fig. 4a, from the paper's released notebook.
PUBLISHED = {
    16: 0.0051, 18: 0.0373, 20: 0.1754, 21: 0.2863, 22: 0.4270, 23: 0.5795, 25: 0.8027,
    28: 0.9488, 32: 0.9919,
}  # fmt: skip
PUBLISHED_DRAWS = 10_000


@paper.claim(
    "critical-fraction",
    statement="Random training data of ten symbols determine the linear representation beyond a "
    "critical train fraction of 0.41, which falls with the number of symbols.",
    source="[liu2022effective, Sec. 3.2, Fig. 4a]; other numbers of symbols derived",
    headline=True,
)
def critical_fraction(bench: Bench) -> tuple[Evidence, ...]:
    r"""Count how often the energy of random training sets has two zero modes only.

    Every set is drawn anew and its eigenvalues computed in floating point, against the exact number
    from enumeration in integers and against the paper's own ten thousand draws. The accepted region
    is three binomial standard errors of 4000 draws, fixed before the run.

    The rival counts constraints: a training set with as many independent pairs of equal labels as
    there are unknowns, $n - \#\text{labels} \ge p-2$, would be enough if these equations were
    generic. For more symbols the prediction is that of isolated symbols, without a free constant;
    its rivals are a critical fraction that does not depend on the number of symbols, and its
    leading order $\ln p/p$.
    """
    sizes = np.array(list(PUBLISHED))
    draws = bench.pick(quick=20_000, full=100_000)
    found = bench.cached("sets", lambda: _draw_sets(bench, sizes, draws))
    exact = theory.unique_probability(SYMBOLS, sizes).probability
    counted = found["counted"] / draws
    published = np.array(list(PUBLISHED.values()))
    axis = Axis("training samples $n$", sizes.tolist())
    by_counting = Prediction(counted, label="as many pairs as unknowns")
    everything = theory.unique_probability(SYMBOLS)
    shown = (everything.num_train >= 12) & (everything.num_train <= 40)
    panel = Panel(
        "train fraction",
        "P(unique representation)",
        (
            Series(
                "exact, 10 symbols",
                everything.num_train[shown] / 55,
                everything.probability[shown],
                style="line",
            ),
            Series(
                "published, 10 000 draws",
                sizes / 55,
                published,
                np.sqrt(published * (1 - published) / PUBLISHED_DRAWS),
            ),
        ),
    )
    return (
        Evidence(
            quantity="P(unique linear representation), 10 symbols",
            form=Form.EVENT_RATE,
            control=axis,
            prediction=Prediction(
                exact, 3 * np.sqrt(exact * (1 - exact) / 4000), label="exact", source="derived"
            ),
            measurement=Counts(found["unique"], draws),
            rivals=(by_counting,),
            panel=panel,
        ),
        Evidence(
            quantity="P(unique linear representation), enumerated",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                published,
                3 * np.sqrt(exact * (1 - exact) / PUBLISHED_DRAWS),
                label="published draws",
                source="[liu2022effective, Fig. 4a]",
            ),
            measurement=Exact(exact),
            rivals=(by_counting,),
        ),
        Evidence(
            quantity="samples at which half of the training sets suffice",
            form=Form.THRESHOLD,
            prediction=Prediction(
                22.5, 0.5, label="published, fraction 0.4", source="[liu2022effective, Sec. 3.2]"
            ),
            measurement=Exact(55 * theory.critical_fraction(SYMBOLS).fraction),
            rivals=(
                Prediction(
                    float(np.interp(0.5, counted, sizes)), label="as many pairs as unknowns"
                ),
            ),
        ),
        _more_symbols(bench),
    )


def _more_symbols(bench: Bench) -> Evidence:
    symbols = bench.pick(quick=(20, 30, 40), full=(20, 30, 40, 60, 80))
    draws = bench.pick(quick=1500, full=4000)

    def measure() -> dict[str, np.ndarray]:
        rng = bench.generator("more symbols")
        critical = []
        for index, p in enumerate(symbols):
            bench.progress(index / len(symbols), f"{p} symbols")
            critical.append(theory.critical_fraction(p, method="monte_carlo", draws=draws, rng=rng))
        return {
            "fraction": np.array([one.fraction for one in critical]),
            "error": np.array([one.standard_error for one in critical]),
        }

    found = bench.cached("more symbols", measure)
    predicted = np.array([theory.isolation_fraction(p) for p in symbols])
    numbers = np.array(symbols, dtype=np.float64)
    return Evidence(
        quantity="critical fraction / that of isolated symbols",
        form=Form.CURVE,
        control=Axis("symbols $p$", symbols),
        prediction=Prediction(
            np.ones(len(symbols)), 0.08, label="last isolated symbol", source="derived"
        ),
        measurement=Estimate(
            found["fraction"] / predicted, found["error"] / predicted, samples=draws
        ),
        rivals=(
            Prediction(0.4 / predicted, label="0.4 for any number of symbols"),
            Prediction(np.log(numbers) / numbers / predicted, label=r"$\ln p/p$"),
        ),
    )


def _draw_sets(bench: Bench, sizes: Int[np.ndarray, " sizes"], draws: int) -> dict[str, np.ndarray]:
    """Count training sets with two zero modes, and those with as many pairs as unknowns."""
    rng = bench.generator("sets")
    unique, counted = np.zeros(len(sizes)), np.zeros(len(sizes))
    for index, size in enumerate(sizes.tolist()):
        bench.progress(index / len(sizes), f"{size} samples")
        orders = rng.permuted(np.tile(np.arange(55), (draws, 1)), axis=1)
        chosen = np.zeros((draws, 55))
        np.put_along_axis(chosen, orders[:, :size], 1.0, axis=1)
        energies, labels = _energies(chosen)
        third = np.linalg.eigvalsh(energies)[:, 2]
        # Zero eigenvalues come out below 1e-12, the smallest others above 1e-2.
        unique[index] = np.sum(third > 1e-7)
        counted[index] = np.sum(size - labels >= SYMBOLS - 2)
    return {"unique": unique, "counted": counted}


def _energies(
    chosen: Float[np.ndarray, "draws samples"],
) -> tuple[Float[np.ndarray, "draws symbols symbols"], Int[np.ndarray, " draws"]]:
    """Sums over parallelograms of the squares of their rows, and how many labels there are."""
    samples = np.array([(i, j) for i in range(SYMBOLS) for j in range(i, SYMBOLS)])
    vectors = np.eye(SYMBOLS)[samples[:, 0]] + np.eye(SYMBOLS)[samples[:, 1]]
    energies = np.zeros((len(chosen), SYMBOLS, SYMBOLS))
    labels = np.zeros(len(chosen), dtype=int)
    for label in range(2 * SYMBOLS - 1):
        members = samples.sum(axis=1) == label
        present, rows = chosen[:, members], vectors[members]
        labels += present.any(axis=1)
        for i in range(len(rows)):
            for j in range(i):
                gap = rows[i] - rows[j]
                both = present[:, i] * present[:, j]
                energies += both[:, None, None] * np.outer(gap, gap)
    return energies, labels

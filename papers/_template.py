"""A theory of your own: copy, change, check.

    groktheory template my_theory.py      write this file
    groktheory check my_theory.py         run its claims
    groktheory plot my_theory.py          draw its figures

The example is a small theory about the data of modular addition: how many of the modulus^2
equations must be in the training set until every answer occurs in it? (A network cannot learn
an answer that it never sees.)
"""

import math

import numpy as np

from groktheory.papers.bench import Bench, Equation, Paper
from groktheory.validation import Axis, Counts, Evidence, Form, Prediction

# 1. The paper. What is said here is what `groktheory show` prints. Nothing heavy is imported at
#    the top of the file: NumPy is fine, JAX and matplotlib are imported where they are used.
paper = Paper(
    key="my-theory",
    title="How much data shows every answer of modular addition",
    authors="Me",
    year=2026,
    summary=(
        "Each of the M answers of addition modulo M has M equations. A random training set that "
        "holds a fraction p of all equations misses a given answer with probability about "
        "(1 - p)^M, and the M answers nearly independently."
    ),
    equations=(
        Equation(
            name="probability that all answers are seen",
            latex=r"P(p) = \exp\left(-M (1 - p)^M\right)",
            source="[my-theory, Eq. 1]",
        ),
    ),
)


# 2. The theory: closed forms, float64, no training. Real theories live in `groktheory.theory`.
def probability_all_seen(train_fraction: np.ndarray, *, modulus: int) -> np.ndarray:
    """Probability that every answer occurs in a random training set."""
    return np.exp(-modulus * (1 - train_fraction) ** modulus)


# 3. The simulation: knows nothing of the theory. Real ones live in `groktheory.simulations`;
#    `bench.train(...)` trains networks and keeps the runs, with the arguments of
#    `groktheory.simulations.train`.
def count_all_seen(
    train_fraction: float, *, modulus: int, repetitions: int, seed: list[int]
) -> int:
    """Count random training sets in which every answer occurs."""
    random = np.random.default_rng(seed)
    answers = np.add.outer(np.arange(modulus), np.arange(modulus)).ravel() % modulus
    size = round(train_fraction * modulus**2)
    return sum(
        len(np.unique(random.permutation(answers)[:size])) == modulus for _ in range(repetitions)
    )


# 4. The claim: theory against simulation, and a rival that the data must reject. It says before
#    the run how far off the theory may be, and it can fail.
@paper.claim(
    "all-answers-seen",
    statement="The probability that every answer occurs in the training set is exp(-M (1-p)^M).",
    source="[my-theory, Eq. 1]",
    headline=True,
)
def all_answers_seen(bench: Bench) -> Evidence:
    """Count over many random training sets of five sizes.

    The rival takes the answers for a single one: it forgets that any of the M may be missing.
    """
    modulus = bench.pick(quick=31, full=97)
    repetitions = bench.pick(quick=2000, full=10_000)
    fractions = 1 - np.exp(-np.linspace(0.6, 2.0, 5) * math.log(modulus) / modulus)

    def count() -> dict[str, np.ndarray]:
        counts = []
        for index, fraction in enumerate(fractions):
            bench.progress(index / len(fractions), f"train fraction {fraction:.2f}")
            counts.append(
                count_all_seen(
                    fraction,
                    modulus=modulus,
                    repetitions=repetitions,
                    seed=[bench.seed, index],
                )
            )
        return {"counts": np.array(counts)}

    counts = bench.cached("counts", count)["counts"]
    return Evidence(
        quantity="probability that all answers are seen",
        form=Form.EVENT_RATE,
        prediction=Prediction(
            probability_all_seen(fractions, modulus=modulus),
            tolerance=0.08,
            label="M independent answers",
            source="[my-theory, Eq. 1]",
        ),
        measurement=Counts(counts, np.full(len(counts), repetitions)),
        rivals=(Prediction(1 - (1 - fractions) ** modulus, label="one answer only"),),
        control=Axis("train fraction", tuple(fractions.tolist())),
    )


# 5. A figure: the theory alone. `groktheory plot my_theory.py --option modulus=97` sets an option.
@paper.figure(
    "all-answers-seen-curve",
    caption="Probability that every answer occurs in the training set.",
    options={"modulus": 31},
)
def all_answers_seen_curve(bench: Bench, *, modulus: int = 31):
    """Draw the prediction over the whole range of train fractions."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    train_fraction = np.linspace(0, 1, 400)
    axes.plot(train_fraction, probability_all_seen(train_fraction, modulus=modulus))
    axes.set_xlabel("train fraction")
    axes.set_ylabel("probability that all answers are seen")
    axes.set_title(f"M = {modulus}")
    return figure

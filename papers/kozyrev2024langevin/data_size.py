r"""How the amount of data sets the time: a walk over hypotheses, and networks that add modulo p."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import langevin
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series, fit_law
from ._card import paper

if TYPE_CHECKING:
    import jax

    from ..bench import Bench

REMOVED = 0.03  # share of the memorizing hypotheses that a sample removes
FITTED, GROKKED = 0.99, 0.95  # train and test accuracy


@dataclass(frozen=True)
class Hypotheses:
    """Numbers of memorizing and generalizing hypotheses without data."""

    memorizing: int
    generalizing: int

    def walk_times(
        self,
        sizes: Float[np.ndarray, " sizes"],
        *,
        walks: int,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, " sizes"]:
        """Mean steps of a uniform walk over the survivors until it meets one that generalizes.

        Every memorizing hypothesis gets the sample that rules it out; a hypothesis survives as long
        as there are fewer. Walks are taken step by step.
        """
        ruled_out_by = rng.geometric(REMOVED, size=self.memorizing)
        means = []
        for size in sizes:
            survivors = int(np.sum(ruled_out_by > size))
            is_walking, steps = np.full(walks, True), np.zeros(walks)
            while is_walking.any():
                places = rng.integers(
                    survivors + self.generalizing, size=(int(is_walking.sum()), 256)
                )
                has_met = places < self.generalizing
                first = np.where(has_met.any(axis=1), has_met.argmax(axis=1) + 1, 256)
                steps[is_walking] += first
                is_walking[is_walking] = ~has_met.any(axis=1)
            means.append(steps.mean())
        return np.array(means)


@paper.claim(
    "data-size",
    statement="If every sample removes a fixed share of what memorizes, a walk over the hypotheses "
    "that remain finds the rule in a time that falls exponentially with the data, down to a "
    "threshold.",
    source="[kozyrev2024langevin, Sec. 3]",
)
def data_size(bench: Bench) -> tuple[Evidence, ...]:
    r"""Walk over 20 000 memorizing hypotheses and 40 that generalize, each sample ruling out 3 %.

    One step is the least that a walk takes; the others, $t-1$, follow the law for any $N$. The
    threshold $N^* = (S_0-S_1)/\kappa$, where both kinds are equally many, is where the mean time is
    two steps. The rivals: a volume that shrinks by its share of the original one, sample by sample,
    and a threshold where nothing that memorizes is left.
    """
    hypotheses = Hypotheses(memorizing=20_000, generalizing=40)
    walks, draws = bench.pick(quick=(1000, 12), full=(10_000, 24))
    entropies = np.log(hypotheses.memorizing), np.log(hypotheses.generalizing)
    threshold = langevin.data_threshold(*entropies, removed_fraction=REMOVED)
    early = np.arange(0.0, 151.0, 25.0)
    late = np.arange(160.0, 256.0, 8.0)

    def measure() -> dict[str, np.ndarray]:
        rng = bench.generator("hypotheses")
        sizes = np.concatenate([early, late])
        return {
            "times": np.array(
                [hypotheses.walk_times(sizes, walks=walks, rng=rng) for _ in range(draws)]
            )
        }

    times = bench.cached("hypotheses", measure)["times"]
    slopes = np.polyfit(early, np.log(times[:, : len(early)] - 1).T, 1)[0]
    crossings = [half_way(late, draw[len(early) :] - 1) for draw in times]
    slope = -langevin.data_size_slope(REMOVED)
    fine = np.linspace(0, late[-1], 200)
    law = langevin.hypothesis_walk_time(
        fine,
        memorizing=hypotheses.memorizing,
        generalizing=hypotheses.generalizing,
        removed_fraction=REMOVED,
    )
    shrinking = np.log(np.clip(1 - REMOVED * early, 1e-9, None))
    return (
        Evidence(
            quantity=r"slope of $\ln(t-1)$ over the number of samples",
            form=Form.LAW,
            prediction=Prediction(
                slope,
                0.05 * abs(slope),
                label=r"$\ln(1-q)$",
                source="[kozyrev2024langevin, Sec. 3]",
            ),
            measurement=Samples(slopes),
            rivals=(
                Prediction(
                    float(np.polyfit(early[:2], shrinking[:2], 1)[0]),
                    label=r"volume $1-qN$",
                ),
                Prediction(0.0, label="data do not matter"),
            ),
            panel=Panel(
                "number of samples $N$",
                "steps until the rule is found",
                (
                    Series("walks", np.concatenate([early, late]), times.mean(axis=0)),
                    Series(r"$1+(M/G)(1-q)^N$", fine, law, style="line"),
                ),
                y_scale="log",
            ),
        ),
        Evidence(
            quantity="number of samples at which the mean time is two steps",
            form=Form.THRESHOLD,
            prediction=Prediction(
                threshold,
                0.05 * threshold,
                label="equal volumes",
                source="[kozyrev2024langevin, Sec. 3]",
            ),
            measurement=Samples(np.array(crossings)),
            rivals=(
                Prediction(
                    langevin.data_threshold(entropies[0], 0.0, removed_fraction=REMOVED),
                    label="nothing memorizes any more",
                ),
            ),
        ),
    )


def half_way(sizes: Float[np.ndarray, " sizes"], excess: Float[np.ndarray, " sizes"]) -> float:
    """Size at which the mean time is two steps, on a straight line through the log of $t-1$."""
    slope, offset = np.polyfit(sizes, np.log(excess), 1)
    return -offset / slope


def divergence(x: np.ndarray, amplitude: float, critical: float, exponent: float) -> np.ndarray:
    r"""Power-law divergence $A(f-f_c)^{-\nu}$."""
    return amplitude * np.maximum(x - critical, 1e-9) ** -exponent


def with_floor(x: np.ndarray, amplitude: float, rate: float, floor: float) -> np.ndarray:
    r"""Exponential above a floor, $t_0+Ae^{-\kappa f}$."""
    return np.maximum(floor + amplitude * np.exp(-rate * x), 1e-9)


def criteria(
    fractions: Float[np.ndarray, " fractions"], times: Float[np.ndarray, "seeds fractions"]
) -> dict[str, Float[np.ndarray, " seeds"]]:
    """Corrected information criteria of three laws, and $R^2$ of the first, for every seed."""
    found: dict[str, list[float]] = {
        name: [] for name in ("exponential", "divergence", "with_floor", "determination")
    }
    for row in times:
        rate, offset = np.polyfit(fractions, np.log(row), 1)
        smallest = float(row.min())
        starts = {
            "divergence": {
                "amplitude": smallest * (fractions[-1] - fractions[0]) ** 1.0,
                "critical": float(fractions[0] - 0.1),
                "exponent": 1.0,
            },
            "with_floor": {
                "amplitude": float(np.exp(offset + 0.5 * rate)),
                "rate": float(-2 * rate),
                "floor": 0.8 * smallest,
            },
        }
        found["exponential"].append(fit_law(fractions, row, law="exponential").aicc)
        for law in (divergence, with_floor):
            name = law.__name__
            found[name].append(fit_law(fractions, row, law=law, start=starts[name]).aicc)
        found["determination"].append(float(np.corrcoef(fractions, np.log(row))[0, 1] ** 2))
    return {name: np.array(values) for name, values in found.items()}


def network_times(
    bench: Bench,
) -> tuple[Float[np.ndarray, " fractions"], Float[np.ndarray, "seeds fractions"]]:
    """Train fractions, and steps until networks that add modulo p reach test accuracy 0.95.

    Raises
    ------
    ValueError
        If a run does not grok.
    """
    import optax

    modulus = bench.pick(quick=31, full=59)
    fractions = bench.pick(
        quick=(0.42, 0.45, 0.48, 0.52, 0.56, 0.62, 0.68, 0.75, 0.82),
        full=(0.3, 0.32, 0.34, 0.37, 0.4, 0.44, 0.5, 0.56, 0.64, 0.72, 0.82),
    )
    spec = sim.ModularAddition(
        modulus,
        train_fraction=0.5,
        min_train_fraction=min(fractions),
        max_train_fraction=max(fractions),
    )

    def task(key: jax.Array, train_fraction: jax.Array) -> sim.tasks.Task:
        return spec.sample(key=key).with_train_fraction(train_fraction)

    num_steps = bench.pick(quick=12_000, full=40_000)
    runs = bench.train(
        "data-size",
        init=lambda key: sim.models.EmbeddingMLP.init(modulus, key=key),
        task=task,
        optimizer=optax.adamw(1e-2, weight_decay=0.3),
        loss=sim.cross_entropy,
        num_steps=num_steps,
        record_steps=sim.log_spaced_steps(num_steps, per_decade=10),
        events={"grok_step": has_grokked},
        stop="events",
        sweep={"train_fraction": fractions},
        num_seeds=bench.pick(quick=6, full=8),
    )
    times = runs["grok_step"].values.astype(float).T
    if np.any(times < 0):
        raise ValueError(
            f"{np.sum(times < 0)} of {times.size} runs do not reach test accuracy {GROKKED} in "
            f"{num_steps} steps: train for longer, or on more data"
        )
    return np.array(fractions), times


def has_grokked(model: sim.models.EmbeddingMLP, task: sim.tasks.Task) -> jax.Array:
    """Whether the test accuracy has come to its threshold."""
    return sim.measures.test_accuracy(model, task) >= GROKKED


@paper.claim(
    "data-size-network",
    statement="The time that a network takes to grok modular addition falls exponentially with the "
    "number of train samples.",
    source="[kozyrev2024langevin, Sec. 3]",
    memory_gib=(1.0, 4.0),
)
def data_size_network(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train embeddings and one hidden layer with AdamW, on 42 to 82 % of the table of addition
    mod 31 (mod 59 at full scale), and find the step at which the test accuracy passes 0.95.

    Seed by seed, $Ae^{-\kappa f}$ is compared by AICc with the divergence $A(f-f_c)^{-\nu}$ of a
    critical amount of data, and with $t_0+Ae^{-\kappa f}$, in which some time is left with all the
    data. A difference of two or more in favor of another law counts against the exponential one.
    """
    fractions, times = network_times(bench)
    found = criteria(fractions, times)
    log_times = np.log(times)
    mean = np.exp(log_times.mean(axis=0))
    error = mean * log_times.std(axis=0, ddof=1) / np.sqrt(len(times))
    local = np.diff(log_times.mean(axis=0)) / np.diff(fractions) / 100
    fine = np.linspace(fractions[0], fractions[-1], 100)
    line = np.polyfit(fractions, log_times.mean(axis=0), 1)
    differences = np.stack(
        [found["exponential"] - found[name] for name in ("divergence", "with_floor")], axis=1
    )
    return (
        Evidence(
            quantity="AICc of the exponential law minus that of another one",
            form=Form.ORDERING,
            control=Axis("other law", ("divergence", "exponential with a floor")),
            prediction=Prediction.at_most(
                np.zeros(2), label="exponential", source="[kozyrev2024langevin, Sec. 3]"
            ),
            measurement=Samples(differences),
            rivals=(Prediction.at_least(2 * np.ones(2), label="the other law"),),
            note=f"slope of ln t for one per cent of the table: {local[0]:.3f} with the fewest "
            f"samples, {local[-1]:.3f} with the most",
            panel=Panel(
                "train fraction $f$",
                "steps to test accuracy 0.95",
                (
                    Series("networks", fractions, mean, error),
                    Series("exponential", fine, np.exp(np.polyval(line, fine)), style="dashed"),
                ),
                y_scale="log",
            ),
        ),
        Evidence(
            quantity=r"$R^2$ of $\ln t$ as a straight line in the number of samples",
            form=Form.ORDERING,
            prediction=Prediction.at_least(
                0.9, label="exponential", source="[kozyrev2024langevin, Sec. 3]"
            ),
            measurement=Samples(found["determination"]),
            rivals=(Prediction.at_most(0.5, label="data do not set the time"),),
        ),
    )

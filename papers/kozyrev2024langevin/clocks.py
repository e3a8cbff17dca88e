r"""Two clocks: is grokking a diffusion, and memorization a fall?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...validation import Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

FITTED, GROKKED = 0.99, 0.95  # train and test accuracy
LEARNING_RATE, WEIGHT_DECAY = 1e-2, 0.3
DESCENT = (3, 4, 6, 8, 11, 16, 23, 32)  # steps, while the train loss falls
PLATEAU = tuple(range(150, 751, 15))  # from after the fit to before the rule is found


def minibatch_runs(bench: Bench, name: str, **settings: Any) -> xr.Dataset:
    """Train networks that add modulo 31 with AdamW, on minibatches of half of the train set."""
    modulus = 31
    spec = sim.ModularAddition(modulus, train_fraction=0.5)
    return bench.train(
        name,
        key=bench.key_for("modular-addition"),
        init=lambda key: sim.models.EmbeddingMLP.init(modulus, key=key),
        task=lambda key: spec.sample(key=key),
        loss=sim.cross_entropy,
        batch_size=240,
        **settings,
    )


def has_fitted(model: sim.models.EmbeddingMLP, task: sim.tasks.Task) -> jax.Array:
    """Whether the train accuracy has come to its threshold."""
    return sim.measures.train_accuracy(model, task) >= FITTED


def has_grokked(model: sim.models.EmbeddingMLP, task: sim.tasks.Task) -> jax.Array:
    """Whether the test accuracy has come to its threshold."""
    return sim.measures.test_accuracy(model, task) >= GROKKED


def all_weights(model: sim.models.EmbeddingMLP, task: sim.tasks.Task) -> jax.Array:
    """All weights of a network in one row."""
    from jax.flatten_util import ravel_pytree

    del task
    return ravel_pytree(model)[0]


@paper.claim(
    "two-clocks",
    statement="A network that takes t steps to memorize takes of the order of t^2 steps to grok.",
    source="[kozyrev2024langevin, Sec. 3]",
    memory_gib=(1.0, 3.0),
)
def two_clocks(bench: Bench) -> Evidence:
    r"""Change the time to memorize by the learning rate, and see how the time to grok follows.

    Seed by seed, the exponent of the steps to test accuracy 0.95 in the steps to train accuracy
    0.99. The paper's two numbers, $10^3$ and $10^6$, are one point; the exponent 2 is what can be
    tested. The rival: both clocks are slowed down by the same factor.
    """
    import optax

    rates = bench.pick(quick=(5e-3, 7e-3, 1e-2, 1.4e-2), full=(1e-3, 2e-3, 4e-3, 7e-3, 1.4e-2))
    num_steps = bench.pick(quick=8000, full=60_000)
    runs = minibatch_runs(
        bench,
        "clocks",
        optimizer=lambda learning_rate: optax.adamw(learning_rate, weight_decay=WEIGHT_DECAY),
        num_steps=num_steps,
        record_steps=sim.log_spaced_steps(num_steps, per_decade=10),
        events={"fit_step": has_fitted, "grok_step": has_grokked},
        stop="events",
        sweep={"learning_rate": rates},
        num_seeds=bench.pick(quick=6, full=8),
    )
    fit, grok = (runs[name].values.astype(float).T for name in ("fit_step", "grok_step"))
    missing = (fit < 1) | (grok <= fit)
    if missing.any():
        raise ValueError(
            f"{missing.sum()} of {missing.size} runs do not grok after they fit in {num_steps} "
            "steps: train for longer"
        )
    log_fit, log_grok = np.log(fit), np.log(grok)
    exponents = np.array([np.polyfit(*row, 1)[0] for row in zip(log_fit, log_grok, strict=True)])
    center, error = log_grok.mean(axis=0), log_grok.std(axis=0, ddof=1) / np.sqrt(len(grok))
    memorized = np.exp(log_fit.mean(axis=0))
    square = np.exp(center[-1]) * (memorized / memorized[-1]) ** 2
    return Evidence(
        quantity="exponent of the steps to grok in the steps to memorize",
        form=Form.LAW,
        prediction=Prediction(
            2.0, 0.3, label=r"$t_{grok}\propto t_{mem}^2$", source="[kozyrev2024langevin, Sec. 3]"
        ),
        measurement=Samples(exponents),
        rivals=(Prediction(1.0, label="both clocks slow down alike"),),
        panel=Panel(
            "steps to memorize",
            "steps to grok",
            (
                Series("networks", memorized, np.exp(center), np.exp(center) * error),
                Series("square", memorized, square, style="dashed"),
            ),
            x_scale="log",
            y_scale="log",
        ),
    )


def displacement_exponents(
    lags: Float[np.ndarray, " lags"], displacements: Float[np.ndarray, "seeds lags"]
) -> Float[np.ndarray, " seeds"]:
    """Slope of the log of the squared displacement over the log of the time, of every seed."""
    return np.polyfit(np.log(lags), np.log(displacements).T, 1)[0]


@paper.claim(
    "mean-squared-displacement",
    statement="While it memorizes, a network moves in proportion to time; between memorizing and "
    "grokking it diffuses, in proportion to the square root of time.",
    source="[kozyrev2024langevin, Sec. 3]",
    memory_gib=(1.0, 3.0),
)
def mean_squared_displacement(bench: Bench) -> tuple[Evidence, ...]:
    r"""Follow all weights of networks that add modulo 31, from the start of the training for 32
    steps, and from step 150, when all are fitted, for 600 steps.

    The exponent of the squared distance in time is 2 for a fall and 1 for a diffusion. AdamW has a
    drift on the plateau: the decay of the weights, and steps whose size does not shrink with the
    gradient.
    """
    import optax

    runs = minibatch_runs(
        bench,
        "weights",
        optimizer=optax.adamw(LEARNING_RATE, weight_decay=WEIGHT_DECAY),
        num_steps=PLATEAU[-1],
        record_steps=(0, *DESCENT, *PLATEAU),
        measures={"weights": all_weights, "train_accuracy": sim.measures.train_accuracy},
        dims={"weights": ("weight",)},
        num_seeds=bench.pick(quick=6, full=20),
    )
    if runs["train_accuracy"].sel(step=PLATEAU[0]).min() < FITTED:
        raise ValueError(
            f"a run has not come to train accuracy {FITTED} at step {PLATEAU[0]}, where the "
            "plateau should begin: train with a larger learning rate"
        )
    weights = runs["weights"].transpose("seed", "step", "weight").values.astype(float)
    steps = runs["step"].values
    pieces = []
    for name, start, ends, exponent, other, rival in (
        ("descent", 0, DESCENT, 2.0, 1.0, "diffusion"),
        ("plateau", PLATEAU[0], PLATEAU[1:], 1.0, 2.0, "drift"),
    ):
        before = weights[:, np.searchsorted(steps, [start])]
        after = weights[:, np.searchsorted(steps, ends)]
        squares = np.sum((after - before) ** 2, axis=-1)
        lags = np.array(ends, float) - start
        mean = squares.mean(axis=0)
        error = squares.std(axis=0, ddof=1) / np.sqrt(len(squares))
        law = mean[0] * (lags / lags[0]) ** exponent
        pieces.append(
            Evidence(
                quantity=f"exponent of the squared displacement in time, {name}",
                form=Form.LAW,
                prediction=Prediction(
                    exponent,
                    0.3,
                    label="fall" if exponent == 2 else "diffusion",
                    source="[kozyrev2024langevin, Sec. 3]",
                ),
                measurement=Samples(displacement_exponents(lags, squares)),
                rivals=(Prediction(other, label=rival),),
                panel=Panel(
                    f"steps since step {start}",
                    "squared displacement of the weights",
                    (
                        Series("networks", lags, mean, error),
                        Series(f"exponent {exponent:g}", lags, law, style="dashed"),
                    ),
                    x_scale="log",
                    y_scale="log",
                ),
            )
        )
    return tuple(pieces)

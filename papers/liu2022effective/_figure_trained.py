"""Figure of trained embeddings beside the effective flow from the same start and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import representation as theory
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_SYMBOLS, _STEPS, _SEEDS = 10, 2500, 4


@paper.figure(
    "trained-unfolding",
    caption=(
        "Embeddings in one dimension, standardized, one line a symbol. (a) Trained with Adam in "
        "front of a decoder 1-200-200-30 on 45 of the 55 sums of ten symbols, learning rates 1e-3 "
        "and 1e-4. (b) The effective flow from the same embeddings with the same training pairs, "
        "in closed form. (c) Share of closed parallelograms of both. The network is the best of "
        "four; the flow does not know the decoder: order and end agree, times only up to a factor."
    ),
    options={"num_train": 45},
)
def trained_unfolding(bench: Bench, *, num_train: int = 45) -> Figure:
    """Draw both sets of embeddings against time, and their quality."""
    if not 22 <= num_train < 55:
        raise ValueError(
            f"num_train must lie in [22, 54], where the data can determine the representation, "
            f"got {num_train}"
        )
    runs = train(bench, num_train)
    everything = theory.parallelograms(_SYMBOLS)
    trained = runs["embedding"].values.astype(np.float64)
    quality = theory.representation_quality_index(trained, everything)
    best = int(np.argmax(quality[:, -1] + quality.mean(axis=1)))
    steps, embeddings = runs["step"].values, theory.standardized(trained[best])
    samples = np.sort(runs["pairs"].values[best].astype(np.int64)[:num_train], axis=1)
    rate = theory.grokking_rate(samples, _SYMBOLS, squared_norm=_SYMBOLS - 1)
    # Without a unique representation the flow still has a slowest rate that is not zero.
    spectrum = theory.hessian_spectrum(samples, _SYMBOLS, squared_norm=_SYMBOLS - 1)
    scale = rate if rate > 0 else float(spectrum[spectrum > 1e-9].min())
    times = np.linspace(0, 6, 121)
    flow = theory.effective_flow(embeddings[0], samples, times / scale)
    with drawing(height=2.5, is_wide=True, columns=3) as (figure, (left, middle, right)):
        for axes, clock, points in ((left, steps, embeddings), (middle, times, flow)):
            for symbol in range(_SYMBOLS):
                shade = _shade(symbol)
                axes.plot(clock, points[:, symbol, 0], color=shade, lw=1.1)
                axes.annotate(
                    str(symbol), (clock[-1], points[-1, symbol, 0]), (3, 0),
                    textcoords="offset points", va="center", fontsize=6.5, color=shade,
                    annotation_clip=False,
                )  # fmt: skip
        left.set(xlabel="step", ylabel="embedding, standardized")
        middle.set(xlabel=r"$\lambda_3 t$", ylabel="embedding, standardized")
        middle.sharey(left)
        right.plot(steps / steps[-1], quality[best], "o-", ms=2.5, color="0.1", label="trained")
        predicted = theory.representation_quality_index(flow, everything)
        right.plot(times / times[-1], predicted, color="C0", label="effective flow")
        right.set(xlabel="share of the shown time", ylabel="quality index", ylim=(0, 1.05))
        right.legend(loc="lower left", bbox_to_anchor=(0.05, 1.02), ncols=1)
        for axes, name in ((left, "a"), (middle, "b"), (right, "c")):
            letter(axes, name)
    return figure


def train(bench: Bench, num_train: int) -> Any:
    """Train the paper's network from four seeds; the pairs of the training set come first."""
    import optax

    spec = sim.tasks.AdditionTable(num_symbols=_SYMBOLS, num_train=num_train)
    return bench.train(
        "unfolding",
        init=lambda key: sim.models.EmbeddingMLP.init(
            _SYMBOLS, embedding=1, hidden=(200, 200), num_outputs=30, combine="sum", shared=True,
            activation="tanh", biases=True, embedding_bound=0.5, key=key,
        ),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.by_field(
            embedding=optax.adamw(1e-3, weight_decay=0.0),
            decoder=optax.adamw(1e-4, weight_decay=0.0),
        ),
        loss=sim.squared_error,
        num_steps=_STEPS,
        record_steps=list(range(0, _STEPS + 1, 25)),
        num_seeds=_SEEDS,
        measures={"embedding": lambda model, task: model.embedding},
        final={"pairs": lambda model, task: task.inputs[task.order]},
        dims={"embedding": ("symbol", "dimension"), "pairs": ("sample", "place")},
    )  # fmt: skip


def _shade(symbol: int) -> Any:
    from matplotlib import colormaps

    return colormaps["viridis"](0.9 * symbol / (_SYMBOLS - 1))

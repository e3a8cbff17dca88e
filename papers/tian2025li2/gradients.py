"""The gradient that training sends to the hidden nodes: its stages, and repulsion of twins."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import li2
from ...validation import Evidence, Exact, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._probes import gradient_structure

if TYPE_CHECKING:
    from ..bench import Bench

NUM_PAIRS = 200  # most similar pairs of nodes whose signs are counted


@paper.claim(
    "gradient-structure",
    statement="The gradient to the hidden layer first points along Y Y^T F, ends along Z Z^T F "
    "with whitened labels Z, and dies without weight decay.",
    source="[tian2025li2, Prop. 1, Fig. 3]; the whitened form is derived",
    memory_gib=(1.0, 6.0),
)
def gradient_structure_in_training(bench: Bench) -> tuple[Evidence, ...]:
    """Cosines and norm of the measured gradient along training, in float64.

    At the fixed point of the readout the gradient is eta Z Z^T F, so it must align better with
    the whitened direction than with the plain one by the end of the run. Without decay the norm
    is judged at its lowest, since single spikes of Adam may wake it up again later.
    """
    modulus, width, train_fraction, num_steps = bench.pick(
        quick=(23, 256, 0.5, 1400), full=(71, 2048, 0.4, 1400)
    )
    spec = sim.ModularAddition(modulus, train_fraction=train_fraction)
    num_train = round(train_fraction * modulus**2)
    decay = 2e-4
    eta = li2.coupled_weight_decay_to_ridge(num_train, decay)
    runs = bench.train(
        "gradient-structure",
        init=lambda key: sim.TwoLayerNet.init(modulus, width, key=key),
        task=lambda key: spec.sample(key=key),
        optimizer=lambda weight_decay: sim.optimizers.coupled_adam(1e-3, weight_decay),
        loss=sim.fused_centered_squared_error,
        num_steps=num_steps,
        record_steps=sim.log_spaced_steps(num_steps, per_decade=8, max_gap=num_steps),
        sweep={"weight_decay": [0.0, decay]},
        num_seeds=bench.pick(quick=4, full=4),
        measures={
            "gradient": functools.partial(gradient_structure, eta=eta),
            "test_accuracy": sim.measures.test_accuracy,
        },
        dims={"gradient": ("part",)},
        dtype="float64",
    )
    steps = runs["step"].values[1:]
    norm, plain, whitened = np.moveaxis(
        runs["gradient"].sel(weight_decay=decay).values[:, 1:], -1, 0
    )
    dying = runs["gradient"].sel(weight_decay=0.0).values[:, 1:, 0]
    cosines = Panel(
        "step",
        "cosine with the gradient",
        (
            Series("$YY^TF$", steps, plain.mean(axis=0), style="line"),
            Series("$ZZ^TF$", steps, whitened.mean(axis=0), style="dashed"),
        ),
        x_scale="log",
    )
    norms = Panel(
        "step",
        "norm of the gradient",
        (
            Series(f"weight decay {decay:g}", steps, norm.mean(axis=0), style="line"),
            Series("no weight decay", steps, dying.mean(axis=0), style="dashed"),
        ),
        x_scale="log",
        y_scale="log",
    )
    return (
        Evidence(
            quantity=r"largest cosine with $YY^TF$",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(0.8, label="aligned early"),
            measurement=Samples(plain.max(axis=1)),
            rivals=(Prediction.at_most(0.5, label="unrelated"),),
            panel=cosines,
        ),
        Evidence(
            quantity=r"final cosine with $ZZ^TF$",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(0.8, label="aligned at the end"),
            measurement=Samples(whitened[:, -1]),
            rivals=(Prediction.at_most(0.5, label="unrelated"),),
        ),
        Evidence(
            quantity=r"final cosine with $ZZ^TF$ minus that with $YY^TF$",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="whitened direction is closer"),
            measurement=Samples(whitened[:, -1] - plain[:, -1]),
            rivals=(Prediction(0.0, (np.inf, 0.0), label="plain direction", source="[Lemma 1]"),),
        ),
        Evidence(
            quantity="decades from peak to bottom of the norm without weight decay",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(2.0, label="the gradient dies"),
            measurement=Samples(np.log10(dying.max(axis=1) / dying.min(axis=1))),
            rivals=(Prediction.at_most(1.0, label="the gradient survives"),),
            panel=norms,
        ),
    )


@paper.claim(
    "repulsion",
    statement="The inverse Gram matrix makes similar nodes repel: b_jl has the sign opposite to "
    "their deflated similarity.",
    source="[tian2025li2, Thm. 6]",
)
def repulsion(bench: Bench) -> tuple[Evidence, ...]:
    """Coefficients of trained networks against a direct inverse, and the signs they take.

    Exact algebra first: the closed form of b_jl on the 50 most similar pairs of trained nodes
    against the inverse of the Gram matrix. Then the share of the 200 most similar pairs, by plain
    similarity, whose b_jl has the opposite sign at the end of training.
    """
    steps, repelled, error = _repulsion(bench)
    return (
        Evidence(
            quantity="largest error of the closed form, relative to the diagonal",
            form=Form.IDENTITY,
            prediction=Prediction(0.0, 1e-8, label="exact"),
            measurement=Exact(error),
        ),
        Evidence(
            quantity="share of similar pairs that repel",
            form=Form.THRESHOLD,
            prediction=Prediction.at_least(0.9, label="similar nodes repel"),
            measurement=Samples(repelled[:, -1], resolution=0.5 / NUM_PAIRS),
            rivals=(Prediction(0.5, 0.1, label="signs at random"),),
            panel=_repulsion_panel(steps, repelled),
        ),
    )


@paper.claim(
    "repulsion-sharpens",
    statement="The share of similar pairs of nodes that repel rises over training.",
    source="[tian2025li2, Thm. 6]; an independent replication reports 0.83 to 0.995",
)
def repulsion_sharpens(bench: Bench) -> Evidence:
    """End minus start of training, seed by seed. Runs of `repulsion`."""
    steps, repelled, _ = _repulsion(bench)
    return Evidence(
        quantity="gain in the share of similar pairs that repel",
        form=Form.ORDERING,
        prediction=Prediction.at_least(0.0, label="rises"),
        measurement=Samples(repelled[:, -1] - repelled[:, 0], resolution=0.5 / NUM_PAIRS),
        rivals=(Prediction(0.0, (np.inf, 0.0), label="does not rise"),),
        panel=_repulsion_panel(steps, repelled),
    )


def _repulsion(bench: Bench) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return record steps, shares of repelling pairs `[seeds, steps]`, error of the closed form."""
    modulus, width = bench.pick(quick=(23, 256), full=(71, 1024))
    spec = sim.ModularAddition(modulus, train_fraction=bench.pick(quick=0.5, full=0.4))
    decay, seeds = 2e-4, bench.pick(quick=5, full=8)
    runs = bench.train(
        "repulsion",
        init=lambda key: sim.TwoLayerNet.init(modulus, width, key=key),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.coupled_adam(1e-3, decay),
        loss=sim.fused_centered_squared_error,
        num_steps=2000,
        record_steps=[0, 50, 200, 800, 2000],
        num_seeds=seeds,
        measures={"hidden": lambda model, task: model.hidden},
        final={"train_inputs": lambda model, task: task.train().inputs},
        dims={"hidden": ("operand", "value", "node"), "train_inputs": ("row", "operand")},
    )
    inputs = runs["train_inputs"].values
    eta = li2.coupled_weight_decay_to_ridge(inputs.shape[1], decay)

    def compare() -> dict[str, np.ndarray]:
        repelled = np.empty((seeds, runs.sizes["step"]))
        error = 0.0
        for count, (seed, step) in enumerate(np.ndindex(repelled.shape)):
            hidden = runs["hidden"].values[seed, step].astype(np.float64)
            first, second = inputs[seed].T
            features = (hidden[0][first] + hidden[1][second]) ** 2
            features -= features.mean(axis=0)
            inverse = np.linalg.inv(features.T @ features + eta * np.eye(width))
            similarities = sim.measures.cosine_similarities(features)
            repelled[seed, step] = sim.measures.repulsion_fraction(
                similarities, inverse, num_pairs=NUM_PAIRS
            )
            if step == runs.sizes["step"] - 1:
                for pair in zip(*sim.measures.most_similar_pairs(similarities, 50), strict=True):
                    j, other = (int(node) for node in pair)
                    formula = li2.repulsion_coefficient(features, j, other, eta=eta)
                    scale = np.sqrt(inverse[j, j] * inverse[other, other])
                    error = max(error, abs(formula - inverse[j, other]) / scale)
            bench.progress((count + 1) / repelled.size)
        return {"repelled": repelled, "error": np.array(error)}

    measured = bench.cached("repulsion-shares", compare)
    return runs["step"].values, measured["repelled"], measured["error"]


def _repulsion_panel(steps: np.ndarray, repelled: np.ndarray) -> Panel:
    spread = repelled.std(axis=0, ddof=1) / np.sqrt(len(repelled))
    return Panel(
        "step + 1",
        "share of similar pairs that repel",
        (Series("measured", steps + 1, repelled.mean(axis=0), spread),),
        x_scale="log",
    )

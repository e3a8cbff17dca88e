"""Other labels and other networks: eigenvectors of the kernel, modular addition, digits.

The one-layer transformer of the paper is left out: it takes hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import lazy_rich
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

DIMENSION, NUM_TRAIN = 50, 100
INDICES = (1, 70, 100)  # the eigenvectors that the paper shows
CURVATURE = 1.0
SCALES = (1.0, 3.0, 10.0, 30.0)
LARGE_SCALE = 10.0  # from here on the network can fit the labels of every eigenvector
TIMES = np.concatenate([[0.0], np.geomspace(1.0, 1e5, 60)])

FITTED, GROKKED = 0.99, 0.9  # train and test accuracy on modular addition
DIGITS_FITTED, DIGITS_GROKKED = 0.95, 0.8


def eigenvector_labels(
    gram: Float[np.ndarray, "samples samples"], index: int
) -> Float[np.ndarray, " samples"]:
    r"""Return labels of mean square one along the $j$-th eigenvector of a Gram matrix.

    Parameters
    ----------
    gram
        Symmetric.
    index
        $j$, from 1 (the largest eigenvalue) to the number of samples.

    Raises
    ------
    ValueError
        For an index out of range.

    [kumar2023lazy, Sec. 6.1]

    >>> eigenvector_labels(np.diag([1.0, 2.0]), 2).round(3).tolist()
    [1.414, 0.0]
    """
    if not 1 <= index <= len(gram):
        raise ValueError(f"index must lie between 1 and {len(gram)}, got {index}")
    vectors = np.linalg.eigh(gram)[1]
    return np.sqrt(len(gram)) * vectors[:, -index]


def _eigenvector_runs(bench: Bench) -> dict[str, np.ndarray]:
    """Train infinitely wide committees on the labels of each eigenvector.

    The paper does not say what the labels off the training set are. Here the Gram matrix is that
    of training and test samples together, so that one eigenvector labels both.
    """
    num_seeds = bench.pick(quick=12, full=60)

    def compute() -> dict[str, np.ndarray]:
        rng = bench.generator("eigenvector labels")
        alignment = np.empty((num_seeds, len(INDICES)))
        train = np.empty((num_seeds, len(INDICES), len(SCALES), len(TIMES)))
        test = np.empty_like(train)
        for seed in range(num_seeds):
            bench.progress(seed / num_seeds, "eigenvector labels")
            inputs = rng.normal(size=(2 * NUM_TRAIN, DIMENSION)) / np.sqrt(DIMENSION)
            gram = lazy_rich.committee_kernel(inputs, curvature=CURVATURE)
            held_out = slice(NUM_TRAIN, None)
            for i, index in enumerate(INDICES):
                labels = eigenvector_labels(gram, index)
                alignment[seed, i] = lazy_rich.sample_alignment(
                    gram[held_out, held_out], labels[held_out]
                )
                for k, scale in enumerate(SCALES):
                    flow = lazy_rich.gradient_flow(
                        inputs[:NUM_TRAIN],
                        labels[:NUM_TRAIN],
                        TIMES,
                        scale=scale,
                        curvature=CURVATURE,
                    )
                    errors = (flow.outputs(inputs[held_out]) - labels[held_out]) ** 2
                    test[seed, i, k] = errors.mean(axis=1) / np.mean(labels[held_out] ** 2)
                    train[seed, i, k] = flow.train_loss / np.mean(labels[:NUM_TRAIN] ** 2)
        return {"alignment": alignment, "train": train, "test": test}

    return bench.cached("eigenvector-labels", compute)


@paper.claim(
    "label-eigenvectors",
    statement="Labels along later eigenvectors of the initial kernel are less aligned with it and "
    "are generalized worse.",
    source="[kumar2023lazy, Sec. 6.1, Fig. 5]",
)
def label_eigenvectors(bench: Bench) -> tuple[Evidence, ...]:
    """Eigenvectors 1, 70 and 100 of the Gram matrix of 100 training and 100 test samples.

    Trained at output scale 10: at scales of order one the second moment of the weights, which has
    to stay positive, cannot become what later eigenvectors ask for, and training stalls above
    zero.
    """
    runs = _eigenvector_runs(bench)
    scale = SCALES.index(LARGE_SCALE)
    log_alignment = np.log(runs["alignment"])
    final = runs["test"][:, :, scale, -1]
    control = Axis("eigenvectors", tuple(f"{a} and {b}" for a, b in _neighbors(INDICES)))
    indifferent = (Prediction(0.0, 0.0, label="the eigenvector does not matter"),)
    worst_fit = runs["train"][:, :, scale, -1].max()
    test_curves = runs["test"][:, :, scale, 1:].mean(axis=0)
    return (
        Evidence(
            quantity="log alignment on the test set, earlier minus later eigenvector",
            form=Form.ORDERING,
            control=control,
            prediction=Prediction.at_least(np.zeros(2), label="less aligned"),
            measurement=Samples(log_alignment[:, :-1] - log_alignment[:, 1:]),
            rivals=indifferent,
        ),
        Evidence(
            quantity="log final test loss, later minus earlier eigenvector",
            form=Form.ORDERING,
            control=control,
            prediction=Prediction.at_least(np.zeros(2), label="generalized worse"),
            measurement=Samples(np.diff(np.log(final), axis=1)),
            rivals=indifferent,
            note=f"final train loss at most {worst_fit:.1e} of the labels' power",
            panel=Panel(
                "steps times learning rate",
                "test loss",
                tuple(
                    Series(f"eigenvector {index}", TIMES[1:], curve, style="line")
                    for index, curve in zip(INDICES, test_curves, strict=True)
                ),
                x_scale="log",
                y_scale="log",
            ),
        ),
    )


@paper.claim(
    "middle-eigenvector",
    statement="Labels along a middle eigenvector, the 70th, are grokked: their test loss falls "
    "well below where it began.",
    source="[kumar2023lazy, Fig. 5]",
)
def middle_eigenvector(bench: Bench) -> Evidence:
    """Smallest test loss over all times and the output scales 1 to 30. Runs of
    `label-eigenvectors`.

    Below one half of the initial loss counts, whenever it happens: a looser criterion than
    grokking. Such labels are a quadratic form of full rank, with 1275 coefficients to be found
    from 100 samples.
    """
    middle = _eigenvector_runs(bench)["test"][:, INDICES.index(70)]
    best = middle / middle[..., :1]
    return Evidence(
        quantity="smallest test loss / initial test loss",
        form=Form.THRESHOLD,
        prediction=Prediction.at_most(0.5, label="groks"),
        measurement=Samples(best.min(axis=(1, 2))),
        rivals=(Prediction(1.0, 0.1, label="never generalizes"),),
        note="the paper leaves open how test samples are labeled; here by one eigenvector of the "
        "Gram matrix of training and test samples",
        panel=Panel(
            "steps times learning rate",
            "test loss, eigenvector 70",
            tuple(
                Series(rf"$\alpha = {scale:g}$", TIMES[1:], curve, style="line")
                for scale, curve in zip(SCALES, middle[..., 1:].mean(axis=0), strict=True)
            ),
            x_scale="log",
            y_scale="log",
        ),
    )


@paper.claim(
    "modular-addition-scale",
    statement="A smaller output scale shortens the delay of grokking in modular addition, without "
    "any weight decay.",
    source="[kumar2023lazy, Fig. 2, App. 8.3]",
    memory_gib=(1.0, 2.0),
)
def modular_addition_scale(bench: Bench) -> Evidence:
    r"""Addition mod 23 from 90 % of the pairs, 100 hidden ReLU units, gradient descent.

    The delay is the ratio of two numbers of steps, until test accuracy 0.9 and until train
    accuracy 0.99, with learning rate $100/\alpha^2$ on the mean squared error over samples and
    outputs. Scales below one would need smaller rates to stay stable.
    """
    modulus, width, learning_rate = 23, 100, 100.0
    runs = bench.train(
        "modular-addition-scale",
        init=lambda key, scale: sim.CenteredScaled.init(
            sim.TwoLayerNet.init(modulus, width, activation="relu", key=key), scale
        ),
        task=lambda key: sim.ModularAddition(modulus, train_fraction=0.9).sample(key=key),
        # The loss sums over the outputs, the paper's takes their mean.
        optimizer=lambda scale: sim.optimizers.gradient_descent(learning_rate / modulus / scale**2),
        loss=sim.squared_error,
        num_steps=bench.pick(quick=10_000, full=100_000),
        record_steps=_records(bench.pick(quick=10_000, full=100_000)),
        sweep={"scale": bench.pick(quick=(1.0, 1.7, 3.0), full=(1.0, 1.4, 2.0, 2.8, 4.0))},
        num_seeds=bench.pick(quick=8, full=16),
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
        },
        stop=lambda measured: measured["test_accuracy"] > 0.95,
    )
    return _delay_evidence(runs, fitted=FITTED, grokked=GROKKED)


@paper.claim(
    "digits-scale",
    statement="A smaller output scale shortens the delay of grokking on handwritten digits.",
    source="[kumar2023lazy, Fig. 6]",
    memory_gib=(1.0, 2.0),
)
def digits_scale(bench: Bench) -> Evidence:
    """Three layers with initial weights eight times larger than usual, AdamW, few images.

    The delay is the ratio of two numbers of steps, until test accuracy 0.8 and until train
    accuracy 0.95. The paper trains on MNIST.
    """
    width = bench.pick(quick=100, full=200)
    num_steps = bench.pick(quick=5000, full=50_000)

    def loss(model: sim.MLP, batch: sim.tasks.Batch, scale: jax.Array) -> jax.Array:
        return sim.squared_error(lambda sample: scale * model(sample), batch)

    runs = bench.train(
        "digits-scale",
        init=lambda key: sim.MLP.init(
            (64, width, width, 10), initialization="torch_uniform", scale=8.0, key=key
        ),
        task=lambda key: sim.tasks.Digits(num_train=200, num_test=1000).sample(key=key),
        optimizer=_adamw(1e-3, bench.pick(quick=0.3, full=0.1)),
        loss=loss,
        num_steps=num_steps,
        record_steps=_records(num_steps),
        sweep={"scale": bench.pick(quick=(1e-3, 1e-2, 1e-1), full=(1e-3, 1e-2, 1e-1, 1.0))},
        num_seeds=bench.pick(quick=6, full=12),
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
        },
        stop=lambda measured: (
            (measured["test_accuracy"] > 0.82) & (measured["train_accuracy"] > 0.96)
        ),
    )
    return _delay_evidence(runs, fitted=DIGITS_FITTED, grokked=DIGITS_GROKKED)


def _adamw(learning_rate: float, weight_decay: float) -> Any:
    import optax

    return optax.adamw(learning_rate, weight_decay=weight_decay)


def _records(num_steps: int) -> list[int]:
    return sim.log_spaced_steps(num_steps, per_decade=60, max_gap=num_steps // 50)


def log_delays(
    runs: xr.Dataset, *, fitted: float, grokked: float
) -> Float[np.ndarray, "seeds scales"]:
    """Return the log of the ratio of the steps until grokking and until fitting.

    A run of the largest scale that does not grok counts with its last record, a lower bound.

    Raises
    ------
    ValueError
        If a run does not fit, or one of a smaller scale does not grok.
    """
    steps = runs["step"].values
    fit = sim.detectors.time_to_fit(steps, runs["train_accuracy"].values, threshold=fitted)
    grok = sim.detectors.time_to_grok(steps, runs["test_accuracy"].values, threshold=grokked)
    if fit.is_censored.any():
        raise ValueError(
            f"{fit.is_censored.sum()} of {fit.times.size} runs do not reach train accuracy "
            f"{fitted}: train for longer"
        )
    if grok.is_censored[:-1].any():
        raise ValueError(
            f"{grok.is_censored[:-1].sum()} of {grok.times[:-1].size} runs below the largest "
            f"scale do not reach test accuracy {grokked}: train for longer"
        )
    return np.log(np.where(grok.is_censored, grok.lower, grok.times) / fit.times).T


def _delay_evidence(runs: xr.Dataset, *, fitted: float, grokked: float) -> Evidence:
    delays = log_delays(runs, fitted=fitted, grokked=grokked)
    scales = runs["scale"].values
    mean, error = delays.mean(axis=0), delays.std(axis=0, ddof=1) / np.sqrt(len(delays))
    return Evidence(
        quantity="log delay of grokking, larger minus smaller output scale",
        form=Form.ORDERING,
        control=Axis(r"$\alpha$", tuple(f"{a:g} and {b:g}" for a, b in _neighbors(scales))),
        prediction=Prediction.at_least(np.zeros(len(scales) - 1), label="longer delay"),
        measurement=Samples(np.diff(delays, axis=1)),
        rivals=(Prediction(0.0, 0.0, label="the output scale does not matter"),),
        panel=Panel(
            r"output scale $\alpha$",
            "steps to grok / steps to fit",
            (Series("measured", scales, np.exp(mean), np.exp(mean) * error),),
            x_scale="log",
            y_scale="log",
        ),
    )


def _neighbors(values: Sequence[float] | np.ndarray) -> Iterator[tuple[float, float]]:
    return zip(values[:-1], values[1:], strict=True)

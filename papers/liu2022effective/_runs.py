"""The networks of the paper, how they are trained, and what is read off them.

Addition: embeddings in one dimension in front of a decoder 1-200-200-30, which sees the sum of two
of them. Permutations: matrices in front of a decoder 9-200-200-30, which sees the product.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import representation as theory

if TYPE_CHECKING:
    import optax
    import xarray as xr
    from jax import Array

    from ..bench import Bench

SYMBOLS, OUTPUTS, WIDTH = 10, 30, 200
PERMUTATIONS = "S3"
EMBEDDING_RATE, DECODER_RATE = 1e-3, 1e-4
GOOD_QUALITY = 0.95  # of the share of closed parallelograms, as in the paper's code


def addition(
    num_train: int = 45, *, least: int | None = None, most: int | None = None
) -> Callable[..., sim.tasks.Task]:
    """Return the task of a key: all sums of ten symbols, of which some are trained on.

    The task has room for `least` to `most` train samples, by default only for `num_train`.
    """
    spec = sim.tasks.AdditionTable(
        num_symbols=SYMBOLS,
        num_train=num_train,
        num_outputs=OUTPUTS,
        min_num_train=least,
        max_num_train=most,
    )
    return lambda key: spec.sample(key=key)


def decoder_of_sums(key: Array, embedding_scale: Any = 1.0) -> sim.models.EmbeddingMLP:
    r"""Draw the network for addition, its embeddings in $\pm$ half the scale."""
    return sim.models.EmbeddingMLP.init(
        SYMBOLS,
        embedding=1,
        hidden=(WIDTH, WIDTH),
        num_outputs=OUTPUTS,
        combine="sum",
        shared=True,
        activation="tanh",
        biases=True,
        embedding_bound=0.5 * embedding_scale,
        key=key,
    )


def decoder_of_products(key: Array) -> sim.models.EmbeddingMLP:
    """Draw the network for the six permutations of three things: matrices, 3 x 3."""
    return sim.models.EmbeddingMLP.init(
        6,
        embedding=3,
        hidden=(WIDTH, WIDTH),
        num_outputs=OUTPUTS,
        combine="matrix_product",
        shared=True,
        activation="tanh",
        biases=True,
        embedding_bound=0.05,
        key=key,
    )


def two_rates(
    decoder_learning_rate: Any = DECODER_RATE,
    weight_decay: Any = 0.0,
    embedding_learning_rate: Any = EMBEDDING_RATE,
) -> optax.GradientTransformation:
    """AdamW on embeddings, without decay, and on the decoder, with a rate and decay of its own."""
    import optax

    return sim.optimizers.by_field(
        embedding=optax.adamw(embedding_learning_rate, weight_decay=0.0),
        decoder=optax.adamw(decoder_learning_rate, weight_decay=weight_decay),
    )


def mean_squared_error(model: Any, batch: sim.tasks.Batch) -> Array:
    """Squared error, averaged over the outputs, too."""
    return sim.squared_error(model, batch) / OUTPUTS


def addition_accuracy(model: Any, task: sim.tasks.Task, batch: sim.tasks.Batch) -> Array:
    """Accuracy on a batch: the right one is the nearest of the nineteen targets."""
    labels = np.add(*np.triu_indices(SYMBOLS))
    one_of_each = np.unique(labels, return_index=True)[1]
    return sim.measures.nearest_target_accuracy(model, batch, task.targets[one_of_each])


def train_accuracy(model: Any, task: sim.tasks.Task) -> Array:
    """Accuracy of addition on the train set."""
    return addition_accuracy(model, task, task.train())


def test_accuracy(model: Any, task: sim.tasks.Task) -> Array:
    """Accuracy of addition on the test set."""
    return addition_accuracy(model, task, task.test())


def full_accuracy(model: Any, task: sim.tasks.Task) -> Array:
    """Accuracy of addition on all samples."""
    train, test = task.train(), task.test()
    right = train.size * train_accuracy(model, task) + test.size * test_accuracy(model, task)
    return right / task.num_samples


def addition_quality(model: Any, task: sim.tasks.Task) -> Array:
    """Share of all parallelograms that the standardized embeddings close, as a traced number."""
    import jax.numpy as jnp

    rows = theory.incidence_matrix(theory.parallelograms(SYMBOLS), SYMBOLS)
    centered = model.embedding - model.embedding.mean(axis=0, keepdims=True)
    gaps = jnp.asarray(rows, centered.dtype) @ (
        centered / centered.std(axis=0, ddof=1, keepdims=True)
    )
    return jnp.mean(jnp.mean(gaps**2, axis=1) < 0.01)


def product_quality(model: Any, task: sim.tasks.Task) -> Array:
    """Share of all generalized parallelograms that products of the matrices close."""
    import jax.numpy as jnp

    table = sim.GroupMultiplication(PERMUTATIONS).table
    one, two, three, four = theory.group_parallelograms(table).T
    products = jnp.einsum("aij,bjk->abik", model.embedding, model.embedding)
    products = products / jnp.sqrt(jnp.mean(products**2))
    return jnp.mean(jnp.mean((products[one, two] - products[three, four]) ** 2, (1, 2)) < 0.5)


def addition_runs(bench: Bench) -> xr.Dataset:
    """Train on random train sets of several sizes, all independent; they serve three claims."""
    import jax

    def own(key: Array, num_train: Any) -> Array:
        """The engine gives one key to all sizes of a seed; here every run has its own."""
        return jax.random.fold_in(key, num_train.astype(int))

    num_steps = bench.pick(quick=5000, full=10_000)
    sizes = bench.pick(quick=(18, 20, 22, 25, 30, 36, 45), full=tuple(range(15, 55, 3)))
    draw = addition(min(sizes), least=min(sizes), most=max(sizes))
    return bench.train(
        "additions",
        init=lambda key, num_train: decoder_of_sums(own(key, num_train)),
        task=lambda key, num_train: draw(own(key, num_train)).with_num_train(num_train),
        optimizer=two_rates(),
        loss=mean_squared_error,
        num_steps=num_steps,
        record_steps=[0, num_steps // 2, num_steps],
        sweep={"num_train": sizes},
        num_seeds=bench.pick(quick=16, full=40),
        events={
            "quality_step": lambda model, task: addition_quality(model, task) > GOOD_QUALITY,
        },
        final={
            "embedding": lambda model, task: model.embedding,
            "pairs": lambda model, task: task.inputs[task.order],
            "accuracy": full_accuracy,
        },
        dims={"embedding": ("symbol", "dimension"), "pairs": ("sample", "place")},
    )


def train_pairs(run: xr.Dataset) -> np.ndarray:
    """Train samples of one run, as the theory takes them."""
    return run["pairs"].values.astype(np.int64)[: int(run["num_train"])]

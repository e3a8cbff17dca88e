from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.tasks import MatrixCompletion, MatrixSensing, SparseRecovery


def counted(batch):
    on = np.asarray(batch.weights) == 1
    return np.asarray(batch.inputs)[on], np.asarray(batch.targets)[on]


def matrix_of(task, shape):
    matrix = np.zeros(shape)
    matrix[tuple(np.asarray(task.inputs).T)] = np.asarray(task.targets)
    return matrix


def test_sparse_recovery_measures_its_test_targets(key):
    spec = SparseRecovery(dimension=60, sparsity=4, num_measurements=20)
    task = spec.sample(key=key)
    (rows, measured), (units, signal) = counted(task.train()), counted(task.test())
    assert rows.shape == (20, 60) and np.array_equal(units, np.eye(60))
    assert np.count_nonzero(signal) == 4 and np.any(signal < 0)
    assert np.allclose(measured, rows @ signal, atol=1e-6)
    # 1200 entries N(0, 1/20).
    assert abs(20 * (rows**2).mean() - 1) < 5 * np.sqrt(2 / 1200)


def test_sparse_target_moments_and_noise():
    spec = SparseRecovery(dimension=50, sparsity=5, num_measurements=20, signal_to_noise=4.0)
    keys = jax.random.split(jax.random.key(0), 1500)
    task = jax.vmap(lambda key: spec.sample(key=key))(keys)
    rows, measured = np.asarray(task.inputs[:, :20]), np.asarray(task.targets[:, :20])
    signal = np.asarray(task.targets[:, 20:])
    power = (signal**2).sum(axis=1)
    noise = ((measured - np.einsum("kij,kj->ki", rows, signal)) ** 2).sum(axis=1)
    for values, stated in ((power, 5 / 50), (noise, 5 / 50 / 4)):
        assert abs(values.mean() - stated) < 5 * values.std() / np.sqrt(1500)
    frequency = (signal != 0).mean(axis=0)
    assert np.abs(frequency - 0.1).max() < 5 * np.sqrt(0.09 / 1500)


def test_coherent_rows_see_one_entry_each(key):
    spec = SparseRecovery(
        dimension=30, sparsity=3, num_measurements=12, coherence=0.5, nonnegative=True
    )
    rows, _ = counted(spec.sample(key=key).train())
    seen = np.flatnonzero(rows[:6].sum(axis=0))
    assert len(seen) == 6 and np.array_equal(np.sort(rows[:6], axis=1)[:, -1], np.ones(6))
    assert np.all(np.count_nonzero(rows[:6], axis=1) == 1)
    assert np.all(np.count_nonzero(rows[6:], axis=1) == 30)
    assert np.all(np.asarray(spec.sample(key=jax.random.key(5)).test().targets) >= 0)


@pytest.mark.parametrize("target", ["gaussian", "ramp"])
def test_completion_splits_the_entries(target, key):
    rank = 1 if target == "ramp" else 2
    spec = MatrixCompletion(num_rows=9, num_columns=7, rank=rank, num_observed=20, target=target)
    task = spec.sample(key=key)
    (train, _), (test, _) = counted(task.train()), counted(task.test())
    assert len(train) == 20 and len(test) == 43 and train.dtype == np.int32
    assert {*map(tuple, train), *map(tuple, test)} == set(np.ndindex(9, 7))
    matrix = matrix_of(task, (9, 7))
    assert np.linalg.matrix_rank(matrix, tol=1e-5) == rank
    if target == "ramp":
        assert matrix[3, 5] == pytest.approx(15 / 63, rel=1e-6)
    else:
        assert np.linalg.norm(matrix) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("coherence", [0.5, 1.0])
def test_completion_observes_the_most_coherent_entries(coherence, key):
    spec = MatrixCompletion(
        num_rows=10, num_columns=8, rank=2, num_observed=30, coherence=coherence
    )
    task = spec.sample(key=key)
    left, _, right = np.linalg.svd(matrix_of(task, (10, 8)))
    rows = 10 / 2 * (left[:, :2] ** 2).sum(axis=1)
    columns = 8 / 2 * (right[:2] ** 2).sum(axis=0)
    ranked = np.argsort(-np.add.outer(rows, columns), axis=None)
    highest = set(ranked[: round(30 * coherence)].tolist())
    observed = set((counted(task.train())[0] @ [8, 1]).tolist())
    assert highest <= observed


def test_other_entries_are_uniform():
    spec = MatrixCompletion(
        num_rows=5, num_columns=4, rank=1, num_observed=8, coherence=0.5, target="ramp"
    )
    keys = jax.random.split(jax.random.key(0), 2000)
    masks = jax.vmap(lambda key: spec.sample(key=key).train_mask)(keys)
    frequency = np.sort(np.asarray(masks).mean(axis=0))
    # 4 of 8 entries are chosen by their coherence, the other 4 among 16.
    assert np.array_equal(frequency[16:], np.ones(4))
    assert np.abs(frequency[:16] - 1 / 4).max() < 5 * np.sqrt(3 / 16 / 2000)


def test_sensing_measures_its_test_targets(key):
    spec = MatrixSensing(num_rows=6, num_columns=5, rank=2, num_measurements=40)
    task = spec.sample(key=key)
    (matrices, measured), (units, entries) = counted(task.train()), counted(task.test())
    target = entries.reshape(6, 5)
    assert units.shape == (30, 6, 5) and np.allclose(np.tensordot(units, target, 2), entries)
    assert np.allclose(np.tensordot(matrices, target, 2), measured, atol=1e-6)
    assert np.linalg.matrix_rank(target, tol=1e-5) == 2
    assert np.linalg.norm(target) == pytest.approx(1, rel=1e-5)
    assert abs(40 * (matrices**2).mean() - 1) < 5 * np.sqrt(2 / 1200)


@pytest.mark.parametrize(
    "spec",
    [
        SparseRecovery(dimension=10, sparsity=2, num_measurements=6, coherence=0.5),
        MatrixCompletion(num_rows=5, num_columns=4, rank=2, num_observed=9, coherence=0.4),
        MatrixSensing(num_rows=3, num_columns=4, rank=1, num_measurements=7),
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_compiled_and_mapped_equal_plain(spec):
    keys = jax.random.split(jax.random.key(3), 2)
    mapped = jax.jit(jax.vmap(lambda key: spec.sample(key=key)))(jax.random.clone(keys))
    for i in range(2):
        alone = spec.sample(key=jax.random.clone(keys)[i])
        assert np.array_equal(mapped.order[i], alone.order)
        assert np.allclose(mapped.targets[i], alone.targets, atol=1e-6)
    assert not jnp.allclose(mapped.targets[0], mapped.targets[1])


def test_refuses_wrong_sparse_fields():
    fields: dict[str, Any] = {"dimension": 10, "sparsity": 2, "num_measurements": 20}
    with pytest.raises(ValueError, match=r"coherence must lie in \[0, 1\], got 1.5"):
        SparseRecovery(**fields, coherence=1.5)
    with pytest.raises(ValueError, match="1.0 asks for 20 distinct unit vectors in 10 dimensions"):
        SparseRecovery(**fields, coherence=1.0)
    with pytest.raises(ValueError, match="signal_to_noise must be positive, got 0"):
        SparseRecovery(**fields, signal_to_noise=0.0)
    with pytest.raises(ValueError, match="sparsity must be at most dimension = 10, got 11"):
        SparseRecovery(**{**fields, "sparsity": 11})


def test_refuses_wrong_matrix_fields():
    fields: dict[str, Any] = {"num_rows": 4, "num_columns": 3, "rank": 2, "num_observed": 5}
    with pytest.raises(ValueError, match="rank must be at most the smaller side = 3, got 4"):
        MatrixCompletion(**{**fields, "rank": 4})
    with pytest.raises(ValueError, match="leave entries to test on: at most 11 of 12, got 12"):
        MatrixCompletion(**{**fields, "num_observed": 12})
    with pytest.raises(ValueError, match="target must be 'gaussian' or 'ramp', got 'stairs'"):
        MatrixCompletion(**{**fields, "target": "stairs"})
    with pytest.raises(ValueError, match="rank must be 1 for the ramp target, got 2"):
        MatrixCompletion(**fields, target="ramp")
    with pytest.raises(ValueError, match="num_measurements must be at least 1, got 0"):
        MatrixSensing(num_rows=2, num_columns=2, rank=1, num_measurements=0)

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.tasks import AdditionTable


def test_all_unordered_pairs_and_one_vector_for_a_sum(key):
    task = AdditionTable().sample(key=key)
    pairs = np.asarray(task.inputs)
    assert {tuple(pair) for pair in pairs} == {(i, j) for j in range(10) for i in range(j + 1)}
    assert task.train().size == 45 and task.test().size == 10 and task.num_classes is None
    sums, targets = pairs.sum(axis=1), np.asarray(task.targets)
    assert targets.shape == (55, 30)
    same_sum = sums[:, None] == sums
    same_target = (targets[:, None] == targets[None]).all(axis=-1)
    assert np.array_equal(same_sum, same_target)


def test_random_vectors_are_standard_normal():
    keys = jax.random.split(jax.random.key(1), 50)
    targets = np.asarray(jax.vmap(lambda k: AdditionTable().sample(key=k).targets)(keys))
    distinct = targets[:, [0, 1, 2, 54]].ravel()
    assert abs(distinct.mean()) < 4 / np.sqrt(distinct.size)
    assert distinct.std() == pytest.approx(1, abs=4 / np.sqrt(2 * distinct.size))
    assert not np.array_equal(targets[0], targets[1])


def test_classes_are_sums(key):
    task = AdditionTable(num_symbols=4, num_train=7, targets="classes").sample(key=key)
    assert np.array_equal(task.targets, np.asarray(task.inputs).sum(axis=1))
    assert task.num_classes == 7 and task.num_samples == 10


def test_number_of_train_pairs_may_be_swept(key):
    spec = AdditionTable(num_train=30, min_num_train=10, max_num_train=54)
    task = spec.sample(key=key)
    masks = jax.vmap(lambda n: task.with_num_train(n).train_mask)(jnp.array([10, 30, 54]))
    masks = np.asarray(masks)
    assert masks.sum(axis=1).tolist() == [10, 30, 54]
    assert not (masks[0] & ~masks[1]).any() and not (masks[1] & ~masks[2]).any()
    assert np.array_equal(masks[1], task.train_mask)
    assert task.train().targets.shape == (54, 30) and task.test().targets.shape == (45, 30)


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match=r"below 55 \(all pairs\), got 55 in \[55, 55\]"):
        AdditionTable(num_train=55)
    with pytest.raises(ValueError, match=r"num_train must lie between .* got 5 in \[9, 5\]"):
        AdditionTable(num_train=5, min_num_train=9)
    with pytest.raises(ValueError, match="num_symbols must be at least 2, got 1"):
        AdditionTable(num_symbols=1, num_train=1)
    with pytest.raises(ValueError, match="targets must be one of .* got 'one_hot'"):
        AdditionTable(targets="one_hot")
    with pytest.raises(TypeError, match="num_outputs must be an int, got float"):
        AdditionTable(num_outputs=3.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="num_train must be at least 1, got 0"):
        AdditionTable(num_train=0)

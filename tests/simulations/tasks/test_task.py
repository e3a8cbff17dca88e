import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.tasks import ModularAddition, Task
from groktheory.simulations.tasks.task import independent_samples, nearest_count, split_task


@pytest.fixture
def task(key):
    spec = ModularAddition(
        modulus=7, train_fraction=0.4, min_train_fraction=0.2, max_train_fraction=0.8
    )
    return spec.sample(key=key)


def rows(batch):
    """The samples of a batch that count, as a set."""
    counted = np.asarray(batch.weights) == 1
    table = np.column_stack([batch.inputs, batch.targets])[counted]
    return {tuple(row) for row in table.tolist()}


def test_train_and_test_partition_the_samples(task):
    train, test = rows(task.train()), rows(task.test())
    assert len(train) == 20 and len(test) == 29  # round(0.4 * 49), the rest
    assert train | test == {(a, b, (a + b) % 7) for a in range(7) for b in range(7)}
    assert task.train().size == 20 and task.test().size == 29
    mask = np.asarray(task.train_mask)
    masked = np.column_stack([task.inputs, task.targets])[mask]
    assert {tuple(row) for row in masked.tolist()} == train


def test_capacity_fixes_the_shapes(task):
    assert task.train().targets.shape == (39,)  # round(0.8 * 49)
    assert task.test().targets.shape == (39,)  # 49 - round(0.2 * 49)
    assert task.train().weights.dtype == jnp.float32


def test_train_sets_of_one_key_are_nested(task):
    sets = [rows(task.with_train_fraction(p).train()) for p in (0.2, 0.3, 0.5, 0.8)]
    assert [len(s) for s in sets] == [10, 15, 24, 39]
    assert all(small < large for small, large in zip(sets, sets[1:], strict=False))


def test_swept_under_vmap_equals_one_by_one():
    spec = ModularAddition(modulus=5, min_train_fraction=0.2, max_train_fraction=0.8)
    fractions = jnp.array([0.2, 0.5, 0.8])
    keys = jax.random.split(jax.random.key(3), 4)

    def masks(key):
        base = spec.sample(key=key)
        return jax.vmap(lambda p: base.with_train_fraction(p).train_mask)(fractions)

    swept = jax.jit(jax.vmap(masks))(keys)
    for i, j in np.ndindex(4, 3):
        alone = spec.with_train_fraction(float(fractions[j])).sample(key=jax.random.clone(keys)[i])
        assert np.array_equal(swept[i, j], alone.train_mask)
    assert len({mask.tobytes() for mask in np.asarray(swept[:, 1])}) == 4


def test_split_is_uniform_over_samples():
    spec = ModularAddition(modulus=3, train_fraction=0.34)
    keys = jax.random.split(jax.random.key(0), 3000)
    masks = jax.vmap(lambda key: spec.sample(key=key).train_mask)(keys)
    # 9 frequencies of mean 1/3 and standard error 0.0086: five of them, false alarm 1e-5.
    assert np.abs(np.asarray(masks).mean(axis=0) - 1 / 3).max() < 5 * 0.0086


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.3, -0.1, float("nan")])
def test_fraction_outside_the_open_interval(fraction, task):
    message = rf"train_fraction must lie in \(0, 1\), got {fraction}"
    with pytest.raises(ValueError, match=message):
        ModularAddition(modulus=7, train_fraction=fraction)
    with pytest.raises(ValueError, match=message):
        task.with_train_fraction(fraction)


def test_empty_sets_are_refused():
    with pytest.raises(ValueError, match="train_fraction 0.01 of 4 samples leaves no train sample"):
        nearest_count(0.01, 4)
    with pytest.raises(ValueError, match="train_fraction 0.99 of 4 samples leaves no test sample"):
        nearest_count(0.99, 4)


def test_no_room(task):
    with pytest.raises(ValueError, match="asks for 44 train samples; .* room for 10 to 39"):
        task.with_train_fraction(0.9)
    clipped = jax.jit(lambda p: task.with_train_fraction(p).num_train)(0.9)
    assert clipped == 39
    with pytest.raises(ValueError, match=r"got 0.5 outside \[0.6, 0.8\]"):
        ModularAddition(
            modulus=7, train_fraction=0.5, min_train_fraction=0.6, max_train_fraction=0.8
        )


def test_tasks_from_given_samples(key):
    inputs, targets = np.arange(10)[:, None], np.arange(10) % 2
    task = split_task(inputs, targets, num_classes=2, train_fraction=0.5, key=key)
    assert isinstance(task, Task) and task.train().inputs.shape == (5, 1)
    with pytest.raises(ValueError, match="got 10 and 10"):
        Task(task.inputs, task.targets, task.order, jnp.asarray(5), 10, 10, 2, None)
    with pytest.raises(ValueError, match=r"outside \[0.6, None\]"):
        split_task(
            inputs, targets, num_classes=2, train_fraction=0.5, min_train_fraction=0.6, key=key
        )


def test_independent_samples_train_on_the_first_rows(key):
    inputs = jax.random.normal(key, (10, 3, 2))
    task = independent_samples(inputs, inputs.sum(axis=2), num_train=4)
    np.testing.assert_array_equal(task.train().inputs, inputs[:4])
    np.testing.assert_array_equal(task.test().targets, inputs[4:].sum(axis=2))
    assert task.num_samples == 10 and task.num_classes is None
    assert float(task.train().size) == 4 and float(task.test().size) == 6
    other = task.with_targets(jnp.zeros(10))
    np.testing.assert_array_equal(other.train().targets, np.zeros(4))
    np.testing.assert_array_equal(other.train().inputs, inputs[:4])


def test_independent_samples_of_wrong_sizes(key):
    with pytest.raises(ValueError, match="one row a sample, got 3 and 4"):
        independent_samples(jnp.ones((3, 2)), jnp.ones(4), num_train=1)
    with pytest.raises(ValueError, match="1 <= train_floor <= train_capacity < 3"):
        independent_samples(jnp.ones((3, 2)), jnp.ones(3), num_train=3)


def test_number_of_train_samples_is_set_clipped_or_refused(task):
    assert int(task.with_num_train(11).num_train) == 11
    clipped = jax.vmap(lambda n: task.with_num_train(n).num_train)(jnp.array([1, 20, 48]))
    assert clipped.tolist() == [10, 20, 39]


def test_refuses_a_bad_number_of_train_samples(task):
    with pytest.raises(ValueError, match="between 10 and 39, what this task has room for, got 40"):
        task.with_num_train(40)

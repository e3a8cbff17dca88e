import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import (
    GroupMultiplication,
    ModularAddition,
    ModularOperation,
    group,
)


def test_group_multiplication_lists_all_products(key):
    g = group("S3")
    task = GroupMultiplication(g).sample(key=key)
    assert task.num_samples == 36 and task.num_classes == 6 and task.num_train == 14
    a, b = np.asarray(task.inputs).T
    assert np.array_equal(task.targets, g.table[a, b])
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == 36


def test_ways_to_name_a_group():
    assert GroupMultiplication("S3") == GroupMultiplication(group("S3"))
    assert hash(GroupMultiplication("Z2xZ2")) == hash(GroupMultiplication(group("Z2xZ2")))
    table = GroupMultiplication(np.array([[1, 0], [0, 1]]))
    assert table.num_classes == 2 and np.array_equal(table.table, [[1, 0], [0, 1]])


@pytest.mark.parametrize("modulus", [2, 3, 11])
def test_modular_addition_is_the_cyclic_group(modulus, key):
    spec = ModularAddition(modulus=modulus)
    a = spec.sample(key=jax.random.clone(key))
    b = GroupMultiplication(spec.table).sample(key=key)
    assert np.array_equal(a.inputs, b.inputs) and np.array_equal(a.targets, b.targets)
    assert np.array_equal(a.order, b.order)
    assert spec.with_train_fraction(0.5).train_fraction == 0.5


def test_operations():
    inputs, difference = ModularOperation(5, "subtract").samples()
    a, b = inputs.T
    assert np.array_equal((difference + b) % 5, a)
    assert np.array_equal(ModularOperation(5, "multiply").samples()[1], a * b % 5)
    assert np.array_equal(ModularOperation(5, "add").samples()[1], (a + b) % 5)
    squares = ModularOperation(5, lambda a, b: a**2 + b**2)
    assert squares.samples()[1][squares.samples()[0].tolist().index([3, 4])] == 0


def test_division_undoes_multiplication():
    spec = ModularOperation(7, "divide", train_fraction=0.5)
    inputs, quotient = spec.samples()
    assert len(inputs) == 42 and spec.num_classes == 7
    assert np.array_equal(quotient * inputs[:, 1] % 7, inputs[:, 0])


def test_bad_arguments():
    with pytest.raises(ValueError, match="modulus must be at least 2 .*, got 1"):
        ModularAddition(modulus=1)
    with pytest.raises(TypeError, match="modulus must be an int, got float 7.0"):
        ModularAddition(modulus=7.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="of 1 samples leaves no train sample"):
        GroupMultiplication("Z1")
    with pytest.raises(ValueError, match="prime number for division, got 6"):
        ModularOperation(6, "divide")
    with pytest.raises(ValueError, match="'divide'] or a function of two arrays, got 'power'"):
        ModularOperation(6, "power")
    with pytest.raises(TypeError, match="one integer for each of the 25 pairs, got shape"):
        ModularOperation(5, lambda a, b: a / 2)

import jax
import numpy as np
import pytest

from groktheory.simulations.tasks import ModularTriples


@pytest.mark.parametrize("modulus", [2, 6, 7])
def test_lists_all_triples_once(modulus, key):
    task = ModularTriples(modulus=modulus, num_train=5).sample(key=key)
    assert {*map(tuple, np.asarray(task.inputs))} == set(np.ndindex(modulus, modulus, modulus))
    for (a, b, c), target in zip(task.inputs.tolist(), task.targets.tolist(), strict=True):
        assert target == (modulus if (a + b) % modulus == c else 0)
    # The zero predictor has squared error p over all triples.
    assert np.mean(np.asarray(task.targets) ** 2) == modulus
    assert task.train().size == 5 and task.test().size == modulus**3 - 5
    assert task.num_classes is None and task.targets.dtype == np.float32


def test_split_is_uniform_and_set_by_the_key():
    spec = ModularTriples(modulus=2, num_train=3)
    keys = jax.random.split(jax.random.key(0), 3000)
    masks = np.asarray(jax.vmap(lambda key: spec.sample(key=key).train_mask)(keys))
    assert np.abs(masks.mean(axis=0) - 3 / 8).max() < 5 * np.sqrt(15 / 64 / 3000)
    again = spec.sample(key=jax.random.clone(keys)[7])
    assert np.array_equal(masks[7], again.train_mask)


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        ModularTriples(modulus=1, num_train=1)
    with pytest.raises(ValueError, match="leave triples to test on: at most 26 of 27, got 27"):
        ModularTriples(modulus=3, num_train=27)
    with pytest.raises(TypeError, match="num_train must be an int, got float 2.5"):
        ModularTriples(modulus=3, num_train=2.5)  # pyright: ignore[reportArgumentType]

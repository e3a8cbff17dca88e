import jax
import numpy as np
import pytest
from scipy.stats import kstest, norm

from groktheory.simulations.tasks import SeparatedClassification, SparseSignClassification


def test_sparse_rule_labels(key):
    spec = SparseSignClassification(dimension=30, sparsity=3, num_train=20, num_test=4000)
    task = spec.sample(key=jax.random.clone(key))
    signal = np.asarray(spec.signal(key=key))
    assert sorted(np.abs(signal)) == [0] * 27 + [1] * 3
    inputs = np.asarray(task.inputs)
    assert set(np.unique(inputs)) == {-1.0, 1.0}
    votes = np.array([sum(row[k] * signal[k] for k in np.flatnonzero(signal)) for row in inputs])
    assert np.array_equal(task.targets, np.where(votes > 0, 1.0, -1.0))
    assert task.targets.dtype == np.float32 and task.num_classes is None
    assert task.train().size == 20 and task.test().size == 4000
    # Majority of three: correlation 1/2 with each active coordinate, none with the others.
    correlations = np.asarray(task.targets) @ inputs / len(inputs)
    assert np.abs(correlations - signal / 2).max() < 5 / np.sqrt(4020)


def test_rules_are_uniform():
    spec = SparseSignClassification(dimension=5, sparsity=3, num_train=1, num_test=1)
    keys = jax.random.split(jax.random.key(2), 3000)
    signals = np.asarray(jax.vmap(lambda key: spec.signal(key=key))(keys))
    assert np.all(np.abs(signals).sum(axis=1) == 3)
    assert np.abs(np.abs(signals).mean(axis=0) - 0.6).max() < 5 * np.sqrt(0.24 / 3000)
    assert np.abs(signals.mean(axis=0)).max() < 5 * np.sqrt(0.6 / 3000)


def test_separated_classes(key):
    spec = SeparatedClassification(dimension=25, separation=4.0, num_train=10, num_test=4000)
    task = spec.sample(key=jax.random.clone(key))
    direction = np.asarray(spec.direction(key=key), np.float64)
    assert np.linalg.norm(direction) == pytest.approx(1, rel=1e-5)
    inputs, targets = np.asarray(task.inputs, np.float64), np.asarray(task.targets)
    along = inputs @ direction
    assert np.array_equal(np.sign(along), targets) and np.abs(along).min() > 2 - 1e-5
    # Without the shift the inputs are standard normal along and across the direction.
    noise = inputs - 2 * targets[:, None] * direction
    assert kstest(noise @ direction, norm.cdf).pvalue > 1e-4
    assert np.abs(np.cov(noise.T) - np.eye(25)).max() < 5 * np.sqrt(2 / 4010)
    assert task.train().inputs.shape == (10, 25) and task.test().targets.shape == (4000,)
    # Negative control: with the shift they are not.
    assert kstest(along, norm.cdf).pvalue < 1e-6


def test_same_key_same_task():
    spec = SeparatedClassification(dimension=6, separation=1.0, num_train=2, num_test=3)
    one, again, other = (spec.sample(key=jax.random.key(seed)) for seed in (0, 0, 1))
    assert np.array_equal(one.inputs, again.inputs)
    assert not np.array_equal(one.inputs, other.inputs)


def test_refuses_wrong_fields():
    with pytest.raises(ValueError, match="sparsity must be odd, got 4: .* leave no label"):
        SparseSignClassification(dimension=9, sparsity=4, num_train=2)
    with pytest.raises(ValueError, match="sparsity must be at most dimension = 2, got 3"):
        SparseSignClassification(dimension=2, sparsity=3, num_train=2)
    with pytest.raises(ValueError, match="separation must be finite and at least 0, got -1.0"):
        SeparatedClassification(dimension=2, separation=-1.0, num_train=2)
    with pytest.raises(ValueError, match="finite and at least 0, got nan"):
        SeparatedClassification(dimension=2, separation=float("nan"), num_train=2)
    with pytest.raises(ValueError, match="num_test must be at least 1, got 0"):
        SeparatedClassification(dimension=2, separation=1.0, num_train=2, num_test=0)

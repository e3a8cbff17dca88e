from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from groktheory.simulations.models import (
    CenteredScaled,
    CommitteeMachine,
    DiagonalNet,
    Frozen,
    SymmetricFactorization,
    TwoLayerNet,
    outputs_of,
    trainable,
)


@pytest.fixture
def centered(key):
    model = CommitteeMachine.init(4, 6, curvature=0.3, key=key)
    moved = eqx.tree_at(lambda m: m.weights, model, model.weights + 0.5)
    return CenteredScaled(moved, Frozen(model), Frozen(jnp.asarray(3.0)))


def test_only_floating_point_arrays_outside_frozen_are_trainable():
    tree = {
        "weights": jnp.ones(2),
        "index": jnp.arange(3),
        "label": "relu",
        "number": 0.5,
        "fixed": Frozen([jnp.ones(2), Frozen(jnp.ones(1))]),
        "nothing": None,
    }
    marks = trainable(tree)
    assert jax.tree.structure(marks) == jax.tree.structure(tree)
    assert [k for k in tree if k not in ("fixed", "nothing") and marks[k]] == ["weights"]
    assert jax.tree.leaves(marks["fixed"]) == [False, False]


def test_frozen_parts_survive_training_with_decay(centered):
    weights, structure = eqx.partition(centered, trainable(centered))
    optimizer = optax.adamw(0.1, weight_decay=0.5)
    inputs = jnp.ones((3, 4))
    gradient = jax.grad(lambda w: outputs_of(eqx.combine(w, structure), inputs).sum())(weights)
    updates, _ = optimizer.update(gradient, optimizer.init(weights), weights)
    trained: Any = eqx.combine(optax.apply_updates(weights, updates), structure)
    assert eqx.tree_equal(trained.initial, centered.initial)
    assert eqx.tree_equal(trained.scale, centered.scale)
    assert eqx.tree_equal(trained.model.curvature, centered.model.curvature)
    assert not np.allclose(trained.model.weights, centered.model.weights)


def test_centered_output_is_the_scaled_difference(centered):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 4)), jnp.float32)
    expected = [3 * (float(centered.model(row)) - float(centered.initial.value(row))) for row in x]
    np.testing.assert_allclose(centered.batched(x), expected, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(jax.vmap(centered)(x), expected, rtol=2e-5, atol=1e-6)


def test_starts_at_zero_and_its_gradient_carries_the_scale(key):
    model = TwoLayerNet.init(5, 6, key=key)
    pairs = jnp.array([[0, 1], [3, 4]])
    swept = jax.vmap(lambda scale: CenteredScaled.init(model, scale).batched(pairs))
    np.testing.assert_array_equal(swept(jnp.array([1.0, 100.0])), 0)

    def slope(scale):
        start = CenteredScaled.init(model, scale)
        weights, structure = eqx.partition(start, trainable(start))
        return jax.grad(lambda w: eqx.combine(w, structure).batched(pairs).sum())(weights)

    plain = jax.grad(lambda m: m.batched(pairs).sum())(model)
    np.testing.assert_allclose(slope(7.0).model.hidden, 7 * plain.hidden, rtol=1e-5)


def test_any_callable_of_one_sample_can_be_centered():
    centered = CenteredScaled(jnp.sin, Frozen(jnp.cos), Frozen(jnp.asarray(2.0)))
    np.testing.assert_allclose(centered.batched(jnp.zeros(3)), -2.0)


@pytest.mark.parametrize(
    "init",
    [
        lambda scale: CenteredScaled.init(lambda x: x, scale),
        lambda scale: DiagonalNet.init(3, scale=scale),
        lambda scale: SymmetricFactorization.init(3, scale=scale),
    ],
)
@pytest.mark.parametrize("scale", [0.0, -2.0])
def test_a_bad_scale(init, scale):
    with pytest.raises(ValueError, match=f"scale must be positive, got {scale}"):
        init(scale)

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial import hermite_e

from groktheory.simulations.models import CommitteeMachine, trainable


def plain(weights, readouts, inputs, phi):
    """The defining sum, unit by unit in float64."""
    return np.array(
        [
            np.mean([v * phi(w @ x) for w, v in zip(weights, readouts, strict=True)])
            for x in inputs.astype(np.float64)
        ]
    )


def normal(*shape):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32)


@pytest.mark.parametrize(
    ("degree", "hermite", "train_readouts"),
    [(2, False, False), (2, True, True), (3, False, True), (3, True, False), (4, True, False)],
)
def test_output_is_the_mean_over_units(degree, hermite, train_readouts, key):
    model = CommitteeMachine.init(
        5,
        8,
        curvature=0.7,
        degree=degree,
        hermite=hermite,
        train_readouts=train_readouts,
        key=key,
    )
    inputs = normal(6, 5)
    bend = np.zeros(degree + 1)
    bend[degree] = 1

    def phi(h):
        return h + 0.35 * (hermite_e.hermeval(h, bend) if hermite else h**degree)

    readouts = np.ones(8) if model.readouts is None else np.asarray(model.readouts)
    expected = plain(np.asarray(model.weights), readouts, np.asarray(inputs), phi)
    np.testing.assert_allclose(model.batched(inputs), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(jax.vmap(model)(inputs), expected, rtol=1e-4, atol=1e-5)


def test_output_depends_on_two_moments_of_the_weights(key):
    """[kumar2023lazy, Eq. 4]"""
    model = CommitteeMachine.init(5, 30, curvature=0.4, key=key)
    x = jnp.arange(1.0, 6.0) / 5
    mean, moment = model.weights.mean(axis=0), model.weights.T @ model.weights / 30
    np.testing.assert_allclose(model(x), mean @ x + 0.2 * x @ moment @ x, rtol=1e-5)


def test_initial_weights_have_the_stated_scale(key):
    model = CommitteeMachine.init(100, 400, scale=2.0, train_readouts=True, key=key)
    assert float(model.weights.std()) == pytest.approx(2, rel=0.02)
    assert model.readouts is not None
    assert float(model.readouts.std()) == pytest.approx(2, rel=0.2)


def test_curvature_is_not_trained_and_may_be_traced():
    x = jnp.ones(3)
    weights = normal(4, 3)

    def build(eps):
        return CommitteeMachine(weights, curvature=eps)

    swept = jax.vmap(lambda eps: build(eps)(x))(jnp.array([0.1, 0.9]))
    np.testing.assert_allclose(swept, [build(0.1)(x), build(0.9)(x)], rtol=1e-6)
    assert not trainable(build(0.1)).curvature.value


def test_large_batches_are_right():
    """jaxlib has miscompiled products with short contracted axes in large batches."""
    model, inputs = CommitteeMachine(normal(4, 3), curvature=1.0), normal(40_000, 3)
    fields = np.asarray(inputs, np.float64) @ np.asarray(model.weights, np.float64).T
    expected = (fields + fields**2 / 2).mean(axis=1)
    np.testing.assert_allclose(
        jax.jit(lambda m, x: m.batched(x))(model, inputs), expected, atol=1e-4
    )


def test_refusals(key):
    with pytest.raises(ValueError, match="degree must be at least 2, got 1"):
        CommitteeMachine(jnp.ones((2, 2)), degree=1)
    with pytest.raises(ValueError, match="dimension must be at least 1, got 0"):
        CommitteeMachine.init(0, 2, key=key)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        CommitteeMachine.init(2, 0, key=key)

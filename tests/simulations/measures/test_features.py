import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations import measures

rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(12, 5)).astype(np.float32)
LABELS = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 12)]
READOUT = rng.normal(size=(3, 5)).astype(np.float32)


def test_gradient_is_that_of_the_centered_loss():
    def loss(features):
        residual = LABELS - features @ READOUT.T
        projector = jnp.eye(12) - 1 / 12
        return 0.5 * jnp.sum((projector @ residual) ** 2)

    expected = -jax.grad(loss)(FEATURES)
    found = measures.backpropagated_gradient(FEATURES, LABELS, READOUT)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_padding_drops_out():
    weights = np.array([1.0] * 9 + [0.0] * 3)
    found = measures.backpropagated_gradient(FEATURES, LABELS, READOUT, weights=weights)
    alone = measures.backpropagated_gradient(FEATURES[:9], LABELS[:9], READOUT)
    np.testing.assert_allclose(found[:9], alone, atol=1e-6)
    assert (found[9:] == 0).all()


def test_cosine_similarity():
    a = rng.normal(size=(4, 3))
    assert measures.cosine_similarity(a, 2 * a) == pytest.approx(1)
    assert measures.cosine_similarity(a, -a) == pytest.approx(-1)
    assert measures.cosine_similarity(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(
        0.5**0.5
    )
    assert measures.cosine_similarity(a, 0 * a) == 0


def test_cosine_similarities_of_columns():
    found = measures.cosine_similarities(FEATURES)
    for i, j in np.ndindex(5, 5):
        one = measures.cosine_similarity(FEATURES[:, i], FEATURES[:, j])
        assert found[i, j] == pytest.approx(float(one), abs=1e-6)
    assert np.isfinite(measures.cosine_similarities(np.zeros((3, 2)))).all()


def test_most_similar_pairs():
    similarities = np.array([[1, 0.2, -0.9], [0.2, 1, 0.5], [-0.9, 0.5, 1]])
    first, second = measures.most_similar_pairs(similarities, 2)
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == [(0, 2), (1, 2)]
    with pytest.raises(ValueError, match=r"num_pairs must lie in 1..3 for 3 nodes, got 4"):
        measures.most_similar_pairs(similarities, 4)


def test_repulsion_fraction():
    similarities = np.array([[1, 0.2, -0.9], [0.2, 1, 0.5], [-0.9, 0.5, 1]])
    couplings = np.ones((3, 3))
    assert measures.repulsion_fraction(similarities, couplings, num_pairs=1) == 1
    assert measures.repulsion_fraction(similarities, couplings, num_pairs=2) == 0.5
    # Two nodes alone repel exactly if they are similar: the inverse of a 2 x 2 Gram matrix.
    gram = FEATURES[:, :2].T @ FEATURES[:, :2]
    assert measures.repulsion_fraction(gram, np.linalg.inv(gram), num_pairs=1) == 1


def test_weight_norm_ignores_everything_but_weights():
    model = {"a": jnp.array([3.0]), "b": jnp.array([[4.0]]), "n": jnp.array(7), "f": "square"}
    assert measures.weight_norm(model) == 5

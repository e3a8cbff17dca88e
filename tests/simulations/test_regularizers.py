import jax
import jax.numpy as jnp
import numpy as np
import pytest

from groktheory.simulations.models import MLP, CenteredScaled, Frozen, MatrixModel, TwoLayerNet
from groktheory.simulations.regularizers import (
    input_jacobians,
    l1_norm,
    l2_norm,
    max_norm,
    nuclear_norm,
    sobolev_distance,
    weight_arrays,
)

rng = np.random.default_rng(0)
A, B = rng.normal(size=(5, 3)), rng.normal(size=(4, 4))
TREE = {"a": jnp.asarray(A, jnp.float32), "b": jnp.asarray(B, jnp.float32), "n": jnp.arange(9)}


@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        (l1_norm, np.abs(A).sum() + np.abs(B).sum()),
        (l2_norm, np.sqrt((A**2).sum() + (B**2).sum())),
        (lambda m: l2_norm(m, by_array=True), np.linalg.norm(A) + np.linalg.norm(B)),
        (max_norm, max(np.abs(A).max(), np.abs(B).max())),
        (nuclear_norm, np.linalg.norm(A, "nuc") + np.linalg.norm(B, "nuc")),
    ],
)
def test_values(norm, expected):
    assert float(norm(TREE)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "norm", [l1_norm, l2_norm, lambda m: l2_norm(m, by_array=True), max_norm, nuclear_norm]
)
def test_gradients_are_finite_differences_and_safe_at_zero(norm):
    with jax.enable_x64(True):
        tree = {"a": jnp.asarray(A), "b": jnp.asarray(B)}
        slope = jax.grad(norm)(tree)
        move = {"a": rng.normal(size=A.shape), "b": rng.normal(size=B.shape)}

        def along(t):
            return float(norm(jax.tree.map(lambda leaf, d: leaf + t * d, tree, move)))

        difference = (along(1e-6) - along(-1e-6)) / 2e-6
        found = sum(float(jnp.vdot(slope[k], jnp.asarray(move[k]))) for k in tree)
        assert found == pytest.approx(difference, abs=1e-7)
        zero = jax.tree.map(jnp.zeros_like, tree)
        assert float(norm(zero)) == 0
        np.testing.assert_array_equal(jax.jit(jax.grad(norm))(zero)["a"], 0)


@pytest.mark.parametrize("enable_x64", [False, True])
def test_nuclear_subgradient_leaves_rounding_errors_out(enable_x64):
    with jax.enable_x64(enable_x64):
        left, right = rng.normal(size=(20, 2)), rng.normal(size=(2, 15))
        matrix = jnp.asarray(left @ right)
        slope = np.asarray(jax.grad(nuclear_norm)(matrix))
    u, _, vt = np.linalg.svd(left @ right)
    np.testing.assert_allclose(slope, u[:, :2] @ vt[:2], atol=1e-12 if enable_x64 else 1e-5)


def test_nuclear_cutoff_is_relative_to_the_largest_singular_value():
    matrix = jnp.diag(jnp.array([10.0, 1.0, 0.1]))

    def kept(cutoff, scale=1.0):
        return jnp.diag(jax.grad(lambda m: nuclear_norm(m, cutoff=cutoff))(scale * matrix))

    for cutoff, expected in ((0.0, [1, 1, 1]), (0.05, [1, 1, 0]), (0.5, [1, 0, 0])):
        for scale in (1.0, 1e-8):
            np.testing.assert_allclose(kept(cutoff, scale), expected, atol=1e-6)


def test_nuclear_norm_takes_all_axes_but_the_last_as_rows(key):
    model = TwoLayerNet.init(5, 6, key=key)
    expected = np.linalg.norm(np.asarray(model.hidden).reshape(10, 6), "nuc")
    expected += np.linalg.norm(np.asarray(model.readout), "nuc")
    assert float(nuclear_norm(model)) == pytest.approx(expected, rel=1e-5)


def test_ties_of_the_max_norm_share_the_subgradient():
    slope = jax.grad(max_norm)({"a": jnp.array([2.0, -2.0, 1.0]), "b": jnp.array([2.0])})
    total = np.abs(slope["a"]).sum() + np.abs(slope["b"]).sum()
    assert float(total) == pytest.approx(1)
    assert float(slope["a"][0]) == pytest.approx(-float(slope["a"][1]))
    assert float(slope["a"][2]) == 0


def test_frozen_arrays_do_not_count():
    model = MatrixModel(jnp.full((2, 2), 0.5))
    centered = CenteredScaled(model, Frozen(MatrixModel(jnp.ones((2, 2)))), Frozen(jnp.ones(())))
    assert float(l1_norm(centered)) == 2
    with pytest.raises(ValueError, match="no trainable floating-point array"):
        weight_arrays({"a": Frozen(jnp.ones(2)), "b": 1.0})


def test_jacobians_of_a_two_layer_net(key):
    model = MLP.init((4, 6, 3), activation="tanh", biases=False, key=key)
    inputs = jnp.asarray(rng.normal(size=(5, 4)), jnp.float32)
    first, last = (np.asarray(w) for w in model.weights)
    expected = [last @ np.diag(1 - np.tanh(first @ x) ** 2) @ first for x in np.asarray(inputs)]
    np.testing.assert_allclose(input_jacobians(model, inputs), expected, rtol=1e-4, atol=1e-5)


def test_sobolev_distance():
    matrix, other = jnp.asarray(A, jnp.float32), jnp.asarray(rng.normal(size=(5, 3)), jnp.float32)
    inputs = jnp.asarray(rng.normal(size=(7, 3)), jnp.float32)
    targets = input_jacobians(lambda x: other @ x, inputs)
    gap = float(np.linalg.norm(np.asarray(matrix - other)))

    def distance(weights, squared=False):
        return sobolev_distance(lambda x: weights @ x, inputs, targets, squared=squared)

    assert float(distance(matrix)) == pytest.approx(np.sqrt(7) * gap, rel=1e-5)
    assert float(distance(matrix, squared=True)) == pytest.approx(gap**2, rel=1e-5)
    expected = np.sqrt(7) * np.asarray(matrix - other) / gap
    np.testing.assert_allclose(jax.grad(distance)(matrix), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(jax.grad(distance)(other), 0)


def test_refusals():
    for cutoff in (-0.1, 1.0):
        with pytest.raises(ValueError, match=rf"cutoff must lie in \[0, 1\), got {cutoff}"):
            nuclear_norm(jnp.ones((2, 2)), cutoff=cutoff)
    with pytest.raises(ValueError, match=r"the model's, \(2, 3\), got \(2, 4\)"):
        sobolev_distance(jnp.sum, jnp.ones((2, 3)), jnp.ones((2, 4)))

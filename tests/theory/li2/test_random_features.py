import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from groktheory.theory.li2 import random_features, stage_one

ACTIVATIONS = {
    "square": lambda z: z**2,
    "relu": lambda z: np.maximum(z, 0),
    "relu_squared": lambda z: np.maximum(z, 0) ** 2,
    "silu": lambda z: z * expit(z),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("correlation", [1.0, 0.5, 0.0, -0.7])
def test_kernel_is_the_average_over_gaussian_weights(name, correlation):
    rng = np.random.default_rng(0)
    first, second = rng.normal(scale=0.8 * np.sqrt(2), size=(2, 1_000_000))
    second = correlation * first + np.sqrt(1 - correlation**2) * second
    products = ACTIVATIONS[name](first) * ACTIVATIONS[name](second)
    error = products.std() / np.sqrt(len(products))
    found = random_features.infinite_width_kernel(name, correlation, weight_scale=0.8)
    assert abs(found - products.mean()) < 4 * error


def test_quadrature_reproduces_the_closed_form_of_the_square():
    for correlation in (-1.0, 0.3, 1.0):
        closed = random_features.infinite_width_kernel("square", correlation, weight_scale=1.3)
        quadrature = random_features.infinite_width_kernel(np.square, correlation, weight_scale=1.3)
        assert quadrature == pytest.approx(closed, rel=1e-11)


@given(
    name=st.sampled_from(["square", "relu", "relu_squared"]),
    correlation=st.floats(-1, 1),
    scale=st.floats(0.1, 5),
)
def test_homogeneous_kernels_scale_with_the_weights(name, correlation, scale):
    degree = 2 if name == "relu" else 4
    one = random_features.infinite_width_kernel(name, correlation)
    found = random_features.infinite_width_kernel(name, correlation, weight_scale=scale)
    assert found == pytest.approx(scale**degree * one, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_labels_are_an_eigenspace_at_infinite_width(name):
    modulus, scale = 5, 0.9
    first, second = np.divmod(np.arange(modulus**2), modulus)
    shared = (first[:, None] == first).astype(int) + (second[:, None] == second)
    values = [
        random_features.infinite_width_kernel(name, rho, weight_scale=scale)
        for rho in (0.0, 0.5, 1.0)
    ]
    kernel = np.array(values)[shared]
    labels = np.eye(modulus)[(first + second) % modulus] - 1 / modulus
    expected = random_features.label_eigenvalue(name, weight_scale=scale) * labels
    np.testing.assert_allclose(kernel @ labels, expected, atol=1e-12)


def quadratic_fixed_point(modulus, width, eta):
    rng = np.random.default_rng(0)
    first, second = np.divmod(np.arange(modulus**2), modulus)
    weights = rng.normal(size=(2 * modulus, width))
    features = (weights[first] + weights[modulus + second]) ** 2
    labels = np.eye(modulus)[(first + second) % modulus]
    gradient = stage_one.fixed_point_gradient(features, labels, eta=eta)
    targets = stage_one.center(labels)
    direction = targets @ (targets.T @ stage_one.center(features))
    coefficient = np.sum(gradient * direction) / np.sum(direction**2)
    cosine = coefficient * np.linalg.norm(direction) / np.linalg.norm(gradient)
    return coefficient, cosine


def test_wide_prefactor_is_met_and_the_published_one_is_not():
    eta, modulus, widths = 1.0, 7, np.array([5_000, 20_000])
    fits = [quadratic_fixed_point(modulus, int(width), eta) for width in widths]
    coefficients = np.array([fit[0] for fit in fits])
    predicted = [random_features.wide_prefactor(int(k), eta, label_eigenvalue=4.0) for k in widths]
    np.testing.assert_allclose(coefficients, predicted, rtol=0.05)
    assert fits[1][1] > 0.99
    slope = np.log(coefficients[1] / coefficients[0]) / np.log(widths[1] / widths[0])
    assert slope == pytest.approx(-2, abs=0.05)
    published = random_features.published_prefactor(
        20_000, modulus**2, eta, label_eigenvalue=4.0, feature_variance=8.0
    )
    assert coefficients[1] / published < 0.01


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_narrow_prefactor_is_met_and_does_not_vanish_with_the_ridge(eta):
    modulus = 101
    coefficient, cosine = quadratic_fixed_point(modulus, 3, eta)
    predicted = random_features.narrow_prefactor(modulus**2, eta, feature_variance=8.0)
    assert coefficient == pytest.approx(predicted, rel=0.2)
    assert cosine > 0.9


def test_feature_variance_is_that_of_the_square():
    samples = np.random.default_rng(1).normal(scale=np.sqrt(2), size=1_000_000) ** 2
    assert random_features.feature_variance("square") == pytest.approx(samples.var(), rel=0.02)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="correlation must lie in"):
        random_features.infinite_width_kernel("relu", 1.1)
    with pytest.raises(ValueError, match="weight_scale must be positive, got 0"):
        random_features.infinite_width_kernel("relu", 0.5, weight_scale=0.0)
    with pytest.raises(ValueError, match="activation must be one of .* got 'gelu'"):
        random_features.infinite_width_kernel("gelu", 0.5)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="must be smooth"):
        random_features.infinite_width_kernel(lambda z: np.sign(z) * z, 0.5)
    with pytest.raises(ValueError, match="counts must be at least 1"):
        random_features.wide_prefactor(0, 1.0, label_eigenvalue=1.0)
    with pytest.raises(ValueError, match="eta at least 0, got 4 and -1"):
        random_features.narrow_prefactor(4, -1.0, feature_variance=1.0)
    with pytest.raises(ValueError, match="counts must be at least 1"):
        random_features.published_prefactor(4, 0, 1.0, label_eigenvalue=1.0, feature_variance=1.0)

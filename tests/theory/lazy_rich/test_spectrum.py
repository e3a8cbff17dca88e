import numpy as np
import pytest

from groktheory.theory.lazy_rich import spectrum


def test_kernel_is_the_product_of_gradients():
    rng = np.random.default_rng(0)
    weights, x, z = rng.normal(size=(9, 4)), rng.normal(size=(5, 4)), rng.normal(size=(3, 4))
    scale, curvature = 3.0, 0.6

    def gradient(points):
        slope = scale / len(weights) * (1 + curvature * points @ weights.T)
        return (slope[:, :, None] * points[:, None, :]).reshape(len(points), -1)

    kernel = spectrum.committee_kernel(
        x,
        z,
        curvature=curvature,
        mean=weights.mean(axis=0),
        second_moment=weights.T @ weights / len(weights),
    )
    expected = gradient(x) @ gradient(z).T
    np.testing.assert_allclose(scale**2 / len(weights) * kernel, expected, atol=1e-13)


def test_eigenvalues_are_those_of_the_kernel_operator(gaussian_grid):
    dimension, curvature = 4, 0.8
    inputs, density = gaussian_grid(dimension)
    kernel = spectrum.committee_kernel(inputs, curvature=curvature)
    kernel *= np.sqrt(density[:, None] * density)
    found = np.linalg.eigvalsh(kernel)[::-1]
    rates = spectrum.initial_eigenvalues(dimension, curvature=curvature)
    counts = spectrum.multiplicities(dimension)
    expected = np.sort(np.repeat(np.array(rates), np.array(counts)))[::-1]
    np.testing.assert_allclose(found[:14], expected, atol=1e-13)
    np.testing.assert_allclose(found[14:], 0, atol=1e-13)
    published = spectrum.published_quadratic_eigenvalue(dimension, curvature=curvature)
    np.testing.assert_allclose(published / rates.quadratic, 1 / curvature)


def test_operator_maps_forms_as_integration_does(gaussian_grid):
    rng = np.random.default_rng(2)
    dimension, curvature = 3, 0.5
    form, second = (m + m.T for m in rng.normal(size=(2, dimension, dimension)))
    inputs, density = gaussian_grid(dimension)

    def values(matrix):
        return np.einsum("ni,ij,nj->n", inputs, matrix, inputs)

    kernel = spectrum.committee_kernel(inputs, curvature=curvature, second_moment=second)
    image = kernel @ (density * values(form))
    found = spectrum.quadratic_image(form, curvature=curvature, second_moment=second)
    np.testing.assert_allclose(values(found), image, atol=1e-13)
    traceless = np.diag([1.0, -1.0, 0.0])
    rates = spectrum.initial_eigenvalues(dimension, curvature=curvature)
    for mode, rate in ((traceless, rates.quadratic), (np.eye(dimension), rates.trace)):
        np.testing.assert_allclose(
            spectrum.quadratic_image(mode, curvature=curvature), rate * mode, atol=1e-15
        )


def test_powers_are_those_of_a_projection(gaussian_grid):
    dimension = 4
    target = np.random.default_rng(3).normal(size=(dimension, dimension))
    target += target.T
    inputs, density = gaussian_grid(dimension)
    outputs = np.einsum("ni,ij,nj->n", inputs, target, inputs) / 2
    squared = np.sum(inputs**2, axis=1)
    along = (density @ (outputs * squared)) ** 2 / (density @ squared**2)
    powers = spectrum.target_powers(target)
    np.testing.assert_allclose(powers.trace, along, rtol=1e-12)
    np.testing.assert_allclose(sum(powers), density @ outputs**2, rtol=1e-12)
    assert powers.linear == 0


def test_window_of_samples_closes_at_large_curvature():
    lower, upper = spectrum.learnable_samples(50, curvature=0.25)
    assert (lower, upper) == (50.0, 20000.0)
    assert np.divide(*spectrum.learnable_samples(50, curvature=5.0)) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectrum.initial_eigenvalues(1, curvature=1.0), "dimension must be at least 2"),
        (lambda: spectrum.multiplicities(0), "dimension must be at least 2, got 0"),
        (lambda: spectrum.committee_kernel(np.eye(2), curvature=0.0), "curvature must be"),
        (
            lambda: spectrum.committee_kernel(np.eye(2), curvature=1.0, mean=np.zeros(3)),
            r"mean must have shape \(2,\)",
        ),
        (lambda: spectrum.target_powers(np.ones((2, 3))), "target must be a square matrix"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

import numpy as np
import pytest

from groktheory.theory.lazy_rich import alignment, committee_kernel

DIMENSION, CURVATURE = 4, 0.9


def random_state(seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(12, DIMENSION)) + 0.3
    target = rng.normal(size=(DIMENSION, DIMENSION))
    return weights.mean(axis=0), weights.T @ weights / 12, target + target.T


def test_averages_are_those_over_pairs_of_inputs(gaussian_grid):
    mean, second, target = random_state()
    grid, density = gaussian_grid(DIMENSION)
    kernel = committee_kernel(grid, curvature=CURVATURE, mean=mean, second_moment=second)
    y = np.einsum("ni,ij,nj->n", grid, target, grid) / 2
    power = (density * y) @ kernel @ (density * y)
    numerator = alignment.alignment_power(second, target, curvature=CURVATURE)
    np.testing.assert_allclose(numerator, power, rtol=1e-12)
    printed = alignment.published_alignment_power(second, target, curvature=CURVATURE)
    np.testing.assert_allclose(printed, 4 * power, rtol=1e-12)
    kernel_power = density @ kernel**2 @ density
    np.testing.assert_allclose(
        alignment.kernel_power(mean, second, curvature=CURVATURE), kernel_power, rtol=1e-12
    )
    np.testing.assert_allclose(
        alignment.population_alignment(mean, second, target, curvature=CURVATURE),
        power / (np.sqrt(kernel_power) * (density @ y**2)),
        rtol=1e-12,
    )


def test_sample_alignment_tends_to_the_population():
    mean, second, target = random_state(2)
    inputs = np.random.default_rng(3).normal(size=(1500, DIMENSION)) / np.sqrt(DIMENSION)
    kernel = committee_kernel(inputs, curvature=CURVATURE, mean=mean, second_moment=second)
    y = np.einsum("ni,ij,nj->n", inputs, target, inputs) / 2
    found = alignment.sample_alignment(kernel, y)
    expected = alignment.population_alignment(mean, second, target, curvature=CURVATURE)
    np.testing.assert_allclose(found, expected, rtol=0.1)


def test_initial_alignment_grows_as_the_square_of_the_curvature():
    direction = np.eye(30)[0]
    for curvature in (0.1, 1.0):
        np.testing.assert_allclose(
            alignment.initial_alignment(30, curvature=curvature),
            alignment.population_alignment(
                np.zeros(30), np.eye(30), np.outer(direction, direction), curvature=curvature
            ),
        )
    ratio = alignment.initial_alignment(30, curvature=0.02)
    ratio /= alignment.initial_alignment(30, curvature=0.01)
    np.testing.assert_allclose(ratio, 4, rtol=1e-4)


def test_many_records_at_once():
    states = [random_state(seed) for seed in range(3)]
    means, seconds = (np.stack([state[k] for state in states]) for k in range(2))
    target = states[0][2]
    together = alignment.population_alignment(means, seconds, target, curvature=CURVATURE)
    alone = [
        float(alignment.population_alignment(m, s, target, curvature=CURVATURE))
        for m, s, _ in states
    ]
    np.testing.assert_allclose(together, alone)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alignment.sample_alignment(np.eye(2), np.ones(3)), "gram must be square"),
        (lambda: alignment.sample_alignment(np.eye(2), np.zeros(2)), "must not vanish"),
        (
            lambda: alignment.population_alignment(
                np.zeros(3), np.eye(2), np.eye(2), curvature=1.0
            ),
            "mean and second_moment must have shapes",
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

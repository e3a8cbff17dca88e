import numpy as np
import pytest

from groktheory.theory.lazy_rich import committee, loss, plateau, spectrum


def problem(dimension, samples, seed):
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=dimension)
    direction *= np.sqrt(dimension) / np.linalg.norm(direction)
    inputs = rng.normal(size=(samples, dimension)) / np.sqrt(dimension)
    return inputs, np.outer(direction, direction), (inputs @ direction) ** 2 / 2


@pytest.mark.parametrize("samples", [15, 60])
def test_plateau_is_where_lazy_training_ends(samples):
    """With fewer and with more samples than the 44 features, from a finite network's moments."""
    inputs, target, targets = problem(8, samples, 0)
    mean, second = committee.moments(np.random.default_rng(1).normal(size=(30, 8)))
    start = {"curvature": 0.7, "mean": mean, "second_moment": second}
    run = committee.gradient_flow(inputs, targets, [3e5], scale=np.inf, tolerance=1e-5, **start)
    end = loss.loss_terms(run.linear, run.quadratic, target, curvature=0.7)
    found = plateau.kernel_plateau(inputs, target, **start)
    for name in ("variance", "misalignment", "linear_power"):
        np.testing.assert_allclose(
            getattr(end, name)[0], getattr(found, name), rtol=5e-3, atol=1e-6
        )


@pytest.mark.parametrize(
    ("curvature", "samples", "ridge"), [(0.25, 80, 0.0), (0.25, 80, 0.3), (1.0, 40, 0.0)]
)
def test_average_plateau_is_the_mean_over_training_sets(curvature, samples, ridge):
    errors, target = [], np.eye(40)
    for seed in range(12):
        inputs, target, _ = problem(40, samples, seed)
        terms = plateau.kernel_plateau(inputs, target, curvature=curvature, ridge=ridge)
        errors.append(float(terms.total))
    predicted = plateau.average_plateau(target, samples, curvature=curvature, ridge=ridge)
    margin = 0.04 + 2.5 * np.std(errors) / np.sqrt(12) / np.mean(errors)
    assert abs(np.mean(errors) / predicted - 1) < margin


def test_average_plateau_in_fifty_dimensions():
    """Values that were held against ten training sets each."""
    target = 50 * np.diag(np.eye(50)[0])
    small = plateau.average_plateau(target, [20, 40, 100, 250, 600], curvature=0.25)
    np.testing.assert_allclose(small, [1.090, 1.568, 0.961, 0.526, 0.306], atol=1e-3)
    large = plateau.average_plateau(target, [40, 250], curvature=1.0)
    np.testing.assert_allclose(large, [0.687, 0.484], atol=1e-3)
    # nothing learned from nothing, everything beyond the number of features
    assert abs(plateau.average_plateau(target, 1e-6, curvature=1.0) - 0.75) < 1e-6
    assert plateau.average_plateau(target, 1325, curvature=1.0) == 0


def test_the_printed_eigenvalue_gives_another_plateau():
    target = 50 * np.diag(np.eye(50)[0])
    rates = spectrum.initial_eigenvalues(50, curvature=0.25)
    plain, same, printed = (
        float(plateau.average_plateau(target, 250, curvature=0.25, quadratic_eigenvalue=rate))
        for rate in (None, rates.quadratic, 2 * 0.25 / 50**2)
    )
    assert plain == same
    assert abs(printed / plain - 1) > 0.05


def test_a_large_ridge_learns_nothing():
    inputs, target, _ = problem(10, 20, 0)
    ridged = plateau.kernel_plateau(inputs, target, curvature=0.5, ridge=1e6).total
    np.testing.assert_allclose(ridged, 0.75, rtol=1e-3)


def test_bad_inputs_are_refused():
    with pytest.raises(ValueError, match=r"inputs must have shape \(samples, 3\), got \(2, 2\)"):
        plateau.kernel_plateau(np.eye(2), np.eye(3), curvature=1.0)
    with pytest.raises(ValueError, match="num_samples must be positive"):
        plateau.average_plateau(np.eye(3), 0, curvature=1.0)

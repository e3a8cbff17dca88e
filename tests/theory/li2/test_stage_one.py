import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from groktheory.theory.li2 import stage_one


def problem(seed, samples=9, width=5, classes=3):
    rng = np.random.default_rng(seed)
    labels = np.eye(classes)[rng.integers(classes, size=samples)]
    return rng.normal(size=(samples, width)), labels, rng.normal(size=(width, classes))


def loss(features, labels, readout, multiplier):
    """J without the ridge, in terms of the activations, centered by an explicit projector."""
    projector = jnp.eye(len(labels)) - 1 / len(labels)
    return jnp.sum((projector @ (labels - multiplier * features @ readout)) ** 2) / 2


@pytest.mark.parametrize("multiplier", [1.0, 0.3])
def test_backpropagated_gradient_is_minus_the_gradient_of_the_loss(multiplier):
    features, labels, readout = problem(0)
    with jax.enable_x64(True):
        expected = -jax.grad(loss)(jnp.asarray(features), labels, readout, multiplier)
    found = stage_one.backpropagated_gradient(features, labels, readout, multiplier=multiplier)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("width", [4, 14])  # fewer and more nodes than samples
@pytest.mark.parametrize("eta", [0.0, 0.2])
@pytest.mark.parametrize("multiplier", [1.0, 0.5])
def test_readout_flow_solves_the_gradient_flow(width, eta, multiplier):
    features, labels, initial = problem(1, width=width)

    def velocity(time, flat):
        with jax.enable_x64(True):
            readout = jnp.asarray(flat.reshape(initial.shape))
            slope = jax.grad(loss, argnums=2)(features, labels, readout, multiplier)
        return -(np.asarray(slope) + eta * flat.reshape(initial.shape)).ravel()

    end = solve_ivp(velocity, (0, 0.2), initial.ravel(), rtol=1e-9, atol=1e-11).y[:, -1]
    found = stage_one.readout_flow(features, labels, initial, 0.2, eta=eta, multiplier=multiplier)
    np.testing.assert_allclose(found.ravel(), end, atol=1e-7)


@given(seed=st.integers(0, 999), eta=st.floats(0.01, 10.0), beta=st.floats(0.2, 3.0))
def test_flow_starts_at_the_initial_readout_and_ends_at_the_ridge_solution(seed, eta, beta):
    features, labels, initial = problem(seed)
    start = stage_one.readout_flow(features, labels, initial, 0.0, eta=eta, multiplier=beta)
    end = stage_one.readout_flow(features, labels, initial, 1e5, eta=eta, multiplier=beta)
    np.testing.assert_allclose(start, initial, atol=1e-11)
    ridge = stage_one.ridge_readout(features, labels, eta=eta, multiplier=beta)
    np.testing.assert_allclose(end, ridge, atol=1e-11)


def test_early_gradient_has_an_error_of_second_order():
    features, labels, initial = problem(2)
    errors = []
    for time in (1e-3, 1e-4):
        start = time * initial  # so that t V_0, too, is of second order
        readout = stage_one.readout_flow(features, labels, start, time, eta=0.1, multiplier=0.7)
        exact = stage_one.backpropagated_gradient(features, labels, readout, multiplier=0.7)
        early = stage_one.early_gradient(features, labels, start, time, multiplier=0.7)
        errors.append(np.linalg.norm(exact - early))
    assert np.log10(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)


@given(seed=st.integers(0, 999), width=st.integers(1, 15), eta=st.floats(0.01, 10.0))
def test_all_forms_of_the_fixed_point_agree(seed, width, eta):
    features, labels, _ = problem(seed, width=width)
    found = stage_one.fixed_point_gradient(features, labels, eta=eta)
    whitened = stage_one.whitened_labels(features, labels, eta=eta)
    one_sided = eta * whitened @ (whitened.T @ stage_one.center(features))
    two_sided = stage_one.two_sided_fixed_point_gradient(features, labels, eta=eta)
    np.testing.assert_allclose(found, one_sided, atol=1e-9)
    np.testing.assert_allclose(found, two_sided, atol=1e-9)


def test_whitened_labels_solve_the_push_through_system():
    features, labels, _ = problem(3)
    whitened = stage_one.whitened_labels(features, labels, eta=0.3)
    centered = features - features.mean(axis=0)
    system = centered @ centered.T + 0.3 * np.eye(len(features))
    np.testing.assert_allclose(system @ whitened, labels - labels.mean(axis=0), atol=1e-12)


def test_fixed_point_is_the_gradient_at_the_ridge_readout():
    features, labels, _ = problem(3)
    readout = stage_one.ridge_readout(features, labels, eta=0.4, multiplier=0.6)
    np.testing.assert_allclose(
        stage_one.fixed_point_gradient(features, labels, eta=0.4, multiplier=0.6),
        stage_one.backpropagated_gradient(features, labels, readout, multiplier=0.6),
        atol=1e-12,
    )


def test_published_multiplier_is_right_only_for_a_small_ridge_and_interpolation():
    narrow, wide = problem(4, width=5), problem(4, width=30)

    def exact_and_published(case, eta):
        arguments = {"eta": eta, "multiplier": 0.5}
        features, labels, _ = case
        return (
            stage_one.fixed_point_gradient(features, labels, **arguments),
            stage_one.published_multiplier_gradient(features, labels, **arguments),
        )

    exact, published = exact_and_published(wide, 1e-9)
    assert np.linalg.norm(published - exact) < 1e-6 * np.linalg.norm(exact)
    exact, published = exact_and_published(wide, 1.0)
    assert np.linalg.norm(published - exact) > 0.05 * np.linalg.norm(exact)
    exact, published = exact_and_published(narrow, 1e-9)
    assert np.linalg.norm(published - 4 * exact) < 1e-6 * np.linalg.norm(published)


def test_without_weight_decay_the_gradient_dies_at_the_rate_of_the_smallest_singular_value():
    features, labels, _ = problem(6, samples=6, width=20)
    assert np.abs(stage_one.fixed_point_gradient(features, labels, eta=0.0)).max() < 1e-12
    rate = stage_one.interpolation_decay_rate(features)
    zero = np.zeros((20, labels.shape[1]))
    times = np.array([8.0, 12.0]) / rate
    norms = [
        np.linalg.norm(
            stage_one.backpropagated_gradient(
                features,
                labels,
                stage_one.readout_flow(features, labels, zero, float(time), eta=0.0),
            )
        )
        for time in times
    ]
    assert -np.log(norms[1] / norms[0]) / (times[1] - times[0]) == pytest.approx(rate, rel=0.01)


def test_ridge_conversion_has_the_stationary_point_of_the_script():
    features, labels, _ = problem(7)
    samples, weight_decay = len(features), 0.04
    eta = stage_one.coupled_weight_decay_to_ridge(samples, weight_decay)
    readout = stage_one.ridge_readout(features, labels, eta=eta)
    with jax.enable_x64(True):
        # The script's gradient: mean squared error plus the coupled weight decay.
        slope = jax.grad(loss, argnums=2)(features, labels, jnp.asarray(readout), 1.0)
    total = 2 / samples * np.asarray(slope) + weight_decay * readout
    np.testing.assert_allclose(total, 0, atol=1e-12)


def test_bad_input_is_refused():
    features, labels, initial = problem(8)
    with pytest.raises(ValueError, match="eta must be at least 0, got -1"):
        stage_one.ridge_readout(features, labels, eta=-1.0)
    with pytest.raises(ValueError, match="multiplier must not be 0"):
        stage_one.ridge_readout(features, labels, eta=1.0, multiplier=0.0)
    with pytest.raises(ValueError, match="one row a sample, got 9 and 8"):
        stage_one.ridge_readout(features, labels[1:], eta=1.0)
    with pytest.raises(ValueError, match="time must be at least 0, got -1"):
        stage_one.readout_flow(features, labels, initial, -1.0, eta=1.0)
    with pytest.raises(ValueError, match="eta must be positive, got 0"):
        stage_one.whitened_labels(features, labels, eta=0.0)
    with pytest.raises(ValueError, match="eta must be positive, got 0"):
        stage_one.two_sided_fixed_point_gradient(features, labels, eta=0.0)
    with pytest.raises(ValueError, match="samples - 1 = 8, got 5"):
        stage_one.interpolation_decay_rate(features)
    with pytest.raises(ValueError, match="num_samples must be at least 1"):
        stage_one.coupled_weight_decay_to_ridge(0, 1.0)

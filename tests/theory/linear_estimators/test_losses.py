import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from scipy.integrate import quad

from groktheory.theory import linear_estimators as theory

TIMES = np.array([0.0, 0.3, 3.0, 40.0, 300.0])


@pytest.mark.parametrize("ratio", [0.1, 0.9, 1.0, 1.5])
def test_train_loss_is_the_bessel_function(ratio):
    found = theory.loss_curves(TIMES, aspect_ratio=ratio).train
    exact = theory.bessel_train_loss(TIMES, aspect_ratio=ratio)
    np.testing.assert_allclose(found, exact, rtol=1e-9)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.0])
def test_generalization_loss_is_the_integral_of_the_train_loss(ratio):
    integral = quad(lambda t: float(theory.bessel_train_loss(t, aspect_ratio=ratio)), 0, 2.5)[0]
    found = theory.loss_curves(2.5, aspect_ratio=ratio).generalization
    np.testing.assert_allclose(found, 1 - 4 * integral, rtol=1e-9)


def test_critical_loss_has_a_closed_form():
    times = np.array([0.0, 1.0, 100.0, 1e5])
    found = theory.loss_curves(times, aspect_ratio=1.0).generalization
    np.testing.assert_allclose(found, theory.critical_generalization_loss(times), rtol=1e-10)


def test_late_losses_are_approached():
    ratio, times = 0.9, np.array([500.0, 5e3, 2e4])
    exact, late = (
        theory.loss_curves(times, aspect_ratio=ratio),
        theory.late_loss_curves(times, aspect_ratio=ratio),
    )
    np.testing.assert_allclose(late.train, exact.train, rtol=2e-3)
    np.testing.assert_allclose(late.generalization[1:], exact.generalization[1:], rtol=0.03)
    # ... and not where the paper's condition, without the gap, would have it
    assert late.generalization[0] / exact.generalization[0] > 1.2


@pytest.mark.parametrize("shape", [(300, 400), (360, 240)])
def test_gradient_descent_has_these_losses(shape):
    """Every term at once: outputs, scale, decay, noise and finite steps, by brute force."""
    dimension, samples = shape
    outputs, scale, decay, noise, rate = 3, 1.5, 0.05, 0.3, 0.08
    steps, draws = np.array([0, 5, 40, 200]), 6
    rng, found = np.random.default_rng(0), np.zeros((2, len(steps)))
    for _ in range(draws):
        inputs = rng.standard_normal((samples, dimension))
        student, teacher = rng.standard_normal((2, dimension, outputs)) / np.sqrt(
            2 * dimension * outputs
        )
        student, errors = scale * student, noise * rng.standard_normal((samples, outputs))
        for step in range(steps[-1] + 1):
            residual = inputs @ (student - teacher) - errors
            if step in steps:
                losses = np.mean(residual**2), np.sum((student - teacher) ** 2) / outputs
                found[:, np.searchsorted(steps, step)] += np.array(losses) / draws
            gradient = 2 / outputs * inputs.T @ residual / samples + decay * student
            student = student - rate * gradient
    settings = {
        "aspect_ratio": dimension / samples,
        "num_outputs": outputs,
        "student_scale": scale,
        "weight_decay": decay,
        "noise_variance": noise**2,
    }
    exact = theory.discrete_loss_curves(steps, learning_rate=rate, **settings)
    np.testing.assert_allclose(found, exact, rtol=0.06)
    flow = theory.loss_curves(1e-4 * steps, **settings)
    small = theory.discrete_loss_curves(steps, learning_rate=1e-4, **settings)
    np.testing.assert_allclose(small, flow, rtol=1e-4)


@given(ratio=st.floats(0.05, 5.0), outputs=st.integers(1, 50), decay=st.floats(0.0, 0.5))
@settings(max_examples=25, deadline=None)
def test_losses_fall_and_more_outputs_are_slower_copies(ratio, outputs, decay):
    times = np.array([0.0, 0.5, 5.0, 50.0, np.inf])
    curves = theory.loss_curves(times, aspect_ratio=ratio, num_outputs=outputs, weight_decay=decay)
    for curve in curves:
        assert np.all(np.diff(curve) <= 1e-12) and np.all(curve >= 0)
    single = theory.loss_curves(times / outputs, aspect_ratio=ratio, weight_decay=decay * outputs)
    np.testing.assert_allclose(np.array(curves) * outputs, single, rtol=1e-8, atol=1e-300)


def test_ends_of_training():
    assert theory.loss_curves(np.inf, aspect_ratio=0.5).generalization == 0
    plateau = theory.loss_curves(np.inf, aspect_ratio=4.0, student_scale=2.0)
    np.testing.assert_allclose(plateau.generalization, 0.75 * (4 + 1) / 2)
    # Interpolated noise of ordinary least squares: sigma^2 lambda / (1 - lambda).
    noisy = theory.loss_curves(np.inf, aspect_ratio=0.5, noise_variance=0.2)
    np.testing.assert_allclose(noisy, [0.2 * 0.5, 0.2], rtol=1e-10)


def test_modes_are_counted_by_participation():
    rng = np.random.default_rng(1)
    dimension, samples, time = 500, 800, 4.0
    inputs = rng.standard_normal((samples, dimension))
    values = np.linalg.eigvalsh(inputs.T @ inputs / samples)
    weights = np.exp(-4 * time * values)
    for part, q in enumerate((values, 1.0)):
        expected = (q * weights).sum() ** 2 / ((q * weights) ** 2).sum()
        found = theory.effective_modes(time, num_inputs=dimension, aspect_ratio=0.625)[part]
        np.testing.assert_allclose(found, expected, rtol=0.03)


def test_two_layers_of_a_wide_network():
    """Integrated by brute force, layer by layer, on the covariance itself."""
    rng, draws = np.random.default_rng(2), 4
    dimension, hidden, outputs, samples, rate = 120, 80, 3, 240, 0.1
    steps, found = np.array([0, 100, 400]), np.zeros((2, 3))
    for _ in range(draws):
        inputs = rng.standard_normal((samples, dimension))
        covariance = inputs.T @ inputs / samples
        first, first_teacher = rng.standard_normal((2, dimension, hidden)) / np.sqrt(
            2 * dimension * hidden
        )
        second, second_teacher = rng.standard_normal((2, hidden, outputs)) / np.sqrt(
            2 * outputs * hidden
        )
        teacher = first_teacher @ second_teacher
        for step in range(steps[-1] + 1):
            difference = first @ second - teacher
            pull = covariance @ difference
            if step in steps:
                losses = np.sum(difference * pull), np.sum(difference**2)
                found[:, np.searchsorted(steps, step)] += np.array(losses) / outputs / draws
            first, second = (
                first - 2 * rate / outputs * pull @ second.T,
                second - 2 * rate / outputs * first.T @ pull,
            )
    curves = theory.two_layer_loss_curves(
        rate * steps,
        aspect_ratio=0.5,
        num_hidden=hidden,
        num_outputs=outputs,
        num_inputs=dimension,
    )
    np.testing.assert_allclose(found, curves, rtol=0.15)
    assert curves.train[2] < 0.05 * curves.train[0]


def test_two_layers_of_infinite_width_are_one_layer_on_a_slower_clock():
    wide = theory.two_layer_loss_curves(10.0, aspect_ratio=0.7, num_hidden=10**6, num_outputs=5)
    one = theory.loss_curves(10.0 / 50, aspect_ratio=0.7)
    np.testing.assert_allclose(np.array(wide) * 2e6 * 5, one, rtol=1e-4)


def test_unstable_rates_give_a_warning_with_the_bound():
    with pytest.warns(UserWarning, match=r"learning_rate 0.4 is beyond the stability bound 0.25"):
        grown = theory.discrete_loss_curves([50], learning_rate=0.4, aspect_ratio=1.0)
    assert grown.train[0] > 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"aspect_ratio": 0.0}, "aspect_ratio must be positive and finite, got 0.0"),
        ({"num_outputs": 0}, "num_outputs must be at least 1, got 0"),
        ({"student_scale": -1.0}, "student_scale must be at least 0 and finite, got -1.0"),
        ({"weight_decay": -0.1}, "weight_decay must be at least 0 and finite, got -0.1"),
        ({"noise_variance": -0.1}, "noise_variance must be at least 0 and finite, got -0.1"),
        ({"times": [-1.0]}, "times must be at least 0, got -1.0"),
    ],
)
def test_bad_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        theory.loss_curves(**({"times": [1.0], "aspect_ratio": 0.5} | changes))


def test_bad_steps_are_refused():
    for steps in ([0.5], [np.inf]):
        with pytest.raises(ValueError, match="steps must be whole numbers"):
            theory.discrete_loss_curves(steps, learning_rate=0.1, aspect_ratio=0.5)
    with pytest.raises(ValueError, match="learning_rate must be positive and finite, got 0"):
        theory.discrete_loss_curves([1], learning_rate=0.0, aspect_ratio=0.5)


def test_wrong_limits_are_refused():
    with pytest.raises(ValueError, match="aspect_ratio must not be exactly 1.*use loss_curves"):
        theory.late_loss_curves([1.0], aspect_ratio=1.0)
    with pytest.raises(ValueError, match="must be below 1 for the late-time law, got 2.0: with mo"):
        theory.late_loss_curves([1.0], aspect_ratio=2.0)
    with pytest.raises(ValueError, match="num_hidden must exceed num_outputs = 5, got 5"):
        theory.two_layer_loss_curves(1.0, aspect_ratio=0.5, num_hidden=5, num_outputs=5)
    with pytest.raises(ValueError, match="times must be finite"):
        theory.effective_modes(np.inf, num_inputs=10, aspect_ratio=0.5)


def test_numbers_give_arrays_without_axes():
    curves = (
        theory.loss_curves(1.0, aspect_ratio=0.5),
        theory.late_loss_curves(1.0, aspect_ratio=0.5),
        theory.saturated_losses(0.5, weight_decay=0.1),
        theory.published_saturation(0.5, weight_decay=0.1),
        theory.two_layer_loss_curves(1.0, aspect_ratio=0.5, num_hidden=9, num_outputs=2),
    )
    for pair in curves:
        assert all(isinstance(curve, np.ndarray) and curve.shape == () for curve in pair)
    assert theory.unseen_loss(1.0, aspect_ratio=1.5).shape == ()
    assert theory.critical_generalization_loss(1.0).shape == ()

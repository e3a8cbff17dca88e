import numpy as np
import pytest
from scipy.special import erf, gammainc

from groktheory.theory import linear_estimators as theory


def test_accuracy_is_the_share_of_small_errors():
    rng = np.random.default_rng(0)
    for outputs, loss in ((1, 2.0), (5, 1.3)):
        errors = np.mean(loss * rng.standard_normal((100_000, outputs)) ** 2, axis=1)
        found = theory.threshold_accuracy(loss, threshold=1.0, num_outputs=outputs)
        np.testing.assert_allclose(found, np.mean(errors <= 1.0), atol=5e-3)


def test_loss_at_accuracy_inverts_the_accuracy():
    for outputs in (1, 7, 3.5):
        loss = theory.loss_at_accuracy(0.8, threshold=1e-3, num_outputs=outputs)
        found = theory.threshold_accuracy(loss, threshold=1e-3, num_outputs=outputs)
        np.testing.assert_allclose(found, 0.8, rtol=1e-12)
    assert theory.loss_at_accuracy(erf(np.sqrt(2)), threshold=4.0) == pytest.approx(1.0)


def test_few_modes_make_errors_uneven():
    """Variance of the squared error of a fresh input, for weights of k Gaussian modes."""
    rng, modes, outputs = np.random.default_rng(1), 12, 8
    student = rng.standard_normal((4000, modes, outputs))
    squares = np.einsum("nka,nkb->nab", student, student)
    trace, square = np.einsum("naa->n", squares), np.einsum("nab,nab->n", squares, squares)
    found = theory.effective_outputs(outputs, modes)
    np.testing.assert_allclose(found, np.mean(trace**2) / np.mean(square), rtol=0.01)
    assert theory.effective_outputs(1, 3.0) == pytest.approx(1.0)


@pytest.mark.parametrize(("ratio", "outputs"), [(0.1, 1), (0.9, 1), (0.9, 20), (1.0, 1)])
def test_grokking_times_are_where_the_accuracies_pass(ratio, outputs):
    times = theory.grokking_times(ratio, threshold=1e-3, accuracy=0.9, num_outputs=outputs)
    curves = [
        theory.loss_curves(time, aspect_ratio=ratio, num_outputs=outputs)[part]
        for part, time in enumerate(times)
    ]
    accuracies = gammainc(outputs / 2, outputs * 1e-3 / (2 * np.array(curves)))
    np.testing.assert_allclose(accuracies, 0.9, atol=1e-9)
    assert times.delay > 0


@pytest.mark.parametrize(
    ("ratio", "steps"), [(0.05, 10.7), (0.3, 120), (0.7, 1849), (0.9, 20481), (0.95, 72591)]
)
def test_known_grokking_times(ratio, steps):
    delay = theory.grokking_times(ratio, threshold=1e-3).delay
    assert 100 * delay == pytest.approx(steps, rel=5e-3)


def test_grokking_times_that_are_zero_or_infinite():
    assert theory.grokking_times(0.5, threshold=20.0) == (0.0, 0.0)
    above = theory.grokking_times(1.5, threshold=1e-3)
    assert 0 < above.train < np.inf and above.generalization == above.delay == np.inf
    never = theory.grokking_times(0.5, threshold=1e-5, weight_decay=0.1)
    assert never == (np.inf, np.inf) and never.delay == np.inf
    # The plateau 1 - 1/lambda decides: 1e-4 below, 5e-4 above the loss that is needed.
    assert theory.grokking_times(1 / (1 - 1e-4), threshold=1e-3).delay < np.inf
    assert theory.grokking_times(1 / (1 - 5e-4), threshold=1e-3).delay == np.inf


def test_a_small_threshold_is_the_limit():
    ratios = np.array([0.3, 0.6, 0.9])
    limit = [theory.small_threshold_delay(ratio) for ratio in ratios]
    exact = [theory.grokking_times(ratio, threshold=1e-100).delay for ratio in ratios]
    np.testing.assert_allclose(exact, limit, rtol=0.02)
    coarse = [theory.grokking_times(ratio, threshold=1e-3).delay for ratio in ratios]
    assert np.all(np.array(limit) / coarse > 1.5)


def test_lambert_form_solves_the_late_losses():
    for ratio in (0.3, 0.9):
        times = theory.lambert_grokking_times(ratio, threshold=1e-4)
        for part, time in enumerate(times):
            late = theory.late_loss_curves(time, aspect_ratio=ratio)[part]
            np.testing.assert_allclose(late, 2.5e-5, rtol=1e-10)


def test_dimension_matters_for_several_outputs_only():
    settings = {"threshold": 1e-3, "accuracy": 0.95}
    one = theory.grokking_times(0.9, num_inputs=300, **settings)  # pyright: ignore
    assert one == theory.grokking_times(0.9, **settings)  # pyright: ignore[reportArgumentType]
    many = theory.grokking_times(0.9, num_outputs=50, **settings).delay  # pyright: ignore
    finite = theory.grokking_times(0.9, num_outputs=50, num_inputs=300, **settings).delay
    infinite = theory.grokking_times(0.9, num_outputs=50, num_inputs=10**7, **settings).delay
    assert finite > 1.2 * many
    assert infinite == pytest.approx(many, rel=1e-3)


def test_saturation_below_and_above_one():
    decay = 1e-4
    exact = theory.saturated_losses(0.5, weight_decay=decay)
    np.testing.assert_allclose(
        exact, theory.small_decay_saturation(0.5, weight_decay=decay), rtol=2e-3
    )
    np.testing.assert_allclose(
        theory.published_saturation(0.5, weight_decay=decay), 2 * np.array(exact), rtol=2e-3
    )
    times = np.array([3e3, 1e4])
    above = theory.loss_curves(times, aspect_ratio=1.5, weight_decay=decay)
    plateau = theory.unseen_loss(times, aspect_ratio=1.5, weight_decay=decay)
    np.testing.assert_allclose(above.generalization, plateau, rtol=1e-4)


def test_saturation_delay_is_between_the_crossings_of_transients():
    """Times at which what still falls is as large as what remains, for an extremely small decay."""
    ratio, decay = 0.25, 1e-60
    remaining = theory.small_decay_saturation(ratio, weight_decay=decay)
    times = np.linspace(100, 600, 50_001)
    late = theory.late_loss_curves(times, aspect_ratio=ratio)
    crossed = [
        times[np.argmax(curve <= value)] for curve, value in zip(late, remaining, strict=True)
    ]
    assert crossed[1] - crossed[0] == pytest.approx(theory.saturation_delay(ratio), abs=0.03)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.small_threshold_delay(1.0), "aspect_ratio must not be exactly 1"),
        (lambda: theory.critical_delay(1.0), "aspect_ratio must not be exactly 1"),
        (lambda: theory.saturation_delay(1.5), "below 1 for the saturation delay, got 1.5"),
        (
            lambda: theory.lambert_grokking_times(1.5, threshold=1e-3),
            "below 1 for the Lambert form, got 1.5",
        ),
        (
            lambda: theory.small_decay_saturation(2.0, weight_decay=0.1),
            "below 1 for the saturation at small decay, got 2.0",
        ),
        (lambda: theory.saturated_losses(0.5, weight_decay=0.0), "weight_decay must be positive"),
        (lambda: theory.unseen_loss(1.0, aspect_ratio=0.5), "aspect_ratio must exceed 1, got 0.5"),
        (
            lambda: theory.unseen_loss(1.0, aspect_ratio=2.0, weight_decay=-1.0),
            "weight_decay must be at least 0, got -1.0",
        ),
        (lambda: theory.threshold_accuracy(-1.0, threshold=1.0), "loss must be at least 0, got -1"),
        (lambda: theory.threshold_accuracy(1.0, threshold=0.0), "threshold must be positive"),
        (lambda: theory.loss_at_accuracy(1.0, threshold=1.0), r"accuracy must lie in \(0, 1\)"),
        (lambda: theory.effective_outputs(3, 0.5), "num_modes must be at least 1, got 0.5"),
        (lambda: theory.effective_outputs(0, 5.0), "num_outputs must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

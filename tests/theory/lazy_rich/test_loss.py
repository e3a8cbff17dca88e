import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groktheory.theory.lazy_rich import loss


def test_terms_are_the_error_on_all_inputs(gaussian_grid):
    rng = np.random.default_rng(0)
    dimension, curvature = 4, 0.7
    target, quadratic = (m + m.T for m in rng.normal(size=(2, dimension, dimension)))
    linear = rng.normal(size=dimension)
    inputs, density = gaussian_grid(dimension)

    def form(matrix):
        return np.einsum("ni,ni->n", inputs @ matrix, inputs)

    gaps = form(target) / 2 - inputs @ linear - curvature / 2 * form(quadratic)
    terms = loss.loss_terms(linear, quadratic, target, curvature=curvature)
    np.testing.assert_allclose(terms.total, density @ gaps**2, rtol=1e-12)
    # the linear part is that of the regression on the inputs
    power = np.sum((dimension * (density * gaps) @ inputs) ** 2) / dimension
    np.testing.assert_allclose(terms.linear_power, power, rtol=1e-12)
    # and the mean of the error is the root of the variance term
    np.testing.assert_allclose(terms.variance, (density @ gaps) ** 2, rtol=1e-12)


@given(seed=st.integers(0, 999))
def test_terms_do_not_depend_on_the_frame_and_vanish_at_the_solution(seed):
    rng = np.random.default_rng(seed)
    target = rng.normal(size=(4, 4))
    target, linear = target + target.T, rng.normal(size=(3, 4))
    quadratic = rng.normal(size=(3, 4, 4))
    quadratic += quadratic.transpose(0, 2, 1)
    frame = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    terms = loss.loss_terms(linear, quadratic, target, curvature=0.3)
    turned = loss.loss_terms(
        linear @ frame.T, frame @ quadratic @ frame.T, frame @ target @ frame.T, curvature=0.3
    )
    for name in ("variance", "misalignment", "linear_power"):
        np.testing.assert_allclose(getattr(turned, name), getattr(terms, name), rtol=1e-9)
    solved = loss.loss_terms(np.zeros(4), target / 0.3, target, curvature=0.3)
    assert solved.total < 1e-28


def test_threshold_accuracy_counts_gaussian_errors_and_can_fake_grokking():
    errors = np.random.default_rng(0).normal(scale=0.3, size=100_000)
    found = loss.threshold_accuracy(0.09, threshold=0.2)
    np.testing.assert_allclose(found, np.mean(np.abs(errors) <= 0.2), atol=5e-3)
    # two exponential decays, one three times slower, no plateau anywhere
    steps = np.linspace(0, 60, 601)
    train, test = np.exp(-steps / 3), np.exp(-steps / 9)
    reached = {
        threshold: [
            steps[np.argmax(loss.threshold_accuracy(curve, threshold=threshold) > 0.9)]
            for curve in (train, test)
        ]
        for threshold in (0.1, 1.0)
    }
    delays = {threshold: late - early for threshold, (early, late) in reached.items()}
    assert delays[0.1] > 30 and delays[1.0] < 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: loss.loss_terms(np.zeros(3), np.eye(2), np.eye(2), curvature=1.0),
            "linear and quadratic must have shapes",
        ),
        (
            lambda: loss.loss_terms(np.zeros(2), np.eye(2), np.ones(2), curvature=1.0),
            "target must be a square matrix",
        ),
        (
            lambda: loss.loss_terms(
                np.zeros(2), np.eye(2), np.triu(np.ones((2, 2))), curvature=1.0
            ),
            "target must be symmetric",
        ),
        (
            lambda: loss.loss_terms(np.zeros(2), np.eye(2), np.eye(2), curvature=-1.0),
            "curvature must be positive",
        ),
        (lambda: loss.threshold_accuracy(0.0, threshold=1.0), "loss must be positive, got 0.0"),
        (lambda: loss.threshold_accuracy(1.0, threshold=0.0), "threshold must be positive"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

"""Polynomial regressors: their Gram matrix, and the published-size families."""

import numpy as np
import pytest

from groktheory.theory import singular


def test_gram_matrix_is_a_mean_over_inputs():
    points, weights = np.polynomial.legendre.leggauss(30)
    features = (0.5 * points)[:, None] ** np.arange(7)
    expected = features.T * weights / 2 @ features
    np.testing.assert_allclose(singular.monomial_gram(6, half_width=0.5), expected, atol=1e-14)


@pytest.mark.parametrize(
    ("half_width", "expected"),
    [
        (1.0, (0.988, 1.818, 2.518, 3.180, 3.926)),
        (0.75, (0.981, 1.574, 1.717, 1.720, 1.720)),
        (0.5, (0.962, 1.225, 1.235, 1.235, 1.235)),
    ],
)
def test_coefficients_at_the_scale_of_the_paper(half_width, expected):
    """Far below half the number of parameters, and below any of them on a narrow interval."""
    scale = 500 / np.log(500)
    found = [
        singular.polynomial_coefficient(d, scale=scale, half_width=half_width)
        for d in (1, 3, 10, 30, 100)
    ]
    np.testing.assert_allclose(found, expected, atol=6e-4)


def test_the_model_is_regular_in_the_limit():
    found = singular.polynomial_coefficient(3, scale=1e12)
    assert found == pytest.approx(float(singular.regular(4)), abs=1e-6)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="degree must be at least 0 and half_width positive"):
        singular.monomial_gram(-1)
    with pytest.raises(ValueError, match="got 2 and 0.0"):
        singular.polynomial_coefficient(2, scale=1.0, half_width=0.0)

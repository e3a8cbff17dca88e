import numpy as np
import pytest

from groktheory.theory.lazy_rich import committee, expansion


def test_the_remainder_falls_as_the_square_of_the_inverse_scale():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(12, 5)) / np.sqrt(5)
    targets = rng.normal(size=12)
    mean, second = committee.moments(rng.normal(size=(8, 5)))
    kept = {"curvature": 0.6, "mean": mean, "second_moment": second, "learning_rate": 0.5}
    steps = [5, 40]
    series = expansion.lazy_expansion(inputs, targets, steps, tolerance=1e-8, **kept)
    remainders = {"lazy": [], "first": []}
    for scale in (20.0, 40.0):
        run = committee.gradient_flow(inputs, targets, steps, scale=scale, tolerance=1e-8, **kept)
        linear, quadratic = series.at(scale)
        remainders["lazy"].append(np.abs(run.quadratic - series.lazy_quadratic).max())
        remainders["first"].append(
            max(np.abs(run.quadratic - quadratic).max(), np.abs(run.linear - linear).max())
        )
    ratios = {name: first / second for name, (first, second) in remainders.items()}
    assert 1.8 < ratios["lazy"] < 2.2
    assert 3.5 < ratios["first"] < 4.5
    assert remainders["first"][1] < remainders["lazy"][1] / 5


def test_the_zeroth_order_is_the_infinite_scale():
    inputs = np.random.default_rng(1).normal(size=(9, 4)) / 2
    targets = np.sum(inputs**2, axis=1)
    series = expansion.lazy_expansion(inputs, targets, [100], curvature=0.5)
    lazy = committee.gradient_flow(
        inputs, targets, [100], scale=np.inf, curvature=0.5, tolerance=1e-5
    )
    np.testing.assert_allclose(series.lazy_quadratic, lazy.quadratic, atol=2e-3)
    np.testing.assert_allclose(series.at(np.inf)[1], series.lazy_quadratic)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curvature": 0.0}, "curvature must be positive"),
        ({"learning_rate": -1.0}, "learning_rate must be positive"),
        ({"mean": np.zeros(3)}, "mean must have shape"),
    ],
)
def test_bad_settings_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        expansion.lazy_expansion(np.eye(2), np.ones(2), [1], **({"curvature": 1.0} | change))


def test_bad_records_and_scales_are_refused():
    with pytest.raises(ValueError, match="record_steps must increase"):
        expansion.lazy_expansion(np.eye(2), np.ones(2), [2, 1], curvature=1.0)
    series = expansion.lazy_expansion(np.eye(2), np.ones(2), [1], curvature=1.0)
    with pytest.raises(ValueError, match="scale must be positive, got 0"):
        series.at(0.0)

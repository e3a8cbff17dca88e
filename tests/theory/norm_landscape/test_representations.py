import numpy as np
import pytest

from groktheory.theory import norm_landscape as theory


def test_mixed_representation_goes_from_order_to_noise():
    ordered = theory.linear_representation(4, 3)
    np.testing.assert_array_equal(ordered, [[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    noise = np.random.default_rng(0).normal(size=(4, 3))
    np.testing.assert_array_equal(theory.mixed_representation(noise, ordered, 0.0), ordered)
    np.testing.assert_array_equal(theory.mixed_representation(noise, ordered, 1.0), noise)
    # Second differences along the symbols measure the disorder alone.
    bent = np.diff(theory.mixed_representation(noise, ordered, 0.25), n=2, axis=0)
    np.testing.assert_allclose(bent, 0.25 * np.diff(noise, n=2, axis=0), atol=1e-14)


def test_landscape_on_a_grid_interpolates():
    norms, mess = np.geomspace(1, 9, 5), np.linspace(0, 1, 3)
    losses = 2 * np.log(norms)[:, None] + 5 * mess * np.log(norms)[:, None] - mess
    grid = theory.MessinessLandscape(norms, mess, losses)
    w, m = np.array([1.7, 4.4]), np.array([0.1, 0.77])
    np.testing.assert_allclose(grid(w, m), 2 * np.log(w) + 5 * m * np.log(w) - m, rtol=1e-12)
    np.testing.assert_allclose(grid(np.array(100.0), np.array(-3.0)), losses[-1, 0])


def test_landscape_on_a_grid_neither_overshoots_nor_has_kinks():
    norms, mess = np.geomspace(1, 9, 7), np.linspace(0, 1, 5)
    losses = np.maximum(0, 1 + mess - np.log(norms)[:, None]) ** 2
    grid = theory.MessinessLandscape(norms, mess, losses)
    fine = np.geomspace(1, 9, 2001)[:, None] + 0 * (levels := np.linspace(0, 1, 41))
    found = grid(fine, levels + 0 * fine)
    assert found.min() >= 0 and np.all(np.diff(found, axis=0) <= 1e-12)
    slopes = np.diff(found, axis=0) / np.diff(np.log(fine), axis=0)
    assert np.abs(np.diff(slopes, axis=0)).max() < 0.05  # slopes range over four


def test_coordinates_relax_independently_in_a_separable_bowl():
    def bowl(norms, mess):
        return (norms - 3) ** 2 / 2 + 2 * mess**2

    times = np.linspace(0, 3, 7)
    path = theory.reduced_flow(
        bowl, (5.0, 0.8), times, weight_decay=0.5, decoder_rate=2.0, representation_rate=0.3
    )
    rest = 3 / 1.5
    np.testing.assert_allclose(path.norms, rest + (5 - rest) * np.exp(-3 * times), rtol=1e-5)
    np.testing.assert_allclose(path.messiness, 0.8 * np.exp(-1.2 * times), rtol=1e-5)


def test_an_ordered_decoder_needs_no_representation_rate():
    norms, mess = np.geomspace(1, 100, 9), np.linspace(0, 1, 5)
    losses = np.maximum(0, 1 + 2 * mess - np.log(norms)[:, None])
    grid = theory.MessinessLandscape(norms, mess, losses)
    times = np.array([0.0, 1.0])
    path = theory.reduced_flow(grid, (90.0, 0.4), times, weight_decay=0.3, representation_rate=0.0)
    np.testing.assert_allclose(path.messiness, 0.4)
    np.testing.assert_allclose(path.norms[-1], 90 * np.exp(-0.3), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.linear_representation(0, 3), "num_symbols must be at least 1, got 0"),
        (
            lambda: theory.mixed_representation(np.ones(2), np.ones(3), 0.5),
            r"ordered must have the shape \(2,\), got \(3,\)",
        ),
        (
            lambda: theory.mixed_representation(np.ones(2), np.ones(2), 1.5),
            r"messiness must lie in \[0, 1\], got 1.5",
        ),
        (
            lambda: theory.MessinessLandscape(np.array([1.0, 2]), np.arange(3.0), np.ones((3, 2))),
            r"losses must be finite, of shape \(2, 3\)",
        ),
        (
            lambda: theory.MessinessLandscape(np.array([0.0, 2]), np.arange(3.0), np.ones((2, 3))),
            "norms must be at least two increasing positive numbers",
        ),
        (
            lambda: theory.reduced_flow(
                lambda w, m: np.zeros_like(w), (0.0, 0.5), np.arange(2.0), weight_decay=1.0
            ),
            "initial_norm must be positive and finite, got 0",
        ),
        (
            lambda: theory.reduced_flow(
                lambda w, m: np.zeros_like(w), (1.0, 0.5), np.array([-1.0, 1.0]), weight_decay=1.0
            ),
            "times must be non-negative",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()

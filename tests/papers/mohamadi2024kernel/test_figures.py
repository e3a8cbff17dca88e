import itertools

import numpy as np
import pytest
from helpers import curve

from groktheory.papers.mohamadi2024kernel._figure_bound import memorizer_loss
from groktheory.papers.mohamadi2024kernel._figure_separation import kernel_samples
from groktheory.theory import kernel_limits as kl


def test_memorizer_loss_is_the_mean_over_all_train_sets():
    a, b, c = np.indices((2, 2, 2)).reshape(3, -1)
    labels = 2.0 * ((a + b - c) % 2 == 0)
    for size in (1, 3, 6):
        losses = []
        for chosen in itertools.combinations(range(8), size):
            predictions = np.full(8, labels[list(chosen)].mean())
            predictions[list(chosen)] = labels[list(chosen)]
            losses.append(np.mean((predictions - labels) ** 2) / np.mean(labels**2))
        expected = memorizer_loss(np.array([float(size)]), 2)
        np.testing.assert_allclose(expected, np.mean(losses), rtol=1e-12)


def test_kernel_bounds_lie_below_the_regressions(draw):
    moduli, regressions = draw("kernel-bounds", modulus=5).axes
    shares, bound = curve(regressions, "bound, $p = 5$")
    all_shares, exact = curve(moduli, "$p = 5$")
    np.testing.assert_allclose(np.interp(all_shares, shares, bound), exact, atol=1e-9)
    memorized = curve(regressions, "memorizer")[1]
    assert np.all(memorized >= bound)
    for container in regressions.containers:
        places, losses = container.lines[0].get_data()
        assert np.all(losses > np.interp(places, shares, bound))
        assert np.all(np.diff(losses) < 0) and losses[0] < 1.1
    printed = [line for line in moduli.get_lines() if line.get_linestyle() == "--"]
    assert np.all(printed[0].get_ydata() <= exact + 1e-12)


@pytest.mark.parametrize("modulus", [5, 8])
def test_network_weights_are_drawn_and_add(draw, modulus):
    weights, right, printed = draw("network-weights", modulus=modulus).axes[:3]
    drawn = np.asarray(weights.images[0].get_array())
    assert drawn.shape == (3 * modulus, 8 * modulus)
    first, second, readout = drawn.reshape(3, modulus, -1)
    outputs = (first + second[3:4]) ** 2 @ readout.T / (4 * modulus)
    expected = np.eye(modulus)[(np.arange(modulus) + 3) % modulus]
    np.testing.assert_allclose(outputs, expected, atol=1e-12)
    np.testing.assert_allclose(right.images[0].get_array(), expected, atol=1e-12)
    # cos(theta + psi) cos(omega) + sin(theta - psi) sin(omega), summed over the frequencies
    a, c = np.indices((modulus, modulus))
    peaks = sum(
        sign * ((total - c) % modulus == 0) / 2
        for sign, total in ((1, a + 3), (1, -a - 3), (1, a - 3), (-1, 3 - a))
    )
    np.testing.assert_allclose(printed.images[0].get_array(), peaks, atol=1e-12)
    names = [text.get_text() for text in weights.get_xticklabels()]
    for block, name in enumerate(names):
        nodes = slice(block * modulus, (block + 1) * modulus)
        assert (name[0] == "c") == np.all(first[0, nodes] == 1)
        assert (name[-1] == "c") == np.all(np.abs(second[0, nodes]) == 1)


def test_kernels_keep_half_of_the_loss_at_the_drawn_samples():
    moduli = np.array([5, 11, 97])
    for modulus, samples in zip(moduli, kernel_samples(moduli, "regression"), strict=True):
        low, high = int(np.floor(samples)), int(np.ceil(samples + 1e-9)) + 1
        losses = kl.kernel_loss_bound(np.array([low, high]), int(modulus))
        assert losses[0] >= 0.5 - 1e-12 and losses[1] < 0.5
    for modulus, samples in zip(moduli, kernel_samples(moduli, "classification"), strict=True):
        low, high = int(np.floor(samples)), int(np.ceil(samples)) + 1
        losses = kl.classification_loss_bound(np.array([low, high]), int(modulus))
        assert losses[0] >= 0.5 - 1e-12 and losses[1] < 0.5


def test_data_separation_marks_where_the_runs_fall_below_the_kernels(draw):
    panels = draw("data-separation", max_modulus=100).axes
    for axes, exponent, mark in zip(panels, (2.25, 5 / 3), ("$p = 11$", "$p = 76$"), strict=True):
        (text,) = [text for text in axes.texts if text.get_text().startswith("$")]
        assert text.get_text() == mark
        modulus = int(mark[5:-1])
        moduli, needed = curve(axes, "kernels")
        for offset, is_fewer in ((-1, False), (0, True)):
            p = modulus + offset
            assert (2 * p**exponent < needed[moduli == p][0]) == is_fewer
        everything = curve(axes, "all samples")[1]
        assert not np.any(curve(axes, "paper's runs")[1] > everything)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("kernel-bounds", {"modulus": 2}, r"modulus must lie in \[3, 17\], got 2"),
        ("kernel-bounds", {"modulus": 23}, r"modulus must lie in \[3, 17\], got 23"),
        ("network-weights", {"modulus": 3}, r"modulus must lie in \[4, 31\], got 3"),
        ("data-separation", {"max_modulus": 50}, "max_modulus must be at least 100, got 50"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

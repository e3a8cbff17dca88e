import math

import numpy as np
import pytest

from groktheory.theory import kernel_limits as kl


def target(modulus):
    a, b, c = np.indices((modulus, modulus, modulus))
    return ((a + b - c) % modulus == 0).astype(float)


@pytest.mark.parametrize("modulus", [2, 5, 7, 11, 12])
@pytest.mark.parametrize("num_copies", [1, 3])
def test_the_network_is_exact_for_odd_and_even_moduli(modulus, num_copies):
    weights = kl.explicit_network(modulus, num_copies=num_copies)
    assert weights[0].shape == (modulus, 8 * modulus * num_copies)
    outputs = kl.network_outputs(*weights)
    np.testing.assert_allclose(outputs, 4 * modulus * target(modulus), atol=1e-9)
    assert math.isclose(kl.largest_weight(*weights), num_copies ** (-1 / 3))
    np.testing.assert_allclose(kl.margins(outputs), 4 * modulus, atol=1e-9)
    assert math.isclose(kl.normalized_margin(*weights), 4 * modulus * num_copies)


@pytest.mark.parametrize("modulus", [3, 5, 13])
def test_half_of_the_frequencies_suffice_for_odd_moduli(modulus):
    weights = kl.explicit_network(modulus, half=True)
    assert weights[0].shape == (modulus, 4 * (modulus - 1))
    outputs = kl.network_outputs(*weights)
    np.testing.assert_allclose(outputs, 2 * modulus * target(modulus) - 2, atol=1e-9)
    np.testing.assert_allclose(kl.margins(outputs), 2 * modulus, atol=1e-9)


def test_the_printed_signs_misclassify():
    outputs = kl.network_outputs(*kl.explicit_network(7, signs=kl.PUBLISHED_SIGNS))
    assert not np.allclose(outputs, 28 * target(7), atol=1)
    assert kl.margins(outputs).min() < 0


def test_outputs_and_margins_by_hand():
    rng = np.random.default_rng(0)
    q, r, v = rng.normal(size=(3, 4, 5))
    outputs = kl.network_outputs(q, r, v)
    assert math.isclose(outputs[1, 3, 2], sum(v[2] * (q[1] + r[3]) ** 2))
    assert math.isclose(kl.margins(outputs)[1, 2], outputs[1, 2, 3] - outputs[1, 2, :3].max())
    assert kl.largest_weight(q, r, v) == max(np.abs(x).max() for x in (q, r, v))


@pytest.mark.parametrize("factor", [0.1, 3.0])
def test_normalized_margin_ignores_scale(factor):
    weights = np.random.default_rng(1).normal(size=(3, 5, 6))
    assert math.isclose(
        kl.normalized_margin(*(factor * weights)), kl.normalized_margin(*weights), rel_tol=1e-9
    )


@pytest.mark.parametrize(("width", "copies"), [(40, 1), (79, 1), (80, 2), (130, 3)])
def test_sufficient_norm_is_attained_by_copies(width, copies):
    norm = kl.sufficient_max_norm(width, 5, peak=5.0)
    weights = kl.explicit_network(5, num_copies=copies)
    shrink = norm / kl.largest_weight(*weights)
    outputs = kl.network_outputs(*(shrink * part for part in weights))
    np.testing.assert_allclose(outputs, 5 * target(5), atol=1e-9)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        kl.explicit_network(1)
    with pytest.raises(ValueError, match="modulus must be odd for half of the frequencies, got 6"):
        kl.explicit_network(6, half=True)
    with pytest.raises(ValueError, match="num_copies must be at least 1, got 0"):
        kl.explicit_network(5, num_copies=0)
    with pytest.raises(ValueError, match="signs must be eight, one a node .* got 2"):
        kl.explicit_network(5, signs=(1, -1))
    with pytest.raises(ValueError, match="modulus must be at least 2, got 1"):
        kl.sufficient_max_norm(40, 1, peak=1.0)
    with pytest.raises(ValueError, match="width must be at least 8 p = 40, got 39"):
        kl.sufficient_max_norm(39, 5, peak=1.0)
    with pytest.raises(ValueError, match="peak must be positive, got 0"):
        kl.sufficient_max_norm(40, 5, peak=0.0)

"""The claims without training: small versions are supported, and planted errors are noticed."""

import numpy as np
import pytest

from groktheory.theory import kernel_limits as kl

SMALL = {
    "relabeled-spectrum": [(((3, 2), (3, 3), (4, 3), (5, 2)), ((3, 2), (3, 3), (4, 2)))],
    "kernel-lower-bound": [(11, 7)],
    "kernel-interpolates": [((7, 4), (5, 4))],
    "explicit-network": [((5, 7, 11, 12, 23), (5, 6))],
}


@pytest.fixture
def outcome(judge_claim):
    return lambda name: judge_claim(name, smaller=SMALL[name])


@pytest.mark.parametrize("name", SMALL)
def test_small_versions_are_supported(outcome, name):
    assert outcome(name) == "supported"


def test_a_wrong_spectrum_is_refuted(outcome, monkeypatch):
    def wrong(modulus, *, num_inputs):
        eigenvalues, multiplicities = correct(modulus, num_inputs=num_inputs)
        return eigenvalues * 1.001, multiplicities

    correct = kl.correlation_spectrum
    monkeypatch.setattr(kl, "correlation_spectrum", wrong)
    assert outcome("relabeled-spectrum") == "refuted"


def test_a_bound_that_is_too_high_is_refuted(outcome, monkeypatch):
    correct = kl.kernel_loss_bound
    monkeypatch.setattr(kl, "kernel_loss_bound", lambda n, p: np.minimum(correct(n, p) + 0.25, 1.0))
    assert outcome("kernel-lower-bound") == "refuted"


def test_a_rank_that_is_too_high_is_refuted(outcome, monkeypatch):
    monkeypatch.setattr(kl, "tangent_rank", lambda p, h: (3 * p - 1) * h)
    assert outcome("kernel-interpolates") == "refuted"


def test_a_construction_with_one_wrong_sign_is_refuted(judge_claim, monkeypatch):
    wrong = (1, -1, -1, 1, 1, -1, 1, 1)
    correct = kl.explicit_network

    def spoiled(modulus, *, half=False, num_copies=1, signs=wrong):
        return correct(modulus, half=half, num_copies=num_copies, signs=signs)

    monkeypatch.setattr(kl, "explicit_network", spoiled)
    # other moduli than above, whose outputs are kept between the tests
    smaller = [((5, 7, 11, 12, 23), (5, 8))]
    assert judge_claim("explicit-network", smaller=smaller) == "refuted"

"""Minibatch descent as a heat bath: right constants are supported, wrong ones are not."""

import dataclasses

import numpy as np
import pytest

from groktheory.papers.kozyrev2024langevin import gradient_noise
from groktheory.theory import langevin
from groktheory.validation import Outcome


def test_isotropic_noise_has_its_temperature(judge_claim, plant):
    claim = "gradient-noise-temperature"
    assert judge_claim(claim) is Outcome.SUPPORTED
    plant("gradient_noise_temperature", lambda temperature: 2 * temperature)
    assert judge_claim(claim) is not Outcome.SUPPORTED


def test_a_wrong_barrier_is_seen(judge_claim, monkeypatch):
    right = gradient_noise.tilted_descents

    def wrong(bench):
        net, found = right(bench)
        return dataclasses.replace(net, weight_decay=0.9 * net.weight_decay), found

    monkeypatch.setattr(gradient_noise, "tilted_descents", wrong)
    assert judge_claim("gradient-noise-temperature") is not Outcome.SUPPORTED


def test_label_noise_heats_the_inverse_weights(judge_claim, monkeypatch):
    assert judge_claim("label-noise") is Outcome.SUPPORTED
    right = gradient_noise.label_noise_time
    monkeypatch.setattr(
        gradient_noise, "label_noise_time", lambda *arguments: 1.5 * right(*arguments)
    )
    assert judge_claim("label-noise") is not Outcome.SUPPORTED


def test_the_time_under_label_noise_is_that_of_a_line_with_varying_noise():
    """Against the double integral in the weight itself, without the change of variable."""
    net = langevin.DepthThreeNet()
    ratio, end = 60.0, net.saddle_weight / 2
    temperature = gradient_noise.LABEL_VARIANCE / (2 * ratio)
    u = np.linspace(end, 3.0, 300_001)
    force = (u**3 - net.target) * u**2 + net.weight_decay * u
    potential = np.concatenate(
        [[0.0], np.cumsum((force / u**4)[1:] + (force / u**4)[:-1]) / 2 * (u[1] - u[0])]
    )
    potential = (potential - potential.min()) / temperature
    weight = np.exp(-potential) / (temperature * u**4)
    beyond = np.cumsum(weight[::-1])[::-1] * (u[1] - u[0])
    below = u <= net.trained_weight
    expected = np.sum((np.exp(potential) * beyond)[below]) * (u[1] - u[0])
    measured = gradient_noise.label_noise_time(net, end, ratio)
    assert measured == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("shape", [(500,), (500, 3)])
def test_noise_is_standardized_exactly(shape):
    noise = np.random.default_rng(0).uniform(size=shape) + np.random.default_rng(1).uniform(
        size=(len(np.empty(shape)), *(1 for _ in shape[1:]))
    )
    made = gradient_noise.standardized(noise).astype(float)
    assert made.shape == shape
    np.testing.assert_allclose(made.mean(axis=0), 0.0, atol=1e-6)
    covariance = np.atleast_2d(np.cov(made.T, bias=True))
    np.testing.assert_allclose(covariance, np.eye(len(covariance)), atol=1e-5)

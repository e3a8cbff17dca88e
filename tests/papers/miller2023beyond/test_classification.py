"""Gaussian process classification: short real runs, and planted ones that cost the verdict."""

import jax
import numpy as np
import pytest
import xarray as xr

from groktheory import simulations as sim
from groktheory import validation
from groktheory.papers.bench import Bench
from groktheory.papers.miller2023beyond import classification
from groktheory.validation import Outcome

STEPS = np.arange(0, 1501, 5)


def line_runs(*, gain, wait, growth=1.5):
    """Train accuracy one from step 20 on; a jump of the validation accuracy `wait` later."""
    rng = np.random.default_rng(0)
    jumps = 20 + wait * np.exp(0.1 * rng.normal(size=12))
    jumped = (STEPS >= jumps[:, None]).astype(float)
    rise = np.stack([np.zeros_like(jumped), gain * jumped])
    shape = ("divergence_weight", "seed", "step")
    lengths = np.stack([np.zeros_like(jumped), growth * STEPS / STEPS[-1] + np.zeros_like(jumped)])
    return xr.Dataset(
        {
            "train_accuracy": (shape, np.broadcast_to((STEPS >= 20) * 1.0, rise.shape)),
            "test_accuracy": (shape, 0.65 + rise + 0.005 * rng.normal(size=(2, 12, 1))),
            "log_length_scale": (shape, lengths),
        },
        {"divergence_weight": [0.0, 1.0], "step": STEPS},
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"gain": 0.3, "wait": 200}, [Outcome.SUPPORTED] * 3),
        ({"gain": 0.05, "wait": 200}, [Outcome.REFUTED, Outcome.SUPPORTED, Outcome.SUPPORTED]),
        ({"gain": 0.3, "wait": 10}, [Outcome.SUPPORTED, Outcome.REFUTED, Outcome.SUPPORTED]),
    ],
)
def test_classification_grokking(evidence_from, settings, expected):
    evidence = evidence_from("classification-grokking", {"line": line_runs(**settings)})
    assert [validation.judge(piece).outcome for piece in evidence] == expected


def test_a_length_scale_that_moves_without_complexity_is_seen(evidence_from):
    runs = line_runs(gain=0.3, wait=200)
    runs["log_length_scale"][0, :, -1] = 1e-6
    evidence = evidence_from("classification-grokking", {"line": runs})
    assert validation.judge(evidence[2]).outcome is Outcome.REFUTED


def test_runs_that_never_fit_are_refused():
    runs = line_runs(gain=0.3, wait=200).sel(divergence_weight=1.0)
    with pytest.raises(ValueError, match="a run never fits its train set: train longer"):
        classification.gain_after_fit(runs.assign(train_accuracy=0.9 * runs["train_accuracy"]))


def test_without_complexity_nothing_pulls_the_length_scale():
    """The real thing, short: the expected fit does not depend on the hyper-parameters."""
    runs = classification.train_classifier(
        Bench("miller2023beyond", "classification-grokking"),
        "line",
        spec=sim.tasks.ZeroOneLine(num_test=50),
        length_scale=classification.SHORT,
        divergence_weights=(0.0, 1.0),
        num_steps=60,
        num_seeds=2,
    )
    lengths = runs["log_length_scale"].transpose("divergence_weight", "seed", "step").values
    assert np.all(lengths[0] == np.log(classification.SHORT))
    assert np.all(lengths[1, :, -1] != lengths[1, :, 0])
    assert np.all(runs["train_accuracy"].values[..., -1] >= 0.9)


def parity_runs(relevant, others):
    rng = np.random.default_rng(0)
    ends = np.concatenate([np.full(3, relevant), np.full(17, others)])
    starts = np.zeros((4, 1, 20))
    last = ends + 0.05 * rng.normal(size=(4, 1, 20))
    lengths = np.log(classification.LIBRARY_LENGTH) - np.concatenate([starts, last], axis=1)
    ones = ("divergence_weight", "seed", "step"), np.ones((1, 4, 2))
    return xr.Dataset(
        {
            "log_length_scale": (("divergence_weight", "seed", "step", "input"), lengths[None]),
            "train_accuracy": ones,
            "test_accuracy": ones,
        },
        {"step": [0, 500]},
    )


@pytest.mark.parametrize(
    ("relevant", "others", "expected"),
    [
        (1.0, -1.0, [Outcome.SUPPORTED, Outcome.SUPPORTED]),
        (1.0, 0.6, [Outcome.SUPPORTED, Outcome.REFUTED]),
        (0.0, 0.3, [Outcome.REFUTED, Outcome.REFUTED]),
    ],
)
def test_hidden_parity(evidence_from, relevant, others, expected):
    evidence = evidence_from("hidden-parity", {"parity": parity_runs(relevant, others)})
    found = [validation.judge(piece).outcome for piece in evidence]
    assert found[0] is expected[0]
    assert (found[1] is Outcome.SUPPORTED) == (expected[1] is Outcome.SUPPORTED)


@pytest.mark.slow
def test_hidden_parity_for_real(judge_claim):
    assert judge_claim("hidden-parity") is Outcome.SUPPORTED


def test_a_start_is_drawn_for_every_input():
    spec = sim.tasks.HiddenParity(num_relevant=2, num_spurious=2, num_train=10, num_test=5)
    task = spec.sample(key=jax.random.key(0))
    model = sim.gaussian_processes.VariationalClassifier.init(
        task, length_scale=jax.numpy.ones(4), key=jax.random.key(1)
    )
    assert model.log_length_scale.shape == (4,)

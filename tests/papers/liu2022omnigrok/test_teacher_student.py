"""Claims on students: made-up runs that a claim must tell apart, and (slow) trained ones."""

import jax
import numpy as np
import pytest

from groktheory import simulations as sim
from groktheory.papers.liu2022omnigrok import _runs as runs
from groktheory.papers.liu2022omnigrok import teacher_student as students
from groktheory.validation import Outcome

ORDINARY = runs.ordinary_norm(runs.TEACHER_SIZES)


def shapes(*, left=3.0, right=6.0, corner=0.8, fitted=1e-7):
    """A U of given powers at an L with its corner at a given share of the ordinary norm."""

    def make(name, swept, steps, seeds):
        share = swept["norm"] / ORDINARY / corner
        test = 1e-4 * np.maximum(share**-left, share**right) * (1 + 0.1 * seeds)
        train = np.where(share < 1, 1e-3 * share**-6, fitted)
        record = np.ones(len(steps))
        return {
            "loss": train[..., None] * record,
            "test_loss": test[..., None] * record,
            "test_error": test[..., None] * record,
        }

    return make


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.SUPPORTED),
        ({"right": 0.3}, Outcome.REFUTED),
        ({"left": 0.1}, Outcome.REFUTED),
        ({"fitted": 1e-2}, Outcome.REFUTED),
        ({"corner": 2.2}, Outcome.REFUTED),
    ],
)
def test_shapes_are_told_apart(outcome_of, changes, outcome):
    assert outcome_of("lu-shapes", shapes(**changes)) is outcome


def decaying(*, factor=1.0, power=-1.0, fit_power=0.0):
    """Norms that decay at a multiple of the rate; waits that are a power of the weight decay."""

    def make(name, swept, steps, seeds):
        decay = swept["weight_decay"]
        noise = 1 + 0.01 * seeds
        fit = np.round(60 * decay**fit_power)
        ends = fit + np.round(200 * noise * decay**power)
        rate = -factor * np.log1p(-students.LEARNING_RATE * decay)
        norm = 17 * np.exp(-rate[..., None] * steps)
        return {
            "norm": np.where(steps <= ends[..., None], norm, np.nan),
            "fit_step": fit,
            "generalization_step": ends,
            "stopped_at": ends,
            "last_norm": 17 * np.exp(-rate * ends),
        }

    return make


@pytest.mark.parametrize(
    ("factor", "outcome"),
    [(1.0, Outcome.SUPPORTED), (1.2, Outcome.REFUTED), (2.0, Outcome.REFUTED)],
)
def test_rates_are_told_apart(outcome_of, factor, outcome):
    assert outcome_of("norm-decay", decaying(factor=factor)) is outcome


def test_a_wrong_rate_of_the_theory_costs_the_verdict(outcome_of, plant):
    plant("decay_rate", lambda rate: 1.2 * rate)
    assert outcome_of("norm-decay", decaying()) is Outcome.REFUTED


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.SUPPORTED),
        ({"power": -0.5}, Outcome.REFUTED),
        ({"power": 0.0}, Outcome.REFUTED),
        ({"fit_power": -1.0}, Outcome.REFUTED),
    ],
)
def test_powers_are_told_apart(outcome_of, changes, outcome):
    assert outcome_of("inverse-decay", decaying(**changes)) is outcome


def test_a_student_that_does_not_generalize_is_refused(outcome_of):
    def make(name, swept, steps, seeds):
        return decaying()(name, swept, steps, seeds) | {"stopped_at": np.where(seeds == 1, -1, 9)}

    with pytest.raises(ValueError, match="5 of 40 students do not generalize within 4000 steps"):
        outcome_of("norm-decay", make)


@pytest.mark.parametrize(
    ("large_step", "large_loss", "small_step", "outcome"),
    [
        (-1, 5e-3, 9, Outcome.SUPPORTED),
        (2000, 5e-3, 9, Outcome.REFUTED),
        (-1, 5e-5, 9, Outcome.REFUTED),
        (-1, 5e-3, 500, Outcome.REFUTED),
        (-1, 5e-3, -1, Outcome.REFUTED),
    ],
)
def test_initializations_are_told_apart(outcome_of, large_step, large_loss, small_step, outcome):
    def make(name, swept, steps, seeds):
        is_large = name.startswith("students-2")
        loss = (large_loss if is_large else 5e-5) * (1 + 0.1 * seeds)
        return {
            "generalization_step": np.full(seeds.shape, large_step if is_large else small_step),
            "fit_step": np.full(seeds.shape, 8),
            "test_loss": loss[..., None] * np.ones(len(steps)),
        }

    assert outcome_of("no-decay", make) is outcome


def test_ordinary_norm_is_that_of_drawn_networks(key):
    norm = jax.jit(jax.vmap(lambda k: sim.measures.weight_norm(runs.student(k))))
    np.testing.assert_allclose(np.mean(norm(jax.random.split(key, 16))), ORDINARY, rtol=0.005)


def test_scale_multiplies_weights_and_biases(key):
    plain, doubled = runs.student(key), runs.student(jax.random.clone(key), 2.0)
    np.testing.assert_allclose(np.asarray(doubled.biases[1]), 2 * np.asarray(plain.biases[1]))
    np.testing.assert_allclose(doubled.weights[0], 2 * np.asarray(plain.weights[0]))


def test_correct_samples_are_counted_in_numpy(key):
    data_key, model_key = jax.random.split(key)
    task, model = runs.teacher_task(key=data_key), runs.student(model_key, 0.3)
    batch = task.test()
    outputs = np.asarray(batch.inputs)
    for weights, bias in zip(model.weights[:-1], model.biases[:-1], strict=True):
        outputs = np.tanh(outputs @ np.asarray(weights).T + np.asarray(bias))
    outputs = outputs @ np.asarray(model.weights[-1]).T + np.asarray(model.biases[-1])
    errors = np.mean((outputs - np.asarray(batch.targets)) ** 2, axis=1)
    share = np.mean(errors < runs.CORRECT)
    assert 0 < share < 1
    np.testing.assert_allclose(runs.correct_share(model, batch), share, rtol=1e-6)
    np.testing.assert_allclose(runs.error_per_output(model, batch), np.mean(errors), rtol=1e-5)
    assert bool(runs.student_generalizes(model, task)) == (share >= runs.GENERALIZES)


def test_decay_rates_are_those_of_the_second_half():
    """The first half of the wait falls at another rate and must not count."""
    import xarray as xr

    steps = np.arange(401)
    log_norms = np.where(steps < 250, -0.01 * steps, -2.5 - 0.002 * (steps - 250))
    found = xr.Dataset(
        {
            "norm": (("weight_decay", "seed", "step"), np.exp(log_norms)[None, None]),
            "fit_step": (("weight_decay", "seed"), [[100]]),
            "stopped_at": (("weight_decay", "seed"), [[400]]),
            "last_norm": (("weight_decay", "seed"), [[np.exp(log_norms[-1])]]),
        },
        coords={"step": steps},
    )
    np.testing.assert_allclose(students.decay_rates(found), 0.002, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lu-shapes", "norm-decay", "inverse-decay", "no-decay"])
def test_trained_students(judge_claim, name):
    assert judge_claim(name) is Outcome.SUPPORTED

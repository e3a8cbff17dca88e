"""Waits of penalized networks; each claim can fail on made-up runs; (slow) real runs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from groktheory import simulations as sim
from groktheory.papers.bench import Bench
from groktheory.papers.notsawo2025norm import networks, paper
from groktheory.validation import Outcome, judge


def _outcome(claim, bench):
    return judge(paper.claims[claim].function(bench)).outcome


def test_the_targets_of_the_teacher_are_its_outputs_and_derivatives(key):
    task = networks.teacher_task(key=key)
    spec = sim.tasks.ReluTeacherStudent(
        dimension=20, width=50, num_outputs=2, num_train=100, num_test=500
    )
    hidden, readout = spec.teacher(key=jax.random.clone(key))
    teacher = sim.MLP((hidden, readout), (None, None), "relu")
    batch = task.train()
    assert float(networks.train_error(teacher, task)) < 1e-10
    assert float(networks.test_error(teacher, task)) < 1e-10
    assert float(networks.penalty_of("Sobolev", teacher, batch)) < 1e-3
    bent = sim.MLP((1.1 * hidden, readout), (None, None), "relu")
    jacobians = sim.regularizers.input_jacobians(teacher, batch.inputs)
    expected = 0.1 * np.linalg.norm(jacobians)
    assert float(networks.penalty_of("Sobolev", bent, batch)) == pytest.approx(expected, rel=1e-3)


def test_penalties_are_sums_of_norms_over_the_arrays(key):
    model = sim.MLP.init((4, 5, 2), biases=False, key=key)
    arrays = [np.asarray(w, np.float64) for w in model.weights]
    expected: dict[networks.PenaltyName, float] = {
        "l1": sum(float(np.abs(w).sum()) for w in arrays),
        "l2": sum(float(np.linalg.norm(w)) for w in arrays),
        "nuclear": sum(float(np.linalg.norm(w, "nuc")) for w in arrays),
    }
    for name, value in expected.items():
        assert float(networks.penalty_of(name, model)) == pytest.approx(value, rel=1e-5)


def test_the_zero_function_has_relative_loss_one(key):
    task = networks.teacher_task(key=key)
    zero = sim.MLP((jnp.zeros((50, 20)), jnp.zeros((2, 50))), (None, None), "relu")
    assert float(networks.test_error(zero, task)) == pytest.approx(1.0)


def _student_runs(steps, waits, *, start=100.0, drop=0.5):
    """Train loss 0.01 at `start`; test loss from 0.3, falling as 0.3 - drop/2 (t - start)/wait."""
    waits = np.asarray(waits)[..., None]
    train = np.minimum(1.0, networks.MEMORIZED * start / np.maximum(steps, 1e-9))
    test = 0.3 - 0.15 * drop * np.clip((steps - start) / waits, -0.2, 2)
    dims = ("strength", "seed", "step")
    return xr.Dataset(
        {"train_error": (dims, np.broadcast_to(train, test.shape)), "test_error": (dims, test)},
        coords={"step": steps},
    )


def _accuracy_runs(steps, waits, *, start=100.0):
    waits = np.asarray(waits)[..., None]
    dims = ("strength", "seed", "step")
    test = networks.GROKKED * steps / (start + waits)
    train = np.broadcast_to(networks.FITTED * steps / start, test.shape)
    return xr.Dataset(
        {"train_accuracy": (dims, train), "test_accuracy": (dims, test)}, coords={"step": steps}
    )


class SyntheticBench(Bench):
    """A bench whose waits are proportional to a power of the strength of the penalty."""

    def __init__(self, exponent):
        super().__init__(paper.key, "synthetic")
        self.exponent = exponent

    def train(self, name, **settings):
        steps = np.array(settings["record_steps"])
        strengths = np.array(settings["sweep"]["strength"])[:, None]
        noise = np.random.default_rng(0).normal(scale=0.02, size=settings["num_seeds"])
        waits = (strengths / strengths.min()) ** self.exponent * np.exp(noise)
        waits *= steps[-1] / 3 / waits.max()
        make = _accuracy_runs if name.startswith("modular") else _student_runs
        return make(steps, waits)


def test_student_waits_are_read_at_one_level_for_all_strengths():
    waits = np.array([[2000.0, 1500.0], [1000.0, 800.0]])
    steps = np.arange(0, 6001, 10)
    np.testing.assert_allclose(
        networks.student_waits(_student_runs(steps, waits)), waits, rtol=1e-3
    )


def test_a_test_loss_that_does_not_fall_has_no_wait():
    steps = np.arange(0, 6001, 10)
    for drop in (-0.5, 0.01):
        waits = networks.student_waits(_student_runs(steps, [[100.0], [200.0]], drop=drop))
        assert np.isnan(waits).all()


def test_too_few_waits_are_refused(monkeypatch):
    waits = np.full((3, 5), 100.0)
    waits[0, :3] = np.nan
    monkeypatch.setattr(networks, "student_waits", lambda runs: waits)
    with pytest.raises(ValueError, match="only 2 of 5 draws have a wait under every penalty"):
        _outcome("student-adam", SyntheticBench(-1.0))


def test_waits_that_are_not_defined_are_refused():
    steps = np.arange(0, 6001, 10)
    with pytest.raises(ValueError, match=r"2 of 2 runs do not reach a train loss of 0\.01"):
        networks.student_waits(_student_runs(steps, [[100.0], [200.0]], start=1e6))
    with pytest.raises(ValueError, match=r"1 of 2 runs do not reach test accuracy 0\.9"):
        networks.accuracy_waits(_accuracy_runs(steps, [[100.0], [1e6]]))


@pytest.mark.parametrize("claim", ["student-descent", "student-adam", "modular-addition-penalty"])
@pytest.mark.parametrize(
    ("exponent", "outcome"),
    [(-1.0, Outcome.SUPPORTED), (-0.5, Outcome.REFUTED), (0.0, Outcome.REFUTED)],
)
def test_exponents_are_judged(claim, exponent, outcome):
    assert _outcome(claim, SyntheticBench(exponent)) is outcome


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "outcome"),
    [("student-descent", Outcome.SUPPORTED), ("student-adam", Outcome.REFUTED)],
)
def test_trained_networks_give_the_reported_verdicts(claim, outcome):
    assert _outcome(claim, Bench(paper.key, claim, seed=1, workers=2)) is outcome

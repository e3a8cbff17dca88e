"""What the claims train and read off is what they say, on a small trained committee."""

import numpy as np
import pytest

from groktheory.papers.kumar2023lazy import _probes, _runs, paper
from groktheory.theory import lazy_rich

SETTING = _runs.Setting(5, 15, 8, 300)


@pytest.fixture(scope="module")
def bench():
    from groktheory.papers.bench import Bench

    return Bench(paper.key, "runs")


def train(bench, **options):
    return _runs.train_committees(
        bench,
        "small",
        SETTING,
        scales=[0.5],
        curvatures=[0.3],
        num_steps=40,
        num_seeds=2,
        dtype="float64",
        **options,
    ).isel(scale=0, curvature=0)


def test_trained_committees_follow_the_closed_map(bench):
    runs = train(bench, final={"target_power": _probes.target_power})
    forms = _runs.target_forms(bench, "small", SETTING, 2)
    for seed in range(2):
        run = runs.isel(seed=seed)
        start = _runs.start_of(run)
        outputs = np.einsum("ni,ij,nj->n", start.inputs, forms[seed], start.inputs) / 2
        np.testing.assert_allclose(start.targets, outputs, rtol=1e-5)
        exact = lazy_rich.gradient_descent(
            start.inputs,
            start.targets,
            runs["step"].values,
            scale=0.5,
            curvature=0.3,
            learning_rate=_runs.LEARNING_RATE,
            mean=start.mean,
            second_moment=start.second_moment,
        )
        np.testing.assert_allclose(run["loss"], exact.train_loss, rtol=1e-9)
        np.testing.assert_allclose(run["second_moment"], exact.second_moment, atol=1e-11)
        np.testing.assert_allclose(run["mean"], exact.mean, atol=1e-11)
        terms = _runs.measured_terms(runs, forms)
        expected = lazy_rich.loss_terms(exact.linear, exact.quadratic, forms[seed], curvature=0.3)
        np.testing.assert_allclose(terms.total[seed], expected.total, atol=1e-10)
        # 300 test samples
        np.testing.assert_allclose(run["test_loss"], expected.total, rtol=0.5)
        flow = _runs.closed_flow(run, np.array([40.0]))
        np.testing.assert_allclose(flow.quadratic[-1], exact.quadratic[-1], atol=0.2)


def test_balanced_committees_have_the_moments_of_infinite_width(bench):
    runs = train(bench, is_balanced=True)
    start = _runs.start_of(runs.isel(seed=1))
    np.testing.assert_allclose(start.mean, 0, atol=1e-6)
    np.testing.assert_allclose(start.second_moment, np.eye(5), atol=1e-6)


def test_alignment_and_power_are_those_of_the_kernel():
    import jax

    from groktheory import simulations as sim

    committee = sim.CommitteeMachine.init(5, 12, curvature=0.4, key=jax.random.key(0))
    model = sim.CenteredScaled.init(committee, 0.7)
    task = SETTING.spec.sample(key=jax.random.key(1))
    inputs, targets = np.asarray(task.test().inputs), np.asarray(task.test().targets)
    mean, second = lazy_rich.moments(np.asarray(committee.weights))
    kernel = lazy_rich.committee_kernel(
        inputs.astype(np.float64), curvature=0.4, mean=mean, second_moment=second
    )
    found = _probes.alignment(model, task, num_samples=100)
    expected = lazy_rich.sample_alignment(kernel[:100, :100], targets[:100].astype(np.float64))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    power = targets[:150] @ kernel[:150, 150:] @ targets[150:] / 150**2
    np.testing.assert_allclose(_probes.target_power(model, task), 0.7**2 / 12 * power, rtol=1e-3)


def test_runs_stop_at_the_loss_asked_for(bench):
    runs = train(bench, stop_loss=0.2)
    losses = runs["loss"].values
    assert np.all(_runs.last_records(losses) < 0.2)
    assert np.isnan(losses[:, -1]).all()

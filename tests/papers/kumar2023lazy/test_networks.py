"""Eigenvector labels and delays; each claim can fail on made-up runs; (slow) real runs."""

import numpy as np
import pytest
import xarray as xr
from helpers import SmallBench

from groktheory import simulations as sim
from groktheory.papers.bench import Bench
from groktheory.papers.kumar2023lazy import networks, paper
from groktheory.theory import lazy_rich
from groktheory.validation import Outcome, judge

STEPS = np.array(sim.log_spaced_steps(5000, per_decade=60))


def _outcome(claim, bench):
    return judge(paper.claims[claim].function(bench)).outcome


def test_labels_are_eigenvectors_in_descending_order():
    inputs = np.random.default_rng(0).normal(size=(30, 8)) / np.sqrt(8)
    gram = lazy_rich.committee_kernel(inputs, curvature=1.0)
    values = []
    for index in range(1, 31):
        labels = networks.eigenvector_labels(gram, index)
        values.append(labels @ gram @ labels / 30)
        np.testing.assert_allclose(gram @ labels, values[-1] * labels, atol=1e-10)
        np.testing.assert_allclose(np.mean(labels**2), 1.0)
    assert np.all(np.diff(values) <= 1e-12)


@pytest.mark.parametrize("index", [0, 31])
def test_bad_indices_are_refused(index):
    with pytest.raises(ValueError, match=f"index must lie between 1 and 30, got {index}"):
        networks.eigenvector_labels(np.eye(30), index)


def _accuracies(fit, grok):
    """Lines that reach the two thresholds at given steps `[scales, seeds]`."""

    def curve(times, threshold):
        return threshold * STEPS / np.asarray(times)[..., None]

    return xr.Dataset(
        {
            "train_accuracy": (("scale", "seed", "step"), curve(fit, networks.FITTED)),
            "test_accuracy": (("scale", "seed", "step"), curve(grok, networks.GROKKED)),
        },
        coords={"scale": 1.0 + np.arange(len(fit)), "step": STEPS},
    )


def test_delays_are_log_ratios_and_the_largest_scale_may_be_censored():
    runs = _accuracies([[50.0, 60.0], [100.0, 80.0]], [[200.0, 300.0], [1000.0, 1e6]])
    delays = networks.log_delays(runs, fitted=networks.FITTED, grokked=networks.GROKKED)
    expected = np.log([[200 / 50, 1000 / 100], [300 / 60, 5000 / 80]])
    np.testing.assert_allclose(delays, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("fit", "grok", "message"),
    [
        ([[1e6], [10.0]], [[20.0], [20.0]], r"1 of 2 runs do not reach train accuracy 0\.99"),
        ([[10.0], [10.0]], [[1e6], [20.0]], r"1 of 1 runs below the largest scale do not reach"),
    ],
)
def test_wrong_budgets_are_refused(fit, grok, message):
    with pytest.raises(ValueError, match=message):
        networks.log_delays(_accuracies(fit, grok), fitted=0.99, grokked=0.9)


class SyntheticBench(Bench):
    """A bench whose runs have a delay proportional to a power of the output scale."""

    def __init__(self, exponent):
        super().__init__(paper.key, "synthetic")
        self.exponent = exponent

    def train(self, name, **settings):
        scales = np.array(settings["sweep"]["scale"])[:, None]
        noise = np.exp(np.random.default_rng(0).normal(scale=0.02, size=(1, settings["num_seeds"])))
        fit = np.full(scales.shape, 100.0) * noise**0.5
        return _accuracies(fit, fit * 6 * (scales / scales.max()) ** self.exponent * noise)


@pytest.mark.parametrize("claim", ["modular-addition-scale", "digits-scale"])
@pytest.mark.parametrize(
    ("exponent", "outcome"),
    [(1.0, Outcome.SUPPORTED), (-0.3, Outcome.REFUTED)],
)
def test_delay_is_judged_by_its_trend(claim, exponent, outcome, monkeypatch):
    monkeypatch.setattr(networks, "DIGITS_FITTED", networks.FITTED)
    monkeypatch.setattr(networks, "DIGITS_GROKKED", networks.GROKKED)
    assert _outcome(claim, SyntheticBench(exponent)) is outcome


def test_a_scale_that_does_not_matter_is_not_enough():
    assert _outcome("modular-addition-scale", SyntheticBench(0.0)) is not Outcome.SUPPORTED


def _labels(*, trend, drop):
    rng = np.random.default_rng(0)
    order = np.arange(3)[None]
    noise = rng.normal(scale=0.02, size=(8, 3))
    final = np.exp(trend * order + noise)
    fall = np.linspace(1, drop, len(networks.TIMES))
    test = np.ones((8, 3, len(networks.SCALES), 1)) * fall
    test[..., -1] = final[..., None]
    if trend > 0:
        test[:, 1, :, -1] = np.maximum(final[:, 1], drop)[:, None]
    return {"alignment": np.exp(-trend * order + noise), "train": 1e-9 * test, "test": test}


@pytest.mark.parametrize(
    ("trend", "outcome"),
    [(0.3, Outcome.SUPPORTED), (-0.3, Outcome.REFUTED)],
)
def test_label_eigenvectors_are_judged_by_their_order(trend, outcome, monkeypatch):
    monkeypatch.setattr(networks, "_eigenvector_runs", lambda bench: _labels(trend=trend, drop=1.0))
    assert _outcome("label-eigenvectors", SyntheticBench(0.0)) is outcome


@pytest.mark.parametrize(("drop", "outcome"), [(0.2, Outcome.SUPPORTED), (0.9, Outcome.REFUTED)])
def test_middle_eigenvector_is_judged_by_its_lowest_test_loss(drop, outcome, monkeypatch):
    monkeypatch.setattr(networks, "_eigenvector_runs", lambda bench: _labels(trend=0.3, drop=drop))
    assert _outcome("middle-eigenvector", SyntheticBench(0.0)) is outcome


def test_one_seed_of_the_eigenvector_runs():
    bench = SmallBench(paper.key, "label-eigenvectors", smaller=[(12, 1)])
    runs = networks._eigenvector_runs(bench)
    np.testing.assert_allclose(runs["test"][..., 0], 1.0)
    np.testing.assert_allclose(runs["train"][..., 0], 1.0)
    lazy = networks.SCALES.index(networks.LARGE_SCALE)
    assert runs["train"][0, :, lazy, -1].max() < 1e-6
    assert runs["test"][0, 0, lazy, -1] < 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("claim", "outcome"),
    [
        ("label-eigenvectors", Outcome.SUPPORTED),
        ("middle-eigenvector", Outcome.REFUTED),
        ("modular-addition-scale", Outcome.SUPPORTED),
        ("digits-scale", Outcome.SUPPORTED),
    ],
)
def test_trained_networks_give_the_reported_verdicts(claim, outcome):
    assert _outcome(claim, Bench(paper.key, claim, seed=1, workers=2)) is outcome

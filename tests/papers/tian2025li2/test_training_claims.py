"""The claims on training runs: they can fail, and (slow) what real runs say.

The fast tests give the claims made-up runs that obey the theory; a planted wrong constant in the
theory must then cost the verdict.
"""

import numpy as np
import pytest
import xarray as xr
from helpers import PlantedBench

from groktheory.papers.bench import Bench
from groktheory.papers.tian2025li2 import capacity, gradients, paper, scaling
from groktheory.theory import li2
from groktheory.validation import Outcome, judge

STEPS = np.unique(np.geomspace(1, 6000, 200).astype(int))


def _grokking_runs(*, exponent, speed_up=0.2, groks_without=False, seed=0):
    """Test accuracy that jumps at c * weight_decay^exponent, `speed_up` earlier at zero readout."""

    def runs(name, settings):
        rng = np.random.default_rng(seed)
        decays = np.array(settings["sweep"]["weight_decay"])
        noise = rng.normal(scale=0.02, size=settings["num_seeds"])
        positive = np.maximum(decays, 1e-6)[:, None]
        log_times = exponent * np.log(positive / 8e-4) + noise
        log_times += np.log(4000) - log_times[1:].max()  # all within the budget
        log_times[0] = np.log(500) if groks_without else np.inf
        if name.endswith("readout-0"):
            log_times = log_times - speed_up * (1 + 0.1 * noise)
        accuracy = 1 / (1 + (np.exp(log_times)[..., None] / STEPS) ** 20)
        return xr.Dataset(
            {"test_accuracy": (("weight_decay", "seed", "step"), accuracy)},
            coords={"weight_decay": decays, "step": STEPS},
        )

    return PlantedBench(paper.key, "planted", runs)


def _outcome(claim, bench):
    return judge(paper.claims[claim].function(bench)).outcome


def test_weight_decay_is_supported_only_if_it_is_needed_and_speeds_up():
    assert _outcome("weight-decay", _grokking_runs(exponent=-0.6)) is Outcome.SUPPORTED
    assert _outcome("weight-decay", _grokking_runs(exponent=+0.3)) is Outcome.REFUTED
    assert _outcome("weight-decay", _grokking_runs(exponent=0.0)) is not Outcome.SUPPORTED
    needless = _grokking_runs(exponent=-0.6, groks_without=True)
    assert _outcome("weight-decay", needless) is Outcome.REFUTED


@pytest.mark.parametrize(
    ("exponent", "outcome"),
    [(-1.0, Outcome.SUPPORTED), (-0.6, Outcome.REFUTED), (-2.0, Outcome.REFUTED)],
)
def test_weight_decay_exponent(exponent, outcome):
    assert _outcome("weight-decay-exponent", _grokking_runs(exponent=exponent)) is outcome


def test_zero_readout():
    assert _outcome("zero-readout", _grokking_runs(exponent=-0.6)) is Outcome.SUPPORTED
    slower = _grokking_runs(exponent=-0.6, speed_up=-0.2)
    assert _outcome("zero-readout", slower) is Outcome.REFUTED


def test_a_run_that_never_groks_is_not_averaged():
    late = _grokking_runs(exponent=-0.6, speed_up=-1.0)
    with pytest.raises(ValueError, match=r"\d of 16 runs do not reach test accuracy 0\.9"):
        paper.claims["zero-readout"].function(late)


def _critical_fractions(*, constant, exponent=1.0):
    def fractions(bench, modulus):
        noise = np.random.default_rng(modulus).normal(scale=0.01, size=6)
        return (
            constant
            * np.log(modulus)
            * modulus ** (exponent - 2)
            * 23 ** (1 - exponent)
            * (1 + noise)
        )

    return fractions


@pytest.mark.parametrize(
    ("constant", "exponent", "outcome"),
    [
        (2.7482, 1.0, Outcome.SUPPORTED),
        (2 * 2.7482, 1.0, Outcome.REFUTED),
        (2.7482 / 2, 1.0, Outcome.REFUTED),
        (2.7482, 1.7, Outcome.REFUTED),
    ],
)
def test_data_scaling_rejects_wrong_constants_and_exponents(
    constant, exponent, outcome, monkeypatch
):
    planted = _critical_fractions(constant=constant, exponent=exponent)
    monkeypatch.setattr(scaling, "critical_fractions", planted)
    assert _outcome("data-scaling", PlantedBench(paper.key, "planted", None)) is outcome


def _losses(scale):
    def runs(name, settings):
        width = int(name.rsplit("-", 1)[1])
        noise = np.random.default_rng(width).exponential(0.002, size=settings["num_seeds"])
        loss = li2.capacity_loss(int(width * scale), capacity.CAPACITY_MODULUS) + noise
        return xr.Dataset({"loss_of_all_pairs": (("seed", "step"), loss[:, None])})

    return PlantedBench(paper.key, "planted", runs)


@pytest.mark.parametrize("claim", ["capacity", "capacity-width"])
def test_capacity_rejects_another_number_of_nodes(claim):
    assert _outcome(claim, _losses(1.0)) is Outcome.SUPPORTED
    assert _outcome(claim, _losses(0.5)) is Outcome.REFUTED
    assert _outcome(claim, _losses(2.0)) is not Outcome.SUPPORTED


@pytest.mark.parametrize(("gain", "outcome"), [(0.02, Outcome.SUPPORTED), (-0.02, Outcome.REFUTED)])
def test_muon_is_judged_by_the_sign(gain, outcome):
    def runs(name, settings):
        noise = np.random.default_rng(len(name)).normal(scale=0.01, size=(2, 16))
        loss = 0.2 + noise - (gain if name.endswith("muon") else 0.0)
        return xr.Dataset(
            {"test_loss": (("learning_rate", "seed", "step"), loss[..., None])},
            coords={"learning_rate": [0.005, 0.02]},
        )

    assert _outcome("muon", PlantedBench(paper.key, "planted", runs)) is outcome


@pytest.mark.parametrize(("sign", "outcome"), [(1, Outcome.SUPPORTED), (-1, Outcome.REFUTED)])
def test_learning_rate_is_judged_by_both_signs(sign, outcome):
    def runs(name, settings):
        noise = np.random.default_rng(0).normal(scale=0.05, size=(2, 12))
        accuracy = np.array([[0.9], [0.5]])[:: 1 if sign > 0 else -1] + noise
        energy = 23 * (np.array([[0.09], [0.1]])[:: 1 if sign > 0 else -1] + 0.02 * noise)
        return xr.Dataset(
            {
                "test_accuracy": (("learning_rate", "seed", "step"), accuracy[..., None]),
                "node_energy": (("learning_rate", "seed"), energy),
            },
            coords={"learning_rate": [0.001, 0.02]},
        )

    assert _outcome("learning-rate", PlantedBench(paper.key, "planted", runs)) is outcome


@pytest.mark.parametrize(
    ("late", "death", "outcome"),
    [
        ((0.7, 0.9), 1e-6, Outcome.SUPPORTED),
        ((0.9, 0.7), 1e-6, Outcome.REFUTED),
        ((0.7, 0.9), 0.5, Outcome.REFUTED),
    ],
)
def test_gradient_structure_is_judged_by_direction_and_death(late, death, outcome):
    def runs(name, settings):
        steps = settings["record_steps"]
        decays = settings["sweep"]["weight_decay"]
        noise = np.random.default_rng(0).normal(scale=0.005, size=(4, 1))
        time = np.linspace(0, 1, len(steps))
        gradient = np.empty((2, 4, len(steps), 3))
        gradient[0, ..., 0] = 10 * death**time * (1 + noise)
        gradient[1, ..., 0] = 10 - 9 * time + noise
        gradient[..., 1] = 0.95 + (late[0] - 0.95) * time + noise
        gradient[..., 2] = late[1] * time + noise
        return xr.Dataset(
            {"gradient": (("weight_decay", "seed", "step", "part"), gradient)},
            coords={"weight_decay": decays, "step": steps},
        )

    assert _outcome("gradient-structure", PlantedBench(paper.key, "planted", runs)) is outcome


@pytest.mark.parametrize(
    ("start", "end", "repels", "sharpens"),
    [
        (0.8, 0.99, Outcome.SUPPORTED, Outcome.SUPPORTED),
        (0.99, 0.95, Outcome.SUPPORTED, Outcome.REFUTED),
        (0.5, 0.5, Outcome.REFUTED, Outcome.INCONCLUSIVE),
    ],
)
def test_repulsion_is_judged_by_its_signs(start, end, repels, sharpens, monkeypatch):
    noise = np.random.default_rng(0).normal(scale=0.004, size=(5, 1))
    shares = np.linspace(start, end, 5) + noise * np.array([1, 0, 0, 0, -1])
    monkeypatch.setattr(
        gradients, "_repulsion", lambda bench: (np.arange(5), shares, np.array(0.0))
    )
    assert _outcome("repulsion", PlantedBench(paper.key, "planted", None)) is repels
    assert _outcome("repulsion-sharpens", PlantedBench(paper.key, "planted", None)) is sharpens


def test_wrong_closed_form_of_repulsion_is_refuted(monkeypatch):
    shares = np.full((5, 5), 0.95) + np.linspace(0, 0.01, 5)[:, None]
    monkeypatch.setattr(
        gradients, "_repulsion", lambda bench: (np.arange(5), shares, np.array(0.1))
    )
    assert _outcome("repulsion", PlantedBench(paper.key, "planted", None)) is Outcome.REFUTED


@pytest.mark.slow
def test_trained_networks_give_the_reported_verdicts():
    """The headline claims on training, and the law that Adam breaks; not the default seed."""
    for claim, outcome in (
        ("weight-decay", Outcome.SUPPORTED),
        ("weight-decay-exponent", Outcome.REFUTED),
        ("capacity", Outcome.SUPPORTED),
    ):
        assert _outcome(claim, Bench("tian2025li2", claim, seed=1, workers=2)) is outcome

"""The claims on training runs, given made-up runs: each can be supported, and can fail."""

import numpy as np
import pytest
import xarray as xr
from helpers import PlantedBench

from groktheory.papers.mohamadi2024kernel import paper, scaling
from groktheory.papers.mohamadi2024kernel._probes import first_steps
from groktheory.validation import judge


def outcome(claim, runs):
    return judge(paper.claims[claim].function(PlantedBench(paper.key, "planted", runs))).outcome


def noise(settings, name):
    rng = np.random.default_rng(len(name))
    return rng.normal(size=settings["num_seeds"])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def classifier_runs(*, change_at_fit, turn=0.2, grows=True, generalizes=True):
    """Train set fitted at a tenth of the run; the kernel grows as a power of the step."""

    def runs(name, settings):
        steps = np.array(settings["record_steps"])
        seeds = settings["num_seeds"]
        jitter = 1 + 0.02 * noise(settings, name)[:, None]
        time = steps / settings["num_steps"]
        train = np.broadcast_to(np.minimum(time / 0.1, 1.0), (seeds, len(steps)))
        test = np.where(time > 0.1, time if generalizes else 0.0, 0.0) * jitter * 0.8
        power = 3 if grows else 0
        change = change_at_fit * (np.maximum(time, 1e-9) / 0.1) ** power * jitter
        # A diagonal kernel that grows, and turns a little into an orthogonal direction.
        growth = 1 + np.where(time > 0, change, 0.0)
        angle = np.where(time > 0, np.arcsin(turn), 0.0)
        kernel = np.zeros((seeds, len(steps), 2, 2))
        kernel[..., 0, 0] = growth * np.cos(angle)
        kernel[..., 1, 1] = growth * np.sin(angle)
        margin = np.where(time >= 0.1, 0.1 + time, -1.0) * jitter
        return xr.Dataset(
            {
                "kernel": (("seed", "step", "row", "column"), kernel),
                "margin": (("seed", "step"), margin),
                "train": (("seed", "step"), train),
                "test": (("seed", "step"), test),
            },
            coords={"step": steps},
        )

    return runs


def test_kernel_until_interpolation_follows_the_kernel():
    name = "kernel-until-interpolation"
    assert outcome(name, classifier_runs(change_at_fit=0.1)) == "supported"
    assert outcome(name, classifier_runs(change_at_fit=30.0)) == "refuted"
    assert outcome(name, classifier_runs(change_at_fit=0.1, turn=0.9)) == "refuted"
    assert outcome(name, classifier_runs(change_at_fit=0.1, grows=False)) == "refuted"


def test_large_initialization_needs_late_generalization():
    name = "large-initialization"
    assert outcome(name, classifier_runs(change_at_fit=0.1)) == "supported"
    assert outcome(name, classifier_runs(change_at_fit=5.0)) == "refuted"
    assert outcome(name, classifier_runs(change_at_fit=0.1, generalizes=False)) == "refuted"


def test_margin_growth_needs_a_margin_that_follows():
    name = "margin-growth"
    assert outcome(name, classifier_runs(change_at_fit=1.0)) == "supported"

    def falling(name, settings):
        runs = classifier_runs(change_at_fit=1.0)(name, settings)
        return runs.assign(margin=1.3 - runs["margin"])

    assert outcome(name, falling) == "refuted"


def test_runs_that_do_not_fit_are_refused():
    def unfitted(name, settings):
        runs = classifier_runs(change_at_fit=1.0)(name, settings)
        return runs.assign(train=0.9 * runs["train"])

    with pytest.raises(ValueError, match="did not fit its train set: train for longer"):
        outcome("margin-growth", unfitted)


def scale_runs(*, delays, margins):
    """Train accuracy one half at step 100, test accuracy `delays` later, for each scale."""

    def runs(name, settings):
        steps = np.array(settings["record_steps"], float)
        shape = (len(delays), settings["num_seeds"], len(steps))
        shift = 10 * noise(settings, name)[None, :, None]
        late = 100 + np.array(delays)[:, None, None] + shift
        test = np.broadcast_to(sigmoid((steps - late) / 50), shape)
        train = np.minimum(2 * sigmoid((steps - 100) / 20), 1.0) * np.ones(shape)
        train = np.where(steps < 100, 0.4, train)
        margin = np.array(margins)[:, None, None] * test
        names = ("scale", "seed", "step")
        return xr.Dataset(
            {"train": (names, train), "test": (names, test), "margin": (names, margin)},
            coords={"scale": settings["sweep"]["scale"], "step": steps},
        )

    return runs


def test_initial_scale_needs_shorter_delays():
    equal = (1.0, 1.0, 1.0)
    assert outcome("initial-scale", scale_runs(delays=(50, 300, 700), margins=equal)) == (
        "supported"
    )
    assert outcome("initial-scale", scale_runs(delays=(700, 300, 50), margins=equal)) == "refuted"
    assert outcome("initial-scale", scale_runs(delays=(300, 300, 300), margins=equal)) != (
        "supported"
    )


def test_margin_across_scales_needs_one_curve():
    name = "margin-across-scales"
    assert outcome(name, scale_runs(delays=(50, 300, 700), margins=(1.0, 1.0, 1.0))) == "supported"
    assert outcome(name, scale_runs(delays=(50, 300, 700), margins=(0.01, 1.0, 99.0))) == "refuted"


def max_norm_runs(exponent, held_out=0.3):
    def runs(name, settings):
        modulus = int(name.removeprefix("max-norm-p"))
        norm = 0.7 * (modulus / 11) ** exponent * (1 + 0.01 * noise(settings, name))
        test = held_out * (1 + 0.05 * noise(settings, name))
        values = {"norm": norm, "test": test}
        return xr.Dataset({key: (("seed", "step"), v[:, None]) for key, v in values.items()})

    return runs


def test_max_norm_must_not_grow_in_networks_that_generalize():
    assert outcome("max-norm", max_norm_runs(0.0)) == "supported"
    assert outcome("max-norm", max_norm_runs(1 / 3)) == "refuted"
    assert outcome("max-norm", max_norm_runs(-1 / 2)) == "refuted"
    assert outcome("max-norm", max_norm_runs(0.0, held_out=1.5)) == "refuted"


def data_runs(exponent, *, amplitude, swept):
    """Test accuracy (or minus the loss) that rises at amplitude * p^exponent samples."""

    def runs(name, settings):
        modulus = int(name.split("-p")[1])
        points = np.array(settings["sweep"][swept], float)
        total = modulus**2 if swept == "train_fraction" else 1
        critical = amplitude * modulus**exponent * (1 + 0.01 * noise(settings, name)[:, None])
        rise = sigmoid(8 * np.log(points * total / critical))
        values = rise if swept == "train_fraction" else 1 - rise
        return xr.Dataset(
            {"test": (("seed", swept, "step"), values[..., None])}, coords={swept: points}
        )

    return runs


def test_classification_data_separates_the_regimes():
    def found(exponent):
        amplitude = 0.65 * 23**2 / 23**exponent
        return outcome(
            "classification-data",
            data_runs(exponent, amplitude=amplitude, swept="train_fraction"),
        )

    assert found(1.5) == "supported"
    assert found(2.0) == "refuted"


def test_regression_data_separates_the_regimes():
    def found(exponent):
        amplitude = 0.6 * 13**3 / 13**exponent
        return outcome(
            "regression-data", data_runs(exponent, amplitude=amplitude, swept="num_train")
        )

    assert found(1.7) == "supported"
    assert found(3.0) == "refuted"


def penalized_runs(loss):
    def runs(name, settings):
        steps = np.array([0, 10, 100])
        held_out = loss * (1 + 0.03 * noise(settings, name)[:, None]) * np.ones(3)
        rng = np.random.default_rng(1)
        orders = np.array([rng.permutation(11**3) for _ in held_out])
        return xr.Dataset(
            {
                "train": (("seed", "step"), 0.01 * held_out),
                "test": (("seed", "step"), held_out),
                "order": (("seed", "sample"), orders),
            },
            coords={"step": steps},
        )

    return runs


def test_rich_networks_must_beat_their_kernel():
    assert outcome("rich-beats-kernel", penalized_runs(0.5)) == "supported"
    assert outcome("rich-beats-kernel", penalized_runs(1.6)) == "refuted"
    assert outcome("rich-beats-kernel", penalized_runs(1.1)) == "refuted"


def test_first_steps_of_curves_that_never_get_there_are_infinite():
    runs = xr.Dataset(
        {"test": (("seed", "step"), [[0.0, 0.6, 0.9], [0.0, 0.1, 0.2]])},
        coords={"step": [0, 5, 9]},
    )
    assert first_steps(runs, "test", level=0.5).tolist() == [5.0, np.inf]


def test_crossings_interpolate_noisy_curves_and_go_on_beyond_the_ends():
    x = np.array([1.0, 2.0, 3.0])
    curves = np.array([[0.0, 0.4, 0.6], [0.0, 0.1, 0.3], [0.2, 0.7, 0.6]])
    found = scaling._crossings(x, curves)
    np.testing.assert_allclose(found[:2], [2.5, 4.0])
    assert 1 < found[2] < 2

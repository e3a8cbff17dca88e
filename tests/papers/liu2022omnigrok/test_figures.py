import math

import numpy as np
import pytest
from helpers import curve
from scipy.integrate import solve_ivp

from groktheory.papers.liu2022omnigrok import _runs as runs
from groktheory.papers.liu2022omnigrok import teacher_student as students

ORDINARY = runs.ordinary_norm(runs.TEACHER_SIZES)
START = 2 * ORDINARY


def bars(axes, label):
    """Points of the one set of error bars with a label."""
    (found,) = [item for item in axes.containers if item.get_label() == label]
    return tuple(np.asarray(xy, float) for xy in found.lines[0].get_data())


def planted(name, swept, steps, seeds):
    """Losses that are powers of the norm, and norms that decay at the rate of the decay alone."""
    if "spheres" in name:
        share = swept["norm"] / ORDINARY
        test = (1e-4 * share**4 * (1 + 0.1 * seeds))[..., None] * np.ones(len(steps))
        error = (0.05 * (share / 1.6) ** 4)[..., None] * np.ones(len(steps))
        return {"loss": 1e-3 * test, "test_loss": test, "test_error": error}
    decay = swept["weight_decay"]
    rate = -np.log1p(-students.LEARNING_RATE * decay)
    ends = np.round(np.log(2 / 1.6) / rate)
    norm = START * np.exp(-rate[..., None] * steps)
    return {
        "loss": 1e-6 + 0 * norm,
        "test_loss": 1e-4 * (norm / ORDINARY) ** 4,
        "norm": norm,
        "fit_step": np.full(decay.shape, 50),
        "generalization_step": ends,
        "stopped_at": ends,
        "last_norm": START * np.exp(-rate * ends),
    }


def test_landscape_shows_reduced_losses_and_the_way_of_a_run(draw):
    reduced, losses = draw("landscape", planted, weight_decay=0.5).axes
    norms, test = bars(reduced, "test, sphere")
    np.testing.assert_allclose(norms, np.array(students.SCALES) * ORDINARY)
    np.testing.assert_allclose(test, 1.1e-4 * (norms / ORDINARY) ** 4)
    way = reduced.collections[-1].get_offsets()
    np.testing.assert_allclose(way[:, 1], 1e-4 * (way[:, 0] / ORDINARY) ** 4, rtol=1e-6)
    assert way[0, 0] == pytest.approx(START)
    predicted = curve(losses, "predicted step")[0][0]
    critical = (1e-3 / 1.1e-4) ** 0.25  # where the mean reduced test loss is 0.001
    assert predicted == pytest.approx(np.log(2 / critical) / (1e-3 * 0.5), rel=1e-3)


def test_grokking_time_draws_the_law_of_the_landscape(draw):
    times, norms = draw("grokking-time", planted, seed=3).axes
    decays, law = curve(times, "from the landscape")
    np.testing.assert_allclose(law, np.log(2 / 1.6) / (1e-3 * decays), rtol=2e-3)
    points, steps = bars(times, "generalizes")
    np.testing.assert_allclose(steps, np.interp(points, decays, law), rtol=0.02)
    np.testing.assert_allclose(bars(times, "fits")[1], 50)
    for line in norms.get_lines()[1::2]:  # every run lies on the exponential
        np.testing.assert_allclose(line.get_ydata(), np.exp(-line.get_xdata()), rtol=1e-6)


def sizes_planted(name, swept, steps, seeds):
    size = float(name.rpartition("-")[2])
    shape = np.ones((*seeds.shape, 1))
    return {
        "train_accuracy": np.minimum(1, 0.95 * steps / (2 * size)) * shape,
        "test_accuracy": np.minimum(1, 0.7 * steps / (50_000 / size)) * shape,
    }


@pytest.mark.parametrize("threshold", [0.7, 0.35])
def test_data_size_draws_both_crossings(draw, threshold):
    steps, accuracies = draw("data-size", sizes_planted, threshold=threshold).axes
    sizes, fits = bars(steps, "fits")
    np.testing.assert_allclose(fits, 2 * sizes, rtol=1e-4)
    groks = bars(steps, "generalizes")[1]
    np.testing.assert_allclose(groks, threshold / 0.7 * 50_000 / sizes, rtol=1e-4)
    assert curve(accuracies, "10 images")[1].max() == pytest.approx(0.7 * 3000 / 5000)


def test_phase_portrait_shows_the_flow_of_norm_and_messiness(draw):
    portrait, times = draw("phase-portrait", planted, angle=1.05).axes
    logs, mess = curve(portrait, "run")

    def velocity(_, state):
        depth = 100 * max(0.0, state[1] / math.tan(1.05) - state[0])
        return [depth * math.exp(-2 * state[0]) - 0.02, -depth / math.tan(1.05)]

    path = solve_ivp(
        velocity, (0, 4 * logs[0] / 0.02), [logs[0], mess[0]], max_step=0.05, dense_output=True
    )
    at = np.linspace(0, path.t[-1], len(logs))
    np.testing.assert_allclose(mess, path.sol(at)[1], atol=2e-3)
    arrival = at[np.argmax(path.sol(at)[1] <= 0.05)]
    angles, found = curve(times, "integrated")
    assert found[list(angles).index(1.05)] == pytest.approx(arrival, rel=0.01)
    np.testing.assert_allclose(found, np.interp(angles, *curve(times, "closed form")), rtol=0.02)
    published = np.interp(angles, *curve(times, r"$(L+h\tan\vartheta)/v$"))
    assert np.all(published > 1.1 * found)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("landscape", {"weight_decay": 0.0}, r"weight_decay must lie in \(0, 2\], got 0"),
        ("grokking-time", {"seed": 8}, r"seed must lie in \[0, 7\], got 8"),
        ("data-size", {"threshold": 0.9}, r"threshold must lie in \[0.2, 0.7\].*got 0.9"),
        ("phase-portrait", {"angle": 2.0}, r"angle must lie in \[0.5, 1.3\] radians, got 2"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, planted, **options)

import io
from typing import Any, cast

import numpy as np
import pytest
from helpers import curve
from matplotlib.animation import FuncAnimation
from matplotlib.colors import to_rgba

from groktheory.papers.liu2022effective import _figure_rates, _figure_trained
from groktheory.theory import representation as theory


def dots(axes):
    (collection,) = axes.collections
    return np.asarray(collection.get_offsets())


def test_unfolding_ends_in_a_line_and_a_circle(draw):
    axes = draw("unfolding", symbols=7, modulus=11).axes
    first, last = dots(axes[0]), dots(axes[3])
    steps = np.diff(last, axis=0)
    assert np.abs(steps - steps.mean(axis=0)).max() < 0.25 * np.linalg.norm(steps[0])
    np.testing.assert_allclose(np.sum(last**2), np.sum(first**2))
    circle = dots(axes[7]) @ [1, 1j]
    assert np.ptp(np.abs(circle)) < 0.3 * np.abs(circle).mean()
    joined = np.asarray(axes[7].get_lines()[0].get_xydata()) @ [1, 1j]
    turns = np.angle(joined[1:] / joined[:-1]) * 11 / (2 * np.pi)
    np.testing.assert_allclose(turns, turns[0].round(), atol=0.35)
    for panel in axes:
        low, high = np.array([panel.get_xlim(), panel.get_ylim()]).T
        assert np.all((dots(panel) > low) & (dots(panel) < high))
    assert len({panel.get_xlim() for panel in axes[:4]}) == 1


def test_animation_moves_from_the_start_to_the_end(draw):
    drawn = draw("unfolding-animation", symbols=6, modulus=7, frames=12)
    assert isinstance(drawn, FuncAnimation)
    moving = cast(Any, drawn)
    moving._draw_was_started = True  # rendered frame by frame here
    left, right = moving._fig.axes
    draw_frame = moving._func
    draw_frame(0)
    start = dots(left).copy()
    assert "0.00" in left.get_title()
    draw_frame(11)
    end = dots(left)
    np.testing.assert_allclose(np.sum(end**2), np.sum(start**2))
    steps = np.diff(end, axis=0)
    assert np.abs(steps - steps.mean(axis=0)).max() < 0.2 * np.linalg.norm(steps[0])
    circle = dots(right) @ [1, 1j]
    assert np.ptp(np.abs(circle)) < 0.1 * np.abs(circle).mean()
    assert "q = 1.00" in right.get_title()
    moving._fig.savefig(io.BytesIO(), format="png", dpi=40)


def test_unique_probability_shows_exact_and_sampled_numbers(draw):
    left, right = draw("unique-probability", draws=400, largest=20).axes
    fractions, drawn = curve(left, "$p = 6$")
    samples = theory.all_samples(6)
    rng, size = np.random.default_rng(0), 12
    hits = np.mean([
        theory.has_unique_representation(samples[rng.permutation(21)[:size]], 6)
        for _ in range(500)
    ])  # fmt: skip
    assert abs(drawn[size] - hits) < 0.1 and fractions[size] == pytest.approx(12 / 21)
    (points,) = [c for c in left.containers if c.get_label() == "$p = 20$"][:1]
    x, y = points.lines[0].get_data()
    expected = theory.unique_probability(
        20, np.round(np.asarray(x) * 210).astype(int), method="monte_carlo", draws=400,
        rng=np.random.default_rng(8),
    )  # fmt: skip
    assert np.abs(y - expected.probability).max() < 0.15
    symbols, critical = curve(right, "exact")
    assert symbols[-1] == 10 and critical[-1] * 55 == pytest.approx(22.48, abs=0.01)
    assert np.all(np.diff(critical) < 0)


def test_grokking_time_shows_rates_and_published_steps(draw):
    left, middle, right, _ = draw("grokking-time", draws=40).axes
    fractions, rates = curve(left, r"$\lambda_3$")
    assert fractions[-1] == 1 and rates[-1] == pytest.approx(0.6 / 7)
    published = {20: 0.0013, 25: 0.0102, 30: 0.0228, 40: 0.0467, 45: 0.0578}
    for size, rate in published.items():
        assert abs(rates[size - 14] - rate) < 0.004
    times = curve(middle, r"$1/\lambda_3$")[1]
    assert times[-1] == pytest.approx(70 / 6)
    predicted, measured = curve(right, "trained")
    assert len(measured) == len(_figure_rates.PUBLISHED_RUNS) == 14
    np.testing.assert_allclose(predicted * _figure_rates.PUBLISHED_RUNS[:, 0], 1000)
    assert to_rgba(right.get_lines()[0].get_color()) == to_rgba("0.1")


def test_trained_embeddings_and_their_flow_start_at_the_same_place(draw, monkeypatch):
    monkeypatch.setattr(_figure_trained, "_STEPS", 50)
    monkeypatch.setattr(_figure_trained, "_SEEDS", 2)
    trained, flow, quality = draw("trained-unfolding", num_train=45).axes
    starts = [[line.get_ydata()[0] for line in axes.get_lines()] for axes in (trained, flow)]
    np.testing.assert_allclose(starts[0], starts[1], atol=1e-6)
    np.testing.assert_allclose(np.std(starts[0], ddof=1), 1, rtol=1e-6)
    paths = np.array([line.get_ydata() for line in flow.get_lines()])
    np.testing.assert_allclose(np.sum(paths**2, axis=0), 9, rtol=1e-6)
    ends = paths[:, -1]
    assert np.abs(np.diff(ends, n=2)).max() < 0.2 * np.ptp(ends) / 9
    steps, index = curve(quality, "trained")
    assert len(steps) == 3 and np.all((index >= 0) & (index <= 1))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("unfolding", {"symbols": 3}, "symbols must be at least 4, got 3"),
        ("unfolding", {"modulus": 9}, "modulus must be a prime of at least 5.*got 9"),
        ("unfolding-animation", {"frames": 1}, "frames must be at least 2, got 1"),
        ("trained-unfolding", {"num_train": 55}, r"num_train must lie in \[22, 54\].*got 55"),
        ("unique-probability", {"draws": 10}, "draws must be at least 100, got 10"),
        ("unique-probability", {"largest": 10}, "largest must be at least 20, got 10"),
        ("grokking-time", {"draws": 5}, "draws must be at least 20, got 5"),
    ],
)
def test_bad_options_are_refused(draw, name, options, message):
    with pytest.raises(ValueError, match=message):
        draw(name, **options)

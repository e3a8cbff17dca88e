"""Figures of embeddings that unfold: into a line for addition, into a circle modulo a prime."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Complex, Float

from ...theory import representation as theory
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_LINE_TIMES = (0.0, 0.3, 1.0, 4.0)  # in units of 1 / lambda_3
_LEFT = (0.5, 0.15, 0.002)  # shares of all frequencies but the winner


@paper.figure(
    "unfolding",
    caption=(
        "Embeddings along the effective flow, in closed form. (a) Addition of ten symbols by sums "
        "of embeddings in the plane, 45 of the 55 samples: from a random start, with the mean "
        "removed, to a line with equal steps. (b) Addition modulo a prime by products of complex "
        "embeddings, all samples: the strongest frequency of the start, of share q, takes over, "
        "and the embeddings end on a circle. Neighbors on the final line or circle are joined."
    ),
    options={"symbols": 10, "modulus": 13},
)
def unfolding(bench: Bench, *, symbols: int = 10, modulus: int = 13) -> Figure:
    """Draw four moments of both flows."""
    refuse_bad_options(symbols, modulus)
    line, _ = line_path(bench, symbols, np.array(_LINE_TIMES))
    start, frequency = circle_start(bench, modulus)
    moments = [0.0, *(theory.circular_time(start, left) for left in _LEFT)]
    circle = theory.circular_flow(start, np.array(moments))
    shares = theory.fourier_shares(circle)[:, frequency]
    with drawing(height=3.9, is_wide=True, rows=2, columns=4) as (figure, panels):
        for axes, points, time in zip(panels[0], line, _LINE_TIMES, strict=True):
            _draw_points(axes, points, np.arange(symbols), is_closed=False)
            axes.set_title(rf"$\lambda_3 t = {time:g}$", loc="center")
        order = np.argsort(np.arange(modulus) * frequency % modulus)
        for axes, numbers, share in zip(panels[1], circle, shares, strict=True):
            _draw_points(axes, in_plane(numbers), order, is_closed=True)
            axes.set_title(f"$q = {share:.3g}$", loc="center")
        _frame(panels[0], "a", line)
        _frame(panels[1], "b", in_plane(circle))
    return figure


@paper.figure(
    "unfolding-animation",
    caption=(
        "The flows of the figure `unfolding` as moving pictures. Left: addition by sums, which "
        "unfolds into a line at the rate lambda_3. Right: addition modulo a prime by products, "
        "where the strongest frequency wins and the embeddings open into a circle."
    ),
    options={"symbols": 10, "modulus": 13, "frames": 100},
)
def unfolding_animation(
    bench: Bench, *, symbols: int = 10, modulus: int = 13, frames: int = 100
) -> Animation:
    """Draw both flows, slowly at first, and rest at the end."""
    from matplotlib.animation import FuncAnimation

    refuse_bad_options(symbols, modulus)
    if frames < 2:
        raise ValueError(f"frames must be at least 2, got {frames}")
    # A tenth of the pictures shows the end; before it time runs as a square.
    eased = np.clip(np.linspace(0, 1 / 0.9, frames), 0, 1) ** 2
    line, _ = line_path(bench, symbols, eased * 6.0)
    start, frequency = circle_start(bench, modulus)
    circle = theory.circular_flow(start, theory.circular_time(start, 1e-4) * np.sqrt(eased))
    shares = theory.fourier_shares(circle)[:, frequency]
    order = np.argsort(np.arange(modulus) * frequency % modulus)
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, (left, right)):
        parts = (
            _draw_points(left, line[0], np.arange(symbols), is_closed=False),
            _draw_points(right, in_plane(circle[0]), order, is_closed=True),
        )
        for axes, points in ((left, line), (right, in_plane(circle))):
            _square(axes, points)
            axes.spines[:].set_visible(False)
        titles = (left.set_title(" ", loc="center"), right.set_title(" ", loc="center"))

        def draw(frame: int) -> list[Any]:
            _move(parts[0], line[frame], np.arange(symbols), is_closed=False)
            _move(parts[1], in_plane(circle[frame]), order, is_closed=True)
            titles[0].set_text(rf"addition, $\lambda_3 t = {6 * eased[frame]:.2f}$")
            titles[1].set_text(f"addition modulo {modulus}, $q = {shares[frame]:.2f}$")
            return [*titles]

        return FuncAnimation(figure, draw, frames=frames, interval=50, blit=False)


def line_path(
    bench: Bench, symbols: int, times: Float[np.ndarray, " times"]
) -> tuple[Float[np.ndarray, "times symbols 2"], float]:
    """Return the flow of sums in the plane at times in units of the slowest time, and its rate."""
    rng = bench.generator("line")
    samples = theory.all_samples(symbols)
    count = math.ceil(0.8 * len(samples))
    while True:  # four fifths of the samples nearly always determine the representation
        train = samples[rng.permutation(len(samples))[:count]]
        start = theory.standardized(rng.standard_normal((symbols, 2)))
        rate = theory.grokking_rate(train, symbols, squared_norm=float(np.sum(start**2)))
        if rate > 0:
            return theory.effective_flow(start, train, times / rate), rate


def circle_start(bench: Bench, modulus: int) -> tuple[Complex[np.ndarray, " symbols"], int]:
    """Return a random start without a mean, and the frequency that will win."""
    rng = bench.generator("circle")
    start = rng.standard_normal(modulus) + 1j * rng.standard_normal(modulus)
    start -= start.mean()
    return start, int(np.argmax(theory.fourier_shares(start)))


def in_plane(numbers: Complex[np.ndarray, "*points"]) -> Float[np.ndarray, "*points 2"]:
    """Return real and imaginary parts as coordinates."""
    return np.stack([np.real(numbers), np.imag(numbers)], axis=-1)


def refuse_bad_options(symbols: int, modulus: int) -> None:
    """Refuse numbers of symbols with which there is nothing to see.

    Raises
    ------
    ValueError
        For fewer than four symbols, or a modulus that is not an odd prime above three.
    """
    if symbols < 4:
        raise ValueError(f"symbols must be at least 4, got {symbols}")
    if modulus < 5 or any(modulus % factor == 0 for factor in range(2, math.isqrt(modulus) + 1)):
        raise ValueError(
            f"modulus must be a prime of at least 5, so that every frequency keeps all symbols "
            f"apart, got {modulus}"
        )


def _draw_points(
    axes: Axes, points: Float[np.ndarray, "symbols 2"], order: np.ndarray, *, is_closed: bool
) -> tuple[Any, Any, list[Any]]:
    """Draw numbered symbols, joined in an order; colors follow that order."""
    colors = np.empty(len(order))
    colors[order] = np.arange(len(order)) / len(order)
    chain = np.append(order, order[0]) if is_closed else order
    (joined,) = axes.plot(*points[chain].T, color="0.7", lw=0.8, zorder=1)
    dots = axes.scatter(
        *points.T, c=colors, cmap="hsv" if is_closed else "viridis", vmin=0, vmax=1, s=62, zorder=2,
        alpha=0.55, linewidths=0,
    )  # fmt: skip
    names = [
        axes.text(point[0], point[1], str(name), ha="center", va="center", fontsize=5.5, zorder=3)
        for name, point in enumerate(points)
    ]
    return joined, dots, names


def _move(
    parts: tuple[Any, Any, list[Any]], points: np.ndarray, order: np.ndarray, *, is_closed: bool
) -> None:
    joined, dots, names = parts
    chain = np.append(order, order[0]) if is_closed else order
    joined.set_data(*points[chain].T)
    dots.set_offsets(points)
    for name, point in zip(names, points, strict=True):
        name.set_position(point)


def _frame(row: Any, name: str, points: Float[np.ndarray, "moments symbols 2"]) -> None:
    """Give all panels of a row the same square, without ticks."""
    for axes in row:
        _square(axes, points)
        for spine in axes.spines.values():
            spine.set_visible(True)
            spine.set_color("0.8")
    letter(row[0], name)


def _square(axes: Axes, points: Float[np.ndarray, "moments symbols 2"]) -> None:
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    middle, reach = (low + high) / 2, 0.6 * np.max(high - low)
    axes.set(
        aspect="equal", xlim=(middle[0] - reach, middle[0] + reach), xticks=[],
        ylim=(middle[1] - reach, middle[1] + reach), yticks=[],
    )  # fmt: skip

"""Figures of the slide along the interpolants, under the l1 norm and under the nuclear norm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...theory import implicit_bias as theory
from ...validation.layout import drawing, legend_above, letter
from ._card import paper
from ._figure_data import recoverable_problem
from ._runs import INITIAL, RECOVERED, SparseProblem
from .low_rank import memorized_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench

_LEARNING_RATE = 0.1
_PENALTIES = (1e-3, 1e-4)
_SHOWN = 6  # singular values
_ARRIVED = 0.05  # relative error from which a matrix counts as recovered


@paper.figure(
    "sliding-path",
    caption=(
        "The slide from the interpolant nearest to the initialization to that of least l1 norm, "
        "exact, against alpha beta t since memorization; dotted, T*, at which the relative error "
        "is 0.02. (a) Coordinates: those of the signal (circles, their values in it) and the "
        "others. (b) Relative error of the slide (points) and of proximal gradient descent with "
        "step 0.1 from a small initialization (lines), whose train residual is dashed. On this "
        "clock memorization moves with the penalty, recovery does not."
    ),
    options={"dimension": 100, "sparsity": 5, "num_measurements": 30},
)
def sliding_path(
    bench: Bench, *, dimension: int = 100, sparsity: int = 5, num_measurements: int = 30
) -> Figure:
    """Draw coordinates and error of the exact l1 flow, and gradient descent on its clock."""

    def solve() -> dict[str, np.ndarray]:
        problem = recoverable_problem(
            bench.generator("sliding-path"),
            dimension=dimension,
            sparsity=sparsity,
            num_measurements=num_measurements,
        )
        path = problem.slide()
        arrival = path.arrival_time(problem.signal, relative_error=RECOVERED)
        numbers = {
            "times": path.times,
            "points": path.points,
            "signal": problem.signal,
            "arrival": np.array(arrival),
        }
        for index, penalty in enumerate(_PENALTIES):
            steps, records = _proximal_descent(problem, penalty, duration=2.5 * arrival)
            numbers |= {f"clock{index}": _LEARNING_RATE * penalty * steps}
            numbers |= {f"records{index}": records}
        return numbers

    numbers = bench.cached("slide", solve)
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        _draw_coordinates(panels[0], numbers)
        _draw_errors(panels[1], numbers)
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            legend_above(axes, columns=3)
    return figure


@paper.figure(
    "nuclear-path",
    caption=(
        "The slide of a matrix of rank one under the nuclear norm, from random linear "
        "measurements, against alpha beta t since memorization; dotted, T*, at which the relative "
        "error is 0.05. (a) The six largest singular values: all but the first fall to zero, and "
        "this one rises to that of the target (dashed). (b) Relative error, and the excess of the "
        "nuclear norm over that of the target, in units of the latter."
    ),
    options={"side": 15, "num_measurements": 130},
)
def nuclear_path(bench: Bench, *, side: int = 15, num_measurements: int = 130) -> Figure:
    """Draw singular values and error along the nuclear-norm flow of a rank-one matrix."""
    if not 2 * side < num_measurements < side**2:
        raise ValueError(
            f"num_measurements must lie in ({2 * side}, {side**2}) for matrices of {side} rows, "
            f"got {num_measurements}"
        )

    def solve() -> dict[str, np.ndarray]:
        rng = bench.generator("nuclear-path")
        left, right = rng.standard_normal((2, side))
        target = np.outer(left, right) / (np.linalg.norm(left) * np.linalg.norm(right))
        measurements = rng.standard_normal((num_measurements, side, side))
        measurements /= np.sqrt(num_measurements)
        features = measurements.reshape(num_measurements, -1)
        start = memorized_matrix(measurements, target)
        settings = {"relative_error": _ARRIVED, "max_time": 10.0, "accuracy": 0.01}
        arrival = theory.nuclear_arrival_time(features, start, target, **settings)
        if not np.isfinite(arrival):
            raise ValueError(
                f"num_measurements must be large enough to recover {side} x {side} matrices of "
                f"rank one, got {num_measurements}"
            )
        duration = 1.3 * arrival
        path = theory.nuclear_sliding_path(features, start, step=duration / 500, duration=duration)
        matrices = path.points.reshape(-1, side, side)
        return {
            "times": path.times,
            "spectrum": np.linalg.svd(matrices, compute_uv=False),
            "errors": np.linalg.norm(matrices - target, axis=(1, 2)),
            "arrival": np.array(arrival),
        }

    numbers = bench.cached("nuclear slide", solve)
    with drawing(height=2.7, is_wide=True, columns=2) as (figure, panels):
        times, spectrum = numbers["times"], numbers["spectrum"]
        _draw_spectrum(panels[0], times, spectrum)
        panels[1].plot(times, numbers["errors"], label="relative error")
        panels[1].plot(times, spectrum.sum(axis=1) - 1, color="C1", label="excess nuclear norm")
        panels[1].set(ylabel="error, excess", ylim=(0, None))
        for axes, name in zip(panels, "ab", strict=True):
            axes.axvline(float(numbers["arrival"]), color="0.3", ls=":", label="$T^*$")
            axes.set(xlabel=r"$\alpha\beta\,(t - t_1)$", xlim=(0, times[-1]))
            letter(axes, name)
            legend_above(axes, columns=4)
    return figure


def _proximal_descent(
    problem: SparseProblem, penalty: float, *, duration: float
) -> tuple[Float[np.ndarray, " steps"], Float[np.ndarray, "2 steps"]]:
    """Record relative error and train residual at steps two per cent apart."""
    last = int(np.ceil(duration / (_LEARNING_RATE * penalty)))
    wanted = np.unique(np.geomspace(1, last, 400).astype(int))
    features, targets, signal = problem.features, problem.targets, problem.signal
    point = np.full(len(signal), INITIAL)
    records = []
    previous = 0
    for step in wanted:
        for _ in range(step - previous):
            moved = point - _LEARNING_RATE * (features @ point - targets) @ features
            point = moved - np.clip(moved, -_LEARNING_RATE * penalty, _LEARNING_RATE * penalty)
        previous = step
        error = np.linalg.norm(point - signal) / np.linalg.norm(signal)
        residual = np.linalg.norm(features @ point - targets) / np.linalg.norm(targets)
        records.append((error, residual))
    return wanted.astype(np.float64), np.array(records).T


def _draw_coordinates(axes: Axes, numbers: dict[str, np.ndarray]) -> None:
    times, points, signal = (numbers[name] for name in ("times", "points", "signal"))
    end = 1.15 * times[-1]
    times, points = np.append(times, end), np.vstack([points, points[-1:]])
    support = np.flatnonzero(signal)
    others = axes.plot(times, np.delete(points, support, axis=1), color="0.7", lw=0.6)
    others[0].set_label("others")
    lines = axes.plot(times, points[:, support], color="C0", lw=1.2)
    lines[0].set_label("in the signal")
    axes.plot(
        np.full(len(support), end), signal[support], "o", color="C0", mfc="white", clip_on=False
    )
    axes.axvline(float(numbers["arrival"]), color="0.3", ls=":", label="$T^*$")
    axes.set(xlabel=r"$\alpha\beta\,(t - t_1)$", ylabel="coordinate", xlim=(0, end))


def _draw_errors(axes: Axes, numbers: dict[str, np.ndarray]) -> None:
    for index, penalty in enumerate(_PENALTIES):
        clock, (errors, residuals) = numbers[f"clock{index}"], numbers[f"records{index}"]
        axes.plot(clock, errors, color=f"C{index}", label=rf"$\beta = {_power(penalty)}$")
        axes.plot(clock, residuals, "--", color=f"C{index}", lw=0.9)
    signal = numbers["signal"]
    path = theory.SlidingPath(numbers["times"], numbers["points"])
    times = np.geomspace(2e-3 * path.times[-1], 0.98 * path.times[-1], 16)
    errors = np.linalg.norm(path.at(times) - signal, axis=1) / np.linalg.norm(signal)
    axes.plot(times, errors, "o", color="black", markersize=2.5, label="slide")
    axes.axvline(float(numbers["arrival"]), color="0.3", ls=":")
    axes.set(
        xscale="log",
        yscale="log",
        xlabel=r"$\alpha\beta t$",
        ylabel="relative error, residual",
        ylim=(4e-4, 2),
        xlim=(numbers["clock1"][0], numbers["clock0"][-1]),
    )


def _draw_spectrum(
    axes: Axes, times: Float[np.ndarray, " times"], spectrum: Float[np.ndarray, "times values"]
) -> None:
    others = axes.plot(times, spectrum[:, 1:_SHOWN], color="0.6", lw=0.9)
    others[0].set_label("others")
    axes.plot(times, spectrum[:, 0], color="C0", label="first")
    axes.axhline(1.0, color="black", ls="--", lw=0.8, label="target")
    axes.set(ylabel="singular value", ylim=(0, 1.1))


def _power(value: float) -> str:
    return f"10^{{{round(np.log10(value))}}}"

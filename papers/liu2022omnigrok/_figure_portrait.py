"""Figure of the two slow coordinates: norm of the decoder and messiness of the representation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...theory import norm_landscape as theory
from ...validation.layout import drawing, legend_above, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_STIFFNESS = 100.0
_DECAY = 0.02
_START = (6.0, 0.9)  # norm over that of the ordered representation, messiness
_ORDERED = 0.05  # messiness that counts as order
_ANGLES = (0.55, 0.8, 1.05, 1.25)  # fewer and fewer data


@paper.figure(
    "phase-portrait",
    caption=(
        "Reduced dynamics of the decoder's norm and the messiness m of the representation, on a "
        "train loss that is zero to the right of a boundary at an angle theta. (a) Direction of "
        "motion; dark, the train loss; black, a run that decays to the boundary and slides down "
        "along it to order. (b) Time to order against the angle, which grows as there are fewer "
        "data and diverges at pi / 2: integrated (points), the closed form of this flow (line), "
        "and the geometric law (L + h tan theta) / v, which takes log norm and messiness for "
        "equally mobile (dashed)."
    ),
    options={"angle": 0.8},
)
def phase_portrait(bench: Bench, *, angle: float = 0.8) -> Figure:
    """Draw the flow of norm and messiness, and the times that it takes."""
    if not 0.5 <= angle <= 1.3:
        raise ValueError(f"angle must lie in [0.5, 1.3] radians, got {angle}")
    del bench
    with drawing(height=2.9, is_wide=True, columns=2) as (figure, panels):
        boundary = theory.Boundary(1.0, angle)
        fine = np.meshgrid(np.linspace(-0.3, 2.1, 241), np.linspace(0, 1, 101))
        shown = np.minimum(wall(angle)(np.exp(fine[0]), fine[1]), 10.0)
        panels[0].contourf(*fine, shown, levels=12, cmap="Greys", alpha=0.6)
        logs, mess = np.meshgrid(np.linspace(-0.2, 2.0, 12), np.linspace(0.06, 0.94, 9))
        slope = _STIFFNESS * np.maximum(0.0, mess / math.tan(angle) - logs)
        along, across = slope * np.exp(-2 * logs) - _DECAY, -slope / math.tan(angle)
        speed = np.hypot(along, across)
        panels[0].quiver(
            logs,
            mess,
            along / speed,
            across / speed,
            color="C0",
            width=0.004,
            scale=22,
            pivot="mid",
        )
        line = np.array([0.0, 1.0])
        panels[0].plot(
            np.log([boundary.norm(m) for m in line]), line, color="C3", ls="--", label="boundary"
        )
        path = run_of_angle(angle)
        panels[0].plot(np.log(path.norms), path.messiness, color="black", label="run")
        panels[0].plot(math.log(_START[0]), _START[1], "o", color="black")
        panels[0].set(
            xlabel=r"log norm $\ln(w/w_c)$", ylabel="messiness $m$", xlim=(-0.3, 2.1), ylim=(0, 1)
        )
        tilts = np.linspace(0.5, 1.3, 60)
        exact, published = np.array([_times_of_angle(float(tilt)) for tilt in tilts]).T
        panels[1].plot(tilts, exact, color="black", label="closed form")
        panels[1].plot(tilts, published, color="0.5", ls="--", label=r"$(L+h\tan\vartheta)/v$")
        panels[1].plot(
            _ANGLES, [arrival(tilt) for tilt in _ANGLES], "o", color="C1", label="integrated"
        )
        panels[1].set(xlabel=r"angle $\vartheta$ of the boundary [rad]", ylabel="time to order")
        panels[1].set_ylim(0, None)
        for axes, name in zip(panels, "ab", strict=True):
            letter(axes, name)
            legend_above(axes, columns=3)
    return figure


def wall(angle: float) -> theory.representations.Landscape:
    """A train loss that rises as a parabola in log norm behind its boundary."""

    def loss(norms, messiness):
        depth = np.maximum(0.0, messiness / math.tan(angle) - np.log(norms))
        return _STIFFNESS / 2 * depth**2

    return loss


def run_of_angle(angle: float) -> theory.ReducedPath:
    """A run of four times the time that decay alone would take to the ordered end."""
    times = np.linspace(0, 4 * math.log(_START[0]) / _DECAY, 801)
    return theory.reduced_flow(wall(angle), _START, times, weight_decay=_DECAY)


def arrival(angle: float) -> float:
    """Time at which a run comes to order."""
    path = run_of_angle(angle)
    return float(path.times[np.argmax(path.messiness <= _ORDERED)])


def _times_of_angle(angle: float) -> tuple[float, float]:
    """Closed form and published time to the messiness that counts as order."""
    boundary = theory.Boundary(1.0, angle)
    exact = boundary.grokking_time(*_START, weight_decay=_DECAY, final_messiness=_ORDERED)
    distance = math.log(_START[0] / boundary.norm(_ORDERED))
    published = theory.geometric_grokking_time(distance, _START[1] - _ORDERED, angle, speed=_DECAY)
    return exact, published

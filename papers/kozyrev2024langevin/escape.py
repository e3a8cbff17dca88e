"""Escape over a barrier: Kramers' rate, and how entropy sets the direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...theory import langevin
from ...validation import Axis, Estimate, Evidence, Exact, Form, Panel, Prediction, Series
from ._card import paper
from ._runs import AtBottom, Beyond, DoubleWell, Escapes, bottom_of, escapes

if TYPE_CHECKING:
    from ..bench import Bench

_COLD = (0.02, 0.01, 0.005)


def double_well_escapes(bench: Bench) -> tuple[list[float], np.ndarray, Escapes]:
    """Let walkers cross the symmetric double well; returns temperatures, exact times, escapes."""
    temperatures = bench.pick(quick=[0.35, 0.25, 0.2], full=[0.35, 0.25, 0.2, 0.15, 0.12])
    exact = np.array([_time(theta) for theta in temperatures])
    found = escapes(
        bench,
        "double-well",
        DoubleWell(),
        AtBottom(-1.0, 1.0, 0),
        Beyond(1.0),
        temperatures=temperatures,
        expected=exact,
        step_size=bench.pick(quick=0.01, full=0.002),
        walkers=bench.pick(quick=6000, full=10_000),
    )
    return temperatures, exact, found


@paper.claim(
    "kramers-rate",
    statement="Walkers leave a well at the rate of Eyring and Kramers, with corrections of first "
    "order in the temperature, which the exact passage time contains.",
    source="[kozyrev2024langevin, Eq. 5] with the prefactor derived",
    headline=True,
)
def kramers_rate(bench: Bench) -> tuple[Evidence, ...]:
    """Passages from one bottom to the other of the symmetric double well, against the exact
    quadrature; and the exact times at low temperature, against Kramers' rate with its correction.

    The rivals of the measured times are Kramers' rate alone, too fast at these temperatures, and a
    passage that would be complete at the top of the barrier, in half of the time.
    """
    well = DoubleWell()
    temperatures, exact, found = double_well_escapes(bench)
    kramers = np.array([1 / _rate(theta) for theta in temperatures])
    correction = langevin.kramers_correction(well.profile, -1.0, 1.0)
    excess = [(_time(theta) * _rate(theta) - 1) / theta for theta in _COLD]
    axis = Axis(r"temperature $\theta$", temperatures)
    ones = np.ones(len(temperatures))
    return (
        Evidence(
            quantity="measured / exact time of passage",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                ones, (0.07 * ones, 0.1 * ones), label="exact passage time", source="derived"
            ),
            measurement=found.relative_to(exact),
            rivals=(
                Prediction(kramers / exact, label="Kramers' rate alone"),
                Prediction(0.5 * ones, label="complete at the top"),
            ),
            note=found.note,
            panel=_arrhenius_panel(found, np.array(temperatures)),
        ),
        Evidence(
            quantity=r"$(\tau k-1)/\theta$ of the exact time and Kramers' rate",
            form=Form.IDENTITY,
            control=Axis(r"temperature $\theta$", _COLD, scale="log"),
            prediction=Prediction(
                correction, 0.1 * correction, label="first correction", source="derived"
            ),
            measurement=Exact(excess, 1e-5),
            rivals=(
                Prediction(
                    [-0.5 / theta for theta in _COLD],
                    label="passage complete at the top",
                ),
            ),
        ),
    )


@paper.claim(
    "entropy-direction",
    statement="From a narrow well to a wide one escape is fast, back it is slow; the ratio of the "
    "times is that of the populations.",
    source="derived from [kozyrev2024langevin, Sec. 2]",
)
def entropy_direction(bench: Bench) -> tuple[Evidence, ...]:
    """Passages both ways between a narrow and a wide well of the same depth in five dimensions.

    Without entropy both directions would take the same time. The times themselves follow the free
    energy along the valley, while the formula with the Hessian at the saddle of the loss, its
    rival, is off by more than a factor of two.
    """
    wells = langevin.MemorizeGeneralizeLandscape(5, 20.0, 2.0)
    temperature = bench.pick(quick=0.25, full=0.2)
    found, exact, harmonic = [], [], []
    for to_wide in (True, False):
        starts, place = bottom_of(wells, is_wide=not to_wide)
        end = bottom_of(wells, is_wide=to_wide)[1]
        expected = wells.escape_time(temperature=temperature, to_wide=to_wide)
        found.append(
            escapes(
                bench,
                f"to the {'wide' if to_wide else 'narrow'} well",
                wells,
                starts,
                Beyond(end, is_upward=to_wide),
                temperatures=[temperature],
                expected=[expected],
                step_size=bench.pick(quick=0.005, full=0.002),
                walkers=bench.pick(quick=2000, full=4000),
            )
        )
        exact.append(expected)
        harmonic.append(1 / _saddle_rate(wells, place, temperature))
    means = np.array([escape.means[0] for escape in found])
    errors = np.array([escape.standard_errors[0] for escape in found])
    wide = wells.wide_probability(temperature, boundary=wells.bottleneck(temperature))
    ratio = means[1] / means[0]
    spread = ratio * np.sqrt(np.sum((errors / means) ** 2))
    exact = np.array(exact)
    events = min(int(np.sum(~escape.is_censored)) for escape in found)
    return (
        Evidence(
            quantity="time to the narrow well / time to the wide one",
            form=Form.CURVE,
            prediction=Prediction(
                wide / (1 - wide), 0.3 * wide / (1 - wide), label="ratio of the populations"
            ),
            measurement=Estimate([ratio], [spread], samples=events),
            rivals=(Prediction(1.0, label="no entropy: the same time"),),
            note=", ".join(note for note in (escape.note for escape in found) if note),
        ),
        Evidence(
            quantity="measured time / exact passage on the free energy",
            form=Form.CURVE,
            control=Axis("direction", ["to the wide well", "to the narrow well"]),
            prediction=Prediction(
                np.ones(2), 0.2, label="free energy along the valley", source="derived"
            ),
            measurement=Estimate(means / exact, errors / exact, samples=events),
            rivals=(
                Prediction(np.array(harmonic) / exact, label="Hessian at the saddle of the loss"),
            ),
        ),
    )


def _time(temperature: float) -> float:
    return langevin.mean_first_passage_time(
        DoubleWell().profile, -1.0, 1.0, temperature=temperature
    )


def _rate(temperature: float) -> float:
    return langevin.kramers_rate(
        DoubleWell().profile, -1.0, 1.0, temperature=temperature, check_barrier=False
    )


def _saddle_rate(
    wells: langevin.MemorizeGeneralizeLandscape, bottom: float, temperature: float
) -> float:
    """Rate of Eyring, Kramers and Langer, from the Hessians of the loss."""
    top = float(wells.extrema()[1])
    points = [
        langevin.StationaryPoint(
            np.append(x, np.zeros(wells.dimension - 1)),
            float(wells.energy(x)),
            np.diag(wells.curvatures(x)),
        )
        for x in (bottom, top)
    ]
    return langevin.eyring_kramers_rate(*points, temperature=temperature, check_barrier=False)


def _arrhenius_panel(found: Escapes, temperatures: np.ndarray) -> Panel:
    fine = np.linspace(temperatures.min(), temperatures.max(), 40)
    ends = fine[[0, -1]]  # Kramers' law is a straight line here
    return Panel(
        r"$1/\theta$",
        "time of passage",
        (
            Series("walkers", 1 / temperatures, found.means, found.standard_errors),
            Series("exact", 1 / fine, [_time(theta) for theta in fine], style="line"),
            Series("Kramers", 1 / ends, [1 / _rate(theta) for theta in ends], style="dashed"),
        ),
        y_scale="log",
    )

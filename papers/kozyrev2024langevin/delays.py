"""Two kinds of delay: over a barrier of energy, and through a bottleneck of entropy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...theory import langevin
from ...validation import Axis, Estimate, Evidence, Form, Prediction, fit_law
from ._card import paper
from ._runs import AtBottom, Beyond, DoubleWell, Escapes, Outside, bottom_of, escapes

if TYPE_CHECKING:
    from ..bench import Bench


@dataclass(frozen=True, eq=False)
class BarrierEscapes:
    """Escapes over one barrier of energy, from a narrow well and in a valley of constant width."""

    wells: langevin.MemorizeGeneralizeLandscape
    temperatures: list[float]
    exact: dict[str, Float[np.ndarray, " temperatures"]]
    measured: dict[str, Escapes]


def barrier_escapes(bench: Bench) -> BarrierEscapes:
    """Let walkers escape over a barrier of energy, from wells of two shapes."""
    wells, plain = langevin.MemorizeGeneralizeLandscape(5, 8.0, 2.0), DoubleWell()
    temperatures = bench.pick(quick=[0.15, 0.18, 0.22], full=[0.12, 0.14, 0.16, 0.18, 0.2])
    step_size = bench.pick(quick=0.005, full=0.002)
    walkers = bench.pick(quick=3000, full=6000)
    starts, _ = bottom_of(wells, is_wide=False)
    exact = {
        "narrow": np.array([wells.escape_time(temperature=theta) for theta in temperatures]),
        "constant": np.array(
            [
                langevin.mean_first_passage_time(plain.profile, -1.0, 1.0, temperature=theta)
                for theta in temperatures
            ]
        ),
    }
    measured = {}
    measured["narrow"] = escapes(
        bench,
        "narrow valley",
        wells,
        starts,
        Beyond(bottom_of(wells, is_wide=True)[1]),
        temperatures=temperatures,
        expected=exact["narrow"],
        step_size=step_size,
        walkers=walkers,
    )
    measured["constant"] = escapes(
        bench,
        "constant valley",
        plain,
        AtBottom(-1.0, 1.0, 0),
        Beyond(1.0),
        temperatures=temperatures,
        expected=exact["constant"],
        step_size=step_size,
        walkers=walkers,
    )
    return BarrierEscapes(wells, temperatures, exact, measured)


def ravine_escapes(
    bench: Bench,
) -> tuple[langevin.Ravine, Float[np.ndarray, " temperatures"], Escapes]:
    """Let walkers leave a ravine of zero energy; returns it, the temperatures and the escapes."""
    ravine = langevin.Ravine(6, stiffness=20.0)
    temperatures = np.array(bench.pick(quick=[0.02, 0.01, 0.005], full=[0.02, 0.01, 0.005, 0.0025]))
    found = escapes(
        bench,
        "ravine",
        ravine,
        AtBottom(0.0, ravine.stiffness, ravine.transverse_dimensions),
        Outside(ravine.length),
        temperatures=temperatures.tolist(),
        expected=ravine.escape_time(temperature=1.0) / temperatures,
        step_size=bench.pick(quick=0.005, full=0.002),
        walkers=bench.pick(quick=2000, full=4000),
        patience=20.0,
        integrator="leimkuhler-matthews",
    )
    return ravine, temperatures, found


@paper.claim(
    "energetic-delay",
    statement="Over a barrier of energy the logarithm of the delay is a straight line over one "
    "over temperature: its slope is the barrier, and entropy moves only its intercept.",
    source="derived from [kozyrev2024langevin, Eq. 5]",
)
def energetic_delay(bench: Bench) -> tuple[Evidence, ...]:
    """Escapes at three temperatures over the same barrier: from a narrow well into a wide one, and
    along a valley of constant width, which is the double well of one dimension.

    The slope is that of a least-squares line. The shift of the intercept is held against exact
    passage times; the rivals are a delay without a barrier, a free energy in place of the energy
    for the slope, and no effect of entropy for the intercept.
    """
    barrier = barrier_escapes(bench)
    wells, temperatures, times = barrier.wells, barrier.temperatures, barrier.exact
    narrow, constant = barrier.measured["narrow"], barrier.measured["constant"]
    slope = _slope(1 / np.array(temperatures), narrow.means, narrow.standard_errors)
    relative = [found.standard_errors / found.means for found in (narrow, constant)]
    shift = np.log(constant.means / narrow.means)
    error = np.hypot(*relative)
    events = int(np.sum(~narrow.is_censored, axis=1).min())
    entropic = np.log(times["constant"] / times["narrow"])
    return (
        Evidence(
            quantity=r"slope of $\ln\tau$ over $1/\theta$",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.1, label="barrier of energy", source="derived"),
            measurement=Estimate([slope[0]], [slope[1]], samples=events),
            rivals=(
                Prediction(0.0, label="no barrier"),
                Prediction(
                    _free_energy_barrier(wells, max(temperatures)),
                    label="barrier of free energy at the highest temperature",
                ),
            ),
        ),
        Evidence(
            quantity="shift of the line by entropy",
            form=Form.CURVE,
            control=Axis(r"temperature $\theta$", temperatures),
            prediction=Prediction(
                entropic, 0.2, label="exact passage on the free energy", source="derived"
            ),
            measurement=Estimate(shift, error, samples=events),
            rivals=(Prediction(0.0, label="no entropy"),),
            note=narrow.note,
        ),
    )


@paper.claim(
    "entropic-delay",
    statement="Along a ravine of zero loss the delay is one over temperature times a number of the "
    "landscape: there is no Arrhenius factor, whatever the bottleneck.",
    source="derived, for [kozyrev2024langevin, Sec. 3]",
)
def entropic_delay(bench: Bench) -> tuple[Evidence, ...]:
    """Passages from the middle of a ravine of constant energy to its ends, past a narrow place, at
    temperatures over a factor of four.

    The integrator is that of Leimkuhler and Matthews, exact for the modes across the ravine: plain
    steps make them too hot, by ten per cent here, and the narrow place harder to pass. Time times
    temperature is judged relative to its mean over the temperatures, and by itself
    against the exact number. The rivals are an Arrhenius law with the barrier of free energy that
    the narrow place is at the middle temperature, and a ravine without the narrow place.
    """
    ravine, temperatures, found = ravine_escapes(bench)
    number = ravine.escape_time(temperature=1.0)
    if found.is_censored.any():
        raise RuntimeError("walkers were still in the ravine after twenty times the mean time")
    products = found.times * temperatures[:, None]
    means = products.mean(axis=1)
    errors = products.std(axis=1, ddof=1) / np.sqrt(products.shape[1])
    walkers = products.shape[1]
    axis = Axis(r"temperature $\theta$", temperatures, scale="log")
    height = ravine.transverse_dimensions / 2 * ravine.bump * float(np.median(temperatures))
    arrhenius = temperatures * np.exp(height / temperatures)
    return (
        Evidence(
            quantity=r"$\tau\theta$ / its mean over temperatures",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                np.ones(len(temperatures)), 0.15, label="constant", source="derived"
            ),
            measurement=Estimate(means / means.mean(), errors / means.mean(), samples=walkers),
            rivals=(Prediction(arrhenius / arrhenius.mean(), label="Arrhenius"),),
        ),
        Evidence(
            quantity=r"$\tau\theta$",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                number * np.ones(len(temperatures)),
                0.2 * number,
                label="exact number of the ravine",
                source="derived",
            ),
            measurement=Estimate(means, errors, samples=walkers),
            rivals=(Prediction(ravine.length**2 / 2, label="without the narrow place"),),
        ),
    )


def _slope(inverse: np.ndarray, times: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Slope of the logarithm of times over one over temperature, with its standard error."""
    fit = fit_law(inverse, times, law="exponential", standard_errors=errors)
    return fit.parameters["rate"], fit.standard_errors["rate"]


def _free_energy_barrier(wells: langevin.MemorizeGeneralizeLandscape, temperature: float) -> float:
    """Barrier of the free energy along the valley, from the narrow side."""
    profile = wells.free_energy(temperature)
    narrow = float(wells.extrema()[0])
    top = wells.bottleneck(temperature)
    return float(profile(top) - profile(narrow))

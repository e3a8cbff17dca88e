"""Equilibrium: the Gibbs density, and the temperature above which the wide well wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...theory import langevin
from ...validation import Axis, Estimate, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import GROUPS, by_group, equilibrated

if TYPE_CHECKING:
    from ..bench import Bench

_BINS = np.concatenate([[-np.inf], np.linspace(-1.5, 1.5, 25), [np.inf]])


@paper.claim(
    "gibbs-equilibrium",
    statement="Langevin dynamics visits parameters with the Gibbs density of the loss, so that "
    "regions are weighted by their free energy.",
    source="[kozyrev2024langevin, Eq. 2]; the marginal derived",
    headline=True,
)
def gibbs_equilibrium(bench: Bench) -> tuple[Evidence, ...]:
    """Walkers that start in the narrow well of a five-dimensional landscape, after a burn-in of
    several relaxation times: their histogram along the valley, and the share in the wide well at
    five temperatures, with errors from ten groups of walkers.

    The divergence of the histogram from the Gibbs measure is a jackknife over the groups. The rival
    is the Boltzmann weight of the loss alone, without the volume across the valley.
    """
    wells = langevin.MemorizeGeneralizeLandscape(5, 8.0, 2.0, tilt=0.2)
    temperatures = [0.25, 0.3, 0.4, 0.5, 0.6]
    found = equilibrated(
        bench,
        "equilibrium",
        wells,
        temperatures=temperatures,
        burn_in=200.0,
        duration=300.0,
        step_size=bench.pick(quick=0.005, full=0.002),
        walkers=bench.pick(quick=2000, full=4000),
    )
    groups = by_group(found)
    boundary = float(wells.extrema()[1])
    exact = np.array([wells.wide_probability(theta) for theta in temperatures])
    energy_only = np.array(
        [
            langevin.region_probability(wells.energy, (boundary, np.inf), temperature=theta)
            for theta in temperatures
        ]
    )
    expected = _bin_probabilities(wells.free_energy(temperatures[0]), temperatures[0])
    without = _bin_probabilities(wells.energy, temperatures[0])
    counts = np.array([np.histogram(row, _BINS)[0] for row in groups[:, 0]])
    divergence, error = _jackknife(counts, expected)
    middles, width = (_BINS[1:-2] + _BINS[2:-1]) / 2, np.diff(_BINS[1:3])[0]
    shares = counts / counts.sum(axis=1, keepdims=True)
    fine = np.linspace(-1.5, 1.5, 200)
    density = langevin.gibbs_density(
        wells.free_energy(temperatures[0]), fine, temperature=temperatures[0]
    )
    panel = Panel(
        "$x$ along the valley",
        "density",
        (
            Series(
                rf"walkers, $\theta = {temperatures[0]:g}$",
                middles,
                shares.mean(axis=0)[1:-1] / width,
                shares.std(axis=0, ddof=1)[1:-1] / np.sqrt(GROUPS) / width,
            ),
            Series("Gibbs", fine, density, style="line"),
        ),
    )
    axis = Axis(r"temperature $\theta$", temperatures)
    return (
        Evidence(
            quantity="population of the wide well",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                exact, 0.03, label="Gibbs measure", source="[kozyrev2024langevin, Eq. 2]"
            ),
            measurement=Samples((groups > boundary).mean(axis=-1)),
            rivals=(Prediction(energy_only, label="energy without entropy"),),
        ),
        Evidence(
            quantity="divergence of the histogram from the Gibbs measure",
            form=Form.ORDERING,
            unit="nat",
            prediction=Prediction.at_most(0.01, label="Gibbs measure"),
            measurement=Estimate([divergence], [error], GROUPS - 1, samples=GROUPS),
            rivals=(
                Prediction.at_least(
                    _divergence(without, expected) / 2,
                    label="half as far as the energy without entropy",
                ),
            ),
            panel=panel,
        ),
    )


@paper.claim(
    "crossing-temperature",
    statement="Below a temperature the deeper narrow well holds most of the weight, above it the "
    "wider one.",
    source="derived from [kozyrev2024langevin, Sec. 2]",
)
def crossing_temperature(bench: Bench) -> Evidence:
    """Shares of walkers in the wide well at five temperatures around the predicted crossing, in
    three dimensions of the landscape; the crossing is where the straight line through the logarithm
    of the odds over one over temperature passes zero, once for each of ten groups of walkers.

    The rival forgets that a curvature enters the volume by its square root.
    """
    cases = bench.pick(
        quick=((3, 0.35), (5, 0.6), (9, 1.0)), full=((3, 0.35), (5, 0.6), (9, 1.0), (17, 1.3))
    )
    walkers = bench.pick(quick=200, full=2000)
    predicted, rivals, measured = [], [], np.empty((GROUPS, len(cases)))
    for place, (dimension, tilt) in enumerate(cases):
        wells = langevin.MemorizeGeneralizeLandscape(dimension, 20.0, 2.0, tilt=tilt)
        crossing = wells.crossing_temperature()
        temperatures = crossing * np.array([0.85, 0.92, 1.0, 1.09, 1.18])
        coldest = float(temperatures[0])
        slowest = min(
            wells.escape_time(temperature=coldest, to_wide=to_wide) for to_wide in (True, False)
        )
        found = equilibrated(
            bench,
            f"crossing {dimension}",
            wells,
            temperatures=temperatures.tolist(),
            burn_in=5 * slowest,
            duration=10 * slowest,
            step_size=bench.pick(quick=0.004, full=0.002),
            walkers=walkers,
        )
        shares = (by_group(found) > wells.extrema()[1]).mean(axis=-1)
        measured[:, place] = [_crossing(temperatures, row) for row in shares]
        predicted.append(crossing)
        narrow, _, wide = wells.extrema()
        ratio = np.log(wells.curvatures(narrow) / wells.curvatures(wide)).sum()
        difference = float(wells.energy(wide) - wells.energy(narrow))
        rivals.append(langevin.crossing_temperature(difference, 2 * float(ratio)))
    predicted = np.array(predicted)
    return Evidence(
        quantity="temperature at which both wells hold half",
        form=Form.THRESHOLD,
        control=Axis("dimension $d$", [dimension for dimension, _ in cases]),
        prediction=Prediction(
            predicted, 0.1 * predicted, label="equal free energies", source="derived"
        ),
        measurement=Samples(measured),
        rivals=(Prediction(np.array(rivals), label=r"entropy $-\ln\det H$ without the half"),),
    )


def _crossing(
    temperatures: Float[np.ndarray, " temperatures"], shares: Float[np.ndarray, " temperatures"]
) -> float:
    """Temperature at which a line through the odds, over one over temperature, passes zero."""
    slope, offset = np.polyfit(1 / temperatures, np.log(shares / (1 - shares)), 1)
    return float(-slope / offset)


def _bin_probabilities(
    profile: langevin.equilibrium.Profile, temperature: float
) -> Float[np.ndarray, " bins"]:
    return np.array(
        [
            langevin.region_probability(profile, (low, high), temperature=temperature)
            for low, high in zip(_BINS[:-1], _BINS[1:], strict=True)
        ]
    )


def _divergence(shares: Float[np.ndarray, " bins"], expected: Float[np.ndarray, " bins"]) -> float:
    """Kullback-Leibler divergence of shares from probabilities."""
    seen = shares > 0
    return float(np.sum(shares[seen] * np.log(shares[seen] / expected[seen])))


def _jackknife(
    counts: Float[np.ndarray, "groups bins"] | np.ndarray, expected: Float[np.ndarray, " bins"]
) -> tuple[float, float]:
    """Divergence of the pooled histogram, with its standard error over the groups."""

    def pooled(rows: np.ndarray) -> float:
        total = rows.sum(axis=0)
        return _divergence(total / total.sum(), expected)

    whole = pooled(counts)
    left_out = np.array([pooled(np.delete(counts, row, axis=0)) for row in range(len(counts))])
    spread = np.sqrt((len(counts) - 1) * np.mean((left_out - left_out.mean()) ** 2))
    return whole, float(spread)

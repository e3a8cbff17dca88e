"""Linear networks: exact sampling against the formulas, and the low-rank family by Langevin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import singular
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    from ..bench import Bench

NETWORKS = (
    ((2, 2, 2), 0),
    ((2, 2, 2), 1),
    ((3, 2, 3), 1),
    ((2, 3, 2), 1),
    ((2, 2, 2, 2), 0),
    ((2, 2, 2, 2), 1),
    ((3, 2, 2, 3), 1),
)
SCALES = (1e4, 1e5, 1e6, 1e7)


def label(widths: tuple[int, ...], rank: int) -> str:
    """Name of a network on an axis."""
    return "-".join(map(str, widths)) + f", rank {rank}"


def gibbs_coefficients(bench: Bench) -> Float[np.ndarray, "chains networks scales"]:
    """Means of every chain of the exact sampler, at all scales."""
    import jax

    chains, sweeps = bench.pick(quick=(200, 800), full=(800, 4000))
    found = np.empty((chains, len(NETWORKS), len(SCALES)))
    for row, (widths, rank) in enumerate(NETWORKS):
        target = np.zeros((widths[-1], widths[0]))
        target[:rank, :rank] = np.eye(rank)
        for column, scale in enumerate(SCALES):
            draws = sim.samplers.deep_linear_gibbs(
                target,
                widths[1:-1],
                scale=scale,
                num_sweeps=sweeps,
                num_chains=chains,
                burn_in=sweeps // 2,
                key=jax.random.fold_in(bench.key_for("gibbs"), row * len(SCALES) + column),
            )
            found[:, row, column] = scale * draws["excess"].values.mean(axis=1)
    return found


@paper.claim(
    "linear-networks",
    statement="Learning coefficients and multiplicities of linear networks of any depth are those "
    "of Aoyagi and Watanabe.",
    source="[lakkapragada2025slt, Sec. 4]; Aoyagi and Watanabe; Aoyagi",
    headline=True,
)
def linear_networks(bench: Bench) -> tuple[Evidence, ...]:
    r"""Sample the posterior of seven networks exactly, layer by layer, at four scales.

    Judged are the coefficient at $s = 10^5$ against $\lambda-(m-1)/\ln s$, and $\lambda$ itself,
    the value at $1/\ln s = 0$ of a straight line through all four. The rivals are half the number
    of parameters, and the coefficient without its multiplicity.
    """
    found = bench.cached("gibbs", lambda: {"means": gibbs_coefficients(bench)})["means"]
    coefficients = [singular.deep_linear_network(widths, rank) for widths, rank in NETWORKS]
    limits = np.array([float(each) for each in coefficients])
    expected = np.array([float(singular.asymptotic_coefficient(c, 1e5)) for c in coefficients])
    sizes = np.array(
        [sum(a * b for a, b in zip(w[1:], w[:-1], strict=True)) / 2 for w, _ in NETWORKS]
    )
    axis = Axis("network", tuple(label(*network) for network in NETWORKS))
    inverse = 1 / np.log(SCALES)
    # Intercept of a straight line through the four scales, for every chain and network.
    intercept = np.linalg.pinv(np.stack([np.ones(len(SCALES)), inverse], axis=1))[0]
    series = []
    for row in (1, 4):
        curve = found[:, row].mean(axis=0)
        error = found[:, row].std(axis=0, ddof=1) / np.sqrt(len(found))
        ends = np.array([0.0, inverse[0]])
        line = limits[row] - (coefficients[row].multiplicity - 1) * ends
        series += [
            Series(label(*NETWORKS[row]), inverse, curve, error),
            Series(rf"$\lambda = {coefficients[row].value}$", ends, line, style="line"),
        ]
    return (
        Evidence(
            quantity=r"$\hat\lambda$ at $s = 10^5$",
            form=Form.IDENTITY,
            control=axis,
            prediction=Prediction(expected, 0.05, label=r"$\lambda-(m-1)/\ln s$"),
            measurement=Samples(found[..., SCALES.index(1e5)]),
            rivals=(
                Prediction(sizes, label="half the number of parameters"),
                Prediction(limits, label=r"$\lambda$ without multiplicity"),
            ),
            panel=Panel(r"$1/\ln s$", r"$\hat\lambda$", tuple(series)),
        ),
        Evidence(
            quantity=r"$\lambda$, extrapolated to $1/\ln s = 0$",
            form=Form.IDENTITY,
            control=axis,
            prediction=Prediction(limits, 0.03 * limits, label="formula"),
            measurement=Samples(found @ intercept),
            rivals=(Prediction(sizes, label="half the number of parameters"),),
        ),
    )


@paper.claim(
    "low-rank-family",
    statement="The learning coefficient of a linear bottleneck is quadratic in its width, "
    "r (2d - r) / 2, and largest at full width.",
    source="[lakkapragada2025slt, Sec. 4, Fig. 6]",
)
def low_rank_family(bench: Bench) -> tuple[Evidence, ...]:
    r"""Estimate the coefficient of $W_2W_1x$ by localized Langevin chains at true networks of every
    width, on the loss of the population, and fit a parabola for every draw of the networks.

    The rivals are what counting parameters gives: $rd$, without any curvature.
    """
    dimension, draws = bench.pick(quick=(6, 8), full=(20, 10))
    found = bench.cached("family", lambda: {"values": _family(bench, dimension, draws)})["values"]
    ranks = np.arange(1, dimension + 1)
    fits = np.array([np.polyfit(ranks, row, 2) for row in found])
    exact = [singular.low_rank_coefficient(int(r), dimension=dimension) for r in ranks]
    return (
        Evidence(
            quantity="curvature of the coefficient in the width",
            form=Form.LAW,
            prediction=Prediction(-0.5, 0.07, label="$-1/2$"),
            measurement=Samples(fits[:, 0]),
            rivals=(Prediction(0.0, label="number of parameters"),),
            panel=Panel(
                "width $r$",
                r"$\hat\lambda$",
                (
                    Series(r"$r(2d-r)/2$", ranks, exact, style="line"),
                    Series(
                        "Langevin",
                        ranks,
                        found.mean(axis=0),
                        found.std(axis=0, ddof=1) / np.sqrt(draws),
                    ),
                ),
            ),
        ),
        Evidence(
            quantity="slope of the coefficient at vanishing width / d",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.15, label="$d$"),
            measurement=Samples(fits[:, 1] / dimension),
            rivals=(Prediction(0.5, label="half the number of parameters of a layer"),),
        ),
    )


def _family(bench: Bench, dimension: int, draws: int) -> Float[np.ndarray, "draws ranks"]:
    import jax
    import jax.numpy as jnp

    loss = sim.learning_coefficients.MatrixLoss(sim.learning_coefficients.linear_network)
    # Rows whose second moments are the unit matrix: the loss is that of the population.
    inputs = jnp.sqrt(dimension) * jnp.eye(dimension)
    values = np.empty((draws, dimension))
    for draw in range(draws):
        for rank in range(1, dimension + 1):
            key = jax.random.fold_in(bench.key, draw * dimension + rank)
            first, second, chains = jax.random.split(key, 3)
            layers = (
                jax.random.normal(first, (rank, dimension)) / dimension**0.5,
                jax.random.normal(second, (dimension, rank)) / rank**0.5,
            )
            values[draw, rank - 1] = sim.llc(
                loss,
                layers,
                (inputs, inputs @ (layers[1] @ layers[0]).T),
                inverse_temperature=2000 / dimension,
                localization=1.0,
                num_chains=8,
                num_draws=4000,
                burn_in=4000,
                record_every=2,
                quiet=True,
                key=chains,
            ).value
    return values

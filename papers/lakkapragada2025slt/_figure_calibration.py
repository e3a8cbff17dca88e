"""Figure of the settings at which the estimator is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ... import simulations as sim
from ...theory import singular
from ...validation.layout import drawing, letter
from ._card import paper

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..bench import Bench

_DIMENSION, _RANK, _SCALE = 4, 2, 1000.0
_STEPS, _LOCALIZATIONS = np.geomspace(1e-5, 1e-2, 7), np.geomspace(0.01, 1000.0, 6)


@paper.figure(
    "calibration",
    caption=(
        "Estimates of the learning coefficient of a linear network 4-2-4 of full rank "
        "(exact: 6) over step size and localization, 16 chains of 3000 steps each. (a) Estimate "
        "over exact coefficient; crosses: diverged. (b) Number of warnings of the estimator: short "
        "chains at small steps do not reach equilibrium, strong localization holds what the "
        "loss should, long steps are too hot."
    ),
)
def calibration(bench: Bench) -> Figure:
    """Draw the estimate and the number of warnings over a grid of settings."""
    found = bench.cached("map", lambda: _map(bench))
    exact = float(singular.reduced_rank_regression(_DIMENSION, _RANK, _DIMENSION, _RANK))
    with drawing(height=2.8, is_wide=True, columns=2) as (figure, (left, right)):
        ratio = np.where(np.isfinite(found["values"]), found["values"] / exact, np.nan)
        borders = np.meshgrid(_borders(_LOCALIZATIONS), _borders(_STEPS))
        for axes, values, label, ticks, colors in (
            (left, ratio, r"$\hat\lambda / \lambda$", (0, 0.5, 1, 1.5, 2), "RdBu_r"),
            (right, found["warnings"], "warnings", (0, 1, 2, 3), "Greys"),
        ):
            mesh = axes.pcolormesh(*borders, values, vmin=0, vmax=ticks[-1], cmap=colors)
            figure.colorbar(mesh, ax=axes, label=label, ticks=ticks)
            axes.set(
                xscale="log",
                yscale="log",
                xlabel=r"localization $\gamma$",
                ylabel=r"step size $\epsilon$",
            )
        lost = ~np.isfinite(found["values"])
        points = np.meshgrid(_LOCALIZATIONS, _STEPS)
        left.plot(points[0][lost], points[1][lost], "kx", ms=4)
        letter(left, "a")
        letter(right, "b")
    return figure


def _borders(values: np.ndarray) -> np.ndarray:
    """Borders of cells around values that form a geometric series."""
    ratio = np.sqrt(values[1] / values[0])
    return np.append(values / ratio, values[-1] * ratio)


def _map(bench: Bench) -> dict[str, np.ndarray]:
    import jax
    import jax.numpy as jnp

    first, second, chains = jax.random.split(bench.key, 3)
    layers = (
        jax.random.normal(first, (_RANK, _DIMENSION)) / 2,
        jax.random.normal(second, (_DIMENSION, _RANK)) / 2**0.5,
    )
    inputs = 2 * jnp.eye(_DIMENSION)
    data = (inputs, inputs @ (layers[1] @ layers[0]).T)
    loss = sim.learning_coefficients.MatrixLoss(lambda pair: pair[1] @ pair[0])
    found = sim.learning_coefficients.calibrate(
        loss,
        layers,
        data,
        step_sizes=_STEPS.tolist(),
        localizations=_LOCALIZATIONS.tolist(),
        inverse_temperature=_SCALE / _DIMENSION,
        num_chains=16,
        num_draws=2000,
        burn_in=1000,
        key=chains,
    )
    counts = [[count_warnings(str(cell)) for cell in row] for row in found["verdict"].values]
    return {"values": found["llc"].values, "warnings": np.array(counts, dtype=float)}


def count_warnings(verdict: str) -> int:
    """Number of warnings in a verdict of the calibration."""
    return 0 if verdict == "good" else verdict.count("; ") + 1

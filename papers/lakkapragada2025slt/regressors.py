"""Polynomial regressors: a regular model that looks singular."""

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

NUM_SAMPLES, LOCALIZATION, STEP_SIZE, NUM_STEPS = 500, 1.0, 1e-3, 2000
SCALE = NUM_SAMPLES / np.log(NUM_SAMPLES)
HALF_WIDTHS = (1.0, 0.75, 0.5)


@paper.claim(
    "polynomial-regressors",
    statement="The measured coefficient of a polynomial is far below half its number of "
    "parameters, and lower on a narrower interval, because its spectrum falls exponentially.",
    source="[lakkapragada2025slt, Sec. 4, Fig. 5]; the account derived",
)
def polynomial_regressors(bench: Bench) -> tuple[Evidence, ...]:
    r"""Estimate the coefficient with the paper's settings (500 samples, $\gamma = 1$, steps of
    0.001) and compare with $\frac12\sum_ish_i/(sh_i+\gamma)$ over the spectrum of the population.

    The rival is $(d+1)/2$, the coefficient in the limit of an infinite scale.
    """
    degrees = bench.pick(quick=(1, 3, 10, 30), full=(1, 3, 10, 30, 100))
    draws = bench.pick(quick=6, full=10)
    found = bench.cached(
        "estimates", lambda: {"values": _estimates(bench, degrees, HALF_WIDTHS, draws)}
    )["values"]
    expected = np.array(
        [
            [
                singular.polynomial_coefficient(
                    degree, scale=SCALE, localization=LOCALIZATION, half_width=width
                )
                for degree in degrees
            ]
            for width in HALF_WIDTHS
        ]
    )
    regular = np.array([float(singular.regular(degree + 1)) for degree in degrees])
    series = []
    for row, width in enumerate(HALF_WIDTHS):
        mean = found[:, row].mean(axis=0)
        error = found[:, row].std(axis=0, ddof=1) / np.sqrt(draws)
        series += [
            Series(f"half-width {width:g}", list(degrees), mean, error),
            Series(f"spectrum, {width:g}", list(degrees), expected[row], style="line"),
        ]
    ratio = (found / expected[None])[:, 0]
    return (
        Evidence(
            quantity="estimate / coefficient of the spectrum, interval [-1, 1]",
            form=Form.CURVE,
            control=Axis("degree", degrees, scale="log"),
            prediction=Prediction(np.ones(len(degrees)), 0.15, label="directions that count"),
            measurement=Samples(ratio),
            rivals=(Prediction(regular / expected[0], label="$(d+1)/2$"),),
            panel=Panel("degree", r"$\hat\lambda$", tuple(series), x_scale="log"),
        ),
        Evidence(
            quantity="estimate on half an interval / estimate on the whole",
            form=Form.CURVE,
            control=Axis("degree", degrees[1:], scale="log"),
            prediction=Prediction(
                (expected[2] / expected[0])[1:], 0.1, label="directions that count"
            ),
            measurement=Samples((found[:, 2] / found[:, 0])[:, 1:]),
            rivals=(Prediction(1.0, label="the interval does not matter"),),
        ),
    )


def _estimates(
    bench: Bench, degrees: tuple[int, ...], half_widths: tuple[float, ...], draws: int
) -> Float[np.ndarray, "draws widths degrees"]:
    import jax
    import jax.numpy as jnp

    loss = sim.learning_coefficients.MatrixLoss(lambda weights: weights[None], factor=1.0)
    values = np.empty((draws, len(half_widths), len(degrees)))
    for index in np.ndindex(*values.shape):
        draw, row, column = index
        keys = jax.random.split(
            jax.random.fold_in(bench.key, int(np.ravel_multi_index(index, values.shape))), 3
        )
        x = jax.random.uniform(keys[0], (NUM_SAMPLES, 1), minval=-1.0, maxval=1.0)
        powers = jnp.arange(degrees[column] + 1)[None]
        features = (half_widths[row] * x) ** powers
        weights = jax.random.uniform(keys[1], (degrees[column] + 1,), minval=-1.0, maxval=1.0)
        estimate = sim.llc(
            loss,
            weights,
            (features, features @ weights[:, None]),
            localization=LOCALIZATION,
            step_size=STEP_SIZE,
            num_chains=16,
            num_draws=NUM_STEPS,
            burn_in=NUM_STEPS,
            quiet=True,
            key=keys[2],
        )
        values[index] = estimate.value
    return values

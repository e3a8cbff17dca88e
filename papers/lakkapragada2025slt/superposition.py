"""Toy models of superposition: learning coefficients of regular polygons."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import singular
from ...validation import Axis, Evidence, Form, Prediction, Samples
from ._card import paper

if TYPE_CHECKING:
    from jax import Array

    from ..bench import Bench

FEATURES, SCALE, LOCALIZATION = 6, 3e4, 5.0
POLYGONS = ((6, 0), (5, 0), (5, 1))  # sides, features of constant output
LABELS = ("hexagon", "pentagon", "pentagon+")


@paper.claim(
    "polygons",
    statement="The learning coefficient of a regular polygon among six features is half the "
    "number of its stiff directions: 17/2, 7, and 17/2 with a constant output.",
    source="Chen et al.; [lakkapragada2025slt, Sec. 3]",
)
def polygons(bench: Bench) -> Evidence:
    r"""Sample around the polygons on the loss of the population and compare with the count.

    The prediction contains what localization and step size do to the stiff directions; the rival
    is half the number of parameters, and half of the directions of the other polygons.
    """
    found = bench.cached("chains", lambda: {"values": _estimates(bench)})["values"]
    expected, ranks = [], []
    for sides, constant in POLYGONS:
        curvatures = curvatures_at(sides, constant)
        ranks.append(int(np.sum(curvatures > 1e-6)))
        stiffest = SCALE * curvatures.max() + LOCALIZATION
        expected.append(
            singular.localized_coefficient(
                np.where(curvatures > 1e-6, curvatures, 0.0),
                scale=SCALE,
                localization=LOCALIZATION,
                step_size=0.2 / stiffest,
            )
        )
    return Evidence(
        quantity=r"$\hat\lambda$",
        form=Form.IDENTITY,
        control=Axis("polygon", LABELS),
        prediction=Prediction(np.array(expected), 0.35, label="stiff directions"),
        measurement=Samples(found),
        rivals=(
            Prediction(3 * FEATURES / 2, label="half the number of parameters"),
            Prediction(np.array(expected)[[1, 0, 1]], label="the other polygon"),
        ),
        note="half the stiff directions: " + ", ".join(f"{rank / 2:g}" for rank in ranks),
    )


@functools.cache
def curvatures_at(sides: int, constant: int) -> Float[np.ndarray, " parameters"]:
    """Eigenvalues of the Hessian of the theory's loss at its polygon, by central differences."""
    shape = singular.polygon(sides, features=FEATURES, constant=constant)
    weights, biases = shape.parameters(sides, FEATURES, constant=constant)
    point = np.concatenate([weights.ravel(), biases])

    def loss(vector: np.ndarray) -> float:
        return singular.population_loss(
            vector[: 2 * FEATURES].reshape(2, FEATURES), vector[2 * FEATURES :]
        )

    step, unit = 1e-4, np.eye(len(point))
    hessian = np.empty((len(point), len(point)))
    for i in range(len(point)):
        for j in range(i + 1):
            corners = [
                loss(point + step * (a * unit[i] + b * unit[j])) * a * b
                for a in (1, -1)
                for b in (1, -1)
            ]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return np.linalg.eigvalsh(hessian)


def _estimates(bench: Bench) -> Float[np.ndarray, "chains polygons"]:
    import jax
    import jax.numpy as jnp

    def loss(model: sim.models.Superposition, batch: Array) -> Array:
        return sim.models.superposition_loss(model)

    columns = []
    for column, (sides, constant) in enumerate(POLYGONS):
        shape = singular.polygon(sides, features=FEATURES, constant=constant)
        weights, biases = shape.parameters(sides, FEATURES, constant=constant)
        model = sim.models.Superposition(
            jnp.asarray(weights, jnp.float32), jnp.asarray(biases, jnp.float32)
        )
        stiffest = SCALE * curvatures_at(sides, constant).max() + LOCALIZATION
        estimate = sim.llc(
            loss,
            model,
            jnp.zeros((1, 1)),
            inverse_temperature=SCALE,
            localization=LOCALIZATION,
            step_size=0.2 / stiffest,
            num_chains=bench.pick(quick=16, full=64),
            num_draws=4000,
            burn_in=10_000,
            record_every=5,
            quiet=True,
            key=jax.random.fold_in(bench.key, column),
        )
        columns.append(estimate.per_chain)
    return np.stack(columns, axis=1)

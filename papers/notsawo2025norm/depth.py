"""Depth instead of a penalty: products of factors find nonnegative sparse signals by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Prediction, Samples
from ._card import paper
from ._runs import (
    INITIAL,
    half_sum_of_squares,
    sparse_problems,
    test_targets,
    train_inputs,
    train_targets,
    weight_error,
)

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

LEARNING_RATE = 0.1


def _runs(bench: Bench, num_measurements: int, *, depth: int, num_steps: int) -> xr.Dataset:
    """Gradient descent on a product of factors, without any penalty."""
    spec = sim.tasks.SparseRecovery(
        dimension=100, sparsity=5, num_measurements=num_measurements, nonnegative=True
    )
    return bench.train(
        f"depth-{depth}-N{num_measurements}",
        key=bench.key_for(f"nonnegative-N{num_measurements}"),
        init=lambda key: sim.models.HadamardNet.init(spec.dimension, depth, scale=INITIAL),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(LEARNING_RATE),
        loss=half_sum_of_squares,
        num_steps=num_steps,
        record_steps=[0, num_steps],
        num_seeds=bench.pick(quick=6, full=12),
        measures={"error": weight_error},
        final={"features": train_inputs, "targets": train_targets, "signal": test_targets},
        dtype="float64",
    )


@paper.claim(
    "depth",
    statement="Two factors with a small initialization recover a sparse signal without a penalty; "
    "one layer stays at the interpolant of least norm.",
    source="[notsawo2025norm, Sec. 3.5, Fig. 9]; both errors derived",
)
def depth(bench: Bench) -> tuple[Evidence, ...]:
    """Relative error after 60,000 steps at two numbers of measurements, nonnegative signals.

    For one layer the error is that of the least-norm interpolant, above one half. For two factors
    it is below 0.05, and that of gradient flow of equal factors up to the same time. Only draws
    that the least l1 norm recovers count.
    """
    sizes, num_steps = (30, 50), bench.pick(quick=60_000, full=1_000_000)
    by_size = [_errors(bench, size, num_steps=num_steps) for size in sizes]
    count = min(len(errors) for errors in by_size)
    one, two, unseen, flow = np.stack([errors[:count] for errors in by_size], axis=2).transpose(
        1, 0, 2
    )
    control = Axis("measurements $N$", sizes)
    note = f"{count} draws each whose signal is the least l1 norm of its data"
    return (
        Evidence(
            quantity="error of two factors",
            form=Form.THRESHOLD,
            control=control,
            prediction=Prediction.at_most(
                np.full(2, 0.05), label="recovers", source="[notsawo2025norm, Fig. 9]"
            ),
            measurement=Samples(two),
            rivals=(Prediction.at_least(0.5, label="stays far"),),
            note=note,
        ),
        Evidence(
            quantity="error of two factors / that of their gradient flow",
            form=Form.CURVE,
            control=control,
            prediction=Prediction(np.ones(2), 0.05, label="flow of equal factors"),
            measurement=Samples(two / flow),
            rivals=(Prediction(np.mean(unseen / flow, axis=0), label="least-norm interpolant"),),
            note=note,
        ),
        Evidence(
            quantity="error of one layer",
            form=Form.THRESHOLD,
            control=control,
            prediction=Prediction.at_least(np.full(2, 0.5), label="stays far"),
            measurement=Samples(one),
            rivals=(Prediction.at_most(0.05, label="recovers"),),
            note=note,
        ),
        Evidence(
            quantity="error of one layer / unseen part of the signal",
            form=Form.IDENTITY,
            control=control,
            prediction=Prediction(np.ones(2), 0.01, label="least-norm interpolant"),
            measurement=Samples(one / unseen),
            rivals=(Prediction(0.0, label="recovers"),),
            note=note,
        ),
    )


def _errors(
    bench: Bench, num_measurements: int, *, num_steps: int
) -> Float[np.ndarray, "draws errors"]:
    """Errors of one layer, of two factors, of the least-norm interpolant, of the flow.

    Raises
    ------
    ValueError
        If fewer than three draws can be recovered at all.
    """
    linear = _runs(bench, num_measurements, depth=1, num_steps=10_000)
    product = _runs(bench, num_measurements, depth=2, num_steps=num_steps)
    rows = []
    for seed, problem in enumerate(sparse_problems(product)):
        if not problem.is_recoverable:
            continue
        end = theory.hadamard_flow(
            problem.features,
            problem.targets,
            np.array([LEARNING_RATE * num_steps]),
            scale=INITIAL,
            depth=2,
        )[0]
        rows.append(
            [
                float(linear["error"].isel(seed=seed, step=-1)),
                float(product["error"].isel(seed=seed, step=-1)),
                theory.null_space_error(problem.features, problem.signal),
                np.linalg.norm(end - problem.signal) / np.linalg.norm(problem.signal),
            ]
        )
    if len(rows) < 3:
        raise ValueError(
            f"only {len(rows)} draws with {num_measurements} measurements are recoverable: "
            "take another seed"
        )
    return np.array(rows)

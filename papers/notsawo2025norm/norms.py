"""The l2 norm of the weights on the way to generalization: it rises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ...validation import Axis, Evidence, Form, Prediction, Samples
from . import low_rank, sparse
from ._card import paper
from ._runs import MEMORIZED, arrival_steps, record_at, sparse_problems

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench


@paper.claim(
    "norm-rises",
    statement="The l2 norm of the weights rises while the test error falls to zero: it does not "
    "measure progress.",
    source="[notsawo2025norm, Fig. 1]; the growth derived",
    memory_gib=(1.0, 4.0),
)
def norm_rises(bench: Bench) -> tuple[Evidence, ...]:
    """Growth of the norm from memorization to recovery, with an l1 and with a nuclear penalty.

    Memorization ends at the interpolant of least l2 norm, so every way to another one leads up:
    the prediction is the ratio of the norms of target and least-norm interpolant. The rival is a
    norm that falls, as under weight decay. Subgradient descent, in the runs of `sliding-time` and
    `nuclear-sliding-time`.
    """
    runs, usable = sparse.slide_runs(bench)
    problems = sparse_problems(runs)
    by_l1 = np.array([np.linalg.norm(p.signal) / np.linalg.norm(p.memorized) for p in problems])
    matrix_runs = low_rank.sensing_runs(bench, solver="subgradient")
    draws, recoverable = low_rank.recoverable_draws(matrix_runs)
    by_nuclear = np.array(
        [
            np.linalg.norm(target) / np.linalg.norm(low_rank.memorized_matrix(measurements, target))
            for measurements, target in draws
        ]
    )
    return (
        _growth("l1", runs, usable, by_l1, sparse.RECOVERED),
        _growth("nuclear norm", matrix_runs, recoverable, by_nuclear, low_rank.RECOVERED),
    )


def _growth(
    penalty: str,
    runs: xr.Dataset,
    usable: list[int],
    ratios: Float[np.ndarray, " seeds"],
    recovered: float,
) -> Evidence:
    # A tenth of the residual is left at memorization; after five times as long nothing is.
    start = record_at(runs, "norm", 5 * arrival_steps(runs, "residual", MEMORIZED))
    end = record_at(runs, "norm", arrival_steps(runs, "error", recovered))
    ratio = (end / start).isel(seed=usable).transpose("seed", "learning_rate", "penalty")
    growth = np.log(ratio.values) / np.log(ratios[usable])[:, None, None]
    rates, penalties = runs["learning_rate"].values, runs["penalty"].values
    labels = tuple(f"{rate:g}, {penalty:g}" for rate in rates for penalty in penalties)
    return Evidence(
        quantity=f"log growth of the l2 norm / that from least norm to target, {penalty}",
        form=Form.CURVE,
        control=Axis(r"$\alpha$, $\beta$", labels),
        prediction=Prediction(np.ones(len(labels)), 0.15, label="least norm to target"),
        measurement=Samples(growth.reshape(len(usable), -1)),
        rivals=(Prediction(-1.0, 1.0, label="the norm falls"),),
        note=f"{len(usable)} of {runs.sizes['seed']} draws are recoverable",
    )

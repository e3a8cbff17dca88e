"""Matrix completion by a symmetric factorization: zeros first, the low rank later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import ClockedRates, linear_weights, samples_of

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

RUN = "completion"
WEIGHT_DECAY = 1e-3


def unobserved_error(model: Any, task: sim.tasks.Task) -> Any:
    """Mean squared error on the entries that are not observed."""
    return sim.losses.squared_error(model, task.test())


@paper.claim(
    "matrix-completion",
    statement="A symmetric factorization first fills unobserved entries with zeros, then completes "
    "the matrix to the least nuclear norm, at lambda t = ln alpha + C.",
    source="[lyu2023dichotomy, Cor. 3.11, Thm. 3.12, Fig. 3]",
    memory_gib=(1.0, 4.0),
)
def matrix_completion(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train on some entries of $X^*_{ij} = ij/d^2$ and compare both ends with matrices that need
    no training: the zero fill-in, which knows $X^*_{ji}$ where $X^*_{ij}$ was observed, and the
    completion of least nuclear norm.

    The network stays symmetric, so both orders of an observed pair go into the nuclear norm
    program. A finite decay leaves the network a few per cent from it.
    """
    side, fraction, scales = bench.pick(quick=(30, 0.2, (3.0, 10.0)), full=(97, 0.05, (3.0, 10.0)))
    num_seeds, end = bench.pick(quick=3, full=4), bench.pick(quick=6.0, full=8.0)
    num_observed = round(fraction * side**2)
    spec = sim.tasks.MatrixCompletion(
        num_rows=side, num_columns=side, rank=1, num_observed=num_observed, target="ramp"
    )

    def rates_of(scale: float) -> ClockedRates:
        # The curvature is 32 beta / n early and of the order of |X*| / n late.
        return ClockedRates(
            first=num_observed / (32 * scale**2), largest=0.5, weight_decay=WEIGHT_DECAY
        )

    clocks = {}
    for scale in scales:
        num_steps = rates_of(scale).num_steps((np.log(scale) + end) / WEIGHT_DECAY)
        clocks[scale] = WEIGHT_DECAY * rates_of(scale).times(num_steps)

    def train(scale: float) -> xr.Dataset:
        clock = clocks[scale]
        wanted = [0.5 * np.log(scale), *np.linspace(0.0, clock[-1], 60)[:-1]]
        return bench.train(
            f"{RUN}-{scale:g}",
            key=bench.key_for(RUN),
            init=lambda key: sim.models.SymmetricFactorization.init(side, scale=scale),
            task=lambda key: spec.sample(key=key),
            optimizer=sim.optimizers.gradient_descent(rates_of(scale).schedule(), WEIGHT_DECAY),
            loss=sim.losses.squared_error,
            num_steps=len(clock) - 1,
            record_steps=sorted({*np.searchsorted(clock, wanted).tolist(), len(clock) - 1}),
            num_seeds=num_seeds,
            measures={"error": unobserved_error, "weights": linear_weights},
            dims={"weights": ("row", "column")},
            dtype="float64",
        )

    runs = {scale: train(scale) for scale in scales}

    def predict() -> dict[str, np.ndarray]:
        filled, completed = np.empty((2, num_seeds, side, side))
        for seed in range(num_seeds):
            indices, values = samples_of(bench, RUN, spec, seed)
            filled[seed] = theory.zero_fill_in(indices, values, dimension=side)
            both = np.concatenate([indices, indices[:, ::-1]])
            distinct, first = np.unique(both, axis=0, return_index=True)
            completed[seed] = theory.min_nuclear_norm(
                distinct, np.tile(values, 2)[first], (side, side)
            ).matrix
        return {"filled": filled, "completed": completed}

    ends = bench.cached("ends", predict)
    target = np.multiply.outer(np.arange(side), np.arange(side)) / side**2
    masks = [_unobserved(samples_of(bench, RUN, spec, seed)[0], side) for seed in range(num_seeds)]

    def error(matrices: np.ndarray) -> np.ndarray:
        pairs = zip(matrices, masks, strict=True)
        return np.array([np.mean((matrix - target)[mask] ** 2) for matrix, mask in pairs])

    early, late, halving, panel = [], [], [], []
    filled_error, empty_error = error(ends["filled"]), error(np.zeros_like(ends["filled"]))
    for scale in scales:
        run = runs[scale]
        clock = clocks[scale][run["step"].values]
        errors = run["error"].transpose("seed", "step").values
        at = int(np.argmin(np.abs(clock - 0.5 * np.log(scale))))
        early.append(errors[:, at] / filled_error)
        final = run["weights"].transpose("seed", "step", "row", "column").values[:, -1]
        late.append(_distance(final, ends["completed"]))
        halving.append(
            [
                np.interp(-half, -row[at:], clock[at:])
                for row, half in zip(errors, filled_error / 2, strict=True)
            ]
        )
        style = "line" if scale == scales[0] else "dashed"
        panel.append(Series(rf"$\alpha = {scale:g}$", clock, errors.mean(axis=0), style=style))
    axis = Axis(r"initialization $\alpha$", scales, scale="log")
    halving = np.array(halving)
    return (
        Evidence(
            quantity=r"error at $\lambda t = 0.5\ln\alpha$ / error of the zero fill-in",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction([1.0] * 2, 0.1, label="zero fill-in"),
            measurement=Samples(np.stack(early, axis=1)),
            rivals=(
                Prediction(
                    [np.mean(empty_error / filled_error)] * 2, label="zeros, mirror entries as well"
                ),
                Prediction(
                    [np.mean(error(ends["completed"]) / filled_error)] * 2,
                    label="already the least nuclear norm",
                ),
            ),
        ),
        Evidence(
            quantity="final distance to the least nuclear norm / its norm",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction([0.0] * 2, 0.15, label="least nuclear norm"),
            measurement=Samples(np.stack(late, axis=1)),
            rivals=(
                Prediction(
                    [np.mean(_distance(ends["filled"], ends["completed"]))] * 2,
                    label="stays at the zero fill-in",
                ),
            ),
            panel=Panel(r"$\lambda t$", "error on unobserved entries", tuple(panel), y_scale="log"),
        ),
        Evidence(
            quantity=r"delay of the halving in $\lambda t$ between the initializations, "
            r"per $\ln\alpha$",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.05, label=r"$\lambda t = \ln\alpha + C$"),
            measurement=Samples((halving[1] - halving[0]) / np.log(scales[1] / scales[0])),
            rivals=(
                Prediction(2.0, label="the matrix itself decays"),
                Prediction(0.0, label="initialization does not matter"),
            ),
        ),
    )


def _unobserved(indices: np.ndarray, side: int) -> np.ndarray:
    mask = np.ones((side, side), dtype=bool)
    mask[tuple(indices.T)] = False
    return mask


def _distance(matrices: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Frobenius distance of each pair over the norm of the second."""
    axes = (-2, -1)
    return np.linalg.norm(matrices - others, axis=axes) / np.linalg.norm(others, axis=axes)

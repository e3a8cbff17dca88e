"""Diagonal networks that regress: one curve for all initializations, known without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper
from ._runs import ClockedRates, samples_of

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

RUN = "regression"  # all runs share the data of their seeds
END = 4.0  # collapsed time at which runs end


def _task() -> sim.tasks.SparseRegression:
    return sim.tasks.SparseRegression(dimension=200, sparsity=3, num_train=40, num_test=1000)


def _rates(scale: float, weight_decay: float) -> ClockedRates:
    r"""Stable rates: the curvature is $16\beta\lVert X\rVert^2/n$ early, about 12 late."""
    spec = _task()
    norm = spec.num_train**0.5 + spec.dimension**0.5
    return ClockedRates(
        first=spec.num_train / (16 * scale**2 * norm**2), largest=0.05, weight_decay=weight_decay
    )


def relative_test_error(model: Any, task: sim.tasks.Task) -> Any:
    """Squared error on fresh samples over their mean squared target."""
    batch = task.test()
    return sim.losses.squared_error(model, batch) / (batch.targets**2).mean()


def _train(bench: Bench, scale: float, weight_decay: float) -> tuple[np.ndarray, xr.Dataset]:
    r"""Train to $\lambda t = \ln\alpha + 4$; returns the collapsed times of the records."""
    rates = _rates(scale, weight_decay)
    num_steps = rates.num_steps((np.log(scale) + END) / weight_decay)
    times = rates.times(num_steps)
    collapsed = theory.collapsed_time(times, scale=scale, weight_decay=weight_decay)
    # From the beginning of the plateau on, evenly on the collapsed clock.
    wanted = np.linspace(-0.4 * np.log(scale), collapsed[-1], 40)
    steps = sorted({0, num_steps, *np.searchsorted(collapsed, wanted[:-1]).tolist()})
    runs = bench.train(
        f"{RUN}-{scale:g}-{weight_decay:g}",
        key=bench.key_for(RUN),
        init=lambda key: sim.DiagonalNet.init(_task().dimension, scale=scale),
        task=lambda key: _task().sample(key=key),
        optimizer=sim.optimizers.gradient_descent(rates.schedule(), weight_decay),
        loss=sim.losses.squared_error,
        num_steps=num_steps,
        record_steps=steps,
        num_seeds=bench.pick(quick=3, full=8),
        measures={"error": relative_test_error},
        dtype="float64",
    )
    return collapsed[steps], runs


@paper.claim(
    "regression-collapse",
    statement="In sparse regression the test error is one function of lambda t - ln alpha: that of "
    "the interpolants of least hyperbolic entropy.",
    source="[lyu2023dichotomy, Thms. 3.9, 3.10]; curve derived",
    memory_gib=(1.0, 2.0),
)
def regression_collapse(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train from several initializations and at two decays; compare the test errors with those of
    $\arg\min_{Xw=y}Q_\beta(w)$, $\beta = \alpha^2e^{-2\lambda t}$, a static convex program.

    That program has no dynamics, no learning rate and no free constant. It starts at the least
    $\ell_2$ norm and ends at the least $\ell_1$ norm; both ends are rivals for the whole curve,
    and the theorem's center $\ln(\alpha)/\lambda$ is one for the time at which the error is halved.
    """
    decays = (1e-2, 2.5e-3)
    scales = bench.pick(quick=(1.0, 2.0, 4.0), full=(1.0, 2.0, 4.0, 8.0))
    kinds = [(scale, decays[0]) for scale in scales] + [(2.0, decays[1])]
    records = {kind: _train(bench, *kind) for kind in kinds}
    num_seeds = len(records[kinds[0]][1]["seed"])
    clock = np.linspace(0.5, END - 0.05, 8)  # from the fit of the smallest initialization on
    fine = np.linspace(-1.0, END, 101)

    def predict() -> dict[str, np.ndarray]:
        errors = np.empty((num_seeds, len(fine)))
        for seed in range(num_seeds):
            features, targets = samples_of(bench, RUN, _task(), seed)
            tests, wanted = samples_of(bench, RUN, _task(), seed, part="test")
            weights = theory.interpolating_weights(features, targets, np.exp(-2 * fine))
            missed = weights @ tests.T - wanted
            errors[seed] = np.mean(missed**2, axis=1) / np.mean(wanted**2)
        return {"errors": errors}

    static = bench.cached("static-errors", predict)["errors"]

    def trained(kind: tuple[float, float]) -> np.ndarray:
        collapsed, runs = records[kind]
        errors = runs["error"].transpose("seed", "step").values
        return np.array([np.interp(clock, collapsed, error) for error in errors])

    def halved(collapsed: np.ndarray, errors: np.ndarray, half: float) -> float:
        return float(np.interp(-half, -errors, collapsed))

    halves = static[:, 0] / 2
    expected = np.array([halved(fine, row, half) for row, half in zip(static, halves, strict=True)])
    measured = np.empty((num_seeds, len(kinds)))
    for i, kind in enumerate(kinds):
        collapsed, runs = records[kind]
        errors = runs["error"].transpose("seed", "step").values
        kept = collapsed >= -0.4 * np.log(kind[0]) - 1e-9
        for seed in range(num_seeds):
            measured[seed, i] = halved(collapsed[kept], errors[seed, kept], halves[seed])
    log_scales = np.log(scales)
    halving_times = measured[:, : len(scales)] + log_scales
    theory_on_clock = np.array([np.interp(clock, fine, row) for row in static])
    collapse = np.concatenate([trained(kind) for kind in kinds]).reshape(len(kinds), num_seeds, -1)
    names = tuple(rf"$\alpha = {scale:g}$, $\lambda = {decay:g}$" for scale, decay in kinds)
    middle = theory_on_clock.mean(axis=0)
    return (
        Evidence(
            quantity="test error minus that of the static program",
            form=Form.CURVE,
            control=Axis(r"$\lambda t - \ln\alpha$", clock),
            prediction=Prediction(
                np.zeros(len(clock)), 0.03, label="least hyperbolic entropy", source="derived"
            ),
            # All initializations and decays are held to the one curve of their seed.
            measurement=Samples(collapse.mean(axis=0) - theory_on_clock),
            rivals=(
                Prediction(middle[0] - middle, label=r"least $\ell_2$ norm throughout"),
                Prediction(middle[-1] - middle, label=r"least $\ell_1$ norm throughout"),
            ),
            panel=Panel(
                r"$\lambda t - \ln\alpha$",
                "test error",
                (
                    Series("static program", fine, static.mean(axis=0), style="line"),
                    *(
                        Series(name, clock, errors.mean(axis=0))
                        for name, errors in zip(names, collapse, strict=True)
                    ),
                ),
            ),
        ),
        Evidence(
            quantity=r"$\lambda t - \ln\alpha$ at half of the error, minus prediction",
            form=Form.CURVE,
            control=Axis("run", names),
            prediction=Prediction(
                np.zeros(len(kinds)), 0.1, label="least hyperbolic entropy", source="derived"
            ),
            measurement=Samples(measured - expected[:, None]),
            rivals=(
                Prediction(
                    [-expected.mean()] * len(kinds),
                    label=r"$\ln(\alpha)/\lambda$",
                    source="[lyu2023dichotomy, Thm. 3.10]",
                ),
            ),
        ),
        Evidence(
            quantity=r"slope of $\lambda t$ in $\ln\alpha$",
            form=Form.LAW,
            prediction=Prediction(1.0, 0.02, label=r"$\lambda t = \ln\alpha + C$"),
            measurement=Samples(np.polyfit(log_scales, halving_times.T, 1)[0]),
            rivals=(
                Prediction(2.0, label="the predictor itself decays"),
                Prediction(0.0, label="initialization does not matter"),
            ),
        ),
    )

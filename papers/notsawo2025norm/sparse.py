"""Sparse recovery with an l1 penalty: memorization, the slide to the sparse signal, the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series, fit_law
from ._card import paper
from ._runs import (
    INITIAL,
    MEMORIZED,
    RECOVERED,
    SparseProblem,
    arrival_steps,
    sparse_problems,
    sparse_runs,
)

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench


def paper_task() -> sim.tasks.SparseRecovery:
    """Return the task of the paper's runs."""
    return sim.tasks.SparseRecovery(dimension=100, sparsity=5, num_measurements=30)


def slide_runs(
    bench: Bench, *, solver: Literal["subgradient", "proximal"] = "subgradient"
) -> tuple[xr.Dataset, list[int]]:
    """Train until the signal is recovered, and select the draws for which a time is predicted.

    Those are the seeds whose signal is the interpolant of least l1 norm, and whose remaining
    error under the largest penalty is less than half of the threshold. Runs that pass below the
    l1 norm of their signal end there.
    """
    rates, penalties = bench.pick(
        quick=((0.03, 0.1), (1e-4, 3e-4)), full=((0.0275, 0.055, 0.1), (1e-5, 1e-4))
    )
    runs = sparse_runs(
        bench,
        "slide",
        spec=paper_task(),
        learning_rates=rates,
        penalties=penalties,
        num_steps=bench.pick(quick=200_000, full=3_000_000),
        num_seeds=bench.pick(quick=8, full=24),
        solver=solver,
        stop_below=0.75 * RECOVERED,
        give_up_below=0.95,
    )
    usable = [
        seed
        for seed, problem in enumerate(sparse_problems(runs))
        if problem.is_recoverable and problem.remaining_error(max(penalties)) < 0.5 * RECOVERED
    ]
    return runs, usable


def selection_note(runs: xr.Dataset, usable: list[int]) -> str:
    """Return what the report says about the draws that were left out."""
    return (
        f"{len(usable)} of {runs.sizes['seed']} draws: the others are not the least l1 norm of "
        "their data, or too small for the threshold at the largest penalty"
    )


def _waits(runs: xr.Dataset, usable: list[int]) -> xr.DataArray:
    """Steps from memorization to recovery, by seed, learning rate and penalty."""
    waits = arrival_steps(runs, "error", RECOVERED) - arrival_steps(runs, "residual", MEMORIZED)
    return waits.isel(seed=usable).transpose("seed", "learning_rate", "penalty")


@paper.claim(
    "sliding-time",
    statement="Sparse recovery comes T*/(alpha beta) steps after memorization, T* a constant of "
    "the data that the flow of the l1 norm along the interpolants gives exactly.",
    source="derived, sharpens [notsawo2025norm, Thm. 3.1, Fig. 4]",
    headline=True,
    memory_gib=(1.0, 4.0),
)
def sliding_time(bench: Bench) -> tuple[Evidence, ...]:
    """Subgradient descent and proximal gradient descent over a grid of steps and penalties.

    The first rival takes the theorem's bound for the time itself: it says "if and only if", with
    the excess of the l1 norm at recovery for its tolerance. The second is the paper's empirical
    form, the largest coordinate of the way from memorization to the signal.
    """
    evidence = []
    for solver in ("subgradient", "proximal"):
        runs, usable = slide_runs(bench, solver=solver)
        problems = [sparse_problems(runs)[seed] for seed in usable]
        universal, bounds, largest = np.array([_sliding_times(problem) for problem in problems]).T
        waits = _waits(runs, usable)
        rates, penalties = runs["learning_rate"].values, runs["penalty"].values
        clock = np.outer(rates, penalties)
        ratios = waits.values * clock / universal[:, None, None]
        labels = tuple(f"{rate:g}, {penalty:g}" for rate in rates for penalty in penalties)
        evidence.append(
            Evidence(
                quantity=rf"$\alpha\beta\,(t_2-t_1)/T^*$, {solver} descent",
                form=Form.CURVE,
                control=Axis(r"$\alpha$, $\beta$", labels),
                prediction=Prediction(
                    np.ones(len(labels)), (0.03, 0.06), label="exact slide", source="derived"
                ),
                measurement=Samples(ratios.reshape(len(problems), -1)),
                rivals=(
                    Prediction(
                        np.mean(bounds / universal),
                        label="bound attained",
                        source="[notsawo2025norm, Thm. 2.1]",
                    ),
                    Prediction(
                        np.mean(largest / universal),
                        label="largest coordinate of the way",
                        source="[notsawo2025norm, Fig. 4]",
                    ),
                ),
                note=selection_note(runs, usable),
                panel=_waits_panel(waits, universal),
            )
        )
        log_waits = np.log(waits.values)
        exponents = np.stack(
            [
                _slopes(np.log(rates), log_waits.mean(axis=2)),
                _slopes(np.log(penalties), log_waits.mean(axis=1)),
            ],
            axis=1,
        )
        evidence.append(
            Evidence(
                quantity=f"exponents of the wait, {solver} descent",
                form=Form.LAW,
                control=Axis("in", (r"$\alpha$", r"$\beta$")),
                prediction=Prediction([-1.0, -1.0], 0.05, label=r"$1/(\alpha\beta)$"),
                measurement=Samples(exponents),
                rivals=(Prediction([-1.0, 0.0], label="the clock of memorization"),),
            )
        )
    return tuple(evidence)


def _sliding_times(problem: SparseProblem) -> tuple[float, float, float]:
    """The exact time, the bound with the tolerance met at it, and the largest coordinate."""
    path = problem.slide()
    exact = path.arrival_time(problem.signal, relative_error=RECOVERED)
    way = path.points[0] - problem.signal
    excess = np.abs(path.at(np.array([exact]))).sum() - np.abs(path.points[-1]).sum()
    bound = theory.sliding_time_bound(
        float(np.linalg.norm(way)), learning_rate=1.0, penalty=1.0, tolerance=float(2 * excess)
    )
    return exact, bound, float(np.abs(way).max())


def _waits_panel(waits: xr.DataArray, universal: Float[np.ndarray, " seeds"]) -> Panel:
    clock = np.outer(waits["learning_rate"], waits["penalty"]).ravel()
    order = np.argsort(clock)
    steps = waits.values.reshape(len(universal), -1)[:, order]
    series = []
    for seed, time in enumerate(universal[:4]):
        series.append(Series(f"draw {seed + 1}", clock[order], steps[seed]))
        series.append(
            Series(f"$T^* = {time:.3f}$", clock[order], time / clock[order], style="line")
        )
    return Panel(r"$\alpha\beta$", "steps $t_2-t_1$", tuple(series), x_scale="log", y_scale="log")


def _slopes(
    x: Float[np.ndarray, " points"], y: Float[np.ndarray, "seeds points"]
) -> Float[np.ndarray, " seeds"]:
    return np.polyfit(x, y.T, 1)[0]


@paper.claim(
    "memorization-time",
    statement="The time to memorize does not depend on the penalty.",
    source="[notsawo2025norm, Thm. 2.1]; the time derived",
)
def memorization_time(bench: Bench) -> Evidence:
    """Steps until the train residual is a tenth of the targets, over two decades of penalties.

    The prediction is the time of plain gradient descent, from the singular values of each draw.
    """
    rates, penalties = (0.01, 0.03), (1e-6, 1e-5, 1e-4)
    runs = sparse_runs(
        bench,
        "memorization",
        spec=paper_task(),
        learning_rates=rates,
        penalties=penalties,
        num_steps=400,
        num_seeds=bench.pick(quick=10, full=40),
        record_steps=list(range(401)),
    )
    start = np.full(paper_task().dimension, INITIAL)
    predicted = np.array(
        [
            [
                theory.memorization_time(
                    problem.features,
                    problem.targets,
                    start,
                    learning_rate=rate,
                    relative_residual=MEMORIZED,
                )
                for rate in rates
            ]
            for problem in sparse_problems(runs)
        ]
    )
    arrivals = arrival_steps(runs, "residual", MEMORIZED)
    measured = np.ceil(arrivals.transpose("seed", "learning_rate", "penalty").values)
    ratios = measured / predicted[..., None]
    labels = tuple(f"{rate:g}, {penalty:g}" for rate in rates for penalty in penalties)
    clock = np.tile(np.max(penalties) / np.array(penalties), len(rates))
    return Evidence(
        quantity=r"$t_1$ / time without a penalty",
        form=Form.CURVE,
        control=Axis(r"$\alpha$, $\beta$", labels),
        prediction=Prediction(np.ones(len(labels)), 0.1, label="plain gradient descent"),
        measurement=Samples(ratios.reshape(len(predicted), -1)),
        rivals=(Prediction(clock, label=r"a clock of $1/(\alpha\beta)$"),),
    )


@paper.claim(
    "remaining-error",
    statement="The error that remains after recovery is proportional to the penalty and does not "
    "depend on the step.",
    source="derived, compare the floor in alpha beta of [notsawo2025norm, Thm. 3.3, Fig. 4]",
)
def remaining_error(bench: Bench) -> tuple[Evidence, ...]:
    """Mean error over the last tenth of runs that go on past recovery.

    Proximal gradient descent ends at the minimizer of the penalized loss, which is computed
    exactly. Subgradient descent circles around it: the square of that distance is at most
    proportional to the step, so the exponent of its error in the step lies between 0 and 1/2.
    The rival is an error proportional to the step times the penalty.
    """
    rates, penalties = (0.03, 0.1), bench.pick(quick=(3e-4, 1e-3), full=(1e-4, 3e-4, 1e-3))
    num_seeds = bench.pick(quick=6, full=12)
    evidence = []
    for solver in ("proximal", "subgradient"):
        runs = sparse_runs(
            bench,
            "end",
            spec=paper_task(),
            learning_rates=rates,
            penalties=penalties,
            num_steps=bench.pick(quick=80_000, full=400_000),
            num_seeds=num_seeds,
            solver=solver,
        )
        problems = sparse_problems(runs)
        usable = [
            seed
            for seed, problem in enumerate(problems)
            if problem.is_recoverable and problem.remaining_error(max(penalties)) < 0.1
        ]
        late = runs["error"].isel(seed=usable, step=runs["step"] > 0.9 * runs["step"][-1])
        errors = late.mean("step").transpose("seed", "learning_rate", "penalty").values
        expected = np.array(
            [[problems[seed].remaining_error(p) for p in penalties] for seed in usable]
        )
        note = f"{len(usable)} of {num_seeds} draws are recoverable and larger than their error"
        if solver == "proximal":
            labels = tuple(f"{rate:g}, {penalty:g}" for rate in rates for penalty in penalties)
            ratios = (errors / expected[:, None, :]).reshape(len(usable), -1)
            by_step = np.repeat(np.array(rates) / max(rates), len(penalties))
            evidence.append(
                Evidence(
                    quantity="remaining error / that of the penalized minimizer",
                    form=Form.CURVE,
                    control=Axis(r"$\alpha$, $\beta$", labels),
                    prediction=Prediction(np.ones(len(labels)), 0.01, label=r"$\propto\beta$"),
                    measurement=Samples(ratios),
                    rivals=(Prediction(by_step, label=r"$\propto\alpha\beta$"),),
                    note=note,
                )
            )
        in_rate = fit_law(np.array(rates), errors.mean(axis=2)).estimate("exponent")
        in_penalty = fit_law(np.array(penalties), errors.mean(axis=1)).estimate("exponent")
        evidence += [
            Evidence(
                quantity=f"exponent of the remaining error in the penalty, {solver} descent",
                form=Form.LAW,
                prediction=Prediction(1.0, 0.2, label=r"$\propto\beta$"),
                measurement=in_penalty,
                rivals=(Prediction(0.5, 0.2, label=r"$\propto\sqrt{\beta}$"),),
                note=note,
            ),
            Evidence(
                quantity=f"exponent of the remaining error in the step, {solver} descent",
                form=Form.LAW,
                prediction=Prediction(
                    0.0,
                    0.02 if solver == "proximal" else (0.02, 0.5),
                    label="minimizer of the penalized loss",
                    source="derived",
                ),
                measurement=in_rate,
                rivals=(
                    Prediction(
                        1.0,
                        0.2,
                        label=r"$\propto\alpha\beta$",
                        source="[notsawo2025norm, Thm. 3.3]",
                    ),
                ),
                note=note,
            ),
        ]
    return tuple(evidence)

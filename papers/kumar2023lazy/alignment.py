"""The tangent kernel turns towards the target while a network groks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ...theory import lazy_rich
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from . import _probes
from ._card import paper
from ._runs import (
    Setting,
    closed_flow,
    falling_times,
    target_forms,
    train_committees,
)

if TYPE_CHECKING:
    from ..bench import Bench

GROKKED = 0.2


@paper.claim(
    "alignment",
    statement="The alignment of the tangent kernel with the target rises while the network groks, "
    "in step with the second moment of its weights along the target.",
    source="[kumar2023lazy, Secs. 5 and 11]; the power of the target corrected",
    memory_gib=(1.5, 6.0),
)
def alignment(bench: Bench) -> tuple[Evidence, ...]:
    """Tangent kernel of the networks, by differentiation, on a test sample along training.

    The prediction takes the moments from the closed flow and averages over the population; the
    sample's alignment is larger because its diagonal does not average out, so that the two are
    compared by rank. The power of the target in the kernel, over pairs from two halves of the test
    set, has no such bias and decides about the printed factor.
    """
    setting = bench.pick(quick=Setting(40, 200, 100, 8000), full=Setting(100, 500, 1000, 8000))
    num_samples = bench.pick(quick=800, full=2000)
    curvature, seeds, name = 0.25, bench.pick(quick=6, full=3), "alignment"
    runs = train_committees(
        bench,
        name,
        setting,
        scales=[0.4],
        curvatures=[curvature],
        num_steps=bench.pick(quick=1500, full=5000),
        num_seeds=seeds,
        measures={"alignment": partial(_probes.alignment, num_samples=num_samples)},
        final={"target_power": _probes.target_power},
    ).isel(scale=0, curvature=0)
    steps = runs["step"].values
    forms = target_forms(bench, name, setting, seeds)
    found = runs["alignment"].transpose("seed", "step").values
    predicted, powers, along = [], [], []
    for seed, form in enumerate(forms):
        flow = closed_flow(runs.isel(seed=seed), steps.astype(np.float64))
        predicted.append(
            lazy_rich.population_alignment(flow.mean, flow.second_moment, form, curvature=curvature)
        )
        powers.append(lazy_rich.alignment_power(flow.second_moment[-1], form, curvature=curvature))
        along.append(np.einsum("ij,rij->r", form, flow.second_moment) / setting.dimension)
    predicted, powers = np.stack(predicted), np.array(powers)
    # In weights the kernel is alpha^2/N times the one of the theory.
    final_power = runs["target_power"].values * setting.width / float(runs["scale"]) ** 2
    ranks = np.array(
        [
            [_rank_correlation(measured, theory) for theory in pair]
            for measured, *pair in zip(found, predicted, along, strict=True)
        ]
    )
    memorized = falling_times(steps, runs["loss"].values, GROKKED)
    generalized = falling_times(steps, runs["test_loss"].values, GROKKED)
    rise = [
        np.diff(np.interp([early, late], steps, np.log(curve)))[0]
        for early, late, curve in zip(memorized, generalized, found, strict=True)
    ]
    return (
        Evidence(
            quantity="rank correlation with the measured alignment along training",
            form=Form.ORDERING,
            control=Axis("predicted", ("population alignment", r"$\beta^T M\beta$")),
            prediction=Prediction.at_least(np.full(2, 0.9), label="in step"),
            measurement=Samples(ranks),
            rivals=(Prediction.at_most(0.5, label="loosely related"),),
            panel=Panel(
                "steps",
                "alignment",
                (
                    Series("test sample", steps[1:], found[:, 1:].mean(axis=0)),
                    Series("population", steps[1:], predicted[:, 1:].mean(axis=0), style="line"),
                ),
                x_scale="log",
            ),
        ),
        Evidence(
            quantity="log rise of the alignment between memorization and generalization",
            form=Form.ORDERING,
            prediction=Prediction.at_least(0.0, label="rises"),
            measurement=Samples(rise),
            rivals=(Prediction(0.0, (np.inf, 0.0), label="constant or falling"),),
        ),
        Evidence(
            quantity="power of the target in the final kernel / prediction",
            form=Form.IDENTITY,
            prediction=Prediction(
                1.0, 0.25, label=r"$\epsilon^2/4D^4\ (\ldots)$", source="derived"
            ),
            measurement=Samples(final_power / powers),
            rivals=(
                Prediction(
                    4.0, 1.0, label="printed, without 1/4", source="[kumar2023lazy, Eq. 20]"
                ),
            ),
        ),
    )


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import rankdata

    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


@paper.claim(
    "initial-spectrum",
    statement="The kernel of a wide, new network has eigenvalue 2 eps^2 / D^2 on traceless "
    "quadratic forms, 1/D on linear functions and eps^2 (D+2) / D^2 on the squared norm.",
    source="derived, corrects [kumar2023lazy, Eq. 16, App. 11.1]",
)
def initial_spectrum(bench: Bench) -> Evidence:
    """Rayleigh quotients of the tangent kernel of a wide committee, from pairs of different
    Gaussian samples: the coordinates, all traceless products of coordinates, the squared norm.
    """
    dimension, curvature = 10, 0.25
    width, samples = bench.pick(quick=2000, full=10_000), bench.pick(quick=1000, full=3000)
    seeds = bench.pick(quick=30, full=40)

    def measure() -> dict[str, np.ndarray]:
        import jax

        from ... import simulations as sim

        quotients = []
        for seed in range(seeds):
            bench.progress(seed / seeds, "initial kernels")
            key, data_key = jax.random.split(jax.random.fold_in(bench.key_for("spectrum"), seed))
            model = sim.CommitteeMachine.init(dimension, width, curvature=curvature, key=key)
            inputs = jax.random.normal(data_key, (samples, dimension)) / np.sqrt(dimension)
            kernel = sim.measures.tangent_kernel(model, inputs).reshape(samples, samples)
            quotients.append(
                _rayleigh(width * np.asarray(kernel, np.float64), np.asarray(inputs, np.float64))
            )
        return {"quotients": np.array(quotients)}

    quotients = bench.cached("rayleigh", measure)["quotients"]
    rates = np.array(lazy_rich.initial_eigenvalues(dimension, curvature=curvature))
    printed = rates.copy()
    printed[1] = lazy_rich.published_quadratic_eigenvalue(dimension, curvature=curvature)
    return Evidence(
        quantity="eigenvalue / prediction",
        form=Form.IDENTITY,
        control=Axis("functions", ("linear", "quadratic", "squared norm")),
        prediction=Prediction(np.ones(3), 0.1, label="derived"),
        measurement=Samples(quotients / rates),
        rivals=(Prediction(printed / rates, label="printed", source="[kumar2023lazy, App. 11.1]"),),
    )


def _rayleigh(kernel: np.ndarray, inputs: np.ndarray) -> list[float]:
    """Mean of g K g' over pairs of different samples, over the mean of g^2, for each kind of g."""
    samples, dimension = inputs.shape
    kernel = kernel - np.diag(np.diag(kernel))
    first, second = np.triu_indices(dimension, 1)
    kinds = (inputs, inputs[:, first] * inputs[:, second], np.sum(inputs**2, axis=1, keepdims=True))
    pairs = samples * (samples - 1)
    return [
        float(np.sum(kind * (kernel @ kind)) / pairs / np.mean(kind**2, axis=0).sum())
        for kind in kinds
    ]

"""The lazy plateau: kernel regression with the initial kernel, on one train set and on average."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...theory import kernels, lazy_rich
from ...validation import Axis, Evidence, Form, Prediction, Samples
from ._card import paper
from ._runs import (
    Setting,
    last_records,
    measured_terms,
    start_of,
    target_forms,
    train_committees,
)

if TYPE_CHECKING:
    from ..bench import Bench

_RATE = 4.0
_INITIAL_ERROR = 0.75


@paper.claim(
    "kernel-limit",
    statement="At large output scale a network ends at kernel regression with its initial kernel.",
    source="[kumar2023lazy, Sec. 4.1]; the test error derived",
)
def kernel_limit(bench: Bench) -> tuple[Evidence, ...]:
    """Committees of finite width in float64, each held against the regression with the kernel of
    its own initial weights: test error, and the distance that its weights have gone.

    The rivals are a network that has learned nothing, and the regression with the kernel of
    infinite width.
    """
    setting = bench.pick(quick=Setting(30, 60, 60, 1000), full=Setting(100, 200, 1000, 1000))
    scales, curvature, seeds = (1e3, 1e4), 1.0, bench.pick(quick=10, full=3)
    name = "kernel-limit"
    runs = train_committees(
        bench,
        name,
        setting,
        scales=scales,
        curvatures=[curvature],
        num_steps=bench.pick(quick=1500, full=5000),
        num_seeds=seeds,
        learning_rate=_RATE,
        measures={"displacement": _displacement},
        dtype="float64",
    ).isel(curvature=0)
    forms = target_forms(bench, name, setting, seeds)
    errors = np.stack(
        [measured_terms(runs.isel(scale=k), forms).total[:, -1] for k in range(len(scales))], axis=1
    )
    own, wide, costs = [], [], []
    kept: dict[str, Any]
    for seed, form in enumerate(forms):
        start = start_of(runs.isel(seed=seed, scale=0))
        kept = {"curvature": curvature, "mean": start.mean, "second_moment": start.second_moment}
        gram = lazy_rich.committee_kernel(start.inputs, **kept)
        own.append(lazy_rich.kernel_plateau(start.inputs, form, **kept).total)
        wide.append(lazy_rich.kernel_plateau(start.inputs, form, curvature=curvature).total)
        costs.append(kernels.interpolation_cost(gram, start.targets))
    own, wide = np.array(own), np.array(wide)
    # In weights the kernel is alpha^2/N times the one of the theory.
    lengths = np.array(costs)[:, None] * setting.width / np.array(scales) ** 2
    moved = last_records(runs["displacement"].transpose("seed", "scale", "step").values)
    axis = Axis(r"scale $\alpha$", scales, scale="log")
    return (
        Evidence(
            quantity="final test error / kernel regression",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(np.ones(2), 0.01, label="initial kernel", source="derived"),
            measurement=Samples(errors / own[:, None]),
            rivals=(
                Prediction(np.mean(_INITIAL_ERROR / own), label="nothing learned"),
                Prediction(np.mean(wide / own), label="kernel of infinite width"),
            ),
        ),
        Evidence(
            quantity=r"$|w-w_0|^2$ / kernel regression",
            form=Form.CURVE,
            control=axis,
            prediction=Prediction(
                np.ones(2), 0.01, label=r"$y^\top K^{-1}y$", source="[kumar2023lazy, Eqs. 8-9]"
            ),
            measurement=Samples(moved / lengths),
            rivals=(
                Prediction(
                    np.array(scales) ** 2 / setting.width,
                    label=r"without the prefactor $\alpha^2/N$ of the kernel",
                ),
            ),
        ),
    )


def _displacement(model, task):
    """Squared distance of the weights from their start."""
    import jax.numpy as jnp

    del task
    return jnp.sum((model.model.weights - model.initial.value.weights) ** 2)


@paper.claim(
    "lazy-plateau",
    statement="The average test error of the lazy plateau follows from three eigenvalues of the "
    "initial kernel; with a few samples a dimension it is little better than no training.",
    source="derived: learning curve of kernel regression for [kumar2023lazy, App. 11.1]",
    headline=True,
)
def lazy_plateau(bench: Bench) -> Evidence:
    """Mean over training sets of the test error of committees at scale 1000, at three sizes of the
    training set.

    The committees start with the moments of infinite width. The theory is asymptotic; its
    tolerance of 7 % is 5 % plus the 2 % by which it is off in thirty dimensions.
    """
    dimension, curvature = bench.pick(quick=30, full=50), 1.0
    sizes = [round(0.8 * dimension), 2 * dimension, 5 * dimension]
    seeds = bench.pick(quick=40, full=60)
    errors = []
    for size in sizes:
        setting, name = Setting(dimension, size, 2 * dimension, 10), f"lazy-plateau-{size}"
        runs = train_committees(
            bench,
            name,
            setting,
            scales=[1e3],
            curvatures=[curvature],
            num_steps=bench.pick(quick=2500, full=8000),
            num_seeds=seeds,
            learning_rate=_RATE,
            is_balanced=True,
            dtype="float64",
            stop_loss=1e-9,
        ).isel(curvature=0, scale=0)
        forms = target_forms(bench, name, setting, seeds)
        errors.append(last_records(measured_terms(runs, forms).total))
    target = dimension * np.diag(np.eye(dimension)[0])
    predicted = lazy_rich.average_plateau(target, sizes, curvature=curvature)
    rates = np.array(lazy_rich.initial_eigenvalues(dimension, curvature=curvature))
    powers = np.array(lazy_rich.target_powers(target))

    def learned_at_once(size: int) -> float:
        return float(powers @ (size * rates < 1))

    return Evidence(
        quantity="test error of the lazy plateau",
        form=Form.CURVE,
        control=Axis("training samples $P$", tuple(sizes)),
        prediction=Prediction(predicted, 0.07 * predicted, label="learning curve"),
        measurement=Samples(np.stack(errors, axis=1)),
        rivals=(
            Prediction(_INITIAL_ERROR, label="nothing learned"),
            Prediction(
                [learned_at_once(size) for size in sizes],
                label=r"a mode is learned once $P > 1/\lambda$",
                source="[kumar2023lazy, App. 11.1]",
            ),
        ),
    )

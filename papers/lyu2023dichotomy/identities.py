"""Exact statements about gradient flow: gradient descent meets them as its steps get small."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ... import simulations as sim
from ...theory import implicit_bias as theory
from ...validation import Axis, Evidence, Exact, Form, Panel, Prediction, Series
from ._card import paper
from ._runs import linear_weights, samples_of

if TYPE_CHECKING:
    import xarray as xr

    from ..bench import Bench

SCALE, WEIGHT_DECAY, END_TIME = 1.5, 0.05, 80.0
Loss = Literal["logistic", "exponential", "squared"]
LOSSES: tuple[Loss, ...] = ("logistic", "exponential", "squared")


def _task() -> sim.tasks.SparseSignClassification:
    return sim.tasks.SparseSignClassification(dimension=50, sparsity=3, num_train=10, num_test=10)


def factor_products(model: sim.DiagonalNet, task: sim.tasks.Task) -> Any:
    """The products u v of the two factors of every coordinate."""
    return model.u * model.v


def matrix_products(model: sim.models.SymmetricFactorization, task: sim.tasks.Task) -> Any:
    """The product U^T V of the two factors."""
    return model.u.T @ model.v


def _learning_rates(bench: Bench) -> np.ndarray:
    return np.array(bench.pick(quick=(2e-3, 1e-3, 5e-4), full=(4e-4, 2e-4, 1e-4)))


def _descend(bench: Bench, loss: Loss, learning_rate: float) -> xr.Dataset:
    """Gradient descent of 100 weights on 10 samples, recorded at the same 30 times at any rate."""
    num_steps = round(END_TIME / learning_rate)
    times = np.geomspace(0.1, END_TIME, 30)
    losses = {
        "logistic": sim.losses.logistic_loss,
        "exponential": sim.losses.exponential_loss,
        "squared": sim.losses.squared_error,
    }
    return bench.train(
        f"small-{loss}-{learning_rate:g}",
        key=bench.key_for("small"),
        init=lambda key: sim.DiagonalNet.init(_task().dimension, scale=SCALE),
        task=lambda key: _task().sample(key=key),
        optimizer=sim.optimizers.gradient_descent(learning_rate, WEIGHT_DECAY),
        loss=losses[loss],
        num_steps=num_steps,
        record_steps=[0, *np.round(times / learning_rate).astype(int).tolist()],
        measures={"weights": linear_weights, "product": factor_products},
        dims={"weights": ("coordinate",), "product": ("coordinate",)},
        dtype="float64",
    ).isel(seed=0)


@paper.claim(
    "dual-flow",
    statement="A diagonal network of 2d weights follows an equation for n dual variables exactly.",
    source="derived",
)
def dual_flow(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train networks of 100 weights from the start through the release at three learning rates and
    integrate $w = 2\beta\sinh(4Z^\top A)$ with its ten variables.

    Errors are the largest over all weights and times, relative to the largest weight. They must be
    those of finite steps, proportional to the learning rate; an equation that misses something
    would leave an error that no learning rate removes. The rival for the size of the error is the
    kernel machine, $8\beta Z^\top A$ without the hyperbolic sine. This claim is the licence for
    reading the dual flow as the network.
    """
    features, labels = samples_of(bench, "small", _task(), 0)
    rates = _learning_rates(bench)
    errors, kernel = np.empty((len(LOSSES), len(rates))), []
    for i, loss in enumerate(LOSSES):
        for j, rate in enumerate(rates.tolist()):
            runs = _descend(bench, loss, rate)
            path = theory.diagonal_flow(
                features,
                labels,
                scale=SCALE,
                weight_decay=WEIGHT_DECAY,
                times=rate * runs["step"].values[1:],
                loss=loss,
            )
            size = np.abs(path.weights).max()
            errors[i, j] = np.abs(runs["weights"].values[1:] - path.weights).max() / size
            if j == len(rates) - 1:
                rows = features if loss == "squared" else labels[:, None] * features
                linear = 8 * path.product[:, None] * (path.duals @ rows)
                kernel.append(np.abs(linear - path.weights).max() / size)
    axis = Axis("loss", LOSSES)
    return (
        Evidence(
            quantity="relative error of the weights at the smallest learning rate",
            form=Form.IDENTITY,
            control=axis,
            prediction=Prediction([0.0] * len(LOSSES), 0.01, label="dual flow", source="derived"),
            measurement=Exact(errors[:, -1]),
            rivals=(Prediction(kernel, label="kernel machine"),),
        ),
        _exponents("exponent of the error in the learning rate", axis, rates, errors, LOSSES),
    )


@paper.claim(
    "conserved-products",
    statement="The factors of diagonal networks and symmetric factorizations keep u v = beta and "
    "U^T V = beta I, beta = alpha^2 exp(-2 lambda t), up to finite steps.",
    source="derived",
)
def conserved_products(bench: Bench) -> tuple[Evidence, ...]:
    r"""Compare the products of trained factors with $\beta$ at all times, at three learning rates.

    Finite steps break the conservation in proportion to the learning rate. Without the
    conservation, the products of single coordinates would part from one another by a factor of
    order one at any learning rate; the squared norms $u^2+v^2$, which nothing conserves, do so and
    are the rival.
    """
    rates = _learning_rates(bench)
    drifts, spread = np.empty((len(LOSSES) + 1, len(rates))), np.empty(len(LOSSES) + 1)
    for i, loss in enumerate(LOSSES):
        for j, rate in enumerate(rates.tolist()):
            runs = _descend(bench, loss, rate)
            clock = theory.factor_product(
                rate * runs["step"].values, scale=SCALE, weight_decay=WEIGHT_DECAY
            )[:, None]
            drifts[i, j] = np.abs(runs["product"].values / clock - 1).max()
            spread[i] = (np.hypot(runs["weights"].values, 2 * clock) / (2 * clock) - 1).max()
    for j, factor in enumerate(rates / rates[-1]):
        drifts[-1, j], spread[-1] = _matrix_drift(bench, 0.05 * float(factor))
    names = (*LOSSES, "matrix")
    axis = Axis("network", names)
    return (
        Evidence(
            quantity=r"largest relative deviation from $\beta$ at the smallest learning rate",
            form=Form.IDENTITY,
            control=axis,
            prediction=Prediction([0.0] * len(names), 0.02, label="conserved", source="derived"),
            measurement=Exact(drifts[:, -1]),
            rivals=(Prediction(spread, label="as the squares of the factors"),),
        ),
        _exponents("exponent of the deviation in the learning rate", axis, rates, drifts, names),
    )


def _matrix_drift(bench: Bench, learning_rate: float) -> tuple[float, float]:
    r"""Largest entry of $U^\top V/\beta - I$, and of the relative growth of $UU^\top+VV^\top$."""
    side, scale, decay, end_time = 10, 1.5, 0.01, 400.0
    spec = sim.tasks.MatrixCompletion(
        num_rows=side, num_columns=side, rank=1, num_observed=40, target="ramp"
    )
    num_steps = round(end_time / learning_rate)
    runs = bench.train(
        f"small-matrix-{learning_rate:g}",
        key=bench.key_for("small-matrix"),
        init=lambda key: sim.models.SymmetricFactorization.init(side, scale=scale),
        task=lambda key: spec.sample(key=key),
        optimizer=sim.optimizers.gradient_descent(learning_rate, decay),
        loss=sim.losses.squared_error,
        num_steps=num_steps,
        record_steps=np.linspace(0, num_steps, 21).round().astype(int).tolist(),
        measures={"weights": linear_weights, "product": matrix_products},
        dims={"weights": ("row", "column"), "product": ("row", "column")},
        dtype="float64",
    ).isel(seed=0)
    clock = theory.factor_product(
        learning_rate * runs["step"].values, scale=scale, weight_decay=decay
    )[:, None, None]
    eigenvalues = np.linalg.eigvalsh(runs["weights"].values)
    growth = np.hypot(eigenvalues, 2 * clock[..., 0]) / (2 * clock[..., 0]) - 1
    return float(np.abs(runs["product"].values / clock - np.eye(side)).max()), float(growth.max())


def _exponents(
    quantity: str, axis: Axis, rates: np.ndarray, errors: np.ndarray, names: tuple[str, ...]
) -> Evidence:
    """That errors come from finite steps: they are proportional to the learning rate."""
    return Evidence(
        quantity=quantity,
        form=Form.LAW,
        control=axis,
        prediction=Prediction([1.0] * len(names), 0.1, label="finite steps"),
        measurement=Exact(np.polyfit(np.log(rates), np.log(errors).T, 1)[0]),
        rivals=(Prediction(0.0, label="the equation is not exact"),),
        panel=Panel(
            "learning rate / smallest one",
            "relative error",
            tuple(
                Series(name, rates / rates[-1], row)
                for name, row in zip(names, errors, strict=True)
            ),
            x_scale="log",
            y_scale="log",
        ),
    )

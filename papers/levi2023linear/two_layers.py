"""Wide students of two layers, linear and tanh, trained by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import simulations as sim
from ...theory import linear_estimators as theory
from ...validation import Axis, Evidence, Form, Panel, Prediction, Samples, Series
from ._card import paper

if TYPE_CHECKING:
    import jax
    import xarray as xr

    from ..bench import Bench

_LEVELS = (0.3, 0.1, 0.03, 0.01)
_LEARNING_RATE = 0.15


def draw_network(
    dimension: int, num_hidden: int, num_outputs: int, *, activation: str, key: jax.Array
) -> sim.MLP:
    r"""Draw layers of variance $1/(2dh)$ and $1/(2mh)$, without biases."""
    import jax
    import jax.numpy as jnp

    first, second = jax.random.split(key)
    return sim.MLP(
        (
            jax.random.normal(first, (num_hidden, dimension))
            / jnp.sqrt(2 * dimension * num_hidden),
            jax.random.normal(second, (num_outputs, num_hidden))
            / jnp.sqrt(2 * num_outputs * num_hidden),
        ),
        (None, None),
        activation,
    )


def _train(bench: Bench, sizes: tuple[int, int, int], samples: int, activation: str) -> xr.Dataset:
    dimension, _, outputs = sizes
    steps = bench.pick(quick=1100, full=2000)

    def task(key: jax.Array) -> sim.tasks.Task:
        import jax

        inputs_key, teacher_key = jax.random.split(key)
        inputs = jax.random.normal(inputs_key, (2 * samples, dimension))
        teacher = draw_network(*sizes, activation=activation, key=teacher_key)
        return sim.tasks.independent_samples(inputs, teacher.batched(inputs), num_train=samples)

    def loss(model: sim.MLP, batch: sim.tasks.Batch) -> Any:
        return sim.squared_error(model, batch) / outputs

    return bench.train(
        f"two-layers-{activation}",
        key=bench.key_for("two-layers"),
        init=lambda key: draw_network(*sizes, activation=activation, key=key),
        task=task,
        optimizer=sim.optimizers.gradient_descent(_LEARNING_RATE),
        loss=loss,
        num_steps=steps,
        record_steps=np.unique(np.linspace(0, steps, 101).astype(int)).tolist(),
        measures={"test_loss": lambda model, task: loss(model, task.test())},
        num_seeds=bench.pick(quick=30, full=20),
    )


@paper.claim(
    "two-layers",
    statement="Wide students of two layers, linear or tanh, have the losses of one layer on "
    "clocks that are slower by about 2 m^2.",
    source="[levi2023linear, Eqs. 18, 19]",
)
def two_layers(bench: Bench) -> tuple[Evidence, ...]:
    r"""Train until the loss has fallen to a hundredth, and compare it at four levels on the way.

    Losses are relative to their start, which a single draw has within some per cent. The prediction
    counts the different clocks of the output directions; without them it is ten per cent too low at
    the end. The rival clock is that of one layer with $m$ outputs, $\tau/m$.
    """
    sizes = bench.pick(quick=(200, 100, 4), full=(400, 200, 5))
    dimension, hidden, outputs = sizes
    samples = 2 * dimension
    pieces = []
    for activation in ("linear", "tanh"):
        runs = _train(bench, sizes, samples, activation)
        times = _LEARNING_RATE * runs["step"].values
        predicted = theory.two_layer_loss_curves(
            times,
            aspect_ratio=dimension / samples,
            num_hidden=hidden,
            num_outputs=outputs,
            num_inputs=dimension,
        )
        one_layer = theory.loss_curves(times, aspect_ratio=dimension / samples, num_outputs=outputs)
        for index, name in enumerate(("loss", "test_loss")):
            curve = predicted[index] / predicted[index][0]
            chosen = [int(np.argmin(np.abs(np.log(curve / level)))) for level in _LEVELS]
            measured = runs[name].values / runs[name].values[:, :1]
            rival = np.maximum(one_layer[index] / one_layer[index][0], 1e-9)
            part = "train" if index == 0 else "test"
            pieces.append(
                Evidence(
                    quantity=f"{part} loss / predicted, {activation}",
                    form=Form.CURVE,
                    control=Axis("predicted loss / initial loss", curve[chosen], scale="log"),
                    prediction=Prediction(np.ones(len(chosen)), 0.1, label=r"clock $\tau/2m^2$"),
                    measurement=Samples(measured[:, chosen] / curve[chosen]),
                    rivals=(
                        Prediction(
                            rival[chosen] / curve[chosen], label=r"one layer, clock $\tau/m$"
                        ),
                    ),
                    panel=_panel(times, curve, measured, f"{part} loss / initial, {activation}")
                    if index == 0
                    else None,
                )
            )
    return tuple(pieces)


def _panel(times: np.ndarray, curve: np.ndarray, measured: np.ndarray, label: str) -> Panel:
    shown = slice(1, None, 6)
    error = measured.std(axis=0, ddof=1) / np.sqrt(len(measured))
    return Panel(
        r"learning rate $\times$ steps",
        label,
        (
            Series("predicted", times, curve, style="line"),
            Series("descent", times[shown], measured.mean(axis=0)[shown], error[shown]),
        ),
        y_scale="log",
    )

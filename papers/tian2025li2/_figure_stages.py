"""Figure of the three stages in one training run, with and without weight decay."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ... import simulations as sim
from ...theory import li2
from ...validation.layout import drawing, legend_above
from ._card import paper
from ._probes import gradient_structure

if TYPE_CHECKING:
    import jax
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..bench import Bench


@paper.figure(
    "stages",
    caption=(
        "The lazy (I), independent (II) and interactive (III) stage of a network that learns "
        "modular addition, with weight decay (solid) and from the same weights without (dashed). "
        "Top: accuracies, and the share of the squared weights that lies in the nearest ideal "
        "feature of each node. Middle: norm of the gradient that reaches the hidden layer. "
        "Bottom: its cosines with the early form and with the whitened form that it takes at the "
        "fixed point of the readout. The rings mark how the boundaries were found: the lazy stage "
        "ends where the whitened form becomes the closer one, the independent stage where test "
        "accuracy passes one half."
    ),
    options={"modulus": 23, "train_fraction": 0.5, "weight_decay": 2e-4, "num_steps": 3000},
)
def stages(
    bench: Bench,
    *,
    modulus: int = 23,
    train_fraction: float = 0.5,
    weight_decay: float = 2e-4,
    num_steps: int = 3000,
) -> Figure:
    """Draw accuracies, size and direction of the hidden gradient along a run, stages shaded."""
    if not weight_decay > 0:
        raise ValueError(
            f"weight_decay must be positive, got {weight_decay}: a run without is drawn anyway"
        )
    spec = sim.ModularAddition(modulus, train_fraction=train_fraction)
    width = bench.pick(quick=256, full=1024)
    eta = li2.coupled_weight_decay_to_ridge(round(train_fraction * modulus**2), weight_decay)
    runs = bench.train(
        "stages",
        init=lambda key: sim.TwoLayerNet.init(modulus, width, key=key),
        task=lambda key: spec.sample(key=key),
        optimizer=lambda weight_decay: sim.optimizers.coupled_adam(1e-3, weight_decay),
        loss=sim.fused_centered_squared_error,
        num_steps=num_steps,
        sweep={"weight_decay": [weight_decay, 0.0]},
        measures={
            "train_accuracy": sim.measures.train_accuracy,
            "test_accuracy": sim.measures.test_accuracy,
            "feature_share": feature_share,
            "gradient": functools.partial(gradient_structure, eta=eta),
        },
        dims={"gradient": ("part",)},
        dtype="float64",
    ).isel(seed=0, step=slice(1, None))
    decaying = runs.sel(weight_decay=weight_decay)
    ends = stage_ends(decaying)
    with drawing(height=5.0, rows=3, sharex=True) as (figure, panels):
        _draw_accuracies(panels[0], runs, weight_decay)
        _draw_norms(panels[1], runs, weight_decay)
        _draw_cosines(panels[2], decaying)
        steps = runs["step"].values
        bounds = [float(steps[0]), *ends, float(steps[-1])]
        for axes in panels:
            _shade(axes, bounds)
        _mark_ends(panels, decaying, ends)
        for name, start, end in zip(("I", "II", "III"), bounds, bounds[1:], strict=False):
            place = (np.sqrt(start * end), 1.01)
            coordinates = panels[0].get_xaxis_transform()
            panels[0].text(*place, name, transform=coordinates, ha="center", va="bottom")
        panels[-1].set(xscale="log", xlabel="step", xlim=(steps[0], steps[-1]))
    return figure


def feature_share(model: sim.TwoLayerNet, task: sim.tasks.Task) -> jax.Array:
    r"""Share of all squared weights that lies in each node's nearest ideal feature.

    $$\sum_j \lVert w_j \rVert^2 \max_k \cos^2(w_j, w_{k\phi_1\phi_2}) \Big/
      \sum_j \lVert w_j \rVert^2 .$$
    """
    import jax.numpy as jnp

    modulus = model.hidden.shape[1]
    frequencies = jnp.arange(1, modulus // 2 + 1)
    amplitudes = jnp.abs(jnp.fft.rfft(model.hidden, axis=1))[:, 1:].sum(axis=0)
    copies = jnp.where(2 * frequencies == modulus, 1, 2)[:, None]
    shares = (copies * amplitudes**2 / (2 * modulus)).max(axis=0)
    return shares.sum() / jnp.sum(model.hidden**2)


def stage_ends(run: xr.Dataset) -> list[float]:
    """Steps, interpolated, at which the lazy and the independent stage end, if the run got there.

    The lazy stage ends where the cosine with the whitened form, after its largest lag, overtakes
    the one with the early form; the independent stage, later, where test accuracy passes one half.
    """
    steps = run["step"].values
    _, early, whitened = run["gradient"].values.T
    lag = early - whitened
    turned = _first_rise(steps, -lag, after=float(steps[np.argmax(lag)]))
    if turned is None:
        return []
    generalized = _first_rise(steps, run["test_accuracy"].values - 0.5, after=turned)
    return [turned] if generalized is None else [turned, generalized]


def _first_rise(
    steps: Int[np.ndarray, " steps"], values: Float[np.ndarray, " steps"], *, after: float
) -> float | None:
    """Step, later than `after`, at which the values first go from negative to positive."""
    for i in np.flatnonzero((values[:-1] <= 0) & (values[1:] > 0)):
        step = float(np.interp(0.0, values[i : i + 2], steps[i : i + 2]))
        if step > after:
            return step
    return None


def _draw_accuracies(axes: Axes, runs: xr.Dataset, weight_decay: float) -> None:
    names = {
        "train_accuracy": "train accuracy",
        "test_accuracy": "test accuracy",
        "feature_share": "feature share",
    }
    for index, (name, label) in enumerate(names.items()):
        _draw_both(axes, runs[name], weight_decay, color=f"C{index}", label=label)
    axes.set(ylabel="accuracy, share", ylim=(-0.03, 1.03))
    # Above the numbers of the stages.
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.12), ncols=3)


def _draw_norms(axes: Axes, runs: xr.Dataset, weight_decay: float) -> None:
    norms = runs["gradient"].isel(part=0)
    _draw_both(axes, norms, weight_decay, color="black", label=f"weight decay {weight_decay:g}")
    axes.plot([], [], "--", color="black", label="no weight decay")
    axes.set(yscale="log", ylabel=r"norm $\Vert G_F \Vert$", ylim=(1e-3, 50))
    legend_above(axes)


def _draw_cosines(axes: Axes, run: xr.Dataset) -> None:
    labels = (r"$\tilde Y \tilde Y^\top \tilde F$, early", r"$Z Z^\top \tilde F$, whitened")
    for part, label in enumerate(labels, start=1):
        axes.plot(run["step"], run["gradient"].isel(part=part), color=f"C{part + 2}", label=label)
    axes.set(ylabel=r"cosine with $G_F$", ylim=(0, 1))
    legend_above(axes)


def _draw_both(
    axes: Axes, runs: xr.DataArray, weight_decay: float, *, color: str, label: str
) -> None:
    steps = runs["step"]
    axes.plot(steps, runs.sel(weight_decay=weight_decay), color=color, label=label)
    axes.plot(steps, runs.sel(weight_decay=0.0), "--", color=color, linewidth=0.9)


def _shade(axes: Axes, bounds: list[float]) -> None:
    for index, (start, end) in enumerate(zip(bounds, bounds[1:], strict=False)):
        axes.axvspan(start, end, color="0.5", alpha=0.08 * (index + 1), linewidth=0)


def _mark_ends(panels: Sequence[Axes], run: xr.Dataset, ends: list[float]) -> None:
    """Ring the two points that the ends of the stages were read from."""
    curves = (panels[2], run["gradient"].isel(part=2)), (panels[0], run["test_accuracy"])
    for end, (axes, curve) in zip(ends, curves, strict=False):
        height = np.interp(end, curve["step"], curve)
        axes.plot(end, height, "o", color="black", markerfacecolor="none", markersize=6)

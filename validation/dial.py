"""From kernel to rich in one figure: losses, kernel and weights of a run, and predicted stages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .evidence import Series
from .figures import DASHES, PAGE_WIDTH, house_style

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("loss", "log", {"loss": "train", "test_loss": "test"}),
    ("kernel distance", "log", {"kernel_distance": r"$\|K-K_0\|/\|K_0\|$"}),
    (
        "alignment",
        "linear",
        {"kernel_alignment": r"with $K_0$", "target_alignment": "with the targets"},
    ),
    ("weight norm", "linear", {"weight_norm": r"$\|\theta\|$"}),
)
_PANEL_HEIGHT = 1.15
_LEGEND_HEIGHT = 0.2


@dataclasses.dataclass(frozen=True)
class Boundary:
    """Where a theory says that a stage of training ends.

    Parameters
    ----------
    label
        What ends there, and who says so.
    step
        Predicted step, positive.
    until
        End of the window, if the theory gives one; infinite if it only says "not before".

    Raises
    ------
    ValueError
        If `step` is not positive or `until` lies before it.
    """

    label: str
    step: float
    until: float | None = None

    def __post_init__(self):
        if not self.step > 0:
            raise ValueError(f"boundary {self.label!r} must have a positive step, got {self.step}")
        if self.until is not None and not self.until >= self.step:
            raise ValueError(
                f"boundary {self.label!r} must end after it begins, got {self.step} to {self.until}"
            )


def draw_dial(
    runs: xr.Dataset,
    *,
    boundaries: Sequence[Boundary] = (),
    predictions: Sequence[Series] = (),
    levels: Mapping[str, float] | None = None,
) -> Figure:
    r"""Draw how runs leave the kernel regime, panel under panel over the training step.

    Parameters
    ----------
    runs
        Any runs over `step` with some of the records `loss`, `test_loss`, `kernel_distance`,
        `kernel_alignment`, `target_alignment`, `weight_norm`; a panel without a record is left
        out. Further dimensions (seeds, swept parameters) are drawn as further lines.
    boundaries
        Predicted ends of stages: vertical lines, or bands, through all panels, with a number each.
    predictions
        Curves over the step in the panel of the losses, dashed.
    levels
        Predicted values of the test loss: horizontal lines, by label.

    Raises
    ------
    ValueError
        If the runs have no `step`, none of the records, or no record after step 0.
    """
    from matplotlib.figure import Figure

    panels = [panel for panel in _PANELS if any(name in runs for name in panel[2])]
    if "step" not in runs.dims or not panels:
        names = ", ".join(name for panel in _PANELS for name in panel[2])
        raise ValueError(
            f"runs must have a dimension 'step' and some of the records {names}, "
            f"got {sorted(map(str, runs.data_vars))} over {sorted(map(str, runs.dims))}"
        )
    steps = runs["step"].values
    if not np.any(steps > 0):
        raise ValueError(f"runs must have records after step 0, got steps {steps.tolist()}")
    levels = dict(levels or {})
    with house_style():
        header = _LEGEND_HEIGHT * len(boundaries)
        figure = Figure(figsize=(PAGE_WIDTH, _PANEL_HEIGHT * (len(panels) + 1) + header))
        grid = {"height_ratios": [2.0] + [1.0] * (len(panels) - 1)}
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw=grid)
        for ax, (label, scale, names) in zip(rows[:, 0], panels, strict=True):
            _draw_records(ax, runs, names)
            ax.set(ylabel=label, xscale="log", yscale=scale)
            if label == "loss":
                ax.set_ylim(ax.get_ylim())  # a prediction may run out of the figure
                _draw_predictions(ax, predictions, levels)
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
            ax.set_xlim(steps[steps > 0][0], steps[-1])
        _draw_boundaries(rows[:, 0].tolist(), boundaries)
        rows[-1, 0].set_xlabel("training step")
        figure.align_ylabels()
        figure.draw_without_rendering()
    return figure


def _draw_records(ax: Axes, runs: xr.Dataset, names: Mapping[str, str]) -> None:
    for index, (name, label) in enumerate(names.items()):
        if name not in runs:
            continue
        curves = runs[name].transpose(..., "step")
        curves = curves.values.reshape(-1, curves.sizes["step"])
        is_shown = runs["step"].values > 0
        alpha = 1.0 if len(curves) == 1 else max(0.25, len(curves) ** -0.5)
        for run, curve in enumerate(curves):
            ax.plot(
                runs["step"].values[is_shown],
                curve[is_shown],
                color=f"C{index}",
                alpha=alpha,
                label=None if run else label,
            )


def _draw_predictions(ax: Axes, predictions: Sequence[Series], levels: Mapping[str, float]) -> None:
    for index, series in enumerate(predictions):
        is_shown = series.x > 0
        ax.plot(
            series.x[is_shown],
            series.y[is_shown],
            ls=DASHES[0],
            color=f"C{index % 6}",
            label=series.label,
            lw=1.0,
        )
    for index, (label, value) in enumerate(levels.items()):
        ax.axhline(value, color=f"C{2 + index}", ls=DASHES[1], lw=1.0, label=label)


def _draw_boundaries(panels: Sequence[Axes], boundaries: Sequence[Boundary]) -> None:
    lines = []
    first, last = panels[0].get_xlim()
    for number, boundary in enumerate(boundaries, start=1):
        for ax in panels:
            ax.axvline(boundary.step, color="0.35", ls=":", lw=0.9)
            if boundary.until is not None:
                ax.axvspan(boundary.step, min(boundary.until, last), color="0.5", alpha=0.12, lw=0)
        when = _rounded(boundary.step)
        if boundary.until is not None:
            when += (
                f" to {_rounded(boundary.until)}" if np.isfinite(boundary.until) else " or later"
            )
        note = "" if first <= boundary.step <= last else ", outside of the figure"
        lines.append(f"{number}  {boundary.label}: step {when}{note}")
        if not note:
            panels[0].annotate(
                str(number),
                (boundary.step, 1.0),
                (0, 2),
                ("data", "axes fraction"),
                "offset points",
                ha="center",
                fontsize=7.5,
            )
    if lines:
        figure = panels[0].get_figure()
        assert figure is not None
        figure.suptitle("\n".join(lines), x=0.02, ha="left", fontsize=7.5)


def _rounded(step: float) -> str:
    return f"{float(f'{step:.3g}'):,.0f}" if step >= 10 else f"{step:.3g}"

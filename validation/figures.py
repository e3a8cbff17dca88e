r"""Figures in one house style: what theory predicts, what was measured, what the rivals say.

The theory is a blue line in a blue band (its accepted region), the measurement black points with
95 % intervals, a rival a dashed line in a color of its own. A single number is drawn lying down; a
measurement that knows no error (one seed) is an open circle.

Figures are built without pyplot: they need no display, leave no global state and no open windows,
and the same evidence gives the same files byte by byte.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .evidence import Axis, Evidence, Panel, Prediction
from .findings import Finding
from .formatting import format_value
from .measurements import Counts

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis as PlotAxis
    from matplotlib.figure import Figure

COLUMN_WIDTH = 3.4  # inch, one column of a physics journal
PAGE_WIDTH = 7.0

THEORY = "#0072B2"
MEASURED = "#1a1a1a"
RIVALS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ((0, (4, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (7, 2)), (0, (3, 1, 1, 1, 1, 1)))

_FRAMES_PER_SECOND = 20

# files without a time stamp or a version in them
_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Switch to the style sheet for as long as the block lasts; draw and save within it."""
    import matplotlib.style

    with matplotlib.style.context(Path(__file__).with_name("groktheory.mplstyle")):
        yield


def draw(evidence: Evidence, ax: Axes) -> None:
    """Draw the judged quantity into given axes: a curve, a bar of groups, or a single number."""
    if len(evidence.measurement.value) == 1:
        _draw_number(evidence, ax)
    else:
        _draw_points(evidence, ax)


def draw_panel(panel: Panel, ax: Axes) -> None:
    """Draw raw data into given axes.

    A dashed line takes the color of the series before it, a line that of the points before it;
    every other series opens a color of its own.
    """
    color, before = -1, ""
    for series in panel.series:
        goes_with = {"dashed": ("line", "points"), "line": ("points",), "points": ()}
        color += before not in goes_with[series.style]
        before, shade = series.style, f"C{color % 6}"
        if series.style == "points":
            ax.errorbar(
                series.x, series.y, series.error, fmt="o", color=shade, label=series.label, lw=0.8
            )
            continue
        dashes = "-" if series.style == "line" else DASHES[0]
        ax.plot(series.x, series.y, ls=dashes, color=shade, label=series.label)
        if series.error is not None:
            lower, upper = series.y - series.error, series.y + series.error
            ax.fill_between(series.x, lower, upper, color=shade, alpha=0.15, lw=0)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label, xscale=panel.x_scale, yscale=panel.y_scale)
    _finish(ax)


def draw_claim(finding: Finding) -> Figure:
    """Draw every piece of evidence of a finding, raw data beside the quantity judged from it.

    Raises
    ------
    ValueError
        If the check broke before there was any evidence.
    """
    from matplotlib.figure import Figure

    if not finding.evidence:
        raise ValueError(f"{finding.name} has no evidence to draw: {finding.error}")
    cells: list[Evidence | Panel] = []
    for piece in finding.evidence:
        cells += [piece] if piece.panel is None else [piece.panel, piece]
    columns = 1 if len(cells) == 1 or all(_is_number(cell) for cell in cells) else 2
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [max(_height(cell) for cell in row) for row in rows]
    with house_style():
        width = COLUMN_WIDTH if columns == 1 else PAGE_WIDTH
        figure = Figure(figsize=(width, sum(heights)))
        grid = figure.add_gridspec(len(rows), columns, height_ratios=heights)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                # a cell alone in the last row takes the whole width
                place = grid[i, :] if len(row) < columns else grid[i, j]
                ax = figure.add_subplot(place)
                draw_panel(cell, ax) if isinstance(cell, Panel) else draw(cell, ax)
                if _is_number(cell) and heights[i] > _height(cell):
                    ax.set_box_aspect(0.25)  # beside a curve it stays a strip
                if len(cells) > 1:
                    _letter(ax, i * columns + j)
        # tick positions and text are settled in the house style, not in that of whoever saves
        figure.draw_without_rendering()
    return figure


def save(
    figure: Figure | Animation, stem: str | Path, formats: Sequence[str] = ("png", "svg", "pdf")
) -> tuple[Path, ...]:
    """Write `stem.png`, `stem.svg`, `stem.pdf`; the same figure gives the same bytes.

    An animation is written as `stem.gif`, as `stem.mp4` where ffmpeg is installed (or the package
    imageio-ffmpeg, our extra `video`), and its last frame in the formats of a figure.

    Raises
    ------
    ValueError
        For a format other than these three.
    """
    from matplotlib.figure import Figure

    unknown = sorted(set(formats) - set(_METADATA))
    if unknown:
        raise ValueError(f"formats must be among {', '.join(_METADATA)}, got {', '.join(unknown)}")
    stem = Path(stem)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = []
    with house_style():
        if not isinstance(figure, Figure):
            paths, figure = _save_animation(figure, stem)
        for name in formats:
            path = stem.with_name(f"{stem.name}.{name}")
            figure.savefig(path, format=name, metadata=_METADATA[name])
            paths.append(path)
    return tuple(paths)


def _save_animation(animation: Animation, stem: Path) -> tuple[list[Path], Figure]:
    """Write the moving pictures, and return the figure as its last frame left it."""
    import matplotlib
    from matplotlib.animation import FFMpegWriter, PillowWriter

    paths = [stem.with_name(f"{stem.name}.gif")]
    animation.save(paths[0], writer=PillowWriter(fps=_FRAMES_PER_SECOND), dpi=120)
    ffmpeg = _find_ffmpeg()
    if ffmpeg is not None:
        paths.append(stem.with_name(f"{stem.name}.mp4"))
        with matplotlib.rc_context({"animation.ffmpeg_path": ffmpeg}):
            animation.save(paths[1], writer=FFMpegWriter(fps=_FRAMES_PER_SECOND), dpi=200)
    return paths, animation._fig  # pyright: ignore[reportAttributeAccessIssue]


def _find_ffmpeg() -> str | None:
    installed = shutil.which("ffmpeg")
    if installed is None and importlib.util.find_spec("imageio_ffmpeg"):
        installed = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    return installed


def _is_number(cell: Evidence | Panel) -> bool:
    return isinstance(cell, Evidence) and len(cell.measurement.value) == 1


def _height(cell: Evidence | Panel) -> float:
    """Height in inch: a single number needs a strip, its legend a line for each two entries."""
    if isinstance(cell, Panel):
        return 2.5
    lines = sum(len(_wrapped(p.label).split("\n")) for p in (cell.prediction, *cell.rivals))
    return (1.05 if _is_number(cell) else 2.3) + 0.13 * (lines + 2) / 2


def _letter(ax: Axes, index: int) -> None:
    ax.annotate(
        f"({'abcdefghijklmnopqrstuvwxyz'[index % 26]})",
        xy=(0, 1),
        xycoords="axes fraction",
        xytext=(-4, 4),
        textcoords="offset points",
        ha="right",
        va="bottom",
    )


def _wrapped(label: str, width: int = 30) -> str:
    """Break a long label into lines; mathtext is left in one piece."""
    return label if "$" in label else "\n".join(textwrap.wrap(label, width)) or label


def _finish(ax: Axes) -> None:
    """Put the legend above the axes, where it cannot hide a point; plain numbers at the ticks."""
    for axis in (ax.xaxis, ax.yaxis):
        _plain_ticks(axis)
    handles, labels = ax.get_legend_handles_labels()
    if len(handles) < 2:
        return
    first = ("measured", "accepted region")
    order = sorted(range(len(labels)), key=lambda i: not labels[i].startswith(first))
    order.sort(key=lambda i: not labels[i].startswith(first[0]))
    longest = max(len(line) for label in labels for line in label.split("\n"))
    ax.legend(
        [handles[i] for i in order],
        [labels[i] for i in order],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.02),
        ncols=1 if longest > 32 else 2,
    )


def _plain_ticks(axis: PlotAxis) -> None:
    """Write 0.2, 0.5, 1, 2 instead of bare powers where a log axis spans less than two decades,
    and powers at the ticks of a linear one instead of a common factor that the legend would meet.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    if axis.get_scale() == "log":
        axis.set_minor_formatter(NullFormatter())
        if not 0 < low < high < 100 * low:
            return
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(_tick_text))
    elif axis.get_scale() == "linear" and not 1e-3 <= max(abs(low), abs(high)) <= 1e5:
        axis.set_major_formatter(FuncFormatter(_tick_text))


def _tick_text(value: float, _: int) -> str:
    if value == 0 or 1e-3 <= abs(value) <= 1e5:
        return f"{value:g}"
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    power = f"10^{{{exponent}}}"
    mantissa = f"{value / 10.0**exponent:.6g}"
    return f"${power}$" if mantissa == "1" else rf"${mantissa}\times{power}$"


def _axis_label(evidence: Evidence, width: int) -> str:
    label = f"{evidence.quantity} [{evidence.unit}]" if evidence.unit else evidence.quantity
    return _wrapped(label, width)


def _limits(evidence: Evidence) -> tuple[float, float, str]:
    """Range and scale that show data, predictions and finite borders; logs for wide spans."""
    lower, upper = evidence.measurement.interval(0.95)
    values = [evidence.measurement.value, evidence.prediction.value]
    values += [rival.value for rival in evidence.rivals]
    shown = np.concatenate(values)
    everything = np.concatenate([shown, lower, upper, *evidence.prediction.region])
    everything = everything[np.isfinite(everything)]
    log_control = evidence.control is not None and evidence.control.scale == "log"
    if np.all(shown > 0) and shown.max() > (10 if log_control else 30) * shown.min():
        everything = everything[everything > shown.min() / 30]
        margin = (everything.max() / everything.min()) ** 0.08
        return everything.min() / margin, everything.max() * margin, "log"
    margin = 0.08 * (np.ptp(everything) or abs(everything[0]) or 1.0)
    low, high = everything.min() - margin, everything.max() + margin
    if isinstance(evidence.measurement, Counts):
        low, high = max(low, -0.04), min(high, 1.04)
    return low, high, "linear"


def _band(prediction: Prediction, limits: tuple[float, float], points: int) -> tuple:
    """Accepted region, cut at limits of the axes where it is open."""
    return tuple(np.broadcast_to(np.clip(side, *limits), points) for side in prediction.region)


def _draw_number(evidence: Evidence, ax: Axes) -> None:
    """One row: interval as a bar, accepted region as a band, rivals as dashed uprights."""
    low, high, scale = _limits(evidence)
    (left,), (right,) = _band(evidence.prediction, (low, high), 1)
    ax.axvspan(left, right, color=THEORY, alpha=0.16, lw=0, label="accepted region")
    ax.axvline(
        evidence.prediction.value[0], color=THEORY, label=_wrapped(evidence.prediction.label)
    )
    for rival, color, dashes in zip(evidence.rivals, _cycle(RIVALS), _cycle(DASHES), strict=False):
        ax.axvline(rival.value[0], color=color, ls=dashes, label=_wrapped(rival.label))
    _points(ax, np.zeros(1), evidence, lying=True)
    ax.set(xscale=scale, xlim=(low, high), ylim=(-1, 1), yticks=[])
    if scale == "linear":
        ax.locator_params(axis="x", nbins=5)
    ax.set_xlabel(_axis_label(evidence, 48))
    ax.spines["left"].set_visible(False)
    _finish(ax)


def _draw_points(evidence: Evidence, ax: Axes) -> None:
    """Several control points: lines over numbers, level marks over names of groups."""
    points = len(evidence.measurement.value)
    control = evidence.control or Axis("", tuple(str(i + 1) for i in range(points)))
    low, high, scale = _limits(evidence)
    lower, upper = _band(evidence.prediction, (low, high), points)
    band = {"color": THEORY, "alpha": 0.16, "lw": 0, "label": "accepted region"}
    rivals = list(zip(evidence.rivals, _cycle(RIVALS), _cycle(DASHES), strict=False))
    if isinstance(control.values[0], str):
        x = np.arange(points)
        ax.bar(x, upper - lower, bottom=lower, width=0.7, **band)
        _levels(ax, x, evidence.prediction, color=THEORY)
        for rival, color, dashes in rivals:
            _levels(ax, x, rival, color=color, linestyles=dashes)
        ax.set_xticks(x, [str(name) for name in control.values])
        ax.set_xlim(-0.6, points - 0.4)
        if max(len(str(name)) for name in control.values) * points > 40:
            ax.tick_params(axis="x", rotation=35)
    else:
        x = np.array(control.values, dtype=np.float64)
        order = np.argsort(x)
        ax.fill_between(x[order], lower[order], upper[order], **band)
        _curve(ax, x, evidence.prediction, color=THEORY)
        for rival, color, dashes in rivals:
            _curve(ax, x, rival, color=color, ls=dashes)
        ax.set_xscale(control.scale)
    _points(ax, x, evidence)
    ax.set(yscale=scale, ylim=(low, high), ylabel=_axis_label(evidence, 34), xlabel=control.label)
    _finish(ax)


def _levels(ax: Axes, x: np.ndarray, prediction: Prediction, **style) -> None:
    values = np.broadcast_to(prediction.value, x.shape)
    ax.hlines(values, x - 0.35, x + 0.35, label=_wrapped(prediction.label), lw=1.2, **style)


def _curve(ax: Axes, x: np.ndarray, prediction: Prediction, **style) -> None:
    order = np.argsort(x)
    values = np.broadcast_to(prediction.value, x.shape)
    ax.plot(x[order], values[order], label=_wrapped(prediction.label), **style)


def _points(ax: Axes, x: np.ndarray, evidence: Evidence, *, lying: bool = False) -> None:
    """Measured points with 95 % intervals; open circles where the error is unknown."""
    measurement = evidence.measurement
    value = measurement.value
    lower, upper = measurement.interval(0.95)
    known = np.isfinite(lower) & np.isfinite(upper)
    exact = np.all(lower == upper)
    shown = "measured" if exact else "measured (bar 95 %)"
    if lying:
        error = measurement.standard_error[0]
        shown = f"measured {format_value(value[0], error if np.isfinite(error) else 0.0)}"
    marks = {"fmt": "o", "color": MEASURED, "lw": 1.0, "zorder": 5}
    if known.any():
        bars = None if exact else np.stack([value - lower, upper - value])[:, known]
        if lying:
            ax.errorbar(value[known], x[known], xerr=bars, label=shown, **marks)
        else:
            ax.errorbar(x[known], value[known], yerr=bars, label=shown, **marks)
    if not known.all():
        unknown = (value[~known], x[~known]) if lying else (x[~known], value[~known])
        label = f"{shown}, error unknown" if lying else "measured, error unknown"
        ax.errorbar(*unknown, mfc="white", label=label, **marks)


def _cycle(choices: Sequence) -> Iterator:
    while True:
        yield from choices

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from groktheory.validation import (
    Axis,
    Counts,
    Estimate,
    Evidence,
    Exact,
    Finding,
    Form,
    Panel,
    Prediction,
    Samples,
    Series,
    draw,
    draw_claim,
    house_style,
    judge,
    save,
)
from groktheory.validation import figures as figures
from groktheory.validation.figures import DASHES, MEASURED, RIVALS, THEORY, draw_panel

M = np.array([127.0, 13.0, 41.0])  # in no order on purpose
LAW = 2.7 * np.log(M) / M
CURVE = Evidence(
    "threshold $p_c$",
    Form.CURVE,
    Prediction(LAW, 0.1 * LAW, label=r"$2.7\,\ln(M)/M$"),
    Samples(LAW * np.array([[0.98], [1.0], [1.03]])),
    rivals=(Prediction(5 / M, label="no logarithm"), Prediction(0.4, label="no size")),
    control=Axis("group order $M$", M, scale="log"),
)
NUMBER = Evidence(
    "height",
    Form.IDENTITY,
    Prediction(0.25, 0.01, label="corrected"),
    Samples([0.249, 0.252, 0.25]),
    rivals=(Prediction(0.0625, label="published"),),
    unit="nats",
)
GROUPS = Evidence(
    "energy",
    Form.IDENTITY,
    Prediction([1.75, 3.0], 0.1),
    Exact([1.75, 3.0]),
    rivals=(Prediction(9.0, label="flat"),),
    control=Axis("group", ("$Z_7$", "S3")),
)
PANEL = Panel(
    "step",
    "accuracy",
    (
        Series("data", [1.0, 2.0], [0.1, 0.9], error=[0.1, 0.1]),
        Series("fit", [1.0, 2.0], [0.1, 0.9], style="line", error=[0.05, 0.05]),
        Series("other", [1.0, 2.0], [0.5, 0.5], style="line"),
        Series("its trend", [1.0, 2.0], [0.4, 0.6], style="dashed"),
    ),
    x_scale="log",
)
RATE = Evidence(
    "rate",
    Form.EVENT_RATE,
    Prediction([0.1, 0.9], 0.3),
    Counts([1, 9], 10),
    rivals=(Prediction(0.5, label="coin"),),
    control=Axis("p", (0.2, 0.4)),
    panel=PANEL,
)
BOUND = Evidence(
    "gain",
    Form.ORDERING,
    Prediction.at_least(0.0, label="grows"),
    Estimate([1.0], [0.1]),
    rivals=(Prediction.at_most(0.0, label="shrinks"),),
)


def finding(*evidence):
    return Finding("p", "c", "s", "", "quick", 0, evidence, judge(evidence), 1.0)


def axes_with(evidence):
    figure = Figure()
    ax = figure.add_subplot()
    draw(evidence, ax)
    return ax


def line_with(ax, label):
    (line,) = (line for line in ax.lines if line.get_label() == label)
    return line


def band_of(ax):
    (band,) = (p for p in ax.patches if p.get_label() == "accepted region")
    return band.get_x(), band.get_x() + band.get_width()


def bars_of(ax):
    (bars,) = (c for c in ax.containers if c.get_label().startswith("measured"))
    return bars


def test_curve_shows_theory_region_rivals_and_intervals():
    ax = axes_with(CURVE)
    theory = line_with(ax, r"$2.7\,\ln(M)/M$")
    assert theory.get_color() == THEORY and np.all(np.diff(theory.get_xdata()) > 0)
    np.testing.assert_allclose(np.asarray(theory.get_ydata()), np.sort(LAW)[::-1])
    for label, color, dashes in zip(("no logarithm", "no size"), RIVALS, DASHES, strict=False):
        assert line_with(ax, label).get_color() == color
        assert line_with(ax, label).is_dashed()
        assert dashes != "-"
    points, _, (segments,) = bars_of(ax)
    assert points.get_color() == MEASURED and np.array_equal(points.get_xdata(), M)
    lower, upper = CURVE.measurement.interval(0.95)
    drawn = np.array(segments.get_segments())[:, :, 1]
    np.testing.assert_allclose(drawn, np.stack([lower, upper], axis=1))
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "group order $M$")
    assert ax.get_ylabel() == "threshold $p_c$"


def test_single_number_lies_in_its_band_with_upright_rivals():
    ax = axes_with(NUMBER)
    assert band_of(ax) == pytest.approx((0.24, 0.26))
    assert np.all(np.array(line_with(ax, "published").get_xdata()) == 0.0625)
    assert bars_of(ax).get_label() == "measured 0.2503 ± 0.0009"
    assert ax.get_xlabel() == "height [nats]" and len(ax.get_yticks()) == 0


def test_groups_are_named_and_open_sides_reach_the_edge():
    ax = axes_with(GROUPS)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["$Z_7$", "S3"]
    assert bars_of(ax).get_label() == "measured"  # exact: no bars to explain
    ax = axes_with(BOUND)
    assert band_of(ax) == (0.0, ax.get_xlim()[1])


def test_points_without_error_are_open_circles():
    one = Evidence(
        "time", Form.THRESHOLD, Prediction(900, 100), Samples([950.0]), rivals=(Prediction(9e4),)
    )
    ax = axes_with(one)
    points = bars_of(ax)[0]
    assert points.get_markerfacecolor() == "white" and ax.get_xscale() == "log"
    assert bars_of(ax).get_label() == "measured 950, error unknown"


def test_rates_stay_within_zero_and_one():
    low, high = axes_with(RATE).get_ylim()
    assert low >= -0.05 and high <= 1.05


def test_raw_data_keep_their_colors_together():
    ax = Figure().add_subplot()
    draw_panel(PANEL, ax)
    points = next(c for c in ax.containers if c.get_label() == "data")[0]
    colors = {label: line_with(ax, label).get_color() for label in ("fit", "other", "its trend")}
    assert points.get_color() == colors["fit"] != colors["other"] == colors["its trend"]
    assert ax.get_xscale() == "log"


@pytest.mark.parametrize(
    "evidence",
    [(CURVE,), (NUMBER,), (NUMBER, BOUND), (RATE,), (CURVE, RATE, NUMBER, GROUPS)],
    ids=len,
)
def test_legends_cover_no_data_and_panels_do_not_overlap(evidence):
    figure = draw_claim(finding(*evidence))
    assert figure.get_figwidth() in (3.4, 7.0)
    assert len(figure.axes) == sum(1 + (piece.panel is not None) for piece in evidence)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [ax.get_tightbbox(renderer) for ax in figure.axes]
    for ax, box in zip(figure.axes, boxes, strict=True):
        legend = ax.get_legend()
        assert legend is not None and box is not None
        assert legend.get_window_extent(renderer).y0 >= ax.bbox.y1
        assert box.x0 >= -2 and box.x1 <= figure.bbox.x1 + 2 and box.y1 <= figure.bbox.y1 + 2
        assert ax.bbox.width > 0.4 * figure.bbox.width / (1 if figure.get_figwidth() < 4 else 2)
    for one, other in itertools.combinations(boxes, 2):
        assert one is not None and other is not None and not one.overlaps(other)


def test_files_are_the_same_every_time(tmp_path):
    before = dict(matplotlib.rcParams)
    first = save(draw_claim(finding(CURVE, NUMBER)), tmp_path / "a" / "one.v2")
    second = save(draw_claim(finding(CURVE, NUMBER)), tmp_path / "b" / "one.v2")
    assert [path.name for path in first] == ["one.v2.png", "one.v2.svg", "one.v2.pdf"]
    for ours, theirs in zip(first, second, strict=True):
        assert ours.read_bytes() == theirs.read_bytes() and ours.stat().st_size > 1000
    assert dict(matplotlib.rcParams) == before


def _growing_line():
    figure = Figure(figsize=(2, 1))
    (line,) = figure.subplots().plot([0, 4], [0, 0])
    return FuncAnimation(figure, lambda i: line.set_data([0, 4], [0, i]), frames=5)


def test_an_animation_becomes_moving_pictures_and_its_last_frame(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "_find_ffmpeg", lambda: None)
    animation = _growing_line()
    paths = save(animation, tmp_path / "line", formats=("png",))
    assert [path.name for path in paths] == ["line.gif", "line.png"]
    with Image.open(paths[0]) as picture:
        assert picture.n_frames == 5 and picture.info["duration"] == 50  # pyright: ignore
    assert list(animation._fig.axes[0].lines[0].get_ydata()) == [0, 4]  # pyright: ignore


def test_films_are_made_where_ffmpeg_is(tmp_path):
    """Wherever ffmpeg or imageio-ffmpeg is installed; elsewhere there is none, and no error."""
    names = [path.name for path in save(_growing_line(), tmp_path / "line", formats=())]
    has_ffmpeg = figures._find_ffmpeg() is not None
    assert names == ["line.gif"] + ["line.mp4"] * has_ffmpeg
    if has_ffmpeg:
        assert (tmp_path / "line.mp4").read_bytes()[4:8] == b"ftyp"


def test_style_lasts_as_long_as_its_block():
    before = matplotlib.rcParams["font.size"]
    with house_style():
        assert matplotlib.rcParams["mathtext.fontset"] == "stix"
    assert matplotlib.rcParams["font.size"] == before


def test_refuses_a_figure_of_nothing(tmp_path):
    broken = Finding("p", "c", "s", "", "quick", 0, (), None, 1.0, error="OSError: full")
    with pytest.raises(ValueError, match="p/c has no evidence to draw: OSError: full"):
        draw_claim(broken)
    with pytest.raises(ValueError, match="formats must be among png, svg, pdf, got gif"):
        save(Figure(), tmp_path / "x", formats=("gif", "png"))


def test_importing_the_room_imports_nothing_heavy():
    heavy = "('matplotlib', 'scipy', 'jax', 'sympy', 'rich', 'latex2mathml')"
    program = (
        "import sys, groktheory.validation as v;"
        "v.figures, v.report, v.laws, v.calibration, v.judge;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

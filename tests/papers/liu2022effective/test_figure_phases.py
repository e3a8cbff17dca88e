import numpy as np
import pytest
import xarray as xr

from groktheory.papers.bench import Bench
from groktheory.papers.liu2022effective import _figure_phases as figure
from groktheory.theory import representation as theory


class FakeBench(Bench):
    """A bench that remembers what is drawn, and returns a plane of one phase."""

    def phase_diagram(self, name, **settings):
        self.settings = settings
        shape = (*(len(values) for values in settings["axes"].values()), 1)
        dims = (*settings["axes"], "seed")
        found = xr.Dataset(
            {"phase": (dims, np.full(shape, 1)), "generalization_step": (dims, np.full(shape, 70))},
            coords=settings["axes"],
        )
        found["phase"].attrs["flag_meanings"] = "comprehension grokking memorization confusion"
        return found


@pytest.fixture
def bench():
    return FakeBench("liu2022effective", "phase-diagram")


def lines_of(drawn):
    return {line.get_label(): line.get_xydata() for line in drawn.axes[0].get_lines()}


def test_critical_fractions_cross_the_plane(bench):
    drawn = figure.phase_diagram(bench)
    assert list(bench.settings["axes"]) == ["decoder_learning_rate", "train_fraction"]
    sizes = np.array(bench.settings["axes"]["train_fraction"]) * 55
    np.testing.assert_allclose(sizes, np.rint(sizes), atol=1e-9)
    lines = lines_of(drawn)
    determined = lines["representation determined"]
    np.testing.assert_allclose(determined[:, 0], theory.critical_fraction(10).fraction)
    low, high = drawn.axes[0].get_ylim()
    assert determined[0, 1] <= low and determined[1, 1] >= high
    # 0.9 of the test samples takes more than a determined representation
    assert 0.6 < lines["test accuracy 0.9 implied"][0, 0] < 0.9
    task = bench.settings["task"]
    assert drawn.axes[0].get_xlabel() == "train fraction" and callable(task)


def test_lines_lie_down_when_the_fraction_is_vertical(bench):
    drawn = figure.phase_diagram(bench, x="weight_decay", y="train_fraction", cells=4)
    determined = lines_of(drawn)["representation determined"]
    np.testing.assert_allclose(determined[:, 1], theory.critical_fraction(10).fraction)
    np.testing.assert_allclose(determined[:, 0], [-10, 20])


def test_other_planes_have_no_line(bench):
    drawn = figure.phase_diagram(bench, x="weight_decay", y="embedding_scale", cells=3)
    assert not lines_of(drawn)
    assert list(bench.settings["axes"]["weight_decay"]) == [0.0, 5.0, 10.0]


def test_bad_options_are_refused(bench):
    with pytest.raises(ValueError, match=r"x must be one of \['decoder_learning_rate', .*'speed'"):
        figure.phase_diagram(bench, x="speed")
    with pytest.raises(ValueError, match="x and y must differ, got 'weight_decay' for both"):
        figure.phase_diagram(bench, x="weight_decay", y="weight_decay")
    with pytest.raises(ValueError, match=r"cells must lie in \[2, 64\], got 1"):
        figure.phase_diagram(bench, cells=1)
    with pytest.raises(ValueError, match="initial_scale must be positive, got 0"):
        figure.phase_diagram(bench, initial_scale=0.0)

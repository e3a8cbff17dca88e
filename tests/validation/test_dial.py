import numpy as np
import pytest
import xarray as xr

from groktheory.validation import Boundary, Series, draw_dial

STEPS = np.array([0, 1, 10, 100, 1000])


def runs(**records):
    return xr.Dataset(
        {name: (("seed", "step"), np.tile(values, (2, 1))) for name, values in records.items()},
        coords={"step": STEPS},
    )


def test_every_record_is_a_line_and_every_boundary_goes_through_all_panels():
    falling = np.geomspace(1, 1e-4, 5)
    figure = draw_dial(
        runs(loss=falling, test_loss=falling[::-1], weight_norm=falling + 1),
        boundaries=(
            Boundary("kernel", 30.0),
            Boundary("release", 200.0, until=np.inf),
            Boundary("never seen", 1e6),
        ),
        predictions=(Series("lazy", STEPS, falling**2, style="dashed"),),
        levels={"floor": 0.5},
    )
    losses, norms = figure.axes
    assert [line.get_label() for line in losses.get_lines()][:1] == ["train"]
    # 2 records of 2 seeds, a prediction, a level, 3 boundaries; and 2 seeds with 3 boundaries
    assert len(losses.get_lines()) == 9 and len(norms.get_lines()) == 5
    np.testing.assert_array_equal(losses.get_lines()[0].get_xdata(), STEPS[1:])
    np.testing.assert_allclose(np.asarray(losses.get_lines()[0].get_ydata()), falling[1:])
    header = figure.get_suptitle().splitlines()
    assert header[0] == "1  kernel: step 30"
    assert header[1] == "2  release: step 200 or later"
    assert header[2] == "3  never seen: step 1,000,000, outside of the figure"
    assert [text.get_text() for text in losses.texts] == ["1", "2"]
    # the prediction, which falls to 1e-8, does not stretch the panel
    assert losses.get_ylim()[0] > 1e-6


def test_a_panel_without_a_record_is_left_out():
    (only,) = draw_dial(runs(kernel_alignment=np.linspace(1, 0.2, 5))).axes
    assert only.get_ylabel() == "alignment"


def test_a_boundary_that_says_when_it_ends():
    figure = draw_dial(
        runs(loss=np.geomspace(1, 0.1, 5)), boundaries=(Boundary("window", 4.5, until=60.0),)
    )
    assert figure.get_suptitle() == "1  window: step 4.5 to 60"


def test_bad_runs_and_boundaries():
    with pytest.raises(ValueError, match="boundary 'late' must have a positive step, got 0"):
        Boundary("late", 0.0)
    with pytest.raises(ValueError, match="must end after it begins, got 5.0 to 2.0"):
        Boundary("late", 5.0, until=2.0)
    with pytest.raises(ValueError, match="some of the records loss, test_loss"):
        draw_dial(runs(accuracy=np.ones(5)))
    with pytest.raises(ValueError, match="must have records after step 0"):
        draw_dial(runs(loss=np.ones(5)).isel(step=slice(0, 1)))

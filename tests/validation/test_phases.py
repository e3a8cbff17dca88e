import numpy as np
import pytest
import xarray as xr

from groktheory.validation import Series, draw_phase_diagram

RATES, DECAYS = np.geomspace(1e-4, 1e-1, 4), np.array([0.0, 1.0, 2.0, 3.0, 4.0])
NAMES = ("comprehension", "grokking", "memorization", "confusion")


def diagram(**changes):
    phase = np.tile(np.array([0, 1, 2, 3, 3]), (4, 1))[..., None]
    step = np.where(phase == 0, 100, np.where(phase == 1, 5000, -1))
    is_trained = np.ones(phase.shape, dtype=bool)
    is_trained[0, 3] = is_trained[1, 0] = False
    step[1, 0] = -1
    diverged = np.full(phase.shape, -1)
    diverged[3, 4] = 7
    variables = {
        "phase": phase,
        "generalization_step": step,
        "is_trained": is_trained,
        "diverged_at": diverged,
    } | changes
    found = xr.Dataset(
        {name: (("rate", "decay", "seed"), values) for name, values in variables.items()},
        coords={"rate": RATES, "decay": DECAYS},
    )
    found["phase"].attrs["flag_meanings"] = " ".join(NAMES)
    return found


def labels_of(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_cells_marks_and_boundaries_are_drawn():
    theory = Series("critical", [1.5, 1.5], [1e-5, 1.0], style="line")
    figure = draw_phase_diagram(diagram(), boundaries=(theory,), labels={"rate": "learning rate"})
    left, right = figure.axes[:2]
    cells = np.asarray(left.collections[0].get_array())
    np.testing.assert_array_equal(cells, diagram()["phase"].values[..., 0])
    steps = np.ma.filled(np.ma.masked_invalid(np.ma.asarray(right.collections[0].get_array())), -1)
    assert steps[0].tolist() == [100, 5000, -1, -1, -1]
    assert steps[1, 0] == -1  # filled in: nobody knows when
    lines = {line.get_label(): np.asarray(line.get_xydata()) for line in left.get_lines()}
    np.testing.assert_allclose(lines["filled in"], [[3, RATES[0]], [0, RATES[1]]])
    np.testing.assert_allclose(lines["diverged"], [[4, RATES[3]]])
    np.testing.assert_allclose(lines["critical"], [[1.5, 1e-5], [1.5, 1.0]])
    assert (left.get_xscale(), left.get_yscale()) == ("linear", "log")
    assert (left.get_ylabel(), left.get_xlabel()) == ("learning rate", "decay")
    np.testing.assert_allclose(left.get_xlim(), [-0.5, 4.5])
    np.testing.assert_allclose(np.array(left.get_ylim()) / RATES[[0, -1]], [10**-0.5, 10**0.5])
    texts = labels_of(figure)
    assert texts[:4] == [
        "comprehension (20%)", "grokking (20%)", "memorization (20%)", "confusion (40%)",
    ]  # fmt: skip
    assert {"filled in", "diverged", "critical", "censored"} <= set(texts)
    hatched = next(c for c in right.collections if c.get_hatch())
    assert len(hatched.get_paths()) == 12  # memorization and confusion, not the filled-in 1, 0


def test_diagrams_of_others_need_no_marks():
    plain = diagram().drop_vars(["is_trained", "diverged_at"]).isel(seed=0)
    figure = draw_phase_diagram(plain)
    assert not figure.axes[0].get_lines()


def test_nothing_generalizes():
    never = np.full((4, 5, 1), -1)
    figure = draw_phase_diagram(diagram(generalization_step=never, phase=never + 3))
    assert len(figure.axes) == 2  # no color bar
    assert "memorization (100%)" in labels_of(figure)


def test_bad_diagrams_are_refused():
    with pytest.raises(ValueError, match="diagram must have 'phase', got"):
        draw_phase_diagram(diagram().drop_vars("phase"))
    with pytest.raises(ValueError, match=r"seed must lie in \[0, 1\), got 3"):
        draw_phase_diagram(diagram(), seed=3)
    with pytest.raises(ValueError, match=r"diagram must have two axes beside 'seed', got \['dec"):
        draw_phase_diagram(diagram().isel(rate=0))
